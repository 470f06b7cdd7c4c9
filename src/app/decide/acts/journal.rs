//! The journal that the enforcer writes through: every step of an action is saved before the next one is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::super::{Decider, Held};
use crate::domain::account::AccountName;
use crate::domain::act::action::Action;
use crate::domain::act::books::{Delta, Entry};
use crate::domain::act::carry::{Work, Write, under_way};
use crate::domain::act::gate::Gate;
use crate::domain::act::pick::{is_as_picked, pick};
use crate::domain::act::settle::{Found, intent, settle};
use crate::domain::snapshot::SubUserKey;
use crate::enforce::{Due, Journal, MOST};
use crate::store::error::StoreError;

/// One account's journal.
pub(super) struct OfAccount {
    decider: Arc<Decider>,
    account: AccountName,
    /// What was saved in this batch and nobody was told of yet.
    untold: Mutex<Delta>,
    /// What was due when this batch began.
    picked: Mutex<BTreeMap<SubUserKey, Work>>,
}

/// What became of changes that were to be saved.
enum Saved {
    /// Those of these sub-users were.
    Of(BTreeSet<SubUserKey>),
    /// None, since lowering is paused.
    Paused,
    /// None, since the store cannot be used.
    Nothing,
}

impl OfAccount {
    pub(super) fn new(decider: Arc<Decider>, account: AccountName) -> Self {
        Self { decider, account, untold: Mutex::default(), picked: Mutex::default() }
    }

    /// Tells of the whole batch at once: ten that are done and eighteen that wait are one notice.
    pub(super) async fn tell(&self) {
        self.decider.show_actions(&*self.decider.held.lock().await);
        let delta = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        self.decider.tell_of(&self.decider.settings.load(), &delta);
    }

    fn took(&self, held: &mut Held, delta: &Delta) {
        self.decider.took_quietly(held, delta);
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).append(delta.clone());
    }

    /// Saves a change of the books, and takes it over; whether it was saved.
    async fn save_now(&self, held: &mut Held, delta: &Delta) -> bool {
        if delta.is_empty() {
            return true;
        }
        let Some(store) = self.decider.keeping.decisions() else { return false };
        match store.save_acts(delta, &[]).await {
            Ok(()) => {
                self.took(held, delta);
                true
            }
            Err(problem) => {
                self.failed(held, &problem).await;
                false
            }
        }
    }

    async fn failed(&self, held: &mut Held, problem: &StoreError) {
        let what = "what is done at the vendor cannot be saved, so nothing more is done";
        self.decider.store_failed(held, problem, what);
        self.decider.let_go(problem).await;
    }

    /// Saves changes of those sub-users that are as they were when they were picked; as intents only while lowering is
    /// not paused.
    async fn save_of(&self, changes: Vec<(SubUserKey, Delta)>, are_intents: bool) -> Saved {
        let mut held = self.decider.held.lock().await;
        let mut delta = Delta::default();
        let mut keys = BTreeSet::new();
        for (key, change) in changes {
            if self.is_as_picked(&held, &key) {
                delta.append(change);
                keys.insert(key);
            }
        }
        if !are_intents {
            return if self.save_now(&mut held, &delta).await { Saved::Of(keys) } else { Saved::Nothing };
        }
        if self.decider.settings.load().writes_off {
            return Saved::Paused;
        }
        let Some(store) = self.decider.keeping.decisions() else { return Saved::Nothing };
        match store.save_intents(&self.account, &delta, &[], self.now()).await {
            Ok(None) => {
                self.took(&mut held, &delta);
                // Whoever is about to leave the vendor's list: the next one may come before the batch ends.
                self.decider.show_actions(&held);
                Saved::Of(keys)
            }
            Ok(Some(_)) => Saved::Paused,
            Err(problem) => {
                self.failed(&mut held, &problem).await;
                Saved::Nothing
            }
        }
    }

    /// Whether a sub-user is as it was when it was picked, and may still be lowered by what was judged.
    fn is_as_picked(&self, held: &Held, key: &SubUserKey) -> bool {
        let picked = self.picked.lock().unwrap_or_else(PoisonError::into_inner);
        picked.get(key).is_some_and(|work| {
            is_as_picked(&held.books, &self.account, work)
                && work.lower.iter().all(|action| held.may_lower(action))
        })
    }
}

#[async_trait]
impl Journal for OfAccount {
    async fn due(&self) -> Option<Due> {
        let decider = &self.decider;
        let settings = decider.settings.load_full();
        let is_paused = self.decider.pause(&self.account).await.is_some();
        let state = decider.watch.state();
        let watched = state.accounts.get(&self.account)?;
        let terms = decider.terms(&settings, &state).remove(&self.account)?;
        let snapshot = watched.holder.snapshot();
        decider.keeping.decisions()?;
        // Without a list there is nothing to compare with.
        snapshot.sub_users.as_ref()?;
        let now = decider.watch.clock.now();
        let mut held = decider.held.lock().await;
        let mut picked = pick(&held.books, &self.account, &terms, (MOST, is_paused), now);
        for work in &mut picked.work {
            work.lower.retain(|action| held.may_lower(action));
        }
        picked.work.retain(|work| work.any().is_some());
        let open = open(&held, &self.account, now);
        if !self.save_now(&mut held, &picked.delta).await {
            return None;
        }
        let by_key = |work: &Work| Some((work.any()?.who.key.clone(), work.clone()));
        let by_key = picked.work.iter().filter_map(by_key).collect();
        *self.picked.lock().unwrap_or_else(PoisonError::into_inner) = by_key;
        Some(Due { account: watched.holder.account().clone(), terms, snapshot, work: picked.work, open })
    }

    async fn save(&self, found: Vec<(SubUserKey, Delta)>) -> bool {
        matches!(self.save_of(found, false).await, Saved::Of(keys) if !keys.is_empty())
    }

    async fn begin(&self, writes: Vec<Write>) -> Vec<Write> {
        let now = self.now();
        let (lowering, mut begun): (Vec<Write>, Vec<Write>) =
            writes.into_iter().partition(|write| write.lowers);
        let intents =
            |writes: &[Write]| writes.iter().map(|write| (key_of(write), intent(write, now))).collect();
        if !begun.is_empty() {
            let Saved::Of(keys) = self.save_of(intents(&begun), false).await else { return Vec::new() };
            begun.retain(|write| keys.contains(&key_of(write)));
        }
        if lowering.is_empty() {
            return begun;
        }
        match self.save_of(intents(&lowering), true).await {
            Saved::Of(keys) => {
                begun.extend(lowering.into_iter().filter(|write| keys.contains(&key_of(write))));
            }
            Saved::Paused => {
                let stopped = lowering.iter().map(|write| (key_of(write), blocked(write, Gate::Paused, now)));
                self.save_of(stopped.collect(), false).await;
            }
            Saved::Nothing => {}
        }
        begun
    }

    async fn stop(&self, write: &Write) -> Option<Gate> {
        if self.decider.keeping.decisions().is_none() {
            return Some(Gate::NotOwner);
        }
        if write.lowers && self.decider.pause(&self.account).await.is_some() {
            return Some(Gate::Paused);
        }
        None
    }

    async fn settle(&self, write: &Write, found: &Found) {
        let mut held = self.decider.held.lock().await;
        let (delta, outcomes) = settle(write, found, &held.books, self.now());
        if self.save_now(&mut held, &delta).await {
            self.decider.outcomes(&self.account, &outcomes);
        }
    }

    fn now(&self) -> Timestamp {
        self.decider.watch.clock.now()
    }
}

/// Writes that left, or may have, and are to be read back now.
fn open(held: &Held, account: &AccountName, now: Timestamp) -> Vec<Write> {
    let mut by_key: BTreeMap<&SubUserKey, Vec<Action>> = BTreeMap::new();
    for action in held.books.open().filter(|action| action.account == *account) {
        if action.stage.is_open() && action.not_before.is_none_or(|at| at <= now) {
            by_key.entry(&action.who.key).or_default().push(action.clone());
        }
    }
    let stands = |key: &SubUserKey| held.books.throttles.get(&(account.clone(), key.clone()));
    by_key.into_iter().filter_map(|(key, actions)| under_way(actions, stands(key)?)).collect()
}

fn key_of(write: &Write) -> SubUserKey {
    write.throttle.who.key.clone()
}

/// A write that a gate stopped before it was an intent.
fn blocked(write: &Write, gate: Gate, now: Timestamp) -> Delta {
    // What was found while it was compared holds all the same.
    let mut delta = write.delta.clone();
    for action in &write.actions {
        let mut action = action.clone().stopped(gate);
        action.tries = action.tries.saturating_sub(1);
        action.written = None;
        delta.blocked.push((action.id, gate));
        delta.entries.push(Entry::of(&action, "blocked", format!("{gate}: {}", gate.advice()), now));
        delta.put(action);
    }
    delta
}
