//! Templates as what webhooks and mails are made of.

use super::Templates;
use crate::notify::email::MailWords;
use crate::notify::error::RenderError;
use crate::notify::message::{Content, Message};
use crate::notify::words::Words;

fn failed(error: impl ToString) -> RenderError {
    RenderError(error.to_string())
}

impl Words for Templates {
    fn title(&self, message: &Message) -> Result<String, RenderError> {
        Templates::title(self, message).map_err(failed)
    }

    /// Cards lay out the details themselves, and have the title already: of budgets and operation the lines are enough.
    fn text(&self, message: &Message) -> Result<String, RenderError> {
        match message.content {
            Content::Budget(_) | Content::Operation(_) if !self.has_own_text() => {
                Ok(message.lines().join("\n"))
            }
            _ => self.below_title(message).map_err(failed),
        }
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
