//! What a rehearsal found, for people and for machines.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::output::{Cell, Listing, on_one_line};
use crate::domain::budget::threshold::Mode;
use crate::domain::event::Subject;
use crate::domain::incident::Target;
use crate::domain::notice::Notice;
use crate::domain::units::Limit;
use crate::rehearse::{Change, Entry, Report, What, Write};

/// The list by time, then a table of the budgets.
pub(super) fn text(report: &Report) -> String {
    let width = report.entries.iter().map(|entry| whom(entry).len()).max().unwrap_or_default();
    // Behind time, kind and receiver.
    let indent = "2026-01-14 03:25  notice  ".len() + width + 2;
    let mut text = String::new();
    for entry in &report.entries {
        let at = entry.at.strftime("%F %H:%M");
        let (kind, line) = match &entry.what {
            What::Notice(notice) => ("notice", on_one_line(&notice.title)),
            What::Write(write) => ("write", on_one_line(&in_words(write))),
        };
        text += &format!("{at}  {kind:6}  {:width$}  {line}\n", whom(entry));
        if let What::Notice(notice) = &entry.what {
            for line in notice.lines() {
                text += &format!("{:indent$}{}\n", "", on_one_line(&line));
            }
        }
    }
    if report.entries.is_empty() {
        text += "nothing would be told or written\n";
    }
    text += &format!("\n{} looks\n{}", report.looks, budgets(report).to_table());
    text
}

/// Who hears of it; of a write, how far it goes by itself.
fn whom(entry: &Entry) -> &str {
    match &entry.what {
        What::Notice(notice) => &notice.receiver,
        What::Write(write) => write.mode.as_str(),
    }
}

fn in_words(write: &Write) -> String {
    let (before, after) = (before(write), after(write));
    let (from, to) = if write.change == Change::Restore { (after, before) } else { (before, after) };
    let refused = write.refused.map_or_else(String::new, |gate| format!(", refused: {gate}"));
    format!("{}: {} {}: {from} → {to}{refused}", write.of.budget, verb(write), target(&write.of))
}

fn verb(write: &Write) -> &'static str {
    match write.change {
        Change::Freeze => "freeze",
        Change::Limit(_) => "limit",
        Change::Restore => "restore",
    }
}

fn target(of: &Subject) -> String {
    match &of.target {
        Target::SubUser(who) => format!("{} at {}", who.name, of.account),
        _ => of.account.to_string(),
    }
}

fn before(write: &Write) -> String {
    write.before.map_or_else(|| "not known".to_owned(), |limit| limit.to_string())
}

fn after(write: &Write) -> String {
    match write.change {
        Change::Freeze => "no more traffic".to_owned(),
        Change::Limit(limit) => limit.to_string(),
        Change::Restore => "lowered".to_owned(),
    }
}

fn budgets(report: &Report) -> Listing {
    let mut listing = Listing::new(&["budget", "threshold", "incidents", "writes", "saved", "wrongly_cut"]);
    for budget in &report.budgets {
        for (at, (threshold, count)) in budget.incidents.iter().enumerate() {
            // The sums are the budget's, and stand in its first line.
            let sums = [
                Cell::count(Some(budget.writes)),
                Cell::bytes(Some(budget.saved)),
                if budget.writes == 0 { Cell::blank() } else { Cell::bytes(budget.wrongly_cut) },
            ];
            let sums = if at == 0 { sums } else { [Cell::blank(), Cell::blank(), Cell::blank()] };
            let mut row = vec![Cell::text(&budget.name), Cell::text(threshold), Cell::count(Some(*count))];
            row.extend(sums);
            listing.add(row);
        }
    }
    listing
}

/// The same with bytes as whole numbers.
pub(super) fn json(report: &Report) -> Value {
    let budgets = report.budgets.iter().map(|budget| {
        let incidents = budget.incidents.iter().map(|(name, count)| (name.to_string(), json!(count)));
        json!({
            "budget": &*budget.name,
            "incidents": incidents.collect::<serde_json::Map<_, _>>(),
            "writes": budget.writes,
            "saved_bytes": budget.saved.0,
            "wrongly_cut_bytes": budget.wrongly_cut.map(|bytes| bytes.0),
        })
    });
    json!({
        "looks": report.looks,
        "entries": report.entries.iter().map(of_entry).collect::<Vec<_>>(),
        "budgets": budgets.collect::<Vec<_>>(),
    })
}

fn of_entry(entry: &Entry) -> Value {
    match &entry.what {
        What::Notice(notice) => of_notice(entry.at, notice),
        What::Write(write) => of_write(entry.at, write),
    }
}

fn of_notice(at: Timestamp, notice: &Notice) -> Value {
    json!({
        "at": at.to_string(),
        "kind": "notice",
        "receiver": &*notice.receiver,
        "severity": notice.severity.as_str(),
        "title": notice.title,
        "lines": notice.lines(),
    })
}

fn of_write(at: Timestamp, write: &Write) -> Value {
    let limit = |limit: Option<Limit>| match limit {
        None => Value::Null,
        Some(Limit::Unlimited) => json!("unlimited"),
        Some(limit) => json!(limit.bytes().map(|bytes| bytes.0)),
    };
    let after = match write.change {
        Change::Freeze => json!("frozen"),
        Change::Limit(bytes) => json!(bytes.0),
        Change::Restore => limit(write.before),
    };
    let sub_user = match &write.of.target {
        Target::SubUser(who) => json!(&*who.name),
        _ => Value::Null,
    };
    json!({
        "at": at.to_string(),
        "kind": "write",
        "mode": Mode::as_str(write.mode),
        "budget": &*write.of.budget,
        "threshold": &*write.threshold,
        "account": write.of.account.as_str(),
        "sub_user": sub_user,
        "action": verb(write),
        "before": if write.change == Change::Restore { Value::Null } else { limit(write.before) },
        "after": after,
        "refused": write.refused,
    })
}
