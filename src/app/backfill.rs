//! The vendors' own history into the store, without a daemon: each answer is saved before the next question.

mod filling;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::time::Instant;

use super::accounts::Outgoing;
use crate::collect::clock::Clock;
use crate::collect::holder::Holder;
use crate::collect::observer::{Observer, Outcome};
use crate::collect::pass::{Memory, Pass};
use crate::collect::past::{Done, Wants, walk};
use crate::config::{AccountConfig, Config, StoreLocation};
use crate::domain::account::{Account, AccountName};
use crate::domain::collector::{Collector, FailureReason};
use crate::domain::ledger::Ledger;
use crate::providers::Dates;
use crate::providers::http::transport::CallObserver;
use crate::store::error::StoreError;
use crate::store::location::Location;
use crate::store::owner::Owner;
use crate::store::{Access, Store, open};
use filling::Filling;

/// The longest that one question waits, retries included.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is asked for.
pub struct Options<'a> {
    /// So many whole days before today.
    pub days: u16,
    /// Whether a store may begin.
    pub new_store: bool,
    /// How many calls an account with so many sub-users may take.
    pub calls: &'a (dyn Fn(&AccountConfig, u64) -> u64 + Sync),
    /// Told how many questions there are more, and of each that is done.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many more questions.
    More(u64),
    /// One was asked.
    Asked,
}

/// What came of one account.
#[derive(Debug, Default)]
pub struct Filled {
    /// Calls to the vendor, logins and retries included.
    pub calls: u64,
    /// Days of sub-users of which more is known than before.
    pub days: u64,
    /// Periods that were closed.
    pub closed: u64,
    /// Days of sub-users whose targets were read.
    pub targets: u64,
    /// What was not asked or not answered: what, why, and how often.
    pub left: BTreeMap<(&'static str, String), u64>,
    /// Why it ended early, if it did.
    pub failed: Option<String>,
    /// What of it the vendor never tells.
    pub note: Option<&'static str>,
}

/// Asks each account's vendor for its past, the accounts beside one another.
///
/// # Errors
/// A store that cannot be owned, with who owns it.
pub async fn backfill(
    config: &Config,
    options: &Options<'_>,
) -> anyhow::Result<BTreeMap<AccountName, Filled>> {
    let clock = Arc::new(Clock::new());
    let StoreLocation::Sqlite(path) = &config.store.location;
    let owner = Owner::this_process(clock.now());
    let access = Access::Own { owner, new_store: options.new_store };
    let store = match open(&Location::Sqlite(path.clone()), access).await {
        Ok(store) => store,
        Err(error @ StoreError::Owned { .. }) => {
            bail!(
                "{error}: set collect.backfill = true there, so that it reads the history itself, or stop it first"
            );
        }
        Err(error) => return Err(error.into()),
    };
    store.history()?;
    let time = clock.clone();
    let outgoing = Outgoing::new(config.collect.max_body, Arc::new(move || time.now()))?;
    let accounts = config.accounts.iter().map(|(name, account)| {
        let filling = fill(config, account, &outgoing, &clock, &*store, options);
        async move { (name.clone(), filling.await) }
    });
    let filled = join_all(accounts).await.into_iter().collect();
    store.close().await;
    Ok(filled)
}

async fn fill(
    config: &Config,
    account: &AccountConfig,
    outgoing: &Outgoing,
    clock: &Arc<Clock>,
    store: &dyn Store,
    options: &Options<'_>,
) -> Filled {
    let calls = Arc::new(Counted::default());
    let mut filled = Filled::default();
    if let Err(error) =
        fill_account(config, account, outgoing, (clock, &calls), store, options, &mut filled).await
    {
        filled.failed = Some(format!("{error:#}"));
    }
    filled.calls = calls.0.load(Ordering::Relaxed);
    filled
}

async fn fill_account(
    config: &Config,
    account: &AccountConfig,
    outgoing: &Outgoing,
    (clock, calls): (&Arc<Clock>, &Arc<Counted>),
    store: &dyn Store,
    options: &Options<'_>,
    filled: &mut Filled,
) -> anyhow::Result<()> {
    let provider = outgoing.provider(account, calls.clone());
    let past = provider.past();
    if past.dates == Dates::Nothing {
        filled.note = Some("the vendor tells nothing of the past here");
        return Ok(());
    }
    let (holder, observer) = (Arc::new(Holder::new(provider)), Arc::new(Unheard));
    let lag = config.collect.lag;
    let pass = Pass { holder: holder.clone(), observer, clock: clock.clone(), lag, target_calls: 0 };
    look(&pass, &[Collector::Account, Collector::Subscriptions, Collector::SubUsers]).await?;
    let snapshot = holder.snapshot();
    let mut ledger = load(store, &account.account, lag, clock.now()).await?;
    for pass in ledger.take(&account.account, &snapshot, clock.now()) {
        store.save_pass(&account.account.name, &pass).await?;
    }
    let sub_users = snapshot.rows().len() as u64;
    // What is not kept is not asked for.
    let days = options.days.min(config.collect.retention_days);
    let today = account.account.time_zone.to_datetime(clock.now()).date();
    let first = today.checked_sub(i32::from(days).days()).unwrap_or(today);
    let read = store.targets_read(&account.account.name, first).await?;
    let reads_targets = account.schedule.contains_key(&Collector::Targets);
    let target_days = reads_targets.then_some(days);
    let wants = Wants { backfill_days: Some(days), target_days, lag, most: 0 };
    let mut filling = Filling {
        store,
        account: &account.account,
        past,
        ledger,
        looked: clock.now(),
        snapshot,
        pass: &pass,
        clock,
        wants,
        stages: [Wants { target_days: None, ..wants }, wants].into(),
        done: Done { targets: read.into_iter().collect(), ..Done::default() },
        queue: VecDeque::new(),
        broken: HashSet::new(),
        in_a_row: 0,
        calls,
        most_calls: (options.calls)(account, sub_users),
        progress: options.progress,
        filled,
        failed: None,
    };
    walk(holder.provider(), clock, PATIENCE, &mut filling).await;
    filling.end()
}

/// The account, its plans and its list, as the collectors would read them.
async fn look(pass: &Pass, wanted: &[Collector]) -> anyhow::Result<()> {
    let collectors = pass.holder.provider().collectors();
    for collector in wanted.iter().filter(|wanted| collectors.contains(wanted)) {
        let outcome = pass.run(*collector, &mut Memory::default(), Instant::now() + PATIENCE * 5).await;
        if let Outcome::Failed(failure) = outcome {
            return Err(anyhow!(failure.message).context(format!("the collector {collector}")));
        }
    }
    Ok(())
}

/// The account's counters as they were saved last.
async fn load(store: &dyn Store, account: &Account, lag: Duration, now: Timestamp) -> anyhow::Result<Ledger> {
    let mut ledger = Ledger::new(account.time_zone.clone(), lag, &[]);
    store
        .each_standing(&account.name, &mut |subject, standing| ledger.load_standing(subject, standing))
        .await?;
    let last = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now);
    let last = account.time_zone.to_datetime(last).date();
    let first = last.checked_sub(400.days()).context("the first day that is kept")?;
    let mut days = Vec::new();
    let mut each = |subject: &_, day, used: &crate::store::readings::DayUse| {
        days.push((day, Clone::clone(subject), used.clone()));
    };
    store.each_day(&account.name, first, last, &mut each).await?;
    days.sort_by_key(|(day, ..)| *day);
    for (day, subject, used) in &days {
        ledger.load_day(subject, *day, used.used, used.hours.as_ref());
    }
    ledger.load_end(now);
    Ok(ledger)
}

/// Counts calls.
#[derive(Default)]
struct Counted(AtomicU64);

impl CallObserver for Counted {
    fn called(&self, _endpoint: &'static str, _status: Option<u16>, _took: Duration) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn clock_differs(&self, by: SignedDuration) {
        tracing::debug!(difference_seconds = by.as_secs_f64(), "the vendor's clock");
    }
}

/// Nobody waits for these passes.
struct Unheard;

impl Observer for Unheard {
    fn began(&self, _: &Holder, _: Collector, _: Timestamp) {}
    fn rejected(&self, _: &Holder, _: Collector, _: FailureReason) {}
    fn changed(&self, _: &Holder, _: Collector) {}
    fn ended(&self, _: &Holder, _: Collector, _: &Outcome, _: Timestamp, _: Duration) {}
}
