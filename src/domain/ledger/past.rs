//! What a ledger lacks of the past, and what vendors say of it: ends of periods, days, and sums from a start.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::seat::Seat;
use super::span::SpanSum;
use super::{Ledger, Place};
use crate::domain::figure::{Closing, Figure, PassReadings, Standing, Subject};
use crate::domain::period::midnight;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{Usage, Window};
use crate::domain::units::Bytes;

/// A window of a sub-user that neither the own looks nor the store cover: the vendor is to be asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// Whose.
    pub key: SubUserKey,
    /// From when on.
    pub from: Timestamp,
}

impl Ledger {
    /// The sub-users whose sum from a fixed period's start is not known, each with the earliest of these starts.
    ///
    /// Where the vendor's own counter began then, it says the sum, and nobody need ask.
    #[must_use]
    pub fn uncovered(&self) -> Vec<Uncovered> {
        let starts: Vec<_> = self.spans.iter().filter_map(|span| Some((span, span.start()?))).collect();
        let missing = |(at, seat): (usize, &Seat)| {
            let lacks = |(span, start): &(&SpanSum, Timestamp)| {
                let Standing { known_from, consumed, .. } = seat.standing;
                let is_known = span.is_summed(at, known_from, *start)
                    || span.is_based(at)
                    || consumed.period == Some(*start);
                (!is_known).then_some(*start)
            };
            let from = starts.iter().filter_map(lacks).min()?;
            Some(Uncovered { key: seat.key.clone(), from })
        };
        self.seats.iter().enumerate().filter_map(missing).collect()
    }

    /// The periods that are over and were not closed: whose, and the days of them.
    #[must_use]
    pub fn to_close(&self) -> Vec<(SubUserKey, Closing)> {
        self.seats.iter().filter_map(|seat| Some((seat.key.clone(), seat.standing.closing?))).collect()
    }

    /// Counts what the vendor says that a closed period came to in all (F1); gives back what is to be saved.
    ///
    /// What was used between the last look and the boundary counts for the period's last moment.
    pub fn close(&mut self, key: &SubUserKey, closing: Closing, total: Bytes) -> Option<PassReadings> {
        let at = *self.places.get(key)? as usize;
        let seat = self.seats.get_mut(at)?;
        if seat.standing.closing != Some(closing) {
            return None;
        }
        seat.standing.closing = None;
        let late = Bytes(total.0.saturating_sub(closing.highest.0));
        seat.standing.consumed.total = seat.standing.consumed.total.saturating_add(late);
        let (subject, standing) = (Subject::SubUser(key.clone()), seat.standing);
        let observed = closing.end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(closing.end);
        if late > Bytes(0) {
            self.add(Place::SubUser(at), observed, late);
        }
        let usage = Usage { traffic: total, requests: None, window: Window::Unknown };
        let figure = Figure { subject: subject.clone(), usage, used: late };
        let changed = if late > Bytes(0) { vec![figure] } else { Vec::new() };
        Some(PassReadings { observed, changed, standing: vec![(subject, standing)] })
    }

    /// Takes over what the vendor says of the days from `first` on, where it says more than was seen; gives back how
    /// the counter stands and by how much each day is raised.
    pub fn backfill(
        &mut self,
        key: &SubUserKey,
        first: Date,
        days: &[(Date, Bytes)],
    ) -> Option<(Standing, Vec<(Date, Bytes)>)> {
        let at = *self.places.get(key)? as usize;
        let from = midnight(first, &self.zone)?;
        let zone = self.zone.clone();
        for span in &mut self.spans {
            let Some(start) = span.start().filter(|start| *start >= from) else { continue };
            let start = zone.to_datetime(start).date();
            let total = days.iter().filter(|(day, _)| *day >= start).map(|(_, used)| *used).sum();
            span.base(at, total);
        }
        let seat = self.seats.get_mut(at)?;
        let mut raised = Vec::new();
        for (day, used) in days {
            let known = seat.summary.used_since_days(*day, *day).map(Bytes);
            let held = known.unwrap_or_default();
            // A day on which nothing was used is then known as well.
            if known.is_none_or(|held| *used > held) {
                seat.summary.set_day(*day, *used);
            }
            if *used > held {
                raised.push((*day, Bytes(used.0 - held.0)));
            }
        }
        seat.standing.known_from = seat.standing.known_from.min(from);
        Some((seat.standing, raised))
    }

    /// Takes over what the vendor says that was used since `from`, without days.
    pub fn base(&mut self, key: &SubUserKey, from: Timestamp, total: Bytes) {
        let Some(at) = self.places.get(key).map(|at| *at as usize) else { return };
        for span in self.spans.iter_mut().filter(|span| span.start() == Some(from)) {
            span.base(at, total);
        }
    }
}
