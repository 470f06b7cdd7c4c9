//! When something follows from a budget, and what.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use super::amount::Share;

/// How loud a notice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For the record.
    Info,
    /// For the working day.
    #[default]
    Warning,
    /// For now.
    Critical,
}

/// How fast is too fast: so many times the pace that would just last, over both windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnRule {
    /// Times the pace that would just last, as a share.
    pub factor: Share,
    /// The window that keeps one spike from counting.
    pub long: Duration,
    /// The window that ends the incident soon after the burning ends.
    pub short: Duration,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// This share of the amount is used.
    Used(Share),
    /// This share of the amount will be used by the period's end.
    Forecast(Share),
    /// Traffic burns too fast.
    Burn(BurnRule),
    /// There is no limit at the vendor, or one that it does not enforce.
    Uncapped,
    /// Nothing was used for so long, by one who normally uses.
    Silent(Duration),
}

/// What a condition is about: of several that are met, the highest of each kind is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Used shares.
    Used,
    /// Forecast shares.
    Forecast,
    /// Burn factors.
    Burn,
    /// Missing caps.
    Uncapped,
    /// Silence.
    Silent,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Used, Self::Forecast, Self::Burn, Self::Uncapped, Self::Silent];
}

impl Condition {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Used(_) => Kind::Used,
            Self::Forecast(_) => Kind::Forecast,
            Self::Burn(_) => Kind::Burn,
            Self::Uncapped => Kind::Uncapped,
            Self::Silent(_) => Kind::Silent,
        }
    }

    /// Which of two conditions of a kind is the graver.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Used(one), Self::Used(two)) | (Self::Forecast(one), Self::Forecast(two)) => one.cmp(two),
            (Self::Burn(one), Self::Burn(two)) => one.factor.cmp(&two.factor),
            (Self::Silent(one), Self::Silent(two)) => one.cmp(two),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

/// What is done at the vendor; kept here, done elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The word as written, `freeze` or `limit 55GB`.
    pub word: Box<str>,
    /// Whether it is done, asked for, or only told.
    pub mode: Mode,
}

/// How far an action goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What would be done is told.
    #[default]
    Observe,
    /// A person approves first.
    Approve,
    /// It is done.
    Enforce,
}

/// One step of a budget; its name is the label `threshold` and the latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The key in configuration.
    pub name: Arc<str>,
    /// What is judged.
    pub when: Condition,
    /// How long it must hold before it fires; the key `for`.
    pub hold: Duration,
    /// The part of the threshold below which an incident ends; the key `clear`.
    pub clear: Share,
    /// How loud.
    pub severity: Severity,
    /// The receivers by name.
    pub notify: Vec<Arc<str>>,
    /// What is done at the vendor.
    pub action: Option<Action>,
}

impl Threshold {
    /// The part of a threshold below which an incident ends where the operator says nothing.
    pub const CLEAR: Share = Share::percent(95);

    /// A threshold with nothing but a name and a condition.
    #[must_use]
    pub fn new(name: &str, when: Condition) -> Self {
        Self {
            name: name.into(),
            when,
            hold: Duration::ZERO,
            clear: Self::CLEAR,
            severity: Severity::default(),
            notify: Vec::new(),
            action: None,
        }
    }
}
