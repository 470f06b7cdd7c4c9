//! Deliveries as people ask for them: was it told, when, and what was answered.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::at_most;
use crate::domain::budget::threshold::Severity;
use crate::domain::outbox::{NoticeId, Told};
use crate::store::error::StoreError;
use crate::store::sqlite::decisions::columns::Columns;
use crate::store::sqlite::file::Database;

macro_rules! told {
    ($rest:literal) => {
        concat!(
            "SELECT notices.id AS notice, at, notices.receiver, recipient, severity, title, state, tries, ",
            "coalesce(ended, due) AS moment, maybe, answer ",
            "FROM notices JOIN deliveries ON deliveries.notice = notices.number WHERE ",
            $rest
        )
    };
}

/// Of all receivers, newest first.
pub(super) const SINCE: &str = told!("at >= ? ORDER BY at DESC, deliveries.id DESC LIMIT ?");

/// Of one receiver, newest first.
pub(super) const SINCE_OF: &str =
    told!("notices.receiver = ? AND at >= ? ORDER BY at DESC, deliveries.id DESC LIMIT ?");

/// Of one notice.
pub(super) const OF: &str = told!("notices.id = ? ORDER BY deliveries.id");

/// Deliveries of notices that were decided since a moment.
pub(in crate::store::sqlite) async fn since(
    file: &Database,
    receiver: Option<&str>,
    since: Timestamp,
    many: usize,
) -> Result<Vec<Told>, StoreError> {
    let query = match receiver {
        Some(receiver) => sqlx::query(SINCE_OF).bind(receiver),
        None => sqlx::query(SINCE),
    };
    let query = query.bind(since.as_millisecond()).bind(at_most(many));
    read(file, &query.fetch_all(file.readers()).await.map_err(file.failed())?)
}

/// Every delivery of one notice, in the order of its recipients.
pub(in crate::store::sqlite) async fn of(file: &Database, id: &NoticeId) -> Result<Vec<Told>, StoreError> {
    let rows = sqlx::query(OF).bind(&*id.0).fetch_all(file.readers()).await;
    read(file, &rows.map_err(file.failed())?)
}

fn read(file: &Database, rows: &[SqliteRow]) -> Result<Vec<Told>, StoreError> {
    rows.iter().map(|row| Columns { file, row }.told()).collect()
}

impl Columns<'_> {
    fn told(&self) -> Result<Told, StoreError> {
        let severity = self.text("severity")?;
        Ok(Told {
            notice: self.notice("notice")?,
            at: self.moment("at")?,
            receiver: self.shared("receiver")?,
            recipient: self.shared("recipient")?,
            severity: Severity::ALL
                .into_iter()
                .find(|one| one.as_str() == severity)
                .ok_or_else(|| self.file.damaged("the severity of a notice"))?,
            title: self.text("title")?,
            state: self.text("state")?,
            tries: self.tries()?,
            moment: self.moment("moment")?,
            maybe_twice: self.flag("maybe")?,
            answer: self.maybe_text("answer")?,
        })
    }
}
