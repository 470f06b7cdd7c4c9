//! The store on SQLite: two files and a lock beside them.

mod backup;
mod decisions;
mod file;
mod history;
mod requests;
mod schema;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::sqlite::SqliteSynchronous;

use super::error::StoreError;
use super::owner::OwnerLock;
use super::readings::{Day, Dropped, PassReadings, Point, Standing, Subject};
use super::records::{
    EntryRecord, EventRecord, IncidentId, IncidentRecord, Named, NewPause, Overview, Pause, ReceiverOff,
    Which,
};
use super::request::{Answer, Asked, NewRequest, Request, RequestId};
use super::{Access, EachDay, EachStanding, EndedCounts, Store};
use crate::domain::account::AccountName;
use crate::domain::act::books::{Books, Delta, Entry};
use crate::domain::decision::Decision;
use crate::domain::grant::Grant;
use crate::domain::incident::Incidents;
use crate::domain::outbox::{Backlog, Change, Delivery, NoticeId, Posting, ThreadState, Told};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;
use file::{Database, Opening, Purpose};
use history::History;

/// The store on SQLite.
#[derive(Debug)]
pub struct SqliteStore {
    decisions: Database,
    /// Or why there is none.
    history: Result<History, String>,
    lock: Mutex<Option<OwnerLock>>,
}

impl SqliteStore {
    /// Opens the store whose decisions are at `path`; the owner checks and migrates it first.
    ///
    /// # Errors
    /// Decisions that are missing, damaged, of a newer schema, or owned by another process.
    /// A history that cannot be used is no error; [`Store::history`] tells of it.
    pub async fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        let (lock, decisions, history) = match access {
            Access::Own { owner, new_store } => {
                // Looked at before the lock, so that a refused start leaves no file behind.
                file::expect_there(path, new_store)?;
                let lock = OwnerLock::take(path, &owner)?;
                (Some(lock), Purpose::Own { may_begin: new_store }, Purpose::Own { may_begin: true })
            }
            Access::Ask => (None, Purpose::Write, Purpose::Read),
            Access::Read => (None, Purpose::Read, Purpose::Read),
        };
        let opening =
            Opening { synchronous: SqliteSynchronous::Full, schema: schema::decisions(), purpose: decisions };
        let decisions = Database::open(path, opening).await?;
        let opening =
            Opening { synchronous: SqliteSynchronous::Normal, schema: schema::history(), purpose: history };
        let history = Database::open(&history_path(path), opening).await;
        let history = history.map(History::new).map_err(|problem| match problem {
            StoreError::Missing { .. } => "there is none yet".to_owned(),
            problem => problem.to_string(),
        });
        Ok(Self { decisions, history, lock: Mutex::new(lock) })
    }

    fn usable_history(&self) -> Result<&History, StoreError> {
        self.history.as_ref().map_err(|problem| StoreError::NoHistory { problem: problem.clone() })
    }
}

/// Where the history lies that belongs to the decisions at `path`.
#[must_use]
pub fn history_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".history");
    name.into()
}

#[async_trait]
impl Store for SqliteStore {
    async fn ask(&self, request: &NewRequest, now: Timestamp) -> Result<RequestId, StoreError> {
        requests::ask(&self.decisions, request, now).await
    }

    async fn next_request(&self, asked: Asked<'_>) -> Result<Option<Request>, StoreError> {
        requests::next(&self.decisions, asked).await
    }

    async fn answer(&self, id: RequestId, answer: &Answer, now: Timestamp) -> Result<(), StoreError> {
        requests::answer(&self.decisions, id, answer, now).await
    }

    async fn answer_to(&self, id: RequestId) -> Result<Option<Answer>, StoreError> {
        requests::answer_to(&self.decisions, id).await
    }

    async fn save_decision(
        &self,
        decision: &Decision,
        acts: &Delta,
        told: &[Posting],
    ) -> Result<(), StoreError> {
        decisions::save(&self.decisions, decision, acts, told).await
    }

    async fn remembered(&self) -> Result<Incidents, StoreError> {
        decisions::load(&self.decisions).await
    }

    async fn incidents(&self, which: Which) -> Result<Vec<IncidentRecord>, StoreError> {
        decisions::list(&self.decisions, which).await
    }

    async fn ended_since(&self, since: Timestamp) -> Result<EndedCounts, StoreError> {
        decisions::ended_since(&self.decisions, since).await
    }

    async fn acknowledge(&self, id: IncidentId, who: &str, now: Timestamp) -> Result<bool, StoreError> {
        decisions::acknowledge(&self.decisions, id, who, now).await
    }

    async fn events(&self, since: Timestamp) -> Result<Vec<EventRecord>, StoreError> {
        decisions::events(&self.decisions, since).await
    }

    async fn drop_decisions(&self, before: Timestamp) -> Result<(), StoreError> {
        decisions::drop_old(&self.decisions, before).await
    }

    async fn save_acts(&self, delta: &Delta, told: &[Posting]) -> Result<(), StoreError> {
        decisions::save_acts(&self.decisions, delta, told).await
    }

    async fn save_intents(
        &self,
        account: &AccountName,
        delta: &Delta,
        told: &[Posting],
        now: Timestamp,
    ) -> Result<Option<Pause>, StoreError> {
        decisions::save_unless_paused(&self.decisions, account, delta, told, now).await
    }

    async fn acts(&self) -> Result<Books, StoreError> {
        decisions::acts(&self.decisions).await
    }

    async fn append(&self, entries: &[Entry]) -> Result<(), StoreError> {
        decisions::append(&self.decisions, entries).await
    }

    async fn journal(&self, since: Timestamp, at_most: usize) -> Result<Vec<EntryRecord>, StoreError> {
        decisions::journal(&self.decisions, since, at_most).await
    }

    async fn pause(&self, pause: &NewPause, now: Timestamp) -> Result<Pause, StoreError> {
        decisions::pause(&self.decisions, pause, now).await
    }

    async fn resume(&self, account: Option<&AccountName>, now: Timestamp) -> Result<Vec<Pause>, StoreError> {
        decisions::resume(&self.decisions, account, now).await
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, StoreError> {
        decisions::pauses(&self.decisions, now).await
    }

    async fn paused(&self, account: &AccountName, now: Timestamp) -> Result<Option<Pause>, StoreError> {
        decisions::paused(&self.decisions, account, now).await
    }

    async fn add_grant(&self, grant: &Grant) -> Result<i64, StoreError> {
        decisions::add_grant(&self.decisions, grant).await
    }

    async fn end_grant(&self, id: i64) -> Result<(), StoreError> {
        decisions::end_grant(&self.decisions, id).await
    }

    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        decisions::grants(&self.decisions).await
    }

    async fn post(&self, postings: &[Posting]) -> Result<(), StoreError> {
        decisions::post(&self.decisions, postings).await
    }

    async fn save_outbox(&self, changes: &[Change]) -> Result<(), StoreError> {
        decisions::save_outbox(&self.decisions, changes).await
    }

    async fn due(
        &self,
        receiver: &str,
        now: Timestamp,
        lanes: usize,
        busy: &[(Arc<str>, String)],
    ) -> Result<Vec<Vec<Delivery>>, StoreError> {
        decisions::due(&self.decisions, receiver, now, lanes, busy).await
    }

    async fn next_due(
        &self,
        receiver: &str,
        busy: &[(Arc<str>, String)],
    ) -> Result<Option<Timestamp>, StoreError> {
        decisions::next_due(&self.decisions, receiver, busy).await
    }

    async fn try_now(&self, now: Timestamp) -> Result<(), StoreError> {
        decisions::try_now(&self.decisions, now).await
    }

    async fn threads(&self) -> Result<Vec<ThreadState>, StoreError> {
        decisions::threads(&self.decisions).await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        decisions::backlog(&self.decisions).await
    }

    async fn told(
        &self,
        receiver: Option<&str>,
        since: Timestamp,
        at_most: usize,
    ) -> Result<Vec<Told>, StoreError> {
        decisions::told(&self.decisions, receiver, since, at_most).await
    }

    async fn told_of(&self, id: &NoticeId) -> Result<Vec<Told>, StoreError> {
        decisions::told_of(&self.decisions, id).await
    }

    async fn bury_of(
        &self,
        receiver: &str,
        recipients_left: &[Arc<str>],
        now: Timestamp,
        why: &str,
    ) -> Result<u64, StoreError> {
        decisions::bury_of(&self.decisions, receiver, recipients_left, now, why).await
    }

    async fn receiver_off(
        &self,
        receiver: &str,
        fingerprint: &str,
        since: Timestamp,
        answer: &str,
    ) -> Result<(), StoreError> {
        decisions::receiver_off(&self.decisions, receiver, fingerprint, since, answer).await
    }

    async fn receivers_off(&self) -> Result<Vec<ReceiverOff>, StoreError> {
        decisions::receivers_off(&self.decisions).await
    }

    async fn receiver_on(&self, receiver: &str) -> Result<(), StoreError> {
        decisions::receiver_on(&self.decisions, receiver).await
    }

    fn history(&self) -> Result<(), StoreError> {
        self.usable_history().map(|_| ())
    }

    async fn save_pass(&self, account: &AccountName, pass: &PassReadings) -> Result<(), StoreError> {
        self.usable_history()?.save_pass(account, pass).await
    }

    async fn roll_up(&self, account: &AccountName) -> Result<(), StoreError> {
        self.usable_history()?.roll_up(account).await
    }

    async fn drop_old(&self, now: Timestamp, days_kept: u16) -> Result<Dropped, StoreError> {
        self.usable_history()?.drop_old(now, days_kept).await
    }

    async fn each_standing(
        &self,
        account: &AccountName,
        each: &mut EachStanding<'_>,
    ) -> Result<(), StoreError> {
        self.usable_history()?.each_standing(account, each).await
    }

    async fn raise_days(
        &self,
        account: &AccountName,
        subject: &Subject,
        days: &[(Date, Bytes)],
        standing: Option<Standing>,
    ) -> Result<(), StoreError> {
        self.usable_history()?.raise_days(account, subject, days, standing).await
    }

    async fn save_targets(
        &self,
        account: &AccountName,
        sub_user: &SubUserKey,
        day: Date,
        used: &[(Arc<str>, Bytes)],
    ) -> Result<(), StoreError> {
        self.usable_history()?.save_targets(account, sub_user, day, used).await
    }

    async fn targets_read(
        &self,
        account: &AccountName,
        first: Date,
    ) -> Result<Vec<(SubUserKey, Date)>, StoreError> {
        self.usable_history()?.targets_read(account, first).await
    }

    async fn points(
        &self,
        account: &AccountName,
        subject: &Subject,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Point>, StoreError> {
        self.usable_history()?.points(account, subject, from, until).await
    }

    async fn days(
        &self,
        account: &AccountName,
        subject: &Subject,
        first: Date,
        last: Date,
    ) -> Result<Vec<Day>, StoreError> {
        self.usable_history()?.days(account, subject, first, last).await
    }

    async fn each_day(
        &self,
        account: &AccountName,
        first: Date,
        last: Date,
        each: &mut EachDay<'_>,
    ) -> Result<(), StoreError> {
        self.usable_history()?.each_day(account, first, last, each).await
    }

    async fn save_names(&self, account: &AccountName, named: &[Named]) -> Result<(), StoreError> {
        self.usable_history()?.save_names(account, named).await
    }

    async fn names(&self, account: &AccountName) -> Result<Vec<Named>, StoreError> {
        self.usable_history()?.names(account).await
    }

    async fn save_overview(&self, overview: &Overview) -> Result<(), StoreError> {
        self.usable_history()?.save_overview(overview).await
    }

    async fn overviews(&self) -> Result<Vec<Overview>, StoreError> {
        self.usable_history()?.overviews().await
    }

    async fn forget_overview(&self, account: &str) -> Result<(), StoreError> {
        self.usable_history()?.forget_overview(account).await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup::copy(&self.decisions, to).await
    }

    async fn close(&self) {
        self.decisions.close().await;
        if let Ok(history) = &self.history {
            history.close().await;
        }
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests;
