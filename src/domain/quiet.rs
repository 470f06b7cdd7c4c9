//! Quiet hours: the part of each day in which a receiver is not disturbed, in the receiver's own zone.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// From one local time until the next occurrence of another; the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// The first local time that is quiet.
    pub from: Time,
    /// The first local time that is not any more; where it is earlier than `from`, that is on the next day.
    pub until: Time,
}

/// The days before today at which what lasts until now may have begun: yesterday, and the one before it where a zone
/// has left yesterday out of its calendar, as Samoa did in 2011.
const DAYS_BACK: i64 = 2;

impl QuietHours {
    /// When the quiet hours that hold at `now` end, which is after `now`; nothing where none do.
    ///
    /// Each day has one span. Where the clock is set forward over one of its ends, that end is as much later as the
    /// clock was set; where the clock is set back over it, the first of the two moments counts.
    #[must_use]
    pub fn end_of_quiet(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let spans = (0..=DAYS_BACK).filter_map(|days| {
            let day = today.checked_sub(Span::new().days(days)).ok()?;
            self.span(day, zone)
        });
        spans.filter(|(from, until)| (*from..*until).contains(&now)).map(|(_, until)| until).max()
    }

    /// The span that begins on a day.
    fn span(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let last = if self.until > self.from { day } else { day.tomorrow().ok()? };
        Some((moment(day, self.from, zone)?, moment(last, self.until, zone)?))
    }
}

/// The moment of a local time on a day.
pub(super) fn moment(day: Date, at: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(day.to_datetime(at)).compatible().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 6] =
        ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn end(hours: &str, now: &str, name: &str) -> Option<String> {
        let (from, until) = hours.split_once('-').unwrap();
        let hours = QuietHours { from: from.parse().unwrap(), until: until.parse().unwrap() };
        hours.end_of_quiet(now.parse().unwrap(), &zone(name)).map(|end| end.to_string())
    }

    #[test]
    fn a_night_ends_in_the_morning() {
        for (hours, now, zone, expected) in [
            ("22:00-07:00", "2026-05-01T21:59:59Z", "UTC", None),
            ("22:00-07:00", "2026-05-01T22:00:00Z", "UTC", Some("2026-05-02T07:00:00Z")),
            ("22:00-07:00", "2026-05-02T06:59:59Z", "UTC", Some("2026-05-02T07:00:00Z")),
            ("22:00-07:00", "2026-05-02T07:00:00Z", "UTC", None),
            ("12:00-13:30", "2026-05-02T13:00:00Z", "UTC", Some("2026-05-02T13:30:00Z")),
            ("12:00-13:30", "2026-05-02T13:30:00Z", "UTC", None),
            ("22:00-00:00", "2026-05-02T23:00:00Z", "UTC", Some("2026-05-03T00:00:00Z")),
            ("00:00-06:00", "2026-05-02T00:00:00Z", "UTC", Some("2026-05-02T06:00:00Z")),
            ("22:00-07:00", "2026-05-01T20:30:00Z", "Europe/Berlin", Some("2026-05-02T05:00:00Z")),
            // The night in which the clock is set forward has an hour less, that in which it is set back one more.
            ("22:00-07:00", "2026-03-28T21:00:00Z", "Europe/Berlin", Some("2026-03-29T05:00:00Z")),
            ("22:00-07:00", "2026-10-24T20:00:00Z", "Europe/Berlin", Some("2026-10-25T06:00:00Z")),
            // An end that no clock shows, and one that it shows twice.
            ("22:00-02:30", "2026-03-29T01:15:00Z", "Europe/Berlin", Some("2026-03-29T01:30:00Z")),
            ("22:00-02:30", "2026-10-25T00:15:00Z", "Europe/Berlin", Some("2026-10-25T00:30:00Z")),
            ("22:00-02:30", "2026-10-25T00:30:00Z", "Europe/Berlin", None),
            ("22:00-02:30", "2026-10-25T01:15:00Z", "Europe/Berlin", None),
            // The 30th of December 2011 was in no calendar of Samoa.
            ("22:00-07:00", "2011-12-30T09:00:00Z", "Pacific/Apia", Some("2011-12-30T17:00:00Z")),
            ("22:00-07:00", "2011-12-30T11:00:00Z", "Pacific/Apia", Some("2011-12-30T17:00:00Z")),
        ] {
            assert_eq!(end(hours, now, zone).as_deref(), expected, "{hours} at {now} in {zone}");
        }
    }

    proptest! {
        #[test]
        fn quiet_hours_end_and_are_then_over(
            second in 0_i64..4_000_000_000, from in 0_i8..24, until in 0_i8..24, half in any::<bool>(),
            name in prop::sample::select(&ZONES[..]),
        ) {
            prop_assume!(from != until);
            let half = if half { 30 } else { 0 };
            let hours = QuietHours { from: time(from, half, 0, 0), until: time(until, half, 0, 0) };
            let now = Timestamp::from_second(second).unwrap();
            let zone = zone(name);
            let local = now.to_zoned(zone.clone()).time();
            let is_within = if hours.from < hours.until {
                (hours.from..hours.until).contains(&local)
            } else {
                local >= hours.from || local < hours.until
            };
            let end = hours.end_of_quiet(now, &zone);
            // On days without a change of the clock the local time alone decides.
            let noon = |days: i64| {
                let day = now.to_zoned(zone.clone()).date().checked_add(Span::new().days(days)).unwrap();
                let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap();
                (noon.offset(), noon.date() == day)
            };
            let is_plain = (-2..=1).all(|days| noon(days) == noon(2)) && noon(2).1;
            if is_plain {
                prop_assert_eq!(end.is_some(), is_within);
            }
            if let Some(end) = end {
                prop_assert!(end > now);
                prop_assert!(end.duration_since(now).as_hours() < 25);
                if is_plain {
                    prop_assert_eq!(end.to_zoned(zone.clone()).time(), hours.until);
                }
                prop_assert_eq!(hours.end_of_quiet(end, &zone), None);
                let before = Timestamp::from_second(end.as_second() - 1).unwrap();
                prop_assert_eq!(hours.end_of_quiet(before.max(now), &zone), Some(end));
            }
        }
    }
}
