//! The table `targets_read`: of which days a sub-user's targets were read from the vendor's past.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::seats::{self, Seats};
use super::{History, date_of, number_of};
use crate::domain::account::AccountName;
use crate::domain::figure::Subject;
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;
use crate::store::day;
use crate::store::error::StoreError;

impl History {
    /// Adds what each target used on a day, and notes the day; one that is noted already stays as it is.
    pub(in crate::store::sqlite) async fn save_targets(
        &self,
        account: &AccountName,
        sub_user: &SubUserKey,
        day: Date,
        used: &[(Arc<str>, Bytes)],
    ) -> Result<(), StoreError> {
        let mut held = self.seats.lock().await;
        let mut write = self.file.write().await?;
        let mut seats = match held.remove(account) {
            Some(seats) => seats,
            None => Seats::load(&self.file, &mut write, account).await?,
        };
        let whose = Subject::SubUser(sub_user.clone());
        let subjects: Vec<_> =
            used.iter().map(|(target, _)| Subject::Target(sub_user.clone(), target.clone())).collect();
        let newcomers = seats.seat_all(std::iter::once(&whose).chain(&subjects));
        seats::save(&self.file, &mut write, seats.account, &newcomers).await?;
        let seat = |subject| seats.of(subject).ok_or_else(|| self.file.damaged("a seat"));
        let sql = "INSERT INTO targets_read (account, day, seat) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        let note = sqlx::query(sql).bind(seats.account).bind(number_of(day)).bind(seat(&whose)?);
        let noted = note.execute(&mut *write).await.map_err(self.file.failed())?.rows_affected();
        if noted > 0 {
            let mut rows = Vec::with_capacity(used.len());
            for (subject, (_, used)) in subjects.iter().zip(used).filter(|(_, (_, used))| *used > Bytes(0)) {
                rows.push((number_of(day), seat(subject)?, day::whole_day(*used)));
            }
            self.add_days(&mut write, seats.account, &rows).await?;
        }
        write.commit().await.map_err(self.file.failed())?;
        held.insert(account.clone(), seats);
        Ok(())
    }

    pub(in crate::store::sqlite) async fn targets_read(
        &self,
        account: &AccountName,
        first: Date,
    ) -> Result<Vec<(SubUserKey, Date)>, StoreError> {
        let mut read = self.file.read().await?;
        let Some(account) = seats::account(&self.file, &mut read, account).await? else {
            return Ok(Vec::new());
        };
        let subjects = seats::subjects(&self.file, &mut read, account).await?;
        let subjects: HashMap<u32, Subject> = subjects.into_iter().collect();
        let sql = "SELECT day, seat FROM targets_read WHERE account = ? AND day >= ? ORDER BY day, seat";
        let query = sqlx::query_as::<_, (i64, u32)>(sql).bind(account).bind(number_of(first));
        let rows = query.fetch_all(&mut *read).await.map_err(self.file.failed())?;
        let whose = |(number, seat): (i64, u32)| match subjects.get(&seat) {
            Some(Subject::SubUser(key)) => Ok((key.clone(), date_of(number))),
            _ => Err(self.file.damaged("whose targets were read")),
        };
        rows.into_iter().map(whose).collect()
    }
}
