//! How often one credential may call its vendor.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Grants calls one at a time, evenly spaced, first come first served.
///
/// Spacing instead of a bucket of tokens: a full bucket lets a burst through, and the vendors' limits are unknown.
#[derive(Debug)]
pub struct Limiter {
    spacing: Duration,
    next: Mutex<Option<Instant>>,
}

impl Limiter {
    /// At most `per_second` grants in any second.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        Self { spacing: Duration::from_secs(1) / per_second.get(), next: Mutex::new(None) }
    }

    /// Waits for a turn; nothing where it would come after `deadline`, and then no turn is taken.
    pub async fn turn(&self, deadline: Instant) -> Option<()> {
        let turn = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            if turn > deadline {
                return None;
            }
            *next = Some(turn + self.spacing);
            turn
        };
        sleep_until(turn).await;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_rate() {
        let limiter = Arc::new(Limiter::new(NonZeroU32::new(5).unwrap()));
        let start = Instant::now();
        let turns = (0..50).map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                limiter.turn(far()).await.unwrap();
                Instant::now() - start
            })
        });
        let mut times = Vec::new();
        for turn in turns.collect::<Vec<_>>() {
            times.push(turn.await.unwrap());
        }
        times.sort();
        for window in times.windows(6) {
            assert!(window[5] - window[0] >= Duration::from_secs(1), "{window:?}");
        }
        assert!(times[49] <= Duration::from_secs(10), "nor fewer: {:?}", times[49]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_time_saves_nothing_up() {
        let limiter = Limiter::new(NonZeroU32::new(1).unwrap());
        limiter.turn(far()).await.unwrap();
        tokio::time::advance(Duration::from_secs(100)).await;
        limiter.turn(far()).await.unwrap();
        let before = Instant::now();
        limiter.turn(far()).await.unwrap();
        assert!(before.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_after_the_deadline_is_not_taken() {
        let limiter = Limiter::new(NonZeroU32::new(1).unwrap());
        limiter.turn(far()).await.unwrap();
        let soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(limiter.turn(soon).await, None);
        assert_eq!(limiter.turn(soon).await, None, "the one who left holds nobody up");
        limiter.turn(far()).await.unwrap();
        assert!(Instant::now() - soon < Duration::from_secs(1));
    }
}
