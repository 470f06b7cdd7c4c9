//! How fast a budget burns: against the pace that would just last, over a long and a short window.
//!
//! An estimate: the pace is a float, made of whole bytes.

use std::time::Duration;

use jiff::Timestamp;

use super::budget::threshold::BurnRule;
use super::history::{self, Summary};
use super::period::Period;
use super::truth::Unknown;
use super::units::{Bytes, Gigabyte};

/// How often the pace that would just last goes into the pace of two windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burn {
    /// Over the long window.
    pub long: f64,
    /// Over the short window.
    pub short: f64,
}

impl Burn {
    /// Whether both windows burn at least so fast.
    #[must_use]
    pub fn reaches(&self, factor: f64) -> bool {
        self.long >= factor && self.short >= factor
    }
}

/// The burn of both windows of a rule.
///
/// The pace that would just last is the whole amount over the whole period.
/// Vendors count in steps of 0.01 GB: what one step explains burns nothing.
///
/// # Errors
/// A window that is not known whole, or an amount of nothing.
pub fn burn(
    summary: &Summary,
    rule: &BurnRule,
    amount: Bytes,
    period: Period,
    now: Timestamp,
    gigabyte: Gigabyte,
) -> Result<Burn, Unknown> {
    let span = (period.end.as_second() - period.start.as_second()) as f64;
    let lasting = amount.0 as f64 / span;
    if lasting.is_nan() || lasting <= 0.0 {
        return Err(Unknown::TooLittleHistory);
    }
    let step = history::rounded(Bytes(gigabyte.bytes() / 100));
    let pace = |window: Duration| {
        let from = now.checked_sub(window).map_err(|_| Unknown::TooLittleHistory)?;
        let (used, covered) = summary.used_between(from, now).ok_or(Unknown::TooLittleHistory)?;
        let sure = if used <= step { 0.0 } else { used.0 as f64 };
        Ok::<f64, Unknown>(sure / covered.as_secs_f64() / lasting)
    };
    Ok(Burn { long: pace(rule.long)?, short: pace(rule.short)? })
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::domain::budget::amount::Share;

    const RULE: BurnRule = BurnRule {
        factor: Share::percent(600),
        long: Duration::from_secs(3 * 3_600),
        short: Duration::from_secs(1_800),
    };

    /// 720 GB in 30 days: 1 GB an hour just lasts.
    fn judged(hours: &[u64]) -> Result<Burn, Unknown> {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let now = start + 240.hours();
        let mut summary = Summary::default();
        for (back, megabytes) in hours.iter().rev().enumerate() {
            summary.set_hour(now - (i64::try_from(back).unwrap() + 1).hours(), Bytes(megabytes * 1_000_000));
        }
        let period = Period { start, end: start + 720.hours() };
        burn(&summary, &RULE, Bytes(720_000_000_000), period, now, Gigabyte::Decimal)
    }

    #[test]
    fn burning_is_told_in_times_the_pace_that_just_lasts() {
        let found = judged(&[1_000, 1_000, 1_000, 1_000]).unwrap();
        assert!((found.long - 1.0).abs() < 0.001 && (found.short - 1.0).abs() < 0.001, "{found:?}");
        assert!(judged(&[0, 7_000, 7_000, 7_000]).unwrap().reaches(6.0));
    }

    #[test]
    fn a_spike_that_is_over_and_one_that_has_just_begun_do_not_reach_both() {
        assert!(!judged(&[0, 30_000, 0, 0]).unwrap().reaches(6.0), "over");
        assert!(!judged(&[0, 0, 0, 10_000]).unwrap().reaches(6.0), "just begun");
    }

    #[test]
    fn one_step_of_the_vendors_counter_burns_nothing() {
        let found = judged(&[0, 0, 0, 10]).unwrap();
        assert_eq!((found.long, found.short), (0.0, 0.0));
    }

    #[test]
    fn a_window_with_a_gap_is_not_known() {
        assert_eq!(judged(&[5_000, 5_000]), Err(Unknown::TooLittleHistory));
    }
}
