//! An account's snapshot as segments: what is fresh, by the collector that brought it.

mod account;
mod sub_users;
mod subscriptions;
mod targets;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::catalog::FamilyId;
use super::exposition::{SampleWriter, Segment};
use crate::domain::account::Account;
use crate::domain::collector::Collector;
use crate::domain::owners::Owners;
use crate::domain::snapshot::{Reading, Snapshot};

/// How old what a collector brought may become before its series disappear.
pub type Tolerances = BTreeMap<Collector, Duration>;

/// The series of one collector of one account.
#[derive(Debug)]
pub struct Encoded {
    /// A segment a family.
    pub segments: Vec<(FamilyId, Segment)>,
    /// The last moment at which they are right: then a reading is too old, or a period ends.
    pub valid_until: Timestamp,
}

/// What all encoders work with.
struct Context<'a> {
    account: &'a Account,
    snapshot: &'a Snapshot,
    tolerances: &'a Tolerances,
    targets_top: usize,
    owners: &'a Owners,
    now: Timestamp,
    valid_until: Cell<Timestamp>,
}

/// Encodes what `collector` brought; the account's own series also follow from what others brought.
///
/// `targets_top` targets of a sub-user have series of their own, the rest are one; `owners` says whose sub-users are.
#[must_use]
pub fn encode(
    collector: Collector,
    account: &Account,
    snapshot: &Snapshot,
    tolerances: &Tolerances,
    targets_top: usize,
    owners: &Owners,
    now: Timestamp,
) -> Encoded {
    let valid_until = Cell::new(Timestamp::MAX);
    let context = Context { account, snapshot, tolerances, targets_top, owners, now, valid_until };
    let writers = match collector {
        Collector::Account => account::write(&context),
        Collector::SubUsers => sub_users::write(&context),
        Collector::Subscriptions => subscriptions::write(&context),
        Collector::Targets => targets::write(&context),
    };
    let segments = writers.into_iter().map(SampleWriter::finish).collect();
    Encoded { segments, valid_until: context.valid_until.get() }
}

impl Context<'_> {
    fn writer(&self, family: FamilyId) -> SampleWriter {
        SampleWriter::new(family, self.account.provider, self.account.name.as_str())
    }

    /// A reading's value while it is fresh; remembers when it no longer is.
    fn fresh<'r, T>(&self, collector: Collector, reading: Option<&'r Reading<T>>) -> Option<&'r T> {
        let reading = reading?;
        let tolerance = self.tolerances.get(&collector).copied().unwrap_or(Duration::MAX);
        if !reading.is_fresh(self.now, tolerance) {
            return None;
        }
        self.ends(reading.expires(tolerance));
        Some(&reading.value)
    }

    fn ends(&self, at: Timestamp) {
        self.valid_until.set(self.valid_until.get().min(at));
    }

    /// The label `product`: the vendor's word, else the account's.
    fn product<'p>(&'p self, said: Option<&'p str>) -> &'p str {
        said.unwrap_or(&self.account.product)
    }
}

#[cfg(test)]
mod tests;
