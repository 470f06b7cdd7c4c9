//! The accounts through virtual time: what is true of each, what is remembered, and what was judged before.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Rehearsal;
use super::source::Source;
use crate::domain::account::{Account, AccountName};
use crate::domain::budget::Budget;
use crate::domain::collector::Collector;
use crate::domain::evaluate::{Tolerance, View};
use crate::domain::incident::Incidents;
use crate::domain::judgement::{Judgement, Rules, judge};
use crate::domain::ledger::Ledger;
use crate::domain::period::Period;
use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::domain::totals;
use crate::domain::units::Limit;

/// As `serve` has it where nothing is configured: three intervals, at least this.
const LEAST_STALE_AFTER: Duration = Duration::from_secs(20 * 60);

/// One account through time.
pub(super) struct Seat {
    pub(super) account: Account,
    pub(super) snapshot: Snapshot,
    ledger: Ledger,
}

/// All accounts through time.
pub(super) struct Stage {
    pub(super) seats: Vec<Seat>,
    incidents: Incidents,
    tolerance: Tolerance,
}

impl Stage {
    pub(super) fn new(rehearsal: &Rehearsal) -> Self {
        let Rehearsal { rules, accounts, every, lag, stale_after, .. } = rehearsal;
        let mut periods: Vec<_> = rules.budgets.iter().map(|budget| budget.period).collect();
        periods.dedup();
        let seat = |account: &Account| Seat {
            account: account.clone(),
            snapshot: Snapshot::default(),
            ledger: Ledger::new(account.time_zone.clone(), *lag, &periods),
        };
        let usual = (every.unsigned_abs() * 3).max(LEAST_STALE_AFTER);
        let stale_after = [stale_after.unwrap_or(usual); Collector::ALL.len()];
        Self {
            seats: accounts.iter().map(seat).collect(),
            incidents: Incidents::default(),
            tolerance: Tolerance { stale_after, lag: *lag, ..Tolerance::default() },
        }
    }

    /// The account of this name and its place.
    pub(super) fn seat(&self, name: &AccountName) -> Option<(usize, &Seat)> {
        self.seats.iter().enumerate().find(|(_, seat)| seat.account.name == *name)
    }

    /// Counts what the snapshots have that is new.
    pub(super) fn take(&mut self, now: Timestamp) {
        for seat in &mut self.seats {
            // What is to be saved of it has no store here.
            drop(seat.ledger.take(&seat.account, &seat.snapshot, now));
        }
    }

    /// Reads what the vendors' own history has of the time before, as `backfill` would.
    pub(super) fn remember(&mut self, source: &dyn Source, now: Timestamp) {
        for (at, seat) in self.seats.iter_mut().enumerate() {
            for (key, days) in source.days_before(at) {
                if let Some((first, _)) = days.first() {
                    seat.ledger.backfill(&key, *first, &days);
                }
            }
            for uncovered in seat.ledger.uncovered() {
                let total = source.used(at, &uncovered.key, uncovered.from, now);
                seat.ledger.base(&uncovered.key, uncovered.from, total);
            }
        }
    }

    /// Judges everything as it is now.
    pub(super) fn judge(&mut self, rules: &Rules, now: Timestamp) -> Judgement {
        let holds = BTreeMap::new();
        let tolerance = self.tolerance;
        let view = |seat| view(seat, &holds, tolerance);
        let views: Vec<View<'_>> = self.seats.iter().map(view).collect();
        let mut judgement = judge(rules, &views, &self.incidents, now);
        drop(views);
        self.incidents = std::mem::take(&mut judgement.incidents);
        judgement
    }
}

/// What is judged by; people's limits and grants are not rehearsed.
fn view<'s>(seat: &'s Seat, holds: &'s BTreeMap<SubUserKey, Limit>, tolerance: Tolerance) -> View<'s> {
    let Seat { account, snapshot, ledger } = seat;
    View { account, snapshot, history: ledger, holds, grants: &[], tolerance }
}

impl Seat {
    /// The period of a budget, with whose end what was lowered is restored; the vendor's where it is a rolling one.
    pub(super) fn period_of(&self, budget: &Budget, now: Timestamp) -> Option<Period> {
        let vendor = totals::period(&self.account, &self.snapshot, now);
        if budget.period.is_rolling() {
            return vendor;
        }
        budget.period.at(now, &self.account.time_zone, vendor)
    }
}
