//! The walk over the sub-users for where their traffic went: one call a sub-user and day.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use tokio::time::Instant;

use super::observer::Outcome;
use super::pass::{Cursor, Pass, failure};
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::period::midnight;
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey};
use crate::domain::totals;
use crate::domain::traffic::{SubUser, TargetUsage};
use crate::providers::{Ask, ProviderError};

/// Days that Oxylabs keeps (source: the published contract).
const DAYS_KEPT: i32 = 30;

/// Answers that are published together: each publication encodes the account's targets anew.
const PUBLISHED_AT_ONCE: usize = 64;

/// Reads today's targets of each sub-user, and yesterday's until they are final, from where the last walk stopped.
pub(super) async fn walk(pass: &Pass, cursor: &mut Cursor, ask: &Ask) -> Result<Outcome, ProviderError> {
    let snapshot = match pass.holder.snapshot() {
        held if held.sub_users.is_some() => held,
        // At the start nobody may have brought the list yet; it stays with this walk, the other collector publishes its own.
        held => Arc::new(held.with_sub_users(pass.clock.now(), pass.holder.provider().sub_users(ask).await?)),
    };
    let keep_from = keep_from(pass, &snapshot);
    let mut got: Vec<Answer> = Vec::new();
    let (mut any, mut first_failure) = (false, None);
    for sub_user in from(cursor.0.take().as_ref(), &snapshot) {
        for day in days(pass, &snapshot, &sub_user.key()) {
            match pass.holder.provider().targets(sub_user, day, ask).await {
                Ok(value) => {
                    let reading = Reading { observed: pass.clock.now(), value };
                    got.push(Answer { key: sub_user.key(), day, reading });
                    any = true;
                }
                Err(ProviderError::NotFound { .. }) => {}
                Err(error) => {
                    let out_of_time = Instant::now() >= ask.deadline;
                    // A walk that takes several passes is no failure: the next goes on from here.
                    if !(out_of_time && any && error.reason() == FailureReason::Timeout) {
                        pass.observer.rejected(&pass.holder, Collector::Targets, error.reason());
                        first_failure.get_or_insert(failure(&error));
                    }
                    if out_of_time
                        || matches!(error.reason(), FailureReason::Auth | FailureReason::RateLimited)
                    {
                        publish(pass, &mut got, keep_from);
                        return Ok(end(first_failure, any));
                    }
                }
            }
        }
        cursor.0 = Some(sub_user.key());
        if got.len() >= PUBLISHED_AT_ONCE {
            publish(pass, &mut got, keep_from);
        }
    }
    cursor.0 = None;
    publish(pass, &mut got, keep_from);
    Ok(end(first_failure, any))
}

struct Answer {
    key: SubUserKey,
    day: Date,
    reading: Reading<Vec<TargetUsage>>,
}

fn end(first_failure: Option<super::observer::Failure>, any: bool) -> Outcome {
    match first_failure {
        None => Outcome::Whole,
        Some(failure) if any => Outcome::Partial(failure),
        Some(failure) => Outcome::Failed(failure),
    }
}

fn publish(pass: &Pass, got: &mut Vec<Answer>, keep_from: Date) {
    let got = std::mem::take(got);
    pass.publish(Collector::Targets, |held| {
        got.into_iter().fold(held.clone(), |next, answer| {
            next.with_targets(answer.key, answer.day, answer.reading, keep_from)
        })
    });
}

/// The sub-users, starting after the one that `last` names.
fn from<'a>(last: Option<&SubUserKey>, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a SubUser> {
    let rows = snapshot.rows();
    let start = last
        .and_then(|last| rows.iter().position(|row| row.sub_user.key() == *last))
        .map_or(0, |position| position + 1);
    rows[start..].iter().chain(&rows[..start]).map(|row| &row.sub_user)
}

fn today(pass: &Pass) -> Zoned {
    pass.clock.now().to_zoned(pass.holder.account().time_zone.clone())
}

/// Yesterday, unless it was read when its figures were final, and today.
fn days(pass: &Pass, snapshot: &Snapshot, key: &SubUserKey) -> Vec<Date> {
    let today = today(pass).date();
    let Ok(yesterday) = today.yesterday() else { return vec![today] };
    let held = snapshot.targets.get(key);
    let zone = &pass.holder.account().time_zone;
    let is_final = midnight(today, zone)
        .and_then(|midnight| midnight.checked_add(pass.lag).ok())
        .is_some_and(|final_from| {
            held.and_then(|days| days.get(&yesterday)).is_some_and(|reading| reading.observed >= final_from)
        });
    // What was never read while it was today is left out, so that a start makes one call a sub-user.
    let was_read = held.is_some_and(|days| days.contains_key(&yesterday));
    if was_read && !is_final { vec![yesterday, today] } else { vec![today] }
}

/// The first day of the period, or as many days back as the vendor keeps.
fn keep_from(pass: &Pass, snapshot: &Snapshot) -> Date {
    let now = pass.clock.now();
    let account = pass.holder.account();
    let start = totals::period(account, snapshot, now).map(|period| period.start);
    let start = start.map(|start| start.to_zoned(account.time_zone.clone()).date());
    let today = today(pass).date();
    start.unwrap_or_else(|| today.checked_sub(DAYS_KEPT.days()).unwrap_or(today))
}
