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

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) use address::{Addresses, Threads, new_id};
pub(super) use notifiers::templates;

use super::decide::Keeping;
use super::watch::Watch;
use crate::config::Config;
use crate::domain::outbox::{Delivery, Posting};
use crate::notify::alertmanager::OpenAlert;
use crate::notify::courier::{Courier, Fallback, Receiver};
use crate::notify::message::Message;
use heard::{Ear, Failing, Heard};
use notifiers::Built;

/// How often what waits is counted.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// How long a stop waits for what is due.
const LAST_WORDS: Duration = Duration::from_secs(5);

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

/// What the configuration says of telling.
#[derive(Default)]
struct Ways {
    addresses: Addresses,
    built: BTreeMap<Arc<str>, Built>,
    receivers: Vec<Receiver>,
    operator: Vec<Arc<str>>,
    fallbacks: BTreeMap<Arc<str>, Arc<str>>,
    watchdog: Option<Arc<watchdog::Watchdog>>,
    /// How often Alertmanagers are told what stands open.
    resend: Option<Duration>,
    /// The receivers that cannot be told as they are configured, and why.
    broken: Option<String>,
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

    /// Tells by this configuration from now on; what waits for recipients that are configured no more is given up.
    pub(super) async fn replace(&self, config: &Config, now: Timestamp) {
        let addresses = Addresses::of(config);
        let mut built = BTreeMap::new();
        let mut broken = Vec::new();
        self.watch.own.register_receivers(config.receivers.keys());
        for (name, way) in notifiers::build(config) {
            match way {
                Ok(way) => drop(built.insert(name, way)),
                Err(problem) => {
                    tracing::error!(receiver = %name, "cannot be told, and what is for it waits: {problem}");
                    self.watch.own.receiver(&name, false);
                    broken.push(format!("{name}: {problem}"));
                }
            }
        }
        let broken = (!broken.is_empty()).then(|| broken.join("; "));
        self.watch.trouble("receivers that cannot be told", broken.clone());
        self.forget_failures(&built);
        let off = self.settle_with_store(&addresses, &built, now).await;
        self.watch.trouble("receivers", self.failing.in_words());
        let receivers: Vec<Receiver> = built
            .iter()
            .filter_map(|(name, way)| {
                let configured = config.receivers.get(name)?;
                Some(Receiver {
                    name: name.clone(),
                    notifier: way.notifier.clone(),
                    fallback: configured.fallback.as_ref().map(|fallback| Fallback {
                        to: fallback.to.clone(),
                        after: fallback.after,
                        post: instead(addresses.clone(), fallback.to.clone(), self.watch.clock.clone()),
                    }),
                    give_up_after: configured.give_up_after,
                    is_off: off.contains(name),
                })
            })
            .collect();
        let resend = config.receivers.values().filter_map(|receiver| match receiver.way {
            crate::config::Way::Alertmanager { resend, .. } => Some(resend),
            _ => None,
        });
        self.ways.store(Arc::new(Ways {
            addresses,
            built,
            receivers: receivers.clone(),
            operator: config.operator.notify.clone(),
            fallbacks: config
                .receivers
                .iter()
                .filter_map(|(name, receiver)| Some((name.clone(), receiver.fallback.as_ref()?.to.clone())))
                .collect(),
            watchdog: config.operator.watchdog.as_ref().and_then(|watchdog| {
                watchdog::Watchdog::new(watchdog)
                    .inspect_err(|problem| tracing::error!("the watchdog cannot be told: {problem}"))
                    .ok()
                    .map(Arc::new)
            }),
            resend: resend.min(),
            broken,
        }));
        self.courier.replace(receivers);
    }

    /// Who failed goes on failing until it takes something, unless it is another by now, or is no more.
    fn forget_failures(&self, built: &BTreeMap<Arc<str>, Built>) {
        let before = self.ways.load();
        let is_same = |name: &Arc<str>| {
            let ways = built.get(name).zip(before.built.get(name));
            ways.is_some_and(|(now, before)| now.fingerprint == before.fingerprint)
        };
        for name in self.failing.retain(is_same) {
            self.watch.own.receiver(&name, false);
        }
    }

    /// Begins to tell: what a process before this one left is due at once.
    pub(super) async fn begin(&self, config: &Config, now: Timestamp) {
        if let Some(store) = self.keeping.decisions()
            && let Err(problem) = store.try_now(now).await
        {
            tracing::warn!("what waits in the outbox is tried at its time: {problem}");
        }
        self.replace(config, now).await;
    }

    /// Gives up what nobody is configured for any more; the receivers that were gone and still are the same.
    async fn settle_with_store(
        &self,
        addresses: &Addresses,
        built: &BTreeMap<Arc<str>, Built>,
        now: Timestamp,
    ) -> Vec<Arc<str>> {
        let Some(store) = self.keeping.decisions() else { return Vec::new() };
        let settle = async {
            for waiting in store.backlog().await? {
                let left = addresses.get(&waiting.receiver).map(|address| address.recipients.clone());
                let given_up = store
                    .bury_of(&waiting.receiver, &left.unwrap_or_default(), now, "no longer configured")
                    .await?;
                if given_up > 0 {
                    let receiver = &waiting.receiver;
                    tracing::warn!(%receiver, given_up, "notices for recipients that are configured no more are given up");
                }
            }
            let mut off = Vec::new();
            for gone in store.receivers_off().await? {
                let way = built.get(&*gone.receiver);
                if way.is_some_and(|way| way.fingerprint == gone.fingerprint) {
                    self.watch.own.receiver(&gone.receiver, false);
                    self.failing.note(&gone.receiver, Some(heard::gone(&gone.answer)));
                    off.push(gone.receiver);
                } else {
                    store.receiver_on(&gone.receiver).await?;
                }
            }
            Ok::<_, crate::store::error::StoreError>(off)
        };
        settle.await.unwrap_or_else(|problem| {
            tracing::warn!("the outbox cannot be read: {problem}");
            Vec::new()
        })
    }

    /// Tries a receiver again that was gone.
    pub(super) async fn switch_on(&self, name: &str) {
        let Some(store) = self.keeping.decisions() else { return };
        let is_off = match store.receivers_off().await {
            Ok(off) => off.iter().any(|off| *off.receiver == *name),
            Err(_) => false,
        };
        let ways = self.ways.load_full();
        let receiver = ways.receivers.iter().find(|receiver| *receiver.name == *name);
        if let (true, Some(receiver)) = (is_off, receiver)
            && store.receiver_on(name).await.is_ok()
        {
            self.courier.start(Receiver { is_off: false, ..receiver.clone() });
        }
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
    pub(super) fn states(&self) -> Vec<(Arc<str>, Arc<ArcSwap<Vec<OpenAlert>>>)> {
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
                () = async { match resend { Some(at) => tokio::time::sleep_until(at).await, None => std::future::pending().await } } => {
                    self.resend().await;
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

/// What another receiver is told in the place of one that cannot be.
fn instead(
    addresses: Addresses,
    to: Arc<str>,
    clock: Arc<crate::collect::clock::Clock>,
) -> crate::notify::courier::Post {
    Arc::new(move |delivery: &Delivery, message: &Message, reason: &str| {
        let title = format!("[for {}, who could not be told] {}", delivery.receiver, message.title);
        let message = Message { title: title.clone(), ..message.clone() };
        let now = clock.now();
        tracing::warn!(
            receiver = %delivery.receiver,
            fallback = %to,
            notice = %delivery.notice,
            "a notice could not be told, its fallback is: {reason}"
        );
        Posting {
            id: new_id(),
            at: now,
            receiver: to.clone(),
            thread: format!("instead:{}:{}", delivery.receiver, delivery.thread),
            episode: delivery.episode.clone(),
            leaves_open: false,
            severity: message.severity.into(),
            title,
            message: message.to_json(),
            recipients: addresses.get(&to).map(|address| address.recipients.clone()).unwrap_or_default(),
            due: now,
            gathers: false,
            stands_for: Some(delivery.id),
        }
    })
}

/// What would tell one receiver, and its recipients.
///
/// # Errors
/// There is no such receiver, or it cannot be told.
pub(super) fn build_one(
    config: &Config,
    receiver: &str,
) -> Result<(Arc<dyn crate::notify::Notifier>, Vec<Arc<str>>), String> {
    let built = notifiers::build(config).remove(receiver).ok_or("there is no such receiver")??;
    let recipients = Addresses::of(config).get(receiver).map(|address| address.recipients.clone());
    Ok((built.notifier, recipients.unwrap_or_default()))
}
