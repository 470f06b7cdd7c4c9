//! From blocks to days, and what is dropped as it gets old.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Row, Transaction};

use super::{DAY_MS, History, ROWS, day_of, hour_of, seats};
use crate::domain::account::AccountName;
use crate::domain::units::Bytes;
use crate::store::error::StoreError;
use crate::store::readings::Dropped;
use crate::store::{block, day};

/// Days that the journal is kept.
const BLOCKS_KEPT: i64 = 7;
/// Days that keep their hours.
const HOURS_KEPT: i64 = 60;

/// What was used, by day, seat and hour: in the order of the table.
type Hours = BTreeMap<(i64, u32, u8), Bytes>;

impl History {
    pub(in crate::store::sqlite) async fn roll_up(&self, account: &AccountName) -> Result<(), StoreError> {
        let mut write = self.file.write().await?;
        let Some(account) = seats::account(&self.file, &mut write, account).await? else { return Ok(()) };
        let rolled_to = self.rolled_to(&mut write, account).await?;
        let (hours, last) = self.hours_after(&mut write, account, rolled_to).await?;
        if last == rolled_to {
            return Ok(());
        }
        let days: Vec<(i64, u32, Vec<u8>)> = rows(&hours);
        self.add_days(&mut write, account, &days).await?;
        let sql = "UPDATE accounts SET rolled_to = ? WHERE id = ?";
        sqlx::query(sql).bind(last).bind(account).execute(&mut *write).await.map_err(self.file.failed())?;
        write.commit().await.map_err(self.file.failed())
    }

    /// The last block that is rolled up.
    pub(super) async fn rolled_to(
        &self,
        connection: &mut Transaction<'_, Sqlite>,
        account: i64,
    ) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar("SELECT rolled_to FROM accounts WHERE id = ?").bind(account);
        query.fetch_one(&mut **connection).await.map_err(self.file.failed())
    }

    /// What the blocks hold after block `last`, and which is the last of them.
    async fn hours_after(
        &self,
        write: &mut Transaction<'_, Sqlite>,
        account: i64,
        mut last: i64,
    ) -> Result<(Hours, i64), StoreError> {
        // The plus sign keeps the engine from its index, by which it would read all blocks of the account.
        let sql = "SELECT id, observed, block FROM blocks WHERE id > ? AND +account = ? ORDER BY id";
        let query = sqlx::query_as::<_, (i64, i64, Vec<u8>)>(sql).bind(last).bind(account);
        let mut found = query.fetch(&mut **write);
        let mut hours = Hours::new();
        while let Some((id, observed, block)) = found.try_next().await.map_err(self.file.failed())? {
            let entries = block::decode(&block).map_err(|_| self.file.damaged("a block"))?;
            for entry in entries.into_iter().filter(|entry| entry.used.0 > 0) {
                let at = (day_of(observed), entry.seat, hour_of(observed));
                let used = hours.entry(at).or_default();
                *used = used.saturating_add(entry.used);
            }
            last = id;
        }
        Ok((hours, last))
    }

    /// Appends to days, or begins them.
    pub(super) async fn add_days(
        &self,
        write: &mut Transaction<'_, Sqlite>,
        account: i64,
        days: &[(i64, u32, Vec<u8>)],
    ) -> Result<(), StoreError> {
        // The engine makes a text of what it concatenates; the cast changes no byte.
        let append = "used = CAST(days.used || excluded.used AS BLOB)";
        self.upsert_days(write, account, days, append).await
    }

    async fn upsert_days(
        &self,
        write: &mut Transaction<'_, Sqlite>,
        account: i64,
        days: &[(i64, u32, Vec<u8>)],
        change: &'static str,
    ) -> Result<(), StoreError> {
        for days in days.chunks(ROWS) {
            let mut insert = QueryBuilder::new("INSERT INTO days (account, day, seat, used) ");
            insert.push_values(days, |mut row, (day, seat, used)| {
                row.push_bind(account).push_bind(day).push_bind(seat).push_bind(used.as_slice());
            });
            insert.push(" ON CONFLICT (account, day, seat) DO UPDATE SET ").push(change);
            insert.build().execute(&mut **write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    pub(in crate::store::sqlite) async fn drop_old(
        &self,
        now: Timestamp,
        days_kept: u16,
    ) -> Result<Dropped, StoreError> {
        let now = now.as_millisecond();
        let mut dropped =
            Dropped { blocks: self.drop_blocks(now - BLOCKS_KEPT * DAY_MS).await?, ..Dropped::default() };
        let accounts: Vec<i64> = sqlx::query_scalar("SELECT id FROM accounts")
            .fetch_all(self.file.readers())
            .await
            .map_err(self.file.failed())?;
        for account in accounts {
            dropped.days += self.drop_days(account, day_of(now) - i64::from(days_kept)).await?;
            dropped.hours += self.drop_hours(account, day_of(now) - HOURS_KEPT).await?;
        }
        Ok(dropped)
    }

    /// Blocks are dropped once they are in the days, however old.
    async fn drop_blocks(&self, before: i64) -> Result<u64, StoreError> {
        let sql = "DELETE FROM blocks WHERE id IN (SELECT blocks.id FROM blocks JOIN accounts \
                   ON accounts.id = blocks.account WHERE observed < ? AND blocks.id <= rolled_to)";
        let done = sqlx::query(sql).bind(before).execute(self.file.writer()?).await;
        done.map(|done| done.rows_affected()).map_err(self.file.failed())
    }

    async fn drop_days(&self, account: i64, before: i64) -> Result<u64, StoreError> {
        let sql = "DELETE FROM targets_read WHERE account = ? AND day < ?";
        let done = sqlx::query(sql).bind(account).bind(before).execute(self.file.writer()?).await;
        done.map_err(self.file.failed())?;
        let sql = "DELETE FROM days WHERE account = ? AND day < ?";
        let done = sqlx::query(sql).bind(account).bind(before).execute(self.file.writer()?).await;
        done.map(|done| done.rows_affected()).map_err(self.file.failed())
    }

    /// A day at a time, so that no transaction gets large.
    async fn drop_hours(&self, account: i64, before: i64) -> Result<u64, StoreError> {
        let sql = "SELECT DISTINCT day FROM days JOIN accounts ON accounts.id = account \
                   WHERE account = ? AND day >= hourly_from AND day < ? ORDER BY day";
        let query = sqlx::query_scalar(sql).bind(account).bind(before);
        let days: Vec<i64> = query.fetch_all(self.file.readers()).await.map_err(self.file.failed())?;
        let mut dropped = 0;
        for number in days {
            dropped += self.drop_hours_of(account, number).await?;
        }
        Ok(dropped)
    }

    async fn drop_hours_of(&self, account: i64, number: i64) -> Result<u64, StoreError> {
        let mut write = self.file.write().await?;
        let rows = sqlx::query("SELECT seat, used FROM days WHERE account = ? AND day = ? ORDER BY seat")
            .bind(account)
            .bind(number)
            .fetch_all(&mut *write)
            .await
            .map_err(self.file.failed())?;
        let mut days = Vec::with_capacity(rows.len());
        for row in rows {
            let held: &[u8] = row.try_get("used").map_err(self.file.failed())?;
            let used = day::decode(held).ok_or_else(|| self.file.damaged("a day"))?.used;
            days.push((number, row.try_get("seat").map_err(self.file.failed())?, day::whole_day(used)));
        }
        self.upsert_days(&mut write, account, &days, "used = excluded.used").await?;
        sqlx::query("UPDATE accounts SET hourly_from = ? WHERE id = ?")
            .bind(number + 1)
            .bind(account)
            .execute(&mut *write)
            .await
            .map_err(self.file.failed())?;
        write.commit().await.map_err(self.file.failed())?;
        Ok(days.len() as u64)
    }
}

/// A row a day and seat.
fn rows(hours: &Hours) -> Vec<(i64, u32, Vec<u8>)> {
    let mut rows: Vec<(i64, u32, Vec<u8>)> = Vec::new();
    for ((number, seat, hour), used) in hours {
        match rows.last_mut() {
            Some((of_day, of_seat, row)) if (*of_day, *of_seat) == (*number, *seat) => {
                day::put_hour(row, *hour, *used);
            }
            _ => {
                let mut row = Vec::new();
                day::put_hour(&mut row, *hour, *used);
                rows.push((*number, *seat, row));
            }
        }
    }
    rows
}
