//! What is remembered, read back at the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Transaction;
use sqlx::sqlite::{Sqlite, SqliteRow};

use super::columns::{Columns, part_of};
use crate::domain::account::AccountName;
use crate::domain::budget::Per;
use crate::domain::budget::amount::Amount;
use crate::domain::event::Subject;
use crate::domain::incident::{
    AccountState, BudgetState, Incident, Incidents, Latches, Matter, Movement, State, Track,
};
use crate::domain::truth;
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

pub(in crate::store::sqlite) async fn incidents(file: &Database) -> Result<Incidents, StoreError> {
    let mut read = Reading::begin(file).await?;
    let mut budgets = read.budgets().await?;
    let mut open = read.open(&budgets).await?;
    for row in read.rows("SELECT * FROM tracks ORDER BY budget, account, kind, target, product").await? {
        let columns = Columns { file, row: &row };
        let (subject, track) = track(&columns, &mut open)?;
        if let Some(state) = budgets.get_mut(&subject.budget) {
            state.accounts.entry(subject.account).or_default().tracks.push(track);
        }
    }
    Ok(Incidents { budgets, accounts: read.accounts().await? })
}

/// Open incidents by what they are about.
type Open = BTreeMap<Subject, Vec<Incident>>;

/// One state of the file.
pub(super) struct Reading<'a> {
    file: &'a Database,
    read: Transaction<'static, Sqlite>,
}

impl<'a> Reading<'a> {
    pub(super) async fn begin(file: &'a Database) -> Result<Self, StoreError> {
        Ok(Self { file, read: file.read().await? })
    }

    pub(super) async fn rows(&mut self, sql: &'static str) -> Result<Vec<SqliteRow>, StoreError> {
        sqlx::query(sql).fetch_all(&mut *self.read).await.map_err(self.file.failed())
    }

    async fn budgets(&mut self) -> Result<BTreeMap<Arc<str>, BudgetState>, StoreError> {
        let file = self.file;
        let mut budgets = BTreeMap::new();
        for row in self.rows("SELECT * FROM budgets").await? {
            let columns = Columns { file, row: &row };
            let per = columns.text("per")?;
            let per = Per::ALL.into_iter().find(|one| one.as_str() == per);
            let state = BudgetState {
                thresholds: Vec::new(),
                per: per.ok_or_else(|| file.damaged("what a budget is about"))?,
                amount: Amount::read_back(&columns.text("amount")?)
                    .map_err(|_| file.damaged("the amount of a budget"))?,
                period: columns
                    .text("period")?
                    .parse()
                    .map_err(|_| file.damaged("the period of a budget"))?,
                accounts: BTreeMap::new(),
            };
            budgets.insert(columns.shared("name")?, state);
        }
        for row in self.rows("SELECT * FROM thresholds ORDER BY budget, place").await? {
            let columns = Columns { file, row: &row };
            let threshold = (columns.shared("name")?, columns.moment("since")?);
            if let Some(state) = budgets.get_mut(&columns.shared("budget")?) {
                state.thresholds.push(threshold);
            }
        }
        for row in self.rows("SELECT * FROM unjudged").await? {
            let columns = Columns { file, row: &row };
            let state: Option<&mut BudgetState> = budgets.get_mut(&columns.shared("budget")?);
            // A word that this version does not know is told anew.
            if let (Some(state), Some(word)) = (state, truth::word(&columns.text("reason")?)) {
                let targets = usize::try_from(columns.number("targets")?).unwrap_or_default();
                let account = state.accounts.entry(columns.account("account")?).or_default();
                account.unknown.insert(word, targets);
            }
        }
        Ok(budgets)
    }

    async fn open(&mut self, budgets: &BTreeMap<Arc<str>, BudgetState>) -> Result<Open, StoreError> {
        let file = self.file;
        let mut open = Open::new();
        for row in self.rows("SELECT * FROM incidents WHERE ended_at IS NULL ORDER BY id").await? {
            let columns = Columns { file, row: &row };
            let subject = columns.subject()?;
            let threshold = columns.text("threshold")?;
            let thresholds = budgets.get(&subject.budget).map(|state| &state.thresholds);
            let place = thresholds.and_then(|names| names.iter().position(|(name, _)| **name == *threshold));
            let Some(place) = place.and_then(|place| u8::try_from(place).ok()) else { continue };
            let state = columns.text("state")?;
            let incident = Incident {
                threshold: place,
                state: State::ALL
                    .into_iter()
                    .find(|one| one.as_str() == state)
                    .ok_or_else(|| file.damaged("the state of an incident"))?,
                since: columns.moment("since")?,
                borne_out: columns.number("borne_out")? != 0,
            };
            open.entry(subject).or_default().push(incident);
        }
        Ok(open)
    }

    async fn accounts(&mut self) -> Result<BTreeMap<AccountName, AccountState>, StoreError> {
        let file = self.file;
        let mut accounts = BTreeMap::new();
        for row in self.rows("SELECT * FROM accounts").await? {
            let columns = Columns { file, row: &row };
            let stuck = columns.maybe_text("stuck")?.and_then(|word| part_of(&word));
            let state = AccountState {
                period: columns.maybe_moment("period")?,
                plan: columns.maybe_bytes("plan")?,
                outage: columns.maybe_moment("outage")?,
                total: movement(&columns, ["total", "total_moved", "total_looked"])?,
                sub_users: movement(&columns, ["sub_users", "sub_users_moved", "sub_users_looked"])?,
                stuck: stuck.zip(columns.maybe_moment("stuck_since")?),
            };
            accounts.insert(columns.account("name")?, state);
        }
        Ok(accounts)
    }
}

fn movement(columns: &Columns<'_>, names: [&str; 3]) -> Result<Option<Movement>, StoreError> {
    let figure = columns.maybe_text(names[0])?.and_then(|figure| figure.parse().ok());
    let moments = columns.maybe_moment(names[1])?.zip(columns.maybe_moment(names[2])?);
    Ok(figure.zip(moments).map(|(figure, (moved, looked))| Movement { figure, moved, looked }))
}

fn track(columns: &Columns<'_>, open: &mut Open) -> Result<(Subject, Track), StoreError> {
    let subject = columns.subject()?;
    let matter = Matter {
        incidents: open.remove(&subject).unwrap_or_default(),
        pending: pending(&columns.text("pending")?).ok_or_else(|| columns.file.damaged("what waits"))?,
        missing: columns.maybe_moment("missing")?,
    };
    let track = Track {
        target: subject.target.clone(),
        first_judged: columns.moment("first_judged")?,
        period: columns.maybe_moment("period")?,
        highest: columns.bytes("highest")?,
        last: columns.bytes("last")?,
        settles_below: columns.bytes("settles_below")?,
        amount: columns.maybe_bytes("amount")?,
        granted: columns.bytes("granted")?,
        latched: Latches(columns.number("latched")?.cast_unsigned()),
        matter: (matter != Matter::default()).then(|| Arc::new(matter)),
    };
    Ok((subject, track))
}

fn pending(text: &str) -> Option<Vec<(u8, Timestamp)>> {
    let one = |text: &str| {
        let (at, since) = text.split_once(':')?;
        Some((at.parse().ok()?, Timestamp::from_millisecond(since.parse().ok()?).ok()?))
    };
    text.split(',').filter(|text| !text.is_empty()).map(one).collect()
}
