//! Ceilings that budgets keep on a sub-user, and what the vendor's record has to be with them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, ActionId, What};
use super::record::{Change, Record};
use crate::domain::account::AccountName;
use crate::domain::incident::SubUserIdentity;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::SubUserId;
use crate::domain::units::{Bytes, Limit};

/// The part of a budget that keeps a ceiling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// One of its thresholds.
    Threshold(Arc<str>),
    /// Its standing cap.
    StandingCap,
}

/// Who keeps a ceiling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct By {
    /// The budget.
    pub budget: Arc<str>,
    /// The part of it.
    pub part: Part,
}

impl By {
    /// The word for the part: the threshold's name, or `standing_cap`.
    #[must_use]
    pub fn threshold(&self) -> &str {
        match &self.part {
            Part::Threshold(name) => name,
            Part::StandingCap => "standing_cap",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.budget, self.threshold())
    }
}

/// How far down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceiling {
    /// No traffic, by the record's state.
    Frozen,
    /// The vendor's counter may reach this.
    Limit(Bytes),
}

/// A ceiling that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// By whom.
    pub by: By,
    /// What put it there; never a restore.
    pub what: What,
    /// How far down.
    pub ceiling: Ceiling,
    /// The action that put it there.
    pub action: ActionId,
    /// The start of the period in which it was put there; nothing for rolling ones.
    pub period: Option<Timestamp>,
    /// The allowance by which it was put there.
    pub amount: Option<Bytes>,
    /// Since when it stands.
    pub since: Timestamp,
    /// The budget or threshold is in the configuration no more, and nobody has said what is to become of this.
    pub orphaned: bool,
    /// Whether the vendor's record was read to say so; one that was ignored or rounded is not.
    pub confirmed: bool,
}

/// A sub-user on which something of ours stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// The account.
    pub account: AccountName,
    /// Who.
    pub who: Arc<SubUserIdentity>,
    /// The vendor's id.
    pub id: SubUserId,
    /// The person's own values: from before our first write, and what a person changed since.
    pub own: Record,
    /// What we wrote last, by field; a field that is not named is the person's.
    pub set: Change,
    /// Who keeps which ceiling.
    pub holds: Vec<Hold>,
    /// Since when there is one.
    pub since: Timestamp,
    /// When it was written last: a list that was asked for before says nothing of it.
    pub written: Option<Timestamp>,
}

impl Throttle {
    /// One on which nothing stands yet.
    #[must_use]
    pub fn new(
        account: AccountName,
        who: Arc<SubUserIdentity>,
        id: SubUserId,
        own: Record,
        since: Timestamp,
    ) -> Self {
        Self { account, who, id, own, set: Change::default(), holds: Vec::new(), since, written: None }
    }

    /// What it is told apart by.
    #[must_use]
    pub fn key(&self) -> (AccountName, SubUserKey) {
        (self.account.clone(), self.who.key.clone())
    }

    /// What the vendor's record has to be: the lowest of the holds and of the person's own.
    #[must_use]
    pub fn wanted(&self) -> Record {
        let is_frozen = self.holds.iter().any(|hold| hold.ceiling == Ceiling::Frozen);
        let ceilings = self.holds.iter().filter_map(|hold| match hold.ceiling {
            Ceiling::Limit(bytes) => Some(bytes),
            Ceiling::Frozen => None,
        });
        let lowest = ceilings.min();
        let limit = match (self.own.limit, lowest) {
            (Some(Limit::Unlimited), Some(ceiling)) => Some(Limit::Bytes(ceiling)),
            (Some(Limit::Bytes(own)), Some(ceiling)) if ceiling < own => Some(Limit::Bytes(ceiling)),
            (own, _) => own,
        };
        let is_lowered = limit != self.own.limit;
        Record {
            active: self.own.active && !is_frozen,
            limit,
            auto_disable: self.own.auto_disable.map(|own| own || is_lowered),
        }
    }

    /// Puts a hold there, in the place of the one that the same part of the budget had.
    pub fn put(&mut self, hold: Hold) {
        self.holds.retain(|held| held.by != hold.by);
        self.holds.push(hold);
    }

    /// Notes that the vendor's record says what these actions put there.
    pub fn confirm(&mut self, actions: &[Action]) {
        for hold in &mut self.holds {
            hold.confirmed |= actions.iter().any(|action| action.id == hold.action);
        }
    }

    /// Takes away what a part of a budget holds; gives it back.
    pub fn release(&mut self, by: &By) -> Option<Hold> {
        let at = self.holds.iter().position(|hold| hold.by == *by)?;
        Some(self.holds.remove(at))
    }

    /// Notes what was written; a field that is the person's own value again is no longer ours.
    pub fn wrote(&mut self, change: &Change) {
        let set = self.set.then(change);
        self.set = Change {
            active: set.active.filter(|active| *active != self.own.active),
            limit: set.limit.filter(|limit| Some(*limit) != self.own.limit),
            auto_disable: set.auto_disable.filter(|flag| Some(*flag) != self.own.auto_disable),
        };
    }
}
