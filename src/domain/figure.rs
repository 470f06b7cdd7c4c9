//! Figures as they are kept: what a counter showed, what of it was new, and how each counter stands.

use std::sync::Arc;

use jiff::Timestamp;

use super::consumed::Consumed;
use super::snapshot::SubUserKey;
use super::traffic::Usage;
use super::units::Bytes;

/// What a figure is of, within an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The account itself.
    Account,
    /// A sub-user.
    SubUser(SubUserKey),
    /// A plan, by its name.
    Subscription(Arc<str>),
    /// A domain that a sub-user's traffic went to.
    Target(SubUserKey, Arc<str>),
}

/// A figure that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is of.
    pub subject: Subject,
    /// The vendor's counter and what it counts.
    pub usage: Usage,
    /// What was used since the figure before. Whoever saves it judges resets and corrections; the store adds up.
    pub used: Bytes,
}

/// The end of a period that is still to be asked for: what was used after the last look is not counted yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// When that period started.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// The highest reading of it.
    pub highest: Bytes,
}

/// How a counter stands; kept so that a restart goes on where the process before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Our own counter.
    pub consumed: Consumed,
    /// The newest look that is counted.
    pub observed: Timestamp,
    /// From when on everything that was used is known.
    pub known_from: Timestamp,
    /// From when on somebody looked: before it only days are known, as the vendor told them.
    pub seen_from: Timestamp,
    /// A period that is not closed yet.
    pub closing: Option<Closing>,
}

/// What one pass at one account found changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassReadings {
    /// When the vendor was looked at; kept to the millisecond.
    pub observed: Timestamp,
    /// The changed figures, in any order.
    pub changed: Vec<Figure>,
    /// How the counters stand now, of those that changed.
    pub standing: Vec<(Subject, Standing)>,
}
