//! Asks vendors for the past while the daemon runs: ends of periods (F1), the starts of budgets' periods, and with
//! `backfill = true` days and targets; one question at a time, within the account's calls of the day.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::ToSpan;
use tokio_util::sync::CancellationToken;

use super::Decider;
use crate::app::watch::State;
use crate::collect::past::{Answer, Done, Keeper, Known, Question, Saved, Wants, apply, questions, walk};
use crate::domain::account::AccountName;
use crate::domain::collector::Collector;
use crate::providers::{Dates, ProviderError};
use crate::store::Store;
use crate::store::error::StoreError;

/// How often it is looked for what is missing.
const EVERY: Duration = Duration::from_secs(30);

/// The longest that one question waits, retries included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Days that are asked for.
const DAYS: u16 = 30;

/// Questions that are made at once.
const MOST: usize = 1_000;

/// What was asked, by account.
type AllDone = BTreeMap<AccountName, Done>;

impl Decider {
    /// Asks until `stop`.
    pub(super) async fn ask_the_past(self: Arc<Self>, stop: CancellationToken) {
        let mut done = AllDone::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let state = self.watch.state();
            for name in state.accounts.keys() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.ask_one(name, &state, &mut done) => {}
                }
            }
        }
    }

    async fn ask_one(&self, name: &AccountName, state: &State, all: &mut AllDone) {
        let Some(watched) = state.accounts.get(name) else { return };
        let provider = watched.holder.provider();
        let past = provider.past();
        if past.dates == Dates::Nothing {
            return;
        }
        let settings = self.settings.load_full();
        let account = watched.holder.account();
        let now = self.watch.clock.now();
        if !all.contains_key(name) {
            let first = account.time_zone.to_datetime(now).date().saturating_sub(i32::from(DAYS).days());
            let read = match self.keeping.history() {
                Some(store) => store.targets_read(name, first).await.unwrap_or_default(),
                None => Vec::new(),
            };
            all.insert(name.clone(), Done { targets: read.into_iter().collect(), ..Done::default() });
        }
        let Some(done) = all.get_mut(name) else { return };
        let reads_targets = watched.known(Collector::Targets, |_| ()).is_some();
        let wants = Wants {
            backfill_days: settings.backfill.then_some(DAYS),
            target_days: past.target_days.filter(|_| settings.backfill && reads_targets),
            lag: settings.lag,
            most: MOST,
        };
        let queue = {
            let held = self.held.lock().await;
            let Some(ledger) = held.ledgers.get(name) else { return };
            let snapshot = watched.holder.snapshot();
            questions(&Known { ledger, snapshot: &snapshot, account, past }, now, wants, done).questions
        };
        if queue.is_empty() {
            return;
        }
        tracing::debug!(account = %name, questions = queue.len(), "asks the vendor for its past");
        let mut asking = Asking { decider: self, name, state, done, queue: queue.into(), has_news: false };
        walk(provider, &self.watch.clock, PATIENCE, &mut asking).await;
        if asking.has_news {
            self.watch.changed.notify_one();
        }
    }
}

/// One account's questions.
struct Asking<'a> {
    decider: &'a Decider,
    name: &'a AccountName,
    state: &'a State,
    done: &'a mut Done,
    queue: VecDeque<Question>,
    /// Whether anything is to be judged anew.
    has_news: bool,
}

#[async_trait]
impl Keeper for Asking<'_> {
    async fn next(&mut self) -> Option<Question> {
        let extra = &self.state.accounts.get(self.name)?.extra;
        let question = self.queue.pop_front()?;
        // What is left for today goes on tomorrow; the other half is for looking again.
        extra.take_of_half(self.decider.watch.clock.now(), 1).then_some(question)
    }

    async fn take(&mut self, question: Question, answer: Result<Answer, ProviderError>) -> ControlFlow<()> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(account = %self.name, "{} of the past did not come, and is asked for later: {error}", question.what());
                return ControlFlow::Break(());
            }
        };
        let Some(watched) = self.state.accounts.get(self.name) else { return ControlFlow::Break(()) };
        self.done.note(&question, &answer);
        let zone = &watched.holder.account().time_zone;
        let mut held = self.decider.held.lock().await;
        let Some(ledger) = held.ledgers.get_mut(self.name) else { return ControlFlow::Break(()) };
        let saved = apply(ledger, &question, &answer, zone, self.decider.watch.clock.now());
        self.has_news = true;
        if let (Some(saved), Some(store)) = (saved, self.decider.keeping.history())
            && let Err(problem) = keep(&*store, self.name, saved).await
        {
            self.decider.history_failed(&mut held, &problem);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

async fn keep(store: &dyn Store, account: &AccountName, saved: Saved) -> Result<(), StoreError> {
    match saved {
        Saved::Pass(pass) => store.save_pass(account, &pass).await,
        Saved::Days { subject, days, standing } => {
            store.raise_days(account, &subject, &days, Some(standing)).await
        }
        Saved::Targets { sub_user, day, used } => store.save_targets(account, &sub_user, day, &used).await,
    }
}
