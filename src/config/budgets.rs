//! `[budgets.NAME]`: how much who may use, and what follows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::account::AccountName;
use crate::domain::budget::amount::Amount;
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::{Budget, OnUnknown, Per};

use super::accounts::AccountConfig;
use super::complaint::Complaint;
use super::nearest::nearest;
use super::problem::{Place, quote};
use super::reader::Section;
use super::receivers::Receivers;
use super::{duration, name};

mod action;
mod amount;
mod condition;
mod problems;
mod scope;
pub(super) mod share;
mod standing_cap;
mod threshold;

use scope::Scope;
use threshold::ReadThreshold;

/// What budgets are held against.
pub(super) struct Around<'a> {
    /// The accounts without a mistake.
    pub(super) accounts: &'a BTreeMap<AccountName, AccountConfig>,
    /// Whether those are all that are written.
    pub(super) has_all: bool,
    /// Who can be told.
    pub(super) receivers: &'a Receivers,
    /// The vendors' reporting delay.
    pub(super) lag: Duration,
}

/// The budgets, in the order of their names.
pub(super) struct Budgets {
    pub(super) read: Vec<Budget>,
    /// Where the standing cap of each budget that has one is written.
    pub(super) standing_caps: BTreeMap<Arc<str>, Place>,
}

pub(super) fn read(root: &Section<'_>, around: &Around<'_>) -> Budgets {
    let named = root.named("budgets");
    let in_file = name::in_file(&named);
    let mut budgets = Budgets { read: Vec::new(), standing_caps: BTreeMap::new() };
    for (name, section) in &named {
        if !section.is_in_file() && !section.has("per") {
            name::stranger(section, name, "budget", "per", &in_file);
            continue;
        }
        let is_named_well = name::check(name, section, "budgets");
        budgets.read.extend(read_budget(name, section, around).filter(|_| is_named_well));
        let standing_cap = section.field(standing_cap::KEY);
        budgets.standing_caps.extend(standing_cap.map(|field| (name.as_str().into(), field.place())));
    }
    budgets
}

fn read_budget(name: &str, section: &Section<'_>, around: &Around<'_>) -> Option<Budget> {
    let selectors = scope::selectors(section);
    let per = per(section);
    let scope = Scope::new(&selectors, around);
    scope.check(section, per);
    let amount = amount::read(section);
    let period = section.parse("period", PERIODS, period).unwrap_or_default();
    let labels = labels(section);
    let unknown = section.choice("unknown", &[("notify", OnUnknown::Notify), ("ignore", OnUnknown::Ignore)]);
    let thresholds = threshold::read_all(name, section, around.receivers);
    let standing_cap = standing_cap::read(section);
    standing_cap::check(section, standing_cap, per, &scope);
    for threshold in &thresholds {
        action::check(&threshold.section, threshold.action.as_ref(), section, per, &scope);
    }
    let does_anything = standing_cap.is_some() || thresholds.iter().any(ReadThreshold::does_anything);
    if !thresholds.is_empty() && !does_anything {
        let hint = "write notify = [\"NAME\"] in one of its thresholds";
        section.refuse_whole("this budget tells nobody and does nothing".to_owned(), Some(hint.to_owned()));
    }
    let are_whole = thresholds.iter().all(|threshold| threshold.read.is_some());
    let budget = Budget {
        name: name.into(),
        selectors: selectors.clone(),
        per: per?,
        // What is wrong with the amount hides nothing else that is wrong.
        amount: amount.clone().unwrap_or(Amount::Size("1GB".parse().ok()?)),
        period,
        labels,
        unknown: unknown.unwrap_or_default(),
        standing_cap,
        thresholds: thresholds.iter().filter_map(|threshold| threshold.read.clone()).collect(),
    };
    let interval = scope.longest_pause(budget.per);
    for problem in budget.problems(around.lag, interval) {
        // A threshold with a mistake of its own is there all the same.
        if thresholds.is_empty() || !budget.thresholds.is_empty() {
            problems::tell(&problem, section, &thresholds);
        }
    }
    amount.is_some_and(|_| are_whole).then_some(budget)
}

fn per(section: &Section<'_>) -> Option<Per> {
    if !section.has("per") {
        section.missing("per", "write: per = \"sub_user\", or account, target, subscription, unattributed");
    }
    section.choice("per", &Per::ALL.map(|per| (per.as_str(), per)))
}

const PERIODS: &str = "\"vendor\", \"month\", \"week\", \"day\" or a rolling one such as \"rolling 7d\"";

fn period(text: &str) -> Result<PeriodRule, Complaint> {
    text.parse::<PeriodRule>().map_err(|error| {
        if text.starts_with("rolling ") {
            return Complaint::new(error.to_string());
        }
        match nearest(text, ["vendor", "month", "week", "day"]) {
            Some(near) => Complaint::shape().advise(format!("did you mean {}?", quote(near))),
            None if duration::parse(text).is_some() => Complaint::shape().write(format!("rolling {text}")),
            None => Complaint::shape(),
        }
    })
}

/// What the operator says of a budget, handed on in messages.
fn labels(section: &Section<'_>) -> BTreeMap<String, String> {
    let is_name = |name: &str| {
        let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(of_name)
    };
    let mut labels = BTreeMap::new();
    for (name, field) in section.named_values("labels", "labels = { team = \"…\" }") {
        if !is_name(&name) {
            let message = "a label's name is a small letter or \"_\", then small letters, digits and \"_\"";
            let meant = name.to_lowercase().replace(['-', ' ', '.'], "_");
            let hint = is_name(&meant).then(|| format!("write: {meant} = \"…\""));
            field.refuse_name(message, hint);
        }
        if let Some(text) = field.text() {
            labels.insert(name, text);
        }
    }
    labels
}
