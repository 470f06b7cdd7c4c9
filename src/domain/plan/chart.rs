//! How a target's usage came about in its period, from what is remembered of its days.

use jiff::{Timestamp, ToSpan};

use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::{Measure, Span};
use crate::domain::forecast::forecast;
use crate::domain::history::DAYS;
use crate::domain::notice::{Chart, Expected};
use crate::domain::units::Bytes;

/// The period so far, day by day, and what will be; nothing where nobody knows the period or what was used.
///
/// Days are counted back from the newest figure, so that the line ends there; where the remembered days end, it goes
/// straight to the period's start.
pub(super) fn of(
    title: &str,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> Option<Chart> {
    let period = span.period.ok()?;
    let used = measure.used.ok()?;
    let zone = &view.account.time_zone;
    let today = now.to_zoned(zone.clone()).date();
    let mut points = vec![(measure.observed.unwrap_or(now).clamp(period.start, period.end), used)];
    let mut left = used;
    let of_today = measure.summary.and_then(|summary| summary.used_since_days(today, today));
    if let Some((summary, of_today)) = measure.summary.zip(of_today) {
        left = Bytes(left.0.saturating_sub(of_today));
        let mut days = summary.days_before(today).peekable();
        for back in 0..i32::try_from(DAYS).unwrap_or(i32::MAX) {
            // The start of the day that is so many days back.
            let Ok(day) = today.checked_sub(back.days()) else { break };
            let Ok(start) = day.to_zoned(zone.clone()).map(|start| start.timestamp()) else { break };
            if start <= period.start {
                break;
            }
            points.push((start, left));
            let ago = u16::try_from(back + 1).unwrap_or(u16::MAX);
            match days.next_if(|(day, _)| *day == ago) {
                Some((_, used)) => left = Bytes(left.0.saturating_sub(used.0)),
                None => break,
            }
        }
    }
    points.push((period.start, Bytes(0)));
    points.reverse();
    points.dedup_by_key(|(at, _)| *at);
    let amount = measure.amount.ok();
    let expected = measure
        .summary
        .filter(|_| span.start().is_some())
        .and_then(|summary| forecast(summary, used, amount, period, now, zone))
        .map(|found| Expected { middle: found.expected, low: found.low, high: found.high });
    Some(Chart {
        title: title.to_owned(),
        from: period.start,
        until: period.end,
        used: points,
        amount,
        forecast: expected,
    })
}
