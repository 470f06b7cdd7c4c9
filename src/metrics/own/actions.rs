//! What was done at the vendors, what stood in its way, and what is still to be done, by account.

use prometheus::{IntCounterVec, IntGaugeVec, Registry};

use super::{OwnMetrics, Owner, counter, forget, integer};
use crate::domain::act::action::{Outcome, What};
use crate::domain::act::gate::Gate;
use crate::metrics::catalog::FamilyId;

#[derive(Clone)]
pub(super) struct Instruments {
    actions: IntCounterVec,
    blocked: IntCounterVec,
    pending: IntGaugeVec,
    restores: IntGaugeVec,
    paused: IntGaugeVec,
    owner: IntGaugeVec,
}

impl Instruments {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            actions: counter(registry, FamilyId::Actions)?,
            blocked: counter(registry, FamilyId::ActionsBlocked)?,
            pending: integer(registry, FamilyId::ActionsPending)?,
            restores: integer(registry, FamilyId::RestoresDue)?,
            paused: integer(registry, FamilyId::WritesPaused)?,
            owner: integer(registry, FamilyId::AccountOwner)?,
        })
    }

    pub(super) fn forget(&self, owner: Owner<'_>) {
        for counter in [&self.actions, &self.blocked] {
            forget(counter, owner);
        }
        for gauge in [&self.pending, &self.restores, &self.paused, &self.owner] {
            forget(gauge, owner);
        }
    }
}

impl OwnMetrics {
    /// Makes an account known, with 0 for all that can be counted; what is known of it already stays.
    pub fn register_actions(&self, owner: Owner<'_>) {
        let Owner { provider, account } = owner;
        let Instruments { actions, blocked, pending, restores, paused, owner } = &self.actions;
        for what in What::WORDS {
            for outcome in Outcome::ALL {
                actions.with_label_values(&[provider, account, what, outcome.as_str()]).inc_by(0);
            }
            for gate in Gate::ALL {
                blocked.with_label_values(&[provider, account, what, gate.as_str()]).inc_by(0);
            }
        }
        for gauge in [pending, restores, paused, owner] {
            gauge.with_label_values(&[provider, account]).add(0);
        }
    }

    /// What became of an attempt: one of [`What::WORDS`] and one of [`Outcome::ALL`].
    pub fn action(&self, owner: Owner<'_>, what: &'static str, outcome: &'static str) {
        self.actions.actions.with_label_values(&[owner.provider, owner.account, what, outcome]).inc();
    }

    /// A gate stopped an action: one of [`What::WORDS`] and one of [`Gate::ALL`].
    pub fn action_blocked(&self, owner: Owner<'_>, what: &'static str, reason: &'static str) {
        self.actions.blocked.with_label_values(&[owner.provider, owner.account, what, reason]).inc();
    }

    /// How many lowering actions are not over, and how many restores are due.
    pub fn actions(&self, owner: Owner<'_>, pending: u64, restores: u64) {
        let labels = [owner.provider, owner.account];
        for (gauge, count) in [(&self.actions.pending, pending), (&self.actions.restores, restores)] {
            gauge.with_label_values(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Whether lowering is paused at the account.
    pub fn writes_paused(&self, owner: Owner<'_>, is_paused: bool) {
        self.actions.paused.with_label_values(&[owner.provider, owner.account]).set(is_paused.into());
    }

    /// Whether this process decides and acts for the account.
    pub fn account_owner(&self, owner: Owner<'_>, is_owner: bool) {
        self.actions.owner.with_label_values(&[owner.provider, owner.account]).set(is_owner.into());
    }
}
