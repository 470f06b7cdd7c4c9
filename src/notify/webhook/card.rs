//! What all cards are made of.

use jiff::Timestamp;

use crate::notify::escape::Medium;
use crate::notify::message::{Content, Message, Severity, Status};
use crate::notify::words;

/// A message with its words.
pub(super) struct Card<'a> {
    pub(super) message: &'a Message,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
}

/// How a card looks at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Critical,
    Warning,
    Info,
    /// What stood open is over.
    Over,
}

/// So many details are shown.
const DETAILS: usize = 10;

impl Card<'_> {
    pub(super) fn tone(&self) -> Tone {
        match (&self.message.content, self.message.severity) {
            (Content::Budget(news), _) if news.status == Status::Resolved => Tone::Over,
            (_, Severity::Critical) => Tone::Critical,
            (_, Severity::Warning) => Tone::Warning,
            (_, Severity::Info) => Tone::Info,
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        self.message.at
    }

    pub(super) fn link(&self) -> Option<&str> {
        self.message.link.as_deref()
    }

    /// Whether the title has nothing left out within `most`.
    pub(super) fn is_title_whole(&self, medium: &Medium, most: usize) -> bool {
        (medium.size)(&medium.line(self.title, usize::MAX)) <= most
    }

    /// Heading and text of what else people want to know.
    pub(super) fn details(&self, medium: &Medium, name: usize, text: usize) -> Vec<(String, String)> {
        let details = words::details(self.message).into_iter().take(DETAILS);
        details.map(|(heading, said)| (medium.line(heading, name), medium.line(&said, text))).collect()
    }
}

impl Tone {
    /// As a colour, 0xRRGGBB.
    pub(super) const fn color(self) -> u32 {
        match self {
            Self::Critical => 0x00c0_2b2b,
            Self::Warning => 0x00d9_8a00,
            Self::Info => 0x003b_7dd8,
            Self::Over => 0x002e_8b57,
        }
    }
}
