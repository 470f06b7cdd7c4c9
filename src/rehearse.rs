//! Budgets rehearsed in virtual time: every look that `serve` would have made, judged by the same code, and nothing done.
//!
//! What would be written at the vendor changes nothing here: traffic goes on as the source has it, so that what a
//! write would have saved can be told. Neither the guard nor a person is asked: each write is one that would be proposed.

pub mod cuts;
pub mod made_up;
pub mod recorded;
pub mod source;
mod stage;
pub mod unit;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::account::Account;
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{ActionKind, Mode};
use crate::domain::event::{Event, Subject};
use crate::domain::judgement::{Judgement, Rules};
use crate::domain::notice::Notice;
use crate::domain::plan::Proposal;
use crate::domain::units::{Bytes, Limit};
use cuts::Cuts;
use source::Source;
use stage::Stage;

/// What is rehearsed, when, and how often is looked.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The budgets, and who hears of trouble.
    pub rules: Rules,
    /// The accounts, in the order of the source's.
    pub accounts: Vec<Account>,
    /// The first look.
    pub from: Timestamp,
    /// The end; no look is made at it any more.
    pub until: Timestamp,
    /// From one look to the next; more than nothing.
    pub every: SignedDuration,
    /// The vendors' reporting delay, as it is configured.
    pub lag: Duration,
    /// The age at which a figure judges nothing, where it is configured.
    pub stale_after: Option<Duration>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many looks were made at each account.
    pub looks: u64,
    /// What would have been told and written, by time.
    pub entries: Vec<Entry>,
    /// The budgets, in the order of the configuration.
    pub budgets: Vec<BudgetReport>,
}

/// Something that would have left the process.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What leaves the process.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Somebody is told.
    Notice(Notice),
    /// A limit is changed at the vendor.
    Write(Write),
}

/// A change of a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Whose, and by which budget.
    pub of: Subject,
    /// The threshold that asks for it.
    pub threshold: Arc<str>,
    /// Whether it would be done, asked for, or only told.
    pub mode: Mode,
    /// What is changed.
    pub change: Change,
    /// The vendor's limit before, where it is known.
    pub before: Option<Limit>,
    /// The gate that would refuse it for what it asks; it saves nothing then.
    pub refused: Option<&'static str>,
}

/// What is changed at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// No more traffic.
    Freeze,
    /// The counter may reach so much.
    Limit(Bytes),
    /// What was there before comes back, because the period has ended.
    Restore,
}

/// One budget's sums.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetReport {
    /// The budget.
    pub name: Arc<str>,
    /// How often each threshold fired as the highest one, in the order of the configuration.
    pub incidents: Vec<(Arc<str>, u64)>,
    /// How many limits it would have lowered.
    pub writes: u64,
    /// What was used while these would have stood.
    pub saved: Bytes,
    /// The wanted part of that; nothing where no source says what is wanted.
    pub wrongly_cut: Option<Bytes>,
}

impl Rehearsal {
    /// How many looks there are.
    #[must_use]
    pub fn looks(&self) -> u64 {
        let span = self.until.duration_since(self.from).as_millis().max(0).unsigned_abs();
        let every = self.every.as_millis().max(1).unsigned_abs();
        u64::try_from(span.div_ceil(every)).unwrap_or(u64::MAX)
    }

    /// Looks from the beginning to the end; `progress` hears of each look.
    pub fn run(&self, source: &mut dyn Source, mut progress: impl FnMut()) -> Report {
        let mut stage = Stage::new(self);
        let mut told = Teller::new(self);
        let mut now = self.from;
        let looks = self.looks();
        for look in 0..looks {
            for (at, seat) in stage.seats.iter_mut().enumerate() {
                source.look(at, now, &mut seat.snapshot);
            }
            stage.take(now);
            if look == 0 {
                stage.remember(source, now);
            }
            let judgement = stage.judge(&self.rules, now);
            told.take(&stage, judgement, now);
            now = now.checked_add(self.every).unwrap_or(self.until);
            progress();
        }
        source.end(self.until);
        told.finish(source, self.until, looks)
    }

    pub(crate) fn budget(&self, name: &str) -> Option<&Budget> {
        self.rules.budgets.iter().find(|budget| *budget.name == *name)
    }
}

/// Writes down what judgements come to.
struct Teller<'r> {
    rehearsal: &'r Rehearsal,
    entries: Vec<Entry>,
    fired: BTreeMap<(Arc<str>, usize), u64>,
    writes: BTreeMap<Arc<str>, u64>,
    cuts: Cuts,
}

impl<'r> Teller<'r> {
    fn new(rehearsal: &'r Rehearsal) -> Self {
        let (fired, writes) = (BTreeMap::new(), BTreeMap::new());
        Self { rehearsal, entries: Vec::new(), fired, writes, cuts: Cuts::default() }
    }

    fn take(&mut self, stage: &Stage, judgement: Judgement, now: Timestamp) {
        let started = |account: usize, write: &Write| {
            let budget = self.rehearsal.budget(&write.of.budget)?;
            stage.seats.get(account)?.period_of(budget, now).map(|period| period.start)
        };
        let restored = self.cuts.restored(now, started);
        self.entries.extend(restored.into_iter().map(|write| Entry { at: now, what: What::Write(write) }));
        for event in &judgement.events {
            if let Event::Fired { of, threshold, .. } = event {
                *self.fired.entry((of.budget.clone(), usize::from(*threshold))).or_default() += 1;
            }
        }
        let notices = judgement.plan.notices.into_iter();
        self.entries.extend(notices.map(|notice| Entry { at: now, what: What::Notice(notice) }));
        for proposal in judgement.plan.proposals {
            self.propose(stage, &proposal, now);
        }
    }

    fn propose(&mut self, stage: &Stage, proposal: &Proposal, now: Timestamp) {
        let Proposal { of, threshold, action, before, used } = proposal;
        let Some((at, seat)) = stage.seat(&of.account) else { return };
        let change = match action.what {
            ActionKind::Freeze => Change::Freeze,
            ActionKind::Limit(size) => match size.bytes(seat.account.gigabyte) {
                Ok(bytes) => Change::Limit(bytes),
                Err(_) => return,
            },
        };
        let write = Write {
            of: of.clone(),
            threshold: threshold.clone(),
            mode: action.mode,
            change,
            before: *before,
            refused: refusal(change, *before, *used),
        };
        if write.refused.is_some() {
            self.entries.push(Entry { at: now, what: What::Write(write) });
            return;
        }
        let end = self.rehearsal.budget(&write.of.budget).and_then(|budget| seat.period_of(budget, now));
        let end = end.map(|period| period.end);
        let announced = action.countdown.filter(|_| action.mode == Mode::Enforce).unwrap_or_default();
        let delay = SignedDuration::try_from(self.rehearsal.lag.saturating_add(announced));
        let delay = delay.unwrap_or(SignedDuration::MAX).saturating_add(self.rehearsal.every);
        let from = now.checked_add(delay).unwrap_or(Timestamp::MAX);
        self.cuts.begin(at, &write, *used, from, end, now);
        *self.writes.entry(write.of.budget.clone()).or_default() += 1;
        self.entries.push(Entry { at: now, what: What::Write(write) });
    }

    fn finish(self, source: &dyn Source, until: Timestamp, looks: u64) -> Report {
        let sums = self.cuts.sums(source, until);
        let of_budget = |budget: &Budget| {
            let fired = |at: usize| self.fired.get(&(budget.name.clone(), at)).copied().unwrap_or_default();
            let thresholds = budget.thresholds.iter().enumerate();
            let sum = sums.get(&budget.name).copied().unwrap_or_default();
            BudgetReport {
                name: budget.name.clone(),
                incidents: thresholds.map(|(at, threshold)| (threshold.name.clone(), fired(at))).collect(),
                writes: self.writes.get(&budget.name).copied().unwrap_or_default(),
                saved: sum.saved,
                wrongly_cut: sum.wrongly_cut,
            }
        };
        let budgets = self.rehearsal.rules.budgets.iter().map(of_budget).collect();
        Report { looks, entries: self.entries, budgets }
    }
}

/// Why a limit cannot be lowered to that, whoever asks: an action only lowers, and not below what is used.
fn refusal(change: Change, before: Option<Limit>, used: Option<Bytes>) -> Option<&'static str> {
    let Change::Limit(to) = change else { return None };
    match before {
        Some(Limit::Blocked) => Some("not_lower"),
        Some(Limit::Bytes(before)) if before <= to => Some("not_lower"),
        _ if used.is_some_and(|used| to <= used) => Some("below_counter"),
        _ => None,
    }
}
