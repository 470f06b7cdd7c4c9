//! When a digest is due: every day, or one day of the week, at a local time.

use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::quiet::moment;

/// Every day, or one day of every week, at a local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestRule {
    /// The day of the week; nothing: every day.
    pub weekday: Option<Weekday>,
    /// The local time; where the clock is set forward over it, as much later as it was set.
    pub at: Time,
}

/// The days on each side of a moment within which the rule is due at least once, whatever a zone does.
const DAYS_AROUND: i64 = 9;

impl DigestRule {
    /// The last moment, at or before `now`, at which a digest is due.
    #[must_use]
    pub fn last_before(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        self.around(now, zone).filter(|due| *due <= now).max().unwrap_or(now)
    }

    /// The first moment after `now` at which a digest is due.
    #[must_use]
    pub fn next_after(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        self.around(now, zone).filter(|due| *due > now).min().unwrap_or(Timestamp::MAX)
    }

    fn around(&self, now: Timestamp, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let days = (-DAYS_AROUND..=DAYS_AROUND)
            .filter_map(move |days| today.checked_add(Span::new().days(days)).ok());
        let weekday = self.weekday;
        let days = days.filter(move |day| weekday.is_none_or(|weekday| day.weekday() == weekday));
        days.filter_map(|day| moment(day, self.at, zone))
    }
}

/// As it is written in the configuration.
impl fmt::Display for DigestRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.strftime("%H:%M");
        match self.weekday {
            None => write!(f, "daily {at}"),
            Some(weekday) => write!(f, "weekly {} {at}", short(weekday)),
        }
    }
}

/// A day of the week in three letters.
#[must_use]
pub const fn short(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn a_digest_is_due_at_its_local_time() {
        let daily = DigestRule { weekday: None, at: time(8, 0, 0, 0) };
        let monday = DigestRule { weekday: Some(Weekday::Monday), ..daily };
        let early = DigestRule { weekday: None, at: time(2, 30, 0, 0) };
        for (rule, now, zone_name, last, next) in [
            (daily, "2026-05-01T08:00:00Z", "UTC", "2026-05-01T08:00:00Z", "2026-05-02T08:00:00Z"),
            (daily, "2026-05-01T07:59:59Z", "UTC", "2026-04-30T08:00:00Z", "2026-05-01T08:00:00Z"),
            (monday, "2026-05-03T12:00:00Z", "UTC", "2026-04-27T08:00:00Z", "2026-05-04T08:00:00Z"),
            (monday, "2026-05-04T08:00:00Z", "UTC", "2026-05-04T08:00:00Z", "2026-05-11T08:00:00Z"),
            (daily, "2026-03-28T12:00:00Z", "Europe/Berlin", "2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"),
            // A time that no clock shows, and one that it shows twice: one digest a day all the same.
            (early, "2026-03-29T00:00:00Z", "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z"),
            (early, "2026-10-25T01:00:00Z", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            let (now, zone) = (now.parse().unwrap(), zone(zone_name));
            let said = (rule.last_before(now, &zone).to_string(), rule.next_after(now, &zone).to_string());
            assert_eq!(said, (last.to_owned(), next.to_owned()), "{rule} at {now} in {zone_name}");
        }
    }

    proptest! {
        #[test]
        fn the_next_digest_is_the_last_of_its_own_moment(
            second in 0_i64..4_000_000_000, hour in 0_i8..24, weekday in 0_i8..8,
            name in prop::sample::select(&["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"][..]),
        ) {
            let weekday = Weekday::from_monday_one_offset(weekday).ok();
            let rule = DigestRule { weekday, at: time(hour, 15, 0, 0) };
            let now = Timestamp::from_second(second).unwrap();
            let zone = zone(name);
            let (last, next) = (rule.last_before(now, &zone), rule.next_after(now, &zone));
            prop_assert!(last <= now && now < next);
            prop_assert_eq!(rule.last_before(next, &zone), next);
            prop_assert_eq!(rule.next_after(last, &zone), next);
            let days = if weekday.is_some() { 8 } else { 2 };
            prop_assert!(next.duration_since(last).as_hours() <= days * 24 + 1);
        }
    }
}
