//! Lanes: when the first delivery of each is due, kept with every change of a delivery.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::sqlite::SqliteExecutor;

use super::{Saved, Writing, at_most};
use crate::store::error::StoreError;
use crate::store::sqlite::decisions::columns::Columns;
use crate::store::sqlite::file::Database;

/// The first lanes of a receiver that are due by a moment.
pub(super) const FIRST_DUE: &str =
    "SELECT id, recipient, thread, due FROM lanes WHERE receiver = ? AND due <= ? ORDER BY due, id LIMIT ?";

/// When the first delivery of a lane is due.
pub(super) const REFRESH: &str = "UPDATE lanes SET due = (SELECT min(due) FROM deliveries \
     WHERE deliveries.lane = lanes.id AND deliveries.ended IS NULL) WHERE id = ?";

/// A lane in which nothing waits any more is no row.
pub(super) const LEAVE: &str = "DELETE FROM lanes WHERE id = ?1 \
     AND NOT EXISTS (SELECT 1 FROM deliveries WHERE lane = ?1 AND ended IS NULL)";

/// A lane of a receiver in which something is due.
pub(super) struct DueLane {
    pub(super) id: i64,
    pub(super) due: Timestamp,
}

/// The first lanes of a receiver that are due by a moment, without those that are busy.
pub(super) async fn due<'c>(
    file: &Database,
    on: impl SqliteExecutor<'c>,
    receiver: &str,
    by: Timestamp,
    many: usize,
    busy: &[(Arc<str>, String)],
) -> Result<Vec<DueLane>, StoreError> {
    let query = sqlx::query(FIRST_DUE).bind(receiver).bind(by.as_millisecond());
    let rows = query.bind(at_most(many.saturating_add(busy.len()))).fetch_all(on).await;
    let busy: BTreeSet<(&str, &str)> =
        busy.iter().map(|(recipient, thread)| (&**recipient, &**thread)).collect();
    let mut lanes = Vec::new();
    for row in rows.map_err(file.failed())? {
        let columns = Columns { file, row: &row };
        let name = (columns.text("recipient")?, columns.text("thread")?);
        if lanes.len() < many && !busy.contains(&(&*name.0, &*name.1)) {
            lanes.push(DueLane { id: columns.number("id")?, due: columns.moment("due")? });
        }
    }
    Ok(lanes)
}

impl Writing<'_> {
    /// The lane of a thread to a recipient, in which something more is due at a moment.
    pub(super) async fn lane(
        &mut self,
        receiver: &str,
        recipient: &str,
        thread: &str,
        due: Timestamp,
    ) -> Result<i64, StoreError> {
        let sql = "INSERT INTO lanes (receiver, recipient, thread, due) VALUES (?, ?, ?, ?) \
                   ON CONFLICT (receiver, recipient, thread) DO UPDATE SET due = min(due, excluded.due) \
                   RETURNING id";
        let query = sqlx::query_scalar(sql).bind(receiver).bind(recipient).bind(thread);
        let lane = query.bind(due.as_millisecond()).fetch_one(&mut *self.on).await;
        lane.map_err(self.file.failed())
    }

    /// Brings lanes up to date after changes of their deliveries.
    pub(super) async fn refresh(&mut self, lanes: BTreeSet<i64>) -> Saved {
        for lane in lanes {
            for sql in [LEAVE, REFRESH] {
                let done = sqlx::query(sql).bind(lane).execute(&mut *self.on).await;
                done.map_err(self.file.failed())?;
            }
        }
        Ok(())
    }
}
