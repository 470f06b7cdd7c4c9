//! What the configuration says of telling, taken over whole: at the start and at each reload.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::notifiers::{self, Built};
use super::{Addresses, Telling, heard, new_id, watchdog};
use crate::collect::clock::Clock;
use crate::config::{Config, Way};
use crate::domain::outbox::{Delivery, Posting};
use crate::notify::courier::{Fallback, Post, Receiver};
use crate::notify::message::Message;
use crate::store::error::StoreError;

/// What the configuration says of telling.
#[derive(Default)]
pub(super) struct Ways {
    pub(super) addresses: Addresses,
    pub(super) built: BTreeMap<Arc<str>, Built>,
    pub(super) receivers: Vec<Receiver>,
    pub(super) operator: Vec<Arc<str>>,
    pub(super) fallbacks: BTreeMap<Arc<str>, Arc<str>>,
    pub(super) watchdog: Option<Arc<watchdog::Watchdog>>,
    /// How often Alertmanagers are told what stands open.
    pub(super) resend: Option<Duration>,
    /// The receivers that cannot be told as they are configured, and why.
    pub(super) broken: Option<String>,
}

impl Telling {
    /// Tells by this configuration from now on; what waits for recipients that are configured no more is given up.
    pub(in crate::app) async fn replace(&self, config: &Config, now: Timestamp) {
        let addresses = Addresses::of(config);
        self.give_up(&addresses, now).await;
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
        let off = self.still_gone(&built).await;
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
            Way::Alertmanager { resend, .. } => Some(resend),
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

    /// Gives up what nobody is configured for any more.
    async fn give_up(&self, addresses: &Addresses, now: Timestamp) {
        let Some(store) = self.keeping.decisions() else { return };
        let give_up = async {
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
            Ok::<_, StoreError>(())
        };
        if let Err(problem) = give_up.await {
            tracing::warn!("what waits for nobody any more stays in the outbox: {problem}");
        }
    }

    /// The receivers that were gone and still are the same.
    async fn still_gone(&self, built: &BTreeMap<Arc<str>, Built>) -> Vec<Arc<str>> {
        let Some(store) = self.keeping.decisions() else { return Vec::new() };
        let settle = async {
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
            Ok::<_, StoreError>(off)
        };
        settle.await.unwrap_or_else(|problem| {
            tracing::warn!("the outbox cannot be read: {problem}");
            Vec::new()
        })
    }

    /// Tries a receiver again that was gone.
    pub(in crate::app) async fn switch_on(&self, name: &str) {
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
}

/// What another receiver is told in the place of one that cannot be.
fn instead(addresses: Addresses, to: Arc<str>, clock: Arc<Clock>) -> Post {
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
