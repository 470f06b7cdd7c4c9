//! All that is remembered of actions, and the changes of it that are saved together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, ActionId, Stage};
use super::gate::Gate;
use super::hold::Throttle;
use super::record::Record;
use crate::domain::account::AccountName;
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

/// A sub-user of an account.
pub type Place = (AccountName, SubUserKey);

/// The actions that are not over, those that latch, and what stands at the vendors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// By number.
    pub actions: BTreeMap<ActionId, Action>,
    /// By sub-user.
    pub throttles: BTreeMap<Place, Throttle>,
    /// Accounts at which nothing is lowered since a write was not what the vendor's record then said.
    pub breakers: BTreeMap<AccountName, Breaker>,
    /// What the operator has been told of, and still is so.
    pub concerns: BTreeMap<Concern, Timestamp>,
    /// The number of the newest action there ever was.
    pub newest: i64,
    /// What each throttled sub-user had used at the first look after the vendor's delay: when it was written, when it
    /// was looked at, and the figure. Not saved: after a restart it is looked at anew.
    pub quiet: BTreeMap<Place, (Timestamp, Timestamp, Bytes)>,
}

/// Why nothing is lowered at an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Since when.
    pub since: Timestamp,
    /// The action whose write failed to be read back.
    pub action: ActionId,
    /// What was read instead.
    pub words: String,
}

/// Something about actions that the operator has to know, for as long as it is so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Concern {
    /// Of what kind.
    pub kind: ConcernKind,
    /// The account.
    pub account: AccountName,
    /// The sub-user; nothing where it concerns the account.
    pub key: Option<SubUserKey>,
}

/// What kind of concern; a closed set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConcernKind {
    /// Usage goes on rising below a ceiling that the vendor confirmed.
    NotHolding,
    /// What was to be put back is not back yet.
    StillThrottled,
    /// A ceiling stands whose budget or threshold is no longer configured.
    Orphaned,
    /// A write was not what the record then said.
    Breaker,
}

impl ConcernKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::NotHolding, Self::StillThrottled, Self::Orphaned, Self::Breaker];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotHolding => "not_holding",
            Self::StillThrottled => "still_throttled",
            Self::Orphaned => "orphaned",
            Self::Breaker => "breaker",
        }
    }
}

/// What happened to an action, for good: the audit is made of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
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
    pub step: &'static str,
    /// What happened.
    pub words: String,
    /// The vendor's record before.
    pub before: Option<Record>,
    /// The vendor's record after.
    pub after: Option<Record>,
}

impl Entry {
    /// What happened to an action.
    #[must_use]
    pub fn of(action: &Action, step: &'static str, words: impl Into<String>, at: Timestamp) -> Self {
        Self {
            at,
            action: Some(action.id),
            account: action.account.clone(),
            name: action.who.name.clone(),
            by: action.asked_by.clone(),
            step,
            words: words.into(),
            before: action.before,
            after: action.after,
        }
    }
}

/// Changes that are saved together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Actions as they are now.
    pub actions: Vec<Action>,
    /// Actions of whom nothing needs to be remembered but the audit.
    pub forgotten: Vec<ActionId>,
    /// Throttles as they are now.
    pub throttles: Vec<Throttle>,
    /// Sub-users on which nothing stands any more.
    pub freed: Vec<Place>,
    /// Breakers as they are now; nothing: closed.
    pub breakers: Vec<(AccountName, Option<Breaker>)>,
    /// Concerns that began, and those that are over.
    pub concerns: Vec<(Concern, Option<Timestamp>)>,
    /// What happened.
    pub entries: Vec<Entry>,
    /// Actions that a gate stopped, each when the gate first did; counted, and not saved.
    pub blocked: Vec<(ActionId, Gate)>,
    /// What was used at the first look after the vendor's delay; not saved.
    pub quiet: Vec<(Place, (Timestamp, Timestamp, Bytes))>,
    /// Where each action and throttle is in its list, so that one of a hundred thousand is found at once.
    pub places: Places,
}

/// An index that is made anew where somebody filled the lists without it; two lists are the same whatever it holds.
#[derive(Clone, Debug, Default)]
pub struct Places {
    actions: HashMap<ActionId, usize>,
    throttles: HashMap<Place, usize>,
    freed: HashSet<Place>,
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Places {}

impl Delta {
    /// Whether nothing is to be saved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            actions,
            forgotten,
            throttles,
            freed,
            breakers,
            concerns,
            entries,
            blocked: _,
            quiet: _,
            places: _,
        } = self;
        actions.is_empty()
            && forgotten.is_empty()
            && throttles.is_empty()
            && freed.is_empty()
            && breakers.is_empty()
            && concerns.is_empty()
            && entries.is_empty()
    }

    /// Adds an action as it is now, in the place of what was said of it before.
    pub fn put(&mut self, action: Action) {
        if self.places.actions.len() != self.actions.len() {
            self.places.actions =
                self.actions.iter().enumerate().map(|(at, action)| (action.id, at)).collect();
        }
        match self.places.actions.get(&action.id).and_then(|at| self.actions.get_mut(*at)) {
            Some(held) => *held = action,
            None => {
                self.places.actions.insert(action.id, self.actions.len());
                self.actions.push(action);
            }
        }
    }

    /// Adds a throttle as it is now; one without a hold is freed.
    pub fn put_throttle(&mut self, throttle: Throttle) {
        let place = throttle.key();
        if throttle.holds.is_empty() && throttle.set.is_empty() {
            self.free(place);
            return;
        }
        self.index_freed();
        if self.places.freed.remove(&place) {
            self.freed.retain(|freed| *freed != place);
        }
        self.index_throttles();
        match self.places.throttles.get(&place).and_then(|at| self.throttles.get_mut(*at)) {
            Some(held) => *held = throttle,
            None => {
                self.places.throttles.insert(place, self.throttles.len());
                self.throttles.push(throttle);
            }
        }
    }

    /// Says that nothing stands on a sub-user any more.
    pub fn free(&mut self, place: Place) {
        self.index_throttles();
        if self.places.throttles.contains_key(&place) {
            self.throttles.retain(|held| held.key() != place);
            self.places.throttles.clear();
        }
        self.index_freed();
        if self.places.freed.insert(place.clone()) {
            self.freed.push(place);
        }
    }

    fn index_freed(&mut self) {
        if self.places.freed.len() != self.freed.len() {
            self.places.freed = self.freed.iter().cloned().collect();
        }
    }

    fn index_throttles(&mut self) {
        if self.places.throttles.len() != self.throttles.len() {
            self.places.throttles =
                self.throttles.iter().enumerate().map(|(at, throttle)| (throttle.key(), at)).collect();
        }
    }

    /// Adds what another says.
    pub fn append(&mut self, other: Self) {
        for action in other.actions {
            self.put(action);
        }
        self.forgotten.extend(other.forgotten);
        for throttle in other.throttles {
            self.put_throttle(throttle);
        }
        for place in other.freed {
            self.free(place);
        }
        self.breakers.extend(other.breakers);
        self.concerns.extend(other.concerns);
        self.entries.extend(other.entries);
        self.blocked.extend(other.blocked);
        self.quiet.extend(other.quiet);
    }
}

impl Books {
    /// Takes over what was saved.
    pub fn take(&mut self, delta: &Delta) {
        for action in &delta.actions {
            self.newest = self.newest.max(action.id.0);
            self.actions.insert(action.id, action.clone());
        }
        for id in &delta.forgotten {
            self.actions.remove(id);
        }
        for throttle in &delta.throttles {
            self.throttles.insert(throttle.key(), throttle.clone());
        }
        for place in &delta.freed {
            self.throttles.remove(place);
            self.quiet.remove(place);
        }
        self.quiet.extend(delta.quiet.iter().cloned());
        for (account, breaker) in &delta.breakers {
            match breaker {
                Some(breaker) => drop(self.breakers.insert(account.clone(), breaker.clone())),
                None => drop(self.breakers.remove(account)),
            }
        }
        for (concern, since) in &delta.concerns {
            match since {
                Some(since) => drop(self.concerns.insert(concern.clone(), *since)),
                None => drop(self.concerns.remove(concern)),
            }
        }
    }

    /// Actions that are not over, by number.
    pub fn open(&self) -> impl Iterator<Item = &Action> {
        self.actions.values().filter(|action| !action.stage.is_ended())
    }

    /// Actions of a sub-user that are not over.
    pub fn open_at<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Action> {
        self.open().filter(move |action| action.account == place.0 && action.who.key == place.1)
    }

    /// How many writes lowered at an account since a moment.
    #[must_use]
    pub fn lowered_since(&self, account: &AccountName, since: Timestamp) -> usize {
        let counts = |action: &&Action| {
            action.account == *account
                && !action.what.is_restore()
                && !action.is_cap()
                && action.written.is_some_and(|written| written >= since)
        };
        self.actions.values().filter(counts).count()
    }

    /// Whether anything of ours stands at a stage that could be under way.
    #[must_use]
    pub fn has_open(&self, account: &AccountName) -> bool {
        self.actions.values().any(|action| action.account == *account && action.stage.is_open())
    }

    /// How many actions wait for a person or for their time, and how many restores are due, at an account.
    #[must_use]
    pub fn counts(&self, account: &AccountName) -> (u64, u64) {
        let of = self.open().filter(|action| action.account == *account);
        let (mut pending, mut restores) = (0, 0);
        for action in of {
            match (action.what.is_restore(), action.stage) {
                (true, _) => restores += 1,
                // Caps move with every period, which nobody has to look at.
                (false, Stage::Observed) => {}
                (false, _) if action.is_cap() => {}
                (false, _) => pending += 1,
            }
        }
        (pending, restores)
    }
}
