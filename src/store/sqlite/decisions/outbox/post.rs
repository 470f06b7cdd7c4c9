//! Postings: a notice, and a delivery of it for each recipient.

use sqlx::sqlite::SqliteConnection;

use super::{Saved, Writing, number};
use crate::domain::outbox::{DeliveryId, Posting};
use crate::store::sqlite::file::Database;

/// Saves postings alone.
pub(in crate::store::sqlite) async fn post(file: &Database, postings: &[Posting]) -> Saved {
    let mut write = file.write().await?;
    add(file, &mut write, postings).await?;
    write.commit().await.map_err(file.failed())
}

/// Adds postings to a transaction.
pub(in crate::store::sqlite::decisions) async fn add(
    file: &Database,
    on: &mut SqliteConnection,
    postings: &[Posting],
) -> Saved {
    let mut write = Writing { file, on };
    for posting in postings {
        write.posting(posting, posting.stands_for).await?;
    }
    Ok(())
}

impl Writing<'_> {
    /// Adds a posting; one whose id is there already is there as a whole.
    pub(super) async fn posting(&mut self, posting: &Posting, stands_for: Option<DeliveryId>) -> Saved {
        let sql = "INSERT INTO notices (id, at, receiver, thread, episode, leaves_open, severity, stands_for, \
                   title, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING \
                   RETURNING number";
        let notice: Option<i64> = sqlx::query_scalar(sql)
            .bind(&*posting.id.0)
            .bind(posting.at.as_millisecond())
            .bind(&*posting.receiver)
            .bind(&posting.thread)
            .bind(&*posting.episode.0)
            .bind(posting.leaves_open)
            .bind(posting.severity.as_str())
            .bind(stands_for.map(number))
            .bind(&posting.title)
            .bind(&posting.message)
            .fetch_optional(&mut *self.on)
            .await
            .map_err(self.file.failed())?;
        let Some(notice) = notice else { return Ok(()) };
        for recipient in &posting.recipients {
            self.delivery(notice, posting, recipient).await?;
        }
        Ok(())
    }

    async fn delivery(&mut self, notice: i64, posting: &Posting, recipient: &str) -> Saved {
        let Posting { receiver, thread, at, due, gathers, .. } = posting;
        let lane = self.lane(receiver, recipient, thread, *due).await?;
        let sql = "INSERT INTO deliveries (notice, lane, receiver, recipient, state, waits_since, due, gathers, \
                   tries, trying, maybe, fell_back) VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, 0, 0, 0, 0)";
        let query = sqlx::query(sql).bind(notice).bind(lane).bind(&**receiver).bind(recipient);
        let query = query.bind(at.as_millisecond()).bind(due.as_millisecond()).bind(*gathers);
        query.execute(&mut *self.on).await.map(drop).map_err(self.file.failed())
    }
}
