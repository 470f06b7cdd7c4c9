//! What people are told of actions: who is asked, what was done, what failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, End, Stage, What, Why};
use super::books::{Delta, Entry};
use super::hold::Part;
use super::step::Rules;
use crate::domain::budget::threshold::Severity;
use crate::domain::plan::{About, Notice};

/// Lines that a notice has at most.
const NAMED: usize = 20;

/// What a line is about, in the order in which a title counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Done,
    Asked,
    Announced,
    Waits,
    Restored,
    Over,
}

impl Kind {
    const fn counted(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Asked => "to approve",
            Self::Announced => "announced",
            Self::Waits => "wait",
            Self::Restored => "put back",
            Self::Over => "not done",
        }
    }
}

/// A line of a budget's notice.
type Line = (Kind, Severity, String);

/// The notices that follow from what is saved.
#[must_use]
pub fn notices(rules: Rules<'_>, operator: &[Arc<str>], delta: &Delta) -> Vec<Notice> {
    let mut by_budget: BTreeMap<(&Arc<str>, &Arc<str>), Vec<Line>> = BTreeMap::new();
    let mut for_operator: Vec<String> = Vec::new();
    for entry in &delta.entries {
        let action = entry.action.and_then(|id| delta.actions.iter().find(|action| action.id == id));
        if let Some(words) = of_operator(entry) {
            for_operator.push(words);
            continue;
        }
        let Some(action) = action else { continue };
        // Standing caps move with each period; only their failures are told.
        let (Part::Threshold(_), Some((_, threshold))) = (&action.by.part, rules.threshold(&action.by))
        else {
            continue;
        };
        let Some((kind, severity, line)) = line(entry, action, threshold.severity) else { continue };
        for receiver in &threshold.notify {
            let of = by_budget.entry((&action.by.budget, receiver)).or_default();
            of.push((kind, severity, line.clone()));
        }
    }
    let mut notices: Vec<Notice> = by_budget
        .into_iter()
        .map(|((budget, receiver), mut lines)| {
            lines.sort_by_key(|(kind, ..)| *kind);
            let labels = rules.budget(budget).map(|budget| budget.labels.clone()).unwrap_or_default();
            let severity = lines.iter().map(|(_, severity, _)| *severity).max().unwrap_or_default();
            let (title, lines) = titled(budget, lines);
            let about = About::Budget(budget.clone());
            Notice { receiver: receiver.clone(), about, severity, labels, title, lines }
        })
        .collect();
    if let Some(title) = for_operator.first() {
        for receiver in operator {
            notices.push(Notice {
                receiver: receiver.clone(),
                about: About::Operation,
                severity: Severity::Critical,
                labels: BTreeMap::new(),
                title: title.clone(),
                lines: for_operator.iter().skip(1).take(NAMED).cloned().collect(),
            });
        }
    }
    notices
}

/// One line is its own title; of several, how many of which kind.
fn titled(budget: &str, lines: Vec<Line>) -> (String, Vec<String>) {
    if let [(_, _, line)] = lines.as_slice() {
        return (format!("{budget}: {line}"), Vec::new());
    }
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for (kind, ..) in &lines {
        *counts.entry(*kind).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{count} {}", kind.counted())).collect();
    let all = lines.len();
    let mut lines: Vec<String> = lines.into_iter().take(NAMED).map(|(.., line)| line).collect();
    if all > NAMED {
        lines.push(format!("and {} more", all - NAMED));
    }
    (format!("{budget}: {}", counts.join(", ")), lines)
}

fn line(entry: &Entry, action: &Action, severity: Severity) -> Option<Line> {
    let Action { id, what, .. } = action;
    let who = format!("{} at {}", entry.name, entry.account);
    let records = records(action);
    Some(match (entry.step, action.stage) {
        ("proposed", Stage::Waiting) => {
            let until = action.expires.map_or_else(String::new, |at| format!(" until {}", moment(at)));
            let line = format!("asks to {what} {who}{records}: proxymeter actions approve {id}{until}");
            (Kind::Asked, severity, line)
        }
        ("proposed", Stage::Counting) => {
            let at = action.not_before.map_or_else(String::new, |at| format!(" at {}", moment(at)));
            let line = format!("{what} of {who} comes{at}{records}: proxymeter actions reject {id} stops it");
            (Kind::Announced, severity, line)
        }
        ("blocked", _) if entry.words.starts_with("guard") => {
            (Kind::Waits, severity, format!("{what} of {who} waits: {}", entry.words))
        }
        ("confirmed", _) => match what {
            What::Restore(why) => {
                let line = format!("{who} is put back{records}, {}", why_in_words(*why));
                (Kind::Restored, Severity::Info, line)
            }
            What::Freeze => {
                let line = format!(
                    "{who} is frozen{records}: its requests fail at the proxy; proxymeter actions undo {id} puts it back"
                );
                (Kind::Done, severity, line)
            }
            What::Limit(_) | What::Cap(_) => {
                let line = format!("{who} has {what}{records}: proxymeter actions undo {id} puts it back");
                (Kind::Done, severity, line)
            }
        },
        ("gone", _) => (Kind::Over, severity, format!("{what} of {who}: the sub-user is no longer there")),
        ("expired", Stage::Ended(End::Expired)) => {
            let line = format!(
                "{what} of {who} was approved by nobody in time; it is proposed anew while the threshold holds"
            );
            (Kind::Over, severity, line)
        }
        _ => return None,
    })
}

/// What concerns proxymeter itself or its vendors.
fn of_operator(entry: &Entry) -> Option<String> {
    let who = format!("{} at {}", entry.name, entry.account);
    let id = entry.action.map_or_else(String::new, |id| format!("action {id}, "));
    Some(match entry.step {
        "verify_failed" => format!(
            "{id}{who}: the vendor took a write and its record does not say so ({}); nothing more is lowered at {} until \
             proxymeter resume",
            entry.words, entry.account
        ),
        "rejected" => format!("{id}{who}: the vendor refused a write: {}", entry.words),
        "person" => format!("{who}: {}", entry.words),
        "orphaned" | "not_holding" | "still_throttled" => entry.words.clone(),
        _ => return None,
    })
}

fn records(action: &Action) -> String {
    match (action.before, action.after) {
        (Some(before), Some(after)) => format!(" ({before} → {after})"),
        (Some(before), None) => format!(" (now {before})"),
        _ => String::new(),
    }
}

/// Why something was put back.
#[must_use]
pub const fn why_in_words(why: Why) -> &'static str {
    match why {
        Why::PeriodEnd => "a new period has begun",
        Why::Raised => "more is allowed than before",
        Why::Below => "it is below the level at which the threshold clears",
        Why::Undone => "as a person asked",
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}
