//! What the decisions keep, as commands and pages read it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::account::AccountName;
use crate::domain::event::Subject;
use crate::domain::incident::{End, State};
use crate::domain::units::Bytes;

/// The number of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub i64);

/// An incident as it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRecord {
    /// Its number.
    pub id: IncidentId,
    /// Whose.
    pub of: Subject,
    /// The threshold at which it stands, or stood when it ended.
    pub threshold: Arc<str>,
    /// Where it stands.
    pub state: State,
    /// When it began.
    pub since: Timestamp,
    /// What was used then, where that was known.
    pub used: Option<Bytes>,
    /// Of how much.
    pub amount: Option<Bytes>,
    /// When it ended and why.
    pub ended: Option<(Timestamp, End)>,
    /// When it was acknowledged, and by whom.
    pub acked: Option<(Timestamp, String)>,
}

/// Which incidents are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are open.
    Open,
    /// Those that are open, and those that ended since a moment.
    EndedSince(Timestamp),
}

/// Something that happened beside incidents that began and ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// When.
    pub at: Timestamp,
    /// The budget, where it concerns one.
    pub budget: Option<Arc<str>>,
    /// The account.
    pub account: AccountName,
    /// One of a closed set of words, such as `corrected`.
    pub kind: String,
    /// What happened.
    pub words: String,
}
