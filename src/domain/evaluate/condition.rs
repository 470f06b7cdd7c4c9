//! Whether each threshold of a budget is met, for one target.

use std::time::Duration;

use jiff::Timestamp;

use super::View;
use super::levels::{Levels, least_over};
use super::measure::{Measure, Measured, Span};
use crate::domain::budget::Budget;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::{BurnRule, Condition, Threshold};
use crate::domain::burn;
use crate::domain::collector::Collector;
use crate::domain::forecast::expected as expected_by_end;
use crate::domain::history::Summary;
use crate::domain::incident::Latches;
use crate::domain::truth::{Truth, Unknown};
use crate::domain::units::{Bytes, Limit};

/// The thresholds of one target, judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that are met.
    pub met: Latches,
    /// Those below the level at which they clear.
    pub clear: Latches,
    /// Those that cannot be judged.
    pub unknown: Latches,
    /// Why, of several the last in order that is no mere lack of history.
    pub reason: Option<Unknown>,
}

impl Judged {
    fn note(&mut self, at: usize, met: Truth, clear: impl FnOnce() -> bool) {
        let bit = Latches::one(at);
        match met {
            Truth::Yes => self.met = self.met.and(bit),
            Truth::No if clear() => self.clear = self.clear.and(bit),
            Truth::No => {}
            Truth::Unknown(reason) => {
                self.unknown = self.unknown.and(bit);
                let told = self.reason.filter(|held| !held.passes() && (reason.passes() || *held >= reason));
                self.reason = Some(told.unwrap_or(reason));
            }
        }
    }
}

/// Judges every threshold of a budget, where `highest` is the highest reading of the period: below it is a correction.
#[must_use]
pub fn judge(
    budget: &Budget,
    measure: &Measure<'_>,
    highest: Bytes,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> Judged {
    judge_by(&mut Levels::default(), budget, measure, highest, span, view, now)
}

/// The same, with levels that may be those of the target before.
pub(super) fn judge_by(
    levels: &mut Levels,
    budget: &Budget,
    measure: &Measure<'_>,
    highest: Bytes,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> Judged {
    let mut found = Judged::default();
    let figures = measure.used.and_then(|used| measure.amount.map(|amount| (used, amount)));
    if let Ok((used, amount)) = figures {
        let highest = used.max(highest);
        // The way of a hundred thousand sub-users.
        for level in levels.of(budget, amount) {
            if level.is_met(used) {
                found.met = found.met.and(level.bit());
            } else if measure.at_least {
                found.note(level.at, Truth::Unknown(Unknown::PartsMissing { parts: 1 }), || false);
            } else if level.is_clear(highest) {
                found.clear = found.clear.and(level.bit());
            }
        }
    }
    for (at, threshold) in budget.thresholds.iter().enumerate() {
        match &threshold.when {
            Condition::Used(_) => {
                if let Err(reason) = figures {
                    found.note(at, Truth::Unknown(reason), || false);
                }
            }
            Condition::Forecast(share) => {
                let expected = figures.and_then(|(used, amount)| {
                    let period = span.period?;
                    let zone = &view.account.time_zone;
                    let summary = measure.summary.ok_or(Unknown::TooLittleHistory)?;
                    let found = expected_by_end(summary, used, period, now, zone);
                    found.map(|expected| (expected, amount)).ok_or(Unknown::TooLittleHistory)
                });
                let over = |share: Share| expected.map(|(expected, amount)| is_over(share, expected, amount));
                let clears = || over(share.times(threshold.clear)) == Ok(false);
                found.note(at, over(*share).into(), clears);
            }
            Condition::Burn(rule) => {
                let burn = burning(rule, measure, span, view, now);
                let reaches = |factor: Share| burn.map(|burn| burn.reaches(factor.ratio()));
                let clears = || reaches(rule.factor.times(threshold.clear)) == Ok(false);
                found.note(at, reaches(rule.factor).into(), clears);
            }
            Condition::Uncapped => found.note(at, uncapped(measure), || true),
            Condition::Silent(window) => {
                let silent = measure.summary.ok_or(Unknown::TooLittleHistory);
                let silent = silent.and_then(|summary| is_silent(summary, *window, view, now));
                found.note(at, silent.into(), || true);
            }
        }
    }
    found
}

/// The truth of one threshold with its reason, for who asks.
#[must_use]
pub fn truth_of(judged: &Judged, at: usize) -> Truth {
    match judged.reason.filter(|_| judged.unknown.has(at)) {
        Some(reason) => Truth::Unknown(reason),
        None => judged.met.has(at).into(),
    }
}

fn is_over(share: Share, used: Bytes, amount: Bytes) -> bool {
    least_over(share, amount).is_some_and(|least| used >= least)
}

/// The burn of a rule, by fresh figures.
pub(super) fn burning(
    rule: &BurnRule,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) -> Result<burn::Burn, Unknown> {
    let of_account = matches!(measure.of, Measured::Other(_));
    let collector = if of_account { Collector::Account } else { Collector::SubUsers };
    if let Some(observed) = measure.observed {
        span.fresh(collector, observed)?;
    }
    let summary = measure.summary.ok_or(Unknown::TooLittleHistory)?;
    burn::burn(summary, rule, measure.amount?, span.period?, now, view.account.gigabyte)
}

/// No limit at the vendor, or one that it does not enforce.
fn uncapped(measure: &Measure<'_>) -> Truth {
    match (measure.limit, measure.enforced) {
        (Some(Limit::Unlimited), _) => Truth::Yes,
        (Some(_), Some(false)) => Truth::Yes,
        (Some(_), Some(true)) | (Some(Limit::Blocked), None) => Truth::No,
        (Some(Limit::Bytes(_)), None) | (None, _) => Truth::Unknown(Unknown::LimitUnsaid),
    }
}

/// Nothing in the window, by one who used something on most of the remembered days.
fn is_silent(summary: &Summary, window: Duration, view: &View<'_>, now: Timestamp) -> Result<bool, Unknown> {
    let today = now.to_zoned(view.account.time_zone.clone()).date();
    let from = now.checked_sub(window).map_err(|_| Unknown::TooLittleHistory)?;
    let (used, _) = summary.used_between(from, now).ok_or(Unknown::TooLittleHistory)?;
    let days_of_window = u16::try_from(window.as_secs().div_ceil(86_400)).unwrap_or(u16::MAX);
    let (mut days, mut busy) = (0_u32, 0_u32);
    for (_, used) in summary.days_before(today).filter(|(ago, _)| *ago > days_of_window) {
        days += 1;
        busy += u32::from(used > Bytes(0));
    }
    if days < 3 {
        return Err(Unknown::TooLittleHistory);
    }
    Ok(used == Bytes(0) && busy * 2 > days)
}

/// Whether any threshold asks for the remembered days and hours.
pub(super) fn needs_history(thresholds: &[Threshold]) -> bool {
    let needs =
        |when: &Condition| matches!(when, Condition::Forecast(_) | Condition::Burn(_) | Condition::Silent(_));
    thresholds.iter().any(|threshold| needs(&threshold.when))
}
