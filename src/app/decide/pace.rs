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
use crate::domain::collector::Collector;
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::{self, Span};
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
            let Some((observed, took)) = newest(watched) else { continue };
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

/// When the newest figures were observed, and how long that took from the asking.
fn newest(watched: &Watched) -> Option<(Timestamp, Duration)> {
    let of = |collector| {
        watched.known(collector, |known| {
            let took = known.observed?.duration_since(known.last_attempt?);
            Some((known.observed?, Duration::try_from(took).unwrap_or_default()))
        })?
    };
    JUDGED.into_iter().filter_map(of).max()
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
