//! What people are told of actions: who is asked, what was done, what failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, End, Stage, What, Why};
use super::books::{Delta, Entry};
use super::hold::Part;
use crate::domain::budget::threshold::Severity;
use crate::domain::incident::Incidents;
use crate::domain::judgement::Rules;
use crate::domain::notice::{Acted, Content, Detail, Item, NAMED, News, Notice, Said, Trouble, of_operation};
use crate::domain::plan::{is_highest, open_for};

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

    /// The step in a message.
    const fn step(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Asked => "asked",
            Self::Announced => "announced",
            Self::Waits => "waits",
            Self::Restored => "put_back",
            Self::Over => "not_done",
        }
    }
}

/// A line of a budget's notice.
#[derive(Clone)]
struct Line {
    kind: Kind,
    severity: Severity,
    is_urgent: bool,
    item: Item,
}

/// The notices that follow from what is saved; `incidents` stand now.
#[must_use]
pub fn notices(rules: &Rules, delta: &Delta, incidents: &Incidents) -> Vec<Notice> {
    let mut by_budget: BTreeMap<(&Arc<str>, &Arc<str>), Vec<Line>> = BTreeMap::new();
    let mut for_operator: Vec<Trouble> = Vec::new();
    for entry in &delta.entries {
        let action = entry.action.and_then(|id| delta.actions.iter().find(|action| action.id == id));
        if let Some(trouble) = of_operator(entry) {
            for_operator.push(trouble);
            continue;
        }
        let Some(action) = action else { continue };
        // Standing caps move with each period; only their failures are told.
        let Part::Threshold(name) = &action.by.part else { continue };
        let Some(budget) = rules.budget(&action.by.budget) else { continue };
        let Some(threshold) = budget.thresholds.iter().find(|threshold| threshold.name == *name) else {
            continue;
        };
        let Some((kind, severity, line)) = line(entry, action, threshold.severity) else { continue };
        let is_urgent = is_highest(budget, threshold) && kind != Kind::Restored;
        let line = Line { kind, severity, is_urgent, item: item(kind, entry, action, line) };
        let owners = rules.owners.receivers_of(&entry.name).filter(|owner| !threshold.notify.contains(owner));
        for receiver in threshold.notify.iter().chain(owners) {
            by_budget.entry((&action.by.budget, receiver)).or_default().push(line.clone());
        }
    }
    let mut notices: Vec<Notice> = by_budget
        .into_iter()
        .map(|((budget, receiver), mut lines)| {
            lines.sort_by_key(|line| line.kind);
            let own = rules.budget(budget);
            let title = titled(budget, &lines);
            let is_headline = lines.len() == 1;
            let more = lines.len().saturating_sub(NAMED);
            Notice {
                receiver: receiver.clone(),
                severity: lines.iter().map(|line| line.severity).max().unwrap_or_default(),
                is_urgent: lines.iter().any(|line| line.is_urgent),
                title,
                content: Content::Budget(News {
                    budget: budget.clone(),
                    labels: own.map(|own| own.labels.clone()).unwrap_or_default(),
                    open: own.map_or(0, |own| open_for(own, &rules.owners, incidents, receiver)),
                    is_headline,
                    is_reminder: false,
                    items: lines.into_iter().take(NAMED).map(|line| line.item).collect(),
                    more,
                    chart: None,
                }),
            }
        })
        .collect();
    notices.extend(of_operation(&rules.operator, Severity::Critical, for_operator));
    notices
}

/// One line is its own title; of several, how many of which kind.
fn titled(budget: &str, lines: &[Line]) -> String {
    if let [line] = lines {
        return format!("{budget}: {}", line.item.line);
    }
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(line.kind).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{count} {}", kind.counted())).collect();
    format!("{budget}: {}", counts.join(", "))
}

fn item(kind: Kind, entry: &Entry, action: &Action, line: String) -> Item {
    let id = action.id;
    let command = match kind {
        Kind::Asked => Some(("approve", format!("proxymeter actions approve {id}"))),
        Kind::Announced => Some(("stop it", format!("proxymeter actions reject {id}"))),
        Kind::Done => Some(("put back", format!("proxymeter actions undo {id}"))),
        Kind::Waits => Some(("see", "proxymeter actions list".to_owned())),
        Kind::Restored | Kind::Over => None,
    };
    let at = match kind {
        Kind::Asked => action.expires,
        Kind::Announced => action.not_before,
        _ => None,
    };
    let next = next(kind, action).map(|text| Detail { name: "next", text });
    let command = command.map(|(name, text)| Detail { name, text });
    Item {
        key: format!("action:{id}"),
        line,
        details: next.into_iter().chain(command).collect(),
        said: Said::Acted(Box::new(Acted {
            action: id.0,
            step: kind.step(),
            what: action.what.to_string(),
            sub_user: entry.name.clone(),
            account: entry.account.clone(),
            before: action.before.map(|record| record.to_string()),
            after: action.after.map(|record| record.to_string()),
            at,
        })),
    }
}

/// What will start to fail, and when.
fn next(kind: Kind, action: &Action) -> Option<String> {
    let fails = match action.what {
        What::Freeze => "its requests fail with 407 at the proxy",
        What::Limit(_) | What::Cap(_) => "beyond its limit its requests fail with 407 at the proxy",
        What::Restore(_) => return None,
    };
    match kind {
        Kind::Asked => Some(format!("nothing, unless somebody approves; then {fails}")),
        Kind::Announced => {
            let from =
                action.not_before.map_or_else(|| "soon".to_owned(), |at| format!("from {}", moment(at)));
            Some(format!("{from} {fails}"))
        }
        Kind::Done => Some(format!("{fails}, until it is put back")),
        Kind::Waits | Kind::Restored | Kind::Over => None,
    }
}

fn line(entry: &Entry, action: &Action, severity: Severity) -> Option<(Kind, Severity, String)> {
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
fn of_operator(entry: &Entry) -> Option<Trouble> {
    let who = format!("{} at {}", entry.name, entry.account);
    let id = entry.action.map_or_else(String::new, |id| format!("action {id}, "));
    let line = match entry.step {
        "verify_failed" => format!(
            "{id}{who}: the vendor took a write and its record does not say so ({}); nothing more is lowered at {} until \
             proxymeter resume",
            entry.words, entry.account
        ),
        "rejected" => format!("{id}{who}: the vendor refused a write: {}", entry.words),
        "person" => format!("{who}: {}", entry.words),
        "orphaned" | "not_holding" | "still_throttled" => entry.words.clone(),
        _ => return None,
    };
    Some(Trouble { key: format!("{}:{}:{}", entry.step, entry.account, entry.name), line })
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
