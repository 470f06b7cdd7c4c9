//! How long what is left lasts, against what the period still needs, in words.

use std::time::Duration;

use jiff::Timestamp;

use super::measure::{Measure, Span};
use crate::domain::units::Bytes;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// "at this pace 3 days left, the period needs 11", by the last 24 known hours.
///
/// Nothing where they are not known, or where no end of the period is ahead.
pub(in crate::domain) fn of_last_day(measure: &Measure<'_>, span: &Span, now: Timestamp) -> Option<String> {
    let a_day = measure.summary?.last_24_known_hours(now)?;
    if a_day == Bytes(0) {
        return Some("nothing was used in the last 24 hours".to_owned());
    }
    in_words("at this pace", a_day.0 as f64, measure, span, now)
}

/// The same for any pace, in bytes a day.
pub(super) fn in_words(
    at: &str,
    a_day: f64,
    measure: &Measure<'_>,
    span: &Span,
    now: Timestamp,
) -> Option<String> {
    // A rolling span ends now and always.
    let end = span.start().and(span.period.ok())?.end;
    let needs = Duration::try_from(end.duration_since(now)).ok().filter(|needs| !needs.is_zero())?;
    let needs = if needs.as_secs() < DAY {
        hours(needs.as_secs().div_ceil(HOUR))
    } else {
        days(needs.as_secs().div_ceil(DAY))
    };
    let left = measure.amount.ok()?.0.saturating_sub(measure.used.ok()?.0);
    if left == 0 {
        return Some(format!("nothing is left, the period needs {needs}"));
    }
    // An estimate; what lasts for 10,000 days is not spent.
    let left = left as f64 / a_day;
    if left.is_nan() || left > 10_000.0 {
        return Some("nothing burns now".to_owned());
    }
    let (left, needs) = match ((left * DAY as f64) as u64, needs.strip_suffix(" days")) {
        (seconds, _) if seconds < HOUR => ("less than 1 hour".to_owned(), needs),
        (seconds, _) if seconds < DAY => (hours(seconds / HOUR), needs),
        // Both in days: said once.
        (seconds, Some(number)) => (days(seconds / DAY), number.to_owned()),
        (seconds, None) => (days(seconds / DAY), needs),
    };
    Some(format!("{at} {left} left, the period needs {needs}"))
}

/// "the last 30 minutes", for what is said of a window.
pub(super) fn last(window: Duration) -> String {
    match window.as_secs() {
        HOUR => "the last hour".to_owned(),
        seconds if seconds.is_multiple_of(HOUR) => format!("the last {}", hours(seconds / HOUR)),
        seconds => format!("the last {} minutes", seconds / 60),
    }
}

fn days(count: u64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

fn hours(count: u64) -> String {
    if count == 1 { "1 hour".to_owned() } else { format!("{count} hours") }
}
