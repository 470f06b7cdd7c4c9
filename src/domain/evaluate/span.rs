//! The span that a budget counts at one account, and which of the vendor's figures count just that.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::View;
use crate::domain::budget::period::PeriodRule;
use crate::domain::collector::Collector;
use crate::domain::period::Period;
use crate::domain::snapshot::Reading;
use crate::domain::totals;
use crate::domain::traffic::{Usage, Window};
use crate::domain::truth::Unknown;
use crate::domain::units::Bytes;

/// A budget's span at one account, worked out once an evaluation.
#[derive(Clone, Debug)]
pub struct Span {
    /// The span, or why there is none.
    pub period: Result<Period, Unknown>,
    rolling: bool,
    start: DateTime,
    is_vendors: bool,
    is_from_first_of_month: bool,
    oldest_fresh: [Timestamp; Collector::ALL.len()],
}

impl Span {
    /// The span of a rule at an account.
    #[must_use]
    pub fn new(rule: PeriodRule, view: &View<'_>, now: Timestamp) -> Self {
        let vendor = totals::period(view.account, view.snapshot, now);
        let zone = &view.account.time_zone;
        let period = rule.at(now, zone, vendor).ok_or(Unknown::NoPeriod);
        Self::of(period, rule, vendor, view, now)
    }

    /// The span of one plan, by its own dates.
    pub(super) fn of(
        period: Result<Period, Unknown>,
        rule: PeriodRule,
        vendor: Option<Period>,
        view: &View<'_>,
        now: Timestamp,
    ) -> Self {
        let civil = |at: Timestamp| at.to_zoned(view.account.time_zone.clone()).datetime();
        let start = period.map_or(DateTime::MIN, |period| civil(period.start));
        let same_start =
            |other: Option<Period>| other.is_some_and(|other| period.is_ok_and(|p| p.start == other.start));
        let of_month = Period::month_of_day(1, now, &view.account.time_zone);
        Self {
            period,
            rolling: rule.is_rolling(),
            start,
            is_vendors: !rule.is_rolling() && same_start(vendor),
            is_from_first_of_month: !rule.is_rolling() && same_start(of_month),
            oldest_fresh: Collector::ALL.map(|collector| view.tolerance.oldest_fresh(collector, now)),
        }
    }

    /// When the period started; nothing where it moves with the clock.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.period.ok().filter(|_| !self.rolling).map(|period| period.start)
    }

    /// Whether the vendor's figure counts just this span.
    pub(super) fn is_counted_by(&self, window: &Window) -> bool {
        if self.rolling {
            return false;
        }
        match window {
            Window::Period => self.is_vendors,
            Window::CalendarMonth => self.is_from_first_of_month,
            Window::Since(since) => *since == self.start,
            Window::Dates(from, _) => from.at(0, 0, 0, 0) == self.start,
            Window::Lifetime | Window::Unknown => false,
        }
    }

    /// What was used in it by the vendor's own counter, else by the history's window.
    pub(super) fn used(
        &self,
        collector: Collector,
        usage: Option<&Reading<Usage>>,
        window: impl FnOnce(Period) -> Option<Bytes>,
    ) -> Result<Bytes, Unknown> {
        let usage = usage.ok_or(Unknown::NeverRead)?;
        self.fresh(collector, usage.observed)?;
        let period = self.period?;
        self.within(usage.observed)?;
        if !self.is_counted_by(&usage.value.window) {
            return window(period).ok_or(Unknown::AnotherSpan);
        }
        Ok(usage.value.traffic)
    }

    /// Whether a figure is fresh enough to judge by.
    pub(super) fn fresh(&self, collector: Collector, observed: Timestamp) -> Result<(), Unknown> {
        if observed < self.oldest_fresh[collector as usize] {
            Err(Unknown::Stale { observed })
        } else {
            Ok(())
        }
    }

    /// Whether a figure was observed since the period started.
    pub(super) fn within(&self, observed: Timestamp) -> Result<(), Unknown> {
        if self.period.is_ok_and(|period| observed < period.start) {
            return Err(Unknown::BeforePeriod);
        }
        Ok(())
    }
}
