//! The table `standing`: how counters stand, a row an account and 4,096 seats.

use std::collections::{BTreeMap, HashMap};

use sqlx::Transaction;
use sqlx::sqlite::Sqlite;

use super::seats::{self, Seats};
use super::{History, number_of};
use crate::domain::account::AccountName;
use crate::domain::figure::{Standing, Subject};
use crate::domain::units::Bytes;
use crate::store::error::StoreError;
use crate::store::{EachStanding, block, day, standing};
use jiff::civil::Date;

impl History {
    /// Rewrites the rows of those that changed.
    pub(super) async fn save_standing(
        &self,
        write: &mut Transaction<'_, Sqlite>,
        seats: &Seats,
        changed: &[(Subject, Standing)],
    ) -> Result<(), StoreError> {
        let mut by_chunk: BTreeMap<u32, BTreeMap<u32, Standing>> = BTreeMap::new();
        for (subject, standing) in changed {
            if let Some(seat) = seats.of(subject) {
                by_chunk.entry(seat / block::SEATS).or_default().insert(seat, *standing);
            }
        }
        for (chunk, changed) in by_chunk {
            let sql = "SELECT block FROM standing WHERE account = ? AND chunk = ?";
            let query = sqlx::query_scalar::<_, Vec<u8>>(sql).bind(seats.account).bind(chunk);
            let held = query.fetch_optional(&mut **write).await.map_err(self.file.failed())?;
            let held = held.map(|held| self.standings(&held)).transpose()?.unwrap_or_default();
            let mut all: BTreeMap<u32, Standing> = held.into_iter().collect();
            all.extend(changed);
            let entries: Vec<_> = all.into_iter().collect();
            let sql = "INSERT OR REPLACE INTO standing (account, chunk, block) VALUES (?, ?, ?)";
            let query = sqlx::query(sql).bind(seats.account).bind(chunk).bind(standing::encode(&entries));
            query.execute(&mut **write).await.map_err(self.file.failed())?;
            // A large account takes a while, and others wait for the thread.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    pub(in crate::store::sqlite) async fn each_standing(
        &self,
        account: &AccountName,
        each: &mut EachStanding<'_>,
    ) -> Result<(), StoreError> {
        let mut read = self.file.read().await?;
        let Some(account) = seats::account(&self.file, &mut read, account).await? else { return Ok(()) };
        let subjects = seats::subjects(&self.file, &mut read, account).await?;
        let subjects: HashMap<u32, Subject> = subjects.into_iter().collect();
        let sql = "SELECT block FROM standing WHERE account = ? ORDER BY chunk";
        let query = sqlx::query_scalar::<_, Vec<u8>>(sql).bind(account);
        for row in query.fetch_all(&mut *read).await.map_err(self.file.failed())? {
            for (seat, standing) in self.standings(&row)? {
                let subject = subjects.get(&seat).ok_or_else(|| self.file.damaged("whose counter stands"))?;
                each(subject, standing);
            }
        }
        Ok(())
    }

    /// Raises days by what a vendor says of its past, and saves how the counter stands then.
    pub(in crate::store::sqlite) async fn raise_days(
        &self,
        account: &AccountName,
        subject: &Subject,
        days: &[(Date, Bytes)],
        standing: Option<Standing>,
    ) -> Result<(), StoreError> {
        let mut held = self.seats.lock().await;
        let mut write = self.file.write().await?;
        let mut seats = match held.remove(account) {
            Some(seats) => seats,
            None => Seats::load(&self.file, &mut write, account).await?,
        };
        let newcomers = seats.seat_all(std::iter::once(subject));
        seats::save(&self.file, &mut write, seats.account, &newcomers).await?;
        let seat = seats.of(subject).ok_or_else(|| self.file.damaged("a seat"))?;
        let rows: Vec<_> =
            days.iter().map(|(date, used)| (number_of(*date), seat, day::whole_day(*used))).collect();
        self.add_days(&mut write, seats.account, &rows).await?;
        if let Some(standing) = standing {
            self.save_standing(&mut write, &seats, &[(subject.clone(), standing)]).await?;
        }
        write.commit().await.map_err(self.file.failed())?;
        held.insert(account.clone(), seats);
        Ok(())
    }

    fn standings(&self, block: &[u8]) -> Result<Vec<(u32, Standing)>, StoreError> {
        standing::decode(block).map_err(|_| self.file.damaged("how counters stand"))
    }
}
