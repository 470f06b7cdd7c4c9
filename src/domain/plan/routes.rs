//! Who hears of what: the receivers of every threshold that was passed on the way, and the owners of the sub-user.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::budget::Budget;
use crate::domain::budget::threshold::Threshold;
use crate::domain::incident::{Incidents, Latches, Target};
use crate::domain::owners::Owners;

/// Where the news of one budget go.
#[derive(Clone, Copy)]
pub(super) struct Routes<'a> {
    pub(super) budget: &'a Budget,
    pub(super) owners: &'a Owners,
}

impl<'a> Routes<'a> {
    /// Everybody who hears of one of these thresholds for this target.
    pub(super) fn of_latched(self, latched: Latches, target: &Target) -> BTreeSet<&'a Arc<str>> {
        let thresholds = latched.iter().filter_map(|at| self.budget.thresholds.get(at));
        thresholds.flat_map(|threshold| &threshold.notify).chain(self.owners_of(target)).collect()
    }

    /// Everybody who may have heard of an incident that stands at a threshold.
    pub(super) fn of_incident(self, at: &Threshold, target: &Target) -> BTreeSet<&'a Arc<str>> {
        self.on_the_way(at).chain(self.owners_of(target)).collect()
    }

    /// Everybody who hears of any threshold of the budget, whoever owns what.
    pub(super) fn everybody(self) -> BTreeSet<&'a Arc<str>> {
        self.budget.thresholds.iter().flat_map(|threshold| &threshold.notify).collect()
    }

    /// Whether a receiver hears of any target that stands at a threshold.
    pub(super) fn hears_all(self, at: &Threshold, receiver: &str) -> bool {
        self.on_the_way(at).any(|told| **told == *receiver)
    }

    /// Whether a receiver hears of a target because it is its own.
    pub(super) fn owns(self, target: &Target, receiver: &str) -> bool {
        self.owners_of(target).iter().any(|owner| ***owner == *receiver)
    }

    /// The receivers of the thresholds that are passed before another of their kind, and of that one.
    fn on_the_way(self, at: &Threshold) -> impl Iterator<Item = &'a Arc<str>> {
        let is_passed =
            |one: &&Threshold| one.when.kind() == at.when.kind() && one.when.compare(&at.when).is_le();
        let passed: Vec<&Threshold> = self.budget.thresholds.iter().filter(is_passed).collect();
        passed.into_iter().flat_map(|threshold| &threshold.notify)
    }

    fn owners_of(self, target: &Target) -> Vec<&'a Arc<str>> {
        match target {
            Target::SubUser(who) if !self.owners.is_empty() => self.owners.receivers_of(&who.name).collect(),
            _ => Vec::new(),
        }
    }
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
pub fn open_for(budget: &Budget, owners: &Owners, incidents: &Incidents, receiver: &str) -> usize {
    let Some(state) = incidents.budgets.get(&budget.name) else { return 0 };
    let routes = Routes { budget, owners };
    let hears: Vec<bool> = state
        .thresholds
        .iter()
        .map(|(name, _)| {
            let threshold = budget.thresholds.iter().find(|threshold| threshold.name == *name);
            threshold.is_some_and(|at| routes.hears_all(at, receiver))
        })
        .collect();
    let tracks = state.accounts.values().flat_map(|tracks| &tracks.tracks);
    let open = tracks.flat_map(|track| track.incidents().iter().map(move |incident| (track, incident)));
    open.filter(|(track, incident)| {
        hears.get(usize::from(incident.threshold)).copied().unwrap_or(false)
            || routes.owns(&track.target, receiver)
    })
    .count()
}
