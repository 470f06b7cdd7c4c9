//! One value: what it may be read as, and how its problem is told.

use std::ops::RangeInclusive;

use figment::value::{Dict, Num, Value};
use rust_decimal::Decimal;

use super::complaint::{Complaint, Hint};
use super::document::Path;
use super::environment::variable;
use super::problem::{Place, quote};
use super::reader::Reader;

/// A value that is there.
#[derive(Clone)]
pub(super) struct Field<'a> {
    reader: &'a Reader,
    path: Path,
    value: &'a Value,
}

impl<'a> Field<'a> {
    pub(super) fn new(reader: &'a Reader, path: Path, value: &'a Value) -> Self {
        Self { reader, path, value }
    }

    /// Notes what is wrong with the name that the operator gave.
    pub(super) fn refuse_name(&self, message: &str, hint: Option<String>) {
        self.reader.push(&self.path, self.reader.key_place(&self.path), message.to_owned(), hint);
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
            Hint::Value { in_file, .. } if !self.is_from_environment() => {
                format!("write: {} = {in_file}", self.name())
            }
            Hint::Value { in_environment, .. } => format!("write: {}={in_environment}", variable(&self.path)),
            Hint::Do(text) => text,
        });
        self.reader.push(&self.path, self.place(), message, hint);
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
            || matches!(key.as_str(), "url" | "urls" | "watchdog_url")
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
            Value::Num(_, num) => number(*num),
        }
    }

    /// The table here; `header` is what to write for its beginning.
    pub(super) fn table(&self, header: &str) -> Option<&'a Dict> {
        if let Value::Dict(_, dict) = self.value {
            return Some(dict);
        }
        // The text of something misplaced may be a secret.
        let complaint = Complaint::new(format!("expected a table, found {}", self.kind())).hiding();
        let hint = if self.is_from_environment() {
            format!("set its keys one by one: {}__KEY=value", variable(&self.path))
        } else {
            format!("write: {header} on a line of its own, and its keys below")
        };
        self.refuse(complaint.advise(hint));
        None
    }

    /// A text read by `read`; a number here is told as the text that it was meant to be.
    pub(super) fn parse<T>(
        &self,
        expected: &str,
        read: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        let complaint = match self.value {
            Value::String(_, text) => match read(text) {
                Ok(value) => return Some(value),
                Err(complaint) => complaint,
            },
            Value::Num(_, num) if !self.may_be_secret() => {
                let text = number(*num);
                let hint = read(&text).map_or_else(
                    |complaint| complaint.hint,
                    |_| Complaint::shape().write(text.as_str()).hint,
                );
                Complaint { hint, ..Complaint::shape() }
            }
            Value::Bool(_, flag) if !self.may_be_secret() => match read(&flag.to_string()) {
                Err(Complaint { hint: hint @ Some(_), .. }) => Complaint { hint, ..Complaint::shape() },
                _ => Complaint::shape().advise("a text needs quotes"),
            },
            Value::Num(..) | Value::Bool(..) => Complaint::shape().advise("a text needs quotes"),
            _ => Complaint::shape(),
        };
        self.refuse_as(complaint, expected);
        None
    }

    /// The text that stands here, whether or not it may.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// A text with something in it.
    pub(super) fn text(&self) -> Option<String> {
        self.parse("a text", |text| match text {
            "" => Err(Complaint::new("this text is empty").hiding()),
            text if text.chars().any(char::is_control) => {
                Err(Complaint::new("this text has a control character"))
            }
            text => Ok(text.to_owned()),
        })
    }

    /// A decimal number by the digits that were written, so that 0.1 is a tenth.
    pub(super) fn decimal(&self, expected: &str, is_right: impl FnOnce(&Decimal) -> bool) -> Option<Decimal> {
        let text = match self.value {
            Value::String(_, text) => text.clone(),
            Value::Num(_, Num::F32(_) | Num::F64(_)) => self.reader.float(&self.path)?.to_owned(),
            Value::Num(_, num) => number(*num),
            _ => String::new(),
        };
        let read = text.parse().or_else(|_| Decimal::from_scientific(&text)).ok().filter(is_right);
        if read.is_none() {
            self.refuse_as(Complaint::shape(), expected);
        }
        read
    }

    /// The whole number that stands here, whether or not it may.
    pub(super) fn number(&self) -> Option<u64> {
        match self.value {
            Value::Num(_, num) if !matches!(num, Num::F32(_) | Num::F64(_)) => {
                num.to_i128().and_then(|number| u64::try_from(number).ok())
            }
            Value::String(_, text) if self.is_from_environment() => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn whole(&self, range: &RangeInclusive<u64>) -> Option<u64> {
        if let Some(found) = self.number().filter(|found| range.contains(found)) {
            return Some(found);
        }
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        // A text here may be a secret that slipped, unless it is a number.
        let complaint = match self.value.as_str().map(str::parse::<u64>) {
            Some(Ok(number)) if !self.is_from_environment() => {
                Complaint::shape().write_bare(format!("{number}, without quotes"), "")
            }
            Some(Err(_)) => Complaint::shape().hiding(),
            _ => match self.value.to_num() {
                // Written with a point or an exponent.
                Some(Num::F64(float)) if float.fract() == 0.0 && (0.0..1e15).contains(&float) => {
                    Complaint::shape().write_bare(float.to_string(), "")
                }
                _ => Complaint::shape(),
            },
        };
        self.refuse_as(complaint, &expected);
        None
    }

    pub(super) fn flag(&self) -> Option<bool> {
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
                Complaint::shape().write_bare(format!("{text}, without quotes"), "")
            }
            _ => Complaint::shape().hiding(),
        };
        self.refuse_as(complaint, "true or false");
        None
    }

    /// A list of texts, each read by `read`.
    pub(super) fn list<T>(&self, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<Vec<T>> {
        match self.value {
            Value::Array(_, items) => {
                let read = items.iter().enumerate().map(|(index, item)| self.element(index, item, &read));
                // Every element is looked at before one that is wrong decides.
                read.collect::<Vec<_>>().into_iter().collect()
            }
            Value::String(_, text) if self.is_from_environment() => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                let read = items.map(|item| self.judge(item, self.place(), &read));
                read.collect::<Vec<_>>().into_iter().collect()
            }
            _ => {
                let complaint = match self.value.as_str() {
                    Some(text) if !self.may_be_secret() => {
                        Complaint::shape().write_bare(format!("[{}]", quote(text)), "")
                    }
                    _ => Complaint::shape().hiding(),
                };
                self.refuse_as(complaint, "a list of texts");
                None
            }
        }
    }

    fn element<T>(
        &self,
        index: usize,
        item: &Value,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        let mut path = self.path.clone();
        path.push(index.to_string());
        let item = Field::new(self.reader, path, item);
        if let Value::String(_, text) = item.value {
            return self.judge(text, item.place(), read);
        }
        let message = format!("expected texts in this list, found {}", item.kind());
        self.reader.push(&self.path, item.place(), message, None);
        None
    }

    /// Reads one text of a list, which stands at a place of its own.
    fn judge<T>(&self, text: &str, place: Place, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<T> {
        let complaint = match read(text) {
            Ok(value) => return Some(value),
            Err(complaint) => complaint,
        };
        let message = complaint.message.unwrap_or_else(|| "expected another text".to_owned());
        let message =
            if complaint.hides_value { message } else { format!("{message}, found {}", quote(text)) };
        let hint = complaint.hint.map(|hint| match hint {
            Hint::Value { in_file, .. } => format!("write: {in_file}"),
            Hint::Do(text) => text,
        });
        self.reader.push(&self.path, place, message, hint);
        None
    }

    fn name(&self) -> &str {
        self.path.last().map_or("key", String::as_str)
    }

    /// Where the value stands.
    pub(super) fn place(&self) -> Place {
        self.reader.value_place(&self.path, self.value.tag())
    }
}

fn number(num: Num) -> String {
    match num {
        // With its point, or an exponent would look like a whole number.
        Num::F32(float) => format!("{float:?}"),
        Num::F64(float) => format!("{float:?}"),
        whole => whole.to_i128().map_or_else(String::new, |whole| whole.to_string()),
    }
}
