//! Incidents and events, as commands read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::columns::Columns;
use super::outbox;
use crate::domain::incident::{End, State};
use crate::store::error::StoreError;
use crate::store::records::{EventRecord, IncidentId, IncidentRecord, Which};
use crate::store::sqlite::file::Database;

pub(in crate::store::sqlite) async fn list(
    file: &Database,
    which: Which,
) -> Result<Vec<IncidentRecord>, StoreError> {
    let since = match which {
        Which::Open => i64::MAX,
        Which::EndedSince(since) => since.as_millisecond(),
    };
    let sql = "SELECT * FROM incidents WHERE ended_at IS NULL OR ended_at >= ? ORDER BY id";
    let rows = sqlx::query(sql).bind(since).fetch_all(file.readers()).await.map_err(file.failed())?;
    rows.iter().map(|row| record(&Columns { file, row })).collect()
}

fn record(columns: &Columns<'_>) -> Result<IncidentRecord, StoreError> {
    let (state, ended) = (columns.text("state")?, columns.maybe_text("ended")?);
    let end = ended.and_then(|word| End::ALL.into_iter().find(|end| end.as_str() == word));
    Ok(IncidentRecord {
        id: IncidentId(columns.number("id")?),
        of: columns.subject()?,
        threshold: columns.shared("threshold")?,
        state: State::ALL
            .into_iter()
            .find(|one| one.as_str() == state)
            .ok_or_else(|| columns.file.damaged("the state of an incident"))?,
        since: columns.moment("since")?,
        used: columns.maybe_bytes("used")?,
        amount: columns.maybe_bytes("amount")?,
        ended: columns.maybe_moment("ended_at")?.zip(end),
        acked: columns.maybe_moment("acked_at")?.zip(columns.maybe_text("acked_by")?),
    })
}

/// How many incidents of each threshold ended since a moment.
pub(in crate::store::sqlite) async fn ended_since(
    file: &Database,
    since: Timestamp,
) -> Result<BTreeMap<(Arc<str>, Arc<str>), u64>, StoreError> {
    let sql = "SELECT budget, threshold, count(*) AS many FROM incidents WHERE ended_at >= ? \
               GROUP BY budget, threshold";
    let rows = sqlx::query(sql).bind(since.as_millisecond()).fetch_all(file.readers()).await;
    let mut counts = BTreeMap::new();
    for row in rows.map_err(file.failed())? {
        let columns = Columns { file, row: &row };
        let many = columns.number("many")?.max(0).unsigned_abs();
        counts.insert((columns.shared("budget")?, columns.shared("threshold")?), many);
    }
    Ok(counts)
}

/// Notes that somebody knows of an incident; false where no open one has this number.
pub(in crate::store::sqlite) async fn acknowledge(
    file: &Database,
    id: IncidentId,
    who: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE incidents SET acked_at = ?, acked_by = ? WHERE id = ? AND ended_at IS NULL";
    let query = sqlx::query(sql).bind(now.as_millisecond()).bind(who).bind(id.0);
    let done = query.execute(file.writer()?).await.map_err(file.failed())?;
    Ok(done.rows_affected() > 0)
}

/// What happened since a moment, newest first.
pub(in crate::store::sqlite) async fn events(
    file: &Database,
    since: Timestamp,
) -> Result<Vec<EventRecord>, StoreError> {
    let sql = "SELECT * FROM events WHERE at >= ? ORDER BY id DESC LIMIT 1000";
    let rows = sqlx::query(sql).bind(since.as_millisecond()).fetch_all(file.readers()).await;
    let rows = rows.map_err(file.failed())?;
    let record = |row| {
        let columns = Columns { file, row };
        Ok(EventRecord {
            at: columns.moment("at")?,
            budget: columns.maybe_text("budget")?.map(Arc::from),
            account: columns.account("account")?,
            kind: columns.text("kind")?,
            words: columns.text("words")?,
        })
    };
    rows.iter().map(record).collect()
}

/// Drops what ended, happened or was answered before a moment.
pub(in crate::store::sqlite) async fn drop_old(file: &Database, before: Timestamp) -> Result<(), StoreError> {
    let mut write = file.write().await?;
    let drop = [
        "DELETE FROM incidents WHERE ended_at < ?",
        "DELETE FROM events WHERE at < ?",
        "DELETE FROM requests WHERE answered_at < ?",
        "DELETE FROM journal WHERE at < ?",
        "DELETE FROM pauses WHERE resumed < ?1 OR until < ?1",
    ];
    for sql in drop.into_iter().chain(outbox::DROP) {
        let delete = sqlx::query(sql).bind(before.as_millisecond());
        delete.execute(&mut *write).await.map_err(file.failed())?;
    }
    write.commit().await.map_err(file.failed())
}
