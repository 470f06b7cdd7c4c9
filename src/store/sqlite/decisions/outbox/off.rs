//! Receivers that answered that they are gone for good.

use jiff::Timestamp;

use super::Saved;
use crate::store::error::StoreError;
use crate::store::records::ReceiverOff;
use crate::store::sqlite::decisions::columns::Columns;
use crate::store::sqlite::file::Database;

/// Notes that a receiver is gone, as it is configured.
pub(in crate::store::sqlite) async fn begin(
    file: &Database,
    receiver: &str,
    fingerprint: &str,
    since: Timestamp,
    answer: &str,
) -> Saved {
    let sql =
        "INSERT OR REPLACE INTO receivers_off (receiver, fingerprint, since, answer) VALUES (?, ?, ?, ?)";
    let query = sqlx::query(sql).bind(receiver).bind(fingerprint).bind(since.as_millisecond());
    query.bind(answer).execute(file.writer()?).await.map(drop).map_err(file.failed())
}

/// The receivers that are gone, by name.
pub(in crate::store::sqlite) async fn all(file: &Database) -> Result<Vec<ReceiverOff>, StoreError> {
    let rows = sqlx::query("SELECT * FROM receivers_off ORDER BY receiver").fetch_all(file.readers()).await;
    let off = |row| {
        let columns = Columns { file, row };
        Ok(ReceiverOff {
            receiver: columns.shared("receiver")?,
            fingerprint: columns.text("fingerprint")?,
            since: columns.moment("since")?,
            answer: columns.text("answer")?,
        })
    };
    rows.map_err(file.failed())?.iter().map(off).collect()
}

/// Forgets that a receiver is gone.
pub(in crate::store::sqlite) async fn end(file: &Database, receiver: &str) -> Saved {
    let query = sqlx::query("DELETE FROM receivers_off WHERE receiver = ?").bind(receiver);
    query.execute(file.writer()?).await.map(drop).map_err(file.failed())
}
