//! One account while it runs: its provider and its snapshot, swapped whole.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::domain::account::Account;
use crate::domain::snapshot::Snapshot;
use crate::domain::traffic::SubUser;
use crate::providers::Provider;

/// An account's provider and what is true of the account now.
pub struct Holder {
    provider: Arc<dyn Provider>,
    snapshot: ArcSwap<Snapshot>,
    kept: ArcSwap<Vec<SubUser>>,
    /// Two collectors that end together must not lose each other's readings.
    updating: Mutex<()>,
}

impl Holder {
    /// An account of which nothing has been read.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, snapshot: ArcSwap::default(), kept: ArcSwap::default(), updating: Mutex::new(()) }
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &dyn Provider {
        &*self.provider
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.provider.account()
    }

    /// What is true now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Keeps these sub-users from now on, and no others, though the vendor's list drops them: those that we froze.
    ///
    /// Each is the row as the list told it last, with its usage, of which the same span is asked for from then on.
    pub fn keep(&self, rows: Vec<SubUser>) {
        self.kept.store(Arc::new(rows));
    }

    /// The sub-users that are kept.
    #[must_use]
    pub fn kept(&self) -> Arc<Vec<SubUser>> {
        self.kept.load_full()
    }

    /// Swaps in what `next` makes of the present snapshot.
    pub fn update(&self, next: impl FnOnce(&Snapshot) -> Snapshot) {
        let _turn = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next(&self.snapshot.load());
        self.snapshot.store(Arc::new(next));
    }
}
