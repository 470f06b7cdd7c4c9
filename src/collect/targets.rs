//! The walk over the sub-users for where their traffic went: one call a sub-user and day.
//!
//! It takes turns between who burnt most since it looked last and who waits longest, so that a spike is attributed soon
//! and nobody is forgotten; a walk that runs out of calls or time goes on so in the next pass.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, Zoned};
use tokio::time::Instant;

use super::observer::{Failure, Outcome};
use super::pass::{Memory, Pass, suspect};
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::period::midnight;
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey, SubUserRow};
use crate::domain::suspicion::{self, Doubt};
use crate::domain::totals;
use crate::domain::traffic::{SubUser, TargetUsage};
use crate::domain::units::Bytes;
use crate::providers::{Ask, ProviderError};

/// Days that Oxylabs keeps (source: the published contract).
const DAYS_KEPT: i32 = 30;

/// Answers that are published together: each publication encodes the account's targets anew.
const PUBLISHED_AT_ONCE: usize = 64;

/// A sub-user when its targets were read last.
#[derive(Debug, Default)]
pub(super) struct Walked {
    used: Bytes,
    at: Option<Timestamp>,
    doubt: Doubt,
}

/// Reads today's targets of each sub-user, and yesterday's until they are final.
pub(super) async fn walk(pass: &Pass, memory: &mut Memory, ask: &Ask) -> Result<Outcome, Failure> {
    let snapshot = match pass.holder.snapshot() {
        held if held.sub_users.is_some() => held,
        // At the start nobody may have brought the list yet; it stays with this walk, the other collector publishes its own.
        held => Arc::new(held.with_sub_users(pass.clock.now(), pass.holder.provider().sub_users(ask).await?)),
    };
    let known: HashSet<_> = snapshot.rows().iter().map(|row| row.sub_user.key()).collect();
    memory.walked.retain(|key, _| known.contains(key));
    let mut walk = Walk { pass, ask, got: Vec::new(), any: false, first_failure: None, calls: 0 };
    for row in order(snapshot.rows(), memory) {
        if !walk.read(&snapshot, row, memory).await {
            break;
        }
    }
    Ok(walk.end(&snapshot))
}

struct Answer {
    key: SubUserKey,
    day: Date,
    reading: Reading<Vec<TargetUsage>>,
}

struct Walk<'a> {
    pass: &'a Pass,
    ask: &'a Ask,
    got: Vec<Answer>,
    any: bool,
    first_failure: Option<Failure>,
    calls: usize,
}

impl Walk<'_> {
    /// Reads one sub-user's days; false when the walk is to end here.
    async fn read(&mut self, snapshot: &Snapshot, row: &SubUserRow, memory: &mut Memory) -> bool {
        let sub_user = &row.sub_user;
        let key = sub_user.key();
        for day in days(self.pass, snapshot, &key) {
            if self.calls >= self.pass.target_calls {
                return false;
            }
            self.calls += 1;
            match self.pass.holder.provider().targets(sub_user, day, self.ask).await {
                Ok(value) => self.take(snapshot, sub_user, day, value, memory),
                Err(ProviderError::NotFound { .. }) => {}
                Err(error) => {
                    let out_of_time = Instant::now() >= self.ask.deadline;
                    let reason = error.reason();
                    // A walk that takes several passes is no failure: the next goes on from here.
                    if !(out_of_time && self.any && reason == FailureReason::Timeout) {
                        self.reject(Failure::from(error));
                    }
                    if out_of_time || matches!(reason, FailureReason::Auth | FailureReason::RateLimited) {
                        return false;
                    }
                }
            }
        }
        let walked = memory.walked.entry(key).or_default();
        walked.used = used(row);
        walked.at = Some(self.pass.clock.now());
        if self.got.len() >= PUBLISHED_AT_ONCE {
            self.publish(snapshot);
        }
        true
    }

    /// Takes an answer, unless it lost too much against the one that is held for that day.
    fn take(
        &mut self,
        snapshot: &Snapshot,
        sub_user: &SubUser,
        day: Date,
        value: Vec<TargetUsage>,
        memory: &mut Memory,
    ) {
        let key = sub_user.key();
        let held = snapshot.targets.get(&key).and_then(|days| days.get(&day));
        let held = held.map_or(&[][..], |reading| &reading.value);
        let doubt = &mut memory.walked.entry(key.clone()).or_default().doubt;
        if let Some(suspicion) = doubt.weigh(suspicion::targets(held, &value)) {
            self.reject(suspect(suspicion));
            return;
        }
        let reading = Reading { observed: self.pass.clock.now(), value };
        self.got.push(Answer { key, day, reading });
        self.any = true;
    }

    fn reject(&mut self, failure: Failure) {
        self.pass.observer.rejected(&self.pass.holder, Collector::Targets, failure.reason);
        self.first_failure.get_or_insert(failure);
    }

    fn publish(&mut self, snapshot: &Snapshot) {
        let keep_from = keep_from(self.pass, snapshot);
        let got = std::mem::take(&mut self.got);
        self.pass.publish(Collector::Targets, |held| {
            got.into_iter().fold(held.clone(), |next, answer| {
                next.with_targets(answer.key, answer.day, answer.reading, keep_from)
            })
        });
    }

    fn end(mut self, snapshot: &Snapshot) -> Outcome {
        self.publish(snapshot);
        match self.first_failure {
            None => Outcome::Whole,
            Some(failure) if self.any => Outcome::Partial(failure),
            Some(failure) => Outcome::Failed(failure),
        }
    }
}

fn used(row: &SubUserRow) -> Bytes {
    row.usage.as_ref().map_or(Bytes(0), |usage| usage.value.traffic)
}

/// Each sub-user once: in turn the one that burnt most since its targets were read, and the one that waits longest.
fn order<'a>(rows: &'a [SubUserRow], memory: &Memory) -> Vec<&'a SubUserRow> {
    let keys: Vec<_> = rows.iter().map(|row| row.sub_user.key()).collect();
    let burnt = |index: usize| {
        let before = memory.walked.get(&keys[index]).map_or(0, |walked| walked.used.0);
        used(&rows[index]).0.saturating_sub(before)
    };
    let read_at = |index: usize| memory.walked.get(&keys[index]).and_then(|walked| walked.at);
    let mut by_burn: Vec<usize> = (0..rows.len()).filter(|index| burnt(*index) > 0).collect();
    by_burn.sort_by_key(|index| Reverse(burnt(*index)));
    let mut by_age: Vec<usize> = (0..rows.len()).collect();
    by_age.sort_by_key(|index| read_at(*index));
    let mut by_burn = by_burn.into_iter();
    let mut taken = vec![false; rows.len()];
    let turns = by_age.into_iter().flat_map(|waits| by_burn.next().into_iter().chain([waits]));
    turns.filter(|index| !std::mem::replace(&mut taken[*index], true)).map(|index| &rows[index]).collect()
}

fn today(pass: &Pass) -> Zoned {
    pass.clock.now().to_zoned(pass.holder.account().time_zone.clone())
}

/// Yesterday, if it was read while it lasted and not since its figures are final, and today.
fn days(pass: &Pass, snapshot: &Snapshot, key: &SubUserKey) -> Vec<Date> {
    let today = today(pass).date();
    let Ok(yesterday) = today.yesterday() else { return vec![today] };
    let zone = &pass.holder.account().time_zone;
    let final_from = midnight(today, zone).and_then(|midnight| midnight.checked_add(pass.lag).ok());
    let read =
        snapshot.targets.get(key).and_then(|days| days.get(&yesterday)).map(|reading| reading.observed);
    // What was never read while it was today is left out, so that a start makes one call a sub-user.
    match read.zip(final_from) {
        Some((read, final_from)) if read < final_from => vec![yesterday, today],
        _ => vec![today],
    }
}

/// The first day of the period, or as many days back as the vendor keeps.
fn keep_from(pass: &Pass, snapshot: &Snapshot) -> Date {
    let account = pass.holder.account();
    let period = totals::period(account, snapshot, pass.clock.now());
    let start = period.map(|period| period.start.to_zoned(account.time_zone.clone()).date());
    let today = today(pass).date();
    start.unwrap_or_else(|| today.checked_sub(DAYS_KEPT.days()).unwrap_or(today))
}
