//! What people want to know of a target that passed a threshold: figures, pace, cause, what happens next, how to stop it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{chart, words};
use crate::domain::account::AccountName;
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Action, ActionKind, Kind, Mode, Threshold, span_in_words};
use crate::domain::cause::{Risen, cause};
use crate::domain::evaluate::measure::{self, Measure, Measured, Span, is_row_of};
use crate::domain::evaluate::{View, explain, pace_in_words};
use crate::domain::event::Subject;
use crate::domain::incident::Target;
use crate::domain::notice::{Chart, Detail};
use crate::domain::units::{Bytes, Limit};

/// Targets of which the cause is looked for: it takes a walk through all sub-users of an account.
const CAUSES: usize = 3;

/// The window in which a cause is looked for.
const CAUSE_WINDOW: Duration = Duration::from_secs(6 * 3_600);

const DAY: u128 = 86_400;

/// What is known of one target at one threshold.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Why the threshold is met, where that is about more than what was used.
    pub(super) why: Option<String>,
    pub(super) used: Option<Bytes>,
    pub(super) amount: Option<Bytes>,
    pub(super) observed: Option<Timestamp>,
    pub(super) a_day: Option<Bytes>,
    pub(super) runs_out: Option<Timestamp>,
    pub(super) period_end: Option<Timestamp>,
    pub(super) details: Vec<Detail>,
    pub(super) chart: Option<Chart>,
}

/// A target and one of its budget's thresholds, by place.
pub(super) type Asked<'e> = (&'e Subject, usize);

/// The facts of what is asked for, the worst first.
pub(super) fn of<'e>(
    own: &Budget,
    asked: &[Asked<'e>],
    views: &[View<'_>],
    now: Timestamp,
) -> HashMap<Asked<'e>, Facts> {
    let mut by_account: HashMap<&AccountName, Vec<(usize, Asked<'e>)>> = HashMap::new();
    for (rank, (of, at)) in asked.iter().enumerate() {
        by_account.entry(&of.account).or_default().push((rank, (of, *at)));
    }
    let mut found = HashMap::new();
    for (account, asked) in by_account {
        let Some(view) = views.iter().find(|view| view.account.name == *account) else { continue };
        let span = Span::new(own.period, view, now);
        measure::each(own, view, &span, now, true, |measure, span| {
            for (rank, (of, at)) in &asked {
                if is_of(&measure, &of.target) {
                    let looking = Looking { own, measure: &measure, span, view, now };
                    found.insert((*of, *at), looking.facts(of, *at, *rank));
                }
            }
        });
    }
    found
}

fn is_of(measure: &Measure<'_>, target: &Target) -> bool {
    match (&measure.of, target) {
        (Measured::Row(row, product), Target::SubUser(who)) => is_row_of(row, product, who),
        (Measured::Other(other), target) => other == target,
        _ => false,
    }
}

struct Looking<'a> {
    own: &'a Budget,
    measure: &'a Measure<'a>,
    span: &'a Span,
    view: &'a View<'a>,
    now: Timestamp,
}

impl Looking<'_> {
    fn facts(&self, of: &Subject, at: usize, rank: usize) -> Facts {
        let Self { own, measure, span, view, now } = *self;
        let Some(threshold) = own.thresholds.get(at) else { return Facts::default() };
        let why = (threshold.when.kind() != Kind::Used).then(|| explain(own, at, measure, span, view, now).1);
        let a_day = measure.summary.and_then(|summary| summary.last_24_known_hours(now));
        let period_end = span.start().and(span.period.ok()).map(|period| period.end);
        let runs_out = self.runs_out(a_day).filter(|at| period_end.is_none_or(|end| *at < end));
        let mut details = Vec::new();
        let mut add = |name, text: Option<String>| {
            details.extend(text.map(|text| Detail { name, text }));
        };
        add("figure", self.figure());
        add("pace", pace_in_words(measure, span, now).filter(|_| threshold.when.kind() == Kind::Used));
        add("runs out", runs_out.map(words::moment));
        if rank < CAUSES {
            add("cause", self.cause(of));
        }
        add("next", self.next(threshold, of));
        add("stop it", stop(of));
        add("stop the cut", stop_the_cut(threshold, of));
        Facts {
            why,
            used: measure.used.ok(),
            amount: measure.amount.ok(),
            observed: measure.observed,
            a_day,
            runs_out,
            period_end,
            details,
            chart: (rank == 0)
                .then(|| chart::of(&words::target_of(&of.account, &of.target), measure, span, view, now))
                .flatten(),
        }
    }

    /// How old the figure is: what is used in the meantime is not in it.
    fn figure(&self) -> Option<String> {
        let observed = self.measure.observed?;
        let minutes = self.now.duration_since(observed).as_mins();
        let age = if minutes < 1 { "just now".to_owned() } else { format!("{minutes} min ago") };
        let lag = span_in_words(self.view.tolerance.lag);
        Some(format!("read from the vendor {age}, which may lag by {lag}"))
    }

    /// When the amount is gone at the pace of the last 24 hours.
    fn runs_out(&self, a_day: Option<Bytes>) -> Option<Timestamp> {
        let a_day = a_day.filter(|a_day| a_day.0 > 0)?;
        let left =
            self.measure.amount.ok()?.0.checked_sub(self.measure.used.ok()?.0).filter(|left| *left > 0)?;
        let seconds = i64::try_from(u128::from(left) * DAY / u128::from(a_day.0)).ok()?;
        self.now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
    }

    fn cause(&self, of: &Subject) -> Option<String> {
        let only = match &of.target {
            Target::SubUser(who) => Some(&who.key),
            Target::Account => None,
            _ => return None,
        };
        let View { account, snapshot, history, .. } = *self.view;
        let found = cause(account, snapshot, history, only, CAUSE_WINDOW, self.now);
        let named = |risen: &[Risen]| -> Vec<String> {
            let one = |risen: &Risen| {
                let new = if risen.is_new { ", new" } else { "" };
                format!("{} ({} more than usual{new})", risen.name, risen.by)
            };
            risen.iter().take(3).map(one).collect()
        };
        let mut parts = if only.is_some() { Vec::new() } else { named(&found.sub_users) };
        parts.extend(named(&found.targets));
        if let (Some(now), Some(before)) = found.bytes_a_request
            && now > before.saturating_mul(2)
        {
            parts.push(format!("{} a request instead of {}", Bytes(now), Bytes(before)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What will be done, and what will start to fail.
    fn next(&self, threshold: &Threshold, of: &Subject) -> Option<String> {
        if let Some(action) = threshold.action {
            return Some(planned(&action));
        }
        match (&of.target, self.measure.limit, self.measure.enforced) {
            (Target::SubUser(_), Some(Limit::Bytes(limit)), Some(true)) => Some(format!(
                "at its limit of {limit} the vendor cuts it off, and its requests fail with 407 at the proxy"
            )),
            (Target::SubUser(_), Some(Limit::Bytes(limit)), Some(false)) => {
                Some(format!("it goes on and costs on: the vendor does not cut off at its limit of {limit}"))
            }
            (Target::SubUser(_), Some(Limit::Unlimited), _) => {
                Some("it goes on and costs on: the vendor has no limit for it".to_owned())
            }
            (Target::SubUser(_), Some(Limit::Blocked), _) => {
                Some("its requests fail with 407 at the proxy: its limit is used up".to_owned())
            }
            (Target::Account | Target::Subscription(_), ..) => Some(
                "once the plan is used up, requests of all its sub-users may fail with 407 at the proxy"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// What a threshold's action comes to.
fn planned(action: &Action) -> String {
    let what = match action.what {
        ActionKind::Freeze => "it is frozen: its requests fail with 407 at the proxy".to_owned(),
        ActionKind::Limit(size) => {
            format!("its limit is set to {size}: beyond that its requests fail with 407 at the proxy")
        }
    };
    let once = "once a further look bears it out";
    match (action.mode, action.countdown) {
        (Mode::Observe, _) => format!("nothing is done, as the mode is observe; enforced, {what}"),
        (Mode::Approve, _) => format!("{once}, a person is asked whether {what}"),
        (Mode::Enforce, None) => format!("{once}, {what}"),
        (Mode::Enforce, Some(countdown)) => {
            format!("{once}, and {} later, {what}", span_in_words(countdown))
        }
    }
}

/// How a person stops the traffic.
fn stop(of: &Subject) -> Option<String> {
    let Target::SubUser(who) = &of.target else { return None };
    let name = in_shell(&who.name)?;
    Some(format!("proxymeter sub-users update {name} --account {} --limit SIZE", of.account))
}

/// How a person stops what would be done about it.
fn stop_the_cut(threshold: &Threshold, of: &Subject) -> Option<String> {
    let is_to_be = threshold.action.is_some_and(|action| action.mode != Mode::Observe);
    is_to_be.then(|| format!("proxymeter pause --account {}", of.account))
}

/// A vendor's name as one word of a shell; nothing where it could do more than name.
fn in_shell(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    if name.is_empty() || name.len() > 100 || name.starts_with('-') || name.chars().any(char::is_control) {
        return None;
    }
    if name.chars().all(is_plain) {
        return Some(name.to_owned());
    }
    let is_quotable = |c: char| c.is_alphanumeric() || (c.is_ascii() && c != '\'');
    name.chars().all(is_quotable).then(|| format!("'{name}'"))
}
