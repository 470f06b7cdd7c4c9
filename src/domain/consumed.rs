//! Our own counter of what was consumed: it rises through the vendor's resets and corrections and never falls.

use jiff::Timestamp;

use super::units::Bytes;

/// What one sub-user or account has consumed since it was first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Everything counted.
    pub total: Bytes,
    /// The highest reading of the period, which is in `total` already.
    pub highest: Bytes,
    /// When that period started, as far as anybody says.
    pub period: Option<Timestamp>,
}

impl Consumed {
    /// Counts a reading of the period that started at `period`.
    ///
    /// Only a newer start is a reset: a reading that falls is a correction, and one of an older period comes too late.
    #[must_use]
    pub fn read(self, period: Option<Timestamp>, reading: Bytes) -> Self {
        match (self.period, period) {
            (Some(held), Some(said)) if said > held => {
                Self { total: self.total.saturating_add(reading), highest: reading, period }
            }
            (Some(held), Some(said)) if said < held => self,
            (held, said) => Self { period: held.or(said), ..self.rise_to(reading) },
        }
    }

    /// Counts what the closed period is said to have come to, before the next one is read.
    #[must_use]
    pub fn close(self, period: Timestamp, total: Bytes) -> Self {
        if self.period == Some(period) { self.rise_to(total) } else { self }
    }

    fn rise_to(self, reading: Bytes) -> Self {
        let more = Bytes(reading.0.saturating_sub(self.highest.0));
        Self { total: self.total.saturating_add(more), highest: self.highest.max(reading), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: i64) -> Option<Timestamp> {
        Timestamp::from_second(day * 86_400).ok()
    }

    #[test]
    fn f1_what_was_used_between_the_last_look_and_the_boundary_is_kept() {
        let counter = Consumed::default().read(at(0), Bytes(90));
        let counter = counter.close(at(0).unwrap(), Bytes(100)).read(at(30), Bytes(7));
        assert_eq!(counter.total, Bytes(107));
        assert_eq!(counter.close(at(0).unwrap(), Bytes(500)), counter, "it was closed before");
    }

    #[test]
    fn f2_a_correction_moves_nothing() {
        let counter = Consumed::default().read(at(0), Bytes(90));
        let corrected = counter.read(at(0), Bytes(40));
        assert_eq!(corrected, counter);
        assert_eq!(corrected.read(at(0), Bytes(80)).total, Bytes(90), "made up for, not counted twice");
        assert_eq!(corrected.read(at(0), Bytes(95)).total, Bytes(95));
    }

    proptest! {
        #[test]
        fn consumed_never_falls(
            readings in prop::collection::vec((prop::option::of(0_i64..40), any::<u64>(), any::<bool>()), 0..40),
        ) {
            let mut counter = Consumed::default();
            for (day, bytes, closes) in readings {
                let period = day.and_then(at);
                let next = match period {
                    Some(period) if closes => counter.close(period, Bytes(bytes)),
                    period => counter.read(period, Bytes(bytes)),
                };
                prop_assert!(next.total >= counter.total);
                prop_assert!(next.period >= counter.period);
                counter = next;
            }
        }
    }
}
