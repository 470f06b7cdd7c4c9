//! What was expected against what was found.

use std::fmt;

use jiff::Timestamp;

use super::{Expected, Followed};

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The test.
    pub name: String,
    /// What differs, by time: `- ` before what was expected and did not come, `+ ` before what came unexpected.
    pub diff: Vec<String>,
}

impl Outcome {
    /// Whether everything came as expected.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.diff.is_empty()
    }

    /// Takes away pair by pair; those of a known moment first, so that the others take what is left.
    pub(super) fn of(name: &str, expected: &[Expected], found: &[(Timestamp, Followed)]) -> Self {
        let mut left: Vec<&(Timestamp, Followed)> = found.iter().collect();
        // That something is over is compared by the tests that speak of it.
        if !expected.iter().any(|expected| expected.what.is_over()) {
            left.retain(|(_, what)| !what.is_over());
        }
        let mut missing = Vec::new();
        let (timed, any): (Vec<_>, Vec<_>) = expected.iter().partition(|expected| expected.at.is_some());
        for expected in timed.into_iter().chain(any) {
            let fits = |(at, what): &&(Timestamp, Followed)| {
                expected.at.is_none_or(|expected| expected == *at) && expected.what.fits(what)
            };
            match left.iter().position(fits) {
                Some(place) => drop(left.remove(place)),
                None => missing.push(expected),
            }
        }
        let mut lines: Vec<(Option<Timestamp>, String)> = Vec::new();
        for Expected { at, what } in missing {
            lines.push((*at, format!("- {} {what}", moment(*at))));
        }
        for (at, what) in left {
            lines.push((Some(*at), format!("+ {} {what}", moment(Some(*at)))));
        }
        lines.sort();
        Self { name: name.to_owned(), diff: lines.into_iter().map(|(_, line)| line).collect() }
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(|| format!("{:17}", "at any time"), |at| at.strftime("%F %H:%MZ").to_string())
}

impl Followed {
    const fn is_over(&self) -> bool {
        matches!(self, Self::Notice { is_over: true, .. })
    }

    /// Whether an expectation is met; a threshold that it leaves empty may be any.
    fn fits(&self, found: &Self) -> bool {
        match (self, found) {
            (
                Self::Write { budget, threshold, target, action },
                Self::Write { budget: of, threshold: at, target: whose, action: what },
            ) => {
                let any = |one: &str, other: &str| one.is_empty() || one == other;
                any(budget, of) && any(threshold, at) && target == whose && action == what
            }
            _ => self == found,
        }
    }
}

/// As a test would say it.
impl fmt::Display for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notice { receiver, budget, threshold, target, is_over } => {
                let over = if *is_over { " is over" } else { "" };
                write!(f, "notice to {receiver}: {budget}.{threshold} of {target}{over}")
            }
            Self::Write { budget, threshold, target, action } => {
                write!(f, "write: {action} of {target}")?;
                match (&**budget, &**threshold) {
                    ("", "") => Ok(()),
                    ("", threshold) => write!(f, " by {threshold}"),
                    (budget, "") => write!(f, " by {budget}"),
                    (budget, threshold) => write!(f, " by {budget}.{threshold}"),
                }
            }
        }
    }
}
