//! What an answer changes in the ledger, and what of it is to be saved.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Answer, Question, date_from, last_unknown, today};
use crate::domain::figure::{PassReadings, Standing, Subject};
use crate::domain::history::{DAYS, History};
use crate::domain::ledger::Ledger;
use crate::domain::period::midnight;
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

/// What is to be saved of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// What was used at the end of a period that is closed.
    Pass(PassReadings),
    /// By how much each day is raised.
    Days {
        /// Whose.
        subject: Subject,
        /// The days, in order.
        days: Vec<(Date, Bytes)>,
        /// How the counter stands with that.
        standing: Standing,
    },
    /// Where the traffic of a day went; to be noted even where it went nowhere.
    Targets {
        /// Whose.
        sub_user: SubUserKey,
        /// The day.
        day: Date,
        /// What each target used.
        used: Vec<(Arc<str>, Bytes)>,
    },
}

/// Counts an answer; nothing where nothing of it is to be saved.
pub fn apply(
    ledger: &mut Ledger,
    question: &Question,
    answer: &Answer,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Saved> {
    let key = question.key();
    match (question, answer) {
        (Question::Close { closing, .. }, Answer::Total(total)) => {
            ledger.close(&key, *closing, *total).map(Saved::Pass)
        }
        // Nobody can say more of it than was seen.
        (Question::Close { closing, .. }, Answer::Gone) => {
            ledger.close(&key, *closing, closing.highest).map(Saved::Pass)
        }
        (Question::Window { from, .. }, Answer::Total(total)) => {
            ledger.base(&key, *from, *total);
            None
        }
        (Question::Window { from, .. }, Answer::Days(told)) => {
            let today = today(now, zone);
            days(ledger, key, (date_from(*from, zone)?, today), told, zone, today)
        }
        (Question::Days { first, last, .. }, Answer::Days(told)) => {
            days(ledger, key, (*first, *last), told, zone, today(now, zone))
        }
        (Question::Targets { day, .. }, Answer::Targets(told)) => {
            let used = told.iter().map(|target| (target.target.clone(), target.traffic)).collect();
            Some(Saved::Targets { sub_user: key, day: *day, used })
        }
        _ => None,
    }
}

/// Hands the ledger every day from `first` to today: what was told, else what was seen.
///
/// Nothing where a day between the told ones and the known ones is missing, since all after `first` is known then.
fn days(
    ledger: &mut Ledger,
    key: SubUserKey,
    (first, last): (Date, Date),
    told: &[(Date, Bytes)],
    zone: &TimeZone,
    today: Date,
) -> Option<Saved> {
    let known_from = ledger.known_from(&key)?;
    let unknown = last_unknown(known_from, zone).min(today);
    if unknown < first || last < unknown {
        return None;
    }
    let held = ledger.sub_user(&key)?;
    let mut all = Vec::new();
    let mut day = first;
    while day <= today {
        let told = || told.iter().find(|(of, _)| *of == day).map_or(Bytes(0), |(_, used)| *used);
        // What was seen is rounded up, and must not come back as what the vendor said.
        let seen = || held.used_since_days(day, day).map_or(Bytes(0), Bytes);
        let is_seen = day > unknown || (day == unknown && is_forgotten(day, today, known_from, zone));
        all.push((day, if is_seen { seen() } else { told() }));
        day = day.tomorrow().ok()?;
    }
    let (standing, days) = ledger.backfill(&key, first, &all)?;
    Some(Saved::Days { subject: Subject::SubUser(key), days, standing })
}

/// Whether a day was seen in part, so long ago that the ledger no longer holds how much: it must not count twice.
fn is_forgotten(day: Date, today: Date, known_from: Timestamp, zone: &TimeZone) -> bool {
    let is_held =
        day.until(today).is_ok_and(|ago| usize::try_from(ago.get_days()).is_ok_and(|ago| ago < DAYS));
    let end = day.tomorrow().ok().and_then(|next| midnight(next, zone));
    !is_held && end.is_some_and(|end| known_from < end)
}
