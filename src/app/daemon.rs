//! The daemon: starts everything in order, runs until told to stop, and stops without cutting a pass or an answer short.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accounts::Outgoing;
use super::entry;
use super::publisher::Publisher;
use super::source::Everything;
use super::watch::{Calls, Watch, Watched};
use crate::collect::clock::Clock;
use crate::collect::holder::Holder;
use crate::collect::pass::Pass;
use crate::collect::schedule::Schedule;
use crate::collect::worker::Worker;
use crate::config::{AccountConfig, Config};
use crate::domain::collector::Collector;
use crate::metrics::exposition::Exposition;
use crate::metrics::own::OwnMetrics;
use crate::web;

/// The time that running passes and answers get once a stop is asked for.
const DRAIN: Duration = Duration::from_secs(5);

/// How often the clock goes by the machine's again, and from which step on that is told.
const REANCHOR: Duration = Duration::from_secs(60);
const STEP_TOLD: Duration = Duration::from_secs(2);

/// A daemon that has its address and has not begun.
pub struct Daemon {
    config: Config,
    listener: web::Listener,
}

impl Daemon {
    /// Takes the address.
    ///
    /// # Errors
    /// The address cannot be had; the text says what to do.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let listener = web::bind(config.web.listen).await?;
        Ok(Self { config, listener })
    }

    /// The real address, also where port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Collects and serves until `stop`.
    ///
    /// # Errors
    /// Something without which nothing can be collected.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { config, listener } = self;
        let clock = Arc::new(Clock::new());
        let watch = Arc::new(watch(&config, &clock)?);
        let address = listener.address();
        let source = Arc::new(Everything(watch.clone()));
        let options = web::Options { open: config.web.open, ..web::Options::default() };
        let server = tokio::spawn(web::serve(listener, source, options, stop.clone()));
        tracing::info!(%address, accounts = config.accounts.len(), "collects, and serves /metrics");

        let workers = TaskTracker::new();
        let schedule = collect(&config, &watch, &workers, &stop).await?;
        workers.spawn(keep_time(clock, stop.clone()));
        entry::watch(&config, &watch.own, &workers, &stop);
        workers.close();

        stop.cancelled().await;
        tracing::info!("stops: running passes and answers may end");
        schedule.stop().await.context("stopping the scheduler")?;
        workers.wait().await;
        server.await.context("the web server")?;
        tracing::info!("stopped");
        Ok(())
    }
}

pub(super) fn watch(config: &Config, clock: &Arc<Clock>) -> anyhow::Result<Watch> {
    let own = OwnMetrics::new(env!("CARGO_PKG_VERSION")).context("proxymeter's own metrics")?;
    let time = clock.clone();
    let outgoing = Outgoing::new(config.collect.max_body, Arc::new(move || time.now()))?;
    let now = clock.now();
    let watched = config.accounts.iter().map(|(name, account)| {
        let provider = account.account.provider;
        let calls = Calls::new(own.clone(), provider, name.clone());
        let holder = Arc::new(Holder::new(outgoing.provider(account, Arc::new(calls))));
        (name.clone(), Watched::new(holder, &account.schedule, config.collect.stale_after, &own, now))
    });
    let accounts = watched.collect();
    let publisher = Publisher::new(Exposition::new(config.collect.max_series), config.collect.targets_top);
    Ok(Watch { own, publisher, clock: clock.clone(), accounts })
}

/// Starts a worker a collector, and the trigger of all.
async fn collect(
    config: &Config,
    watch: &Arc<Watch>,
    workers: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<Schedule> {
    let mut receivers = Vec::new();
    for (name, account) in &config.accounts {
        let Some(watched) = watch.accounts.get(name) else { continue };
        let pass = Pass {
            holder: watched.holder.clone(),
            observer: watch.clone(),
            clock: watch.clock.clone(),
            lag: config.collect.lag,
            target_calls: target_calls(account, watch.clock.now()),
        };
        for (collector, cron) in &account.schedule {
            let (sender, ticks) = Worker::ticks();
            receivers.push((cron.clone(), sender));
            let worker = Worker { pass: pass.clone(), collector: *collector, cron: cron.clone() };
            workers.spawn(worker.run(ticks, stop.clone(), DRAIN));
        }
    }
    Schedule::start(receivers).await.context("starting the scheduler")
}

/// How many calls one walk for targets may make: half of what the account's rate gives between two walks, the rest is for
/// the other collectors.
fn target_calls(account: &AccountConfig, now: Timestamp) -> usize {
    let Some(cron) = account.schedule.get(&Collector::Targets) else { return 0 };
    let seconds = cron
        .next_after(now)
        .and_then(|next| cron.next_after(next).map(|after| after.duration_since(next).as_secs()));
    let calls = seconds.unwrap_or(0).saturating_mul(i64::from(account.requests_per_second.get())) / 2;
    usize::try_from(calls).unwrap_or(0).max(1)
}

/// Lets the clock go by the machine's each minute; a step of it is told.
async fn keep_time(clock: Arc<Clock>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REANCHOR) => {}
        }
        let step = clock.reanchor();
        if step.unsigned_abs() > STEP_TOLD {
            tracing::warn!(
                step_seconds = step.as_secs_f64(),
                "the machine's clock was set; ages and schedules follow it"
            );
        }
    }
}
