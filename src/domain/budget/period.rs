//! The span of a budget: the vendor's, a calendar's in the account's zone, or the last days.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::domain::history::DAYS;
use crate::domain::period::{Period, midnight};

/// In which span a budget counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeriodRule {
    /// The vendor's, which ends when the vendor shows a new one.
    #[default]
    Vendor,
    /// The calendar's month.
    Month,
    /// From Monday.
    Week,
    /// From midnight.
    Day,
    /// So many times 24 hours until now, from one to the [`DAYS`] that are remembered.
    Rolling(u16),
}

/// Why a text names no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected \"vendor\", \"month\", \"week\", \"day\", or \"rolling 7d\" with 1 to 28 days")]
pub struct PeriodRuleError;

/// The words in configuration.
impl fmt::Display for PeriodRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor => f.pad("vendor"),
            Self::Month => f.pad("month"),
            Self::Week => f.pad("week"),
            Self::Day => f.pad("day"),
            Self::Rolling(days) => write!(f, "rolling {days}d"),
        }
    }
}

impl FromStr for PeriodRule {
    type Err = PeriodRuleError;

    fn from_str(text: &str) -> Result<Self, PeriodRuleError> {
        match text {
            "vendor" => Ok(Self::Vendor),
            "month" => Ok(Self::Month),
            "week" => Ok(Self::Week),
            "day" => Ok(Self::Day),
            _ => {
                let days = text.strip_prefix("rolling ").and_then(|days| days.strip_suffix('d'));
                let days = days.and_then(|days| days.parse().ok());
                // So many are remembered of each sub-user.
                let days = days.filter(|days: &u16| (1..=DAYS).contains(&usize::from(*days)));
                days.map(Self::Rolling).ok_or(PeriodRuleError)
            }
        }
    }
}

impl PeriodRule {
    /// The span that holds `now`, where `vendor` is the vendor's; nothing where that is not known.
    #[must_use]
    pub fn at(self, now: Timestamp, zone: &TimeZone, vendor: Option<Period>) -> Option<Period> {
        let today = || now.to_zoned(zone.clone()).date();
        match self {
            Self::Vendor => vendor,
            Self::Month => Period::month_of_day(1, now, zone),
            Self::Week => {
                let today = today();
                let since_monday = today.weekday().to_monday_zero_offset();
                let first = today.checked_sub(since_monday.days()).ok()?;
                Some(Period {
                    start: midnight(first, zone)?,
                    end: midnight(first.checked_add(7.days()).ok()?, zone)?,
                })
            }
            Self::Day => {
                let today = today();
                Some(Period { start: midnight(today, zone)?, end: midnight(today.tomorrow().ok()?, zone)? })
            }
            Self::Rolling(days) => {
                let span = (i64::from(days) * 24).hours();
                Some(Period { start: now.checked_sub(span).ok()?, end: now })
            }
        }
    }

    /// Whether it moves with the clock and so never begins anew.
    #[must_use]
    pub const fn is_rolling(self) -> bool {
        matches!(self, Self::Rolling(_))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn the_words_are_read() {
        for (text, rule) in [
            ("vendor", PeriodRule::Vendor),
            ("month", PeriodRule::Month),
            ("week", PeriodRule::Week),
            ("day", PeriodRule::Day),
            ("rolling 7d", PeriodRule::Rolling(7)),
            ("rolling 28d", PeriodRule::Rolling(28)),
        ] {
            assert_eq!(text.parse(), Ok(rule));
            assert_eq!(rule.to_string(), text);
        }
        for text in ["", "Month", "rolling", "rolling 0d", "rolling 29d", "rolling 7h", "rolling -1d"] {
            assert_eq!(text.parse::<PeriodRule>(), Err(PeriodRuleError), "{text}");
        }
    }

    #[test]
    fn f3_a_day_of_a_clock_change_has_23_or_25_hours() {
        for (at, hours) in [("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25)] {
            let period = PeriodRule::Day.at(at.parse().unwrap(), &zone("Europe/Berlin"), None).unwrap();
            assert_eq!((period.end.as_second() - period.start.as_second()) / 3_600, hours);
        }
    }

    #[test]
    fn a_week_starts_on_monday_in_the_accounts_zone() {
        // Sunday evening in UTC is Monday in Auckland.
        let now = "2026-01-04T20:00:00Z".parse().unwrap();
        let there = PeriodRule::Week.at(now, &zone("Pacific/Auckland"), None).unwrap();
        assert_eq!(there.start.to_string(), "2026-01-04T11:00:00Z");
        let here = PeriodRule::Week.at(now, &TimeZone::UTC, None).unwrap();
        assert_eq!(here.start.to_string(), "2025-12-29T00:00:00Z");
    }

    proptest! {
        #[test]
        fn f3_every_moment_of_ten_years_is_in_exactly_one_period(
            seconds in 1_700_000_000_i64..2_015_000_000,
            rule in prop::sample::select(vec![PeriodRule::Month, PeriodRule::Week, PeriodRule::Day]),
            name in prop::sample::select(vec![
                "UTC", "Europe/Vilnius", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia",
                "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Asia/Beirut",
            ]),
        ) {
            let zone = zone(name);
            let now = Timestamp::from_second(seconds).unwrap();
            let period = rule.at(now, &zone, None).unwrap();
            prop_assert!(period.contains(now));
            prop_assert_eq!(rule.at(period.start, &zone, None), Some(period));
            let next = rule.at(period.end, &zone, None).unwrap();
            prop_assert_eq!(next.start, period.end, "no gap and no overlap");
        }
    }
}
