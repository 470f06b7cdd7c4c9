//! An account as a whole: whether it answers, whether its figures move, which period and plan it shows.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::View;
use crate::domain::collector::Collector;
use crate::domain::event::Event;
use crate::domain::incident::{AccountState, Movement, Part};
use crate::domain::totals;

/// The oldest of the figures that are too old or have never come; nothing where all are fresh.
pub(super) fn oldest_stale(view: &View<'_>, now: Timestamp) -> Option<Timestamp> {
    let snapshot = view.snapshot;
    let held = [
        (Collector::Account, snapshot.account.as_ref().map(|reading| reading.observed)),
        (Collector::SubUsers, snapshot.sub_users.as_ref().map(|reading| reading.observed)),
        (Collector::Subscriptions, snapshot.subscriptions.as_ref().map(|reading| reading.observed)),
    ];
    let since = |collector: Collector, observed: Option<Timestamp>| {
        observed.filter(|observed| *observed < view.tolerance.oldest_fresh(collector, now))
    };
    if held.iter().any(|(_, observed)| observed.is_some()) {
        return held.into_iter().filter_map(|(collector, observed)| since(collector, observed)).min();
    }
    // What has never come is as old as the looking for it; one part that a vendor does not have is no outage.
    let looked = |(collector, _)| since(collector, view.tolerance.looks_since[collector as usize]);
    held.into_iter().filter_map(looked).min()
}

/// Compares an account with what is remembered of it.
pub(super) fn account(
    view: &View<'_>,
    before: &AccountState,
    suppressed: usize,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> AccountState {
    let name = || view.account.name.clone();
    let mut after = before.clone();

    // A rolling clock moves no period: only what the vendor or the billing day says does.
    if let Some(period) = totals::period(view.account, view.snapshot, now) {
        if let Some(old) = before.period.filter(|old| *old < period.start) {
            events.push(Event::PeriodBegan { account: name(), old, new: period.start });
        }
        after.period = before.period.max(Some(period.start));
    }
    if let Some(plan) = totals::plan(view.account, view.snapshot) {
        if let Some(from) = before.plan.filter(|from| *from != plan) {
            events.push(Event::PlanChanged { account: name(), from, to: plan });
        }
        after.plan = Some(plan);
    }

    let is_read = view.snapshot.account.is_some()
        || view.snapshot.sub_users.is_some()
        || view.snapshot.subscriptions.is_some();
    let stale = oldest_stale(view, now);
    // Where nobody has looked since the start, an outage before it may go on.
    if is_read || stale.is_some() {
        after.outage = stale.map(|since| before.outage.unwrap_or(since));
    }
    match (before.outage, after.outage) {
        (None, Some(since)) => events.push(Event::Outage { account: name(), since, suppressed }),
        (Some(since), None) => events.push(Event::Recovered { account: name(), since }),
        _ => {}
    }

    let total = view
        .snapshot
        .account
        .as_ref()
        .and_then(|reading| Some((u128::from(reading.value.traffic?.0), reading.observed)));
    let list = view.snapshot.sub_users.as_ref().map(|list| {
        let used = list.value.iter().filter_map(|row| Some(u128::from(row.usage.as_ref()?.value.traffic.0)));
        (used.sum(), list.observed)
    });
    after.total = moved(before.total, total);
    after.sub_users = moved(before.sub_users, list);
    // Nobody looks: that is the outage, and says nothing of what would be seen.
    if after.outage.is_none() {
        after.stuck = stuck(view, &after);
        let (was, is) = (before.stuck.map(|(part, _)| part), after.stuck.map(|(part, _)| part));
        if was != is {
            events.extend(was.map(|part| Event::Moving { account: name(), part }));
            events.extend(after.stuck.map(|(part, since)| Event::Stuck { account: name(), part, since }));
        }
    }
    after
}

fn moved(held: Option<Movement>, seen: Option<(u128, Timestamp)>) -> Option<Movement> {
    let Some((figure, looked)) = seen else { return held };
    let moved = held.filter(|held| held.figure == figure).map_or(looked, |held| held.moved);
    Some(Movement { figure, moved, looked })
}

/// What stands still while the rest moves, or all of it for longer than it ever rested.
fn stuck(view: &View<'_>, after: &AccountState) -> Option<(Part, Timestamp)> {
    let limit = view.tolerance.stuck_after;
    let rests = |figure: Movement| longer_than(figure.moved, figure.looked, limit);
    let everything = |figures: &[Movement]| {
        let since = figures.iter().map(|figure| figure.moved).max()?;
        let looked = figures.iter().map(|figure| figure.looked).min()?;
        let pause = view.history.account()?.longest_pause_before(since)?;
        (longer_than(since, looked, limit) && longer_than(since, looked, pause))
            .then_some((Part::Everything, since))
    };
    match (after.total, after.sub_users) {
        (Some(total), Some(list)) => match (rests(total), rests(list)) {
            (true, false) if list.moved > total.moved => Some((Part::Total, total.moved)),
            (false, true) if total.moved > list.moved => Some((Part::SubUsers, list.moved)),
            (true, true) => everything(&[total, list]),
            _ => None,
        },
        (Some(one), None) | (None, Some(one)) => everything(&[one]),
        (None, None) => None,
    }
}

fn longer_than(from: Timestamp, until: Timestamp, limit: Duration) -> bool {
    SignedDuration::try_from(limit).is_ok_and(|limit| until.duration_since(from) >= limit)
}
