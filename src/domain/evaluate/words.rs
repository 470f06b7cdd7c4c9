//! Why a threshold is met or not, in words for who pays the bill; made when asked for and never stored.

use jiff::Timestamp;

use super::View;
use super::condition::{burning, judge, truth_of};
use super::measure::{Measure, Span};
use crate::domain::budget::Budget;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::Condition;
use crate::domain::forecast::{forecast, in_words};
use crate::domain::truth::{Truth, Unknown};
use crate::domain::units::{Bytes, Limit};

const DAY: f64 = 86_400.0;

/// The truth of one threshold of a budget for one target, and its reason.
#[must_use]
pub fn explain(
    budget: &Budget,
    threshold: usize,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> (Truth, String) {
    let Some(when) = budget.thresholds.get(threshold).map(|threshold| threshold.when) else {
        return (Truth::No, "the budget has no such threshold".to_owned());
    };
    // Alone, so that the reason is its own.
    let alone = Budget { thresholds: vec![budget.thresholds[threshold].clone()], ..budget.clone() };
    let truth = truth_of(&judge(&alone, measure, Bytes(0), span, view, now), 0);
    if let Truth::Unknown(reason) = truth {
        return (truth, format!("not known: {reason}"));
    }
    let known = of_known(&when, measure, span, view, now);
    (truth, known.unwrap_or_else(|reason| format!("not known: {reason}")))
}

fn of_known(
    when: &Condition,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> Result<String, Unknown> {
    match when {
        Condition::Used(share) => {
            let (used, amount) = (measure.used?, measure.amount?);
            let at_least = if measure.at_least { "at least " } else { "" };
            let part = Share::between(used, amount).map_or(String::new(), |part| format!(", {part}"));
            Ok(format!("{at_least}{used} of {amount} used{part}; the threshold is {share}"))
        }
        Condition::Forecast(share) => {
            let (used, amount, period) = (measure.used?, measure.amount?, span.period?);
            let summary = measure.summary.ok_or(Unknown::TooLittleHistory)?;
            let zone = &view.account.time_zone;
            let found = forecast(summary, used, Some(amount), period, now, zone);
            let found = found.ok_or(Unknown::TooLittleHistory)?;
            Ok(format!(
                "as the last weeks went {} of {amount} by the reset, {} to {}, {}; the threshold is {share}",
                found.expected,
                found.low,
                found.high,
                in_words(&found, period, zone)
            ))
        }
        Condition::Burn(rule) => {
            let burn = burning(rule, measure, span, view, now)?;
            let (amount, period) = (measure.amount?, span.period?);
            let lasting = amount.0 as f64 * DAY / (period.end.as_second() - period.start.as_second()) as f64;
            let left = measure.used.map_or(amount, |used| Bytes(amount.0.saturating_sub(used.0))).0 as f64;
            let pace = burn.short * lasting;
            let needs = (period.end.as_second() - now.as_second()).max(0) as f64 / DAY;
            let lasts = match left / pace {
                days if pace <= 0.0 || days > 10_000.0 => "nothing burns now".to_owned(),
                days => format!("at this pace {} left, the period needs {}", in_days(days), needs.ceil()),
            };
            Ok(format!(
                "{lasts}; {:.1} and {:.1} times the pace that just lasts, the threshold is {}",
                burn.long,
                burn.short,
                rule.factor.ratio()
            ))
        }
        Condition::Uncapped => Ok(match (measure.limit, measure.enforced) {
            (Some(Limit::Unlimited), _) => "the vendor has no limit for it".to_owned(),
            (Some(limit), Some(false)) => format!("the vendor does not cut off at its limit, {limit}"),
            (Some(limit), _) => format!("the vendor cuts off at its limit, {limit}"),
            (None, _) => return Err(Unknown::LimitUnsaid),
        }),
        Condition::Silent(window) => {
            let from = now.checked_sub(*window).map_err(|_| Unknown::TooLittleHistory)?;
            let summary = measure.summary.ok_or(Unknown::TooLittleHistory)?;
            let (used, _) = summary.used_between(from, now).ok_or(Unknown::TooLittleHistory)?;
            Ok(format!("{} used in the last {} hours", used, window.as_secs() / 3_600))
        }
    }
}

/// Whole days, and hours where there is less than one.
fn in_days(days: f64) -> String {
    match (days.floor() as u64, (days * 24.0).floor() as u64) {
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}
