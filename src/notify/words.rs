//! The words of a message for people, apart from the form that a medium gives them.

use super::error::RenderError;
use super::message::Message;

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

/// What a card shows under short headings: the details of the first item, as name and text.
pub(super) fn details(message: &Message) -> Vec<(&str, &str)> {
    let super::message::Content::Budget(news) = &message.content else { return Vec::new() };
    let details = news.items.first().map(|item| item.details.as_slice()).unwrap_or_default();
    details.iter().map(|detail| (detail.name.as_str(), detail.text.as_str())).collect()
}
