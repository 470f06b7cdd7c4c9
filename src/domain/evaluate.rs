//! Budgets judged against what is true now: incidents and events come out, nothing is done.
//!
//! A plain function of its arguments: the same readings in whatever order of rows give the same result.

pub mod measure;

mod carry;
mod condition;
mod granted;
mod latch;
mod levels;
mod pace;
mod span;
mod watch;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::account::{Account, AccountName};
use super::budget::threshold::Kind;
use super::budget::{Budget, OnUnknown, Per};
use super::collector::Collector;
use super::event::{Event, Subject};
use super::grant::Grant;
use super::history::History;
use super::incident::{End, Incidents, Latches, Target, Track, Tracks};
use super::snapshot::{Snapshot, SubUserKey};
use super::truth::Unknown;
use super::units::Limit;

use levels::Levels;

pub use condition::{Judged, judge, truth_of};
pub(in crate::domain) use pace::of_last_day as pace_in_words;
pub use words::explain;

/// Targets that an event names.
const NAMED: usize = 20;

/// How old figures may be, and how the vendor lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// The age at which a collector's figure judges nothing any more, in the order of [`Collector::ALL`].
    pub stale_after: [Duration; Collector::ALL.len()],
    /// The vendor's reporting delay.
    pub lag: Duration,
    /// How long figures may stand still while others move.
    pub stuck_after: Duration,
    /// Since when each collector looks, in the order of [`Collector::ALL`]; nothing where it does not.
    pub looks_since: [Option<Timestamp>; Collector::ALL.len()],
}

impl Tolerance {
    /// When a figure of this collector must have been observed to be judged by.
    #[must_use]
    pub fn oldest_fresh(&self, collector: Collector, now: Timestamp) -> Timestamp {
        now.checked_sub(self.stale_after[collector as usize]).unwrap_or(Timestamp::MIN)
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            stale_after: [minutes(20), minutes(20), minutes(20), minutes(180)],
            lag: minutes(15),
            stuck_after: minutes(180),
            looks_since: [None; Collector::ALL.len()],
        }
    }
}

/// Everything that is known of one account.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// What the operator says.
    pub account: &'a Account,
    /// What the vendor said.
    pub snapshot: &'a Snapshot,
    /// What is remembered.
    pub history: &'a dyn History,
    /// The person's own limits of sub-users on which an action of ours stands.
    pub holds: &'a BTreeMap<SubUserKey, Limit>,
    /// What people granted beyond the budgets, here or at any account.
    pub grants: &'a [Grant],
    /// How old figures may be.
    pub tolerance: Tolerance,
}

/// What an evaluation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// What is to be remembered for the next one.
    pub incidents: Incidents,
    /// What happened, in an order that depends on nothing but itself.
    pub events: Vec<Event>,
}

/// Judges all budgets at all configured accounts.
///
/// An account or budget that is not given is taken to be configured no more.
#[must_use]
pub fn evaluate(budgets: &[Budget], views: &[View<'_>], held: &Incidents, now: Timestamp) -> Evaluation {
    let mut found = Evaluation::default();
    let nothing = Tracks::default();
    let mut suppressed: BTreeMap<&AccountName, usize> = BTreeMap::new();
    let outages: BTreeSet<&AccountName> = views
        .iter()
        .filter(|view| watch::oldest_stale(view, now).is_some())
        .map(|view| &view.account.name)
        .collect();
    for budget in budgets {
        let (mut after, before) = carry::over(budget, held.budgets.get(&budget.name), now, &mut found.events);
        let mut left: BTreeMap<&AccountName, &Tracks> = before.iter().collect();
        for view in views {
            let name = &view.account.name;
            if !budget.selectors.fits_account(view.account.provider, name.as_str()) {
                continue;
            }
            if !has_looked(budget.per, view.snapshot) {
                // Since the start nobody has looked: what was remembered stands.
                if let Some(held) = left.remove(name) {
                    after.accounts.insert(name.clone(), held.clone());
                }
                continue;
            }
            let mut pass = Pass {
                budget,
                view,
                now,
                since: after.thresholds.iter().map(|(_, since)| *since).collect(),
                amount_is_new: after.amount != budget.amount,
                kinds: Kind::ALL.map(|kind| of_kind(budget, kind)),
                levels: Levels::default(),
                unknown: BTreeMap::new(),
                events: &mut found.events,
            };
            let held = left.remove(name).unwrap_or(&nothing);
            let tracks = pass.run(&held.tracks);
            let in_outage = outages.contains(name);
            *suppressed.entry(name).or_default() += pass.tell_unknown(held, in_outage);
            let unknown = pass.unknown.iter().map(|(word, group)| (*word, group.targets)).collect();
            after.accounts.insert(name.clone(), Tracks { tracks, unknown });
        }
        for (account, tracks) in left {
            carry::end_all(&budget.name, account, tracks, &after.thresholds, &mut found.events);
        }
        after.amount = budget.amount.clone();
        found.incidents.budgets.insert(budget.name.clone(), after);
    }
    for (name, state) in &held.budgets {
        if !found.incidents.budgets.contains_key(name) {
            for (account, tracks) in &state.accounts {
                carry::end_all(name, account, tracks, &state.thresholds, &mut found.events);
            }
        }
    }
    for view in views {
        let name = &view.account.name;
        let before = held.accounts.get(name).cloned().unwrap_or_default();
        let touched = suppressed.get(name).copied().unwrap_or_default();
        let after = watch::account(view, &before, touched, now, &mut found.events);
        found.incidents.accounts.insert(name.clone(), after);
    }
    found.events.sort_unstable();
    // Several budgets see one correction.
    found.events.dedup();
    found
}

/// Whether anything was read of what a budget is about.
fn has_looked(per: Per, snapshot: &Snapshot) -> bool {
    match per {
        Per::SubUser => snapshot.sub_users.is_some(),
        Per::Account => {
            snapshot.account.is_some() || snapshot.subscriptions.is_some() || snapshot.sub_users.is_some()
        }
        Per::Unattributed => snapshot.account.is_some() && snapshot.sub_users.is_some(),
        Per::Target => snapshot.sub_users.is_some() && !snapshot.targets.is_empty(),
        Per::Subscription => snapshot.subscriptions.is_some(),
    }
}

fn of_kind(budget: &Budget, kind: Kind) -> Latches {
    let places = budget.thresholds.iter().enumerate().filter(|(_, threshold)| threshold.when.kind() == kind);
    places.map(|(at, _)| Latches::one(at)).fold(Latches::default(), Latches::and)
}

/// Targets that cannot be judged for one reason.
struct Group {
    reason: Unknown,
    targets: usize,
    first: BTreeSet<Target>,
}

/// One budget at one account.
struct Pass<'a> {
    budget: &'a Budget,
    view: &'a View<'a>,
    now: Timestamp,
    /// When each threshold was first judged.
    since: Vec<Timestamp>,
    /// Whether the operator has changed the amount, so that the vendor did not.
    amount_is_new: bool,
    /// The thresholds of each kind, in the order of [`Kind::ALL`].
    kinds: [Latches; Kind::ALL.len()],
    levels: Levels,
    unknown: BTreeMap<&'static str, Group>,
    events: &'a mut Vec<Event>,
}

impl Pass<'_> {
    fn subject(&self, target: &Target) -> Subject {
        Subject {
            budget: self.budget.name.clone(),
            account: self.view.account.name.clone(),
            target: target.clone(),
        }
    }

    fn end(&mut self, target: &Target, threshold: usize, end: End) {
        if let Some(threshold) = self.budget.thresholds.get(threshold) {
            let event = Event::Ended { of: self.subject(target), threshold: threshold.name.clone(), end };
            self.events.push(event);
        }
    }

    fn end_incidents(&mut self, track: &Track, end: End) {
        for incident in track.incidents() {
            self.end(&track.target, incident.threshold.into(), end);
        }
    }

    fn note_unknown(&mut self, reason: Unknown, target: &Target) {
        let group = self.unknown.entry(reason.word()).or_insert_with(|| Group {
            reason,
            targets: 0,
            first: BTreeSet::new(),
        });
        group.targets += 1;
        group.reason = group.reason.max(reason);
        if group.first.len() < NAMED || group.first.last().is_some_and(|last| target < last) {
            group.first.insert(target.clone());
            if group.first.len() > NAMED {
                group.first.pop_last();
            }
        }
    }

    /// Tells what cannot be judged since this pass; gives back how much an outage explains, which is not told here.
    fn tell_unknown(&mut self, held: &Tracks, in_outage: bool) -> usize {
        let told = |reason: Unknown| !(reason.passes() || in_outage && reason.is_outage());
        let name = |budget: &Budget| -> Arc<str> { budget.name.clone() };
        let explained = self.unknown.values().filter(|group| in_outage && group.reason.is_outage());
        let explained = explained.map(|group| group.targets).sum();
        if self.budget.unknown == OnUnknown::Ignore {
            return explained;
        }
        let account = &self.view.account.name;
        for (word, group) in self.unknown.iter().filter(|(_, group)| told(group.reason)) {
            if !held.unknown.contains_key(word) {
                self.events.push(Event::Unjudged {
                    budget: name(self.budget),
                    account: account.clone(),
                    reason: group.reason,
                    targets: group.targets,
                    first: group.first.iter().cloned().collect(),
                });
            }
        }
        for word in held.unknown.keys().filter(|word| !self.unknown.contains_key(*word)) {
            self.events.push(Event::JudgedAgain {
                budget: name(self.budget),
                account: account.clone(),
                reason: word,
            });
        }
        // What an outage hides is remembered as if nobody had asked, so that what outlasts it is told.
        self.unknown.retain(|_, group| told(group.reason));
        explained
    }
}

#[cfg(test)]
mod tests;
