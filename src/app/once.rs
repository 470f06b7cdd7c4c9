//! One pass of every collector, without a daemon.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::Instant;

use super::state;
use super::watch::Watch;
use crate::collect::clock::Clock;
use crate::collect::observer::Failure;
use crate::collect::pass::{Memory, Pass};
use crate::config::Config;
use crate::domain::account::{Account, AccountName};
use crate::domain::collector::Collector;
use crate::domain::period::Period;
use crate::domain::snapshot::Snapshot;
use crate::domain::totals;
use crate::domain::units::Bytes;
use crate::metrics::exposition::{Encoding, Format};

/// The longest that one collector may take here; targets take a call a sub-user.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// What one pass of every collector brought.
pub struct Brought {
    /// The accounts, in the order of their names.
    pub accounts: Vec<BroughtAccount>,
    /// What did not come.
    pub failures: Vec<(AccountName, Collector, Failure)>,
    /// How many passes were made.
    pub passes: usize,
    /// The text that `/metrics` would show.
    pub exposition: String,
}

/// One account after the passes.
pub struct BroughtAccount {
    /// The account.
    pub account: Account,
    /// What is true of it.
    pub snapshot: Arc<Snapshot>,
    now: Timestamp,
}

impl BroughtAccount {
    /// The account's traffic.
    #[must_use]
    pub fn traffic(&self) -> Option<Bytes> {
        totals::traffic(&self.snapshot)
    }

    /// The account's plan.
    #[must_use]
    pub fn plan(&self) -> Option<Bytes> {
        totals::plan(&self.account, &self.snapshot)
    }

    /// The account's traffic less its sub-users', unknown unless all count the same span.
    #[must_use]
    pub fn unattributed(&self) -> Option<i128> {
        totals::unattributed(&self.account, &self.snapshot, self.now)
    }

    /// The account's current period.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        totals::period(&self.account, &self.snapshot, self.now)
    }
}

/// Makes one pass of every collector that has a schedule, the accounts beside one another; `progress` hears of each end.
///
/// # Errors
/// Something without which nothing can be collected.
pub async fn collect(config: &Config, progress: impl Fn()) -> anyhow::Result<Brought> {
    let clock = Arc::new(Clock::new());
    let watch = Arc::new(state::watch(config, &clock)?.quiet());
    let failures = pass_all(config, &watch, progress).await;
    let passes = config.accounts.values().map(|account| account.schedule.len()).sum();
    Ok(Brought { accounts: brought(&watch), failures, passes, exposition: exposition(&watch) })
}

/// One pass of every collector that has a schedule, the accounts beside one another; gives what did not come.
pub(super) async fn pass_all(
    config: &Config,
    watch: &Arc<Watch>,
    progress: impl Fn(),
) -> Vec<(AccountName, Collector, Failure)> {
    let state = watch.state();
    let failures = Mutex::new(Vec::new());
    let accounts =
        config.accounts.iter().filter_map(|(name, account)| Some((name, account, state.accounts.get(name)?)));
    join_all(accounts.map(|(name, account, watched)| {
        let pass = Pass {
            holder: watched.holder.clone(),
            observer: watch.clone(),
            clock: watch.clock.clone(),
            lag: config.collect.lag,
            target_calls: usize::MAX,
        };
        let (failures, progress) = (&failures, &progress);
        async move {
            for collector in account.schedule.keys() {
                let outcome = pass.run(*collector, &mut Memory::default(), Instant::now() + DEADLINE).await;
                if let Some(failure) = outcome.failure() {
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    failures.push((name.clone(), *collector, failure.clone()));
                }
                progress();
            }
        }
    }))
    .await;
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    failures
}

fn brought(watch: &Watch) -> Vec<BroughtAccount> {
    let now = watch.clock.now();
    let account = |watched: &super::watch::Watched| BroughtAccount {
        account: watched.holder.account().clone(),
        snapshot: watched.holder.snapshot(),
        now,
    };
    watch.state().accounts.values().map(account).collect()
}

fn exposition(watch: &Watch) -> String {
    watch.refresh(watch.clock.now());
    let scrape = watch.state().publisher.exposition.scrape(
        Format::Text,
        Encoding::Identity,
        watch.own.encode(Format::Text),
    );
    String::from_utf8_lossy(&scrape.chunks.concat()).into_owned()
}
