//! The span for which a vendor counts and bills, and where that span was learnt.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// A span of time: from `start`, up to but without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl Period {
    /// From the start of `first` to the end of `last`, both inclusive, in `zone`; nothing if `last` is before `first`.
    #[must_use]
    pub fn of_dates(first: Date, last: Date, zone: &TimeZone) -> Option<Self> {
        if last < first {
            return None;
        }
        Some(Self { start: midnight(first, zone)?, end: midnight(last.tomorrow().ok()?, zone)? })
    }

    /// One month from the start of `first` in `zone`; from the 31st it ends on the last day that the next month has.
    #[must_use]
    pub fn month_from(first: Date, zone: &TimeZone) -> Option<Self> {
        let end = first.checked_add(1.month()).ok()?;
        Some(Self { start: midnight(first, zone)?, end: midnight(end, zone)? })
    }

    /// The month that holds `now` and starts on day `billing_day` (1 to 31, or the last day that a month has) in `zone`.
    #[must_use]
    pub fn month_of_day(billing_day: i8, now: Timestamp, zone: &TimeZone) -> Option<Self> {
        let today = now.to_zoned(zone.clone()).date();
        let this_month = anchor(today, billing_day)?;
        let (first, next) = if today < this_month {
            (anchor(shifted(today, -1.month())?, billing_day)?, this_month)
        } else {
            (this_month, anchor(shifted(today, 1.month())?, billing_day)?)
        };
        Some(Self { start: midnight(first, zone)?, end: midnight(next, zone)? })
    }

    /// Whether `at` lies within.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// The start of a day; where a zone skips midnight, the first moment of that day.
#[must_use]
pub fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned(zone.clone()).ok()?.start_of_day().ok().map(|start| start.timestamp())
}

fn shifted(date: Date, by: Span) -> Option<Date> {
    date.first_of_month().checked_add(by).ok()
}

fn anchor(month: Date, day: i8) -> Option<Date> {
    let day = day.clamp(1, month.days_in_month());
    Date::new(month.year(), month.month(), day).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn dates_of_a_subscription_are_inclusive() {
        let period = Period::of_dates(date(2018, 11, 8), date(2019, 6, 30), &TimeZone::UTC).unwrap();
        assert_eq!(period.start.to_string(), "2018-11-08T00:00:00Z");
        assert_eq!(period.end.to_string(), "2019-07-01T00:00:00Z");
        assert_eq!(Period::of_dates(date(2026, 2, 2), date(2026, 2, 1), &TimeZone::UTC), None);
    }

    #[test]
    fn a_month_from_the_31st_ends_with_the_shorter_month() {
        let period = Period::month_from(date(2026, 1, 31), &TimeZone::UTC).unwrap();
        assert_eq!(period.end.to_string(), "2026-02-28T00:00:00Z");
    }

    #[test]
    fn a_billing_day_that_a_month_lacks_is_its_last() {
        let at = "2026-02-28T12:00:00Z".parse().unwrap();
        let period = Period::month_of_day(31, at, &TimeZone::UTC).unwrap();
        assert_eq!(period.start.to_string(), "2026-02-28T00:00:00Z");
        assert_eq!(period.end.to_string(), "2026-03-31T00:00:00Z");
    }

    #[test]
    fn a_period_starts_at_midnight_of_its_zone() {
        let at = "2026-03-29T12:00:00Z".parse().unwrap();
        let period = Period::month_of_day(29, at, &zone("Europe/Berlin")).unwrap();
        assert_eq!(period.start.to_string(), "2026-03-28T23:00:00Z");
        assert_eq!(period.end.to_string(), "2026-04-28T22:00:00Z");
    }

    proptest! {
        #[test]
        fn every_moment_of_ten_years_is_in_exactly_one_month(
            seconds in 1_700_000_000_i64..2_015_000_000,
            day in 1_i8..=31,
            name in prop::sample::select(vec!["UTC", "Europe/Vilnius", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"]),
        ) {
            let zone = zone(name);
            let now = Timestamp::from_second(seconds).unwrap();
            let period = Period::month_of_day(day, now, &zone).unwrap();
            prop_assert!(period.contains(now));
            let next = Period::month_of_day(day, period.end, &zone).unwrap();
            prop_assert_eq!(next.start, period.end);
        }
    }
}
