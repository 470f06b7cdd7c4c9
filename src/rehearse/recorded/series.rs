//! What one counter came to over time: spans in each of which so much was used, evenly.

use jiff::Timestamp;

use crate::domain::units::Bytes;

/// A span in seconds since 1970 and what was used in it.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: i64,
    to: i64,
    used: u64,
    /// What was used in all spans before it.
    before: u64,
}

/// Spans that do not overlap, by time.
#[derive(Clone, Debug, Default)]
pub(super) struct Series(Vec<Part>);

impl Series {
    /// Spans of (from, to, used); an empty one counts for the second before its end.
    pub(super) fn new(mut spans: Vec<(Timestamp, Timestamp, Bytes)>) -> Self {
        spans.sort_by_key(|(_, to, _)| *to);
        let mut before = 0_u64;
        let part = |(from, to, Bytes(used)): (Timestamp, Timestamp, Bytes)| {
            let (from, to) = (from.as_second().min(to.as_second() - 1), to.as_second());
            let part = Part { from, to, used, before };
            before = before.saturating_add(used);
            part
        };
        Self(spans.into_iter().map(part).collect())
    }

    /// What was used until a moment.
    fn until(&self, at: Timestamp) -> u64 {
        let at = at.as_second();
        let place = self.0.partition_point(|part| part.to <= at);
        match (self.0.get(place), self.0.last()) {
            (Some(part), _) => {
                let (passed, whole) =
                    ((at - part.from).max(0).unsigned_abs(), part.to.abs_diff(part.from).max(1));
                let share = u128::from(part.used) * u128::from(passed) / u128::from(whole);
                part.before.saturating_add(u64::try_from(share).unwrap_or(u64::MAX))
            }
            (None, Some(last)) => last.before.saturating_add(last.used),
            (None, None) => 0,
        }
    }

    /// What was used between two moments.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> Bytes {
        Bytes(self.until(to).saturating_sub(self.until(from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_grows_evenly_and_gaps_stand_still() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let series = Series::new(vec![
            (at(7_200), at(10_800), Bytes(7)),
            (at(0), at(3_600), Bytes(3_600)),
            (at(5_000), at(5_000), Bytes(11)),
        ]);
        for (from, to, used) in [
            (-9, 0, 0),
            (0, 1_800, 1_800),
            (900, 3_600, 2_700),
            (3_600, 4_999, 0),
            (4_000, 6_000, 11),
            (0, 99_999, 3_618),
        ] {
            assert_eq!(series.between(at(from), at(to)), Bytes(used), "{from} to {to}");
        }
        assert_eq!(Series::default().between(at(0), at(9)), Bytes(0));
    }
}
