//! The one clock: a wall anchor plus tokio's `Instant`, so that paused time moves both.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the wall time; between two anchors it runs evenly, whatever is done to the machine's clock.
#[derive(Debug)]
pub struct Clock {
    anchor: Mutex<(Timestamp, Instant)>,
}

/// The machine's clock, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
fn wall() -> Timestamp {
    Timestamp::now()
}

impl Clock {
    /// A clock that is right now.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(wall())
    }

    /// A clock that says `start` now.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self { anchor: Mutex::new((start, Instant::now())) }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let (wall, instant) = *self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        wall.checked_add(instant.elapsed()).unwrap_or(Timestamp::MAX)
    }

    /// Goes by the machine's clock again, and tells by how much that was a step.
    pub fn reanchor(&self) -> SignedDuration {
        let before = self.now();
        let now = wall();
        *self.anchor.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
        now.duration_since(before)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_time_moves_the_clock() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), start + SignedDuration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn an_anchor_tells_the_step() {
        let clock = Clock::starting_at(wall() - SignedDuration::from_hours(1));
        let step = clock.reanchor();
        assert!((SignedDuration::from_mins(59)..SignedDuration::from_mins(61)).contains(&step), "{step}");
        assert!(clock.reanchor().abs() < SignedDuration::from_mins(1));
    }
}
