//! How deliveries go on: tried, failed, ended, fallen back.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteArguments};

use super::{Saved, Writing, number};
use crate::domain::outbox::{Change, DeliveryId, Posting};
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

/// Makes due what gathers.
pub(super) const RELEASE: &str = "UPDATE deliveries SET due = min(due, ?), gathers = 0 \
     WHERE gathers = 1 AND ended IS NULL RETURNING lane";

/// Ends what a newer one says as well.
pub(super) const SUPERSEDE: &str = "UPDATE deliveries SET state = 'superseded', maybe = maybe OR trying, trying = 0, \
     gathers = 0, message = NULL, body = NULL, ended = (SELECT notices.at FROM deliveries AS newer \
     JOIN notices ON notices.number = newer.notice WHERE newer.id = ?1) \
     WHERE id IN (SELECT value FROM json_each(?2)) AND id <> ?1 AND ended IS NULL RETURNING lane";

/// Saves changes, in their order, in one transaction.
pub(in crate::store::sqlite) async fn save(file: &Database, changes: &[Change]) -> Saved {
    let mut write = file.write().await?;
    let mut changing = Changing { to: Writing { file, on: &mut write }, lanes: BTreeSet::new() };
    for change in changes {
        changing.take(change).await?;
    }
    changing.finish().await?;
    write.commit().await.map_err(file.failed())
}

/// Makes due what was tried before, was put off behind something that was, or gathers; a try that was cut off may have
/// arrived.
pub(in crate::store::sqlite) async fn try_now(file: &Database, now: Timestamp) -> Saved {
    let mut write = file.write().await?;
    let tried = "UPDATE deliveries SET due = min(due, ?), gathers = 0, \
                 maybe = maybe OR trying, trying = 0 \
                 WHERE ended IS NULL AND (tries > 0 OR trying OR gathers OR answer IS NOT NULL)";
    let query = sqlx::query(tried).bind(now.as_millisecond());
    query.execute(&mut *write).await.map_err(file.failed())?;
    let lanes = "UPDATE lanes SET due = (SELECT min(due) FROM deliveries \
                 WHERE deliveries.lane = lanes.id AND deliveries.ended IS NULL)";
    sqlx::query(lanes).execute(&mut *write).await.map_err(file.failed())?;
    write.commit().await.map_err(file.failed())
}

/// Gives up what waits for recipients of a receiver that are not among `left`; how many that were.
pub(in crate::store::sqlite) async fn bury_of(
    file: &Database,
    receiver: &str,
    left: &[Arc<str>],
    now: Timestamp,
    why: &str,
) -> Result<u64, StoreError> {
    let mut write = file.write().await?;
    // A try may be under way, of which nothing will be known.
    let mut update = QueryBuilder::<Sqlite>::new(
        "UPDATE deliveries SET state = 'dead', maybe = maybe OR trying, trying = 0, \
         gathers = 0, message = NULL, body = NULL, ended = ",
    );
    update.push_bind(now.as_millisecond()).push(", answer = ").push_bind(why);
    update.push(" WHERE ended IS NULL AND receiver = ").push_bind(receiver);
    update.push(" AND recipient NOT IN (");
    let mut recipients = update.separated(", ");
    for recipient in left {
        recipients.push_bind(&**recipient);
    }
    update.push(") RETURNING lane");
    let lanes: Vec<i64> = update.build_query_scalar().fetch_all(&mut *write).await.map_err(file.failed())?;
    let buried = lanes.len() as u64;
    Writing { file, on: &mut write }.refresh(lanes.into_iter().collect()).await?;
    write.commit().await.map_err(file.failed())?;
    Ok(buried)
}

/// Changes and the lanes that they concern.
struct Changing<'a> {
    to: Writing<'a>,
    lanes: BTreeSet<i64>,
}

type Update<'q> = sqlx::query::QueryScalar<'q, Sqlite, i64, SqliteArguments>;

impl Changing<'_> {
    /// What has ended already is left as it is.
    async fn take(&mut self, change: &Change) -> Saved {
        match change {
            Change::Begin { id, body, replaces, waits_since, tries, message } => {
                let begun = self.begin(*id, body, (*waits_since, *tries), message.as_deref()).await?;
                if begun && !replaces.is_empty() {
                    self.supersede(replaces, *id).await?;
                }
            }
            Change::Fail { id, at: _, due, maybe, answer } => {
                let sql = "UPDATE deliveries SET trying = 0, maybe = maybe OR ?, due = ?, \
                           gathers = 0, answer = ? WHERE id = ? AND ended IS NULL RETURNING lane";
                let query = sqlx::query_scalar(sql).bind(*maybe).bind(due.as_millisecond());
                self.run(query.bind(answer).bind(number(*id))).await?;
            }
            Change::Deliver { id, at, answer } => self.end(*id, "delivered", *at, answer).await?,
            Change::Bury { id, at, answer } => self.end(*id, "dead", *at, answer).await?,
            Change::FallBack { ids, posting } => self.fall_back(ids, posting).await?,
            Change::Release { now } => {
                self.run(sqlx::query_scalar(RELEASE).bind(now.as_millisecond())).await?;
            }
        }
        Ok(())
    }

    /// Whether it still waits, and so can begin. A try of which nothing was heard before this one may have arrived.
    async fn begin(
        &mut self,
        id: DeliveryId,
        body: &[u8],
        (waits_since, tries): (Timestamp, u32),
        message: Option<&str>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE deliveries SET body = ?, waits_since = ?, tries = ? + 1, maybe = maybe OR trying, \
                   trying = 1, gathers = 0, message = coalesce(?, message) \
                   WHERE id = ? AND ended IS NULL RETURNING lane";
        let query = sqlx::query_scalar(sql).bind(body).bind(waits_since.as_millisecond());
        self.run(query.bind(tries).bind(message).bind(number(id))).await
    }

    /// They are over since the newer one was decided.
    async fn supersede(&mut self, replaced: &[DeliveryId], by: DeliveryId) -> Saved {
        let replaced: Vec<_> = replaced.iter().map(|id| number(*id).to_string()).collect();
        let query = sqlx::query_scalar(SUPERSEDE).bind(number(by)).bind(format!("[{}]", replaced.join(",")));
        self.run(query).await.map(drop)
    }

    async fn end(&mut self, id: DeliveryId, state: &str, at: Timestamp, answer: &str) -> Saved {
        let sql = "UPDATE deliveries SET state = ?, ended = ?, answer = ?, trying = 0, \
                   gathers = 0, message = NULL, body = NULL WHERE id = ? AND ended IS NULL RETURNING lane";
        let query = sqlx::query_scalar(sql).bind(state).bind(at.as_millisecond()).bind(answer);
        self.run(query.bind(number(id))).await.map(drop)
    }

    /// What was given up in the same save falls back all the same; what was told otherwise does not.
    async fn fall_back(&mut self, ids: &[DeliveryId], posting: &Posting) -> Saved {
        let mut first = None;
        for id in ids {
            let sql = "UPDATE deliveries SET fell_back = 1 \
                       WHERE id = ? AND fell_back = 0 AND state IN ('pending', 'dead') RETURNING lane";
            if self.run(sqlx::query_scalar(sql).bind(number(*id))).await? {
                first = first.or(Some(*id));
            }
        }
        match first {
            Some(first) => self.to.posting(posting, posting.stands_for.or(Some(first))).await,
            None => Ok(()),
        }
    }

    /// Whether it changed any.
    async fn run(&mut self, update: Update<'_>) -> Result<bool, StoreError> {
        let lanes = update.fetch_all(&mut *self.to.on).await.map_err(self.to.file.failed())?;
        let changed = !lanes.is_empty();
        self.lanes.extend(lanes);
        Ok(changed)
    }

    async fn finish(mut self) -> Saved {
        self.to.refresh(std::mem::take(&mut self.lanes)).await
    }
}
