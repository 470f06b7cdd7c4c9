//! What is due, and how full the outbox is.

use std::sync::Arc;

use jiff::Timestamp;

use super::lanes;
use crate::domain::outbox::{Backlog, Delivery, ThreadState};
use crate::store::error::StoreError;
use crate::store::sqlite::decisions::columns::Columns;
use crate::store::sqlite::file::Database;

/// The oldest deliveries that wait in a lane, no more than two hundred.
pub(super) const WAITING: &str = "SELECT deliveries.id, notices.id AS notice, deliveries.receiver, recipient, \
     thread, episode, at, waits_since, tries, due, (maybe OR trying) AS maybe, fell_back, \
     (stands_for IS NOT NULL) AS stands_in, coalesce(deliveries.message, notices.message) AS message, body \
     FROM deliveries JOIN notices ON notices.number = deliveries.notice \
     WHERE lane = ? AND ended IS NULL ORDER BY deliveries.id LIMIT 200";

/// How many deliveries wait for each receiver, and since when.
pub(super) const BACKLOG: &str = "SELECT receiver, count(*) AS pending, min(waits_since) AS oldest \
     FROM deliveries WHERE ended IS NULL GROUP BY receiver ORDER BY receiver";

/// The newest notice of every thread.
pub(super) const THREADS: &str = "SELECT receiver, thread, episode, leaves_open, at FROM notices \
     WHERE number IN (SELECT max(number) FROM notices WHERE stands_for IS NULL GROUP BY receiver, thread) \
     ORDER BY receiver, thread";

/// Lanes of a receiver of which something is due, the longest due first.
pub(in crate::store::sqlite) async fn due(
    file: &Database,
    receiver: &str,
    now: Timestamp,
    many: usize,
    busy: &[(Arc<str>, String)],
) -> Result<Vec<Vec<Delivery>>, StoreError> {
    let mut read = file.read().await?;
    let mut found = Vec::new();
    for lane in lanes::due(file, &mut *read, receiver, now, many, busy).await? {
        let rows = sqlx::query(WAITING).bind(lane.id).fetch_all(&mut *read).await;
        let waiting = rows.map_err(file.failed())?;
        found.push(waiting.iter().map(|row| Columns { file, row }.delivery()).collect::<Result<_, _>>()?);
    }
    Ok(found)
}

/// When something of a receiver is due next.
pub(in crate::store::sqlite) async fn next_due(
    file: &Database,
    receiver: &str,
    busy: &[(Arc<str>, String)],
) -> Result<Option<Timestamp>, StoreError> {
    let lanes = lanes::due(file, file.readers(), receiver, Timestamp::MAX, 1, busy).await?;
    Ok(lanes.first().map(|lane| lane.due))
}

/// Where every thread of every receiver stands.
pub(in crate::store::sqlite) async fn threads(file: &Database) -> Result<Vec<ThreadState>, StoreError> {
    let rows = sqlx::query(THREADS).fetch_all(file.readers()).await.map_err(file.failed())?;
    let state = |row| {
        let columns = Columns { file, row };
        Ok(ThreadState {
            receiver: columns.shared("receiver")?,
            thread: columns.text("thread")?,
            episode: columns.notice("episode")?,
            is_open: columns.flag("leaves_open")?,
            last: columns.moment("at")?,
        })
    };
    rows.iter().map(state).collect()
}

/// How much waits for each receiver, by name.
pub(in crate::store::sqlite) async fn backlog(file: &Database) -> Result<Vec<Backlog>, StoreError> {
    let rows = sqlx::query(BACKLOG).fetch_all(file.readers()).await.map_err(file.failed())?;
    let backlog = |row| {
        let columns = Columns { file, row };
        Ok(Backlog {
            receiver: columns.shared("receiver")?,
            pending: columns.number("pending")?.max(0).unsigned_abs(),
            oldest: columns.moment("oldest")?,
        })
    };
    rows.iter().map(backlog).collect()
}

impl Columns<'_> {
    fn delivery(&self) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            id: self.delivery_id("id")?,
            notice: self.notice("notice")?,
            receiver: self.shared("receiver")?,
            recipient: self.shared("recipient")?,
            thread: self.text("thread")?,
            episode: self.notice("episode")?,
            at: self.moment("at")?,
            waits_since: self.moment("waits_since")?,
            tries: self.tries()?,
            due: self.moment("due")?,
            maybe: self.flag("maybe")?,
            fell_back: self.flag("fell_back")?,
            stands_in: self.flag("stands_in")?,
            message: self.text("message")?,
            body: self.maybe_blob("body")?,
        })
    }
}
