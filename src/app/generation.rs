//! The collectors of one configuration: started together, and stopped between passes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::entry;
use super::watch::{Watch, Watched};
use crate::collect::pacing::extra::calls_of;
use crate::collect::pass::{self, Pass};
use crate::collect::schedule::Schedule;
use crate::collect::worker::{LookAgain, Start, Worker};
use crate::config::{AccountConfig, Config};
use crate::domain::collector::Collector;

/// The time that running passes get once a stop is asked for.
pub(super) const DRAIN: Duration = Duration::from_secs(5);

/// The collectors whose figures budgets are judged by, and which are worth a look between two ticks.
pub(super) const JUDGED: [Collector; 2] = [Collector::Account, Collector::SubUsers];

/// Running collectors.
pub(super) struct Generation {
    schedule: Schedule,
    workers: TaskTracker,
    stop: CancellationToken,
}

impl Generation {
    /// Starts a worker a collector, and the trigger of all.
    pub(super) async fn start(config: &Config, watch: &Arc<Watch>) -> anyhow::Result<Self> {
        let (workers, stop) = (TaskTracker::new(), CancellationToken::new());
        let mut receivers = Vec::new();
        let state = watch.state();
        let now = watch.clock.now();
        for (name, account) in &config.accounts {
            let Some(watched) = state.accounts.get(name) else { continue };
            let shared = Pass {
                holder: watched.holder.clone(),
                observer: watch.clone(),
                clock: watch.clock.clone(),
                lag: config.collect.lag,
                target_calls: target_calls(account, now),
            };
            for (collector, known) in watched.all_known() {
                let (sender, ticks) = Worker::ticks();
                receivers.push((known.cron.clone(), sender));
                // What looked since it was due last waits for the next tick: a reload asks nobody anything.
                let due = known.last_attempt.and_then(|last| known.cron.next_after(last));
                let start = if due.is_some_and(|due| now < due) { Start::AtNextTick } else { Start::Now };
                let worker = Worker {
                    pass: shared.clone(),
                    collector,
                    cron: known.cron,
                    memory: known.memory,
                    start,
                    look_again: look_again(config, watched, collector),
                };
                workers.spawn(worker.run(ticks, stop.clone(), DRAIN));
            }
        }
        entry::watch(config, &watch.own, &workers, &stop);
        workers.close();
        let schedule = Schedule::start(receivers).await.context("starting the scheduler")?;
        Ok(Self { schedule, workers, stop })
    }

    /// Lets running passes end, for a while, and starts no more.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.schedule.stop().await.context("stopping the scheduler")?;
        self.workers.wait().await;
        Ok(())
    }
}

/// Whether a collector's figures are judged, so that it may be worth looking again between two ticks.
fn look_again(config: &Config, watched: &Watched, collector: Collector) -> Option<LookAgain> {
    let is_judged = JUDGED.contains(&collector) && !config.budgets.is_empty();
    calls_of(collector).filter(|_| is_judged).map(|calls| LookAgain {
        wanted: watched.again.subscribe(),
        extra: watched.extra.clone(),
        calls,
    })
}

/// The calls that a walk for targets may make by the account's schedule; none where there is no such walk.
fn target_calls(account: &AccountConfig, now: Timestamp) -> usize {
    let Some(cron) = account.schedule.get(&Collector::Targets) else { return 0 };
    let next = cron.next_after(now);
    let between = next.and_then(|next| Some(cron.next_after(next)?.duration_since(next).unsigned_abs()));
    pass::target_calls(account.requests_per_second, between.unwrap_or_default())
}
