//! The state of one sub-user.
//!
//! Its traffic is its flow over the spans in which it was switched on; the counter is the same sum, kept up to date.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::record::Outdated;
use super::scenario::SubUserSpec;
use super::workload::{Amount, Flow, amount, saturated};
use crate::domain::units::{Bytes, Limit};

/// Who switched a sub-user off, if anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Active,
    /// By a person, over the API.
    Disabled,
    /// By the vendor, at the limit; ends with the period.
    CutOff,
    Deleted,
}

impl Status {
    /// The word in the books.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::CutOff => "cut_off",
            Self::Deleted => "deleted",
        }
    }
}

/// One sub-user as the vendor knows it.
#[derive(Clone, Debug)]
pub(super) struct SubUser {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) product: Option<String>,
    pub(super) limit: Limit,
    pub(super) auto_disable: bool,
    pub(super) lifetime: bool,
    pub(super) status: Status,
    pub(super) created: Timestamp,
    /// Since when `counter` counts.
    pub(super) counted_from: Timestamp,
    /// Exact bytes that the limit is held against.
    pub(super) counter: u64,
    /// Exact bytes since the account's period began.
    pub(super) in_period: u64,
    /// How many calls changed its record.
    pub(super) changes: u64,
    /// What lists tell of it instead, the oldest first.
    pub(super) outdated: Vec<Outdated>,
    flow: Arc<Flow>,
    /// When it was switched on and off again.
    spans: Vec<(Timestamp, Option<Timestamp>)>,
    cut_off_at: Option<Timestamp>,
}

impl SubUser {
    /// A sub-user made at `begin`.
    pub(super) fn new(id: u64, spec: &SubUserSpec, flow: Flow, begin: Timestamp) -> Self {
        Self {
            id,
            username: spec.username.clone(),
            product: spec.product.clone(),
            limit: spec.limit,
            auto_disable: spec.auto_disable,
            lifetime: spec.lifetime,
            status: if spec.enabled { Status::Active } else { Status::Disabled },
            created: begin,
            counted_from: begin,
            counter: spec.used_before.0,
            in_period: 0,
            changes: 0,
            outdated: Vec::new(),
            flow: Arc::new(flow),
            spans: if spec.enabled { vec![(begin, None)] } else { Vec::new() },
            cut_off_at: None,
        }
    }

    pub(super) fn is_listed(&self, disabled_too: bool) -> bool {
        match self.status {
            Status::Active => true,
            Status::Disabled | Status::CutOff => disabled_too,
            Status::Deleted => false,
        }
    }

    /// Whether traffic ends at the limit; a limit of 0 is a block in itself (source: the v1 and v2 specifications).
    fn is_enforced(&self) -> bool {
        self.auto_disable || self.limit == Limit::Blocked
    }

    /// Exact bytes from `from` up to but without `to`.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> u64 {
        saturated(self.on(from, to).map(|(from, to)| self.flow.between(from, to)))
    }

    pub(super) fn by_target(&self, from: Timestamp, to: Timestamp) -> Vec<(String, Amount)> {
        let mut bytes = vec![0; self.flow.targets().len()];
        for (from, to) in self.on(from, to) {
            for (sum, more) in bytes.iter_mut().zip(self.flow.by_target(from, to)) {
                *sum = u64::saturating_add(*sum, more);
            }
        }
        self.flow
            .targets()
            .iter()
            .zip(bytes)
            .map(|(target, bytes)| (target.name.clone(), amount(target, bytes)))
            .collect()
    }

    /// The parts of a span in which it was switched on.
    fn on(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.spans
            .iter()
            .map(move |&(on, off)| (on.max(from), off.map_or(to, |off| off.min(to))))
            .filter(|(from, to)| from < to)
    }

    pub(super) fn advance(&mut self, from: Timestamp, to: Timestamp, lag: SignedDuration) {
        let mut bytes = self.between(from, to);
        if self.cut_off_at.is_none()
            && self.status == Status::Active
            && self.is_enforced()
            && let Some(Bytes(limit)) = self.limit.bytes()
            && self.counter.saturating_add(bytes) >= limit
        {
            let reached = self.when(limit.saturating_sub(self.counter), from, to);
            self.cut_off_at = Some(reached.checked_add(lag).unwrap_or(Timestamp::MAX));
        }
        if self.cut_off_at.is_some_and(|at| at < to) {
            let at = self.cut_off_at.take().unwrap_or(to);
            self.switch_off(at, Status::CutOff);
            bytes = self.between(from, to);
        }
        self.counter = self.counter.saturating_add(bytes);
        self.in_period = self.in_period.saturating_add(bytes);
    }

    /// The first millisecond at which `bytes` more are through.
    fn when(&self, bytes: u64, from: Timestamp, to: Timestamp) -> Timestamp {
        let (mut low, mut high) = (from.as_millisecond(), to.as_millisecond());
        while low < high {
            let middle = low + (high - low) / 2;
            let reached = Timestamp::from_millisecond(middle).is_ok_and(|at| self.between(from, at) >= bytes);
            if reached { high = middle } else { low = middle + 1 }
        }
        Timestamp::from_millisecond(low).unwrap_or(to)
    }

    /// Ends its traffic at a moment.
    pub(super) fn switch_off(&mut self, at: Timestamp, status: Status) {
        if let Some((on, off @ None)) = self.spans.last_mut() {
            *off = Some(at.max(*on));
        }
        self.cut_off_at = None;
        self.status = status;
    }

    /// Lets its traffic flow again.
    pub(super) fn switch_on(&mut self, at: Timestamp) {
        self.cut_off_at = None;
        if self.status != Status::Active {
            self.spans.push((at, None));
            self.status = Status::Active;
        }
    }

    /// Takes bytes back, as far as they were counted.
    pub(super) fn correct(&mut self, Bytes(bytes): Bytes) {
        self.counter = self.counter.saturating_sub(bytes);
        self.in_period = self.in_period.saturating_sub(bytes);
    }

    /// Counts from another moment, which is not after `now`.
    pub(super) fn count_from(&mut self, from: Timestamp, now: Timestamp) {
        self.counted_from = from.min(now);
        self.counter = self.between(self.counted_from, now);
    }

    /// Forgets a cut-off that was due by terms that have changed.
    pub(super) fn reconsider(&mut self) {
        self.cut_off_at = None;
    }

    /// A new period: what is not lifetime counts anew, and whom the vendor cut off may go on.
    pub(super) fn reset(&mut self, at: Timestamp) {
        self.in_period = 0;
        if self.lifetime {
            return;
        }
        self.counter = 0;
        self.counted_from = at;
        self.cut_off_at = None;
        if self.status == Status::CutOff {
            self.switch_on(at);
        }
    }
}
