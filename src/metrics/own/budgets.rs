//! What belongs to no account: how many incidents stand where, how many targets a budget has, and the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus::{IntCounterVec, IntGaugeVec, Registry};

use super::{OwnMetrics, counter, integer};
use crate::domain::incident::State;
use crate::metrics::catalog::FamilyId;

/// How many incidents of each threshold stand in each state.
pub type IncidentCounts = BTreeMap<(Arc<str>, Arc<str>, State), u64>;

/// A part of the store: each fails by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorePart {
    /// Without it no decision is made.
    Decisions,
    /// Without it forecasts end with the process.
    History,
}

impl StorePart {
    /// The label `part`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::History => "history",
        }
    }
}

#[derive(Clone)]
pub(super) struct Instruments {
    incidents: IntGaugeVec,
    targets: IntGaugeVec,
    store_up: IntGaugeVec,
    store_failures: IntCounterVec,
}

impl Instruments {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            incidents: integer(registry, FamilyId::Incidents)?,
            targets: integer(registry, FamilyId::BudgetTargets)?,
            store_up: integer(registry, FamilyId::StoreUp)?,
            store_failures: counter(registry, FamilyId::StoreFailures)?,
        })
    }
}

impl OwnMetrics {
    /// How many incidents there are and how many targets each budget has; what is not named is there no more.
    pub fn budgets(&self, counts: &IncidentCounts, targets: &BTreeMap<Arc<str>, usize>) {
        let Instruments { incidents, targets: budget_targets, .. } = &self.budgets;
        incidents.reset();
        for ((budget, threshold, state), count) in counts {
            let labels = [&**budget, &**threshold, state.as_str()];
            incidents.with_label_values(&labels).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        budget_targets.reset();
        for (budget, count) in targets {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            budget_targets.with_label_values(&[&**budget]).set(count);
        }
    }

    /// Whether a part of the store can be used.
    pub fn store(&self, part: StorePart, is_up: bool) {
        self.budgets.store_up.with_label_values(&[part.as_str()]).set(is_up.into());
    }

    /// Makes the reasons known for which a store may fail.
    pub fn register_store(&self, reasons: &[&str]) {
        for reason in reasons {
            self.budgets.store_failures.with_label_values(&[reason]).inc_by(0);
        }
    }

    /// The store did not do what was asked.
    pub fn store_failed(&self, reason: &str) {
        self.budgets.store_failures.with_label_values(&[reason]).inc();
    }
}
