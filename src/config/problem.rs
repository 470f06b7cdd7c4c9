//! What is wrong with a configuration, where, and what to write instead.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a problem stands; ordered as an operator reads: the file from its top, then the environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A position in the file; both count from 1, the column in characters.
    Position {
        /// The file as it was named.
        file: Arc<str>,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The file as a whole: what is wrong is that something is not in it.
    File(Arc<str>),
    /// An environment variable, by its name.
    Variable(String),
    /// No file at all.
    Nowhere,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position { file, line, column } => write!(f, "{file}:{line}:{column}: "),
            Self::File(file) => write!(f, "{file}: "),
            Self::Variable(name) => write!(f, "environment: {}: ", name.escape_debug()),
            Self::Nowhere => Ok(()),
        }
    }
}

/// One mistake: never with a secret's value, nor with a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// The dotted key; empty where there is none, as in a syntax error.
    pub key: String,
    /// What is wrong, and what was found.
    pub message: String,
    /// What to do or to write.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n    {hint}"),
            None => Ok(()),
        }
    }
}

/// Every mistake of one configuration, in the order of their places; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl From<Vec<Problem>> for Problems {
    fn from(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        Self(problems)
    }
}

impl Problems {
    /// The mistakes, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let break_before = if index == 0 { "" } else { "\n" };
            write!(f, "{break_before}{problem}")?;
        }
        match self.0.len() {
            0 | 1 => Ok(()),
            count => write!(f, "\n{count} problems in the configuration"),
        }
    }
}

impl std::error::Error for Problems {}

/// How much of a found value is shown, in characters.
const SHOWN: usize = 40;

/// A found text as it may be shown: in quotes, on one line, cut.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// A found text on one line, cut, with everything escaped that a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        if c == '\'' {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A path in quotes, whole.
pub(super) fn quote_path(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().escape_debug())
}

/// A path of keys as TOML writes it: dotted, odd names in quotes.
pub(super) fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for key in path {
        if !text.is_empty() {
            text.push('.');
        }
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !key.is_empty() && key.chars().all(bare) {
            text.push_str(&shown(key));
        } else {
            text.push_str(&quote(key));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variables_name_stays_on_its_line() {
        let place = Place::Variable("PROXYMETER__LOG__\u{1b}[31m\n".to_owned());
        assert_eq!(place.to_string(), r"environment: PROXYMETER__LOG__\u{1b}[31m\n: ");
    }

    #[test]
    fn what_was_found_stays_on_its_line() {
        assert_eq!(quote("it's \"1\"\n\u{1b}[31m\u{202e}"), r#""it's \"1\"\n\u{1b}[31m\u{202e}""#);
        assert_eq!(quote(&"ä".repeat(41)), format!("\"{}…\"", "ä".repeat(40)));
        assert_eq!(quote(&"ä".repeat(40)), format!("\"{}\"", "ä".repeat(40)));
    }

    #[test]
    fn odd_keys_are_quoted() {
        let path = ["accounts", "a.b\n", ""].map(str::to_owned);
        assert_eq!(dotted(&path), r#"accounts."a.b\n"."""#);
    }
}
