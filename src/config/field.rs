//! One value: what it may be read as, and how its problem is told.

use std::ops::RangeInclusive;
use std::time::Duration;

use figment::value::{Dict, Num, Tag, Value};

use super::document::Path;
use super::duration;
use super::environment::variable;
use super::nearest::nearest;
use super::problem::{quote, shown};
use super::reader::{Reader, Section};

/// What is wrong with a value, before it is known where it stands.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    message: Option<String>,
    hint: Option<Hint>,
    hides_value: bool,
}

#[derive(Debug)]
enum Hint {
    /// A text to write as the value.
    Text(String),
    /// Anything else to do.
    Do(String),
}

impl Complaint {
    /// The value is not of the expected shape, and that says it all.
    pub(super) fn shape() -> Self {
        Self::default()
    }

    /// Something else than its shape is wrong; the value is shown behind the message.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// The value is not shown: the message says enough, or the value may hold a secret.
    pub(super) fn hiding(mut self) -> Self {
        self.hides_value = true;
        self
    }

    /// What to write as the value.
    pub(super) fn write(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(Hint::Text(text.into()));
        self
    }

    /// What to do.
    pub(super) fn advise(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(Hint::Do(text.into()));
        self
    }
}

/// A value that is there.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    reader: &'a Reader,
    path: Path,
    value: &'a Value,
}

impl<'a> Field<'a> {
    pub(super) fn new(reader: &'a Reader, path: Path, value: &'a Value) -> Self {
        Self { reader, path, value }
    }

    /// Notes a problem.
    pub(super) fn refuse(&self, complaint: Complaint) {
        self.refuse_as(complaint, "another value");
    }

    fn refuse_as(&self, complaint: Complaint, expected: &str) {
        let text = self.value.as_str();
        let says_its_own = complaint.message.is_some();
        let mut message = complaint.message.unwrap_or_else(|| format!("expected {expected}"));
        match text {
            _ if complaint.hides_value && says_its_own => {}
            Some(text) if !complaint.hides_value && !self.may_be_secret() => {
                message.push_str(&format!(", found {}", quote(text)));
            }
            _ if says_its_own => {}
            _ => message.push_str(&format!(", found {}", self.kind())),
        }
        let hint = complaint.hint.map(|hint| match hint {
            Hint::Text(text) => self.assignment(&format!("\"{text}\""), &text),
            Hint::Do(text) => text,
        });
        let place = self.reader.value_place(&self.path, self.value.tag());
        self.reader.push(&self.path, place, message, hint);
    }

    /// What to write, in the words of the layer that the value came from.
    fn assignment(&self, in_file: &str, in_environment: &str) -> String {
        if self.is_from_environment() {
            format!("write: {}={in_environment}", variable(&self.path))
        } else {
            format!("write: {} = {in_file}", self.path.last().map_or("key", String::as_str))
        }
    }

    fn is_from_environment(&self) -> bool {
        self.reader.is_from_environment(self.value.tag())
    }

    /// Whether the name says that the value is nobody's business.
    fn may_be_secret(&self) -> bool {
        let Some(key) = self.path.last() else { return false };
        let words = ["password", "passwd", "secret", "token", "credential", "webhook"];
        let key = key.to_lowercase();
        !key.ends_with("_file") && (words.iter().any(|word| key.contains(word)) || key.contains("key"))
            || key == "url"
    }

    /// The type of the value, with the value where it is a harmless one.
    fn kind(&self) -> String {
        match self.value {
            Value::String(..) | Value::Char(..) => "a text".to_owned(),
            Value::Dict(..) => "a table".to_owned(),
            Value::Array(..) => "a list".to_owned(),
            Value::Empty(..) => "a number of more than 128 bits".to_owned(),
            Value::Bool(..) | Value::Num(..) if self.may_be_secret() => "a value without quotes".to_owned(),
            Value::Bool(_, flag) => flag.to_string(),
            Value::Num(_, num) => format!("the number {}", number(*num)),
        }
    }

    /// The table here.
    pub(super) fn table(&self) -> Option<&'a Dict> {
        if let Value::Dict(_, dict) = self.value {
            return Some(dict);
        }
        // The text of something misplaced may be a secret.
        let complaint = Complaint::new(format!("expected a table, found {}", self.kind())).hiding();
        let key = super::problem::dotted(&self.path);
        let hint = if self.is_from_environment() {
            format!("set its keys one by one: {}__KEY=value", variable(&self.path))
        } else {
            format!("write: [{key}] on a line of its own, and its keys below")
        };
        self.refuse(complaint.advise(hint));
        None
    }

    /// The text here, where a text of a certain shape is expected.
    pub(super) fn text(&self, expected: &str) -> Option<&'a str> {
        if let Value::String(_, text) = self.value {
            return Some(text);
        }
        let complaint = match self.value {
            Value::Num(_, num) if !self.may_be_secret() => Complaint::shape()
                .advise(format!("a text needs quotes: {}", self.assignment_of_number(*num, expected))),
            Value::Num(..) | Value::Bool(..) => {
                Complaint::shape().advise("a text needs quotes, digits and all")
            }
            _ => Complaint::shape(),
        };
        self.refuse_as(complaint, expected);
        None
    }

    fn assignment_of_number(&self, num: Num, expected: &str) -> String {
        let key = self.path.last().map_or("key", String::as_str);
        let unit = if expected == duration::SHAPE { "s" } else { "" };
        format!("{key} = \"{}{unit}\"", number(num))
    }

    fn parse<T>(&self, expected: &str, read: impl FnOnce(&'a str) -> Result<T, Complaint>) -> Option<T> {
        match read(self.text(expected)?) {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.refuse_as(complaint, expected);
                None
            }
        }
    }

    fn whole(&self, range: &RangeInclusive<u64>) -> Option<u64> {
        let found = match self.value {
            Value::Num(_, num) if !matches!(num, Num::F32(_) | Num::F64(_)) => {
                num.to_i128().and_then(|number| u64::try_from(number).ok())
            }
            Value::String(_, text) if self.is_from_environment() => text.parse().ok(),
            _ => None,
        };
        if let Some(found) = found.filter(|found| range.contains(found)) {
            return Some(found);
        }
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        // A text here may be a secret that slipped, unless it is a number.
        let complaint = match self.value.as_str().map(str::parse::<u64>) {
            Some(Ok(number)) if !self.is_from_environment() => {
                Complaint::shape().advise(format!("write: {} = {number}, without quotes", self.name()))
            }
            Some(Err(_)) => Complaint::shape().hiding(),
            _ => Complaint::shape(),
        };
        self.refuse_as(complaint, &expected);
        None
    }

    fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(_, flag) => return Some(*flag),
            Value::String(_, text) if self.is_from_environment() => {
                if let Ok(flag) = text.parse() {
                    return Some(flag);
                }
            }
            _ => {}
        }
        let complaint = match self.value.as_str() {
            Some(text @ ("true" | "false")) => {
                Complaint::shape().advise(format!("write: {} = {text}, without quotes", self.name()))
            }
            _ => Complaint::shape().hiding(),
        };
        self.refuse_as(complaint, "true or false");
        None
    }

    fn texts(&self) -> Option<Vec<String>> {
        match self.value {
            Value::Array(_, items) => {
                let read = items.iter().enumerate().map(|(index, item)| {
                    let mut path = self.path.clone();
                    path.push(index.to_string());
                    Field::new(self.reader, path, item).text("a text").map(str::to_owned)
                });
                // Every element is looked at before one that is wrong decides.
                read.collect::<Vec<_>>().into_iter().collect()
            }
            Value::String(_, text) if self.is_from_environment() => Some(
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            ),
            _ => {
                let complaint = Complaint::shape().hiding().advise(format!("write: {} = []", self.name()));
                self.refuse_as(complaint, "a list of texts");
                None
            }
        }
    }

    fn name(&self) -> &str {
        self.path.last().map_or("key", String::as_str)
    }

    /// Where the value stands.
    pub(super) fn place(&self) -> super::problem::Place {
        self.reader.value_place(&self.path, self.tag())
    }

    fn tag(&self) -> Tag {
        self.value.tag()
    }
}

fn number(num: Num) -> String {
    match num {
        Num::F32(float) => float.to_string(),
        Num::F64(float) => float.to_string(),
        whole => whole.to_i128().map_or_else(String::new, |whole| whole.to_string()),
    }
}

/// The getters: nothing where the key is absent or wrong, and what is wrong is noted.
impl<'a> Section<'a> {
    /// A text in a shape of its own.
    pub(super) fn parse<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'a str) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.field(key)?.parse(expected, read)
    }

    /// A text with something in it.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.parse(key, "a text", |text| match text {
            "" => Err(Complaint::new("this text is empty").hiding()),
            text if text.chars().any(char::is_control) => {
                Err(Complaint::new("this text has a control character"))
            }
            text => Ok(text.to_owned()),
        })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<String> = words.iter().map(|(word, _)| quote(word)).collect();
        self.parse(key, &names.join(" or "), |text| {
            let chosen = words.iter().find(|(word, _)| *word == text);
            chosen.map(|(_, value)| *value).ok_or_else(|| {
                match nearest(text, words.iter().map(|(word, _)| *word)) {
                    Some(near) => Complaint::shape().advise(format!("did you mean {}?", quote(near))),
                    None => Complaint::shape(),
                }
            })
        })
    }

    /// A whole number within a range.
    pub(super) fn whole(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.field(key)?.whole(&range)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.field(key)?.flag()
    }

    /// A list of texts; in the environment with commas between them.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.field(key)?.texts()
    }

    /// A duration within a range.
    pub(super) fn duration(&self, key: &'static str, range: RangeInclusive<Duration>) -> Option<Duration> {
        self.parse(key, duration::SHAPE, |text| {
            let compact: String = text.split_whitespace().collect();
            match duration::parse(text) {
                Some(duration) if range.contains(&duration) => Ok(duration),
                Some(_) => Err(Complaint::new(format!(
                    "expected from {} to {}",
                    duration::format(*range.start()),
                    duration::format(*range.end())
                ))),
                None if duration::parse(&compact).is_some() => Err(Complaint::shape().write(compact)),
                None if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) => {
                    Err(Complaint::shape().write(format!("{}s", shown(text))))
                }
                None => Err(Complaint::shape()),
            }
        })
    }
}
