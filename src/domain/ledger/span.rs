//! What was used since the start of one kind of period, of the account and of each sub-user.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Place;
use crate::domain::budget::period::PeriodRule;
use crate::domain::period::Period;
use crate::domain::units::Bytes;

/// Sums from one start.
#[derive(Clone, Debug)]
pub(super) struct SpanSum {
    rule: PeriodRule,
    start: Option<Timestamp>,
    account: Bytes,
    /// Seats that there were when the first start was learnt: what they used before is in no sum.
    unsummed: usize,
    sub_users: Vec<Bytes>,
    /// Those for which the vendor was asked from the start on.
    based: Vec<bool>,
}

impl SpanSum {
    pub(super) const fn new(rule: PeriodRule) -> Self {
        Self { rule, start: None, account: Bytes(0), unsummed: 0, sub_users: Vec::new(), based: Vec::new() }
    }

    pub(super) const fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Begins anew where a newer period holds `now`.
    pub(super) fn begin(&mut self, zone: &TimeZone, vendor: Option<Period>, now: Timestamp) {
        let start = self.rule.at(now, zone, vendor).map(|period| period.start);
        if start > self.start {
            self.unsummed = if self.start.is_none() { self.sub_users.len() } else { 0 };
            self.start = start;
            self.account = Bytes(0);
            self.sub_users.fill(Bytes(0));
            self.based.fill(false);
        }
    }

    pub(super) fn make_room(&mut self, seats: usize) {
        self.sub_users.resize(seats, Bytes(0));
        self.based.resize(seats, false);
    }

    pub(super) fn add(&mut self, place: Place, at: Timestamp, used: Bytes) {
        if self.start.is_none_or(|start| at < start) {
            return;
        }
        let sum = match place {
            Place::Account => Some(&mut self.account),
            Place::SubUser(at) => self.sub_users.get_mut(at),
        };
        if let Some(sum) = sum {
            *sum = sum.saturating_add(used);
        }
    }

    /// The sum, where everything since the start is in it.
    pub(super) fn used(&self, place: Place, known_from: Timestamp) -> Option<Bytes> {
        let start = self.start?;
        match place {
            Place::Account => (known_from <= start && self.unsummed == 0).then_some(self.account),
            Place::SubUser(at) => {
                let is_known = self.is_summed(at, known_from, start) || self.is_based(at);
                self.sub_users.get(at).copied().filter(|_| is_known)
            }
        }
    }

    /// Whether everything that a seat used since the start was added.
    pub(super) fn is_summed(&self, at: usize, known_from: Timestamp, start: Timestamp) -> bool {
        known_from <= start && at >= self.unsummed
    }

    pub(super) fn is_based(&self, at: usize) -> bool {
        self.based.get(at).copied().unwrap_or(false)
    }

    /// Takes the vendor's own sum since the start where it is more than was seen.
    pub(super) fn base(&mut self, at: usize, total: Bytes) {
        if let (Some(sum), Some(based)) = (self.sub_users.get_mut(at), self.based.get_mut(at)) {
            *sum = (*sum).max(total);
            *based = true;
        }
    }
}
