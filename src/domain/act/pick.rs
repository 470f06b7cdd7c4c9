//! What is carried out next at an account: restores first and without bound, then the fastest burners as far as the guard
//! allows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::action::Action;
use super::books::{Books, Delta, Entry};
use super::carry::{Work, gate};
use super::gate::Gate;
use super::step::Terms;
use crate::domain::account::AccountName;
use crate::domain::snapshot::SubUserKey;

/// What is picked, and what is to be saved of those that are not.
#[derive(Clone, Debug, Default)]
pub struct Picked {
    /// By sub-user.
    pub work: Vec<Work>,
    /// Lowering actions that the guard or a pause keeps waiting since now.
    pub delta: Delta,
}

/// Picks at most `most` sub-users of an account; while it is paused only those that are to be put back.
#[must_use]
pub fn pick(
    books: &Books,
    account: &AccountName,
    terms: &Terms,
    (most, is_paused): (usize, bool),
    now: Timestamp,
) -> Picked {
    let mut picked = Picked::default();
    let of_account = || books.actions.values().filter(|action| action.account == *account);
    let under_way: BTreeSet<&SubUserKey> =
        of_account().filter(|action| action.stage.is_open()).map(|action| &action.who.key).collect();
    let ready = |action: &&Action| action.is_ready(now) && !under_way.contains(&action.who.key);

    let mut by_key: BTreeMap<&SubUserKey, (Vec<Action>, Vec<Action>)> = BTreeMap::new();
    let mut order: Vec<&SubUserKey> = Vec::new();
    for restore in of_account().filter(|action| action.what.is_restore()).filter(ready) {
        take(&mut by_key, &mut order, &restore.who.key, most, |of| of.0.push(restore.clone()));
    }
    if gate::of_account(terms, books.breakers.get(account)).is_none() {
        let mut lowering: Vec<&Action> = of_account()
            .filter(|action| !action.what.is_restore())
            .filter(ready)
            .filter(|action| action.blocked.is_none_or(may_pass))
            .collect();
        lowering.sort_by_key(|action| (Reverse(action.pace), action.id));
        let mut left = left(books, account, terms, now);
        for action in lowering {
            if is_paused {
                wait(action, Gate::Paused, &mut picked.delta, now);
                continue;
            }
            if !action.is_cap() {
                if left == 0 {
                    wait(action, Gate::Guard, &mut picked.delta, now);
                    continue;
                }
                left -= 1;
            }
            take(&mut by_key, &mut order, &action.who.key, most, |of| of.1.push(action.clone()));
        }
    }
    for key in order {
        let Some((restore, lower)) = by_key.remove(key) else { continue };
        let throttle = books.throttles.get(&(account.clone(), key.clone())).cloned();
        picked.work.push(Work { throttle, lower, restore });
    }
    picked
}

/// Whether a sub-user's actions, and what stands on it, are as they were when they were picked: meanwhile a person may have
/// rejected one, or a look have found that nothing asks for it any more.
#[must_use]
pub fn is_as_picked(books: &Books, account: &AccountName, work: &Work) -> bool {
    let Some(any) = work.any() else { return true };
    let is_same = |action: &Action| books.actions.get(&action.id) == Some(action);
    let stands = books.throttles.get(&(account.clone(), any.who.key.clone()));
    work.lower.iter().chain(&work.restore).all(is_same) && stands == work.throttle.as_ref()
}

fn take<'a>(
    by_key: &mut BTreeMap<&'a SubUserKey, (Vec<Action>, Vec<Action>)>,
    order: &mut Vec<&'a SubUserKey>,
    key: &'a SubUserKey,
    most: usize,
    put: impl FnOnce(&mut (Vec<Action>, Vec<Action>)),
) {
    if !by_key.contains_key(key) {
        if order.len() >= most {
            return;
        }
        order.push(key);
    }
    put(by_key.entry(key).or_default());
}

/// Gates that only a fresh comparison, or time, can open.
const fn may_pass(gate: Gate) -> bool {
    matches!(gate, Gate::Guard | Gate::Paused | Gate::NotOwner | Gate::Person | Gate::CounterOrigin)
}

/// How many the guard still allows in this hour and day.
fn left(books: &Books, account: &AccountName, terms: &Terms, now: Timestamp) -> usize {
    let since = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN);
    let of = |most: u32, hours| (most as usize).saturating_sub(books.lowered_since(account, since(hours)));
    of(terms.guard.max_actions_per_hour, 1).min(of(terms.guard.max_actions_per_day, 24))
}

fn wait(action: &Action, gate: Gate, delta: &mut Delta, now: Timestamp) {
    if action.blocked == Some(gate) {
        return;
    }
    let action = action.clone().stopped(gate);
    delta.blocked.push((action.id, gate));
    delta.entries.push(Entry::of(&action, "blocked", format!("{gate}: {}", gate.advice()), now));
    delta.put(action);
}
