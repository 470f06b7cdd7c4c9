//! One counter of a ledger.

use std::time::Duration;

use jiff::Timestamp;

use super::Place;
use crate::domain::consumed::Consumed;
use crate::domain::figure::{Closing, Standing, Subject};
use crate::domain::history::Summary;
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

/// What a first figure counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Growth {
    /// As what was used before anybody looked.
    Baseline,
    /// As used since the look before.
    All,
}

/// A counter, and what is remembered of it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) key: SubUserKey,
    pub(super) standing: Standing,
    /// The vendor's counter as it was saved last.
    pub(super) counter: Option<Bytes>,
    pub(super) summary: Summary,
}

impl Seat {
    pub(super) fn new(key: SubUserKey, observed: Timestamp) -> Self {
        let standing = Standing {
            consumed: Consumed::default(),
            observed,
            known_from: observed,
            seen_from: observed,
            closing: None,
        };
        Self::standing(key, standing)
    }

    /// A counter as it stood when it was saved.
    pub(super) fn standing(key: SubUserKey, standing: Standing) -> Self {
        Self { key, standing, counter: None, summary: Summary::default() }
    }

    pub(super) fn subject(&self, place: Place) -> Subject {
        match place {
            Place::Account => Subject::Account,
            Place::SubUser(_) => Subject::SubUser(self.key.clone()),
        }
    }

    /// Counts a reading of the counter that began at `origin`; gives back what is new of it, or nothing where the
    /// reading cannot be of the period that has just begun.
    pub(super) fn read(
        &mut self,
        origin: Option<Timestamp>,
        reading: Bytes,
        observed: Timestamp,
        first: Option<Growth>,
        lag: Duration,
    ) -> Option<Bytes> {
        let held = self.standing.consumed;
        self.standing.observed = observed;
        match first {
            Some(growth) => {
                let used = if growth == Growth::All { reading } else { Bytes(0) };
                self.standing.consumed = Consumed { total: used, highest: reading, period: origin };
                return Some(used);
            }
            None if self.begins_anew(origin) => {
                // Within the vendor's delay the old figure may still stand there.
                let (start, old) = (origin?, held.period?);
                let settled = start.checked_add(lag).unwrap_or(Timestamp::MAX);
                if reading >= held.highest && held.highest > Bytes(0) && observed < settled {
                    return None;
                }
                self.standing.closing = Some(Closing { start: old, end: start, highest: held.highest });
            }
            None => {}
        }
        self.standing.consumed = held.read(origin, reading);
        Some(Bytes(self.standing.consumed.total.0 - held.total.0))
    }

    fn begins_anew(&self, origin: Option<Timestamp>) -> bool {
        origin.zip(self.standing.consumed.period).is_some_and(|(said, held)| said > held)
    }
}
