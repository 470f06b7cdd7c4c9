//! The history's file: the journal of blocks, and the days that they are rolled up into.
//!
//! What a subject used is in `days` up to the block `rolled_to`, and in the blocks after it; a query reads both in
//! one transaction, so that a pass is seen as soon as it is saved and nothing is counted twice.

mod names;
mod overview;
mod read;
mod roll_up;
mod seats;
mod standing;
mod targets;

use std::collections::HashMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Transaction};
use tokio::sync::Mutex;

use super::file::Database;
use crate::domain::account::AccountName;
use crate::store::block::{self, Entry};
use crate::store::error::StoreError;
use crate::store::readings::{Figure, PassReadings, Subject};
use seats::Seats;

/// Rows of one statement: with five values a row it stays below the engine's 32,766.
const ROWS: usize = 6000;

const DAY_MS: i64 = 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;

/// The history's file, and who sits where.
#[derive(Debug)]
pub(super) struct History {
    file: Database,
    /// Held while something is written, so that it agrees with the file.
    seats: Mutex<HashMap<AccountName, Seats>>,
}

impl History {
    pub(super) fn new(file: Database) -> Self {
        Self { file, seats: Mutex::default() }
    }

    #[cfg(test)]
    pub(super) const fn file(&self) -> &Database {
        &self.file
    }

    pub(super) async fn close(&self) {
        self.file.close().await;
    }

    /// One row a pass, account and 4,096 seats.
    pub(super) async fn save_pass(
        &self,
        account: &AccountName,
        pass: &PassReadings,
    ) -> Result<(), StoreError> {
        let mut held = self.seats.lock().await;
        let mut write = self.file.write().await?;
        let mut seats = match held.remove(account) {
            Some(seats) => seats,
            None => Seats::load(&self.file, &mut write, account).await?,
        };
        let newcomers = seats.seat_all(subjects(pass));
        seats::save(&self.file, &mut write, seats.account, &newcomers).await?;
        self.save_standing(&mut write, &seats, &pass.standing).await?;
        let blocks = blocks(&seats, pass).await;
        self.save_blocks(&mut write, &seats, pass.observed, &blocks).await?;
        write.commit().await.map_err(self.file.failed())?;
        // Not before: what was not committed must be read anew.
        held.insert(account.clone(), seats);
        Ok(())
    }

    async fn save_blocks(
        &self,
        write: &mut Transaction<'_, Sqlite>,
        seats: &Seats,
        observed: Timestamp,
        blocks: &[(u32, Vec<u8>)],
    ) -> Result<(), StoreError> {
        for blocks in blocks.chunks(ROWS) {
            let mut insert = QueryBuilder::new("INSERT INTO blocks (account, chunk, observed, block) ");
            insert.push_values(blocks, |mut row, (chunk, block)| {
                row.push_bind(seats.account).push_bind(chunk);
                row.push_bind(observed.as_millisecond()).push_bind(block.as_slice());
            });
            insert.build().execute(&mut **write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }
}

/// Everybody whom a pass names.
fn subjects(pass: &PassReadings) -> impl Iterator<Item = &Subject> {
    let changed = pass.changed.iter().map(|figure| &figure.subject);
    changed.chain(pass.standing.iter().map(|(subject, _)| subject))
}

/// The pass as blocks, each with the number of its 4,096 seats.
async fn blocks(seats: &Seats, pass: &PassReadings) -> Vec<(u32, Vec<u8>)> {
    let entry = |figure: &Figure| {
        let seat = seats.of(&figure.subject)?;
        Some(Entry { seat, usage: figure.usage.clone(), used: figure.used })
    };
    let mut entries: Vec<Entry> = pass.changed.iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.seat);
    let chunks = entries.chunk_by(|a, b| a.seat / block::SEATS == b.seat / block::SEATS);
    let mut blocks = Vec::new();
    // A subject that is named again and again in one pass could fill more than one block.
    for part in chunks.flat_map(|chunk| chunk.chunks(block::SEATS as usize)) {
        blocks.push((part[0].seat / block::SEATS, block::encode(part)));
        // A large pass takes a while, and others wait for the thread.
        tokio::task::yield_now().await;
    }
    blocks
}

/// The day of a moment, counted from 1970 (UTC).
const fn day_of(millisecond: i64) -> i64 {
    millisecond.div_euclid(DAY_MS)
}

/// The hour of a moment, 0 to 23 (UTC).
const fn hour_of(millisecond: i64) -> u8 {
    (millisecond.rem_euclid(DAY_MS) / HOUR_MS) as u8
}

/// The number of a date, counted from 1970.
fn number_of(day: Date) -> i64 {
    i64::from((day - date(1970, 1, 1)).get_days())
}

/// The date of a number; the last there is for what no date has.
fn date_of(number: i64) -> Date {
    i32::try_from(number)
        .ok()
        .and_then(|days| date(1970, 1, 1).checked_add(days.days()).ok())
        .unwrap_or(Date::MAX)
}
