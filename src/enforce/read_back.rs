//! Reads back what was written: by id where the vendor has that, else by two complete lists.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::batch::ask;
use crate::domain::act::carry::Write;
use crate::domain::act::record::Record;
use crate::domain::act::settle::Found;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{SubUser, Usage};
use crate::domain::units::{Gigabyte, Limit};
use crate::providers::{ProviderError, Span, Writer};

/// The time between two looks at what was written.
const BETWEEN: Duration = Duration::from_secs(1);

/// How often is looked: a vendor's list may be a moment behind its record.
const LOOKS: u32 = 2;

/// Reads back at one account.
pub(super) struct ReadBack<'a> {
    pub(super) writer: &'a dyn Writer,
    /// The sub-users of the list before: one that lacks another of them is not complete.
    pub(super) known: &'a BTreeSet<SubUserKey>,
    pub(super) gigabyte: Gigabyte,
}

/// A write that is not settled yet.
struct Open {
    write: Write,
    /// Whether the vendor said that it took it.
    took: bool,
    /// Complete lists in which it was absent.
    absences: u32,
    /// What was seen last.
    seen: Option<Found>,
}

impl ReadBack<'_> {
    /// What became of each write, and whether the vendor had said that it took it.
    pub(super) async fn of(&self, writes: Vec<(Write, bool)>) -> Vec<(Write, Found)> {
        let mut settled = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        for (write, took) in writes {
            open.push(Open { write, took, absences: 0, seen: None });
        }
        for look in 0..LOOKS {
            if open.is_empty() {
                break;
            }
            if look > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            open = self.look(open, &mut settled).await;
        }
        for open in open {
            let found =
                open.seen.unwrap_or_else(|| Found::Unknown("its record could not be read".to_owned()));
            settled.push((open.write, found));
        }
        settled
    }

    /// One look at everything that is open; gives back what still is.
    async fn look(&self, open: Vec<Open>, settled: &mut Vec<(Write, Found)>) -> Vec<Open> {
        let mut left = Vec::new();
        let mut by_list = Vec::new();
        for mut one in open {
            match self.writer.sub_user(&one.write.id, &ask()).await {
                Ok(row) => match judge(&one.write, &Record::of(&row), one.took) {
                    Found::Confirmed => settled.push((one.write, Found::Confirmed)),
                    found => {
                        one.seen = Some(found);
                        left.push(one);
                    }
                },
                Err(ProviderError::NotFound { .. }) => settled.push((one.write, Found::Gone)),
                Err(ProviderError::Unsupported(_)) => by_list.push(one),
                Err(error) => {
                    one.seen = Some(Found::Unknown(error.to_string()));
                    left.push(one);
                }
            }
        }
        if !by_list.is_empty() {
            self.look_at_list(by_list, settled, &mut left).await;
        }
        left
    }

    async fn look_at_list(&self, open: Vec<Open>, settled: &mut Vec<(Write, Found)>, left: &mut Vec<Open>) {
        let list = match self.writer.sub_users(&ask()).await {
            Ok(list) => list,
            Err(error) => {
                for mut one in open {
                    one.seen = Some(Found::Unknown(error.to_string()));
                    left.push(one);
                }
                return;
            }
        };
        let rows: HashMap<SubUserKey, &SubUser> = list.iter().map(|row| (row.key(), row)).collect();
        let written: BTreeSet<&SubUserKey> = open.iter().map(|one| &one.write.throttle.who.key).collect();
        let missing = self.known.iter().find(|key| !rows.contains_key(*key) && !written.contains(*key));
        let missing = missing.map(|key| key.0.clone());
        for mut one in open {
            let row = rows.get(&one.write.throttle.who.key);
            match (row, &missing) {
                (Some(row), _) => match judge(&one.write, &Record::of(row), one.took) {
                    Found::Confirmed => {
                        settled.push((one.write, Found::Confirmed));
                        continue;
                    }
                    found => one.seen = Some(found),
                },
                (None, Some(missing)) => {
                    let words = format!("the list is not complete: it lacks {missing} as well");
                    one.seen = Some(Found::Unknown(words));
                }
                (None, None) => {
                    one.absences += 1;
                    match self.absent(&one).await {
                        Found::Unknown(words) => one.seen = Some(Found::Unknown(words)),
                        found => {
                            settled.push((one.write, found));
                            continue;
                        }
                    }
                }
            }
            left.push(one);
        }
    }

    /// One that a complete list does not hold: off by our write, or gone; its statistics tell.
    async fn absent(&self, one: &Open) -> Found {
        if one.absences < LOOKS {
            return Found::Unknown("absent from one list; a second one has to say so".to_owned());
        }
        let write = &one.write;
        match self.writer.usage(&row_of(write), Span::Current, &ask()).await {
            Err(ProviderError::NotFound { .. }) => Found::Gone,
            Err(error) => {
                Found::Unknown(format!("absent from the lists, and its statistics do not answer: {error}"))
            }
            Ok(report) if !write.after.active || is_cut_off(write, &report.usage, self.gigabyte) => {
                Found::Confirmed
            }
            Ok(_) => {
                Found::Unknown("absent from the lists, which nothing that was written explains".to_owned())
            }
        }
    }
}

/// Whether the vendor has switched it off at the limit that was written.
fn is_cut_off(write: &Write, usage: &Usage, gigabyte: Gigabyte) -> bool {
    let limit = write.after.limit.and_then(Limit::bytes);
    write.change.active.is_none()
        && limit.is_some_and(|limit| usage.traffic.saturating_add(gigabyte.step()) >= limit)
}

/// What a record says of a write.
fn judge(write: &Write, record: &Record, took: bool) -> Found {
    // Whoever is to be off and is not in the way of lists is told by them alone.
    if write.change.is_in(record) {
        return Found::Confirmed;
    }
    if write.change.is_in_as(&write.before, record) {
        return if took { Found::Ignored } else { Found::NotApplied };
    }
    Found::Other(*record)
}

/// The row of a sub-user, as far as statistics need it.
fn row_of(write: &Write) -> SubUser {
    let who = &write.throttle.who;
    SubUser {
        id: Some(write.id.clone()),
        username: who.name.clone(),
        status: None,
        product: Some(who.product.clone()).filter(|product| !product.is_empty()),
        limit: write.before.limit,
        limit_enforced: None,
        auto_disable: None,
        lifetime: None,
        created: None,
        usage: None,
    }
}
