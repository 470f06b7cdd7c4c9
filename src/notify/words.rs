//! The words of a message for people, apart from the form that a medium gives them.

use std::borrow::Cow;

use super::error::RenderError;
use super::message::{Content, Message, Said};

/// Makes words of a message: plain text, which each medium escapes and cuts itself.
///
/// The details of the first item are not among them where a card lays them out: see [`details`].
pub trait Words: Send + Sync {
    /// The title: one line.
    ///
    /// # Errors
    /// A template that fails.
    fn title(&self, message: &Message) -> Result<String, RenderError>;

    /// What stands below the title: lines, or nothing.
    ///
    /// # Errors
    /// A template that fails.
    fn text(&self, message: &Message) -> Result<String, RenderError>;
}

/// The words that the message itself has.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainWords;

impl Words for PlainWords {
    fn title(&self, message: &Message) -> Result<String, RenderError> {
        Ok(message.title.clone())
    }

    fn text(&self, message: &Message) -> Result<String, RenderError> {
        Ok(message.lines().join("\n"))
    }
}

/// What a card shows under short headings: the details of the first item, as name and text; of several items, those of
/// the first that is over, and whose they are.
pub(super) fn details(message: &Message) -> Vec<(&str, Cow<'_, str>)> {
    let Content::Budget(news) = &message.content else { return Vec::new() };
    let Some(first) = news.items.first() else { return Vec::new() };
    let mut shown = Vec::new();
    if news.items.len() > 1 && !news.is_headline {
        let Said::Over { of, .. } = &first.said else { return shown };
        let name =
            of.name.as_ref().map_or_else(|| of.account.clone(), |name| format!("{name} at {}", of.account));
        if first.details.is_empty() {
            return shown;
        }
        shown.push(("the worst", Cow::Owned(name)));
    }
    shown.extend(first.details.iter().map(|detail| (&*detail.name, Cow::Borrowed(&*detail.text))));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::samples::samples;

    #[test]
    fn of_several_items_details_say_whose_they_are() {
        let first = |name: &str| {
            let (_, message) = samples().into_iter().find(|(known, _)| *known == name).unwrap();
            details(&message).first().map(|(heading, text)| format!("{heading}: {text}"))
        };
        assert_eq!(first("firing").as_deref(), Some("since: 2026-11-26 19:40 UTC"));
        assert_eq!(first("firing_many").as_deref(), Some("the worst: scraper_eu at acme"));
        assert_eq!(first("announced").as_deref().map(|text| &text[..5]), Some("next:"));
        assert_eq!((first("resolved"), first("several_acted"), first("digest")), (None, None, None));
    }
}
