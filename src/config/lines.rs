//! Offsets into a text as the lines and columns that people count.

use std::ops::Range;
use std::sync::Arc;

use super::problem::Place;

/// Turns byte offsets into lines and columns.
pub(super) struct Lines {
    file: Arc<str>,
    text: String,
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn new(file: &str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { file: file.into(), text: text.to_owned(), starts: std::iter::once(0).chain(breaks).collect() }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.number(offset);
        let start = self.starts[line - 1];
        let before = self.slice(start..offset);
        // An editor does not show a byte order mark.
        let column = before.chars().filter(|c| *c != '\u{feff}').count() + 1;
        Place::Position { file: Arc::clone(&self.file), line, column }
    }

    /// The file as a whole.
    pub(super) fn file(&self) -> Place {
        Place::File(Arc::clone(&self.file))
    }

    /// The number of the line at an offset, from 1.
    pub(super) fn number(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// A part of the text; empty where there is none such.
    pub(super) fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// A line by its number; empty where there is none such.
    pub(super) fn line(&self, number: usize) -> &str {
        let start = number.checked_sub(1).and_then(|index| self.starts.get(index)).copied();
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        start.map_or("", |start| self.slice(start..end))
    }
}
