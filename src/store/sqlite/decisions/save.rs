//! One evaluation's changes and what follows of them for actions, in one transaction.

use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Transaction};

use super::columns::{number, part, target};
use super::{ROWS, acts, outbox};
use crate::domain::account::AccountName;
use crate::domain::act::books::Delta;
use crate::domain::decision::{Changed, Decision, Ended, Head, Opened};
use crate::domain::event::{Event, Subject};
use crate::domain::incident::{AccountState, Movement, Track};
use crate::domain::outbox::Posting;
use crate::domain::plan::event_in_words;
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

/// Events of one kind that are saved one by one; of more, their number is.
const EVENTS_OF_A_KIND: usize = 50;

pub(in crate::store::sqlite) async fn save(
    file: &Database,
    decision: &Decision,
    delta: &Delta,
    told: &[Posting],
) -> Result<(), StoreError> {
    let mut write = Saving { file, write: file.write().await?, at: decision.at.as_millisecond() };
    if let Some(heads) = &decision.heads {
        write.heads(heads).await?;
    }
    // Before others open: one target may end and begin in the same evaluation.
    write.ended(&decision.ended).await?;
    write.changed(&decision.changed).await?;
    write.opened(&decision.opened).await?;
    write.forgotten(&decision.forgotten).await?;
    write.tracks(&decision.tracks).await?;
    for (name, state) in &decision.accounts {
        write.account(name, state).await?;
    }
    for name in &decision.accounts_gone {
        write.run(sqlx::query("DELETE FROM accounts WHERE name = ?").bind(name.as_str())).await?;
    }
    write.events(&decision.events).await?;
    acts::add(file, &mut write.write, delta).await?;
    outbox::add(file, &mut write.write, told).await?;
    write.write.commit().await.map_err(file.failed())
}

struct Saving<'a> {
    file: &'a Database,
    write: Transaction<'static, Sqlite>,
    at: i64,
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

impl Saving<'_> {
    async fn run(&mut self, query: Query<'_>) -> Result<(), StoreError> {
        query.execute(&mut *self.write).await.map(drop).map_err(self.file.failed())
    }

    /// Few rows, replaced whole.
    async fn heads(&mut self, heads: &[Head]) -> Result<(), StoreError> {
        for table in ["DELETE FROM budgets", "DELETE FROM thresholds", "DELETE FROM unjudged"] {
            self.run(sqlx::query(table)).await?;
        }
        for Head { budget, state } in heads {
            let sql = "INSERT INTO budgets (name, per, amount, period) VALUES (?, ?, ?, ?)";
            let query = sqlx::query(sql).bind(&**budget).bind(state.per.as_str());
            self.run(query.bind(state.amount.to_string()).bind(state.period.to_string())).await?;
            for (place, (name, since)) in state.thresholds.iter().enumerate() {
                let sql = "INSERT INTO thresholds (budget, place, name, since) VALUES (?, ?, ?, ?)";
                let query = sqlx::query(sql).bind(&**budget).bind(place as i64).bind(&**name);
                self.run(query.bind(since.as_millisecond())).await?;
            }
            for (account, tracks) in &state.accounts {
                for (reason, targets) in &tracks.unknown {
                    let sql = "INSERT INTO unjudged (budget, account, reason, targets) VALUES (?, ?, ?, ?)";
                    let query = sqlx::query(sql).bind(&**budget).bind(account.as_str());
                    self.run(query.bind(*reason).bind(*targets as i64)).await?;
                }
            }
        }
        Ok(())
    }

    async fn opened(&mut self, opened: &[Opened]) -> Result<(), StoreError> {
        for rows in opened.chunks(ROWS) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT INTO incidents (budget, threshold, account, kind, target, product, name, state, since, \
                 borne_out, used, amount) ",
            );
            insert.push_values(rows, |mut row, Opened { of, threshold, incident, used, amount }| {
                let (kind, key, product, name) = target(&of.target);
                row.push_bind(&*of.budget).push_bind(&**threshold).push_bind(of.account.as_str());
                row.push_bind(kind).push_bind(key).push_bind(product).push_bind(name);
                row.push_bind(incident.state.as_str()).push_bind(incident.since.as_millisecond());
                row.push_bind(incident.borne_out).push_bind(used.map(number)).push_bind(amount.map(number));
            });
            insert.build().execute(&mut *self.write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    async fn changed(&mut self, changed: &[Changed]) -> Result<(), StoreError> {
        for rows in changed.chunks(ROWS) {
            let mut update = QueryBuilder::<Sqlite>::new(
                "WITH said (budget, threshold, account, kind, target, product, is_now, state, borne_out, used, \
                 amount) AS (",
            );
            update.push_values(rows, |mut row, changed| {
                let Changed { of, from, threshold, was: _, incident, used, amount } = changed;
                let (kind, key, product, _) = target(&of.target);
                row.push_bind(&*of.budget).push_bind(&**from).push_bind(of.account.as_str());
                row.push_bind(kind).push_bind(key).push_bind(product).push_bind(&**threshold);
                row.push_bind(incident.state.as_str()).push_bind(incident.borne_out);
                row.push_bind(used.map(number)).push_bind(amount.map(number));
            });
            update.push(") UPDATE incidents SET threshold = said.is_now, state = said.state, ");
            update.push("borne_out = said.borne_out, used = coalesce(said.used, incidents.used), ");
            update.push("amount = coalesce(said.amount, incidents.amount) FROM said WHERE ");
            update.push(SAME_AND_OPEN);
            update.build().execute(&mut *self.write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    async fn ended(&mut self, ended: &[Ended]) -> Result<(), StoreError> {
        for rows in ended.chunks(ROWS) {
            let mut update = QueryBuilder::<Sqlite>::new(
                "WITH said (budget, threshold, account, kind, target, product, ended) AS (",
            );
            update.push_values(rows, |mut row, Ended { of, threshold, end }| {
                let (kind, key, product, _) = target(&of.target);
                row.push_bind(&*of.budget).push_bind(&**threshold).push_bind(of.account.as_str());
                row.push_bind(kind).push_bind(key).push_bind(product).push_bind(end.as_str());
            });
            update.push(") UPDATE incidents SET state = 'ended', ended = said.ended, ended_at = ");
            update.push_bind(self.at).push(" FROM said WHERE ").push(SAME_AND_OPEN);
            update.build().execute(&mut *self.write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    async fn forgotten(&mut self, forgotten: &[Subject]) -> Result<(), StoreError> {
        for rows in forgotten.chunks(ROWS) {
            let mut delete = QueryBuilder::<Sqlite>::new(
                "DELETE FROM tracks WHERE (budget, account, kind, target, product) IN (",
            );
            delete.push_values(rows, |mut row, of| {
                let (kind, key, product, _) = target(&of.target);
                row.push_bind(&*of.budget).push_bind(of.account.as_str());
                row.push_bind(kind).push_bind(key).push_bind(product);
            });
            delete.push(")");
            delete.build().execute(&mut *self.write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    async fn tracks(
        &mut self,
        tracks: &[(std::sync::Arc<str>, AccountName, Track)],
    ) -> Result<(), StoreError> {
        for rows in tracks.chunks(ROWS) {
            let mut insert = QueryBuilder::<Sqlite>::new(
                "INSERT OR REPLACE INTO tracks (budget, account, kind, target, product, name, first_judged, \
                 period, highest, last, settles_below, amount, granted, latched, pending, missing) ",
            );
            insert.push_values(rows, |mut row, (budget, account, track)| {
                let (kind, key, product, name) = target(&track.target);
                row.push_bind(&**budget).push_bind(account.as_str());
                row.push_bind(kind).push_bind(key).push_bind(product).push_bind(name);
                row.push_bind(track.first_judged.as_millisecond());
                row.push_bind(track.period.map(|period| period.as_millisecond()));
                row.push_bind(number(track.highest)).push_bind(number(track.last));
                row.push_bind(number(track.settles_below)).push_bind(track.amount.map(number));
                row.push_bind(number(track.granted))
                    .push_bind(track.latched.0.cast_signed())
                    .push_bind(pending(track));
                let missing = track.matter.as_ref().and_then(|matter| matter.missing);
                row.push_bind(missing.map(|missing| missing.as_millisecond()));
            });
            insert.build().execute(&mut *self.write).await.map_err(self.file.failed())?;
        }
        Ok(())
    }

    async fn account(&mut self, name: &AccountName, state: &AccountState) -> Result<(), StoreError> {
        let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.as_millisecond());
        let figure = |one: Option<Movement>| one.map(|one| one.figure.to_string());
        let sql = "INSERT OR REPLACE INTO accounts (name, period, plan, outage, total, total_moved, total_looked, \
                   sub_users, sub_users_moved, sub_users_looked, stuck, stuck_since) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let query = sqlx::query(sql)
            .bind(name.as_str())
            .bind(moment(state.period))
            .bind(state.plan.map(number))
            .bind(moment(state.outage))
            .bind(figure(state.total))
            .bind(moment(state.total.map(|total| total.moved)))
            .bind(moment(state.total.map(|total| total.looked)))
            .bind(figure(state.sub_users))
            .bind(moment(state.sub_users.map(|list| list.moved)))
            .bind(moment(state.sub_users.map(|list| list.looked)))
            .bind(state.stuck.map(|(what, _)| part(what)))
            .bind(moment(state.stuck.map(|(_, since)| since)));
        self.run(query).await
    }

    /// Of many of a kind the number: a vendor may correct everybody at once.
    async fn events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        for same in events.chunk_by(|one, other| one.kind() == other.kind()) {
            let (kind, account) = (same[0].kind(), same[0].account());
            if same.len() > EVENTS_OF_A_KIND {
                let words = format!("{} times in one look", same.len());
                self.event(same[0].budget(), account, kind, &words).await?;
                continue;
            }
            for event in same {
                self.event(event.budget(), event.account(), kind, &event_in_words(event)).await?;
            }
        }
        Ok(())
    }

    async fn event(
        &mut self,
        budget: Option<&str>,
        account: &AccountName,
        kind: &str,
        words: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO events (at, budget, account, kind, words) VALUES (?, ?, ?, ?, ?)";
        let query = sqlx::query(sql).bind(self.at).bind(budget).bind(account.as_str());
        self.run(query.bind(kind).bind(words)).await
    }
}

/// The row of an incident that is said to be of this target and threshold.
const SAME_AND_OPEN: &str = "incidents.ended_at IS NULL AND incidents.budget = said.budget \
     AND incidents.account = said.account AND incidents.kind = said.kind AND incidents.target = said.target \
     AND incidents.product = said.product AND incidents.threshold = said.threshold";

/// Places and moments, as `3:1767225600000,…`.
fn pending(track: &Track) -> String {
    let pending = track.matter.iter().flat_map(|matter| &matter.pending);
    let pending: Vec<_> = pending.map(|(at, since)| format!("{at}:{}", since.as_millisecond())).collect();
    pending.join(",")
}
