//! Who sits where: the small numbers by which blocks and days name their subjects.

use std::collections::HashMap;

use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{QueryBuilder, Transaction};

use super::ROWS;
use crate::domain::account::AccountName;
use crate::domain::snapshot::SubUserKey;
use crate::store::error::StoreError;
use crate::store::readings::Subject;
use crate::store::sqlite::file::Database;

/// The seats of an account.
#[derive(Debug)]
pub(super) struct Seats {
    /// The account's number in this file.
    pub(super) account: i64,
    by_subject: HashMap<Subject, u32>,
    next: u32,
}

impl Seats {
    /// The seats as saved; an account that is new gets its number.
    pub(super) async fn load(
        file: &Database,
        write: &mut Transaction<'_, Sqlite>,
        name: &AccountName,
    ) -> Result<Self, StoreError> {
        let insert = "INSERT INTO accounts (name) VALUES (?) ON CONFLICT (name) DO NOTHING";
        sqlx::query(insert).bind(name.as_str()).execute(&mut **write).await.map_err(file.failed())?;
        let account = account(file, write, name).await?.ok_or_else(|| file.damaged("an account"))?;
        let by_subject: HashMap<Subject, u32> = subjects(file, write, account)
            .await?
            .into_iter()
            .map(|(seat, subject)| (subject, seat))
            .collect();
        let next = by_subject.values().max().map_or(0, |last| last + 1);
        Ok(Self { account, by_subject, next })
    }

    /// Gives a seat to those who have none, and tells who they are.
    pub(super) fn seat_all<'a>(
        &mut self,
        subjects: impl Iterator<Item = &'a Subject>,
    ) -> Vec<(u32, &'a Subject)> {
        let mut newcomers = Vec::new();
        for subject in subjects {
            if !self.by_subject.contains_key(subject) {
                self.by_subject.insert(subject.clone(), self.next);
                newcomers.push((self.next, subject));
                self.next += 1;
            }
        }
        newcomers
    }

    pub(super) fn of(&self, subject: &Subject) -> Option<u32> {
        self.by_subject.get(subject).copied()
    }
}

/// Saves new seats.
pub(super) async fn save(
    file: &Database,
    write: &mut Transaction<'_, Sqlite>,
    account: i64,
    newcomers: &[(u32, &Subject)],
) -> Result<(), StoreError> {
    for newcomers in newcomers.chunks(ROWS) {
        let mut insert = QueryBuilder::new("INSERT INTO subjects (account, seat, kind, name, detail) ");
        insert.push_values(newcomers, |mut row, (seat, subject)| {
            let (kind, name, detail) = columns(subject);
            row.push_bind(account).push_bind(seat).push_bind(kind).push_bind(name).push_bind(detail);
        });
        insert.build().execute(&mut **write).await.map_err(file.failed())?;
    }
    Ok(())
}

/// The number of an account, if it is known here.
pub(super) async fn account(
    file: &Database,
    connection: &mut SqliteConnection,
    name: &AccountName,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM accounts WHERE name = ?";
    sqlx::query_scalar(sql).bind(name.as_str()).fetch_optional(connection).await.map_err(file.failed())
}

/// Every subject of an account with its seat.
pub(super) async fn subjects(
    file: &Database,
    connection: &mut SqliteConnection,
    account: i64,
) -> Result<Vec<(u32, Subject)>, StoreError> {
    let sql = "SELECT seat, kind, name, detail FROM subjects WHERE account = ? ORDER BY seat";
    let rows: Vec<(u32, u8, String, String)> =
        sqlx::query_as(sql).bind(account).fetch_all(connection).await.map_err(file.failed())?;
    let subject = |(seat, kind, name, detail): (u32, u8, String, String)| {
        subject(kind, &name, &detail).map(|subject| (seat, subject)).ok_or_else(|| file.damaged("a subject"))
    };
    rows.into_iter().map(subject).collect()
}

/// The seat of one subject.
pub(super) async fn seat(
    file: &Database,
    connection: &mut SqliteConnection,
    account: i64,
    subject: &Subject,
) -> Result<Option<u32>, StoreError> {
    let (kind, name, detail) = columns(subject);
    let sql = "SELECT seat FROM subjects WHERE account = ? AND kind = ? AND name = ? AND detail = ?";
    let query = sqlx::query_scalar(sql).bind(account).bind(kind).bind(name).bind(detail);
    query.fetch_optional(connection).await.map_err(file.failed())
}

fn columns(subject: &Subject) -> (u8, &str, &str) {
    match subject {
        Subject::Account => (0, "", ""),
        Subject::SubUser(key) => (1, &key.0, ""),
        Subject::Subscription(name) => (2, name, ""),
        Subject::Target(key, target) => (3, &key.0, target),
    }
}

fn subject(kind: u8, name: &str, detail: &str) -> Option<Subject> {
    let key = || SubUserKey(name.into());
    match kind {
        0 => Some(Subject::Account),
        1 => Some(Subject::SubUser(key())),
        2 => Some(Subject::Subscription(name.into())),
        3 => Some(Subject::Target(key(), detail.into())),
        _ => None,
    }
}
