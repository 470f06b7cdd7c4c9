//! The calls beyond the schedule: how many an account may make a UTC day, counted by all of its workers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::collector::Collector;
use crate::domain::cron::Cron;

const SECONDS_A_DAY: i64 = 24 * 3_600;

/// The calls beyond the schedule of one account.
#[derive(Debug)]
pub struct Extra {
    most: u32,
    /// The day, counted from 1970, and the calls of it.
    made: Mutex<(i64, u32)>,
}

impl Extra {
    /// At most so many a day.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { most, made: Mutex::default() }
    }

    /// What `most_calls` a day leave beside those of the schedule; nothing said: as many again.
    #[must_use]
    pub fn beside(scheduled: u64, most_calls: Option<u32>) -> Self {
        let scheduled = u32::try_from(scheduled).unwrap_or(u32::MAX);
        Self::new(most_calls.map_or(scheduled, |most| most.saturating_sub(scheduled)))
    }

    /// Whether another allows as many.
    #[must_use]
    pub const fn is_same(&self, other: &Self) -> bool {
        self.most == other.most
    }

    /// How many are left of the day of `now`.
    pub fn left(&self, now: Timestamp) -> u32 {
        let (day, made) = *self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if day == day_of(now) { self.most.saturating_sub(made) } else { self.most }
    }

    /// Takes so many calls of the day, or none where fewer are left.
    pub fn take(&self, now: Timestamp, calls: u32) -> bool {
        self.take_up_to(self.most, now, calls)
    }

    /// The same, of the first half of the day's calls: the other is for what cannot wait.
    pub fn take_of_half(&self, now: Timestamp, calls: u32) -> bool {
        self.take_up_to(self.most / 2, now, calls)
    }

    fn take_up_to(&self, most: u32, now: Timestamp, calls: u32) -> bool {
        let mut held = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if held.0 != day_of(now) {
            *held = (day_of(now), 0);
        }
        let made = held.1.saturating_add(calls);
        let is_allowed = made <= most;
        if is_allowed {
            held.1 = made;
        }
        is_allowed
    }
}

/// The calls of one look of a collector, at most where its list says what was used and nobody is frozen, whose figure
/// takes a call each; nothing for walks, which take one a sub-user and are bounded by themselves.
#[must_use]
pub const fn calls_of(collector: Collector) -> Option<u32> {
    match collector {
        // A vendor may tell the total beside the plans alone, which takes a second call.
        Collector::Account => Some(2),
        Collector::SubUsers | Collector::Subscriptions => Some(1),
        Collector::Targets => None,
    }
}

/// The calls of a day by an account's schedule, walks for targets left out.
#[must_use]
pub fn calls_a_day(schedule: &BTreeMap<Collector, Cron>, from: Timestamp) -> u64 {
    let calls = |(collector, cron): (&Collector, &Cron)| {
        calls_of(*collector).map_or(0, |calls| u64::from(calls) * passes_a_day(cron, from))
    };
    schedule.iter().map(calls).sum()
}

/// How often a schedule is due in the day from `from` on.
#[must_use]
fn passes_a_day(cron: &Cron, from: Timestamp) -> u64 {
    let end = from.checked_add(Duration::from_secs(SECONDS_A_DAY.unsigned_abs())).unwrap_or(Timestamp::MAX);
    let due = std::iter::successors(cron.next_after(from), |at| cron.next_after(*at));
    due.take_while(|at| *at <= end).count() as u64
}

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(SECONDS_A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_so_many_calls_and_the_next_as_many_again() {
        let extra = Extra::beside(288, None);
        assert!(extra.take(at("2026-01-15T23:00:00Z"), 280));
        assert!(!extra.take(at("2026-01-15T23:01:00Z"), 9), "nine of eight");
        assert_eq!(extra.left(at("2026-01-15T23:59:59Z")), 8);
        assert_eq!(extra.left(at("2026-01-16T00:00:00Z")), 288);
        assert!(extra.take_of_half(at("2026-01-16T00:00:00Z"), 144));
        assert!(!extra.take_of_half(at("2026-01-16T00:00:00Z"), 1), "the past leaves half of them");
        assert!(extra.take(at("2026-01-16T00:00:00Z"), 144));
        assert_eq!(Extra::beside(288, Some(300)).left(at("2026-01-16T00:00:00Z")), 12);
        assert_eq!(Extra::beside(288, Some(100)).left(at("2026-01-16T00:00:00Z")), 0);
    }

    #[test]
    fn a_schedule_is_counted_by_the_day() {
        let every_five_minutes: Cron = "0 */5 * * * *".parse().unwrap();
        assert_eq!(passes_a_day(&every_five_minutes, at("2026-01-15T12:00:01Z")), 288);
        let all = Collector::ALL.map(|collector| (collector, every_five_minutes.clone())).into();
        let calls = calls_a_day(&all, at("2026-01-15T12:00:01Z"));
        assert_eq!(calls, 288 * (2 + 1 + 1), "targets are apart");
    }
}
