//! Where the ticks are, and what they say.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

/// Ticks that a line of dates has room for.
const DATES: f64 = 6.0;

/// A tick: where, and what it says.
pub(super) type Tick = (f64, String);

/// Ticks of bytes from 0 to `top`, four or so, on round numbers in one unit.
pub(super) fn of_bytes(top: f64) -> Vec<Tick> {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let raw = (top / 5.0).max(1.0);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    // With a step a little too small there would be a tick too many, and no harm.
    let step = step.into_iter().find(|step| *step >= raw * 0.999).unwrap_or(power * 10.0);
    let largest = (top / step).floor() * step;
    let mut unit = (1.0, UNITS[0]);
    for name in &UNITS[1..] {
        if unit.0 * 1_000.0 <= largest.max(step) {
            unit = (unit.0 * 1_000.0, name);
        }
    }
    let places = usize::from(step < unit.0) + usize::from(step < unit.0 / 10.0);
    (0..8_u32)
        .map(|tick| f64::from(tick) * step)
        .take_while(|at| *at <= top)
        .map(|at| {
            (at, if at > 0.0 { format!("{:.places$} {}", at / unit.0, unit.1) } else { "0".to_owned() })
        })
        .collect()
}

/// Ticks of a span in seconds since 1970, six or fewer, on round moments of the calendar of `zone`.
pub(super) fn of_time(from: Timestamp, until: Timestamp, zone: &TimeZone) -> Vec<Tick> {
    const HOUR: f64 = 3_600.0;
    const DAY: f64 = 24.0 * HOUR;
    let steps: [(f64, Span, Unit, &str); 14] = [
        (HOUR, 1.hour(), Unit::Hour, "%H:%M"),
        (3.0 * HOUR, 3.hours(), Unit::Hour, "%H:%M"),
        (6.0 * HOUR, 6.hours(), Unit::Hour, "%H:%M"),
        (12.0 * HOUR, 12.hours(), Unit::Hour, "%H:%M"),
        (DAY, 1.day(), Unit::Day, "%-d %b"),
        (2.0 * DAY, 2.days(), Unit::Day, "%-d %b"),
        (7.0 * DAY, 7.days(), Unit::Day, "%-d %b"),
        (14.0 * DAY, 14.days(), Unit::Day, "%-d %b"),
        (30.0 * DAY, 1.month(), Unit::Month, "%b"),
        (61.0 * DAY, 2.months(), Unit::Month, "%b"),
        (91.0 * DAY, 3.months(), Unit::Month, "%b %Y"),
        (182.0 * DAY, 6.months(), Unit::Month, "%b %Y"),
        (365.0 * DAY, 1.year(), Unit::Year, "%Y"),
        (3_650.0 * DAY, 10.years(), Unit::Year, "%Y"),
    ];
    let span = seconds(until) - seconds(from);
    let Some((_, step, unit, format)) = steps.into_iter().find(|(length, ..)| span / length <= DATES) else {
        return Vec::new();
    };
    let mut ticks = Vec::new();
    let mut next = first(&from.to_zoned(zone.clone()), unit, step);
    while let Some(moment) = next.take().filter(|moment| moment.timestamp() <= until && ticks.len() < 12) {
        // What is midnight says its day.
        let is_midnight = moment.hour() == 0 && moment.minute() == 0;
        let format = if unit == Unit::Hour && is_midnight { "%-d %b" } else { format };
        ticks.push((seconds(moment.timestamp()), moment.strftime(format).to_string()));
        next = moment.checked_add(step).ok();
    }
    ticks
}

/// The first round moment at or after `from`.
fn first(from: &Zoned, unit: Unit, step: Span) -> Option<Zoned> {
    let floor = match unit {
        Unit::Year => from.first_of_year().ok()?.start_of_day().ok()?,
        Unit::Month => from.first_of_month().ok()?.start_of_day().ok()?,
        Unit::Day => from.start_of_day().ok()?,
        _ => {
            let hours = ZonedRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc);
            from.round(hours.increment(i64::from(step.get_hours()))).ok()?
        }
    };
    let one = match unit {
        Unit::Year => 1.year(),
        Unit::Month => 1.month(),
        Unit::Day => 1.day(),
        _ => step,
    };
    if floor < *from { floor.checked_add(one).ok() } else { Some(floor) }
}

/// A moment on the axis.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(ticks: Vec<Tick>) -> String {
        ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn bytes_are_round_numbers_of_one_unit() {
        for (top, expected) in [
            (1.0, "0, 1 B"),
            (999.0, "0, 200 B, 400 B, 600 B, 800 B"),
            (44e9, "0, 10 GB, 20 GB, 30 GB, 40 GB"),
            (2.2e9, "0, 0.5 GB, 1.0 GB, 1.5 GB, 2.0 GB"),
            (1.1e12, "0, 0.5 TB, 1.0 TB"),
            (u64::MAX as f64 * 1.1, "0, 5 EB, 10 EB, 15 EB, 20 EB"),
        ] {
            assert_eq!(said(of_bytes(top)), expected, "{top}");
        }
    }

    #[test]
    fn dates_are_few_and_round() {
        let utc = TimeZone::UTC;
        for (from, until, expected) in [
            ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "1 Nov, 8 Nov, 15 Nov, 22 Nov, 29 Nov"),
            ("2026-11-27T08:15:00Z", "2026-11-28T08:15:00Z", "12:00, 18:00, 28 Nov, 06:00"),
            ("2026-11-27T08:15:00Z", "2026-12-01T00:00:00Z", "28 Nov, 29 Nov, 30 Nov, 1 Dec"),
            ("2026-02-10T00:00:00Z", "2026-05-11T00:00:00Z", "Mar, Apr, May"),
            ("2020-02-10T00:00:00Z", "2025-05-11T00:00:00Z", "2021, 2022, 2023, 2024, 2025"),
            ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "1 Nov"),
            ("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", ""),
        ] {
            assert_eq!(
                said(of_time(from.parse().unwrap(), until.parse().unwrap(), &utc)),
                expected,
                "{from} {until}"
            );
        }
        let everything = of_time(Timestamp::MIN, Timestamp::MAX, &utc);
        assert_eq!(said(everything), "");
    }

    #[test]
    fn days_begin_where_the_reader_is() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let ticks =
            of_time("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-06T00:00:00Z".parse().unwrap(), &zone);
        let expected = "2026-11-01T18:30:00Z".parse().unwrap();
        assert_eq!(ticks.first(), Some(&(seconds(expected), "2 Nov".to_owned())));
    }
}
