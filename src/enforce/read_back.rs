//! Reads back what was written: by id where the vendor has that, else by two complete lists.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::civil::DateTime;

use super::batch::ask;
use crate::domain::act::carry::Write;
use crate::domain::act::record::{Change, Record};
use crate::domain::act::settle::Found;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{SubUser, SubUserId, Usage, Window};
use crate::domain::units::{Gigabyte, Limit};
use crate::providers::{ProviderError, Span, Writer};

/// The time between two looks at what was written.
pub(super) const BETWEEN: Duration = Duration::from_secs(1);

/// How often is looked: a vendor's list may be some moments behind its record.
pub(super) const LOOKS: u32 = 3;

/// Complete lists that have to lack one who was switched off.
pub(super) const ABSENCES: u32 = 2;

/// What a write is to have made of one sub-user.
#[derive(Clone, Debug)]
pub struct Sought {
    /// The vendor's id.
    pub id: SubUserId,
    /// The row before the write, as far as it is known.
    pub row: SubUser,
    /// What the record said before.
    pub before: Record,
    /// What was written, limits in steps.
    pub change: Change,
    /// Whether the counter is never to reset, where that was written.
    pub lifetime: Option<bool>,
    /// The moment from which traffic is to count, where that was written.
    pub count_from: Option<DateTime>,
}

impl Sought {
    fn of(write: &Write) -> Self {
        Self {
            id: write.id.clone(),
            row: row_of(write),
            before: write.before,
            change: write.change,
            lifetime: None,
            count_from: None,
        }
    }

    /// The key of its row: what the list before told it apart by.
    fn key(&self) -> SubUserKey {
        self.row.key()
    }

    fn after(&self) -> Record {
        self.change.on(self.before)
    }

    /// Whether a row says everything that was written; what a row does not tell of counters contradicts nothing.
    fn is_in(&self, row: &SubUser) -> bool {
        let lifetime = self.lifetime.zip(row.lifetime).is_none_or(|(written, told)| written == told);
        let since = self.count_from.zip(counts_from(row)).is_none_or(|(written, told)| written == told);
        let record = to_the_byte(Record::of(row), self.change.limit);
        self.change.is_in(&record) && lifetime && since
    }

    /// Whether a row says of what was written what the row before said.
    fn is_as_before(&self, row: &SubUser) -> bool {
        let record = to_the_byte(Record::of(row), self.before.limit);
        self.change.is_in_as(&self.before, &record)
            && (self.lifetime.is_none() || row.lifetime == self.row.lifetime)
            && (self.count_from.is_none() || counts_from(row) == counts_from(&self.row))
    }
}

/// A record whose limit is `expected` where both differ by the one byte to which a step of a binary gigabyte is rounded.
fn to_the_byte(record: Record, expected: Option<Limit>) -> Record {
    match (record.limit, expected) {
        (Some(Limit::Bytes(told)), Some(Limit::Bytes(meant))) if told.0.abs_diff(meant.0) <= 1 => {
            Record { limit: expected, ..record }
        }
        _ => record,
    }
}

/// The moment from which a row says that traffic counts.
#[must_use]
pub fn counts_from(row: &SubUser) -> Option<DateTime> {
    match row.usage.as_ref()?.window {
        Window::Since(since) => Some(since),
        _ => None,
    }
}

/// What was found of one write, and the row that was seen last.
#[derive(Clone, Debug)]
pub struct Back {
    /// What became of it.
    pub found: Found,
    /// The vendor's row, where one was seen.
    pub row: Option<SubUser>,
}

/// Reads back one write; `known` are the sub-users of the list before, and `took` says whether the vendor answered that
/// it took the request.
pub async fn read_back_one(
    writer: &dyn Writer,
    sought: Sought,
    known: &BTreeSet<SubUserKey>,
    took: bool,
) -> Back {
    let gigabyte = writer.account().gigabyte;
    let back = ReadBack { writer, known, gigabyte }.all(vec![(sought, took)]).await;
    let nothing = || Back { found: Found::Unknown(UNREADABLE.to_owned()), row: None };
    back.into_iter().next().unwrap_or_else(nothing)
}

const UNREADABLE: &str = "its record could not be read";

/// Reads back at one account.
pub(super) struct ReadBack<'a> {
    pub(super) writer: &'a dyn Writer,
    /// The sub-users of the list before: one that lacks another of them is not complete.
    pub(super) known: &'a BTreeSet<SubUserKey>,
    pub(super) gigabyte: Gigabyte,
}

/// A write that is not settled yet.
struct Open {
    sought: Sought,
    /// Its place among those that were asked for.
    at: usize,
    /// Whether the vendor said that it took it.
    took: bool,
    /// Complete lists in which it was absent.
    absences: u32,
    /// What was seen last.
    seen: Option<Found>,
    row: Option<SubUser>,
}

/// What was found, by place.
type Settled = HashMap<usize, Back>;

impl Open {
    fn settle(self, found: Found, settled: &mut Settled) {
        settled.insert(self.at, Back { found, row: self.row });
    }

    /// What a row says of it; gives it back where that is not the end.
    fn judge(mut self, row: &SubUser, settled: &mut Settled) -> Option<Self> {
        self.row = Some(row.clone());
        match judge(&self.sought, row, self.took) {
            Found::Confirmed => {
                self.settle(Found::Confirmed, settled);
                None
            }
            found => Some(Self { seen: Some(found), ..self }),
        }
    }
}

impl ReadBack<'_> {
    /// What became of each write, and whether the vendor had said that it took it.
    pub(super) async fn of(&self, writes: Vec<(Write, bool)>) -> Vec<(Write, Found)> {
        let sought = writes.iter().map(|(write, took)| (Sought::of(write), *took)).collect();
        let found = self.all(sought).await;
        writes.into_iter().zip(found).map(|((write, _), back)| (write, back.found)).collect()
    }

    /// The same of what is sought, in its order.
    async fn all(&self, sought: Vec<(Sought, bool)>) -> Vec<Back> {
        let count = sought.len();
        let mut settled = Settled::new();
        let open = |(at, (sought, took))| Open { sought, at, took, absences: 0, seen: None, row: None };
        let mut open: Vec<Open> = sought.into_iter().enumerate().map(open).collect();
        for look in 0..LOOKS {
            if open.is_empty() {
                break;
            }
            if look > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            open = self.look(open, &mut settled).await;
        }
        for mut open in open {
            let found = open.seen.take().unwrap_or_else(|| Found::Unknown(UNREADABLE.to_owned()));
            open.settle(found, &mut settled);
        }
        (0..count).filter_map(|at| settled.remove(&at)).collect()
    }

    /// One look at everything that is open; gives back what still is.
    async fn look(&self, open: Vec<Open>, settled: &mut Settled) -> Vec<Open> {
        let mut left = Vec::new();
        let mut by_list = Vec::new();
        for mut one in open {
            match self.writer.sub_user(&one.sought.id, &ask()).await {
                Ok(row) => left.extend(one.judge(&row, settled)),
                Err(ProviderError::NotFound { .. }) => one.settle(Found::Gone, settled),
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

    async fn look_at_list(&self, open: Vec<Open>, settled: &mut Settled, left: &mut Vec<Open>) {
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
        let written: BTreeSet<SubUserKey> = open.iter().map(|one| one.sought.key()).collect();
        let missing = self.known.iter().find(|key| !rows.contains_key(*key) && !written.contains(*key));
        let missing = missing.map(|key| key.0.clone());
        for mut one in open {
            let row = rows.get(&one.sought.key());
            match (row, &missing) {
                (Some(row), _) => left.extend(one.judge(row, settled)),
                (None, Some(missing)) => {
                    let words = format!("the list is not complete: it lacks {missing} as well");
                    one.seen = Some(Found::Unknown(words));
                    left.push(one);
                }
                (None, None) => {
                    one.absences += 1;
                    match self.absent(&one).await {
                        Found::Unknown(words) => {
                            one.seen = Some(Found::Unknown(words));
                            left.push(one);
                        }
                        found => one.settle(found, settled),
                    }
                }
            }
        }
    }

    /// One that a complete list does not hold: off by our write, or gone; its statistics tell.
    async fn absent(&self, one: &Open) -> Found {
        if one.absences < ABSENCES {
            return Found::Unknown("absent from one list; a second one has to say so".to_owned());
        }
        let sought = &one.sought;
        match self.writer.usage(&sought.row, Span::Current, &ask()).await {
            Err(ProviderError::NotFound { .. }) => Found::Gone,
            Err(error) => {
                Found::Unknown(format!("absent from the lists, and its statistics do not answer: {error}"))
            }
            Ok(report) if !sought.after().active || is_cut_off(sought, &report.usage, self.gigabyte) => {
                Found::Confirmed
            }
            // It was off before, and is to be on.
            Ok(_) if !sought.before.active => as_before(one.took),
            // Switched off by the vendor before the raised limit came: that alone switches it on nowhere, so it is sent
            // again, with the state.
            Ok(report) if was_cut_off(sought, &report.usage, self.gigabyte) => Found::NotApplied,
            Ok(_) => {
                Found::Unknown("absent from the lists, which nothing that was written explains".to_owned())
            }
        }
    }
}

/// Whether the vendor has switched it off at the limit that was written.
fn is_cut_off(sought: &Sought, usage: &Usage, gigabyte: Gigabyte) -> bool {
    let limit = sought.after().limit.and_then(Limit::bytes);
    sought.change.active.is_none()
        && limit.is_some_and(|limit| usage.traffic.saturating_add(gigabyte.step()) >= limit)
}

/// Whether the vendor has switched it off at the limit that was to be raised.
fn was_cut_off(sought: &Sought, usage: &Usage, gigabyte: Gigabyte) -> bool {
    let limit = sought.before.limit.and_then(Limit::bytes);
    !sought.change.lowers(&sought.before)
        && limit.is_some_and(|limit| usage.traffic.saturating_add(gigabyte.step()) >= limit)
}

/// What a row says of a write.
fn judge(sought: &Sought, row: &SubUser, took: bool) -> Found {
    // Whoever is to be off and is not in the way of lists is told by them alone.
    if sought.is_in(row) {
        return Found::Confirmed;
    }
    if sought.is_as_before(row) {
        return as_before(took);
    }
    Found::Other(Record::of(row))
}

/// The record is as before the write.
pub(super) const fn as_before(took: bool) -> Found {
    if took { Found::Ignored } else { Found::NotApplied }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Bytes;

    fn row(limit: u64, auto_disable: bool) -> SubUser {
        SubUser {
            id: Some(SubUserId("7".into())),
            username: "one".into(),
            status: Some("active".into()),
            product: None,
            limit: Some(Limit::of(Bytes(limit))),
            limit_enforced: Some(auto_disable),
            auto_disable: Some(auto_disable),
            lifetime: Some(false),
            created: None,
            usage: None,
        }
    }

    #[test]
    fn f8_a_row_says_what_was_written_or_what_stood_there_or_neither() {
        // 0.03 of a binary gigabyte are 32,212,254.72 bytes.
        let written = Gigabyte::Binary.in_steps(Bytes(32_212_255));
        let before = row(50_000_000, false);
        let sought = Sought {
            id: SubUserId("7".into()),
            before: Record::of(&before),
            row: before,
            change: Change {
                limit: Some(Limit::Bytes(written)),
                auto_disable: Some(true),
                ..Change::default()
            },
            lifetime: Some(true),
            count_from: None,
        };
        let lives = |row: SubUser| SubUser { lifetime: Some(true), ..row };
        let silent = |row: SubUser| SubUser { lifetime: None, ..row };
        for (seen, found) in [
            (lives(row(32_212_255, true)), Found::Confirmed),
            (lives(row(32_212_254, true)), Found::Confirmed),
            (silent(row(32_212_254, true)), Found::Confirmed),
            (lives(row(32_212_253, true)), Found::Other(Record::of(&row(32_212_253, true)))),
            (row(32_212_255, true), Found::Other(Record::of(&row(32_212_255, true)))),
            (lives(row(32_212_255, false)), Found::Other(Record::of(&row(32_212_255, false)))),
            (row(50_000_000, false), Found::Ignored),
            (row(50_000_001, false), Found::Ignored),
        ] {
            assert_eq!(judge(&sought, &seen, true), found, "{seen:?}");
            let lost = if found == Found::Ignored { Found::NotApplied } else { found };
            assert_eq!(judge(&sought, &seen, false), lost, "{seen:?}");
        }
    }
}
