//! Which statistics of a sub-user Oxylabs tells, and what it says.
//!
//! The parameter `type` is required, though the public page does not say so (source: the vendor's Swagger page, v1, and
//! a client made from v2's).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};

use crate::domain::traffic::{Usage, Window};
use crate::domain::units::Bytes;
use crate::providers::error::ProviderError;
use crate::providers::{Span, UsageReport};

/// The most hours between a first and a last hour, both inclusive: 7 days.
const MOST_HOURS: i64 = 7 * 24;

/// What `type` of statistics to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatsType {
    /// The last 24 hours.
    Last24Hours,
    /// The last 7 days.
    Week,
    /// The last 30 days.
    Month,
    /// From the first of the month to today.
    CurrentMonth,
    /// Since the subscription began; only for sub-users with `lifetime`.
    Lifetime,
    /// From a first to a last day, both inclusive, of a zone; the vendor's own where none is said.
    Dates(Date, Date, Option<TimeZone>),
    /// From a first to a last hour, both inclusive, of a zone; at most 7 days.
    Hours(DateTime, DateTime, Option<TimeZone>),
}

impl StatsType {
    /// What `span` means for a sub-user, with the dates of `zone`.
    pub(super) fn of(span: Span, lifetime: bool, zone: &TimeZone) -> Self {
        match span {
            Span::Current if lifetime => Self::Lifetime,
            Span::Current | Span::CalendarMonth => Self::CurrentMonth,
            Span::Last24Hours => Self::Last24Hours,
            Span::Last7Days => Self::Week,
            Span::Last30Days => Self::Month,
            Span::Lifetime => Self::Lifetime,
            Span::Dates(from, to) => Self::Dates(from, to, Some(zone.clone())),
            Span::Hours(from, to) => Self::Hours(from, to, Some(zone.clone())),
        }
    }

    /// The span that the answer counts; one that ends now has no dates.
    pub(super) const fn window(&self) -> Window {
        match self {
            Self::CurrentMonth => Window::CalendarMonth,
            Self::Lifetime => Window::Lifetime,
            Self::Dates(from, to, _) => Window::Dates(*from, *to),
            Self::Last24Hours | Self::Week | Self::Month | Self::Hours(..) => Window::Unknown,
        }
    }

    /// The query; refuses what the vendor is known to refuse.
    pub(super) fn query(&self) -> Result<Vec<(&'static str, String)>, ProviderError> {
        let (from, to, zone) = match self {
            Self::Last24Hours => return Ok(vec![("type", "24h".to_owned())]),
            Self::Week => return Ok(vec![("type", "week".to_owned())]),
            Self::Month => return Ok(vec![("type", "month".to_owned())]),
            Self::CurrentMonth => return Ok(vec![("type", "current_month".to_owned())]),
            Self::Lifetime => return Ok(vec![("type", "lifetime".to_owned())]),
            Self::Dates(from, to, zone) => {
                in_order(from, to)?;
                (from.to_string(), to.to_string(), zone)
            }
            Self::Hours(from, to, zone) => {
                check_hours(*from, *to)?;
                (hour(*from), hour(*to), zone)
            }
        };
        let mut query = vec![("type", "custom".to_owned()), ("date_from", from), ("date_to", to)];
        if let Some(zone) = zone {
            let name = zone.iana_name().ok_or_else(|| {
                ProviderError::Invalid(
                    "Oxylabs takes a time zone by its IANA name alone, such as Europe/Berlin".to_owned(),
                )
            })?;
            query.push(("time_zone", name.to_owned()));
        }
        Ok(query)
    }
}

fn hour(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H").to_string()
}

fn in_order<T: PartialOrd + std::fmt::Display>(from: T, to: T) -> Result<(), ProviderError> {
    if from > to {
        return Err(ProviderError::Invalid(format!("{from} is after {to}: put the earlier one first")));
    }
    Ok(())
}

fn check_hours(from: DateTime, to: DateTime) -> Result<(), ProviderError> {
    if let Some(odd) = [from, to].into_iter().find(|at| *at != full_hour(*at)) {
        return Err(ProviderError::Invalid(format!(
            "Oxylabs counts by the full hour: write \"{}\" instead of \"{odd}\"",
            hour(odd)
        )));
    }
    in_order(from, to)?;
    let hours = to.duration_since(from).as_hours() + 1;
    if hours > MOST_HOURS {
        let last = from.checked_add((MOST_HOURS - 1).hours()).map(hour).unwrap_or_default();
        return Err(ProviderError::Invalid(format!(
            "with hours Oxylabs tells 7 days at most, and \"{}\" to \"{}\" is {} more: write \"{last}\" or an earlier \
             end, or days without hours",
            hour(from),
            hour(to),
            if hours == MOST_HOURS + 1 {
                "an hour".to_owned()
            } else {
                format!("{} hours", hours - MOST_HOURS)
            },
        )));
    }
    Ok(())
}

fn full_hour(at: DateTime) -> DateTime {
    at.date().at(at.hour(), 0, 0, 0)
}

/// A sub-user's statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The total.
    pub usage: Usage,
    /// The same by when it began: by hour where hours were asked for, else by day; in order, without empty ones.
    pub series: Vec<(DateTime, Bytes)>,
}

impl Statistics {
    /// The same by day.
    pub(super) fn by_day(self) -> UsageReport {
        let mut days: Vec<(Date, Bytes)> = Vec::new();
        for (at, traffic) in self.series {
            match days.last_mut() {
                Some((day, sum)) if *day == at.date() => *sum = sum.saturating_add(traffic),
                _ => days.push((at.date(), traffic)),
            }
        }
        UsageReport { usage: self.usage, days }
    }
}

/// When a row of a series began: `2023-01-25`, or `2023-01-25 10` with its hour.
pub(super) fn row_start(text: &str) -> Option<DateTime> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let hour = text.get(11..13).and_then(|hour| hour.parse::<i64>().ok()).unwrap_or(0);
    day.at(0, 0, 0, 0).checked_add(SignedDuration::from_hours(hour)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn refusal(stats: &StatsType) -> String {
        stats.query().unwrap_err().to_string()
    }

    #[test]
    fn hours_are_full_in_order_and_seven_days_at_most() {
        let at = |day, hour, minute| date(2026, 1, day).at(hour, minute, 0, 0);
        assert!(StatsType::Hours(at(1, 10, 0), at(8, 9, 0), None).query().is_ok());
        for (from, to, told) in [
            (
                at(1, 10, 0),
                at(8, 10, 0),
                "with hours Oxylabs tells 7 days at most, and \"2026-01-01 10\" to \"2026-01-08 10\" is an hour more: write \"2026-01-08 09\" or an earlier end, or days without hours",
            ),
            (
                at(1, 0, 0),
                at(31, 23, 0),
                "with hours Oxylabs tells 7 days at most, and \"2026-01-01 00\" to \"2026-01-31 23\" is 576 hours more: write \"2026-01-07 23\" or an earlier end, or days without hours",
            ),
            (
                at(1, 10, 0),
                at(1, 11, 30),
                "Oxylabs counts by the full hour: write \"2026-01-01 11\" instead of \"2026-01-01T11:30:00\"",
            ),
            (
                at(2, 0, 0),
                at(1, 0, 0),
                "2026-01-02T00:00:00 is after 2026-01-01T00:00:00: put the earlier one first",
            ),
        ] {
            assert_eq!(refusal(&StatsType::Hours(from, to, None)), told);
        }
        let backwards = StatsType::Dates(date(2026, 1, 15), date(2026, 1, 1), None);
        assert_eq!(refusal(&backwards), "2026-01-15 is after 2026-01-01: put the earlier one first");
    }

    #[test]
    fn a_zone_goes_by_its_name() {
        let days = |zone| StatsType::Dates(date(2026, 1, 1), date(2026, 1, 2), Some(zone));
        let name = |zone| days(zone).query().unwrap().pop().unwrap();
        assert_eq!(name(TimeZone::get("Europe/Berlin").unwrap()), ("time_zone", "Europe/Berlin".to_owned()));
        assert_eq!(name(TimeZone::UTC), ("time_zone", "UTC".to_owned()));
        let nameless = days(TimeZone::fixed(jiff::tz::offset(2)));
        assert_eq!(
            refusal(&nameless),
            "Oxylabs takes a time zone by its IANA name alone, such as Europe/Berlin"
        );
    }

    #[test]
    fn rows_begin_on_a_day_or_an_hour() {
        for (text, start) in [
            ("2023-01-25", Some("2023-01-25T00:00:00")),
            ("2023-01-25 10", Some("2023-01-25T10:00:00")),
            ("2023-01-25T10:00:00Z", Some("2023-01-25T10:00:00")),
            ("2023-01-25 xx", Some("2023-01-25T00:00:00")),
            ("soon", None),
            ("2023-13-25", None),
            ("", None),
        ] {
            assert_eq!(row_start(text).map(|at| at.to_string()).as_deref(), start, "{text}");
        }
    }
}
