//! One judgement from end to end: what is true is evaluated, compared with what was held, and planned.
//!
//! `serve`, `explain`, `rehearse` and `test` all judge here.

use std::sync::Arc;

use jiff::Timestamp;

use super::budget::Budget;
use super::decision::Decision;
use super::evaluate::{View, evaluate};
use super::event::Event;
use super::incident::Incidents;
use super::owners::Owners;
use super::plan::{Plan, plan};

/// What the operator wants judged, and who hears of trouble with the judging.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The budgets.
    pub budgets: Vec<Budget>,
    /// The operator's receivers.
    pub operator: Vec<Arc<str>>,
    /// Who hears of which sub-users, whatever the threshold.
    pub owners: Owners,
}

impl Rules {
    /// A budget by its name.
    #[must_use]
    pub fn budget(&self, name: &str) -> Option<&Budget> {
        self.budgets.iter().find(|budget| *budget.name == *name)
    }
}

/// What a judgement came to. Nothing of it may leave the process before [`Decision`] is saved.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// What is to be remembered for the next one.
    pub incidents: Incidents,
    /// What happened.
    pub events: Vec<Event>,
    /// What is to be saved.
    pub decision: Decision,
    /// What follows.
    pub plan: Plan,
}

/// Judges all accounts by all budgets.
#[must_use]
pub fn judge(rules: &Rules, views: &[View<'_>], held: &Incidents, now: Timestamp) -> Judgement {
    let evaluation = evaluate(&rules.budgets, views, held, now);
    let decision = Decision::of(&rules.budgets, held, &evaluation, now);
    let plan = plan(rules, views, &evaluation.events, &decision, &evaluation.incidents, now);
    Judgement { incidents: evaluation.incidents, events: evaluation.events, decision, plan }
}
