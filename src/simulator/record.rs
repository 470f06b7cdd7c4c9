//! A sub-user's record: what writes change of it, and what lists say of it that know of a write late.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::account::Account;
use super::books::RecordBooks;
use super::sub_user::{Status, SubUser};
use crate::domain::units::Limit;

/// What a write may change of a sub-user, its password aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    limit: Limit,
    auto_disable: bool,
    lifetime: bool,
    status: Status,
    counted_from: Timestamp,
}

/// A record that is told though it is no more; nothing is told of one that was made since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outdated {
    until: Timestamp,
    record: Option<Record>,
}

/// Records by id.
pub(super) type Records = BTreeMap<u64, Record>;

/// The record that a write was for, before and after it.
pub(super) type Written = (Option<RecordBooks>, Option<RecordBooks>);

impl Record {
    const fn of(user: &SubUser) -> Self {
        let SubUser { limit, auto_disable, lifetime, status, counted_from, .. } = user;
        Self {
            limit: *limit,
            auto_disable: *auto_disable,
            lifetime: *lifetime,
            status: *status,
            counted_from: *counted_from,
        }
    }

    fn books(self) -> RecordBooks {
        RecordBooks {
            limit_bytes: self.limit.bytes().map(|bytes| bytes.0),
            auto_disable: self.auto_disable,
            status: self.status.as_str(),
        }
    }
}

impl Account {
    /// The records that a write to `id` may change; those of all where it names none.
    pub(super) fn records(&self, id: &str) -> Records {
        let id: Option<u64> = id.parse().ok();
        let named = self.sub_users.iter().filter(|user| id.is_none_or(|id| user.id == id));
        named.map(|user| (user.id, Record::of(user))).collect()
    }

    /// Counts what a write to `id` changed; lists know of it only from `known_from` on, where that is said.
    pub(super) fn wrote(&mut self, id: &str, before: &Records, known_from: Option<Timestamp>) -> Written {
        let mut written: Option<u64> = id.parse().ok();
        let after = self.records(id);
        for user in &mut self.sub_users {
            let (was, is) = (before.get(&user.id), after.get(&user.id));
            if was == is {
                continue;
            }
            user.changes += 1;
            written = written.or(Some(user.id));
            if let Some(until) = known_from {
                user.outdated.push(Outdated { until, record: was.copied() });
            }
        }
        let books = |records: &Records| written.and_then(|id| records.get(&id)).map(|record| record.books());
        (books(before), books(&after))
    }

    /// The account as its lists tell it at `now`, where that is not as it is.
    pub(super) fn as_listed(&self, now: Timestamp) -> Option<Self> {
        let told = |user: &SubUser| user.outdated.iter().find(|outdated| now < outdated.until).copied();
        self.sub_users.iter().find_map(told)?;
        let mut listed = self.clone();
        for user in &mut listed.sub_users {
            let Some(outdated) = told(user) else { continue };
            match outdated.record {
                Some(Record { limit, auto_disable, lifetime, status, .. }) => {
                    (user.limit, user.auto_disable, user.lifetime, user.status) =
                        (limit, auto_disable, lifetime, status);
                }
                None => user.status = Status::Deleted,
            }
        }
        Some(listed)
    }
}
