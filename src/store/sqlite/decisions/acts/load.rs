//! The books, read back at the start, and the journal.

use jiff::Timestamp;
use sqlx::Row;

use crate::domain::act::books::Books;
use crate::store::error::StoreError;
use crate::store::records::EntryRecord;
use crate::store::sqlite::decisions::columns::Columns;
use crate::store::sqlite::decisions::load::Reading;
use crate::store::sqlite::file::Database;

/// Those that were forgotten are no rows any more.
const REMEMBERED: &str = "SELECT * FROM actions ORDER BY id";

/// All that is remembered of actions.
pub(in crate::store::sqlite) async fn books(file: &Database) -> Result<Books, StoreError> {
    let mut read = Reading::begin(file).await?;
    let mut books = Books::default();
    for row in read.rows(REMEMBERED).await? {
        let action = Columns { file, row: &row }.action()?;
        books.actions.insert(action.id, action);
    }
    for row in read.rows("SELECT * FROM throttles").await? {
        let throttle = Columns { file, row: &row }.throttle()?;
        books.throttles.insert(throttle.key(), throttle);
    }
    for row in read.rows("SELECT * FROM holds ORDER BY account, target, place").await? {
        let (place, hold) = Columns { file, row: &row }.hold()?;
        let throttle = books.throttles.get_mut(&place);
        throttle.ok_or_else(|| file.damaged("whose limit is held"))?.holds.push(hold);
    }
    for row in read.rows("SELECT * FROM breakers").await? {
        let (account, breaker) = Columns { file, row: &row }.breaker()?;
        books.breakers.insert(account, breaker);
    }
    for row in read.rows("SELECT * FROM concerns").await? {
        books.concerns.extend(Columns { file, row: &row }.concern()?);
    }
    // The engine remembers the highest number of rows that are gone as well.
    for row in read.rows("SELECT seq FROM sqlite_sequence WHERE name = 'actions'").await? {
        books.newest = row.try_get("seq").map_err(file.failed())?;
    }
    Ok(books)
}

/// What happened since a moment, newest first.
pub(in crate::store::sqlite) async fn journal(
    file: &Database,
    since: Timestamp,
    at_most: usize,
) -> Result<Vec<EntryRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM journal WHERE at >= ? ORDER BY at DESC, id DESC LIMIT ?")
        .bind(since.as_millisecond())
        .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
        .fetch_all(file.readers())
        .await;
    rows.map_err(file.failed())?.iter().map(|row| Columns { file, row }.entry()).collect()
}
