//! Changes of actions, in one transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use super::rows::{self, Held, Values};
use crate::domain::account::AccountName;
use crate::domain::act::books::{Breaker, Concern, Delta, Entry, Place};
use crate::domain::act::hold::Throttle;
use crate::domain::outbox::Posting;
use crate::store::error::StoreError;
use crate::store::records::Pause;
use crate::store::sqlite::decisions::{outbox, pauses};
use crate::store::sqlite::file::Database;

/// The engine takes so many values in one statement.
const VALUES: usize = 32_766;

/// Saves changes.
pub(in crate::store::sqlite) async fn save(
    file: &Database,
    delta: &Delta,
    told: &[Posting],
) -> Result<(), StoreError> {
    let mut write = file.write().await?;
    add(file, &mut write, delta).await?;
    outbox::add(file, &mut write, told).await?;
    write.commit().await.map_err(file.failed())
}

/// Saves changes unless lowering is paused there; nobody can pause it in between.
pub(in crate::store::sqlite) async fn save_unless_paused(
    file: &Database,
    account: &AccountName,
    delta: &Delta,
    told: &[Posting],
    now: Timestamp,
) -> Result<Option<Pause>, StoreError> {
    let mut write = file.write().await?;
    if let Some(pause) = pauses::standing_at(file, &mut *write, account, now).await? {
        write.rollback().await.map_err(file.failed())?;
        return Ok(Some(pause));
    }
    add(file, &mut write, delta).await?;
    outbox::add(file, &mut write, told).await?;
    write.commit().await.map_err(file.failed())?;
    Ok(None)
}

/// Saves what happened.
pub(in crate::store::sqlite) async fn append(file: &Database, entries: &[Entry]) -> Result<(), StoreError> {
    let mut write = file.write().await?;
    Writing { file, on: &mut write }.insert("journal", rows::JOURNAL, entries, rows::entry).await?;
    write.commit().await.map_err(file.failed())
}

/// Adds changes to a transaction, in the order in which [`Books::take`] takes them over.
///
/// [`Books::take`]: crate::domain::act::books::Books::take
pub(in crate::store::sqlite::decisions) async fn add(
    file: &Database,
    on: &mut SqliteConnection,
    delta: &Delta,
) -> Result<(), StoreError> {
    let Delta {
        actions, forgotten, throttles, freed, breakers, concerns, entries, blocked: _, quiet: _, ..
    } = delta;
    let mut write = Writing { file, on };
    write.insert("actions", rows::ACTIONS, actions, rows::action).await?;
    write.delete("actions", rows::ID, forgotten, rows::id).await?;
    write.throttles(throttles, freed).await?;
    write.breakers(breakers).await?;
    write.concerns(concerns).await?;
    write.insert("journal", rows::JOURNAL, entries, rows::entry).await
}

struct Writing<'a> {
    file: &'a Database,
    on: &'a mut SqliteConnection,
}

impl Writing<'_> {
    /// What stands on a sub-user is replaced whole.
    async fn throttles(&mut self, throttles: &[Throttle], freed: &[Place]) -> Result<(), StoreError> {
        let mut standing: BTreeMap<Place, Option<&Throttle>> = BTreeMap::new();
        standing.extend(throttles.iter().map(|throttle| (throttle.key(), Some(throttle))));
        standing.extend(freed.iter().map(|place| (place.clone(), None)));
        let places: Vec<_> = standing.keys().collect();
        self.delete("holds", rows::PLACE, &places, rows::place).await?;
        self.delete("throttles", rows::PLACE, &places, rows::place).await?;
        let throttles: Vec<_> = standing.into_values().flatten().collect();
        self.insert("throttles", rows::THROTTLES, &throttles, rows::throttle).await?;
        let holds: Vec<Held<'_>> = throttles
            .iter()
            .flat_map(|on| (0..).zip(&on.holds).map(|(place, hold)| (*on, place, hold)))
            .collect();
        self.insert("holds", rows::HOLDS, &holds, rows::hold).await
    }

    async fn breakers(&mut self, breakers: &[(AccountName, Option<Breaker>)]) -> Result<(), StoreError> {
        let now: BTreeMap<_, _> =
            breakers.iter().map(|(account, breaker)| (account, breaker.as_ref())).collect();
        let (open, closed) = parted(now);
        self.delete("breakers", rows::ACCOUNT, &closed, rows::account).await?;
        self.insert("breakers", rows::BREAKERS, &open, rows::breaker).await
    }

    async fn concerns(&mut self, concerns: &[(Concern, Option<Timestamp>)]) -> Result<(), StoreError> {
        let now: BTreeMap<_, _> = concerns.iter().map(|(concern, since)| (concern, *since)).collect();
        let (are, over) = parted(now);
        self.delete("concerns", rows::CONCERN, &over, rows::concern).await?;
        self.insert("concerns", rows::CONCERNS, &are, rows::concern_since).await
    }

    async fn insert<T>(
        &mut self,
        table: &str,
        columns: &str,
        rows: &[T],
        push: impl FnMut(Values<'_>, &T),
    ) -> Result<(), StoreError> {
        let start = format!("INSERT OR REPLACE INTO {table} ({columns}) ");
        self.in_bulk(&start, columns, rows, push, "").await
    }

    async fn delete<T>(
        &mut self,
        table: &str,
        columns: &str,
        rows: &[T],
        push: impl FnMut(Values<'_>, &T),
    ) -> Result<(), StoreError> {
        let start = format!("DELETE FROM {table} WHERE ({columns}) IN (");
        self.in_bulk(&start, columns, rows, push, ")").await
    }

    async fn in_bulk<T>(
        &mut self,
        start: &str,
        columns: &str,
        rows: &[T],
        mut push: impl FnMut(Values<'_>, &T),
        end: &str,
    ) -> Result<(), StoreError> {
        for rows in rows.chunks(VALUES / columns.split(',').count()) {
            let mut query = QueryBuilder::<Sqlite>::new(start);
            query.push_values(rows, &mut push).push(end);
            // Of another length each time: not worth keeping, and a long one is megabytes.
            let done = query.build().persistent(false).execute(&mut *self.on).await;
            done.map_err(self.file.failed())?;
        }
        Ok(())
    }
}

/// What is so, and what is no longer.
fn parted<K, V>(now: BTreeMap<K, Option<V>>) -> (Vec<(K, V)>, Vec<K>) {
    let (mut is, mut is_over) = (Vec::new(), Vec::new());
    for (key, value) in now {
        match value {
            Some(value) => is.push((key, value)),
            None => is_over.push(key),
        }
    }
    (is, is_over)
}
