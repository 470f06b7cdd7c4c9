//! What holds whatever happened: of each action at most one effective change, nothing confirmed that was not so, nothing
//! above what a person set.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::act::record::Record;
use proxymeter::domain::units::Limit;
use serde_json::Value;

use super::Torture;
use super::between::Change;

/// What happened in all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) writes: usize,
    pub(super) effective: usize,
    pub(super) confirmed: usize,
    pub(super) ambiguous: usize,
    pub(super) verify_failed: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.writes += other.writes;
        self.effective += other.effective;
        self.confirmed += other.confirmed;
        self.ambiguous += other.ambiguous;
        self.verify_failed += other.verify_failed;
    }
}

impl Torture {
    /// Looks at every law, once nothing is open.
    pub(super) fn hold(&self) -> Figures {
        let (audit, changes, names) = (self.audit(), self.between.changes(), self.names());
        let mut by_user: BTreeMap<(&str, &str), Vec<&Change>> = BTreeMap::new();
        for change in &changes {
            let name = &names[&(change.account.clone(), change.id.clone())];
            by_user.entry((&change.account, name)).or_default().push(change);
        }
        let mut entries: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
        for entry in &audit {
            let text = |key: &str| entry[key].as_str().unwrap_or_default();
            entries.entry((text("account"), text("sub_user"))).or_default().push(entry);
        }
        for (who, changes) in &by_user {
            let entries = entries.get(who).map(Vec::as_slice).unwrap_or_default();
            at_most_one_change_an_action(who, changes, entries);
            let own = self.start[&(who.0.to_owned(), who.1.to_owned())];
            for change in changes {
                assert!(height(&change.after) <= height(&own), "{who:?} was raised above {own}: {change:?}");
            }
        }
        for (who, entries) in &entries {
            let Some(own) = self.start.get(&(who.0.to_owned(), who.1.to_owned())) else { continue };
            let changes = by_user.get(who).map(Vec::as_slice).unwrap_or_default();
            for entry in entries.iter().filter(|entry| entry["step"] == "confirmed") {
                was_so(who, own, changes, entry);
            }
        }
        let count = |step: &str| audit.iter().filter(|entry| entry["step"] == step).count();
        Figures {
            writes: changes.len(),
            effective: changes.iter().filter(|change| change.is_effective()).count(),
            confirmed: count("confirmed"),
            ambiguous: count("ambiguous"),
            verify_failed: count("verify_failed"),
        }
    }
}

/// Each effective change is of an action that had said so before, and no action has two.
///
/// The one exception: where the vendor kept another value than was written (it rounds), the audit says so, and the
/// correction is a second change of the same action.
fn at_most_one_change_an_action(who: &(&str, &str), changes: &[&Change], entries: &[&Value]) {
    let effective = changes.iter().filter(|change| change.is_effective()).count();
    let intents = entries.iter().filter(|entry| entry["step"] == "intent");
    let intended: BTreeSet<u64> = intents.map(|entry| entry["id"].as_u64().unwrap()).collect();
    let rounded = entries
        .iter()
        .filter(|entry| {
            entry["what"].as_str().is_some_and(|what| what.contains("neither as before nor as written"))
        })
        .count();
    assert!(
        effective <= intended.len() + rounded,
        "{who:?}: {effective} changes by {} actions: {changes:#?}\n{entries:#?}",
        intended.len()
    );
}

/// The record was so when that was said, or within the second that the audit tells times by.
///
/// Of one that the vendor has switched off at its limit no list tells more than that it is off, which is what a freeze is
/// for: whether the vendor had rounded the limit, nobody can read.
fn was_so(who: &(&str, &str), own: &Record, changes: &[&Change], entry: &Value) {
    let at: Timestamp = entry["at"].as_str().unwrap().parse().unwrap();
    let (from, to) = (at - SignedDuration::from_secs(1), at + SignedDuration::from_secs(1));
    let mut records = vec![*own];
    for change in changes {
        if change.at <= from {
            records.clear();
        }
        if change.at <= to {
            records.push(change.after);
        }
    }
    let said = entry["after"].as_str().unwrap();
    let is_so = |record: &Record| {
        // Of one that is off nothing else is written, nor told.
        let is_said = if said.starts_with("disabled") { !record.active } else { record.to_string() == said };
        is_said || is_rounded_freeze(who.0, record, said)
    };
    assert!(records.iter().any(is_so), "{who:?} was never {said}: {records:?}\n{entry:#}\n{changes:#?}");
}

fn is_rounded_freeze(account: &str, record: &Record, said: &str) -> bool {
    let said = said.split_once("limit ").and_then(|(_, said)| said.split_once(" GB")?.0.parse::<f64>().ok());
    let limit = record.limit.and_then(Limit::bytes).map(|limit| limit.0 as f64 / 1e9);
    account == super::CLASSIC.name && said.zip(limit).is_some_and(|(said, is)| (said - is).abs() < 1.0)
}

/// How much a record allows.
fn height(record: &Record) -> (bool, u128) {
    let limit = match record.limit {
        Some(Limit::Blocked) => 0,
        Some(Limit::Bytes(bytes)) => u128::from(bytes.0),
        Some(Limit::Unlimited) | None => u128::MAX,
    };
    (record.active, limit)
}
