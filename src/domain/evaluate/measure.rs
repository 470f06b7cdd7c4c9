//! What a budget measures: the figures of each target, or why there are none.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::View;
use super::granted::Granted;
pub use super::span::Span;
use crate::domain::budget::amount::Amount;
use crate::domain::budget::selector::fits;
use crate::domain::budget::{Budget, Per};
use crate::domain::collector::Collector;
use crate::domain::history::Summary;
use crate::domain::incident::{SubUserIdentity, Target};
use crate::domain::period::Period;
use crate::domain::snapshot::{Reading, SubUserRow};
use crate::domain::totals;
use crate::domain::traffic::{Usage, Window};
use crate::domain::truth::Unknown;
use crate::domain::units::{Bytes, Limit};

/// What is measured, without a copy of a sub-user's names.
#[derive(Clone, Debug)]
pub enum Measured<'a> {
    /// A row of the list and its product.
    Row(&'a SubUserRow, &'a Arc<str>),
    /// Anything else.
    Other(Target),
}

impl Measured<'_> {
    /// The target as it is kept.
    #[must_use]
    pub fn target(&self) -> Target {
        match self {
            Self::Row(row, product) => Target::SubUser(Arc::new(SubUserIdentity {
                key: row.sub_user.key(),
                product: Arc::clone(product),
                name: row.sub_user.username.clone(),
            })),
            Self::Other(target) => target.clone(),
        }
    }
}

/// The figures of one target of a budget.
#[derive(Clone, Debug)]
pub struct Measure<'a> {
    /// What is measured.
    pub of: Measured<'a>,
    /// What was used in the span.
    pub used: Result<Bytes, Unknown>,
    /// Whether `used` is at least so much, and may be more.
    pub at_least: bool,
    /// When that was observed.
    pub observed: Option<Timestamp>,
    /// How much may be used, with what was granted.
    pub amount: Result<Bytes, Unknown>,
    /// What of it was granted.
    pub granted: Bytes,
    /// The person's limit at the vendor.
    pub limit: Option<Limit>,
    /// Whether the vendor cuts off at its limit.
    pub enforced: Option<bool>,
    /// What is remembered, where a threshold asks for it.
    pub summary: Option<&'a Summary>,
}

/// The figures of everything that a budget means at one account.
pub fn each<'a>(
    budget: &Budget,
    view: &View<'a>,
    span: &Span,
    now: Timestamp,
    needs_history: bool,
    mut then: impl FnMut(Measure<'a>, &Span),
) {
    let plan = totals::plan(view.account, view.snapshot);
    let amount = |limit| budget.amount.bytes(view.account.gigabyte, limit, plan);
    let other = |target, used, observed, limit| Measure {
        of: Measured::Other(target),
        used,
        at_least: false,
        observed,
        amount: amount(limit),
        granted: Bytes(0),
        limit,
        enforced: None,
        summary: None,
    };
    match budget.per {
        Per::SubUser => {
            // Decimals are slow, and only a share of the limit differs from row to row.
            let same = (!matches!(budget.amount, Amount::ShareOfLimit(_))).then(|| amount(None));
            let granted = Granted::new(budget, view, span, now);
            for (row, product) in chosen(budget, view) {
                let granted = granted.to(key_of(row), product);
                then(of_row(budget, view, span, (same, granted), (row, product), needs_history), span);
            }
        }
        Per::Account => {
            let (used, observed) = of_account(budget, view, span, now);
            let whole = needs_history && !budget.selectors.chooses_sub_users();
            let summary = if whole { view.history.account() } else { None };
            then(Measure { summary, ..other(Target::Account, used, observed, None) }, span);
        }
        Per::Unattributed => {
            let (used, observed) = unattributed(view, span, now);
            then(other(Target::Unattributed, used, observed, None), span);
        }
        Per::Target => {
            for (domain, used) in domains(budget, view, span, now) {
                let at_least = used.1;
                let measure = other(Target::Domain(domain), used.0, used.2, None);
                then(Measure { at_least, ..measure }, span);
            }
        }
        Per::Subscription => plans(budget, view, span, now, |name, used, observed, limit, span| {
            // The plan of a plan is its own size.
            let own = limit.and_then(Limit::bytes);
            let amount = budget.amount.bytes(view.account.gigabyte, limit, own.or(plan));
            then(Measure { amount, ..other(Target::Subscription(name), used, observed, limit) }, span);
        }),
    }
}

/// How much one sub-user may use, or why that is not known, and what of it was granted.
pub fn allowance_of(
    budget: &Budget,
    view: &View<'_>,
    now: Timestamp,
    row: &SubUserRow,
) -> (Result<Bytes, Unknown>, Bytes) {
    let span = Span::new(budget.period, view, now);
    let product = row.sub_user.product.as_ref().unwrap_or(&view.account.product);
    let granted = Granted::new(budget, view, &span, now).to(key_of(row), product);
    (of_row(budget, view, &span, (None, granted), (row, product), false).amount, granted)
}

/// The rows that a budget means, with their products.
fn chosen<'a>(budget: &Budget, view: &View<'a>) -> impl Iterator<Item = (&'a SubUserRow, &'a Arc<str>)> {
    let account = view.account;
    view.snapshot.rows().iter().filter_map(move |row| {
        let product = row.sub_user.product.as_ref().unwrap_or(&account.product);
        budget.selectors.fits_sub_user(product, &row.sub_user.username).then_some((row, product))
    })
}

fn of_row<'a>(
    budget: &Budget,
    view: &View<'a>,
    span: &Span,
    (same, granted): (Option<Result<Bytes, Unknown>>, Bytes),
    (row, product): (&'a SubUserRow, &'a Arc<str>),
    needs_history: bool,
) -> Measure<'a> {
    // `window` and `summary` are asked by key, which costs a copy: only where they are needed.
    let key = || row.sub_user.key();
    let ask = |period: Period| view.history.window(Some(&key()), period.start, period.end);
    let held = if view.holds.is_empty() { None } else { view.holds.get(&key()).copied() };
    let limit = held.or(row.sub_user.limit);
    let amount = same.unwrap_or_else(|| budget.amount.bytes(view.account.gigabyte, limit, None));
    Measure {
        of: Measured::Row(row, product),
        used: span.used(Collector::SubUsers, row.usage.as_ref(), ask),
        at_least: false,
        observed: row.usage.as_ref().map(|usage| usage.observed),
        amount: amount.map(|amount| amount.saturating_add(granted)),
        granted,
        limit,
        enforced: row.sub_user.limit_enforced,
        summary: if needs_history { view.history.sub_user(&key()) } else { None },
    }
}

/// The account's own total, or the sum of the sub-users that are chosen, of which every part must be of the newest list.
fn of_account(
    budget: &Budget,
    view: &View<'_>,
    span: &Span,
    now: Timestamp,
) -> (Result<Bytes, Unknown>, Option<Timestamp>) {
    if budget.selectors.chooses_sub_users() {
        let Some(list) = &view.snapshot.sub_users else { return (Err(Unknown::FirstLook), None) };
        return (sum(budget, view, span, list.observed), Some(list.observed));
    }
    let own = view.snapshot.account.as_ref().filter(|reading| reading.value.traffic.is_some());

    let observed = own.map(|reading| reading.observed);
    let observed = observed.or(view.snapshot.subscriptions.as_ref().map(|reading| reading.observed));
    let used = totals::traffic(view.snapshot).zip(observed).ok_or(Unknown::FirstLook);
    let used = used.and_then(|(traffic, observed)| {
        let collector = if own.is_some() { Collector::Account } else { Collector::Subscriptions };
        span.fresh(collector, observed)?;
        let period = span.period?;
        span.within(observed)?;
        if !span.is_counted_by(&Window::Period) {
            let window = view.history.window(None, period.start, now);
            return window.ok_or(Unknown::AnotherSpan);
        }
        Ok(traffic)
    });
    (used, observed)
}

fn sum(budget: &Budget, view: &View<'_>, span: &Span, listed: Timestamp) -> Result<Bytes, Unknown> {
    span.fresh(Collector::SubUsers, listed)?;
    let (mut total, mut missing, mut reason) = (Bytes(0), 0, None);
    for (row, _) in chosen(budget, view) {
        let key = || row.sub_user.key();
        let ask = |period: Period| view.history.window(Some(&key()), period.start, period.end);
        match span.used(Collector::SubUsers, row.usage.as_ref(), ask) {
            Ok(used) if row.usage.as_ref().is_some_and(|usage| usage.observed >= listed) => {
                total = total.saturating_add(used);
            }
            Ok(_) | Err(Unknown::Stale { .. } | Unknown::NeverRead) => missing += 1,
            Err(other) => reason = reason.max(Some(other)),
        }
    }
    match (missing, reason) {
        (0, None) => Ok(total),
        (0, Some(reason)) => Err(reason),
        (parts, _) => Err(Unknown::PartsMissing { parts }),
    }
}

fn unattributed(view: &View<'_>, span: &Span, now: Timestamp) -> (Result<Bytes, Unknown>, Option<Timestamp>) {
    let (Some(own), Some(list)) = (&view.snapshot.account, &view.snapshot.sub_users) else {
        return (Err(Unknown::FirstLook), None);
    };
    let observed = own.observed.min(list.observed);
    let fresh = span.fresh(Collector::Account, own.observed);
    let used = fresh.and(span.fresh(Collector::SubUsers, list.observed)).and_then(|()| {
        span.within(observed)?;
        if !span.is_counted_by(&Window::Period) {
            return Err(span.period.err().unwrap_or(Unknown::AnotherSpan));
        }
        let is_old =
            |row: &&SubUserRow| row.usage.as_ref().is_none_or(|usage| usage.observed < list.observed);
        let parts = list.value.iter().filter(is_old).count();
        if parts > 0 {
            return Err(Unknown::PartsMissing { parts });
        }
        let rest = totals::unattributed(view.account, view.snapshot, now).ok_or(Unknown::AnotherSpan)?;
        // Below nothing is a delay between two figures.
        Ok(Bytes(u64::try_from(rest.max(0)).unwrap_or(u64::MAX)))
    });
    (used, Some(observed))
}

type OfDomain = (Result<Bytes, Unknown>, bool, Option<Timestamp>);

/// Domains over the days of the span that were read: at least so much, where a day is missing.
fn domains(budget: &Budget, view: &View<'_>, span: &Span, now: Timestamp) -> BTreeMap<Arc<str>, OfDomain> {
    let mut found = BTreeMap::new();
    let zone = &view.account.time_zone;
    let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let (first, today) = (span.period.map(|period| date(period.start)), date(now));
    let mut sums: BTreeMap<&Arc<str>, Bytes> = BTreeMap::new();
    let (mut complete, mut newest) = (true, None);
    for (row, _) in chosen(budget, view) {
        let Some(days) = view.snapshot.targets.get(&row.sub_user.key()) else {
            complete = false;
            continue;
        };
        let first = first.unwrap_or(Date::MIN);
        let read = days.range(first..=today.max(first));
        let mut days_read = 0;
        for (_, reading) in read {
            days_read += 1;
            newest = newest.max(Some(reading.observed));
            for target in &reading.value {
                if fits(budget.selectors.target.as_ref(), &target.target) {
                    let sum = sums.entry(&target.target).or_default();
                    *sum = sum.saturating_add(target.traffic);
                }
            }
        }
        let days_of_span = first.until(today).map_or(i32::MAX, |span| span.get_days()).saturating_add(1);
        complete &= days_read == days_of_span;
    }
    complete &= newest.is_some_and(|newest| span.fresh(Collector::Targets, newest).is_ok());
    for (domain, used) in sums {
        let used = first.map(|_| used);
        found.insert(Arc::clone(domain), (used, !complete, newest));
    }
    found
}

/// Plans, each in its own dates where the budget's span is the vendor's.
fn plans(
    budget: &Budget,
    view: &View<'_>,
    span: &Span,
    now: Timestamp,
    mut then: impl FnMut(Arc<str>, Result<Bytes, Unknown>, Option<Timestamp>, Option<Limit>, &Span),
) {
    let Some(reading) = &view.snapshot.subscriptions else { return };
    for plan in &reading.value {
        let product = plan.product.as_ref().unwrap_or(&view.account.product);
        if !fits(budget.selectors.subscription.as_ref(), &plan.name)
            || !fits(budget.selectors.product.as_ref(), product)
        {
            continue;
        }
        let zone = &view.account.time_zone;
        let dates = plan.valid_from.zip(plan.valid_until);
        let own = dates.and_then(|(from, until)| Period::of_dates(from, until, zone));
        let own = own.filter(|period| period.contains(now)).or(span.period.ok().filter(|_| dates.is_none()));
        let period = budget.period.at(now, zone, own).ok_or(Unknown::NoPeriod);
        let own_span = Span::of(period, budget.period, own, view, now);
        let usage = plan.traffic.map(|traffic| Reading {
            observed: reading.observed,
            value: Usage { traffic, requests: None, window: Window::Period },
        });
        let used = own_span.used(Collector::Subscriptions, usage.as_ref(), |_| None);
        then(plan.name.clone(), used, Some(reading.observed), plan.limit, &own_span);
    }
}

/// Whether a row is this sub-user's.
pub(in crate::domain) fn is_row_of(row: &SubUserRow, product: &str, identity: &SubUserIdentity) -> bool {
    let key = row.sub_user.id.as_ref().map_or(&row.sub_user.username, |id| &id.0);
    *key == identity.key.0 && *product == *identity.product
}

/// A row's key without a copy.
#[must_use]
pub fn key_of(row: &SubUserRow) -> &str {
    row.sub_user.id.as_ref().map_or(&*row.sub_user.username, |id| &*id.0)
}
