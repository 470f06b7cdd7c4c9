//! What became of notices, and what still waits, by receiver.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Registry};

use super::{OwnMetrics, counter, gauge, integer, seconds};
use crate::domain::outbox::{Backlog, Outcome};
use crate::metrics::catalog::FamilyId;

#[derive(Clone)]
pub(super) struct Instruments {
    notices: IntCounterVec,
    pending: IntGaugeVec,
    oldest: GaugeVec,
    up: IntGaugeVec,
}

impl Instruments {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            notices: counter(registry, FamilyId::Notices)?,
            pending: integer(registry, FamilyId::OutboxPending)?,
            oldest: gauge(registry, FamilyId::OutboxOldest)?,
            up: integer(registry, FamilyId::ReceiverUp)?,
        })
    }
}

impl OwnMetrics {
    /// Makes the receivers known, with 0 for all that can be counted, and forgets what there is of others.
    pub fn register_receivers<'r>(&self, receivers: impl IntoIterator<Item = &'r Arc<str>>) {
        let Instruments { notices, pending, oldest, up } = &self.notices;
        let before: BTreeMap<(String, String), u64> = notices_now(notices);
        notices.reset();
        pending.reset();
        oldest.reset();
        up.reset();
        for receiver in receivers {
            for outcome in Outcome::ALL {
                let key = ((**receiver).to_owned(), outcome.as_str().to_owned());
                let count = before.get(&key).copied().unwrap_or_default();
                notices.with_label_values(&[&**receiver, outcome.as_str()]).inc_by(count);
            }
            pending.with_label_values(&[&**receiver]).set(0);
            up.with_label_values(&[&**receiver]).set(1);
        }
    }

    /// A notice ended at a recipient, or is to be tried again.
    pub fn notice(&self, receiver: &str, outcome: Outcome) {
        self.notices.notices.with_label_values(&[receiver, outcome.as_str()]).inc();
    }

    /// What waits, by receiver; nothing waits at the others.
    pub fn outbox<'r>(&self, receivers: impl IntoIterator<Item = &'r Arc<str>>, backlog: &[Backlog]) {
        for receiver in receivers {
            let waiting = backlog.iter().find(|waiting| waiting.receiver == *receiver);
            let pending = waiting.map_or(0, |waiting| i64::try_from(waiting.pending).unwrap_or(i64::MAX));
            self.notices.pending.with_label_values(&[&**receiver]).set(pending);
            self.show_oldest(receiver, waiting.map(|waiting| waiting.oldest));
        }
    }

    fn show_oldest(&self, receiver: &str, oldest: Option<Timestamp>) {
        match oldest {
            Some(oldest) => self.notices.oldest.with_label_values(&[receiver]).set(seconds(oldest)),
            // It may not have been there.
            None => drop(self.notices.oldest.remove_label_values(&[receiver])),
        }
    }

    /// Whether a receiver takes what it is sent.
    pub fn receiver(&self, receiver: &str, is_up: bool) {
        self.notices.up.with_label_values(&[receiver]).set(is_up.into());
    }
}

/// What is counted now, by receiver and outcome.
fn notices_now(notices: &IntCounterVec) -> BTreeMap<(String, String), u64> {
    use prometheus::core::Collector as _;
    let mut found = BTreeMap::new();
    for metric in notices.collect().iter().flat_map(|family| family.get_metric()) {
        let label = |name: &str| {
            let pair = metric.get_label().iter().find(|pair| pair.name() == name);
            pair.map(|pair| pair.value().to_owned()).unwrap_or_default()
        };
        // A counter's value is whole; the crate hands it out as a float.
        let count = metric.get_counter().get_value() as u64;
        found.insert((label("receiver"), label("outcome")), count);
    }
    found
}
