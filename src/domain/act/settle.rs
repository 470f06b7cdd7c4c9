//! From what was read back to what is saved.

use jiff::Timestamp;

use super::action::{Action, End, Outcome, Stage, What, Why};
use super::books::{Books, Breaker, Delta, Entry};
use super::carry::{Write, confirm};
use super::hold::Throttle;
use super::person::{self, adopt};
use super::record::{Change, Record};
use super::release::backoff;
use crate::domain::units::Limit;

/// What was found of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The vendor's record says so.
    Confirmed,
    /// The record is as before, although the vendor took the request: it did nothing.
    Ignored,
    /// The record is as before, and nobody knows whether the vendor took the request: it is sent again.
    NotApplied,
    /// The record is neither as before nor as it has to be.
    Other(Record),
    /// The sub-user is no longer there.
    Gone,
    /// The vendor refused, which changed nothing.
    Rejected(String),
    /// The request never left, or the vendor asked to wait: it is tried again.
    NotSent(String),
    /// The record cannot be read, or not whole; it is read again.
    Unknown(String),
}

/// How often a write without an answer is sent, before it is called failed.
pub const TRIES: u32 = 3;

/// What was found of a write, as it is saved, with the outcomes that are counted.
#[must_use]
pub fn settle(write: &Write, found: &Found, books: &Books, now: Timestamp) -> (Delta, Vec<(What, Outcome)>) {
    let mut delta = Delta::default();
    let mut outcomes = Vec::new();
    let mut count = |outcome| outcomes.extend(write.actions.iter().map(|action| (action.what, outcome)));
    match found {
        Found::Confirmed => {
            count(Outcome::Confirmed);
            let mut throttle = write.throttle.clone();
            throttle.wrote(&write.change);
            throttle.written = Some(now);
            throttle.confirm(&write.actions);
            for action in &write.actions {
                unlatch(action, books, &mut delta);
                confirm(action.clone(), (write.before, write.after), "read back", now, &mut delta);
            }
            delta.put_throttle(throttle);
        }
        Found::Gone => {
            count(Outcome::Gone);
            for action in &write.actions {
                let action = action.clone().end(End::Gone, now);
                delta.entries.push(Entry::of(&action, "gone", "the sub-user is no longer there", now));
                delta.put(action);
            }
            delta.free(write.throttle.key());
        }
        Found::Rejected(words) => {
            count(Outcome::Rejected);
            again(write, "rejected", words, now, &mut delta);
            stand_as_before(write, &mut delta);
        }
        Found::NotSent(words) => {
            again(write, "not_sent", words, now, &mut delta);
            for action in &mut delta.actions {
                action.tries = action.tries.saturating_sub(1);
                action.written = None;
            }
            stand_as_before(write, &mut delta);
        }
        Found::NotApplied if write.actions.iter().all(|action| action.tries < TRIES) => {
            count(Outcome::Ambiguous);
            again(write, "ambiguous", "no answer, and the record is as before: sent again", now, &mut delta);
            stand_as_before(write, &mut delta);
        }
        Found::NotApplied | Found::Ignored => {
            count(Outcome::VerifyFailed);
            let words = format!("the record is still: {}", write.before);
            again(write, "verify_failed", &words, now, &mut delta);
            if write.lowers && write.stood.is_none() {
                // A list may be later than we looked: what was tried may stand yet, and is to be found then.
                let mut throttle = write.throttle.clone();
                throttle.wrote(&write.change);
                throttle.written = Some(now);
                delta.put_throttle(throttle);
            } else {
                stand_as_before(write, &mut delta);
            }
            trip(write, &words, now, &mut delta);
        }
        Found::Other(seen) => {
            count(Outcome::VerifyFailed);
            let words = format!("the record is neither as before nor as written: {seen}");
            again(write, "verify_failed", &words, now, &mut delta);
            // What stands there is ours all the same, and can be put back.
            let mut throttle = write.throttle.clone();
            if is_far(&write.change, seen) {
                // No vendor rounds so far: a person was there between the write and our look.
                throttle.wrote(&write.change);
                let before = throttle.clone();
                let adopted = adopt(&mut throttle, seen);
                delta.entries.extend(adopted.map(|adopted| person::entry(&before, &adopted, *seen, now)));
            } else {
                throttle.wrote(&write.change.with_values_of(seen));
            }
            throttle.written = Some(now);
            delta.put_throttle(throttle);
            trip(write, &words, now, &mut delta);
        }
        Found::Unknown(words) => {
            count(Outcome::Ambiguous);
            for action in &write.actions {
                let mut action = action.clone();
                action.stage = Stage::Sent;
                action.not_before = now.checked_add(backoff(1)).ok();
                delta.entries.push(Entry::of(&action, "ambiguous", words.clone(), now));
                delta.put(action);
            }
        }
    }
    (delta, outcomes)
}

/// The largest step in which a vendor is taken to round a limit.
const ROUNDED: u64 = 1_000_000_000;

/// Whether a limit is another one than what was written, and not that one rounded.
fn is_far(change: &Change, seen: &Record) -> bool {
    let (Some(written), Some(seen)) =
        (change.limit.and_then(Limit::bytes), seen.limit.and_then(Limit::bytes))
    else {
        return false;
    };
    !seen.is_within_a_hundredth_of(written) && seen.0.abs_diff(written.0) > ROUNDED
}

/// What was raised may be lowered again in the same period: its threshold is armed anew.
fn unlatch(restore: &Action, books: &Books, delta: &mut Delta) {
    if restore.what != What::Restore(Why::Raised) {
        return;
    }
    let placed = |action: &&Action| {
        action.latched
            && action.by == restore.by
            && action.account == restore.account
            && action.who.key == restore.who.key
    };
    for action in books.actions.values().filter(placed) {
        delta.put(Action { latched: false, ..action.clone() });
    }
}

fn again(write: &Write, step: &'static str, words: &str, now: Timestamp, delta: &mut Delta) {
    for action in &write.actions {
        let mut action = action.clone();
        action.stage = Stage::Due;
        action.not_before = now.checked_add(backoff(action.tries)).ok();
        delta.entries.push(Entry::of(&action, step, words, now));
        delta.put(action);
    }
}

/// Nothing was changed: what stood there stands.
fn stand_as_before(write: &Write, delta: &mut Delta) {
    match &write.stood {
        Some(stood) => delta.put_throttle(stood.clone()),
        None => delta.free(write.throttle.key()),
    }
}

fn trip(write: &Write, words: &str, now: Timestamp, delta: &mut Delta) {
    let Some(first) = write.actions.first() else { return };
    // A restore goes on whatever it meets, and stops nobody.
    if !write.lowers {
        return;
    }
    let words = format!("action {} on {}: {words}", first.id, first.who.name);
    let breaker = Breaker { since: now, action: first.id, words };
    delta.breakers.push((first.account.clone(), Some(breaker)));
}

/// What is saved before a request leaves: the intents, and what will stand there, so that it is never forgotten.
#[must_use]
pub fn intent(write: &Write, now: Timestamp) -> Delta {
    let mut delta = write.delta.clone();
    for action in &write.actions {
        let words = format!("{} → {}", write.before, write.after);
        delta.entries.push(Entry::of(action, "intent", words, now));
        delta.put(action.clone());
    }
    let mut throttle: Throttle = write.throttle.clone();
    throttle.set = throttle.set.then(&write.change);
    throttle.holds = write.stood.as_ref().map(|stood| stood.holds.clone()).unwrap_or_default();
    delta.put_throttle(throttle);
    delta
}
