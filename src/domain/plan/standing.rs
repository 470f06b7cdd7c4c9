//! What stands open for a receiver, for those who are told a state again and again instead of its changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::routes::Routes;
use super::words;
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Severity, Threshold};
use crate::domain::evaluate::View;
use crate::domain::event::Subject;
use crate::domain::incident::{Incident, Incidents, Target, Track};
use crate::domain::judgement::Rules;
use crate::domain::units::Bytes;

/// An incident that stands open, be it firing or unknown: not to know is no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose.
    pub of: Subject,
    /// The label `provider`; empty where the account is configured no more.
    pub provider: &'static str,
    /// The label `product`, where the target has one.
    pub product: Option<Arc<str>>,
    /// The threshold.
    pub threshold: Arc<str>,
    /// How loud it is.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// What the operator says of the budget.
    pub labels: BTreeMap<String, String>,
    /// The target, its threshold and its figures in one line.
    pub line: String,
    /// The threshold's place in its budget.
    pub(super) at: usize,
}

/// What stands open of all budgets for one receiver, the loudest first, then the oldest.
#[must_use]
pub fn open(rules: &Rules, views: &[View<'_>], incidents: &Incidents, receiver: &str) -> Vec<Standing> {
    let mut found: Vec<Standing> = rules
        .budgets
        .iter()
        .flat_map(|budget| of_budget(rules, budget, views, incidents, receiver))
        .collect();
    found.sort_by(|one, other| {
        other.severity.cmp(&one.severity).then_with(|| (one.since, &one.of).cmp(&(other.since, &other.of)))
    });
    found
}

/// What stands open of one budget for one receiver.
pub(super) fn of_budget(
    rules: &Rules,
    budget: &Budget,
    views: &[View<'_>],
    incidents: &Incidents,
    receiver: &str,
) -> Vec<Standing> {
    let Some(state) = incidents.budgets.get(&budget.name) else { return Vec::new() };
    let routes = Routes { budget, owners: &rules.owners };
    // The places of the state's thresholds in the budget as it is now, and whether the receiver hears of all of them.
    let heard: Vec<Option<(usize, &Threshold, bool)>> = state
        .thresholds
        .iter()
        .map(|(name, _)| {
            let mut places = budget.thresholds.iter().enumerate();
            let (at, threshold) = places.find(|(_, threshold)| threshold.name == *name)?;
            Some((at, threshold, routes.hears_all(threshold, receiver)))
        })
        .collect();
    let mut found = Vec::new();
    for (account, tracks) in &state.accounts {
        let view = views.iter().find(|view| view.account.name == *account);
        for track in &tracks.tracks {
            for incident in track.incidents() {
                let Some(Some((at, threshold, all))) = heard.get(usize::from(incident.threshold)) else {
                    continue;
                };
                if !all && !routes.owns(&track.target, receiver) {
                    continue;
                }
                let of = Subject {
                    budget: budget.name.clone(),
                    account: account.clone(),
                    target: track.target.clone(),
                };
                found.push(of_track(budget, view, (*at, threshold), of, track, incident));
            }
        }
    }
    found
}

fn of_track(
    budget: &Budget,
    view: Option<&View<'_>>,
    (at, threshold): (usize, &Threshold),
    of: Subject,
    track: &Track,
    incident: &Incident,
) -> Standing {
    let own = view.map(|view| view.account.product.clone()).filter(|product| !product.is_empty());
    let product = match &of.target {
        Target::SubUser(who) => Some(who.product.clone()),
        _ => own,
    };
    let figures = match track.amount {
        Some(amount) => format!(", {} of {amount} used", track.last),
        None if track.last > Bytes(0) => format!(", {} used", track.last),
        None => String::new(),
    };
    let line = format!(
        "{}: {} ({}){figures}",
        words::target_of(&of.account, &of.target),
        threshold.name,
        threshold.when
    );
    Standing {
        provider: view.map_or("", |view| view.account.provider),
        product,
        threshold: threshold.name.clone(),
        severity: threshold.severity,
        since: incident.since,
        labels: budget.labels.clone(),
        line,
        of,
        at,
    }
}
