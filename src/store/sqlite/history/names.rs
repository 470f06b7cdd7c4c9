//! The table `names`: what sub-users are called, since days and blocks know them by their seats.

use std::sync::Arc;

use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use super::seats::{self, Seats};
use super::{History, ROWS};
use crate::domain::account::AccountName;
use crate::domain::figure::Subject;
use crate::domain::incident::SubUserIdentity;
use crate::domain::units::{Bytes, Limit};
use crate::store::error::StoreError;
use crate::store::records::Named;

impl History {
    pub(in crate::store::sqlite) async fn save_names(
        &self,
        account: &AccountName,
        named: &[Named],
    ) -> Result<(), StoreError> {
        let mut held = self.seats.lock().await;
        let mut write = self.file.write().await?;
        let mut seats = match held.remove(account) {
            Some(seats) => seats,
            None => Seats::load(&self.file, &mut write, account).await?,
        };
        let subjects: Vec<_> = named.iter().map(|one| Subject::SubUser(one.who.key.clone())).collect();
        let newcomers = seats.seat_all(subjects.iter());
        seats::save(&self.file, &mut write, seats.account, &newcomers).await?;
        let mut rows = Vec::with_capacity(named.len());
        for (subject, one) in subjects.iter().zip(named) {
            let seat = seats.of(subject).ok_or_else(|| self.file.damaged("a seat"))?;
            rows.push((seat, &*one.who.product, &*one.who.name, one.limit.map(cap)));
        }
        for rows in rows.chunks(ROWS) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO names (account, seat, product, name, cap) ",
            );
            insert.push_values(rows, |mut row, (seat, product, name, cap)| {
                row.push_bind(seats.account).push_bind(seat);
                row.push_bind(*product).push_bind(*name).push_bind(cap);
            });
            insert.build().execute(&mut *write).await.map_err(self.file.failed())?;
        }
        write.commit().await.map_err(self.file.failed())?;
        held.insert(account.clone(), seats);
        Ok(())
    }

    pub(in crate::store::sqlite) async fn names(
        &self,
        account: &AccountName,
    ) -> Result<Vec<Named>, StoreError> {
        let mut read = self.file.read().await?;
        let Some(account) = seats::account(&self.file, &mut read, account).await? else {
            return Ok(Vec::new());
        };
        let sql = "SELECT subjects.name, names.product, names.name, cap FROM names \
                   JOIN subjects USING (account, seat) WHERE account = ? ORDER BY seat";
        let query = sqlx::query_as::<_, (String, String, String, Option<i64>)>(sql).bind(account);
        let rows = query.fetch_all(&mut *read).await.map_err(self.file.failed())?;
        let named = |(key, product, name, cap): (String, String, String, Option<i64>)| Named {
            who: SubUserIdentity {
                key: crate::domain::snapshot::SubUserKey(Arc::from(key)),
                product: product.into(),
                name: name.into(),
            },
            limit: cap.map(limit),
        };
        Ok(rows.into_iter().map(named).collect())
    }
}

fn cap(limit: Limit) -> i64 {
    limit.bytes().map_or(-1, |bytes| i64::try_from(bytes.0).unwrap_or(i64::MAX))
}

const fn limit(cap: i64) -> Limit {
    match cap {
        ..0 => Limit::Unlimited,
        some => Limit::of(Bytes(some.unsigned_abs())),
    }
}
