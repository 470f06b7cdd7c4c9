//! What follows from an evaluation: who is told what, and which limits would be lowered. Nothing is done here.
//!
//! One notice a budget, receiver and evaluation, naming the worst twenty; reasons are made when they are asked for.

#[cfg(test)]
mod tests;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::budget::Budget;
use super::budget::threshold::{Action, Mode, Severity, Threshold};
use super::decision::Decision;
use super::evaluate::View;
use super::event::{Event, Subject};
use super::incident::{Incident, State, Target};
use super::units::{Bytes, Limit};

/// Targets that a notice names.
const NAMED: usize = 20;

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Budgets: what people are told who spend or pay.
    Budget(Arc<str>),
    /// proxymeter itself and its vendors: what the operator is told.
    Operation,
}

/// A message to one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who hears it.
    pub receiver: Arc<str>,
    /// What it is about.
    pub about: About,
    /// How loud it is.
    pub severity: Severity,
    /// What the operator says of the budget; nothing of operation.
    pub labels: BTreeMap<String, String>,
    /// The one line that says what matters.
    pub title: String,
    /// The lines below it, the worst first.
    pub lines: Vec<String>,
}

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

/// Plans what follows from `events` and from what they changed; `operator` hears of proxymeter's and the vendors' trouble.
#[must_use]
pub fn plan(
    budgets: &[Budget],
    operator: &[Arc<str>],
    views: &[View<'_>],
    events: &[Event],
    decision: &Decision,
    now: Timestamp,
) -> Plan {
    let planner = Planner { budgets, operator, views, now };
    let proposals = planner.proposals(decision);
    Plan { notices: planner.notices(events, &proposals), proposals }
}

struct Planner<'a> {
    budgets: &'a [Budget],
    operator: &'a [Arc<str>],
    views: &'a [View<'a>],
    now: Timestamp,
}

/// The budget of an event, how loud it is, and who hears of it.
type Route<'s> = (&'s Arc<str>, Severity, Vec<&'s Arc<str>>);

/// A line of a notice that is to be: the worst of them are written.
struct Entry<'e> {
    severity: Severity,
    /// Lines about what is over go before those about what has ended.
    rank: u8,
    /// How bad it is: what was used.
    used: Bytes,
    event: &'e Event,
}

impl Planner<'_> {
    fn budget(&self, name: &str) -> Option<&Budget> {
        self.budgets.iter().find(|budget| *budget.name == *name)
    }

    fn threshold(&self, budget: &str, threshold: &str) -> Option<&Threshold> {
        self.budget(budget)?.thresholds.iter().find(|other| *other.name == *threshold)
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

    fn notices(&self, events: &[Event], proposals: &[Proposal]) -> Vec<Notice> {
        let mut by_budget: BTreeMap<(&Arc<str>, &Arc<str>), Vec<Entry<'_>>> = BTreeMap::new();
        let mut for_operator = Vec::new();
        for event in events {
            let Some((budget, severity, told)) = self.route(event) else {
                for_operator.push(event);
                continue;
            };
            let (rank, used) = match event {
                Event::Fired { used, .. } => (0, used.unwrap_or_default()),
                Event::Unjudged { .. } => (1, Bytes(0)),
                Event::AllowanceChanged { .. } => (2, Bytes(0)),
                _ => (3, Bytes(0)),
            };
            for receiver in told {
                let entry = Entry { severity, rank, used, event };
                by_budget.entry((budget, receiver)).or_default().push(entry);
            }
        }
        let mut notices: Vec<_> = by_budget
            .into_iter()
            .map(|((budget, receiver), entries)| self.of_budget(budget, receiver, entries, proposals))
            .collect();
        let lines: Vec<_> = for_operator.iter().filter_map(|event| words::for_operator(event)).collect();
        if let Some(title) = lines.first() {
            for receiver in self.operator {
                notices.push(Notice {
                    receiver: receiver.clone(),
                    about: About::Operation,
                    severity: Severity::Warning,
                    labels: BTreeMap::new(),
                    title: title.clone(),
                    lines: lines.iter().skip(1).take(NAMED).cloned().collect(),
                });
            }
        }
        notices
    }

    /// The budget of an event, how loud it is and who hears of it; nothing where it is the operator's.
    fn route<'s>(&'s self, event: &'s Event) -> Option<Route<'s>> {
        match event {
            Event::Fired { of, threshold, .. } => {
                let threshold = self.budget(&of.budget)?.thresholds.get(usize::from(*threshold))?;
                Some((&of.budget, threshold.severity, threshold.notify.iter().collect()))
            }
            Event::Ended { of, threshold, .. } => {
                // A budget that is gone tells nobody: whoever took it out knows.
                let told = self.threshold(&of.budget, threshold).map(|threshold| threshold.notify.iter());
                Some((&of.budget, Severity::Info, told.into_iter().flatten().collect()))
            }
            Event::AllowanceChanged { of, .. } => {
                Some((&of.budget, Severity::Info, self.everybody(&of.budget)))
            }
            Event::Unjudged { budget, .. } => Some((budget, Severity::Warning, self.everybody(budget))),
            Event::JudgedAgain { budget, .. } => Some((budget, Severity::Info, self.everybody(budget))),
            _ => None,
        }
    }

    /// Everybody who hears of any threshold of a budget, once.
    fn everybody(&self, budget: &str) -> Vec<&Arc<str>> {
        let mut all: Vec<&Arc<str>> = self
            .budget(budget)
            .into_iter()
            .flat_map(|budget| budget.thresholds.iter().flat_map(|threshold| &threshold.notify))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn of_budget(
        &self,
        budget: &Arc<str>,
        receiver: &Arc<str>,
        mut entries: Vec<Entry<'_>>,
        proposals: &[Proposal],
    ) -> Notice {
        entries.sort_by_key(|entry| (entry.rank, Reverse(entry.severity), Reverse(entry.used)));
        let severity = entries.iter().map(|entry| entry.severity).max().unwrap_or_default();
        let own = self.budget(budget);
        let labels = own.map(|budget| budget.labels.clone()).unwrap_or_default();
        let named: Vec<&Event> = entries.iter().take(NAMED).map(|entry| entry.event).collect();
        let reasons = own.map(|own| words::reasons(own, &named, self.views, self.now)).unwrap_or_default();
        let line = |event: &&Event| words::line(event, own, &reasons, self.views, self.now);
        let mut lines: Vec<String> = named.iter().map(line).collect();
        let title = if entries.len() == 1 {
            format!("{budget}: {}", lines.remove(0))
        } else {
            words::title(budget, &entries.iter().map(|entry| entry.event).collect::<Vec<_>>(), own)
        };
        if entries.len() > NAMED {
            lines.push(format!("and {} more", entries.len() - NAMED));
        }
        // What a person is asked for, or is done, is told with its number, once it is saved.
        let is_shown = |proposal: &&Proposal| proposal.action.mode == Mode::Observe;
        let own = proposals.iter().filter(|proposal| proposal.of.budget == *budget).filter(is_shown);
        let own: Vec<_> = own.map(words::proposal).collect();
        lines.extend(own.iter().take(NAMED).cloned());
        if own.len() > NAMED {
            lines.push(format!("and {} more limits", own.len() - NAMED));
        }
        Notice {
            receiver: receiver.clone(),
            about: About::Budget(budget.clone()),
            severity,
            labels,
            title,
            lines,
        }
    }
}

pub use words::{proposal as proposal_in_words, target_of as target_in_words, words as event_in_words};
