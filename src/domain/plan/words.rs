//! Events in words: what is over, by how much, how old the figure is, and why something ended.

use jiff::Timestamp;

use super::Proposal;
use crate::domain::account::AccountName;
use crate::domain::budget::Budget;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::Mode;
use crate::domain::evaluate::View;
use crate::domain::event::{Event, Subject};
use crate::domain::incident::{End, Part, Target};
use crate::domain::units::{Bytes, Limit};

/// A target for people, with its account.
fn target(of: &Subject) -> String {
    target_of(&of.account, &of.target)
}

/// A target of an account for people.
#[must_use]
pub fn target_of(account: &AccountName, target: &Target) -> String {
    match target {
        Target::Account => account.to_string(),
        Target::Unattributed => format!("{account}, what no sub-user explains"),
        Target::SubUser(who) => format!("{} at {account}", who.name),
        Target::Domain(domain) => format!("{domain} at {account}"),
        Target::Subscription(plan) => format!("plan {plan} at {account}"),
    }
}

/// The title of a notice with more than one line.
pub(super) fn title(budget: &str, events: &[&Event], own: Option<&Budget>) -> String {
    let fired = events.iter().filter(|event| matches!(event, Event::Fired { .. })).count();
    let ended = events.iter().filter(|event| matches!(event, Event::Ended { .. })).count();
    let highest = events.iter().find_map(|event| match event {
        Event::Fired { threshold, .. } => own?.thresholds.get(usize::from(*threshold)),
        _ => None,
    });
    match (fired, ended, highest) {
        (0, 0, _) => format!("{budget}: {} things changed", events.len()),
        (0, 1, _) => format!("{budget}: an incident is over"),
        (0, ended, _) => format!("{budget}: {ended} incidents are over"),
        (fired, _, Some(threshold)) => {
            format!("{budget}: {fired} over, up to {} ({})", threshold.name, threshold.when)
        }
        (fired, _, None) => format!("{budget}: {fired} over"),
    }
}

/// One event of a budget as a line.
pub(super) fn line(
    event: &Event,
    own: Option<&Budget>,
    why: Option<&str>,
    views: &[View<'_>],
    now: Timestamp,
) -> String {
    let Event::Fired { of, threshold, .. } = event else { return words(event) };
    let name = own
        .and_then(|budget| budget.thresholds.get(usize::from(*threshold)))
        .map_or_else(String::new, |threshold| format!("{} ({}), ", threshold.name, threshold.when));
    let why = why.map_or_else(|| figures(event), str::to_owned);
    format!("{}: {name}{why}{}", target(of), age(of, views, now))
}

/// How old the figure is by which something was judged.
fn age(of: &Subject, views: &[View<'_>], now: Timestamp) -> String {
    let Some(view) = views.iter().find(|view| view.account.name == of.account) else { return String::new() };
    let observed = match &of.target {
        Target::SubUser(_) | Target::Domain(_) => view.snapshot.sub_users.as_ref().map(|list| list.observed),
        Target::Subscription(_) => view.snapshot.subscriptions.as_ref().map(|list| list.observed),
        Target::Account | Target::Unattributed => view.snapshot.account.as_ref().map(|usage| usage.observed),
    };
    let minutes = observed.map_or(0, |observed| now.duration_since(observed).as_mins());
    if minutes < 1 { String::new() } else { format!(", {minutes} min ago") }
}

fn figures(event: &Event) -> String {
    match event {
        Event::Fired { used: Some(used), amount: Some(amount), .. } => {
            let share = Share::between(*used, *amount);
            let share = share.map_or_else(String::new, |share| format!(", {share}"));
            format!("{used} of {amount} used{share}")
        }
        Event::Fired { used: Some(used), .. } => format!("{used} used"),
        _ => "what was used is not known".to_owned(),
    }
}

/// A moment for people.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}

/// One event as a line, whoever asks.
#[must_use]
pub fn words(event: &Event) -> String {
    match event {
        Event::Fired { of, .. } => format!("{}: {}", target(of), figures(event)),
        Event::Ended { of, threshold, end } => {
            let why = match end {
                End::Below => "below the threshold again",
                End::PeriodEnd => "a new period has begun",
                End::AllowanceChanged => "more is allowed than before",
                End::Gone => "no longer there",
                End::ByHand => "ended by hand",
                End::Config => "the budget is written otherwise now",
            };
            format!("{}: {threshold} is over: {why}", target(of))
        }
        Event::AllowanceChanged { of, from, to, used } => {
            let share = |amount| used.and_then(|used| Share::between(used, amount));
            let shares = share(*from).zip(share(*to));
            let shares = shares.map_or_else(String::new, |(from, to)| format!(" ({from} is now {to} of it)"));
            format!("{}: {to} allowed instead of {from}{shares}", target(of))
        }
        Event::Corrected { account, target: of, from, to } => {
            let of = Subject { budget: "".into(), account: account.clone(), target: of.clone() };
            format!("{}: the vendor corrected {from} to {to}", target(&of))
        }
        Event::Unjudged { account, reason, targets, first, .. } => {
            let first: Vec<_> = first.iter().map(short).collect();
            let more = if *targets > first.len() { ", …" } else { "" };
            format!("{account}: {targets} cannot be judged: {reason} ({}{more})", first.join(", "))
        }
        Event::JudgedAgain { account, reason, .. } => {
            format!("{account}: can be judged again ({})", reason.replace('_', " "))
        }
        other => for_operator(other).unwrap_or_default(),
    }
}

/// What the operator is told; nothing of what is only recorded.
pub(super) fn for_operator(event: &Event) -> Option<String> {
    Some(match event {
        Event::Outage { account, since, suppressed } => {
            let rest = match suppressed {
                0 => String::new(),
                1 => "; one judgement waits for it".to_owned(),
                count => format!("; {count} judgements wait for it"),
            };
            format!("{account}: no good answer since {}{rest}", moment(*since))
        }
        Event::Recovered { account, since } => {
            format!("{account}: answers again, after none since {}", moment(*since))
        }
        Event::Stuck { account, part, since } => {
            let what = match part {
                Part::Total => "the account's total stands still while sub-users move",
                Part::SubUsers => "the sub-users stand still while the account's total moves",
                Part::Everything => "all figures stand still for longer than they ever did",
            };
            format!("{account}: {what}, since {}: the vendor's data may be stuck", moment(*since))
        }
        Event::Moving { account, .. } => format!("{account}: the figures move again"),
        Event::PlanChanged { account, from, to } => {
            format!("{account}: the plan is {to}, it was {from}")
        }
        _ => return None,
    })
}

/// What would be lowered, as a line.
#[must_use]
pub fn proposal(proposal: &Proposal) -> String {
    let Proposal { of, action, before, used, .. } = proposal;
    let before = before.map_or_else(|| "not known".to_owned(), |limit: Limit| limit.to_string());
    let used = used.map_or_else(String::new, |used: Bytes| format!(", {used} used"));
    let how = match action.mode {
        Mode::Observe => "would",
        Mode::Approve => "asks to",
        Mode::Enforce => "is to",
    };
    format!("{how} {} {}: its limit now is {before}{used}", action.what, target(of))
}

fn short(target: &Target) -> String {
    match target {
        Target::Account => "the account".to_owned(),
        Target::Unattributed => "what no sub-user explains".to_owned(),
        Target::SubUser(who) => who.name.to_string(),
        Target::Domain(name) | Target::Subscription(name) => name.to_string(),
    }
}
