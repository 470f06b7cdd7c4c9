//! Why a threshold is met or not, in words for who pays the bill; made when asked for and never stored.

use jiff::Timestamp;

use super::condition::{burning, judge, truth_of};
use super::measure::{Measure, Measured, Span, is_row_of};
use super::{View, granted, pace};
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
    let allowed = allowed(budget, measure, span, view, now);
    let known = of_known(&when, &allowed, measure, span, view, now);
    (truth, known.unwrap_or_else(|reason| format!("not known: {reason}")))
}

/// "50.00 GB and 5.00 GB granted until the period's end".
fn allowed(budget: &Budget, measure: &Measure<'_>, span: &Span, view: &View<'_>, now: Timestamp) -> String {
    let Ok(amount) = measure.amount else { return String::new() };
    let mut said = Bytes(amount.0.saturating_sub(measure.granted.0)).to_string();
    if let Measured::Row(row, product) = &measure.of {
        let grants = granted::live(budget, view, span, now);
        for grant in grants.filter(|grant| is_row_of(row, product, &grant.who_for)) {
            said.push_str(&format!(" and {} granted {}", grant.bytes, grant.until));
        }
    }
    said
}

fn of_known(
    when: &Condition,
    allowed: &str,
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
            let pace =
                pace::of_last_day(measure, span, now).map_or(String::new(), |pace| format!("; {pace}"));
            Ok(format!("{at_least}{used} of {allowed} used{part}; the threshold is {share}{pace}"))
        }
        Condition::Forecast(share) => {
            let (used, amount, period) = (measure.used?, measure.amount?, span.period?);
            let summary = measure.summary.ok_or(Unknown::TooLittleHistory)?;
            let zone = &view.account.time_zone;
            let found = forecast(summary, used, Some(amount), period, now, zone);
            let found = found.ok_or(Unknown::TooLittleHistory)?;
            Ok(format!(
                "as the last weeks went {} of {allowed} by the reset, {} to {}, {}; the threshold is {share}",
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
            let at = format!("at the pace of {}", pace::last(rule.short));
            let pace = pace::in_words(&at, burn.short * lasting, measure, span, now);
            let pace = pace.map_or(String::new(), |pace| format!("{pace}; "));
            Ok(format!(
                "{pace}{:.1} and {:.1} times the pace that just lasts, the threshold is {}",
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
            Ok(format!("{} used in {}", used, pace::last(*window)))
        }
    }
}
