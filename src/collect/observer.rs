//! Who hears of passes: the metrics, the readiness, the log.

use std::time::Duration;

use jiff::Timestamp;

use super::holder::Holder;
use crate::domain::collector::{Collector, FailureReason};

/// Why a pass brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The closed set's member.
    pub reason: FailureReason,
    /// What an operator should know and do.
    pub message: String,
}

/// How a pass ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that was asked for came.
    Whole,
    /// Some of it came; the first failure of the rest.
    Partial(Failure),
    /// Nothing came.
    Failed(Failure),
}

impl Outcome {
    /// The failure, where there was one.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Whole => None,
            Self::Partial(failure) | Self::Failed(failure) => Some(failure),
        }
    }
}

/// Hears of every pass.
pub trait Observer: Send + Sync {
    /// A pass begins.
    fn began(&self, holder: &Holder, collector: Collector, at: Timestamp);

    /// An answer was not accepted; retried or not.
    fn rejected(&self, holder: &Holder, collector: Collector, reason: FailureReason);

    /// The snapshot was swapped for one with what `collector` brought.
    fn changed(&self, holder: &Holder, collector: Collector);

    /// A pass ended.
    fn ended(&self, holder: &Holder, collector: Collector, outcome: &Outcome, at: Timestamp, took: Duration);
}
