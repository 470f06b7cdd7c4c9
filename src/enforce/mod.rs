//! Carries out what is due at an account: compares with a fresh list, saves, writes, reads back, and saves what came of it.
//!
//! What is done was decided before (`domain::act`); here it is only carried out. Whoever owns the store implements
//! [`Journal`], so that nothing leaves that is not saved.

mod batch;
mod by_hand;
mod origin;
mod read_back;

pub use batch::{Did, Enforcer, MOST, Sent};
pub use by_hand::{read_back_created, read_back_deleted};
pub use origin::Origins;
pub use read_back::{Back, Sought, counts_from, read_back_one};

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::account::Account;
use crate::domain::act::books::Delta;
use crate::domain::act::carry::{Work, Write};
use crate::domain::act::gate::Gate;
use crate::domain::act::settle::Found;
use crate::domain::act::step::Terms;
use crate::domain::snapshot::{Snapshot, SubUserKey};

/// What is due at an account now.
#[derive(Clone, Debug)]
pub struct Due {
    /// The account.
    pub account: Account,
    /// What is allowed there.
    pub terms: Terms,
    /// Its newest readings.
    pub snapshot: Arc<Snapshot>,
    /// What is to be written, by sub-user.
    pub work: Vec<Work>,
    /// Writes that left, or may have, and were not read back yet.
    pub open: Vec<Write>,
}

impl Due {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.work.is_empty() && self.open.is_empty()
    }
}

/// Keeps what is decided and done; the one who owns the store.
#[async_trait]
pub trait Journal: Send + Sync {
    /// What is due now; nothing while nothing can be saved.
    async fn due(&self) -> Option<Due>;

    /// Saves what was found without a write, by sub-user, of those that are as they were when they were due; whether
    /// anything was saved.
    async fn save(&self, found: Vec<(SubUserKey, Delta)>) -> bool;

    /// Saves that writes are about to leave, of sub-users that are as they were when they were due; gives back those that
    /// were saved, and notes why the others were not.
    async fn begin(&self, writes: Vec<Write>) -> Vec<Write>;

    /// Asked just before a call: what stands in its way now, if anything.
    async fn stop(&self, write: &Write) -> Option<Gate>;

    /// Saves what was found of a write.
    async fn settle(&self, write: &Write, found: &Found);

    /// The time.
    fn now(&self) -> jiff::Timestamp;
}
