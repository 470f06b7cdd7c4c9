//! What is known of each collector: told by the passes, asked by metrics, readiness and page; the one place that logs.

mod health;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch as channel};

use super::calls::Skew;
use super::publisher::{Published, Publisher};
use crate::collect::clock::Clock;
use crate::collect::holder::Holder;
use crate::collect::observer::{Failure, Observer, Outcome};
use crate::collect::pacing::extra::{Extra, calls_a_day};
use crate::collect::pass::Memory;
use crate::collect::worker::GRACE;
use crate::domain::account::AccountName;
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::cron::Cron;
use crate::metrics::own::{OwnMetrics, Owner};
use crate::metrics::traffic::Tolerances;
use crate::providers::Writer;
use crate::web::{ActionStatus, IncidentStatus};

/// A collector through time.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) cron: Cron,
    pub(super) stale_after: Duration,
    /// When it was first looked for.
    pub(super) since: Timestamp,
    pub(super) last_attempt: Option<Timestamp>,
    /// Whether an attempt has ended, or brought something while it goes on.
    pub(super) is_attempted: bool,
    pub(super) observed: Option<Timestamp>,
    pub(super) failure: Option<(Failure, Timestamp)>,
    /// What the collector remembers from pass to pass.
    pub(super) memory: Arc<tokio::sync::Mutex<Memory>>,
}

/// An account as what watches it reaches it.
pub(super) struct Reach {
    pub(super) holder: Arc<Holder>,
    pub(super) writer: Arc<dyn Writer>,
    pub(super) skew: Skew,
}

/// One account, watched.
pub(super) struct Watched {
    pub(super) holder: Arc<Holder>,
    /// The holder's provider, for changing; over the same session.
    pub(super) writer: Arc<dyn Writer>,
    pub(super) published: Published,
    /// When to look again between scheduled passes.
    pub(super) again: channel::Sender<Option<Timestamp>>,
    /// The account's calls beyond its schedule.
    pub(super) extra: Arc<Extra>,
    skew: Skew,
    collectors: Mutex<BTreeMap<Collector, Known>>,
}

/// An open incident as the page shows it.
pub(super) struct Open {
    pub(super) state: &'static str,
    pub(super) budget: Arc<str>,
    pub(super) threshold: Arc<str>,
    pub(super) target: String,
    pub(super) figures: String,
    pub(super) since: Timestamp,
}

impl Open {
    pub(super) fn status(&self, now: Timestamp) -> IncidentStatus {
        IncidentStatus {
            state: self.state,
            budget: self.budget.to_string(),
            threshold: self.threshold.to_string(),
            target: self.target.clone(),
            figures: self.figures.clone(),
            age: Duration::try_from(now.duration_since(self.since)).unwrap_or_default(),
        }
    }
}

/// Something that was lowered, or is to be, as the page shows it.
pub(super) struct Acted {
    pub(super) id: i64,
    pub(super) what: String,
    pub(super) target: String,
    pub(super) by: String,
    pub(super) stage: &'static str,
    pub(super) blocked: Option<&'static str>,
    pub(super) since: Timestamp,
}

impl Acted {
    pub(super) fn status(&self, now: Timestamp) -> ActionStatus {
        ActionStatus {
            id: self.id,
            what: self.what.clone(),
            target: self.target.clone(),
            by: self.by.clone(),
            stage: self.stage,
            blocked: self.blocked,
            age: Duration::try_from(now.duration_since(self.since)).unwrap_or_default(),
        }
    }
}

/// What is watched, swapped whole when the configuration is.
pub(super) struct State {
    pub(super) publisher: Publisher,
    pub(super) accounts: BTreeMap<AccountName, Watched>,
}

/// Told of every pass of every account.
pub(super) struct Watch {
    pub(super) own: OwnMetrics,
    pub(super) clock: Arc<Clock>,
    state: ArcSwap<State>,
    /// Whether failed passes are logged; a command by hand tells of them itself.
    is_logging: bool,
    /// Told after every pass.
    pub(super) changed: Notify,
    /// Open incidents to be shown, and how many there are beside them.
    pub(super) open: ArcSwap<(Vec<Open>, usize)>,
    /// What was lowered or is to be, and how much there is beside it.
    pub(super) acted: ArcSwap<(Vec<Acted>, usize)>,
    /// What is wrong with proxymeter itself, by what it is wrong with.
    troubles: Mutex<BTreeMap<&'static str, String>>,
    /// What time alone changes must not come back for an account that has just been forgotten.
    refreshing: Mutex<()>,
}

/// Where nothing else is configured, what a collector brought may be as old as three of its intervals, at least this.
const LEAST_STALE_AFTER: Duration = Duration::from_secs(20 * 60);

impl Watched {
    /// An account whose collectors look by `schedule`; what is known of those that there were `before` goes on.
    pub(super) fn new(
        Reach { holder, writer, skew }: Reach,
        schedule: &BTreeMap<Collector, Cron>,
        stale_after: Option<Duration>,
        max_calls: Option<u32>,
        before: Option<&Self>,
        own: &OwnMetrics,
        now: Timestamp,
    ) -> Self {
        own.register_actions(Owner::from(holder.account()));
        let mut collectors = BTreeMap::new();
        for (collector, cron) in schedule {
            let interval = cron.longest_pause(now);
            let stale_after = stale_after.unwrap_or_else(|| (interval * 3).max(LEAST_STALE_AFTER));
            own.register(Owner::from(holder.account()), *collector, interval, stale_after);
            let new = || Known {
                cron: cron.clone(),
                stale_after,
                since: now,
                last_attempt: None,
                is_attempted: false,
                observed: None,
                failure: None,
                memory: Arc::default(),
            };
            let known = before.and_then(|before| before.known(*collector, |known| known.clone()));
            let known = known.map_or_else(new, |known| Known { cron: cron.clone(), stale_after, ..known });
            collectors.insert(*collector, known);
        }
        let extra = Arc::new(Extra::beside(calls_a_day(schedule, now), max_calls));
        let tolerances: Tolerances =
            collectors.iter().map(|(collector, known)| (*collector, known.stale_after)).collect();
        Self {
            published: Published::new(holder.clone(), tolerances),
            again: channel::Sender::new(None),
            extra: before
                .filter(|before| before.extra.is_same(&extra))
                .map_or(extra, |before| before.extra.clone()),
            holder,
            writer,
            skew,
            collectors: Mutex::new(collectors),
        }
    }

    /// The vendor's clock less ours, as the last call told it; none before the first.
    #[cfg_attr(not(test), expect(dead_code, reason = "what carries out writes asks for it"))]
    pub(super) fn skew(&self) -> SignedDuration {
        self.skew.get()
    }

    /// Whether the vendor's dates and ours can be compared at a period's boundary.
    pub(super) fn clocks_agree(&self) -> bool {
        self.skew.agrees()
    }

    pub(super) fn known<T>(&self, collector: Collector, act: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut collectors = self.collectors.lock().unwrap_or_else(PoisonError::into_inner);
        collectors.get_mut(&collector).map(act)
    }

    /// Everything that is known, a collector each.
    pub(super) fn all_known(&self) -> Vec<(Collector, Known)> {
        let collectors = self.collectors.lock().unwrap_or_else(PoisonError::into_inner);
        collectors.iter().map(|(collector, known)| (*collector, known.clone())).collect()
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
    pub(super) fn new(own: OwnMetrics, clock: Arc<Clock>, state: State) -> Self {
        Self {
            own,
            clock,
            state: ArcSwap::from_pointee(state),
            is_logging: true,
            refreshing: Mutex::default(),
            changed: Notify::new(),
            open: ArcSwap::default(),
            acted: ArcSwap::default(),
            troubles: Mutex::default(),
        }
    }

    /// The same, without a word of failed passes in the log.
    pub(super) fn quiet(self) -> Self {
        Self { is_logging: false, ..self }
    }

    /// Says what is wrong with a part of proxymeter itself, or that nothing is.
    pub(super) fn trouble(&self, of: &'static str, trouble: Option<String>) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => drop(troubles.insert(of, trouble)),
            None => drop(troubles.remove(of)),
        }
    }

    /// What is wrong with proxymeter itself, a line each.
    pub(super) fn troubles(&self) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().map(|(of, trouble)| format!("{of}: {trouble}")).collect()
    }

    /// What is watched now.
    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Watches something else from now on, shows what is held of it, and forgets what there no longer is.
    pub(super) fn swap(&self, state: State) {
        let now = self.clock.now();
        for watched in state.accounts.values() {
            for (collector, known) in watched.all_known() {
                if known.observed.is_some() {
                    state.publisher.changed(&watched.published, collector, now);
                }
            }
        }
        let _turn = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = Arc::new(state);
        let before = self.state.swap(state.clone());
        forget(&self.own, &before, &state);
    }

    /// Brings up to date what changes by time alone.
    pub(super) fn refresh(&self, now: Timestamp) {
        let _turn = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.load();
        for watched in state.accounts.values() {
            state.publisher.expire(&watched.published, now);
            let owner = Owner::from(watched.holder.account());
            for (collector, known) in watched.all_known() {
                self.own.overdue(owner, collector, known.is_overdue(now));
            }
        }
    }

    fn with<T>(&self, holder: &Holder, act: impl FnOnce(&State, &Watched) -> T) -> Option<T> {
        let state = self.state.load();
        state.accounts.get(&holder.account().name).map(|watched| act(&state, watched))
    }
}

/// Takes the series away of what `before` had and `after` has not.
fn forget(own: &OwnMetrics, before: &State, after: &State) {
    for (name, was) in &before.accounts {
        let account = was.holder.account();
        let is = after.accounts.get(name).filter(|is| is.holder.account().provider == account.provider);
        match is {
            None => own.remove_account(Owner::from(account)),
            Some(is) => {
                for (collector, _) in was.all_known() {
                    if is.known(collector, |_| ()).is_none() {
                        own.remove_collector(Owner::from(account), collector);
                    }
                }
            }
        }
    }
}

impl Observer for Watch {
    fn began(&self, holder: &Holder, collector: Collector, at: Timestamp) {
        self.own.attempt(Owner::from(holder.account()), collector, at);
        self.with(holder, |_, watched| watched.known(collector, |known| known.last_attempt = Some(at)));
    }

    fn rejected(&self, holder: &Holder, collector: Collector, reason: FailureReason) {
        self.own.failure(Owner::from(holder.account()), collector, reason);
    }

    fn changed(&self, holder: &Holder, collector: Collector) {
        let now = self.clock.now();
        self.own.observed(Owner::from(holder.account()), collector, now);
        self.with(holder, |state, watched| {
            state.publisher.changed(&watched.published, collector, now);
            watched.known(collector, |known| {
                known.observed = Some(now);
                known.is_attempted = true;
            })
        });
    }

    fn ended(&self, holder: &Holder, collector: Collector, outcome: &Outcome, at: Timestamp, took: Duration) {
        let account = holder.account();
        let owner = Owner::from(account);
        match outcome {
            Outcome::Whole | Outcome::Partial(_) => self.own.success(owner, collector, at, took),
            Outcome::Failed(_) => self.own.no_success(owner, collector, took),
        }
        let before = self.with(holder, |_, watched| {
            watched.known(collector, |known| {
                known.is_attempted = true;
                let now = outcome.failure().map(|failure| (failure.clone(), at));
                std::mem::replace(&mut known.failure, now)
            })
        });
        let before = before.flatten().flatten().map(|(failure, _)| failure.reason);
        self.changed.notify_one();
        if self.is_logging {
            log(&account.name, collector, outcome, before, took);
        }
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
