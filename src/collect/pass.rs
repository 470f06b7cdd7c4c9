//! One pass of one collector at one account.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::Instant;

use super::clock::Clock;
use super::holder::Holder;
use super::observer::{Failure, Observer, Outcome};
use super::targets;
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey};
use crate::domain::traffic::{SubUser, Usage};
use crate::providers::{Ask, ProviderError, Span};

/// Calls for single sub-users that may be under way at once; the limiter spaces them.
const CALLS_AT_ONCE: usize = 8;

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
}

/// Where a walk over the sub-users goes on in the next pass.
#[derive(Debug, Default)]
pub struct Cursor(pub(super) Option<SubUserKey>);

impl Pass {
    /// Makes one pass of `collector` that ends by `deadline`, and tells the observer.
    pub async fn run(&self, collector: Collector, cursor: &mut Cursor, deadline: Instant) -> Outcome {
        let began = Instant::now();
        self.observer.began(&self.holder, collector, self.clock.now());
        let ask = self.ask(collector, deadline);
        let outcome = match collector {
            Collector::Account => self.account(&ask).await,
            Collector::SubUsers => self.sub_users(&ask).await,
            Collector::Subscriptions => self.subscriptions(&ask).await,
            Collector::Targets => targets::walk(self, cursor, &ask).await,
        };
        let outcome = outcome.unwrap_or_else(|error| {
            self.observer.rejected(&self.holder, collector, error.reason());
            Outcome::Failed(failure(&error))
        });
        self.observer.ended(&self.holder, collector, &outcome, self.clock.now(), began.elapsed());
        outcome
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

    async fn account(&self, ask: &Ask) -> Result<Outcome, ProviderError> {
        let value = self.holder.provider().account_usage(ask).await?;
        let observed = self.clock.now();
        self.publish(Collector::Account, |held| {
            let mut next = held.clone();
            next.account = Some(Reading { observed, value });
            next
        });
        Ok(Outcome::Whole)
    }

    async fn subscriptions(&self, ask: &Ask) -> Result<Outcome, ProviderError> {
        let value = self.holder.provider().subscriptions(ask).await?;
        let observed = self.clock.now();
        self.publish(Collector::Subscriptions, |held| {
            let mut next = held.clone();
            next.subscriptions = Some(Arc::new(Reading { observed, value }));
            next
        });
        Ok(Outcome::Whole)
    }

    /// The list; where it carries no usage, one call a sub-user. Both are swapped in together.
    async fn sub_users(&self, ask: &Ask) -> Result<Outcome, ProviderError> {
        let list = self.holder.provider().sub_users(ask).await?;
        let observed = self.clock.now();
        let silent: Vec<SubUser> = list.iter().filter(|sub_user| sub_user.usage.is_none()).cloned().collect();
        let any_said = silent.len() < list.len() || list.is_empty();
        let mut usages = HashMap::with_capacity(silent.len());
        let mut first_failure = None;
        let calls = silent.into_iter().map(|sub_user| self.usage_of(sub_user, ask));
        let mut calls = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE);
        while let Some((key, result)) = calls.next().await {
            match result {
                Ok(usage) => {
                    usages.insert(key, usage);
                }
                // Deleted since the list was made; the next list tells.
                Err(ProviderError::NotFound { .. }) => {}
                Err(error) => {
                    self.observer.rejected(&self.holder, Collector::SubUsers, error.reason());
                    first_failure.get_or_insert(failure(&error));
                    if error.reason() == FailureReason::Auth || Instant::now() >= ask.deadline {
                        break;
                    }
                }
            }
        }
        drop(calls);
        let any = any_said || !usages.is_empty();
        self.publish(Collector::SubUsers, |held| {
            held.with_sub_users(observed, list).with_usages(usages).without_orphaned_targets()
        });
        Ok(match first_failure {
            None => Outcome::Whole,
            Some(failure) if any => Outcome::Partial(failure),
            Some(failure) => Outcome::Failed(failure),
        })
    }

    /// One sub-user's figure; boxed, because the compiler cannot tell that the bare future may change threads.
    fn usage_of<'a>(
        &'a self,
        sub_user: SubUser,
        ask: &'a Ask,
    ) -> BoxFuture<'a, (SubUserKey, Result<Reading<Usage>, ProviderError>)> {
        async move {
            let report = self.holder.provider().usage(&sub_user, Span::Current, ask).await;
            let observed = self.clock.now();
            (sub_user.key(), report.map(|report| Reading { observed, value: report.usage }))
        }
        .boxed()
    }
}

/// What an operator hears of an error.
pub(super) fn failure(error: &ProviderError) -> Failure {
    Failure { reason: error.reason(), message: error.to_string() }
}
