//! One account, its sub-users as the vendor has them, and everything from a look to a settled write.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use crate::domain::account::{Account, FreezeBy};
use crate::domain::act::action::{Action, ActionId, Outcome, Stage, What};
use crate::domain::act::books::{Books, Delta};
use crate::domain::act::carry::{Ground, Planned, Write, plan};
use crate::domain::act::gate::Gate;
use crate::domain::act::pick::pick;
use crate::domain::act::record::Record;
use crate::domain::act::settle::{Found, intent, settle};
use crate::domain::act::step::{Rules, Terms, step};
use crate::domain::budget::amount::{Amount, Share};
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::selector::Selectors;
use crate::domain::budget::threshold::{Action as Asked, ActionKind, Condition, Mode, Threshold};
use crate::domain::budget::{Budget, OnUnknown, Per};
use crate::domain::evaluate::{Tolerance, View, evaluate};
use crate::domain::example;
use crate::domain::grant::Grant;
use crate::domain::guard::Guard;
use crate::domain::history::NoHistory;
use crate::domain::incident::Incidents;
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey};
use crate::domain::traffic::{AccountUsage, SubUser, Usage, Window};
use crate::domain::units::{Bytes, Limit};

pub(super) const GB: u64 = 1_000_000_000;

/// So many minutes after the start of 2026.
pub(super) fn at(minutes: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + minutes.minutes()
}

pub(super) fn gigabytes(gigabytes: u64) -> Limit {
    Limit::Bytes(Bytes(gigabytes * GB))
}

/// 50 GB a sub-user and vendor's period, and at all of it this is done.
pub(super) fn budget(name: &str, what: &str, mode: Mode) -> Budget {
    let what = match what.strip_prefix("limit ") {
        Some(size) => ActionKind::Limit(size.parse().unwrap()),
        None => ActionKind::Freeze,
    };
    let action = Asked { what, mode, approve_within: None, countdown: None };
    let stop = Threshold {
        action: Some(action),
        notify: vec!["ops".into()],
        ..Threshold::new("stop", Condition::Used(Share::percent(100)))
    };
    Budget {
        name: name.into(),
        selectors: Selectors::default(),
        per: Per::SubUser,
        amount: Amount::parse("50GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: vec![stop],
    }
}

/// A sub-user as the vendor has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) record: Record,
    pub(super) used: u64,
    pub(super) is_there: bool,
}

/// What the vendor does with the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    AsTold,
    /// It says yes and does nothing.
    Nothing,
    /// It does nothing and does not answer.
    Silence,
    /// It does it and does not answer.
    Unheard,
    /// It keeps another limit.
    Rounds,
    Refuses,
}

pub(super) struct World {
    pub(super) budgets: Vec<Budget>,
    pub(super) terms: Terms,
    pub(super) account: Account,
    pub(super) vendor: BTreeMap<&'static str, Row>,
    pub(super) grants: Vec<Grant>,
    pub(super) books: Books,
    pub(super) now: Timestamp,
    pub(super) window: Window,
    pub(super) does: Does,
    pub(super) counter_is_trusted: bool,
    pub(super) is_paused: bool,
    /// Writes that reached the vendor, and what changed.
    pub(super) writes: Vec<String>,
    pub(super) outcomes: Vec<(What, Outcome)>,
    pub(super) blocked: Vec<Gate>,
    pub(super) log: Vec<String>,
    pub(super) told: Vec<String>,
    pub(super) notices: Vec<crate::domain::notice::Notice>,
    pub(super) snapshot: Snapshot,
    pub(super) incidents: Incidents,
    pub(super) starts: &'static str,
}

impl World {
    /// An account with writes on, and these sub-users with a limit of 100 GB.
    pub(super) fn new(budgets: Vec<Budget>, names: &[&'static str]) -> Self {
        let record = Record { active: true, limit: Some(gigabytes(100)), auto_disable: Some(false) };
        let row = |name: &&'static str| (*name, Row { name, record, used: 1, is_there: true });
        Self {
            budgets,
            terms: Terms {
                writes: true,
                unit_pinned: true,
                guard: Guard::default(),
                own_users: vec!["customer_acme".to_owned()],
                freeze_by: FreezeBy::Status,
                can_lift: true,
                clocks_agree: true,
            },
            account: Account { writes: true, ..example::account() },
            vendor: names.iter().map(row).collect(),
            grants: vec![],
            books: Books::default(),
            now: at(0),
            window: Window::Period,
            does: Does::AsTold,
            counter_is_trusted: true,
            is_paused: false,
            writes: vec![],
            outcomes: vec![],
            blocked: vec![],
            log: vec![],
            told: vec![],
            notices: vec![],
            snapshot: Snapshot::default(),
            incidents: Incidents::default(),
            starts: "2026-01-01",
        }
    }

    /// One that was looked at twice, with nothing the matter: what comes next is borne out.
    pub(super) fn calm(budgets: Vec<Budget>, names: &[&'static str]) -> Self {
        let mut world = Self::new(budgets, names);
        world.look();
        world.look();
        world
    }

    pub(super) fn row(&mut self, name: &str) -> &mut Row {
        self.vendor.get_mut(name).unwrap()
    }

    pub(super) fn record(&self, name: &str) -> Record {
        self.vendor[name].record
    }

    fn list(&self) -> Vec<SubUser> {
        let rows = self.vendor.values().filter(|row| row.is_there && row.record.active);
        rows.map(|row| self.sub_user(row)).collect()
    }

    fn sub_user(&self, row: &Row) -> SubUser {
        SubUser {
            limit: row.record.limit,
            auto_disable: row.record.auto_disable,
            status: Some(if row.record.active { "active" } else { "disabled" }.into()),
            usage: Some(Usage { traffic: Bytes(row.used * GB), requests: None, window: self.window.clone() }),
            ..example::sub_user(row.name, row.name)
        }
    }

    /// Five minutes later: a list with those that we keep, judged, stepped and saved.
    pub(super) fn look(&mut self) {
        self.now += 5.minutes();
        let mut list = self.list();
        for throttle in self.books.throttles.values() {
            let row = &self.vendor[&*throttle.who.name];
            if row.is_there && !row.record.active {
                list.push(self.sub_user(row));
            }
        }
        self.snapshot = self.snapshot.with_sub_users(self.now, list);
        let value =
            AccountUsage { period_start: Some(self.starts.parse().unwrap()), ..AccountUsage::default() };
        self.snapshot.account = Some(Reading { observed: self.now, value });
        self.judge();
    }

    /// Judges what is known, without a look.
    pub(super) fn judge(&mut self) {
        let (incidents, delta) = self.judged();
        self.incidents = incidents;
        self.take(&delta);
    }

    /// What judging would change about actions.
    pub(super) fn news(&self) -> Delta {
        self.judged().1
    }

    fn judged(&self) -> (Incidents, Delta) {
        let holds = self.holds();
        let view = View {
            account: &self.account,
            snapshot: &self.snapshot,
            history: &NoHistory,
            holds: &holds,
            grants: &self.grants,
            tolerance: Tolerance { looks_since: [Some(at(0)); 4], ..Tolerance::default() },
        };
        let found = evaluate(&self.budgets, &[view], &self.incidents, self.now);
        let terms = BTreeMap::from([(self.account.name.clone(), self.terms.clone())]);
        let rules = Rules { budgets: &self.budgets, terms: &terms };
        let delta = step(&self.books, rules, &[view], &found.incidents, self.now);
        (found.incidents, delta)
    }

    fn holds(&self) -> BTreeMap<SubUserKey, Limit> {
        let own = self.books.throttles.values();
        own.filter_map(|throttle| Some((throttle.who.key.clone(), throttle.own.limit?))).collect()
    }

    /// Saves a change of the books.
    pub(super) fn take(&mut self, delta: &Delta) {
        let rules = crate::domain::judgement::Rules {
            budgets: self.budgets.clone(),
            operator: vec!["operator".into()],
            owners: Default::default(),
        };
        for notice in crate::domain::act::words::notices(&rules, delta, &self.incidents) {
            self.told.push(format!("{}: {}", notice.receiver, notice.title));
            self.notices.push(notice);
        }
        for entry in &delta.entries {
            self.log.push(format!("{} {}", entry.name, entry.step));
        }
        self.blocked.extend(delta.blocked.iter().map(|(_, gate)| *gate));
        self.books.take(delta);
    }

    /// What is due now, compared with a fresh list.
    pub(super) fn plan(&mut self) -> Vec<Write> {
        let picked = pick(&self.books, &self.account.name, &self.terms, (50, self.is_paused), self.now);
        self.take(&picked.delta);
        let list = self.list();
        let mut writes = vec![];
        for work in picked.work {
            let key = work.any().unwrap().who.key.clone();
            let listed = list.iter().find(|row| row.key() == key);
            let ground = Ground {
                account: &self.account,
                snapshot: &self.snapshot,
                terms: &self.terms,
                counter_is_trusted: self.counter_is_trusted,
                now: self.now,
            };
            match plan(work, listed, &ground) {
                Planned::Settled(delta) => self.take(&delta),
                Planned::Write(write) => writes.push(*write),
                Planned::Absent(actions) => {
                    self.log.extend(actions.iter().map(|action| format!("{} absent", action.who.name)));
                }
            }
        }
        writes
    }

    /// Carries out what is due now.
    pub(super) fn act(&mut self) {
        for write in self.plan() {
            let now = self.now;
            self.take(&intent(&write, now));
            let found = self.write(&write);
            self.settle(&write, &found);
        }
    }

    pub(super) fn settle(&mut self, write: &Write, found: &Found) {
        let (delta, outcomes) = settle(write, found, &self.books, self.now);
        self.outcomes.extend(outcomes);
        self.take(&delta);
    }

    /// One write reaches the vendor; what is found when it is read back.
    pub(super) fn write(&mut self, write: &Write) -> Found {
        let name = write.throttle.who.name.to_string();
        let does = self.does;
        let row = self.vendor.get_mut(&*name).unwrap();
        if !row.is_there {
            return Found::Gone;
        }
        let before = row.record;
        match does {
            Does::AsTold | Does::Unheard => row.record = write.change.on(before),
            Does::Rounds => {
                row.record = write.change.on(before);
                if let Some(Limit::Bytes(bytes)) = write.change.limit {
                    row.record.limit = Some(Limit::Bytes(Bytes(bytes.0 + GB)));
                }
            }
            Does::Nothing | Does::Silence | Does::Refuses => {}
        }
        let after = row.record;
        if before != after {
            self.writes.push(format!("{name}: {before} → {after}"));
        }
        if write.change.is_in(&after) {
            return Found::Confirmed;
        }
        match does {
            Does::Nothing => Found::Ignored,
            Does::Silence => Found::NotApplied,
            Does::Refuses => Found::Rejected("no".to_owned()),
            _ => Found::Other(after),
        }
    }

    /// A look, and what it makes due.
    pub(super) fn turn(&mut self) {
        self.look();
        self.act();
    }

    /// The actions that are not over, in words.
    pub(super) fn open(&self) -> Vec<String> {
        let text = |action: &Action| {
            let blocked = action.blocked.map_or_else(String::new, |gate| format!(" ({gate})"));
            format!("{} {} {} {}{blocked}", action.id, action.who.name, action.what, action.stage.as_str())
        };
        self.books.open().map(text).collect()
    }

    pub(super) fn action(&self, id: i64) -> &Action {
        &self.books.actions[&ActionId(id)]
    }

    pub(super) fn stage(&self, id: i64) -> Stage {
        self.action(id).stage
    }
}
