//! What the decisions keep, as commands and pages read it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::AccountName;
use crate::domain::event::Subject;
use crate::domain::incident::{End, State, SubUserIdentity};
use crate::domain::units::{Bytes, Limit};

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

/// What a sub-user is called, and its limit, as the newest list said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub who: SubUserIdentity,
    /// The limit, where the vendor says so.
    pub limit: Option<Limit>,
}

/// How an account was when it was looked at last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The vendor.
    pub provider: String,
    /// The account.
    pub account: String,
    /// When this was written.
    pub at: Timestamp,
    /// The account's traffic in bytes.
    pub traffic: Option<u64>,
    /// Its plan in bytes.
    pub plan: Option<u64>,
    /// How many sub-users the newest list has.
    pub sub_users: Option<usize>,
    /// Start and end of the vendor's period.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Its collectors.
    pub collectors: Vec<CollectorOverview>,
}

impl Overview {
    /// Whether another says the same, whenever it was written.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { at: other.at, ..self.clone() } == *other
    }
}

/// How a collector was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorOverview {
    /// Its name.
    pub collector: String,
    /// When its data were given.
    pub observed: Option<Timestamp>,
    /// The age in seconds from which on these are too old.
    pub stale_after_seconds: u64,
    /// Why the newest attempt brought nothing, if so.
    pub failure: Option<String>,
}
