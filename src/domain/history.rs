//! What forecasts and burn rates remember of each sub-user: 28 days and 48 hours, filled from the store.

mod slots;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use slots::Slots;

use super::snapshot::SubUserKey;
use super::units::Bytes;

/// Days that are remembered.
pub const DAYS: usize = 28;

/// Hours that are remembered.
pub const HOURS: usize = 48;

const SECONDS_AN_HOUR: i64 = 3_600;

/// What was used in each of the last days, in the account's zone, and in each of the last hours.
///
/// Each is a whole number of 64 KiB, rounded up and at most 281 TB, so that 100,000 of them take 35 MB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The day of the last daily value, whole or not.
    last_day: Option<Date>,
    days: Slots<DAYS>,
    /// The hour of the last hourly value, counted from 1970.
    last_hour: Option<i64>,
    hours: Slots<HOURS>,
}

impl Summary {
    /// Says what was used on a day; a day before the remembered ones is nothing.
    pub fn set_day(&mut self, day: Date, used: Bytes) {
        let back = self.begin_day(day, |_| false);
        self.days.set(back, used);
    }

    /// Says what was used in the hour that holds `at`; an hour before the remembered ones is nothing.
    pub fn set_hour(&mut self, at: Timestamp, used: Bytes) {
        let back = self.begin_hour(hour_of(at), |_| false);
        self.hours.set(back, used);
    }

    /// Adds what was used until `at`, which lies on `day` in the account's zone.
    ///
    /// Nothing was used in the hours and days since the last ones that end after `known_from`: somebody was looking.
    /// Those before stay as little known as they are.
    pub fn add(&mut self, at: Timestamp, day: Date, used: Bytes, known_from: Timestamp) {
        let hour = hour_of(at);
        // The way of a hundred thousand rows a pass.
        if self.last_hour == Some(hour) && self.last_day == Some(day) {
            self.hours.add_to_newest(used);
            self.days.add_to_newest(used);
            return;
        }
        let ends_after = |back: i64| (hour - back + 1) * SECONDS_AN_HOUR > known_from.as_second();
        let back = self.begin_hour(hour, |back| i64::try_from(back).is_ok_and(ends_after));
        self.hours.add(back, used);
        // A date tells no zone: a day surely was looked at where it is so many whole days back, with one of 25 hours.
        let looked = at.as_second() - known_from.as_second() - SECONDS_AN_HOUR;
        let known_days = looked.div_euclid(24 * SECONDS_AN_HOUR);
        let back = self.begin_day(day, |back| i64::try_from(back).is_ok_and(|back| back <= known_days));
        self.days.add(back, used);
    }

    /// What was used on each whole day before `today` that is known, newest first, with how many days ago it was.
    pub fn days_before(&self, today: Date) -> impl Iterator<Item = (u16, Bytes)> {
        let skew = self.last_day.map_or(0, |last| days_between(last, today));
        self.days.iter().enumerate().filter_map(move |(back, used)| {
            let ago = u16::try_from(skew + i64::try_from(back).ok()?).ok()?;
            used.filter(|_| ago > 0).map(|used| (ago, used))
        })
    }

    /// The bytes used on the days from `first` to `last`, both with them; nothing where any of them is not known.
    #[must_use]
    pub fn used_since_days(&self, first: Date, last: Date) -> Option<u64> {
        let back = |day: Date| Some(days_between(day, self.last_day?));
        let back = usize::try_from(back(last)?).ok()?..=usize::try_from(back(first)?).ok()?;
        if *back.end() >= DAYS {
            return None;
        }
        // 28 times 281 TB fit.
        back.map(|back| self.days.get(back).map(|used| used.0)).sum()
    }

    /// The bytes used from `from` until `until`, the first hour in part, and the time that these hours cover:
    /// one that has just begun may not have been read yet.
    ///
    /// Nothing where an hour of them is not known: a gap is not a pause.
    #[must_use]
    pub fn used_between(&self, from: Timestamp, until: Timestamp) -> Option<(Bytes, Duration)> {
        let newest = self.last_hour.filter(|_| from < until)?;
        let (first, last) = (hour_of(from), hour_of(until));
        let last = if last == newest + 1 { newest } else { last };
        let covered = until.as_second().min((last + 1) * SECONDS_AN_HOUR) - from.as_second();
        let covered = u64::try_from(covered).ok().filter(|covered| *covered > 0)?;
        let mut sum = 0;
        for hour in first..=last {
            let used = self.hours.get(usize::try_from(newest - hour).ok()?)?;
            sum += if hour == first { part_of_first(used, from, until) } else { used.0 };
        }
        Some((Bytes(sum), Duration::from_secs(covered)))
    }

    /// What was used in the newest 24 known hours before the one of `at`; nothing where fewer are known,
    /// which need not hold a day and a night.
    #[must_use]
    pub fn last_24_known_hours(&self, at: Timestamp) -> Option<Bytes> {
        let mut known = self.hours_before(at).take(24);
        let (count, sum) = known
            .try_fold((0, Bytes(0)), |(count, sum), (_, used)| Some((count + 1, sum.saturating_add(used))))?;
        (count == 24).then_some(sum)
    }

    /// The longest time for which the remembered hours before `at` show nothing; nothing where fewer than a day's are known.
    #[must_use]
    pub fn longest_pause_before(&self, at: Timestamp) -> Option<Duration> {
        let (mut known, mut pause, mut longest) = (0, 0_u64, 0_u64);
        for (_, used) in self.hours_before(at) {
            known += 1;
            pause = if used > Bytes(0) { 0 } else { pause + 1 };
            longest = longest.max(pause);
        }
        // It may have begun before the first of them and ended after the last.
        (known >= 24).then(|| Duration::from_secs((longest + 2) * SECONDS_AN_HOUR.unsigned_abs()))
    }

    /// The known hours before the one of `at`, newest first.
    fn hours_before(&self, at: Timestamp) -> impl Iterator<Item = (i64, Bytes)> {
        let hours = self.last_hour.into_iter().flat_map(|last| (0..).map(move |back| last - back));
        let known = hours.zip(self.hours.iter()).filter_map(|(hour, used)| Some((hour, used?)));
        known.filter(move |(hour, _)| *hour < hour_of(at))
    }

    /// Makes this hour the last one where it is newer; how many hours it lies back.
    fn begin_hour(&mut self, hour: i64, watched: impl Fn(usize) -> bool) -> u64 {
        let ahead = self.last_hour.map_or(i64::MAX, |last| hour - last);
        if ahead > 0 {
            self.hours.begin(ahead.unsigned_abs(), watched);
            self.last_hour = Some(hour);
        }
        ahead.min(0).unsigned_abs()
    }

    /// Makes this day the last one where it is newer; how many days it lies back.
    fn begin_day(&mut self, day: Date, watched: impl Fn(usize) -> bool) -> u64 {
        let ahead = self.last_day.map_or(i64::MAX, |last| days_between(last, day));
        if ahead > 0 {
            self.days.begin(ahead.unsigned_abs(), watched);
            self.last_day = Some(day);
        }
        ahead.min(0).unsigned_abs()
    }
}

/// Rounded up to whole 64 KiB, as a summary rounds.
#[must_use]
pub fn rounded(used: Bytes) -> Bytes {
    slots::rounded(used)
}

/// What of the hour of `from` lies after it, where `until` may be in the same hour.
fn part_of_first(used: Bytes, from: Timestamp, until: Timestamp) -> u64 {
    let start = hour_of(from) * SECONDS_AN_HOUR;
    let end = (start + SECONDS_AN_HOUR).min(until.as_second());
    let seconds = |span: i64| u64::try_from(span).unwrap_or(0);
    // 281 TB times 3,600 fit.
    (used.0 * seconds(end - from.as_second())).checked_div(seconds(end - start)).unwrap_or(used.0)
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(SECONDS_AN_HOUR)
}

fn days_between(from: Date, to: Date) -> i64 {
    // Two dates of the calendar are at most some millions of days apart.
    from.until(to).map_or(0, |span| span.get_days()).into()
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
mod tests;
