//! Grants: allowances that end by themselves.

use jiff::Timestamp;

use super::columns::{Columns, number};
use crate::domain::grant::{Grant, Until};
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

/// Saves a grant, whose number is given back.
pub(in crate::store::sqlite) async fn add(file: &Database, grant: &Grant) -> Result<i64, StoreError> {
    let (until, period) = match grant.until {
        Until::At(at) => (Some(at), None),
        Until::PeriodEnd { started } => (None, started),
    };
    let moment = |at: Option<Timestamp>| at.map(|at| at.as_millisecond());
    let sql = "INSERT INTO grants (budget, account, target, product, name, bytes, given_at, given_by, until, period) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let done = sqlx::query(sql)
        .bind(&*grant.budget)
        .bind(grant.account.as_str())
        .bind(&*grant.who_for.key.0)
        .bind(&*grant.who_for.product)
        .bind(&*grant.who_for.name)
        .bind(number(grant.bytes))
        .bind(grant.given.as_millisecond())
        .bind(&*grant.by)
        .bind(moment(until))
        .bind(moment(period))
        .execute(file.writer()?)
        .await;
    done.map(|done| done.last_insert_rowid()).map_err(file.failed())
}

/// Forgets a grant that is over.
pub(in crate::store::sqlite) async fn end(file: &Database, id: i64) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM grants WHERE id = ?").bind(id).execute(file.writer()?).await;
    done.map(drop).map_err(file.failed())
}

/// The grants that there are, by number.
pub(in crate::store::sqlite) async fn all(file: &Database) -> Result<Vec<Grant>, StoreError> {
    let rows = sqlx::query("SELECT * FROM grants ORDER BY id").fetch_all(file.readers()).await;
    let rows = rows.map_err(file.failed())?;
    let grant = |row| {
        let columns = Columns { file, row };
        Ok(Grant {
            id: columns.number("id")?,
            budget: columns.shared("budget")?,
            account: columns.account("account")?,
            who_for: columns.identity()?,
            bytes: columns.bytes("bytes")?,
            given: columns.moment("given_at")?,
            by: columns.shared("given_by")?,
            until: match columns.maybe_moment("until")? {
                Some(at) => Until::At(at),
                None => Until::PeriodEnd { started: columns.maybe_moment("period")? },
            },
        })
    };
    rows.iter().map(grant).collect()
}
