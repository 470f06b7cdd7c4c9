//! The merged values: what was asked of them, where each came from, and every problem found so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use figment::Figment;
use figment::value::{Dict, Tag};

use super::document::{Path, Positions};
use super::layers::ENVIRONMENT;
use super::problem::{Place, Problem, dotted};

mod names;
mod section;

pub(super) use section::Section;

/// The name that stands for every name given by the operator, in the list of known keys.
const ANY: &str = "*";

/// The merged values, where each came from, and what was found wrong so far; never printed, as secrets are in it.
pub(super) struct Reader {
    values: Dict,
    figment: Figment,
    positions: Positions,
    variables: BTreeMap<Path, String>,
    problems: RefCell<Vec<Problem>>,
    missing: RefCell<Vec<(Path, Problem)>>,
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
            missing: RefCell::default(),
            known: RefCell::default(),
            settled: RefCell::default(),
        }
    }

    /// The cursor at the top.
    pub(super) fn root(&self) -> Section<'_> {
        Section::root(self, &self.values)
    }

    /// Every problem, those of unknown keys included.
    pub(super) fn finish(self) -> Vec<Problem> {
        self.check_names(&self.values, &mut Vec::new(), &mut Vec::new());
        let mut problems = self.problems.into_inner();
        problems.extend(self.missing.into_inner().into_iter().map(|(_, problem)| problem));
        problems
    }

    /// Every key that was asked for, `*` for a name given by the operator.
    #[cfg(test)]
    pub(super) fn known(&self) -> BTreeSet<Path> {
        self.known.borrow().clone()
    }

    pub(super) fn push(&self, path: &[String], place: Place, message: String, hint: Option<String>) {
        self.problems.borrow_mut().push(Problem { place, key: dotted(path), message, hint });
    }

    /// Whether a value came from the environment.
    pub(super) fn is_from_environment(&self, tag: Tag) -> bool {
        self.figment.get_metadata(tag).is_some_and(|layer| layer.name == ENVIRONMENT)
    }

    /// A number with a point or an exponent, as the file writes it.
    pub(super) fn float(&self, path: &[String]) -> Option<&str> {
        self.positions.float(path)
    }

    /// Where a value stands: in the layer that figment let win.
    pub(super) fn value_place(&self, path: &[String], tag: Tag) -> Place {
        let in_file = || self.positions.value(path);
        if self.is_from_environment(tag) { self.variable_at(path).or_else(in_file) } else { in_file() }
            .unwrap_or_else(|| self.key_place(path))
    }

    /// Where a key stands; for one that is nowhere, the table that it would stand in.
    pub(super) fn key_place(&self, path: &[String]) -> Place {
        (1..=path.len())
            .rev()
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
