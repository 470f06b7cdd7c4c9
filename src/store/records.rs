//! What the decisions keep, as commands and pages read it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::account::AccountName;
use crate::domain::act::action::ActionId;
use crate::domain::act::record::Record;
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

/// A receiver that is gone for good, as it was configured then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverOff {
    /// Its name.
    pub receiver: Arc<str>,
    /// What tells whether it is configured otherwise by now.
    pub fingerprint: String,
    /// Since when.
    pub since: Timestamp,
    /// What it answered.
    pub answer: String,
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

/// The number of an entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub i64);

/// What happened to an action, or what a person did, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRecord {
    /// Its number.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// The action; nothing for what a person did at the vendor.
    pub action: Option<ActionId>,
    /// The account.
    pub account: AccountName,
    /// The sub-user's name.
    pub name: Arc<str>,
    /// Who or what asked.
    pub by: Arc<str>,
    /// One of a closed set of words, such as `intent` or `confirmed`.
    pub step: String,
    /// What happened.
    pub words: String,
    /// The vendor's record before.
    pub before: Option<Record>,
    /// The vendor's record after.
    pub after: Option<Record>,
}

/// The number of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PauseId(pub i64);

/// Lowering is to be paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPause {
    /// At which account; nothing for all.
    pub account: Option<AccountName>,
    /// Until when; nothing for until it is resumed.
    pub until: Option<Timestamp>,
    /// Why, if that was said.
    pub reason: Option<String>,
    /// Who says so.
    pub who: String,
}

/// Lowering is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its number.
    pub id: PauseId,
    /// At which account; nothing for all.
    pub account: Option<AccountName>,
    /// Until when; nothing for until it is resumed. At that moment it stands no more.
    pub until: Option<Timestamp>,
    /// Why, if that was said.
    pub reason: Option<String>,
    /// Who said so.
    pub who: String,
    /// Since when.
    pub since: Timestamp,
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
