//! Who hears of what: the receivers of every threshold that was passed on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::budget::Budget;
use crate::domain::budget::threshold::Threshold;
use crate::domain::incident::{Incidents, Latches};

/// Whether a threshold is passed before another of its kind, or is that one.
fn is_on_the_way(threshold: &Threshold, to: &Threshold) -> bool {
    threshold.when.kind() == to.when.kind() && threshold.when.compare(&to.when).is_le()
}

/// Everybody who hears of one of these thresholds.
pub(super) fn of_latched(budget: &Budget, latched: Latches) -> BTreeSet<&Arc<str>> {
    latched
        .iter()
        .filter_map(|at| budget.thresholds.get(at))
        .flat_map(|threshold| &threshold.notify)
        .collect()
}

/// Everybody who may have heard of an incident that stands at a threshold.
pub(super) fn of_incident<'b>(budget: &'b Budget, at: &Threshold) -> BTreeSet<&'b Arc<str>> {
    let passed = budget.thresholds.iter().filter(|threshold| is_on_the_way(threshold, at));
    passed.flat_map(|threshold| &threshold.notify).collect()
}

/// Everybody who hears of any threshold of a budget.
pub(super) fn everybody(budget: &Budget) -> BTreeSet<&Arc<str>> {
    budget.thresholds.iter().flat_map(|threshold| &threshold.notify).collect()
}

/// The threshold of a budget that nothing holds back: the loudest, of several the one about most usage.
#[must_use]
pub fn is_highest(budget: &Budget, threshold: &Threshold) -> bool {
    let rank = |one: &Threshold| (one.severity, std::cmp::Reverse(one.when.kind()));
    let highest = budget
        .thresholds
        .iter()
        .max_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.when.compare(&other.when)));
    highest.is_some_and(|highest| highest.name == threshold.name)
}

/// How many open incidents of a budget a receiver hears of.
#[must_use]
pub fn open_for(budget: &Budget, incidents: &Incidents, receiver: &str) -> usize {
    let Some(state) = incidents.budgets.get(&budget.name) else { return 0 };
    let hears: Vec<bool> = state
        .thresholds
        .iter()
        .map(|(name, _)| {
            let threshold = budget.thresholds.iter().find(|threshold| threshold.name == *name);
            threshold.is_some_and(|at| of_incident(budget, at).iter().any(|told| ***told == *receiver))
        })
        .collect();
    let tracks = state.accounts.values().flat_map(|tracks| &tracks.tracks);
    let open = tracks.flat_map(|track| track.incidents());
    open.filter(|incident| hears.get(usize::from(incident.threshold)).copied().unwrap_or(false)).count()
}
