//! Pauses of lowering; one that was resumed or is over stays in the table until it is dropped by age.

use jiff::Timestamp;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};

use super::columns::Columns;
use crate::domain::account::AccountName;
use crate::store::error::StoreError;
use crate::store::records::{NewPause, Pause, PauseId};
use crate::store::sqlite::file::Database;

/// Begins a pause, beside those that stand.
pub(in crate::store::sqlite) async fn begin(
    file: &Database,
    pause: &NewPause,
    now: Timestamp,
) -> Result<Pause, StoreError> {
    let sql = "INSERT INTO pauses (account, until, reason, who, since) VALUES (?, ?, ?, ?, ?) RETURNING *";
    let row = sqlx::query(sql)
        .bind(pause.account.as_ref().map(AccountName::as_str))
        .bind(pause.until.map(Timestamp::as_millisecond))
        .bind(&pause.reason)
        .bind(&pause.who)
        .bind(now.as_millisecond())
        .fetch_one(file.writer()?)
        .await;
    read(file, &row.map_err(file.failed())?)
}

/// Ends the pauses of an account, or all; gives back those that it ended, by number.
pub(in crate::store::sqlite) async fn end(
    file: &Database,
    account: Option<&AccountName>,
    now: Timestamp,
) -> Result<Vec<Pause>, StoreError> {
    let sql = "UPDATE pauses SET resumed = ?1 WHERE resumed IS NULL AND (until IS NULL OR until > ?1) \
               AND (?2 IS NULL OR account = ?2) RETURNING *";
    let query = sqlx::query(sql).bind(now.as_millisecond()).bind(account.map(AccountName::as_str));
    let rows = query.fetch_all(file.writer()?).await.map_err(file.failed())?;
    let mut ended = rows.iter().map(|row| read(file, row)).collect::<Result<Vec<_>, _>>()?;
    ended.sort_by_key(|pause| pause.id);
    Ok(ended)
}

/// The pauses that stand, by number.
pub(in crate::store::sqlite) async fn standing(
    file: &Database,
    now: Timestamp,
) -> Result<Vec<Pause>, StoreError> {
    let sql = "SELECT * FROM pauses WHERE resumed IS NULL AND (until IS NULL OR until > ?) ORDER BY id";
    let rows = sqlx::query(sql).bind(now.as_millisecond()).fetch_all(file.readers()).await;
    rows.map_err(file.failed())?.iter().map(|row| read(file, row)).collect()
}

/// The pause that stands longest of those that concern an account.
pub(in crate::store::sqlite) async fn at(
    file: &Database,
    account: &AccountName,
    now: Timestamp,
) -> Result<Option<Pause>, StoreError> {
    standing_at(file, file.readers(), account, now).await
}

/// The same, as a transaction sees it.
pub(super) async fn standing_at<'c>(
    file: &Database,
    on: impl SqliteExecutor<'c>,
    account: &AccountName,
    now: Timestamp,
) -> Result<Option<Pause>, StoreError> {
    let sql = "SELECT * FROM pauses WHERE resumed IS NULL AND (until IS NULL OR until > ?) \
               AND (account IS NULL OR account = ?) ORDER BY until IS NOT NULL, until DESC, id LIMIT 1";
    let query = sqlx::query(sql).bind(now.as_millisecond()).bind(account.as_str());
    let row = query.fetch_optional(on).await.map_err(file.failed())?;
    row.map(|row| read(file, &row)).transpose()
}

fn read(file: &Database, row: &SqliteRow) -> Result<Pause, StoreError> {
    let columns = Columns { file, row };
    let account = columns.maybe_text("account")?.map(|_| columns.account("account")).transpose()?;
    Ok(Pause {
        id: PauseId(columns.number("id")?),
        account,
        until: columns.maybe_moment("until")?,
        reason: columns.maybe_text("reason")?,
        who: columns.text("who")?,
        since: columns.moment("since")?,
    })
}
