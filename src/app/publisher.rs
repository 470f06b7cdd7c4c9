//! Keeps the exposition in step with the snapshots: encoded when one changes, and when what it shows becomes too old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::collect::holder::Holder;
use crate::domain::collector::Collector;
use crate::domain::owners::Owners;
use crate::metrics::catalog::FamilyId;
use crate::metrics::exposition::{Exposition, Segment};
use crate::metrics::traffic::{self, Encoded, Tolerances};

/// One account's series as they were encoded last.
pub(super) struct Published {
    holder: Arc<Holder>,
    tolerances: Tolerances,
    encoded: Mutex<BTreeMap<Collector, Encoded>>,
    budgets: Mutex<Vec<(FamilyId, Segment)>>,
}

/// Encodes snapshots into the exposition.
pub(super) struct Publisher {
    pub(super) exposition: Exposition,
    targets_top: usize,
    owners: Owners,
}

impl Published {
    pub(super) fn new(holder: Arc<Holder>, tolerances: Tolerances) -> Self {
        Self { holder, tolerances, encoded: Mutex::default(), budgets: Mutex::default() }
    }
}

impl Publisher {
    pub(super) fn new(exposition: Exposition, targets_top: usize, owners: Owners) -> Self {
        Self { exposition, targets_top, owners }
    }

    /// Encodes what `collector` brought, and the account's own series, which follow from all readings.
    pub(super) fn changed(&self, published: &Published, collector: Collector, now: Timestamp) {
        let mut encoded = published.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        for collector in [Collector::Account, collector] {
            encoded.insert(collector, self.encode(published, collector, now));
        }
        self.publish(published, &encoded);
    }

    /// Puts what budgets come to in the place of what they came to before.
    pub(super) fn budgets(&self, published: &Published, segments: Vec<(FamilyId, Segment)>) {
        let encoded = published.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        *published.budgets.lock().unwrap_or_else(PoisonError::into_inner) = segments;
        self.publish(published, &encoded);
    }

    /// Encodes anew what shows something that is too old at `now`.
    pub(super) fn expire(&self, published: &Published, now: Timestamp) {
        let mut encoded = published.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        let over: Vec<_> =
            encoded.iter().filter(|(_, encoded)| now > encoded.valid_until).map(|(key, _)| *key).collect();
        if over.is_empty() {
            return;
        }
        for collector in over {
            encoded.insert(collector, self.encode(published, collector, now));
        }
        self.publish(published, &encoded);
    }

    fn encode(&self, published: &Published, collector: Collector, now: Timestamp) -> Encoded {
        let snapshot = published.holder.snapshot();
        let account = published.holder.account();
        let Self { targets_top, owners, .. } = self;
        let tolerances = &published.tolerances;
        off_the_workers(|| {
            traffic::encode(collector, account, &snapshot, tolerances, *targets_top, owners, now)
        })
    }

    fn publish(&self, published: &Published, encoded: &BTreeMap<Collector, Encoded>) {
        let budgets = published.budgets.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let segments = encoded.values().flat_map(|encoded| encoded.segments.iter().cloned());
        let segments = segments.chain(budgets).collect();
        self.exposition.replace(&published.holder.account().name, segments);
    }
}

/// A hundred thousand series keep a core busy for a tenth of a second; other tasks go on meanwhile.
pub(super) fn off_the_workers<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
