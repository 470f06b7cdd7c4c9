//! What forecasts and burn rates remember of each sub-user: 28 days and 48 hours, filled from the store.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::snapshot::SubUserKey;
use super::units::Bytes;

/// Days that are remembered.
pub const DAYS: usize = 28;

/// Hours that are remembered.
pub const HOURS: usize = 48;

const SECONDS_AN_HOUR: i64 = 3_600;

/// What was used in each of the last days, in the account's zone, and in each of the last hours.
///
/// Single precision keeps 100,000 of them in 32 MB; its error, a part in ten million, is below the vendors' own rounding.
/// Not a number stands for what is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The day of the last daily value, whole or not.
    last_day: Option<Date>,
    days: [f32; DAYS],
    /// The hour of the last hourly value, counted from 1970.
    last_hour: i64,
    hours: [f32; HOURS],
}

impl Default for Summary {
    fn default() -> Self {
        Self { last_day: None, days: [f32::NAN; DAYS], last_hour: i64::MIN, hours: [f32::NAN; HOURS] }
    }
}

impl Summary {
    /// Says what was used on a day; a day before the remembered ones is nothing.
    pub fn set_day(&mut self, day: Date, used: Bytes) {
        let last = *self.last_day.get_or_insert(day);
        let ahead = days_between(last, day);
        if ahead > 0 {
            shift(&mut self.days, ahead.unsigned_abs() as usize);
            self.last_day = Some(day);
        }
        if let Some(slot) = slot(&mut self.days, ahead.min(0).unsigned_abs().into()) {
            *slot = used.0 as f32;
        }
    }

    /// Says what was used in the hour that holds `at`; an hour before the remembered ones is nothing.
    pub fn set_hour(&mut self, at: Timestamp, used: Bytes) {
        let hour = hour_of(at);
        if self.last_hour == i64::MIN {
            self.last_hour = hour;
        }
        let ahead = hour - self.last_hour;
        if ahead > 0 {
            shift(&mut self.hours, usize::try_from(ahead).unwrap_or(usize::MAX));
            self.last_hour = hour;
        }
        if let Some(slot) = slot(&mut self.hours, ahead.min(0).unsigned_abs()) {
            *slot = used.0 as f32;
        }
    }

    /// What was used on each whole day before `today` that is known, newest first, with how many days ago it was.
    pub fn days_before(&self, today: Date) -> impl Iterator<Item = (u16, f64)> {
        let skew = self.last_day.map_or(0, |last| days_between(last, today));
        self.days.iter().rev().enumerate().filter_map(move |(back, used)| {
            let ago = u16::try_from(skew + i32::try_from(back).ok()?).ok()?;
            (ago > 0 && !used.is_nan()).then_some((ago, f64::from(*used)))
        })
    }

    /// The bytes used from `from` until `until`, the first hour in part, and the seconds that these hours cover:
    /// one that has just begun may not have been read yet.
    ///
    /// Nothing where an hour of them is not known: a gap is not a pause.
    #[must_use]
    pub fn used_between(&self, from: Timestamp, until: Timestamp) -> Option<(f64, f64)> {
        if until <= from || self.last_hour == i64::MIN {
            return None;
        }
        let (first, last) = (hour_of(from), hour_of(until));
        let last = if last == self.last_hour + 1 { self.last_hour } else { last };
        let covered = until.as_second().min((last + 1) * SECONDS_AN_HOUR) - from.as_second();
        if covered <= 0 {
            return None;
        }
        let mut sum = 0.0;
        for hour in first..=last {
            let back = usize::try_from(self.last_hour - hour).ok().filter(|back| *back < HOURS)?;
            let used = f64::from(self.hours[HOURS - 1 - back]);
            if used.is_nan() {
                return None;
            }
            sum += if hour == first { used * share_of_first(from, until) } else { used };
        }
        Some((sum, covered as f64))
    }

    /// The longest time for which the remembered hours before `at` show nothing; nothing where fewer than a day's are known.
    #[must_use]
    pub fn longest_pause_before(&self, at: Timestamp) -> Option<Duration> {
        let (mut known, mut pause, mut longest) = (0, 0_u64, 0_u64);
        for (hour, used) in
            (0_i64..).map(|back| self.last_hour.saturating_sub(back)).zip(self.hours.iter().rev())
        {
            if hour >= hour_of(at) || used.is_nan() {
                continue;
            }
            known += 1;
            pause = if *used > 0.0 { 0 } else { pause + 1 };
            longest = longest.max(pause);
        }
        // It may have begun before the first of them and ended after the last.
        (known >= 24).then(|| Duration::from_secs((longest + 2) * SECONDS_AN_HOUR.unsigned_abs()))
    }
}

/// The part of the hour of `from` that lies after it, where `until` may be in the same hour.
fn share_of_first(from: Timestamp, until: Timestamp) -> f64 {
    let end = ((hour_of(from) + 1) * SECONDS_AN_HOUR).min(until.as_second().max(1));
    let start = hour_of(from) * SECONDS_AN_HOUR;
    if end <= start {
        return 1.0;
    }
    (end - from.as_second()) as f64 / (end - start) as f64
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SECONDS_AN_HOUR)
}

fn days_between(from: Date, to: Date) -> i32 {
    // Two dates of the calendar are at most some millions of days apart.
    from.until(to).map_or(0, |span| span.get_days())
}

fn shift<const N: usize>(values: &mut [f32; N], by: usize) {
    let by = by.min(N);
    values.rotate_left(by % N);
    values[N - by..].fill(f32::NAN);
}

fn slot<const N: usize>(values: &mut [f32; N], back: u64) -> Option<&mut f32> {
    values.get_mut(N.checked_sub(1 + usize::try_from(back).ok()?)?)
}

/// What is remembered of an account; someone else fills it from a store.
pub trait History {
    /// The summary of the account's total.
    fn account(&self) -> Option<&Summary>;

    /// The summary of one sub-user.
    fn sub_user(&self, key: &SubUserKey) -> Option<&Summary>;

    /// What was used by a sub-user, or by the account, between two moments, as far as the store or the vendor was asked.
    fn window(&self, sub_user: Option<&SubUserKey>, from: Timestamp, until: Timestamp) -> Option<Bytes>;
}

/// No memory at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn account(&self) -> Option<&Summary> {
        None
    }

    fn sub_user(&self, _: &SubUserKey) -> Option<&Summary> {
        None
    }

    fn window(&self, _: Option<&SubUserKey>, _: Timestamp, _: Timestamp) -> Option<Bytes> {
        None
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_summary_is_small() {
        assert!(size_of::<Summary>() <= 336, "{}", size_of::<Summary>());
    }

    #[test]
    fn days_are_told_newest_first_without_today_and_without_gaps() {
        let mut summary = Summary::default();
        summary.set_day(date(2026, 1, 1), Bytes(1));
        summary.set_day(date(2026, 1, 4), Bytes(4));
        summary.set_day(date(2026, 1, 3), Bytes(3));
        let told: Vec<_> = summary.days_before(date(2026, 1, 4)).collect();
        assert_eq!(told, [(1, 3.0), (3, 1.0)]);
        summary.set_day(date(2026, 1, 31), Bytes(31));
        assert_eq!(summary.days_before(date(2026, 2, 1)).collect::<Vec<_>>(), [(1, 31.0), (28, 4.0)]);
        summary.set_day(date(2025, 1, 1), Bytes(9));
        assert_eq!(summary.days_before(date(2026, 2, 1)).count(), 2, "long forgotten");
    }

    #[test]
    fn hours_add_up_with_a_part_of_the_first() {
        let mut summary = Summary::default();
        let start = at("2026-01-01T00:00:00Z");
        for hour in 0..4 {
            summary.set_hour(start + hour.hours(), Bytes(60));
        }
        assert_eq!(summary.used_between(start + 1.hours(), start + 4.hours()), Some((180.0, 10_800.0)));
        assert_eq!(summary.used_between(start + 90.minutes(), start + 4.hours()), Some((150.0, 9_000.0)));
        let just_begun = summary.used_between(start + 3.hours(), start + 245.minutes());
        assert_eq!(just_begun, Some((60.0, 3_600.0)), "the hour that has just begun is not read yet");
        assert_eq!(summary.used_between(start - 1.hours(), start + 4.hours()), None, "not known so far back");
        assert_eq!(summary.used_between(start, start + 6.hours()), None, "a gap is not a pause");
    }

    proptest! {
        #[test]
        fn no_input_panics(
            days in prop::collection::vec((-100_000_i32..100_000, any::<u64>()), 0..20),
            hours in prop::collection::vec((-300_000_000_000_i64..250_000_000_000, any::<u64>()), 0..20),
        ) {
            let mut summary = Summary::default();
            for (day, used) in days {
                summary.set_day(date(2026, 1, 1).saturating_add(day.days()), Bytes(used));
                prop_assert!(summary.days_before(date(2026, 1, 1)).count() <= DAYS);
            }
            for (second, used) in hours {
                let at = Timestamp::from_second(second).unwrap();
                summary.set_hour(at, Bytes(used));
                prop_assert!(summary.used_between(at, at.saturating_add(2.hours()).unwrap()).is_none_or(|(sum, covered)| sum >= 0.0 && covered > 0.0));
            }
        }
    }
}
