//! The daemon: starts everything in order, runs until told to stop, and stops without cutting a pass or an answer short.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::decide::{Decider, Keeping, Settings};
use super::generation::Generation;
use super::source::Everything;
use super::state::Sessions;
use super::telling::Telling;
use super::watch::Watch;
use crate::collect::clock::Clock;
use crate::config::{Config, Problems};
use crate::metrics::own::OwnMetrics;
use crate::store::owner::Owner;
use crate::web;

/// How often the clock goes by the machine's again, and from which step on that is told.
const REANCHOR: Duration = Duration::from_secs(60);
const STEP_TOLD: Duration = Duration::from_secs(2);

/// How a new configuration comes: asked for by `asked`, read by `load`.
pub struct Reload {
    /// A message for each time that a reload is asked for.
    pub asked: mpsc::Receiver<()>,
    /// Reads the configuration anew.
    pub load: Box<dyn Fn() -> Result<Config, Problems> + Send>,
}

impl Reload {
    /// Never.
    #[must_use]
    pub fn never() -> Self {
        let (_, asked) = mpsc::channel(1);
        Self { asked, load: Box::new(|| Err(Problems::from(Vec::new()))) }
    }
}

/// A daemon that has its address and has not begun.
pub struct Daemon {
    config: Config,
    listener: web::Listener,
    keeping: Keeping,
    clock: Arc<Clock>,
}

impl Daemon {
    /// Takes the address and the store, which may begin empty where `new_store` says so or no account is written to.
    ///
    /// # Errors
    /// The address or the store cannot be had; the text says what to do.
    pub async fn bind(config: Config, new_store: bool) -> anyhow::Result<Self> {
        let clock = Arc::new(Clock::new());
        let may_begin = new_store || !config.accounts.values().any(|account| account.account.writes);
        let owner = Owner::this_process(clock.now());
        let keeping = Keeping::open(&config.store.location, owner, may_begin).await?;
        let listener = web::bind(config.web.listen).await?;
        Ok(Self { config, listener, keeping, clock })
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
    pub async fn run(self, stop: CancellationToken, reload: Reload) -> anyhow::Result<()> {
        let Self { config, listener, keeping, clock } = self;
        let own = OwnMetrics::new(env!("CARGO_PKG_VERSION")).context("proxymeter's own metrics")?;
        own.reloaded(Some(clock.now()));
        let sessions = Sessions::default();
        let state = sessions.state(&config, &clock, &own, None)?;
        let watch = Arc::new(Watch::new(own, clock.clone(), state));
        let address = listener.address();
        let source = Arc::new(Everything(watch.clone()));
        let options = web::Options { open: config.web.open, ..web::Options::default() };
        let server = tokio::spawn(web::serve(listener, source, options, stop.clone()));
        tracing::info!(%address, accounts = config.accounts.len(), "collects, and serves /metrics");

        let clock_now = clock.now();
        let time = tokio::spawn(keep_time(clock, stop.clone()));
        let keeping = Arc::new(keeping);
        let telling = Arc::new(Telling::new(watch.clone(), keeping.clone()));
        telling.begin(&config, clock_now).await;
        let decider =
            Decider::new(watch.clone(), Settings::of(&config), keeping.clone(), telling.clone()).await;
        let decider = Arc::new(decider);
        // Passes that end while the process stops are still counted.
        let last = CancellationToken::new();
        let deciding = tokio::spawn(decider.clone().run(last.clone()));
        let tending = tokio::spawn(telling.clone().run(last.clone()));
        let generation = Generation::start(&config, &watch).await?;
        let known = Known { watch: &watch, decider: &decider, telling: &telling, sessions: &sessions };
        let generation = reloading(config, generation, known, reload, &stop).await?;
        tracing::info!("stops: running passes and answers may end");
        generation.stop().await?;
        last.cancel();
        deciding.await.context("the decider")?;
        tending.await.context("what goes on beside the courier")?;
        telling.stop().await;
        keeping.close().await;
        server.await.context("the web server")?;
        time.await.context("the clock")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// What outlives a generation.
#[derive(Clone, Copy)]
struct Known<'a> {
    watch: &'a Arc<Watch>,
    decider: &'a Decider,
    telling: &'a Telling,
    sessions: &'a Sessions,
}

/// Changes generations when asked to, until `stop`; a configuration with a mistake changes nothing.
async fn reloading(
    mut config: Config,
    mut generation: Generation,
    Known { watch, decider, telling, sessions }: Known<'_>,
    mut reload: Reload,
    stop: &CancellationToken,
) -> anyhow::Result<Generation> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(generation),
            asked = reload.asked.recv() => if asked.is_none() {
                stop.cancelled().await;
                return Ok(generation);
            },
        }
        let next = match (reload.load)() {
            Ok(next) => next,
            Err(problems) => {
                tracing::error!(
                    "the configuration was not reloaded, the one before stays in force:\n{problems}"
                );
                watch.own.reloaded(None);
                continue;
            }
        };
        tell_of_what_stays(&config, &next);
        let before = watch.state();
        // Between passes: what runs may end, and only then is anything swapped.
        generation.stop().await?;
        let state = sessions.state(&next, &watch.clock, &watch.own, Some(&before))?;
        watch.swap(state);
        // In this order, so that nothing is posted to who is given up.
        decider.reload(Settings::of(&next)).await;
        telling.replace(&next, watch.clock.now()).await;
        config = next;
        generation = Generation::start(&config, watch).await?;
        watch.own.reloaded(Some(watch.clock.now()));
        tracing::info!(accounts = config.accounts.len(), "reloaded the configuration");
    }
}

/// Some keys take a restart, and say so rather than seem to be in force.
fn tell_of_what_stays(before: &Config, next: &Config) {
    let keys = [
        ("web", (before.web.listen, before.web.open) != (next.web.listen, next.web.open)),
        ("log", before.log != next.log),
        ("store", before.store != next.store),
    ];
    for (key, changed) in keys {
        if changed {
            tracing::warn!("[{key}] changed, which takes effect at the next restart");
        }
    }
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
