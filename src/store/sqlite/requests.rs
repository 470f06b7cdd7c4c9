//! The table `requests`.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::file::Database;
use crate::domain::account::AccountName;
use crate::store::error::StoreError;
use crate::store::request::{Answer, Asked, NewRequest, Request, RequestId};

pub(super) async fn ask(
    decisions: &Database,
    request: &NewRequest,
    now: Timestamp,
) -> Result<RequestId, StoreError> {
    let saved =
        sqlx::query("INSERT INTO requests (who, account, kind, body, asked_at) VALUES (?, ?, ?, ?, ?)")
            .bind(&request.who)
            .bind(request.account.as_ref().map(AccountName::as_str))
            .bind(&request.kind)
            .bind(&request.body)
            .bind(now.as_millisecond())
            .execute(decisions.writer()?)
            .await;
    saved.map(|saved| RequestId(saved.last_insert_rowid())).map_err(decisions.failed())
}

pub(super) async fn next(decisions: &Database, asked: Asked<'_>) -> Result<Option<Request>, StoreError> {
    let (any, account) = match asked {
        Asked::OfAny => (true, None),
        Asked::Of(account) => (false, Some(account.as_str())),
        Asked::OfNone => (false, None),
    };
    let sql = "SELECT id, who, account, kind, body, asked_at FROM requests \
               WHERE answered_at IS NULL AND (? OR account IS ?) ORDER BY id LIMIT 1";
    let row = sqlx::query(sql).bind(any).bind(account).fetch_optional(decisions.readers()).await;
    row.map_err(decisions.failed())?.map(|row| read(decisions, &row)).transpose()
}

pub(super) async fn answer(
    decisions: &Database,
    id: RequestId,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE requests SET exit = ?, answer = ?, answered_at = ? WHERE id = ? AND answered_at IS NULL";
    let saved = sqlx::query(sql)
        .bind(answer.exit)
        .bind(&answer.text)
        .bind(now.as_millisecond())
        .bind(id.0)
        .execute(decisions.writer()?)
        .await
        .map_err(decisions.failed())?;
    if saved.rows_affected() > 0 {
        return Ok(());
    }
    // Either there is no such request, which is told here, or it was answered before.
    answer_to(decisions, id).await?;
    Err(StoreError::AlreadyAnswered(id))
}

pub(super) async fn answer_to(decisions: &Database, id: RequestId) -> Result<Option<Answer>, StoreError> {
    let sql = "SELECT exit, answer FROM requests WHERE id = ?";
    let row: Option<(Option<u8>, Option<String>)> = sqlx::query_as(sql)
        .bind(id.0)
        .fetch_optional(decisions.readers())
        .await
        .map_err(decisions.failed())?;
    let (exit, text) = row.ok_or(StoreError::NoSuchRequest(id))?;
    Ok(exit.zip(text).map(|(exit, text)| Answer { exit, text }))
}

fn read(decisions: &Database, row: &SqliteRow) -> Result<Request, StoreError> {
    let failed = decisions.failed();
    let account: Option<String> = row.try_get("account").map_err(&failed)?;
    let account = account
        .map(|name| AccountName::new(&name).ok_or_else(|| decisions.damaged("the account of a request")))
        .transpose()?;
    let at = Timestamp::from_millisecond(row.try_get("asked_at").map_err(&failed)?);
    Ok(Request {
        id: RequestId(row.try_get("id").map_err(&failed)?),
        asked: NewRequest {
            who: row.try_get("who").map_err(&failed)?,
            account,
            kind: row.try_get("kind").map_err(&failed)?,
            body: row.try_get("body").map_err(&failed)?,
        },
        at: at.map_err(|_| decisions.damaged("the time of a request"))?,
    })
}
