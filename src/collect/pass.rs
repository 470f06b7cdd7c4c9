//! One pass of one collector at one account.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::clock::Clock;
use super::holder::Holder;
use super::kept;
use super::observer::{Failure, Observer, Outcome};
use super::targets::{self, Walked};
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey};
use crate::domain::suspicion::{self, BELIEVED_AFTER, Doubt, Suspicion};
use crate::domain::totals;
use crate::domain::traffic::SubUser;
use crate::providers::{Ask, ProviderError, UsageReport};

/// Calls for single sub-users that may be under way at once; the limiter spaces them.
const CALLS_AT_ONCE: usize = 8;

/// Walks for targets take one of so many of the account's turns; the others are for what cannot wait.
pub const TARGETS_SHARE: u32 = 2;

/// How many calls one walk for targets may make at `rate` calls a second, with so much time between two walks.
#[must_use]
pub fn target_calls(rate: NonZeroU32, between: Duration) -> usize {
    let calls = between.as_secs().saturating_mul(u64::from(rate.get())) / u64::from(TARGETS_SHARE);
    usize::try_from(calls).unwrap_or(usize::MAX).max(1)
}

/// What a pass works with.
#[derive(Clone)]
pub struct Pass {
    /// The account.
    pub holder: Arc<Holder>,
    /// Who hears of it.
    pub observer: Arc<dyn Observer>,
    /// The clock.
    pub clock: Arc<Clock>,
    /// How late the vendor's figures of a day may come.
    pub lag: Duration,
    /// How many calls one walk for targets may make.
    pub target_calls: usize,
}

/// What a collector remembers from pass to pass.
#[derive(Debug, Default)]
pub struct Memory {
    /// Answers in a row that were not believed.
    doubt: Doubt,
    /// What each sub-user had used when its targets were read last.
    pub(super) walked: HashMap<SubUserKey, Walked>,
}

impl Pass {
    /// Makes one pass of `collector` that ends by `deadline`, and tells the observer.
    pub async fn run(&self, collector: Collector, memory: &mut Memory, deadline: Instant) -> Outcome {
        let began = Instant::now();
        self.observer.began(&self.holder, collector, self.clock.now());
        let ask = self.ask(collector, deadline);
        let outcome = match collector {
            Collector::Account => self.account(memory, &ask).await,
            Collector::SubUsers => self.sub_users(memory, &ask).await,
            Collector::Subscriptions => self.subscriptions(memory, &ask).await,
            Collector::Targets => targets::walk(self, memory, &ask).await,
        };
        let outcome = outcome.unwrap_or_else(|failure| {
            self.observer.rejected(&self.holder, collector, failure.reason);
            Outcome::Failed(failure)
        });
        self.observer.ended(&self.holder, collector, &outcome, self.clock.now(), began.elapsed());
        outcome
    }

    /// The calls of a pass for sub-users that left the vendor's list and are kept, which come on top of its own.
    #[must_use]
    pub fn calls_for_kept(&self, collector: Collector) -> u32 {
        let kept = if collector == Collector::SubUsers { self.holder.kept().len() } else { 0 };
        u32::try_from(kept).unwrap_or(u32::MAX)
    }

    fn ask(&self, collector: Collector, deadline: Instant) -> Ask {
        let (observer, holder) = (self.observer.clone(), self.holder.clone());
        let on_retry = move |reason: FailureReason| observer.rejected(&holder, collector, reason);
        Ask { deadline, on_retry: Arc::new(on_retry) }
    }

    /// Swaps in a snapshot and tells of it.
    pub(super) fn publish(&self, collector: Collector, next: impl FnOnce(&Snapshot) -> Snapshot) {
        self.holder.update(next);
        self.observer.changed(&self.holder, collector);
    }

    async fn account(&self, memory: &mut Memory, ask: &Ask) -> Result<Outcome, Failure> {
        let value = self.holder.provider().account_usage(ask).await?;
        let held = self.holder.snapshot();
        let observed_before = held.account.as_ref().map(|reading| reading.observed);
        believe(memory, suspicion::account(&held, &value, self.in_same_period(observed_before)))?;
        let observed = self.clock.now();
        self.publish(Collector::Account, |held| {
            let mut next = held.clone();
            next.account = Some(Reading { observed, value });
            next
        });
        Ok(Outcome::Whole)
    }

    async fn subscriptions(&self, memory: &mut Memory, ask: &Ask) -> Result<Outcome, Failure> {
        let value = self.holder.provider().subscriptions(ask).await?;
        let held = self.holder.snapshot();
        let observed_before = held.subscriptions.as_ref().map(|reading| reading.observed);
        believe(memory, suspicion::subscriptions(&held, &value, self.in_same_period(observed_before)))?;
        let observed = self.clock.now();
        self.publish(Collector::Subscriptions, |held| {
            let mut next = held.clone();
            next.subscriptions = Some(Arc::new(Reading { observed, value }));
            next
        });
        Ok(Outcome::Whole)
    }

    /// The list; where it carries no usage, and for each kept sub-user that left it, one call a sub-user. All are
    /// swapped in together.
    async fn sub_users(&self, memory: &mut Memory, ask: &Ask) -> Result<Outcome, Failure> {
        let mut list = self.holder.provider().sub_users(ask).await?;
        let listed = list.len();
        list.extend(kept::missing(&self.holder, &list));
        let kept: HashSet<SubUserKey> = list[listed..].iter().map(SubUser::key).collect();
        let observed = self.clock.now();
        let held = self.holder.snapshot();
        let observed_before = held.sub_users.as_ref().map(|reading| reading.observed);
        let same_period = self.in_same_period(observed_before);
        let suspicion = suspicion::sub_users(&held, &list, &kept, same_period);
        if suspicion.is_some() {
            believe(memory, suspicion)?;
        }
        if list.is_empty() && held.sub_users.is_none() {
            tracing::warn!(
                account = %self.holder.account().name,
                "the list of sub-users is empty: there are none, or the vendor's API does not cover the account's product"
            );
        }
        let (gone, first_failure) = self.ask_the_silent(&mut list, ask).await;
        // Neither in the list nor known by its id: deleted.
        let mut index = 0..;
        list.retain(|_| index.next().is_none_or(|index| index < listed || !gone.contains(&index)));
        if suspicion.is_none() {
            believe(memory, suspicion::sub_users(&held, &list, &kept, same_period))?;
        }
        let any = list.is_empty() || list.iter().any(|sub_user| sub_user.usage.is_some());
        self.publish(Collector::SubUsers, |held| {
            held.with_sub_users(observed, list).without_orphaned_targets()
        });
        Ok(match first_failure {
            None => Outcome::Whole,
            Some(failure) if any => Outcome::Partial(failure),
            Some(failure) => Outcome::Failed(failure),
        })
    }

    /// Asks for the usage of each row that does not say it; gives those that the vendor does not know, and the first
    /// failure.
    async fn ask_the_silent(&self, list: &mut [SubUser], ask: &Ask) -> (HashSet<usize>, Option<Failure>) {
        let silent = list.iter().enumerate().filter(|(_, sub_user)| sub_user.usage.is_none());
        let calls: Vec<_> =
            silent.map(|(index, sub_user)| self.usage_of(index, sub_user.clone(), ask)).collect();
        let mut calls = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
        let (mut gone, mut first_failure) = (HashSet::new(), None);
        while let Some((index, result)) = calls.next().await {
            match result {
                Ok(report) => list[index].usage = Some(report.usage),
                // Deleted since the list was made; the next list tells.
                Err(ProviderError::NotFound { .. }) => {
                    gone.insert(index);
                }
                Err(error) => {
                    let failure = Failure::from(error);
                    let reason = failure.reason;
                    self.observer.rejected(&self.holder, Collector::SubUsers, reason);
                    first_failure.get_or_insert(failure);
                    if reason == FailureReason::Auth || Instant::now() >= ask.deadline {
                        break;
                    }
                }
            }
        }
        (gone, first_failure)
    }

    /// One sub-user's figure; boxed, because the compiler cannot tell that the bare future may change threads.
    fn usage_of<'a>(
        &'a self,
        index: usize,
        sub_user: SubUser,
        ask: &'a Ask,
    ) -> BoxFuture<'a, (usize, Result<UsageReport, ProviderError>)> {
        let span = kept::span_of(self, &sub_user);
        async move { (index, self.holder.provider().usage(&sub_user, span, ask).await) }.boxed()
    }

    /// Whether what was observed before belongs to the current period; where the period is unknown it is taken to.
    fn in_same_period(&self, observed_before: Option<Timestamp>) -> bool {
        let period = totals::period(self.holder.account(), &self.holder.snapshot(), self.clock.now());
        period.zip(observed_before).is_none_or(|(period, before)| period.start <= before)
    }
}

/// Weighs a judgement; an error where the answer is not believed.
fn believe(memory: &mut Memory, suspicion: Option<Suspicion>) -> Result<(), Failure> {
    memory.doubt.weigh(suspicion).map_or(Ok(()), |suspicion| Err(suspect(suspicion)))
}

/// What an operator hears of an answer that is not believed.
pub(super) fn suspect(suspicion: Suspicion) -> Failure {
    let message = format!("{suspicion}; not believed unless it comes {BELIEVED_AFTER} times in a row");
    Failure { reason: FailureReason::Suspect, message }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self { reason: error.reason(), message: error.to_string() }
    }
}
