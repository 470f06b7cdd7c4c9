//! Telling people: the courier over this process's store, and what goes on beside it.
//!
//! What is told comes by way of the outbox alone; only trouble with the store itself is told past it, since there is
//! nowhere to save it.

mod address;
mod heard;
mod notifiers;
mod outbox;
mod unsaved;
mod watchdog;
mod ways;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) use address::{Addresses, Threads, new_id};
pub(super) use notifiers::{build, templates};

use super::decide::Keeping;
use super::watch::Watch;
use crate::config::Config;
use crate::notify::alertmanager::OpenAlert;
use crate::notify::courier::Courier;
use heard::{Ear, Failing, Heard};
use ways::Ways;

/// How often what waits is counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// How long a stop waits for what is due.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where what stands open is put for a receiver that is told a state.
pub(super) type State = Arc<ArcSwap<Vec<OpenAlert>>>;

/// Tells people.
pub(super) struct Telling {
    watch: Arc<Watch>,
    keeping: Arc<Keeping>,
    courier: Courier,
    ways: ArcSwap<Ways>,
    failing: Failing,
    heard: Mutex<mpsc::UnboundedReceiver<Heard>>,
    /// Whether anything was posted since the start.
    has_posted: AtomicBool,
}

impl Telling {
    /// Nobody is told before [`Telling::replace`].
    pub(super) fn new(watch: Arc<Watch>, keeping: Arc<Keeping>) -> Self {
        let (told, heard) = mpsc::unbounded_channel();
        let clock = watch.clock.clone();
        let ear = Ear { own: watch.own.clone(), told };
        let outbox = Arc::new(outbox::OfStore(keeping.clone()));
        let courier = Courier::new(outbox, Arc::new(move || clock.now()), Arc::new(ear));
        Self {
            watch,
            keeping,
            courier,
            ways: ArcSwap::default(),
            failing: Failing::default(),
            heard: Mutex::new(heard),
            has_posted: AtomicBool::new(false),
        }
    }

    /// Begins to tell: what a process before this one left is due at once.
    pub(super) async fn begin(&self, config: &Config, now: Timestamp) {
        self.go_on().await;
        self.replace(config, now).await;
    }

    /// Goes on with a store that was lost: what waits in it is due at once.
    pub(super) async fn go_on(&self) {
        let Some(store) = self.keeping.decisions() else { return };
        if let Err(problem) = store.try_now(self.watch.clock.now()).await {
            tracing::warn!("what waits in the outbox is tried at its time: {problem}");
        }
        self.courier.wake();
    }

    /// Something was posted.
    pub(super) fn wake(&self) {
        self.has_posted.store(true, Ordering::Relaxed);
        self.courier.wake();
    }

    /// Whether anything was posted since the start.
    pub(super) fn has_posted(&self) -> bool {
        self.has_posted.load(Ordering::Relaxed)
    }

    /// The receivers that are told a state, each with the place where it is to be put.
    pub(super) fn states(&self) -> Vec<(Arc<str>, State)> {
        let ways = self.ways.load();
        let pushers = ways.built.iter().filter_map(|(name, way)| Some((name, way.pusher.as_ref()?)));
        pushers.map(|(name, pusher)| (name.clone(), pusher.open())).collect()
    }

    /// Hears how telling goes, counts what waits, says again what stands open, and calls the watchdog, until `stop`.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let watchdog = tokio::spawn(watchdog::run(self.clone(), stop.clone()));
        let mut heard = self.heard.lock().await;
        let mut count = Instant::now();
        let mut resent = Instant::now();
        loop {
            let resend = self.ways.load().resend.map(|every| resent + every);
            tokio::select! {
                () = stop.cancelled() => break,
                Some(one) = heard.recv() => self.hear(one).await,
                () = tokio::time::sleep_until(count) => {
                    self.count().await;
                    count = Instant::now() + COUNT_EVERY;
                }
                () = until(resend) => {
                    // One that hangs does not hold up a stop.
                    tokio::select! {
                        () = self.resend() => {}
                        () = stop.cancelled() => break,
                    }
                    resent = Instant::now();
                }
            }
        }
        if let Err(error) = watchdog.await {
            tracing::error!(%error, "the watchdog ended early");
        }
    }

    async fn count(&self) {
        let Some(store) = self.keeping.decisions() else { return };
        match store.backlog().await {
            Ok(backlog) => {
                let ways = self.ways.load();
                self.watch.own.outbox(ways.addresses.all().map(|(name, _)| name), &backlog);
            }
            Err(problem) => tracing::debug!("what waits in the outbox is not counted: {problem}"),
        }
    }

    /// Says again to Alertmanagers what stands open, each on its own.
    async fn resend(&self) {
        let ways = self.ways.load_full();
        let now = self.watch.clock.now();
        let pushers = ways.built.iter().filter_map(|(name, way)| Some((name, way.pusher.clone()?)));
        let pushes = pushers.map(|(name, pusher)| async move {
            for (recipient, problem) in pusher.resend(now).await {
                // A failure is told by the courier, for what is new; alerts last for four of these.
                tracing::debug!(receiver = %name, %recipient, "what stands open was not taken: {problem}");
            }
        });
        futures_util::future::join_all(pushes).await;
    }

    /// Tells what is due, at most `limit`, then begins nothing more.
    pub(super) async fn finish(&self, limit: Duration) {
        if !self.courier.drain(limit).await {
            tracing::info!("some notices wait in the outbox for the next start");
        }
        self.courier.close().await;
    }

    /// The same, with the time that a stop has.
    pub(super) async fn stop(&self) {
        self.finish(LAST_WORDS).await;
    }
}

/// Waits until a moment, or for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
