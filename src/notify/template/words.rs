//! Templates as what webhooks and mails are made of.

use super::{LONGEST, Templates, clean};
use crate::notify::email::MailWords;
use crate::notify::error::RenderError;
use crate::notify::message::{Content, Message};
use crate::notify::words::Words;

fn failed(error: impl ToString) -> RenderError {
    RenderError(error.to_string())
}

/// Lines that wrap, each with a mark in front where there are several; no name makes a line of its own (F39).
fn told_apart(lines: &[String]) -> String {
    let mark = if lines.len() > 1 { "• " } else { "" };
    let lines = lines.iter().map(|line| format!("{mark}{}", clean::line(line, LONGEST[0])));
    lines.collect::<Vec<_>>().join("\n")
}

impl Words for Templates {
    fn title(&self, message: &Message) -> Result<String, RenderError> {
        Templates::title(self, message).map_err(failed)
    }

    /// Cards lay out the details themselves, have title and link already, and letters of different widths.
    fn text(&self, message: &Message) -> Result<String, RenderError> {
        let lines = match &message.content {
            _ if self.has_own_text() => return self.below_title(message).map_err(failed),
            Content::Budget(_) | Content::Operation(_) => message.lines(),
            Content::Digest(digest) => Self::digest_lines(digest),
            Content::Drill { .. } => return self.below_title(message).map_err(failed),
        };
        Ok(told_apart(&lines))
    }
}

impl MailWords for Templates {
    fn subject(&self, message: &Message) -> Result<String, RenderError> {
        Templates::subject(self, message).map_err(failed)
    }

    fn text(&self, message: &Message) -> Result<String, RenderError> {
        Templates::text(self, message).map_err(failed)
    }

    fn html(&self, message: &Message, chart_cid: Option<&str>) -> Result<String, RenderError> {
        Templates::html(self, message, chart_cid).map_err(failed)
    }

    fn chart(&self, message: &Message) -> Option<Vec<u8>> {
        Templates::chart(self, message)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::notify::message::samples::samples;
    use crate::notify::template::Overrides;

    fn text_of_card(name: &str) -> String {
        let templates = Templates::new(Overrides::default(), TimeZone::UTC).unwrap();
        let (_, message) = samples().into_iter().find(|(known, _)| *known == name).unwrap();
        Words::text(&templates, &message).unwrap()
    }

    #[test]
    fn a_digest_on_a_card_has_lines_that_may_wrap() {
        insta::assert_snapshot!(text_of_card("digest"));
    }

    #[test]
    fn several_lines_are_told_apart_and_one_needs_no_mark() {
        let text = text_of_card("resolved");
        assert!(text.lines().all(|line| line.starts_with("• ")), "{text}");
        assert_eq!(text_of_card("firing"), "");
        assert_eq!(text_of_card("digest_empty"), "There is no budget with a figure yet.");
    }

    #[test]
    fn f39_no_name_makes_a_line_of_its_own() {
        let text = text_of_card("ugly_names");
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(text.lines().all(|line| line.starts_with("• ") && line.chars().count() <= 402), "{text}");
    }
}
