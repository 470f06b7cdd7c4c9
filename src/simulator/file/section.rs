//! A table of a scenario file: typed reads that remember where each key stands, and every mistake at once.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::str::FromStr as _;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::fault_text::unknown;
use crate::domain::units::{Bytes, Gigabyte, Limit, Size};

/// What is wrong with a scenario file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioError {
    /// `file:line:column: key: problem`, one each.
    pub problems: Vec<String>,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

/// The mistakes found so far.
pub(crate) struct Problems<'t> {
    file: &'t str,
    text: &'t str,
    found: RefCell<Vec<(usize, String)>>,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, found: RefCell::default() }
    }

    pub(crate) fn add(&self, span: Range<usize>, key: &str, problem: &str) {
        let at = span.start.min(self.text.len());
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        self.found.borrow_mut().push((at, format!("{}:{line}:{column}: {key}{problem}", self.file)));
    }

    /// All of them, or nothing.
    pub(crate) fn into_result(self) -> Result<(), ScenarioError> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(at, _)| *at);
        match found.is_empty() {
            true => Ok(()),
            false => Err(ScenarioError { problems: found.into_iter().map(|(_, problem)| problem).collect() }),
        }
    }
}

/// One table.
pub(crate) struct Section<'t> {
    problems: &'t Problems<'t>,
    path: String,
    table: &'t DeTable<'t>,
    span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Section<'t> {
    pub(crate) fn new(
        problems: &'t Problems<'t>,
        path: String,
        table: &'t DeTable<'t>,
        span: Range<usize>,
    ) -> Self {
        Self { problems, path, table, span, asked: RefCell::default() }
    }

    /// Says that a key is wrong; at the table where the key is absent.
    pub(crate) fn wrong(&self, key: &str, problem: &str) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.problems.add(span, &self.path_of(key), problem);
    }

    /// Refuses the keys that nothing asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.table.keys().filter(|key| !asked.contains(&key.get_ref().as_ref())) {
            let problem = unknown(key.get_ref(), asked.iter().copied());
            self.problems.add(key.span(), &self.path, &format!("key {problem}"));
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key holds a table.
    pub(crate) fn is_table(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().as_table().is_some())
    }

    /// A value, read by `read`; `None` where it is absent or wrong.
    pub(crate) fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, String>,
    ) -> Option<T> {
        self.asked.borrow_mut().push(key);
        match read(self.table.get(key)?.get_ref()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.wrong(key, &problem);
                None
            }
        }
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        self.read(key, |value| {
            value.as_str().map(str::to_owned).ok_or_else(|| "must be a text in quotes".into())
        })
    }

    /// A text that must be there; empty where it is not.
    pub(crate) fn required(&self, key: &'static str) -> String {
        if !self.has(key) {
            self.wrong(key, "is missing");
        }
        self.text(key).unwrap_or_default()
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        self.read(key, |value| value.as_bool().ok_or_else(|| "must be true or false".into()))
    }

    /// A whole number within a range.
    pub(crate) fn whole(&self, key: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        self.read(key, |value| {
            let number = value.as_integer().and_then(|number| number.as_str().parse().ok());
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// A number within a range, with or without places.
    pub(crate) fn number(&self, key: &'static str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        self.read(key, |value| {
            let text = value.as_float().map(|float| float.as_str().to_owned());
            let text = text.or_else(|| value.as_integer().map(|number| number.as_str().to_owned()));
            text.and_then(|text| text.parse().ok())
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be a number from {} to {}", range.start(), range.end()))
        })
    }

    pub(crate) fn duration(&self, key: &'static str) -> Option<SignedDuration> {
        self.read(key, |value| {
            let text = value.as_str().unwrap_or_default();
            super::super::fault_text::duration(key, text).map_err(|(_, problem)| problem)
        })
    }

    pub(crate) fn size(&self, key: &'static str, gigabyte: Gigabyte) -> Option<Bytes> {
        self.read(key, |value| size(value.as_str().unwrap_or_default(), gigabyte))
    }

    /// A cap: a size, `none` or `blocked`.
    pub(crate) fn limit(&self, key: &'static str, gigabyte: Gigabyte) -> Option<Limit> {
        self.read(key, |value| limit(value.as_str().unwrap_or_default(), gigabyte))
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.read(key, |value| {
            let text = value.as_str().unwrap_or_default();
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
            found.ok_or_else(|| unknown(text, words.iter().map(|(word, _)| *word)))
        })
    }

    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.read(key, |value| {
            let texts = value.as_array().map(|array| array.iter().map(|item| item.get_ref().as_str()));
            let texts: Option<Vec<_>> =
                texts.and_then(|texts| texts.map(|text| text.map(str::to_owned)).collect());
            texts.ok_or_else(|| "must be a list of texts".into())
        })
    }

    /// A table below this one.
    pub(crate) fn table(&self, key: &'static str) -> Option<Section<'t>> {
        self.asked.borrow_mut().push(key);
        self.below(key, self.table.get(key)?)
    }

    /// The tables below a key with their names, or the places in a list, in the order of the file.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<(String, Section<'t>)> {
        self.asked.borrow_mut().push(key);
        let Some(value) = self.table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Table(tables) => {
                let mut rows: Vec<_> = tables.iter().collect();
                rows.sort_by_key(|(name, _)| name.span().start);
                let rows = rows.into_iter().map(|(name, value)| (name.get_ref().as_ref(), value));
                rows.filter_map(|(name, value)| {
                    Some((name.to_owned(), self.below(&format!("{key}.{name}"), value)?))
                })
                .collect()
            }
            DeValue::Array(rows) => {
                let rows = rows.iter().enumerate();
                rows.filter_map(|(n, value)| {
                    Some((n.to_string(), self.below(&format!("{key}[{n}]"), value)?))
                })
                .collect()
            }
            _ => {
                self.wrong(key, "must be tables");
                Vec::new()
            }
        }
    }

    /// Each key of this table with its value, in the order of the file.
    pub(crate) fn entries(&self) -> Vec<(&'t str, &'t DeValue<'t>)> {
        let mut rows: Vec<_> = self.table.iter().collect();
        rows.sort_by_key(|(name, _)| name.span().start);
        rows.into_iter().map(|(name, value)| (name.get_ref().as_ref(), value.get_ref())).collect()
    }

    fn below(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Section<'t>> {
        let path = self.path_of(key);
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(self.problems, path, table, value.span())),
            None => {
                self.problems.add(value.span(), &path, "must be a table");
                None
            }
        }
    }

    fn path_of(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }
}

/// A cap: a size, `none` or `blocked`.
pub(crate) fn limit(text: &str, gigabyte: Gigabyte) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit::Unlimited),
        "blocked" => Ok(Limit::Blocked),
        text => size(text, gigabyte)
            .map(Limit::of)
            .map_err(|problem| format!("{problem}, or \"none\" or \"blocked\"")),
    }
}

fn size(text: &str, gigabyte: Gigabyte) -> Result<Bytes, String> {
    Size::from_str(text).and_then(|size| size.bytes(gigabyte)).map_err(|problem| problem.to_string())
}
