//! Unit tests of budgets: readings in, expected notices and writes out, compared with what is found.

mod compare;
mod read;
mod readings;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Rehearsal;
use super::stage::Stage;
use crate::domain::account::Account;
use crate::domain::budget::Budget;
use crate::domain::event::{Event, Subject};
use crate::domain::incident::Target;
use crate::domain::judgement::{Judgement, Rules};
pub use compare::Outcome;
pub use read::configuration;
use readings::Step;

/// A file of tests.
#[derive(Clone, Debug)]
pub struct File {
    /// The budgets that are judged; nothing: all.
    budgets: Option<Vec<String>>,
    cases: Vec<Case>,
}

/// One test: an account's readings, and what is to follow from them.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    account: String,
    /// By time.
    steps: Vec<Step>,
    expected: Vec<Expected>,
}

/// What is to follow; what is left out may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expected {
    at: Option<Timestamp>,
    what: Followed,
}

/// Something that follows from readings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Followed {
    /// Somebody is told that a threshold is passed, or that it is over.
    Notice { receiver: Arc<str>, budget: Arc<str>, threshold: Arc<str>, target: Arc<str>, is_over: bool },
    /// A limit would be lowered.
    Write { budget: Arc<str>, threshold: Arc<str>, target: Arc<str>, action: String },
}

/// What a configuration gives to the tests.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The budgets, and who hears of trouble.
    pub rules: Rules,
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The vendors' reporting delay.
    pub lag: Duration,
    /// The age at which a figure judges nothing, where it is configured.
    pub stale_after: Option<Duration>,
}

impl File {
    /// Runs the tests in their order.
    #[must_use]
    pub fn run(&self, configured: &Configured) -> Vec<Outcome> {
        let is_meant = |budget: &&Budget| {
            self.budgets.as_ref().is_none_or(|names| names.iter().any(|name| **name == *budget.name))
        };
        let budgets = configured.rules.budgets.iter().filter(is_meant).cloned().collect();
        let rules = Rules { budgets, ..configured.rules.clone() };
        self.cases.iter().map(|case| case.run(&rules, configured)).collect()
    }
}

impl Case {
    fn run(&self, rules: &Rules, configured: &Configured) -> Outcome {
        let account = configured.accounts.iter().find(|account| account.name.as_str() == self.account);
        let moment = |step: Option<&Step>| step.map_or(Timestamp::UNIX_EPOCH, |step| step.at);
        let rehearsal = Rehearsal {
            rules: rules.clone(),
            accounts: account.into_iter().cloned().collect(),
            from: moment(self.steps.first()),
            until: moment(self.steps.last()),
            every: SignedDuration::from_mins(5),
            lag: configured.lag,
            stale_after: configured.stale_after,
        };
        let mut stage = Stage::new(&rehearsal);
        let mut found = Vec::new();
        for step in &self.steps {
            if let Some(seat) = stage.seats.first_mut() {
                step.show(&seat.account, &mut seat.snapshot);
            }
            stage.take(step.at);
            let judgement = stage.judge(rules, step.at);
            found.extend(followed(rules, &judgement).into_iter().map(|what| (step.at, what)));
        }
        Outcome::of(&self.name, &self.expected, &found)
    }
}

/// What follows from a judgement, in an order of its own.
fn followed(rules: &Rules, judgement: &Judgement) -> Vec<Followed> {
    let budget = |name: &str| rules.budgets.iter().find(|budget| *budget.name == *name);
    let mut found = Vec::new();
    for event in &judgement.events {
        let (of, threshold, is_over) = match event {
            Event::Fired { of, threshold, .. } => {
                let passed =
                    budget(&of.budget).and_then(|budget| budget.thresholds.get(usize::from(*threshold)));
                (of, passed, false)
            }
            Event::Ended { of, threshold, .. } => {
                let mut all = budget(&of.budget).into_iter().flat_map(|budget| &budget.thresholds);
                (of, all.find(|other| other.name == *threshold), true)
            }
            _ => continue,
        };
        for receiver in threshold.iter().flat_map(|threshold| &threshold.notify) {
            found.push(Followed::Notice {
                receiver: receiver.clone(),
                budget: of.budget.clone(),
                threshold: threshold.map_or_else(|| "".into(), |threshold| threshold.name.clone()),
                target: target(of),
                is_over,
            });
        }
    }
    for proposal in &judgement.plan.proposals {
        found.push(Followed::Write {
            budget: proposal.of.budget.clone(),
            threshold: proposal.threshold.clone(),
            target: target(&proposal.of),
            action: proposal.action.what.to_string(),
        });
    }
    found.sort();
    found
}

/// A target by one word, as a test names it.
fn target(of: &Subject) -> Arc<str> {
    match &of.target {
        Target::Account => of.account.as_str().into(),
        Target::Unattributed => "unattributed".into(),
        Target::SubUser(who) => who.name.clone(),
        Target::Domain(name) | Target::Subscription(name) => name.clone(),
    }
}
