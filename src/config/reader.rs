//! Walks the merged values: a cursor that remembers what it was asked for, and collects every problem.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use figment::Figment;
use figment::value::{Dict, Tag, Value};

use super::document::{Path, Positions};
use super::environment::variable;
use super::field::{Complaint, Field};
use super::later;
use super::layers::ENVIRONMENT;
use super::nearest::nearest;
use super::problem::{Place, Problem, dotted};

/// The name that stands for every name given by the operator, in the list of known keys.
const ANY: &str = "*";

/// The merged values, where each came from, and what was found wrong so far.
#[derive(Debug)]
pub(super) struct Reader {
    values: Dict,
    figment: Figment,
    positions: Positions,
    variables: BTreeMap<Path, String>,
    problems: RefCell<Vec<Problem>>,
    known: RefCell<BTreeSet<Path>>,
    settled: RefCell<BTreeSet<Path>>,
}

impl Reader {
    pub(super) fn new(
        values: Dict,
        figment: Figment,
        positions: Positions,
        variables: BTreeMap<Path, String>,
    ) -> Self {
        Self {
            values,
            figment,
            positions,
            variables,
            problems: RefCell::default(),
            known: RefCell::default(),
            settled: RefCell::default(),
        }
    }

    /// The cursor at the top.
    pub(super) fn root(&self) -> Section<'_> {
        Section { reader: self, path: Vec::new(), pattern: Vec::new(), values: Some(&self.values) }
    }

    /// Every problem, those of unknown keys included.
    pub(super) fn finish(self) -> Vec<Problem> {
        self.check_names(&self.values, &mut Vec::new(), &mut Vec::new());
        self.problems.into_inner()
    }

    /// Every key that was asked for, `*` for a name given by the operator.
    #[cfg(test)]
    pub(super) fn known(&self) -> BTreeSet<Path> {
        self.known.borrow().clone()
    }

    fn check_names(&self, values: &Dict, path: &mut Path, pattern: &mut Path) {
        for (key, value) in values {
            path.push(key.clone());
            pattern.push(key.clone());
            if !self.is_known(pattern) {
                pattern.pop();
                pattern.push(ANY.to_owned());
            }
            if later::is_later(path) {
                let what = match value {
                    Value::Dict(..) => format!("`[{}]`", dotted(path)),
                    _ => format!("`{}`", dotted(path)),
                };
                self.push(path, self.key_place(path), later::message(&what), Some(later::HINT.to_owned()));
            } else if !self.is_known(pattern) {
                pattern.pop();
                self.unknown_key(path, value, pattern);
                pattern.push(key.clone());
            } else if let Value::Dict(_, below) = value
                && !self.settled.borrow().contains(path)
            {
                self.check_names(below, path, pattern);
            }
            path.pop();
            pattern.pop();
        }
    }

    fn is_known(&self, pattern: &[String]) -> bool {
        self.known.borrow().contains(pattern)
    }

    /// One problem where the file has the key, and one for each variable that sets it or a key below it.
    fn unknown_key(&self, path: &Path, value: &Value, section: &Path) {
        let known = self.known.borrow();
        let depth = section.len();
        let here: Vec<&str> = known
            .iter()
            .filter(|known| known.len() == depth + 1 && known.starts_with(section) && known[depth] != ANY)
            .map(|known| known[depth].as_str())
            .collect();
        let key = &path[depth];
        let near = nearest(key, here.iter().copied());
        let elsewhere: Vec<&Path> =
            known.iter().filter(|known| known.last() == Some(key) && known.len() > 1).collect();
        if let Some(place) = self.positions.key(path) {
            let hint = match (near, elsewhere.as_slice()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, [one]) => {
                    format!("it belongs under [{}]", dotted(&one[..one.len() - 1]).replace("\"*\"", "NAME"))
                }
                (None, _) => format!("known here: {}", here.join(", ")),
            };
            self.push(path, place, unknown(value).to_owned(), Some(hint));
        }
        for (variable_path, name) in self.variables.iter().filter(|(below, _)| below.starts_with(path)) {
            let hint = near.map(|near| {
                let mut meant = variable_path.clone();
                near.clone_into(&mut meant[depth]);
                format!("did you mean {}?", variable(&meant))
            });
            let hint =
                hint.or_else(|| (!here.is_empty()).then(|| format!("known here: {}", here.join(", "))));
            self.push(path, Place::Variable(name.clone()), "names no key".to_owned(), hint);
        }
    }

    pub(super) fn push(&self, path: &[String], place: Place, message: String, hint: Option<String>) {
        self.problems.borrow_mut().push(Problem { place, key: dotted(path), message, hint });
    }

    /// Whether a value came from the environment.
    pub(super) fn is_from_environment(&self, tag: Tag) -> bool {
        self.figment.get_metadata(tag).is_some_and(|layer| layer.name == ENVIRONMENT)
    }

    /// Where a value stands: in the layer that figment let win.
    pub(super) fn value_place(&self, path: &[String], tag: Tag) -> Place {
        let in_file = || self.positions.value(path);
        if self.is_from_environment(tag) { self.variable_at(path).or_else(in_file) } else { in_file() }
            .unwrap_or_else(|| self.key_place(path))
    }

    /// Where a key stands; for one that is nowhere, the table that it would stand in.
    pub(super) fn key_place(&self, path: &[String]) -> Place {
        (0..=path.len())
            .rev()
            .filter(|length| *length > 0)
            .find_map(|length| {
                self.positions.key(&path[..length]).or_else(|| self.variable_at(&path[..length]))
            })
            .unwrap_or_else(|| self.positions.file())
    }

    fn variable_at(&self, path: &[String]) -> Option<Place> {
        self.variables
            .iter()
            .find(|(at, _)| at.starts_with(path) || path.starts_with(at))
            .map(|(_, name)| Place::Variable(name.clone()))
    }
}

fn unknown(value: &Value) -> &'static str {
    match value {
        Value::Dict(..) => "unknown table",
        _ => "unknown key",
    }
}

/// One table: its getters return what is there and right, and note what is there and wrong.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    reader: &'a Reader,
    path: Path,
    pattern: Path,
    values: Option<&'a Dict>,
}

impl<'a> Section<'a> {
    /// The table below a key; empty where it is absent.
    pub(super) fn section(&self, key: &'static str) -> Self {
        let values = self.field(key).and_then(|field| field.table());
        self.below(key, key, values)
    }

    /// The tables below a key that are named by the operator, in the order of their names.
    pub(super) fn named(&self, key: &'static str) -> Vec<(String, Self)> {
        let section = self.section(key);
        let names = section.values.into_iter().flat_map(Dict::keys);
        names
            .map(|name| {
                let field = section.field_of(name, ANY);
                let values = field.and_then(|field| field.table());
                (name.clone(), section.below(name, ANY, values))
            })
            .collect()
    }

    /// The value at a key, if it is there; the key counts as known from now on.
    pub(super) fn field(&self, key: &'static str) -> Option<Field<'a>> {
        self.field_of(key, key)
    }

    /// Whether a key is there, right or wrong.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.field(key).is_some()
    }

    /// Whether any key of this table is in the file, rather than in the environment alone.
    pub(super) fn is_in_file(&self) -> bool {
        self.reader.positions.key(&self.path).is_some()
    }

    /// Notes that a key is not there.
    pub(super) fn missing(&self, key: &'static str, hint: &str) {
        let path = self.path_of(key);
        let place = self.reader.key_place(&path);
        self.reader.push(&path, place, "missing".to_owned(), Some(hint.to_owned()));
    }

    /// Notes what is wrong with a key that is there.
    pub(super) fn refuse(&self, key: &'static str, complaint: Complaint) {
        if let Some(field) = self.field(key) {
            field.refuse(complaint);
        }
    }

    /// Notes what is wrong with this table as a whole.
    pub(super) fn refuse_whole(&self, message: String, hint: Option<String>) {
        self.reader.push(&self.path, self.reader.key_place(&self.path), message, hint);
    }

    /// Leaves out the names of this table's keys, as the table itself was refused.
    pub(super) fn settle(&self) {
        self.reader.settled.borrow_mut().insert(self.path.clone());
    }

    /// The dotted key of a value in this table.
    pub(super) fn dotted(&self, key: &str) -> String {
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
