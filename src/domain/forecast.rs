//! What will be used by a period's end: the weekdays of the last weeks, carried on.
//!
//! An estimate: bytes are floats within, and whole where they come in and go out.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::history::{DAYS, Summary};
use super::period::Period;
use super::units::Bytes;

/// Whole days that a forecast needs; fewer say nothing of the next ones.
pub const DAYS_NEEDED: usize = 3;

/// Days from which on weekdays are told apart.
const DAYS_FOR_WEEKDAYS: usize = 14;

/// A day's seconds, where the clock does not change.
const DAY: f64 = 86_400.0;

/// What will probably be used by a period's end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// In the middle of what is likely.
    pub expected: Bytes,
    /// As little as is likely: every day to come at its lower quartile.
    pub low: Bytes,
    /// As much as is likely: every day to come at its upper quartile.
    pub high: Bytes,
    /// When the amount runs out at the expected pace, if it does before the period ends.
    pub runs_out: Option<Timestamp>,
}

/// The usual days of one sub-user, and how far they vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Bytes of a Monday, a Tuesday, … by their medians, or seven times the median of all days.
    weekdays: [f64; 7],
    /// A day's lower and upper quartile, against its median.
    spread: (f64, f64),
}

impl Usual {
    /// The usual days before `today`, or nothing where fewer than [`DAYS_NEEDED`] are known.
    ///
    /// One day that was out of the ordinary moves a median by little and a mean by much.
    #[must_use]
    pub fn of(summary: &Summary, today: Date) -> Option<Self> {
        let mut known = Known::of(summary, today)?;
        let weekdays = known.weekdays();
        let days = &mut known.days[..known.count];
        days.sort_unstable_by(f64::total_cmp);
        let median = quantile(days, 0.5);
        let spread = (quantile(days, 0.25) - median, quantile(days, 0.75) - median);
        Some(Self { weekdays: weekdays.unwrap_or([median; 7]), spread })
    }

    /// The same without the spread, for whoever asks for nothing but the middle: a judgement of every row.
    fn middle(summary: &Summary, today: Date) -> Option<Self> {
        let mut known = Known::of(summary, today)?;
        let weekdays = known.weekdays();
        let weekdays = weekdays.unwrap_or_else(|| {
            let days = &mut known.days[..known.count];
            days.sort_unstable_by(f64::total_cmp);
            [quantile(days, 0.5); 7]
        });
        Some(Self { weekdays, spread: (0.0, 0.0) })
    }

    fn on(&self, weekday: Weekday) -> f64 {
        self.weekdays[usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
    }
}

/// The whole days before today.
struct Known {
    days: [f64; DAYS],
    by_weekday: [[f64; 4]; 7],
    counts: [usize; 7],
    count: usize,
}

impl Known {
    /// Nothing where fewer than [`DAYS_NEEDED`] are known.
    fn of(summary: &Summary, today: Date) -> Option<Self> {
        let mut known = Self { days: [0.0; DAYS], by_weekday: [[0.0; 4]; 7], counts: [0; 7], count: 0 };
        let weekday_today = i32::from(today.weekday().to_monday_zero_offset());
        for (ago, used) in summary.days_before(today) {
            if usize::from(ago) > DAYS {
                break;
            }
            let weekday = (weekday_today - i32::from(ago)).rem_euclid(7) as usize;
            let used = used.0 as f64;
            let at = known.counts[weekday];
            if let (Some(slot), Some(same)) =
                (known.days.get_mut(known.count), known.by_weekday[weekday].get_mut(at))
            {
                (*slot, *same) = (used, used);
                known.count += 1;
                known.counts[weekday] += 1;
            }
        }
        (known.count >= DAYS_NEEDED).then_some(known)
    }

    /// The median of each weekday, where they can be told apart.
    fn weekdays(&mut self) -> Option<[f64; 7]> {
        if self.count < DAYS_FOR_WEEKDAYS || self.counts.iter().any(|count| *count < 2) {
            return None;
        }
        let mut usual = [0.0; 7];
        for (usual, (same, count)) in usual.iter_mut().zip(self.by_weekday.iter_mut().zip(self.counts)) {
            let same = &mut same[..count];
            same.sort_unstable_by(f64::total_cmp);
            // Of an even number the lower middle, so that of two days one spike is not half the answer.
            *usual = same[(count - 1) / 2];
        }
        Some(usual)
    }
}

/// What a forecast expects, without what is likely around it; nothing without enough history.
#[must_use]
pub fn expected(
    summary: &Summary,
    used: Bytes,
    period: Period,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<Bytes> {
    let today = now.to_zoned(zone.clone());
    let usual = Usual::middle(summary, today.date())?;
    Some(carry_on(&usual, used, None, period, now, (today.date(), today.time().hour())).expected)
}

/// Forecasts a period in which `used` was used until `now`, of an `amount`; nothing without enough history.
#[must_use]
pub fn forecast(
    summary: &Summary,
    used: Bytes,
    amount: Option<Bytes>,
    period: Period,
    now: Timestamp,
    zone: &TimeZone,
) -> Option<Forecast> {
    let today = now.to_zoned(zone.clone());
    let usual = Usual::of(summary, today.date())?;
    Some(carry_on(&usual, used, amount, period, now, (today.date(), today.time().hour())))
}

/// Carries the usual days on to the period's end, where `(today, hour)` is `now` in the account's zone.
fn carry_on(
    usual: &Usual,
    used: Bytes,
    amount: Option<Bytes>,
    period: Period,
    now: Timestamp,
    (today, hour): (Date, i8),
) -> Forecast {
    let mut seconds = (period.end.as_second() - now.as_second()).max(0) as f64;
    let mut weekday = today.weekday();
    let mut left_today = (24.0 - f64::from(hour)) * 3_600.0 - (now.as_second().rem_euclid(3_600)) as f64;
    let (mut expected, mut low, mut high) = (used.0 as f64, used.0 as f64, used.0 as f64);
    let mut passed = 0.0;
    let mut runs_out = None;
    while seconds > 0.0 {
        let step = left_today.clamp(1.0, DAY).min(seconds);
        let part = step / DAY;
        let day = usual.on(weekday);
        let gain = day * part;
        if let Some(amount) = amount.map(|amount| amount.0 as f64)
            && runs_out.is_none()
            && expected + gain >= amount
        {
            let within = if gain > 0.0 { ((amount - expected) / gain).clamp(0.0, 1.0) * step } else { 0.0 };
            runs_out = now.checked_add(jiff::SignedDuration::from_secs((passed + within) as i64)).ok();
        }
        expected += gain;
        low += (day + usual.spread.0).max(0.0) * part;
        high += (day + usual.spread.1).max(0.0) * part;
        (seconds, passed, left_today) = (seconds - step, passed + step, DAY);
        weekday = weekday.wrapping_add(1_i64);
    }
    // A float as an integer saturates.
    let bytes = |bytes: f64| Bytes(bytes as u64);
    Forecast { expected: bytes(expected), low: bytes(low), high: bytes(high), runs_out }
}

/// The value below which this part of the sorted values lies, between two of them where it falls so.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len().saturating_sub(1)) as f64;
    let (below, share) = (place as usize, place.fract());
    let value = |at: usize| sorted.get(at).copied().unwrap_or(0.0);
    if share == 0.0 { value(below) } else { value(below) * (1.0 - share) + value(below + 1) * share }
}

/// When it runs out, in words: "runs out on the 24th, 6 days before the reset".
#[must_use]
pub fn in_words(forecast: &Forecast, period: Period, zone: &TimeZone) -> String {
    let Some(at) = forecast.runs_out else { return "lasts until the reset".to_owned() };
    let (day, reset) = (at.to_zoned(zone.clone()).date(), period.end.to_zoned(zone.clone()).date());
    let number = day.day();
    let ending = match (number % 10, number / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    let before = match day.until(reset).map_or(0, |span| span.get_days()) {
        0 => "on the day of the reset".to_owned(),
        1 => "1 day before the reset".to_owned(),
        days => format!("{days} days before the reset"),
    };
    format!("runs out on the {number}{ending}, {before}")
}

#[cfg(test)]
mod tests;
