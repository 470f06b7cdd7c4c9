//! A month of one account, looked at now and then.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::super::*;
use crate::domain::account::Account;
use crate::domain::budget::amount::{Amount, Share};
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::selector::{Selector, Selectors};
use crate::domain::budget::threshold::{Condition, Threshold};
use crate::domain::budget::{Budget, OnUnknown, Per};
use crate::domain::event::Event;
use crate::domain::example;
use crate::domain::grant::Grant;
use crate::domain::history::{History, Summary};
use crate::domain::incident::Target;
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey};
use crate::domain::traffic::{AccountUsage, SubUser, Usage, Window};
use crate::domain::units::{Bytes, Limit};

pub(super) const GB: u64 = 1_000_000_000;

pub(super) const NOTHING: [&str; 0] = [];

/// So many days and hours after the start of 2026.
pub(super) fn at(days: i64, hours: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + (days * 24 + hours).hours()
}

pub(super) fn selector(text: &str) -> Selector {
    Selector::new(text).unwrap()
}

/// 100 GB a vendor's period and sub-user, with thresholds `t80` and so on.
pub(super) fn ladder(percents: &[u16]) -> Budget {
    let threshold =
        |percent: &u16| Threshold::new(&format!("t{percent}"), Condition::Used(Share::percent(*percent)));
    Budget {
        name: "b".into(),
        selectors: Selectors::default(),
        per: Per::SubUser,
        amount: Amount::parse("100GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: percents.iter().map(threshold).collect(),
    }
}

pub(super) fn with_amount(text: &str, percents: &[u16]) -> Budget {
    Budget { amount: Amount::parse(text, None).unwrap(), ..ladder(percents) }
}

pub(super) fn rolling(percents: &[u16]) -> Budget {
    Budget { period: PeriodRule::Rolling(7), ..ladder(percents) }
}

/// What is remembered: one window for everything, and one summary.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pub(super) window: Option<Bytes>,
    pub(super) summary: Option<Summary>,
}

impl History for Memory {
    fn account(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    fn sub_user(&self, _: &SubUserKey) -> Option<&Summary> {
        self.summary.as_ref()
    }

    fn window(&self, _: Option<&SubUserKey>, _: Timestamp, _: Timestamp) -> Option<Bytes> {
        self.window
    }
}

pub(super) struct Month {
    pub(super) budgets: Vec<Budget>,
    pub(super) account: Account,
    pub(super) snapshot: Snapshot,
    pub(super) holds: BTreeMap<SubUserKey, Limit>,
    pub(super) grants: Vec<Grant>,
    pub(super) incidents: Incidents,
    pub(super) events: Vec<Event>,
    pub(super) limit: Option<Limit>,
    pub(super) enforced: Option<bool>,
    pub(super) window: Window,
    pub(super) total: Option<u64>,
    /// Sub-users for which the vendor says no figure.
    pub(super) silent: Vec<&'static str>,
    pub(super) rolled: Option<Bytes>,
    pub(super) summary: Option<Summary>,
    pub(super) looks_since: Option<Timestamp>,
    starts: &'static str,
}

impl Month {
    pub(super) fn new(budgets: Vec<Budget>) -> Self {
        let account = example::account();
        Self {
            budgets,
            account,
            snapshot: Snapshot::default(),
            holds: BTreeMap::new(),
            grants: vec![],
            incidents: Incidents::default(),
            events: vec![],
            limit: None,
            enforced: None,
            window: Window::Period,
            total: None,
            silent: vec![],
            rolled: None,
            summary: None,
            looks_since: None,
            starts: "2026-01-01",
        }
    }

    pub(super) fn starts_on(&mut self, date: &'static str) {
        self.starts = date;
    }

    /// The vendor says this, and all budgets are judged; figures are gigabytes.
    pub(super) fn look(&mut self, now: Timestamp, rows: &[(&str, &str, u64)]) {
        let row = |&(id, name, gigabytes): &(&str, &str, u64)| SubUser {
            limit: self.limit,
            limit_enforced: self.enforced,
            usage: (!self.silent.contains(&name)).then(|| Usage {
                traffic: Bytes(gigabytes * GB),
                requests: None,
                window: self.window.clone(),
            }),
            ..example::sub_user(id, name)
        };
        self.snapshot = self.snapshot.with_sub_users(now, rows.iter().map(row).collect());
        let value = AccountUsage {
            traffic: self.total.map(|total| Bytes(total * GB)),
            period_start: Some(self.starts.parse().unwrap()),
            ..AccountUsage::default()
        };
        self.snapshot.account = Some(Reading { observed: now, value });
        self.evaluate(now);
    }

    fn memory(&self) -> Memory {
        Memory { window: self.rolled, summary: self.summary.clone() }
    }

    fn view<'a>(&'a self, history: &'a Memory) -> View<'a> {
        View {
            account: &self.account,
            snapshot: &self.snapshot,
            history,
            holds: &self.holds,
            grants: &self.grants,
            tolerance: Tolerance {
                looks_since: [self.looks_since, self.looks_since, None, None],
                ..Tolerance::default()
            },
        }
    }

    pub(super) fn evaluate(&mut self, now: Timestamp) {
        let history = self.memory();
        let view = self.view(&history);
        let found = evaluate(&self.budgets, &[view], &self.incidents, now);
        (self.incidents, self.events) = (found.incidents, found.events);
        let names = self.budgets.first().map(|budget| budget.thresholds.clone()).unwrap_or_default();
        NAMES.with_borrow_mut(|held| *held = names.iter().map(|threshold| threshold.name.clone()).collect());
    }

    /// What is said of every threshold of the first budget for every target.
    pub(super) fn explained(&self, now: Timestamp) -> Vec<String> {
        let history = self.memory();
        let view = self.view(&history);
        let budget = &self.budgets[0];
        let span = measure::Span::new(budget.period, &view, now);
        let mut said = vec![];
        measure::each(budget, &view, &span, now, true, |measure, span| {
            for at in 0..budget.thresholds.len() {
                said.push(explain(budget, at, &measure, span, &view, now).1);
            }
        });
        said
    }

    fn tracks(&self, name: &str) -> impl Iterator<Item = (&crate::domain::incident::BudgetState, &Track)> {
        let of = move |track: &&Track| self::name(&track.target) == name;
        self.incidents.budgets.values().flat_map(move |budget| {
            let tracks = budget.accounts.values().flat_map(|tracks| &tracks.tracks).filter(of);
            tracks.map(move |track| (budget, track))
        })
    }

    /// The open incidents of a target, with their states.
    pub(super) fn open(&self, name: &str) -> Vec<String> {
        let text = |(budget, track): (&crate::domain::incident::BudgetState, &Track)| {
            let one = |incident: &crate::domain::incident::Incident| {
                let (threshold, _) = &budget.thresholds[usize::from(incident.threshold)];
                format!("{threshold} {}", incident.state.as_str())
            };
            track.incidents().iter().map(one).collect::<Vec<_>>()
        };
        self.tracks(name).flat_map(text).collect()
    }

    pub(super) fn borne_out(&self, name: &str) -> bool {
        self.tracks(name).all(|(_, track)| track.incidents().iter().all(|incident| incident.borne_out))
    }
}

thread_local! {
    /// The thresholds of the first budget, by which events are told.
    static NAMES: std::cell::RefCell<Vec<Arc<str>>> = const { std::cell::RefCell::new(vec![]) };
}

pub(super) fn name(target: &Target) -> String {
    match target {
        Target::Account => "account".to_owned(),
        Target::Unattributed => "unattributed".to_owned(),
        Target::SubUser(who) => who.name.to_string(),
        Target::Domain(name) | Target::Subscription(name) => name.to_string(),
    }
}

/// The events in words.
pub(super) fn told(events: &[Event]) -> Vec<String> {
    let names = NAMES.with_borrow(Clone::clone);
    events.iter().map(|event| line(event, &names)).collect()
}

fn line(event: &Event, names: &[Arc<str>]) -> String {
    match event {
        Event::Fired { of, threshold, latched, at_first_look, .. } => {
            let all: Vec<&str> = latched.iter().map(|at| &*names[at]).collect();
            let first = if *at_first_look { " at first look" } else { "" };
            format!(
                "fired {} {} [{}]{first}",
                name(&of.target),
                names[usize::from(*threshold)],
                all.join(" ")
            )
        }
        Event::Ended { of, threshold, end } => {
            format!("ended {} {threshold} {}", name(&of.target), end.as_str())
        }
        Event::AllowanceChanged { of, from, to, .. } => {
            format!("allowance of {} from {from} to {to}", name(&of.target))
        }
        Event::Corrected { target, from, to, .. } => {
            format!("corrected {} from {from} to {to}", name(target))
        }
        Event::Unjudged { reason, targets, first, .. } => {
            let first: Vec<String> = first.iter().map(name).collect();
            format!("unjudged {targets} [{}]: {reason}", first.join(" "))
        }
        Event::JudgedAgain { reason, .. } => format!("judged again: {reason}"),
        Event::Outage { suppressed, .. } => format!("outage, {suppressed} suppressed"),
        Event::Recovered { .. } => "recovered".to_owned(),
        Event::Stuck { part, .. } => format!("stuck {part:?}"),
        Event::Moving { part, .. } => format!("moving {part:?}"),
        Event::PeriodBegan { .. } => "period began".to_owned(),
        Event::PlanChanged { from, to, .. } => format!("plan from {from} to {to}"),
    }
}
