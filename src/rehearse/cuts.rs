//! What writes would have saved: the traffic of those on whom they would have stood, until the period's end.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::source::Source;
use super::{Change, Write};
use crate::domain::incident::Target;
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

/// What one budget would have saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// What was used while its writes would have stood.
    pub saved: Bytes,
    /// The wanted part; nothing where nobody says what is wanted.
    pub wrongly_cut: Option<Bytes>,
}

/// Everything that would have been lowered.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    cuts: Vec<Cut>,
    /// The earliest end at which something is to be restored.
    next_end: Option<Timestamp>,
}

/// One thing that would have been lowered, until its period ends.
#[derive(Clone, Debug)]
struct Cut {
    account: usize,
    key: SubUserKey,
    write: Write,
    proposed: Timestamp,
    /// From when on the vendor would have cut off, by a freeze.
    from: Timestamp,
    /// How much more than at that moment a limit would have let through.
    allowance: Option<Bytes>,
    end: Option<Timestamp>,
    is_restored: bool,
}

impl Cuts {
    /// Takes a write that would stand from `from` to `end`; `used` is the vendor's counter when it was proposed.
    pub fn begin(
        &mut self,
        account: usize,
        write: &Write,
        used: Option<Bytes>,
        from: Timestamp,
        end: Option<Timestamp>,
        now: Timestamp,
    ) {
        let Target::SubUser(who) = &write.of.target else { return };
        let allowance = match write.change {
            Change::Limit(Bytes(limit)) => Some(Bytes(limit.saturating_sub(used.unwrap_or_default().0))),
            Change::Freeze | Change::Restore => None,
        };
        self.next_end = self.next_end.into_iter().chain(end).min();
        let (key, write) = (who.key.clone(), write.clone());
        self.cuts.push(Cut { account, key, write, proposed: now, from, allowance, end, is_restored: false });
    }

    /// The restores that are due now: `started` tells when the period began that the vendor shows for a write of an
    /// account. Of several writes on one sub-user the first says what it was before.
    pub fn restored(
        &mut self,
        now: Timestamp,
        started: impl Fn(usize, &Write) -> Option<Timestamp>,
    ) -> Vec<Write> {
        if self.next_end.is_none_or(|end| now < end) {
            return Vec::new();
        }
        let mut restored: Vec<Write> = Vec::new();
        for cut in self.cuts.iter_mut().filter(|cut| !cut.is_restored) {
            let is_over = |end: Timestamp| {
                end <= now && started(cut.account, &cut.write).is_some_and(|start| start >= end)
            };
            if !cut.end.is_some_and(is_over) {
                continue;
            }
            cut.is_restored = true;
            if !restored.iter().any(|write| write.of == cut.write.of) {
                restored.push(Write { change: Change::Restore, ..cut.write.clone() });
            }
        }
        self.next_end = self.cuts.iter().filter(|cut| !cut.is_restored).filter_map(|cut| cut.end).min();
        restored
    }

    /// What each budget would have saved until `until`; what two of its writes would both have cut counts once.
    #[must_use]
    pub fn sums(&self, source: &dyn Source, until: Timestamp) -> BTreeMap<Arc<str>, Sum> {
        let mut first: BTreeMap<_, (Timestamp, &Cut)> = BTreeMap::new();
        for cut in &self.cuts {
            let moment = cut.moment(source, until);
            let whose = (cut.write.of.clone(), cut.end);
            let held = first.entry(whose).or_insert((moment, cut));
            if moment < held.0 {
                *held = (moment, cut);
            }
        }
        let mut sums: BTreeMap<Arc<str>, Sum> = BTreeMap::new();
        for (moment, cut) in first.values() {
            let end = cut.end.unwrap_or(until).min(until);
            if *moment >= end {
                continue;
            }
            let sum = sums.entry(cut.write.of.budget.clone()).or_default();
            sum.saved = sum.saved.saturating_add(source.used(cut.account, &cut.key, *moment, end));
            if let Some(wanted) = source.wanted(cut.account, &cut.key, *moment, end) {
                sum.wrongly_cut = Some(sum.wrongly_cut.unwrap_or_default().saturating_add(wanted));
            }
        }
        sums
    }
}

impl Cut {
    /// From when on the vendor lets nothing through: for a limit, once what it allows is used.
    fn moment(&self, source: &dyn Source, until: Timestamp) -> Timestamp {
        let Some(allowance) = self.allowance else { return self.from };
        let end = self.end.unwrap_or(until).min(until);
        let (mut low, mut high) = (self.from.as_second(), end.as_second());
        while low < high {
            let middle = low + (high - low) / 2;
            let is_reached = Timestamp::from_second(middle)
                .is_ok_and(|at| source.used(self.account, &self.key, self.proposed, at) >= allowance);
            if is_reached { high = middle } else { low = middle + 1 }
        }
        Timestamp::from_second(low).unwrap_or(end).max(self.from)
    }
}
