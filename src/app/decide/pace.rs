//! When to look again: in time for the nearest threshold, told to the account's workers after each look.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Decider, Held, Known, Settings, views};
use crate::app::generation::JUDGED;
use crate::app::publisher::off_the_workers;
use crate::app::watch::Watched;
use crate::collect::pacing::extra::calls_of;
use crate::collect::pacing::{Headroom, Pace};
use crate::domain::account::AccountName;
use crate::domain::budget::threshold::Condition;
use crate::domain::budget::{Budget, Per};
use crate::domain::collector::Collector;
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::{self, Span};
use crate::domain::snapshot::Snapshot;
use crate::domain::units::Bytes;

/// The window of which the recent pace is taken where it is known.
const RECENT: SignedDuration = SignedDuration::from_mins(30);

/// What is held of an account's pace.
pub(super) struct Paced {
    pace: Pace,
    /// What each target of each budget had used at the look before, in the order in which they are measured.
    before: Vec<Bytes>,
}

pub(super) type ByAccount = BTreeMap<AccountName, Paced>;

impl Decider {
    /// Says to each account's workers when to look again, if at all.
    pub(super) fn pace(&self, held: &mut Held, settings: &Settings, known: &[Known], now: Timestamp) {
        let state = self.watch.state();
        let mut paces = std::mem::take(&mut held.paces);
        for (known, view) in known.iter().zip(views(known, held)) {
            let name = &known.account.name;
            let Some(watched) = state.accounts.get(name) else { continue };
            let paced = paces
                .entry(name.clone())
                .or_insert_with(|| Paced { pace: Pace::new(settings.lag), before: Vec::new() });
            let passes = passes(settings, watched, &known.snapshot);
            let Some((observed, took)) = newest(&passes, now, settings.look_again_floor) else { continue };
            if paced.pace.looked().is_none_or(|looked| observed > looked) {
                let (headrooms, used) = off_the_workers(|| headrooms(settings, &view, &paced.before, now));
                paced.pace.look(observed, took, headrooms);
                paced.before = used;
            }
            let looks = watched.extra.left(now) / calls_of_a_look(watched);
            let next = next_scheduled(watched, now)
                .and_then(|scheduled| paced.pace.next_look(now, scheduled, settings.look_again_floor, looks));
            watched.again.send_if_modified(|wanted| std::mem::replace(wanted, next) != next);
        }
        held.paces = paces;
    }
}

/// What it takes to look again, never nothing.
fn calls_of_a_look(watched: &Watched) -> u32 {
    let is_there = |collector: &Collector| watched.known(*collector, |_| ()).is_some();
    let kept = u32::try_from(watched.holder.kept().len()).unwrap_or(u32::MAX);
    let calls = JUDGED.into_iter().filter(is_there).filter_map(calls_of).sum::<u32>();
    calls.saturating_add(kept).max(1)
}

/// The last pass of a collector.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    began: Option<Timestamp>,
    observed: Option<Timestamp>,
    failed: Option<Timestamp>,
}

/// The last passes of those collectors whose figures can reach a threshold of the account.
///
/// What was observed is what the snapshot holds: a pass may have ended since, and its news are judged next.
fn passes(settings: &Settings, watched: &Watched, snapshot: &Snapshot) -> Vec<Last> {
    let account = watched.holder.account();
    let is_paced = |budget: &&Budget| {
        budget.selectors.fits_account(account.provider, account.name.as_str())
            && budget.thresholds.iter().any(|threshold| matches!(threshold.when, Condition::Used(_)))
    };
    let budgets: Vec<&Budget> = settings.rules.budgets.iter().filter(is_paced).collect();
    let is_read = |collector: &Collector| budgets.iter().any(|budget| reads(budget, *collector));
    let last = |collector| {
        watched.known(collector, |known| Last {
            began: known.last_attempt,
            observed: match collector {
                Collector::Account => snapshot.account.as_ref().map(|reading| reading.observed),
                _ => snapshot.sub_users.as_ref().map(|list| list.observed),
            },
            failed: known.failure.as_ref().map(|(_, at)| *at),
        })
    };
    JUDGED.into_iter().filter(is_read).filter_map(last).collect()
}

/// When the newest figures were observed, and how long that took from the asking; nothing while a pass is under way.
///
/// Passes that are due together are one look, over when all are: taken one by one, those without news would teach that
/// figures rest, and the next look would come later than it helps. For one that takes longer than the floor nobody waits.
fn newest(passes: &[Last], now: Timestamp, floor: Duration) -> Option<(Timestamp, Duration)> {
    let is_waited_for = |last: &Last| {
        let is_under_way = last.began > last.observed.max(last.failed);
        is_under_way && last.began.is_some_and(|began| now.duration_since(began).unsigned_abs() < floor)
    };
    if passes.iter().any(is_waited_for) {
        return None;
    }
    let of = |last: &Last| {
        let took = last.observed?.duration_since(last.began?);
        Some((last.observed?, Duration::try_from(took).unwrap_or_default()))
    };
    passes.iter().filter_map(of).max()
}

/// Whether a budget's figures are of this collector.
fn reads(budget: &Budget, collector: Collector) -> bool {
    match budget.per {
        Per::SubUser => collector == Collector::SubUsers,
        Per::Account if budget.selectors.chooses_sub_users() => collector == Collector::SubUsers,
        Per::Account => collector == Collector::Account,
        Per::Unattributed => true,
        // Read by collectors that nobody asks to look again.
        Per::Target | Per::Subscription => false,
    }
}

fn next_scheduled(watched: &Watched, now: Timestamp) -> Option<Timestamp> {
    let due = |collector| watched.known(collector, |known| known.cron.next_after(now))?;
    JUDGED.into_iter().filter_map(due).min()
}

/// How far each target is from the nearest threshold that it has not reached, and what each has used.
fn headrooms(
    settings: &Settings,
    view: &View<'_>,
    before: &[Bytes],
    now: Timestamp,
) -> (Vec<Headroom>, Vec<Bytes>) {
    let (mut found, mut all) = (Vec::new(), Vec::with_capacity(before.len()));
    let since = now.checked_sub(RECENT).unwrap_or(now);
    for budget in &settings.rules.budgets {
        if !budget.selectors.fits_account(view.account.provider, view.account.name.as_str()) {
            continue;
        }
        let shares: Vec<_> = budget
            .thresholds
            .iter()
            .filter_map(|threshold| match threshold.when {
                Condition::Used(share) => Some(share),
                _ => None,
            })
            .collect();
        if shares.is_empty() {
            continue;
        }
        let span = Span::new(budget.period, view, now);
        measure::each(budget, view, &span, now, true, |measure, _| {
            let used = measure.used.unwrap_or_default();
            let grew = before.get(all.len()).map_or(0, |before| used.0.saturating_sub(before.0));
            all.push(used);
            let Ok(amount) = measure.amount else { return };
            let levels = shares.iter().map(|share| share.of(amount));
            let Some(next) = levels.filter(|level| *level > used).min() else { return };
            let recent = measure.summary.and_then(|summary| summary.used_between(since, now));
            let pace = recent.map_or(0.0, |(used, covered)| used.0 as f64 / covered.as_secs_f64().max(1.0));
            if grew > 0 || pace > 0.0 {
                found.push(Headroom { left: Bytes(next.0 - used.0), grew: Bytes(grew), pace });
            }
        });
    }
    (found, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    #[test]
    fn passes_that_are_due_together_are_one_look() {
        let floor = Duration::from_secs(20);
        let last = |began, observed| Last { began: at(began), observed: at(observed), failed: None };
        let (account, list) = (last(60, 61), last(60, 63));
        let look = |passes: &[Last], now| newest(passes, Timestamp::from_second(now).unwrap(), floor);
        assert_eq!(look(&[last(60, 1), last(60, 2)], 60), None, "both are under way");
        assert_eq!(look(&[account, last(60, 2)], 61), None, "one is");
        assert_eq!(look(&[account, list], 63), Some((at(63).unwrap(), Duration::from_secs(3))));
        assert_eq!(look(&[last(60, 2), list], 79), None);
        let late = Some((at(63).unwrap(), Duration::from_secs(3)));
        assert_eq!(look(&[last(60, 2), list], 80), late, "nobody waits longer than a look can be sooner");
        let failed = Last { failed: at(62), ..last(60, 2) };
        assert_eq!(look(&[failed, list], 63), late, "one that failed is over");
        assert_eq!(look(&[Last::default()], 63), None);
    }
}
