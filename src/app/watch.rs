//! What is known of each collector: told by the passes, asked by metrics, readiness and page; the one place that logs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::publisher::{Published, Publisher};
use crate::collect::clock::Clock;
use crate::collect::holder::Holder;
use crate::collect::observer::{Failure, Observer, Outcome};
use crate::collect::worker::GRACE;
use crate::domain::account::AccountName;
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::cron::Cron;
use crate::metrics::own::{OwnMetrics, Owner};
use crate::metrics::traffic::Tolerances;
use crate::providers::http::transport::CallObserver;

/// A collector through time.
pub(super) struct Known {
    cron: Cron,
    pub(super) stale_after: Duration,
    last_attempt: Option<Timestamp>,
    /// Whether an attempt has ended, or brought something while it goes on.
    pub(super) is_attempted: bool,
    pub(super) observed: Option<Timestamp>,
    pub(super) failure: Option<(Failure, Timestamp)>,
}

/// One account, watched.
pub(super) struct Watched {
    pub(super) holder: Arc<Holder>,
    pub(super) published: Published,
    pub(super) collectors: Mutex<BTreeMap<Collector, Known>>,
}

/// Told of every pass of every account.
pub(super) struct Watch {
    pub(super) own: OwnMetrics,
    pub(super) publisher: Publisher,
    pub(super) clock: Arc<Clock>,
    pub(super) accounts: BTreeMap<AccountName, Watched>,
}

/// Where nothing else is configured, what a collector brought may be as old as three of its intervals, at least this.
const LEAST_STALE_AFTER: Duration = Duration::from_secs(20 * 60);

impl Watched {
    /// An account whose collectors look by `schedule`.
    pub(super) fn new(
        holder: Arc<Holder>,
        schedule: &BTreeMap<Collector, Cron>,
        stale_after: Option<Duration>,
        own: &OwnMetrics,
        now: Timestamp,
    ) -> Self {
        let mut collectors = BTreeMap::new();
        for (collector, cron) in schedule {
            let interval = cron.longest_pause(now);
            let stale_after = stale_after.unwrap_or_else(|| (interval * 3).max(LEAST_STALE_AFTER));
            own.register(Owner::from(holder.account()), *collector, interval, stale_after);
            let known = Known {
                cron: cron.clone(),
                stale_after,
                last_attempt: None,
                is_attempted: false,
                observed: None,
                failure: None,
            };
            collectors.insert(*collector, known);
        }
        let tolerances: Tolerances =
            collectors.iter().map(|(collector, known)| (*collector, known.stale_after)).collect();
        Self {
            published: Published::new(holder.clone(), tolerances),
            holder,
            collectors: Mutex::new(collectors),
        }
    }

    fn known<T>(&self, collector: Collector, act: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut collectors = self.collectors.lock().unwrap_or_else(PoisonError::into_inner);
        collectors.get_mut(&collector).map(act)
    }
}

impl Known {
    /// Whether a pass should have begun by now and has not.
    fn is_overdue(&self, now: Timestamp) -> bool {
        let Some(last) = self.last_attempt else { return false };
        // A worker makes up for a lost tick after the grace; this is later than that.
        self.cron
            .next_after(last)
            .is_some_and(|due| now > due && now.duration_since(due).unsigned_abs() > GRACE * 2)
    }
}

impl Watch {
    /// Brings up to date what changes by time alone.
    pub(super) fn refresh(&self, now: Timestamp) {
        for watched in self.accounts.values() {
            self.publisher.expire(&watched.published, now);
            let owner = Owner::from(watched.holder.account());
            let collectors = watched.collectors.lock().unwrap_or_else(PoisonError::into_inner);
            for (collector, known) in &*collectors {
                self.own.overdue(owner, *collector, known.is_overdue(now));
            }
        }
    }

    fn of(&self, holder: &Holder) -> Option<&Watched> {
        self.accounts.get(&holder.account().name)
    }
}

impl Observer for Watch {
    fn began(&self, holder: &Holder, collector: Collector, at: Timestamp) {
        self.own.attempt(Owner::from(holder.account()), collector, at);
        if let Some(watched) = self.of(holder) {
            watched.known(collector, |known| known.last_attempt = Some(at));
        }
    }

    fn rejected(&self, holder: &Holder, collector: Collector, reason: FailureReason) {
        self.own.failure(Owner::from(holder.account()), collector, reason);
    }

    fn changed(&self, holder: &Holder, collector: Collector) {
        let now = self.clock.now();
        self.own.observed(Owner::from(holder.account()), collector, now);
        let Some(watched) = self.of(holder) else { return };
        self.publisher.changed(&watched.published, collector, now);
        watched.known(collector, |known| {
            known.observed = Some(now);
            known.is_attempted = true;
        });
    }

    fn ended(&self, holder: &Holder, collector: Collector, outcome: &Outcome, at: Timestamp, took: Duration) {
        let account = holder.account();
        let owner = Owner::from(account);
        match outcome {
            Outcome::Whole | Outcome::Partial(_) => self.own.success(owner, collector, at, took),
            Outcome::Failed(_) => self.own.no_success(owner, collector, took),
        }
        let Some(watched) = self.of(holder) else { return };
        let before = watched.known(collector, |known| {
            known.is_attempted = true;
            let now = outcome.failure().map(|failure| (failure.clone(), at));
            std::mem::replace(&mut known.failure, now)
        });
        let before = before.flatten().map(|(failure, _)| failure.reason);
        log(&account.name, collector, outcome, before, took);
    }
}

/// A failure is told when it begins or changes its reason, and its end; what stays the same is for the debug level.
fn log(
    account: &AccountName,
    collector: Collector,
    outcome: &Outcome,
    before: Option<FailureReason>,
    took: Duration,
) {
    let duration_seconds = took.as_secs_f64();
    match outcome {
        Outcome::Whole if before.is_some() => {
            tracing::info!(%account, %collector, duration_seconds, "answers again");
        }
        Outcome::Whole => tracing::debug!(%account, %collector, duration_seconds, "pass done"),
        Outcome::Partial(failure) | Outcome::Failed(failure) => {
            let Failure { reason, message } = failure;
            let what = if matches!(outcome, Outcome::Failed(_)) { "pass failed" } else { "pass in part" };
            if before == Some(*reason) {
                tracing::debug!(%account, %collector, %reason, duration_seconds, "{what} again: {message}");
            } else {
                tracing::warn!(%account, %collector, %reason, duration_seconds, "{what}: {message}");
            }
        }
    }
}

/// Counts the calls of one account, and compares its vendor's clock with ours.
pub(super) struct Calls {
    own: OwnMetrics,
    provider: &'static str,
    account: AccountName,
    skew_told: AtomicBool,
}

/// The difference of clocks from which on dates of the vendor and ours cannot be compared at a period's boundary.
const SKEW_TOLD: SignedDuration = SignedDuration::from_secs(60);

impl Calls {
    pub(super) fn new(own: OwnMetrics, provider: &'static str, account: AccountName) -> Self {
        Self { own, provider, account, skew_told: AtomicBool::new(false) }
    }

    fn owner(&self) -> Owner<'_> {
        Owner { provider: self.provider, account: self.account.as_str() }
    }
}

impl CallObserver for Calls {
    fn called(&self, endpoint: &'static str, status: Option<u16>, took: Duration) {
        self.own.call(self.owner(), endpoint, status, took);
    }

    fn clock_differs(&self, by: SignedDuration) {
        self.own.clock_skew(self.owner(), by);
        let differs = by.abs() > SKEW_TOLD;
        let (account, difference_seconds) = (&self.account, by.as_secs_f64());
        match (differs, self.skew_told.swap(differs, Ordering::Relaxed)) {
            (true, false) => tracing::warn!(
                %account,
                difference_seconds,
                "the vendor's clock and this machine's differ; check that this machine's is set by NTP"
            ),
            (false, true) => tracing::info!(%account, difference_seconds, "the clocks agree again"),
            _ => {}
        }
    }
}
