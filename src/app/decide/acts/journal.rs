//! The journal that the enforcer writes through: every step of an action is saved before the next one is taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::super::{Decider, Held};
use crate::domain::account::AccountName;
use crate::domain::act::books::{Delta, Entry};
use crate::domain::act::carry::{Write, under_way};
use crate::domain::act::gate::Gate;
use crate::domain::act::pick::pick;
use crate::domain::act::settle::{Found, intent, settle};
use crate::domain::snapshot::SubUserKey;
use crate::enforce::{Due, Journal, MOST};

/// One account's journal.
pub(super) struct OfAccount {
    decider: Arc<Decider>,
    account: AccountName,
    /// What was saved in this batch and nobody was told of yet.
    untold: Mutex<Delta>,
}

impl OfAccount {
    pub(super) fn new(decider: Arc<Decider>, account: AccountName) -> Self {
        Self { decider, account, untold: Mutex::default() }
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
    async fn save_now(&self, delta: &Delta) -> bool {
        if delta.is_empty() {
            return true;
        }
        let decider = &self.decider;
        let mut held = decider.held.lock().await;
        let Some(store) = decider.keeping.decisions() else { return false };
        match store.save_acts(delta).await {
            Ok(()) => {
                self.took(&mut held, delta);
                true
            }
            Err(problem) => {
                decider.store_failed(
                    &mut held,
                    &problem,
                    "what was done at the vendor cannot be saved, so nothing more is done",
                );
                decider.let_go(&problem).await;
                false
            }
        }
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
        let (picked, open) = {
            let held = decider.held.lock().await;
            let picked = pick(&held.books, &self.account, &terms, (MOST, is_paused), now);
            let mut by_key: BTreeMap<&SubUserKey, Vec<_>> = BTreeMap::new();
            for action in held.books.open().filter(|action| action.account == self.account) {
                if action.stage.is_open() && action.not_before.is_none_or(|at| at <= now) {
                    by_key.entry(&action.who.key).or_default().push(action.clone());
                }
            }
            let stands = |key: &SubUserKey| held.books.throttles.get(&(self.account.clone(), key.clone()));
            let open = by_key.into_iter().filter_map(|(key, actions)| under_way(actions, stands(key)?));
            (picked, open.collect::<Vec<_>>())
        };
        if !self.save_now(&picked.delta).await {
            return None;
        }
        Some(Due { account: watched.holder.account().clone(), terms, snapshot, work: picked.work, open })
    }

    async fn save(&self, delta: Delta) {
        self.save_now(&delta).await;
    }

    async fn begin(&self, writes: Vec<Write>) -> Vec<Write> {
        let now = self.now();
        let (lowering, raising): (Vec<Write>, Vec<Write>) =
            writes.into_iter().partition(|write| write.lowers);
        let all = |writes: &[Write]| {
            let mut delta = Delta::default();
            for write in writes {
                delta.append(intent(write, now));
            }
            delta
        };
        let mut begun = Vec::new();
        if !raising.is_empty() && self.save_now(&all(&raising)).await {
            begun.extend(raising);
        }
        if lowering.is_empty() {
            return begun;
        }
        if self.decider.settings.load().writes_off {
            self.save(blocked(&lowering, Gate::Paused, now)).await;
            return begun;
        }
        let delta = all(&lowering);
        let saved = {
            let decider = &self.decider;
            let mut held = decider.held.lock().await;
            let Some(store) = decider.keeping.decisions() else { return begun };
            match store.save_intents(&self.account, &delta, now).await {
                Ok(None) => {
                    self.took(&mut held, &delta);
                    // Whoever is about to leave the vendor's list: the next one may come before the batch ends.
                    decider.show_actions(&held);
                    true
                }
                Ok(Some(_)) => false,
                Err(problem) => {
                    decider.store_failed(
                        &mut held,
                        &problem,
                        "what is to be written cannot be saved, so nothing is written",
                    );
                    decider.let_go(&problem).await;
                    return begun;
                }
            }
        };
        if saved {
            begun.extend(lowering);
        } else {
            self.save(blocked(&lowering, Gate::Paused, now)).await;
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
        let (delta, outcomes) = {
            let held = self.decider.held.lock().await;
            settle(write, found, &held.books, self.now())
        };
        if self.save_now(&delta).await {
            self.decider.outcomes(&self.account, &outcomes);
        }
    }

    fn now(&self) -> Timestamp {
        self.decider.watch.clock.now()
    }
}

/// Writes that a gate stopped before they were intents.
fn blocked(writes: &[Write], gate: Gate, now: Timestamp) -> Delta {
    let mut delta = Delta::default();
    for write in writes {
        // What was found while they were compared holds all the same.
        delta.append(write.delta.clone());
        for action in &write.actions {
            let mut action = action.clone().stopped(gate);
            action.tries = action.tries.saturating_sub(1);
            action.written = None;
            delta.blocked.push((action.id, gate));
            delta.entries.push(Entry::of(&action, "blocked", format!("{gate}: {}", gate.advice()), now));
            delta.put(action);
        }
    }
    delta
}
