//! Whether a receiver fails: several tries in a row over some time, not one bad moment.

use std::time::Duration;

use jiff::Timestamp;

/// Failures in a row before a receiver counts as failing.
const FAILURES: u32 = 3;

/// How long these have to go on.
const AT_LEAST: Duration = Duration::from_secs(60);

/// How the last tries went.
#[derive(Debug, Default)]
pub(super) struct Health {
    since: Option<Timestamp>,
    failures: u32,
    /// What was told last; nothing at first.
    is_failing: Option<bool>,
}

/// What is to be told of a receiver now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It fails, since then.
    Fails(Timestamp),
    /// It takes what it is told.
    Works,
}

impl Health {
    /// Whether the last tries, several for each that may be under way at once, all failed.
    pub(super) fn takes_nothing(&self, width: usize) -> bool {
        self.failures as usize >= width.saturating_mul(2)
    }

    /// A try was taken.
    pub(super) fn worked(&mut self) -> Option<Turn> {
        (self.since, self.failures) = (None, 0);
        (self.is_failing.replace(false) != Some(false)).then_some(Turn::Works)
    }

    /// A try was not taken.
    pub(super) fn failed(&mut self, now: Timestamp) -> Option<Turn> {
        let since = *self.since.get_or_insert(now);
        self.failures = self.failures.saturating_add(1);
        let lasts = now >= super::later(since, AT_LEAST);
        if self.is_failing == Some(true) || self.failures < FAILURES || !lasts {
            return None;
        }
        self.is_failing = Some(true);
        Some(Turn::Fails(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_fails_after_three_tries_in_a_row_over_a_minute() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let mut health = Health::default();
        assert_eq!(health.worked(), Some(Turn::Works), "whoever started it does not know");
        assert_eq!(health.worked(), None);
        for seconds in [0, 1, 2, 59] {
            assert_eq!(health.failed(at(seconds)), None, "at {seconds}");
        }
        assert_eq!(health.failed(at(60)), Some(Turn::Fails(at(0))));
        assert_eq!(health.failed(at(61)), None, "said once");
        assert_eq!(health.worked(), Some(Turn::Works));
        assert_eq!(health.failed(at(70)), None);
        assert_eq!(health.failed(at(200)), None, "two are not three");
        assert_eq!(health.worked(), None);
    }
}
