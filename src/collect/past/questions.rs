//! What is missing of the past, in order of urgency; pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{Answer, Question, date_from, dates_of, last_unknown, today, what};
use crate::domain::account::Account;
use crate::domain::history::History;
use crate::domain::ledger::Ledger;
use crate::domain::period::midnight;
use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::domain::traffic::{SubUser, SubUserId};
use crate::providers::{Dates, Past};

/// What is known of an account.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Its counters.
    pub ledger: &'a Ledger,
    /// Its newest readings; who is not in its list is asked for by id.
    pub snapshot: &'a Snapshot,
    /// The account.
    pub account: &'a Account,
    /// What its vendor tells.
    pub past: Past,
}

/// What is wanted beside what budgets need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// So many whole days before today; nothing: none.
    pub backfill_days: Option<u16>,
    /// Where the traffic of so many days before today went; nothing: of none.
    pub target_days: Option<u16>,
    /// How late the vendor's figures come: what has just ended is not final before.
    pub lag: Duration,
    /// So many questions; more are counted and not made, since a large account may lack millions of days.
    pub most: usize,
}

/// What is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// What to ask, in this order.
    pub questions: Vec<Question>,
    /// How many more questions there are, by [`Question::what`].
    pub more: BTreeMap<&'static str, u64>,
}

impl Missing {
    fn add(&mut self, most: usize, what: &'static str, question: impl FnOnce() -> Question) {
        if self.questions.len() < most {
            self.questions.push(question());
        } else {
            *self.more.entry(what).or_default() += 1;
        }
    }
}

/// What is not to be asked again.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Whom the vendor knows no more.
    pub gone: HashSet<SubUserKey>,
    /// Days whose targets were read.
    pub targets: HashSet<(SubUserKey, Date)>,
}

impl Done {
    /// Notes what an answer settles beside what the ledger keeps.
    pub fn note(&mut self, question: &Question, answer: &Answer) {
        match (question, answer) {
            (_, Answer::Gone) => drop(self.gone.insert(question.key())),
            (Question::Targets { day, .. }, _) => drop(self.targets.insert((question.key(), *day))),
            _ => {}
        }
    }
}

/// What to ask: ends of periods, then what budgets need, then days, the newest of all sub-users first, then targets.
#[must_use]
pub fn questions(known: &Known<'_>, now: Timestamp, wants: Wants, done: &Done) -> Missing {
    let mut found = Missing::default();
    let rows = known.snapshot.rows().iter().map(|row| (row.sub_user.key(), &row.sub_user));
    let listed: HashMap<SubUserKey, &SubUser> = rows.collect();
    if known.past.dates != Dates::Nothing {
        closings(known, &listed, now, wants, done, &mut found);
        windows(known, &listed, wants, done, &mut found);
        days(known, now, wants, done, &mut found);
    }
    targets(known, now, wants, done, &mut found);
    found
}

fn closings(
    known: &Known<'_>,
    listed: &HashMap<SubUserKey, &SubUser>,
    now: Timestamp,
    wants: Wants,
    done: &Done,
    found: &mut Missing,
) {
    let zone = &known.account.time_zone;
    for (key, closing) in known.ledger.to_close() {
        let is_final = closing.end.checked_add(wants.lag).is_ok_and(|settled| settled <= now);
        if is_final && dates_of(&closing, zone).is_some() && !done.gone.contains(&key) {
            // Who was switched off has left the list, and its statistics still answer.
            let sub_user = || listed.get(&key).map_or_else(|| of_id(&key), |listed| (*listed).clone());
            found.add(wants.most, what::CLOSE, || Question::Close { sub_user: sub_user(), closing });
        }
    }
}

fn windows(
    known: &Known<'_>,
    listed: &HashMap<SubUserKey, &SubUser>,
    wants: Wants,
    done: &Done,
    found: &mut Missing,
) {
    for missing in known.ledger.uncovered() {
        let is_whole = date_from(missing.from, &known.account.time_zone).is_some();
        if let Some(sub_user) = listed.get(&missing.key)
            && is_whole
            && !done.gone.contains(&missing.key)
        {
            let from = missing.from;
            found.add(wants.most, what::WINDOW, || Question::Window { sub_user: (*sub_user).clone(), from });
        }
    }
}

fn days(known: &Known<'_>, now: Timestamp, wants: Wants, done: &Done, found: &mut Missing) {
    let Some(wanted) = wants.backfill_days else { return };
    let zone = &known.account.time_zone;
    let today = today(now, zone);
    // Of each, the first and the last day of which something is not known.
    let span = |sub_user: &SubUser| {
        let key = sub_user.key();
        let first = first_day(sub_user, today, wanted)?;
        let known_from = known.ledger.known_from(&key)?;
        let is_missing = known_from > midnight(first, zone)? && !done.gone.contains(&key);
        is_missing.then(|| (first, last_unknown(known_from, zone).min(today)))
    };
    let rows = known.snapshot.rows().iter().map(|row| &row.sub_user);
    let lacking: Vec<_> = rows.filter_map(|sub_user| Some((sub_user, span(sub_user)?))).collect();
    if known.past.dates == Dates::ByDay {
        for (sub_user, (first, last)) in lacking {
            found.add(wants.most, what::DAYS, || Question::Days { sub_user: sub_user.clone(), first, last });
        }
        return;
    }
    // A call a day, the newest of all first.
    for back in 0..=wanted {
        let Ok(day) = today.checked_sub(i32::from(back).days()) else { return };
        for (sub_user, (first, last)) in &lacking {
            if (*first..=*last).contains(&day) {
                found.add(wants.most, what::DAYS, || Question::Days {
                    sub_user: (*sub_user).clone(),
                    first: day,
                    last: day,
                });
            }
        }
    }
}

fn targets(known: &Known<'_>, now: Timestamp, wants: Wants, done: &Done, found: &mut Missing) {
    let (Some(kept), Some(wanted)) = (known.past.target_days, wants.target_days) else { return };
    let zone = &known.account.time_zone;
    let today = today(now, zone);
    let is_final = |day: Date| {
        let end = day.tomorrow().ok().and_then(|next| midnight(next, zone));
        end.and_then(|end| end.checked_add(wants.lag).ok()).is_some_and(|settled| settled <= now)
    };
    // The newest of all first, so that a walk that is cut short has something of everybody.
    for back in 1..=kept.min(wanted) {
        let Ok(day) = today.checked_sub(i32::from(back).days()) else { return };
        if !is_final(day) {
            continue;
        }
        for row in known.snapshot.rows() {
            let key = row.sub_user.key();
            let is_idle = known.ledger.sub_user(&key).and_then(|days| days.used_since_days(day, day));
            let is_there = first_day(&row.sub_user, today, wanted).is_some_and(|first| first <= day);
            let asked = (key, day);
            if is_there
                && is_idle != Some(0)
                && !done.gone.contains(&asked.0)
                && !done.targets.contains(&asked)
            {
                found.add(wants.most, what::TARGETS, || Question::Targets {
                    sub_user: row.sub_user.clone(),
                    day,
                });
            }
        }
    }
}

/// The first day that is wanted, or the one on which the sub-user was made.
fn first_day(sub_user: &SubUser, today: Date, wanted: u16) -> Option<Date> {
    let first = today.checked_sub(i32::from(wanted).days()).ok()?;
    Some(sub_user.created.map_or(first, |created| first.max(created.date())).min(today))
}

/// Somebody of whom nothing but the id is known.
fn of_id(key: &SubUserKey) -> SubUser {
    SubUser {
        id: Some(SubUserId(key.0.clone())),
        username: key.0.clone(),
        status: None,
        product: None,
        limit: None,
        limit_enforced: None,
        auto_disable: None,
        lifetime: None,
        created: None,
        usage: None,
    }
}
