//! An action from its proposal to its end, as the journal keeps it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::gate::Gate;
use super::hold::By;
use super::record::Record;
use crate::domain::account::AccountName;
use crate::domain::budget::threshold::Mode;
use crate::domain::incident::SubUserIdentity;
use crate::domain::traffic::SubUserId;
use crate::domain::units::Bytes;

/// The number of an action, growing with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub i64);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// No more traffic.
    Freeze,
    /// The vendor's counter may reach this.
    Limit(Bytes),
    /// The same, moved with what a budget still allows.
    Cap(Bytes),
    /// A hold is taken away.
    Restore(Why),
}

/// Why something is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A new period has begun.
    PeriodEnd,
    /// More is allowed than before.
    Raised,
    /// A rolling budget is below the level at which it clears.
    Below,
    /// A person undid it.
    Undone,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::PeriodEnd, Self::Raised, Self::Below, Self::Undone];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PeriodEnd => "period_end",
            Self::Raised => "raised",
            Self::Below => "below",
            Self::Undone => "undone",
        }
    }
}

impl What {
    /// The words of the label `action`.
    pub const WORDS: [&str; 4] = ["freeze", "limit", "standing_cap", "restore"];

    /// The label `action`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Limit(_) => "limit",
            Self::Cap(_) => "standing_cap",
            Self::Restore(_) => "restore",
        }
    }

    /// Whether it only puts back.
    #[must_use]
    pub const fn is_restore(self) -> bool {
        matches!(self, Self::Restore(_))
    }
}

/// For people: `freeze`, `limit 55.00 GB`.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Freeze => f.pad("freeze"),
            Self::Limit(bytes) => f.pad(&format!("limit {bytes}")),
            Self::Cap(bytes) => f.pad(&format!("standing cap {bytes}")),
            Self::Restore(_) => f.pad("restore"),
        }
    }
}

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is shown, and not done.
    Observed,
    /// It waits for a person.
    Waiting,
    /// It is announced, and done when its time comes.
    Counting,
    /// It is to be done.
    Due,
    /// It is about to be written, or was, and nobody knows.
    Intent,
    /// The vendor took it; what its record says is not known yet.
    Sent,
    /// It is over.
    Ended(End),
}

impl Stage {
    /// Whether something of it may be under way at the vendor.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Sent)
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// The word, for people and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Waiting => "waiting",
            Self::Counting => "counting",
            Self::Due => "due",
            Self::Intent => "intent",
            Self::Sent => "sent",
            Self::Ended(end) => end.as_str(),
        }
    }

    /// Every stage.
    pub fn all() -> impl Iterator<Item = Self> {
        let open = [Self::Observed, Self::Waiting, Self::Counting, Self::Due, Self::Intent, Self::Sent];
        open.into_iter().chain(End::ALL.map(Self::Ended))
    }
}

/// Why an action is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The vendor's record says so.
    Confirmed,
    /// The sub-user is no longer there.
    Gone,
    /// A person rejected it.
    Declined,
    /// Nobody approved in time.
    Expired,
    /// What asked for it no longer does.
    Over,
    /// What would be done is another thing now.
    Moved,
    /// A person changed the record.
    Person,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 7] =
        [Self::Confirmed, Self::Gone, Self::Declined, Self::Expired, Self::Over, Self::Moved, Self::Person];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Gone => "gone",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Over => "over",
            Self::Moved => "moved",
            Self::Person => "person",
        }
    }

    /// Whether the threshold acts no more in this period after it.
    #[must_use]
    pub const fn latches(self) -> bool {
        matches!(self, Self::Confirmed | Self::Gone | Self::Declined | Self::Person)
    }
}

/// What became of an attempt; a closed set, the label `outcome` of `actions_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The vendor's record says so, read after the write.
    Confirmed,
    /// The vendor took it, and its record says something else.
    VerifyFailed,
    /// The vendor refused it.
    Rejected,
    /// Nobody knows whether the vendor took it; it is read back.
    Ambiguous,
    /// The sub-user is no longer there.
    Gone,
}

impl Outcome {
    /// Every outcome, in the order of the contract.
    pub const ALL: [Self; 5] =
        [Self::Confirmed, Self::VerifyFailed, Self::Rejected, Self::Ambiguous, Self::Gone];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::VerifyFailed => "verify_failed",
            Self::Rejected => "rejected",
            Self::Ambiguous => "ambiguous",
            Self::Gone => "gone",
        }
    }
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its number.
    pub id: ActionId,
    /// The account.
    pub account: AccountName,
    /// Whose record.
    pub who: Arc<SubUserIdentity>,
    /// The vendor's id.
    pub vendor_id: SubUserId,
    /// The part of a budget that asks for it.
    pub by: By,
    /// What is done.
    pub what: What,
    /// How far it goes without a person.
    pub mode: Mode,
    /// Where it stands.
    pub stage: Stage,
    /// What a person approves: covers target, action, value, values before, period and the budget's text.
    pub hash: Arc<str>,
    /// When it was proposed.
    pub proposed: Timestamp,
    /// When its countdown ends, or when it is tried again.
    pub not_before: Option<Timestamp>,
    /// Until when a person may approve.
    pub expires: Option<Timestamp>,
    /// The start of the budget's period; nothing for rolling ones.
    pub period: Option<Timestamp>,
    /// When the incident began that it comes from.
    pub incident: Option<Timestamp>,
    /// The allowance by which it is asked for.
    pub amount: Option<Bytes>,
    /// How fast the sub-user used of late, in bytes a second: the fastest go first.
    pub pace: u64,
    /// The vendor's record before.
    pub before: Option<Record>,
    /// The vendor's record after.
    pub after: Option<Record>,
    /// Who or what asked for it.
    pub asked_by: Arc<str>,
    /// What stands in its way, if anything.
    pub blocked: Option<Gate>,
    /// How often it was written.
    pub tries: u32,
    /// When it was written last.
    pub written: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Whether its threshold acts no more in this period.
    pub latched: bool,
}

impl Action {
    /// Ends it.
    #[must_use]
    pub fn end(mut self, end: End, now: Timestamp) -> Self {
        self.latched = end.latches() && !self.what.is_restore() && !(end == End::Confirmed && self.is_cap());
        self.stage = Stage::Ended(end);
        self.ended = Some(now);
        self.blocked = None;
        self
    }

    /// Stops it before it left; what a person approved waits to be approved again.
    #[must_use]
    pub fn stopped(mut self, gate: Gate) -> Self {
        let needs_a_person = gate == Gate::Paused && self.mode == Mode::Approve;
        self.stage = if needs_a_person { Stage::Waiting } else { Stage::Due };
        self.blocked = Some(gate);
        self
    }

    /// Whether it moves a standing cap.
    #[must_use]
    pub const fn is_cap(&self) -> bool {
        matches!(self.what, What::Cap(_))
    }

    /// Whether it is to be carried out as soon as nothing stands in its way.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.stage == Stage::Due && self.not_before.is_none_or(|at| at <= now)
    }
}
