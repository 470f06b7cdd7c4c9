//! What follows from an evaluation: who is told what, and which limits would be lowered. Nothing is done here.
//!
//! One notice a budget, receiver and evaluation, naming the worst twenty; reasons are made when they are asked for.

pub mod standing;

mod chart;
mod digest;
mod facts;
mod notices;
mod reminder;
mod routes;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use jiff::Timestamp;

use super::budget::threshold::{Action, Threshold};
use super::decision::Decision;
use super::evaluate::View;
use super::event::{Event, Subject};
use super::incident::{Incident, Incidents, State, Target};
use super::judgement::Rules;
use super::notice::Notice;
use super::units::{Bytes, Limit};

/// A limit that would be lowered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Whose.
    pub of: Subject,
    /// The threshold that asks for it.
    pub threshold: Arc<str>,
    /// What it asks for.
    pub action: Action,
    /// The limit now, where the vendor says so.
    pub before: Option<Limit>,
    /// What was used.
    pub used: Option<Bytes>,
}

/// What follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Who is told what, in the order of budgets and receivers, the operator last.
    pub notices: Vec<Notice>,
    /// What would be lowered, in the order of budgets and targets.
    pub proposals: Vec<Proposal>,
}

/// Plans what follows from `events` and from what they changed; `incidents` stand after them.
#[must_use]
pub fn plan(
    rules: &Rules,
    views: &[View<'_>],
    events: &[Event],
    decision: &Decision,
    incidents: &Incidents,
    now: Timestamp,
) -> Plan {
    let planner = Planner { rules, views, incidents, now };
    let proposals = planner.proposals(decision);
    Plan { notices: planner.notices(events, &proposals), proposals }
}

struct Planner<'a> {
    rules: &'a Rules,
    views: &'a [View<'a>],
    incidents: &'a Incidents,
    now: Timestamp,
}

impl Planner<'_> {
    fn threshold(&self, budget: &str, threshold: &str) -> Option<&Threshold> {
        self.rules.budget(budget)?.thresholds.iter().find(|other| *other.name == *threshold)
    }

    /// An action is due once a whole further look has borne its incident out.
    fn proposals(&self, decision: &Decision) -> Vec<Proposal> {
        let is_due = |incident: &Incident| incident.borne_out && incident.state == State::Firing;
        let opened = decision.opened.iter().filter(|opened| is_due(&opened.incident));
        let opened = opened.map(|opened| (&opened.of, &opened.threshold));
        let changed = decision.changed.iter().filter(|changed| {
            is_due(&changed.incident) && (changed.from != changed.threshold || !changed.was.borne_out)
        });
        let changed = changed.map(|changed| (&changed.of, &changed.threshold));
        let mut due: Vec<_> = opened
            .chain(changed)
            .filter_map(|(of, name)| {
                let action = self.threshold(&of.budget, name)?.action?;
                let (before, used) = self.row(of);
                Some(Proposal { of: of.clone(), threshold: name.clone(), action, before, used })
            })
            .collect();
        due.sort_by(|one, other| one.of.cmp(&other.of));
        due
    }

    /// A sub-user's limit and usage as the vendor shows them.
    fn row(&self, of: &Subject) -> (Option<Limit>, Option<Bytes>) {
        let Target::SubUser(who) = &of.target else { return (None, None) };
        let view = self.views.iter().find(|view| view.account.name == of.account);
        let mut rows = view.into_iter().flat_map(|view| view.snapshot.rows());
        let row = rows.find(|row| row.sub_user.key() == who.key);
        let used = row.and_then(|row| row.usage.as_ref()).map(|usage| usage.value.traffic);
        (row.and_then(|row| row.sub_user.limit), used)
    }
}

pub use digest::digest;
pub use reminder::{close, remind};
pub use routes::{is_highest, open_for};
pub use words::{proposal as proposal_in_words, target_of as target_in_words, words as event_in_words};
