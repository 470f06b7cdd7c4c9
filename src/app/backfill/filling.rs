//! One account's part of a backfill: what is asked next, and where its answer goes.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{Counted, Filled, Progress};
use crate::collect::clock::Clock;
use crate::collect::pass::Pass;
use crate::collect::past::{Answer, Done, Keeper, Known, Missing, Question, Saved, Wants, apply, questions};
use crate::domain::account::Account;
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::ledger::Ledger;
use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::providers::{Past, ProviderError};
use crate::store::Store;
use crate::store::error::StoreError;

/// So many questions without an answer in a row are enough.
const FAILURES_IN_A_ROW: u32 = 3;

/// What was used between the newest look and an answer that holds today counts twice, so that the look is not older.
const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// One account's ledger and what is left to ask.
pub(super) struct Filling<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) account: &'a Account,
    pub(super) past: Past,
    pub(super) ledger: Ledger,
    pub(super) snapshot: Arc<Snapshot>,
    /// When the list was looked at last, and how it is again.
    pub(super) looked: Timestamp,
    pub(super) pass: &'a Pass,
    pub(super) clock: &'a Clock,
    pub(super) wants: Wants,
    /// What is wanted one after the other: days first, which then say when there are no targets.
    pub(super) stages: VecDeque<Wants>,
    pub(super) done: Done,
    pub(super) queue: VecDeque<Question>,
    /// Those with a day that was not answered: what is before it would leave a gap.
    pub(super) broken: HashSet<SubUserKey>,
    pub(super) in_a_row: u32,
    pub(super) calls: &'a Counted,
    pub(super) most_calls: u64,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
    pub(super) filled: &'a mut Filled,
    pub(super) failed: Option<anyhow::Error>,
}

impl Filling<'_> {
    /// What is missing, of which at most so much is to be asked.
    fn missing(&self, wants: Wants, most: usize) -> Missing {
        let (ledger, snapshot) = (&self.ledger, &*self.snapshot);
        let known = Known { ledger, snapshot, account: self.account, past: self.past };
        questions(&known, self.clock.now(), Wants { most, ..wants }, &self.done)
    }

    fn calls_left(&self) -> u64 {
        self.most_calls.saturating_sub(self.calls.0.load(Ordering::Relaxed))
    }

    /// Begins with the next kind of questions; false where there is none.
    fn begin(&mut self) -> bool {
        let Some(stage) = self.stages.pop_front() else { return false };
        // Each takes a call at least.
        let most = usize::try_from(self.calls_left()).unwrap_or(usize::MAX);
        let asked: HashSet<_> = self.filled.left.keys().map(|(what, _)| *what).collect();
        let found = self.missing(stage, most).questions;
        // What is left of the kinds before was not answered, and is told.
        self.queue.extend(found.into_iter().filter(|question| !asked.contains(question.what())));
        (self.progress)(Progress::More(self.queue.len() as u64));
        true
    }

    fn leave(&mut self, question: &Question, why: impl Into<String>) {
        *self.filled.left.entry((question.what(), why.into())).or_default() += 1;
    }

    async fn keep(&mut self, saved: Saved) -> Result<(), StoreError> {
        let account = &self.account.name;
        match saved {
            Saved::Pass(pass) => {
                self.filled.closed += 1;
                self.store.save_pass(account, &pass).await
            }
            Saved::Days { subject, days, standing } => {
                self.filled.days += days.len() as u64;
                self.store.raise_days(account, &subject, &days, Some(standing)).await
            }
            Saved::Targets { sub_user, day, used } => {
                self.filled.targets += 1;
                self.store.save_targets(account, &sub_user, day, &used).await
            }
        }
    }

    /// Looks at the list again where a question holds today and the newest look is old.
    async fn look_again(&mut self, question: &Question) -> anyhow::Result<()> {
        let now = self.clock.now();
        let today = self.account.time_zone.to_datetime(now).date();
        let holds_today = matches!(question, Question::Days { last, .. } if *last >= today);
        if !holds_today || now.duration_since(self.looked) < LOOK_AGAIN_AFTER {
            return Ok(());
        }
        super::look(self.pass, &[Collector::SubUsers]).await?;
        self.looked = self.clock.now();
        self.snapshot = self.pass.holder.snapshot();
        for pass in self.ledger.take(self.account, &self.snapshot, self.looked) {
            self.store.save_pass(&self.account.name, &pass).await?;
        }
        Ok(())
    }

    /// Tells what is left.
    pub(super) fn end(self) -> anyhow::Result<()> {
        let why = match (self.calls_left(), &self.failed) {
            (0, _) => format!("{} calls were made: run it again, or raise --max-calls", self.most_calls),
            (_, Some(_)) => "the account failed before".to_owned(),
            (_, None) => "run it again".to_owned(),
        };
        for (what, missing) in self.missing(self.wants, 0).more {
            let left = &mut self.filled.left;
            let told: u64 = left.iter().filter(|((of, _), _)| *of == what).map(|(_, count)| count).sum();
            if missing > told {
                left.insert((what, why.clone()), missing - told);
            }
        }
        self.failed.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Keeper for Filling<'_> {
    async fn next(&mut self) -> Option<Question> {
        loop {
            if self.calls_left() == 0 {
                return None;
            }
            match self.queue.pop_front() {
                Some(question) if self.done.gone.contains(&question.key()) => {}
                Some(question) if self.is_beyond_a_gap(&question) => {
                    self.leave(&question, "a later day was not answered");
                }
                Some(question) => {
                    if let Err(error) = self.look_again(&question).await {
                        self.failed = Some(error);
                        return None;
                    }
                    return Some(question);
                }
                None if self.begin() => {}
                None => return None,
            }
        }
    }

    async fn take(&mut self, question: Question, answer: Result<Answer, ProviderError>) -> ControlFlow<()> {
        (self.progress)(Progress::Asked);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.refused(&question, &error),
        };
        self.in_a_row = 0;
        self.done.note(&question, &answer);
        let zone = &self.account.time_zone;
        let saved = apply(&mut self.ledger, &question, &answer, zone, self.clock.now());
        if let Some(saved) = saved
            && let Err(error) = self.keep(saved).await
        {
            self.failed = Some(error.into());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Filling<'_> {
    fn is_beyond_a_gap(&self, question: &Question) -> bool {
        matches!(question, Question::Days { .. }) && self.broken.contains(&question.key())
    }

    fn refused(&mut self, question: &Question, error: &ProviderError) -> ControlFlow<()> {
        self.leave(question, error.to_string());
        self.broken.insert(question.key());
        self.in_a_row += 1;
        let is_over = matches!(error.reason(), FailureReason::Auth | FailureReason::RateLimited);
        if is_over || self.in_a_row >= FAILURES_IN_A_ROW {
            self.failed = Some(anyhow!("{error}"));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
