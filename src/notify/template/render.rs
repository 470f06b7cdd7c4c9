//! One run of a template, within bounds of time and size.

use std::io;

use minijinja::value::Serde;
use minijinja::{Error, ErrorKind};

use super::{LONGEST, Part, TITLE, Templates, clean, context};
use crate::notify::error::RenderError;
use crate::notify::message::Message;

/// Steps of a template, of which ours take far fewer with the largest message.
pub(super) const FUEL: u64 = 500_000;

/// Bytes of a title before it is made one line of.
const RAW_TITLE: usize = 64_000;

/// Characters of a text.
const TEXT: usize = 100_000;

/// Bytes of HTML.
const HTML: usize = 500_000;

/// What is said where a text is cut.
const CUT: &str = "\n… and more, which is left out here";

/// Why a template gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read, or fails.
    #[error("template {template}, line {line}: {what}")]
    Failed {
        /// `title`, `text` or `html`.
        template: &'static str,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It runs for too long.
    #[error("template {template}: more than {FUEL} steps; is there a loop too many?")]
    Endless {
        /// `title`, `text` or `html`.
        template: &'static str,
    },
    /// It writes too much.
    #[error("template {template}: more than {most} bytes")]
    TooLong {
        /// `title`, `text` or `html`.
        template: &'static str,
        /// Bytes that there may be.
        most: usize,
    },
}

impl TemplateError {
    pub(super) fn of(part: Part, error: &Error) -> Self {
        let template = part.as_str();
        if error.kind() == ErrorKind::OutOfFuel {
            return Self::Endless { template };
        }
        let what = match (error.kind(), error.detail()) {
            (ErrorKind::UndefinedError, None) => "undefined value: no such field here".to_owned(),
            (kind, None) => kind.to_string(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        };
        Self::Failed { template, line: error.line().unwrap_or(1), what }
    }
}

impl From<TemplateError> for RenderError {
    fn from(error: TemplateError) -> Self {
        Self(error.to_string())
    }
}

impl Templates {
    /// What the template `name` writes of a message.
    pub(super) fn render_by(
        &self,
        name: &str,
        part: Part,
        message: &Message,
        cid: Option<&str>,
    ) -> Result<String, TemplateError> {
        match part {
            Part::Title => {
                let (title, _) = self.run(name, part, message, cid, (LONGEST[0], RAW_TITLE))?;
                let title = clean::line(&title, TITLE);
                if title.is_empty() {
                    let what = "the title is empty".to_owned();
                    return Err(TemplateError::Failed { template: part.as_str(), line: 1, what });
                }
                Ok(title)
            }
            Part::Text => {
                let (text, is_full) = self.run(name, part, message, cid, (LONGEST[0], TEXT * 4))?;
                let text = text.trim_end();
                if !is_full && text.chars().count() <= TEXT {
                    return Ok(format!("{text}\n"));
                }
                let kept: String = text.chars().take(TEXT - CUT.chars().count() - 1).collect();
                Ok(format!("{}{CUT}\n", kept.trim_end()))
            }
            Part::Html => {
                // Gigantic names are cut shorter before a mail is given up.
                for longest in LONGEST {
                    let (html, is_full) = self.run(name, part, message, cid, (longest, HTML))?;
                    if !is_full {
                        return Ok(html);
                    }
                }
                Err(TemplateError::TooLong { template: part.as_str(), most: HTML })
            }
        }
    }

    /// What is written, and whether that is only the beginning.
    fn run(
        &self,
        name: &str,
        part: Part,
        message: &Message,
        cid: Option<&str>,
        (longest, most): (usize, usize),
    ) -> Result<(String, bool), TemplateError> {
        let failed = |error: Error| TemplateError::of(part, &error);
        let context = context::of(message, &self.zone, cid, longest);
        let template = self.environment.get_template(name).map_err(failed)?;
        let mut page = Page { text: Vec::new(), most, is_full: false };
        let result = template.render_captured_to(Serde(&context), &mut page).map(drop);
        let Page { text, is_full, .. } = page;
        if !is_full {
            result.map_err(failed)?;
        }
        Ok((String::from_utf8_lossy(&text).trim_end_matches('\u{fffd}').to_owned(), is_full))
    }
}

/// Paper that ends.
struct Page {
    text: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl io::Write for Page {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let room = self.most - self.text.len();
        self.text.extend_from_slice(text.get(..room.min(text.len())).unwrap_or_default());
        if text.len() > room {
            self.is_full = true;
            return Err(io::Error::other("the page is full"));
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
