//! Queries of the history.

use std::collections::{BTreeMap, HashMap};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::Transaction;
use sqlx::sqlite::Sqlite;

use super::{History, date_of, day_of, hour_of, number_of, seats};
use crate::domain::account::AccountName;
use crate::store::block::{self, Entry};
use crate::store::error::StoreError;
use crate::store::readings::{Day, DayUse, Point, Subject};
use crate::store::{EachDay, day};

/// What is not rolled up yet, by day and seat.
type Fresh = BTreeMap<(i64, u32), DayUse>;

impl History {
    pub(in crate::store::sqlite) async fn points(
        &self,
        account: &AccountName,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Point>, StoreError> {
        let mut read = self.file.read().await?;
        let Some((account, seat)) = self.whereabouts(&mut read, account, subject).await? else {
            return Ok(Vec::new());
        };
        let sql = "SELECT observed, block FROM blocks \
                   WHERE account = ? AND chunk = ? AND observed >= ? AND observed < ? ORDER BY observed, id";
        let mut found = sqlx::query_as::<_, (i64, Vec<u8>)>(sql)
            .bind(account)
            .bind(seat / block::SEATS)
            .bind(first_millisecond(from))
            .bind(first_millisecond(until))
            .fetch(&mut *read);
        let mut points = Vec::new();
        while let Some((at, block)) = found.try_next().await.map_err(self.file.failed())? {
            let observed = Timestamp::from_millisecond(at).map_err(|_| self.file.damaged("a time"))?;
            let entries = self.entries(&block)?.into_iter().filter(|entry| entry.seat == seat);
            points.extend(entries.map(|entry| Point { observed, usage: entry.usage, used: entry.used }));
        }
        Ok(points)
    }

    pub(in crate::store::sqlite) async fn days(
        &self,
        account: &AccountName,
        subject: &Subject,
        first: Date,
        last: Date,
    ) -> Result<Vec<Day>, StoreError> {
        let mut read = self.file.read().await?;
        let Some((account, seat)) = self.whereabouts(&mut read, account, subject).await? else {
            return Ok(Vec::new());
        };
        let (first, last) = (number_of(first), number_of(last));
        let fresh = self.fresh(&mut read, account, Some(seat)).await?;
        let mut days: BTreeMap<i64, DayUse> = fresh
            .into_iter()
            .map(|((number, _), usage)| (number, usage))
            .filter(|(number, _)| (first..=last).contains(number))
            .collect();
        // One look a day: the table is kept by day, and a scan would read everybody's.
        let sql = "WITH RECURSIVE dates (number) AS \
                   (SELECT ? UNION ALL SELECT number + 1 FROM dates WHERE number < ?) \
                   SELECT day, used FROM dates CROSS JOIN days ON account = ? AND day = number AND seat = ?";
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(sql)
            .bind(first)
            .bind(last)
            .bind(account)
            .bind(seat)
            .fetch_all(&mut *read)
            .await
            .map_err(self.file.failed())?;
        for (number, row) in rows.into_iter().filter(|(number, _)| *number <= last) {
            let held = self.day(&row)?;
            match days.get_mut(&number) {
                Some(usage) => day::join(usage, &held),
                None => drop(days.insert(number, held)),
            }
        }
        Ok(days.into_iter().map(|(number, usage)| Day { date: date_of(number), usage }).collect())
    }

    pub(in crate::store::sqlite) async fn each_day(
        &self,
        account: &AccountName,
        first: Date,
        last: Date,
        each: &mut EachDay<'_>,
    ) -> Result<(), StoreError> {
        let mut read = self.file.read().await?;
        let Some(account) = seats::account(&self.file, &mut read, account).await? else { return Ok(()) };
        let (first, last) = (number_of(first), number_of(last));
        let subjects: HashMap<u32, Subject> =
            seats::subjects(&self.file, &mut read, account).await?.into_iter().collect();
        let nobody = || self.file.damaged("who used a day");
        let mut fresh = self.fresh(&mut read, account, None).await?;
        fresh.retain(|(number, _), _| (first..=last).contains(number));
        let sql = "SELECT day, seat, used FROM days WHERE account = ? AND day BETWEEN ? AND ?";
        let mut rows = sqlx::query_as::<_, (i64, u32, Vec<u8>)>(sql)
            .bind(account)
            .bind(first)
            .bind(last)
            .fetch(&mut *read);
        while let Some((number, seat, row)) = rows.try_next().await.map_err(self.file.failed())? {
            let mut usage = self.day(&row)?;
            if let Some(more) = fresh.remove(&(number, seat)) {
                day::join(&mut usage, &more);
            }
            each(subjects.get(&seat).ok_or_else(nobody)?, date_of(number), &usage);
        }
        for ((number, seat), usage) in fresh {
            each(subjects.get(&seat).ok_or_else(nobody)?, date_of(number), &usage);
        }
        Ok(())
    }

    /// The numbers of an account and a subject, if both are known.
    async fn whereabouts(
        &self,
        read: &mut Transaction<'_, Sqlite>,
        account: &AccountName,
        subject: &Subject,
    ) -> Result<Option<(i64, u32)>, StoreError> {
        let Some(account) = seats::account(&self.file, read, account).await? else { return Ok(None) };
        Ok(seats::seat(&self.file, read, account, subject).await?.map(|seat| (account, seat)))
    }

    /// What the blocks hold that are not rolled up yet, of one seat or of all.
    async fn fresh(
        &self,
        read: &mut Transaction<'_, Sqlite>,
        account: i64,
        of: Option<u32>,
    ) -> Result<Fresh, StoreError> {
        let rolled_to = self.rolled_to(read, account).await?;
        let sql = "SELECT observed, block FROM blocks \
                   WHERE id > ? AND +account = ? AND (? IS NULL OR +chunk = ?) ORDER BY id";
        let chunk = of.map(|seat| seat / block::SEATS);
        let query = sqlx::query_as::<_, (i64, Vec<u8>)>(sql);
        let mut found = query.bind(rolled_to).bind(account).bind(chunk).bind(chunk).fetch(&mut **read);
        let mut fresh = Fresh::new();
        while let Some((at, block)) = found.try_next().await.map_err(self.file.failed())? {
            let entries = self.entries(&block)?.into_iter();
            for entry in entries.filter(|entry| entry.used.0 > 0 && of.is_none_or(|seat| seat == entry.seat))
            {
                let empty = || DayUse { hours: Some(Default::default()), ..DayUse::default() };
                let usage = fresh.entry((day_of(at), entry.seat)).or_insert_with(empty);
                day::add(usage, hour_of(at), entry.used);
            }
        }
        Ok(fresh)
    }

    fn entries(&self, block: &[u8]) -> Result<Vec<Entry>, StoreError> {
        block::decode(block).map_err(|_| self.file.damaged("a block"))
    }

    fn day(&self, row: &[u8]) -> Result<DayUse, StoreError> {
        day::decode(row).ok_or_else(|| self.file.damaged("a day"))
    }
}

/// The first whole millisecond that is not before `at`.
fn first_millisecond(at: Timestamp) -> i64 {
    let floor = at.as_millisecond();
    let is_later = Timestamp::from_millisecond(floor).is_ok_and(|whole| whole < at);
    floor + i64::from(is_later)
}
