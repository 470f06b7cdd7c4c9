//! A table of the merged values, with a getter for each kind of value.

use std::ops::RangeInclusive;
use std::time::Duration;

use figment::value::{Dict, Value};
use rust_decimal::Decimal;

use super::super::complaint::Complaint;
use super::super::document::Path;
use super::super::duration;
use super::super::field::Field;
use super::super::nearest::nearest;
use super::super::problem::{Problem, dotted, quote, shown};
use super::{ANY, Reader};

/// One table: its getters return what is there and right, and note what is there and wrong.
#[derive(Clone)]
pub(in crate::config) struct Section<'a> {
    reader: &'a Reader,
    path: Path,
    pattern: Path,
    values: Option<&'a Dict>,
}

impl<'a> Section<'a> {
    /// The table that holds all others.
    pub(super) fn root(reader: &'a Reader, values: &'a Dict) -> Self {
        Self { reader, path: Vec::new(), pattern: Vec::new(), values: Some(values) }
    }

    /// The table below a key; empty where it is absent.
    pub(in crate::config) fn section(&self, key: &'static str) -> Self {
        let header = format!("[{}]", self.dotted(key));
        let field = self.field(key);
        let values = field.as_ref().and_then(|field| field.table(&header));
        let section = self.below(key, key, values);
        if field.is_some() && values.is_none() {
            section.settle();
        }
        section
    }

    /// The tables below a key that are named by the operator, in the order of their names.
    pub(in crate::config) fn named(&self, key: &'static str) -> Vec<(String, Self)> {
        let header = format!("[{}.NAME]", self.dotted(key));
        let values = self.field(key).and_then(|field| field.table(&header));
        self.below(key, key, values).into_named()
    }

    /// How many tables and values there are below a key.
    pub(in crate::config) fn count(&self, key: &'static str) -> usize {
        self.values.and_then(|values| values.get(key)?.as_dict()).map_or(0, Dict::len)
    }

    /// The tables of this table, each named by the operator.
    pub(in crate::config) fn into_named(self) -> Vec<(String, Self)> {
        let header = format!("[{}.NAME]", dotted(&self.path));
        let names = self.values.into_iter().flat_map(Dict::keys);
        names
            .filter_map(|name| {
                let values = self.field_of(name, ANY)?.table(&header)?;
                Some((name.clone(), self.below(name, ANY, Some(values))))
            })
            .collect()
    }

    /// The values below a key that are named by the operator; `header` is what to write for the table.
    pub(in crate::config) fn named_values(
        &self,
        key: &'static str,
        header: &str,
    ) -> Vec<(String, Field<'a>)> {
        let values = self.field(key).and_then(|field| field.table(header));
        let section = self.below(key, key, values);
        let names = values.into_iter().flat_map(Dict::keys);
        names.filter_map(|name| Some((name.clone(), section.field_of(name, ANY)?))).collect()
    }

    /// The value at a key, if it is there; the key counts as known from now on.
    pub(in crate::config) fn field(&self, key: &'static str) -> Option<Field<'a>> {
        self.field_of(key, key)
    }

    /// Whether a key is there, right or wrong.
    pub(in crate::config) fn has(&self, key: &'static str) -> bool {
        self.field(key).is_some()
    }

    /// Whether a table is absent or has nothing in it.
    pub(in crate::config) fn is_empty(&self, key: &'static str) -> bool {
        match self.values.and_then(|values| values.get(key)) {
            Some(Value::Dict(_, below)) => below.is_empty(),
            Some(_) => false,
            None => true,
        }
    }

    /// Whether any key of this table is in the file, rather than in the environment alone.
    pub(in crate::config) fn is_in_file(&self) -> bool {
        self.reader.positions.key(&self.path).is_some()
    }

    /// Notes that a key is not there, unless the table itself was refused.
    pub(in crate::config) fn missing(&self, key: &'static str, hint: &str) {
        if self.reader.settled.borrow().contains(&self.path) {
            return;
        }
        let path = self.path_of(key);
        let problem = Problem {
            place: self.reader.key_place(&path),
            key: dotted(&path),
            message: "missing".to_owned(),
            hint: Some(hint.to_owned()),
        };
        self.reader.missing.borrow_mut().push((path, problem));
    }

    /// Notes what is wrong with a key that is there.
    pub(in crate::config) fn refuse(&self, key: &'static str, complaint: Complaint) {
        if let Some(field) = self.field(key) {
            field.refuse(complaint);
        }
    }

    /// Notes what is wrong with this table as a whole.
    pub(in crate::config) fn refuse_whole(&self, message: String, hint: Option<String>) {
        self.reader.push(&self.path, self.reader.key_place(&self.path), message, hint);
    }

    /// Says no more of the names in this table, as the table itself was refused.
    pub(in crate::config) fn settle(&self) {
        self.reader.settled.borrow_mut().insert(self.path.clone());
    }

    /// The dotted key of a value in this table.
    pub(in crate::config) fn dotted(&self, key: &str) -> String {
        dotted(&self.path_of(key))
    }

    fn field_of(&self, key: &str, pattern: &str) -> Option<Field<'a>> {
        let mut known = self.pattern.clone();
        known.push(pattern.to_owned());
        self.reader.known.borrow_mut().insert(known);
        let value = self.values?.get(key)?;
        Some(Field::new(self.reader, self.path_of(key), value))
    }

    fn below(&self, key: &str, pattern: &str, values: Option<&'a Dict>) -> Self {
        let mut patterns = self.pattern.clone();
        patterns.push(pattern.to_owned());
        Self { reader: self.reader, path: self.path_of(key), pattern: patterns, values }
    }

    fn path_of(&self, key: &str) -> Path {
        self.path.iter().cloned().chain(std::iter::once(key.to_owned())).collect()
    }
}

/// The getters: nothing where the key is absent or wrong, and what is wrong is noted.
impl<'a> Section<'a> {
    /// A text in a shape of its own.
    pub(in crate::config) fn parse<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        self.field(key)?.parse(expected, read)
    }

    /// A text with something in it.
    pub(in crate::config) fn text(&self, key: &'static str) -> Option<String> {
        self.field(key)?.text()
    }

    /// One of a few words.
    pub(in crate::config) fn choice<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let names: Vec<String> = words.iter().map(|(word, _)| quote(word)).collect();
        let expected = match names.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            names => names.concat(),
        };
        self.parse(key, &expected, |text| {
            let chosen = words.iter().find(|(word, _)| *word == text);
            chosen.map(|(_, value)| *value).ok_or_else(|| {
                match nearest(text, words.iter().map(|(word, _)| *word)) {
                    Some(near) => Complaint::shape().advise(format!("did you mean {}?", quote(near))),
                    None => Complaint::shape(),
                }
            })
        })
    }

    /// A decimal number for which `is_right` holds, as a number or a text; it is never rounded on its way.
    pub(in crate::config) fn decimal(
        &self,
        key: &'static str,
        expected: &str,
        is_right: impl FnOnce(&Decimal) -> bool,
    ) -> Option<Decimal> {
        self.field(key)?.decimal(expected, is_right)
    }

    /// A whole number within a range.
    pub(in crate::config) fn whole(&self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.field(key)?.whole(&range)
    }

    /// `true` or `false`.
    pub(in crate::config) fn flag(&self, key: &'static str) -> Option<bool> {
        self.field(key)?.flag()
    }

    /// A list of texts, each read by `read`; in the environment with commas between them.
    pub(in crate::config) fn list<T>(
        &self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<Vec<T>> {
        self.field(key)?.list(read)
    }

    /// A duration within a range.
    pub(in crate::config) fn duration(
        &self,
        key: &'static str,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        self.parse(key, duration::SHAPE, |text| {
            let compact: String = text.split_whitespace().collect();
            match duration::parse(text) {
                Some(duration) if range.contains(&duration) => Ok(duration),
                Some(_) => Err(Complaint::new(format!(
                    "expected a duration from {} to {}",
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
