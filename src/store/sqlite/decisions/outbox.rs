//! The outbox: what people are told is saved with what was decided, and stays until every recipient has it.

mod change;
mod lanes;
mod off;
mod post;
mod read;
mod told;

pub(in crate::store::sqlite) use change::{bury_of, save as save_outbox, try_now};
pub(in crate::store::sqlite) use off::{all as receivers_off, begin as receiver_off, end as receiver_on};
pub(super) use post::add;
pub(in crate::store::sqlite) use post::post;
pub(in crate::store::sqlite) use read::{backlog, due, next_due, threads};
pub(in crate::store::sqlite) use told::{of as told_of, since as told};

use sqlx::sqlite::SqliteConnection;

use crate::domain::outbox::DeliveryId;
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

/// Drops deliveries that ended before a moment, and notices from before it that nobody needs.
///
/// The newest notice of a thread is needed while it leaves something open, and while an older one is there that would
/// otherwise be taken for the newest.
pub(super) const DROP: [&str; 2] = [
    "DELETE FROM deliveries WHERE ended < ?",
    "DELETE FROM notices WHERE at < ? \
     AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.notice = notices.number) \
     AND (stands_for IS NOT NULL OR EXISTS (SELECT 1 FROM notices AS newer WHERE newer.receiver = notices.receiver \
     AND newer.thread = notices.thread AND newer.stands_for IS NULL AND newer.number > notices.number) \
     OR (NOT leaves_open AND NOT EXISTS (SELECT 1 FROM notices AS older WHERE older.receiver = notices.receiver \
     AND older.thread = notices.thread AND older.stands_for IS NULL AND older.number < notices.number)))",
];

/// A transaction that changes the outbox.
struct Writing<'a> {
    file: &'a Database,
    on: &'a mut SqliteConnection,
}

/// A delivery's number as the engine has it.
const fn number(id: DeliveryId) -> i64 {
    id.0
}

/// As many as the engine can count.
fn at_most(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

type Saved = Result<(), StoreError>;

#[cfg(test)]
mod tests;
