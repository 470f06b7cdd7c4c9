//! How often one credential may call its vendor.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until};

/// The time in which so many calls as the rate says are due: a little more than a second, so that what is late can be
/// made up for, and the rate is kept within 5 %.
const PACE: Duration = Duration::from_millis(1040);

/// The time in which never more are granted: a call that is a little late on its way must not make the next second one
/// too full at the vendor.
const WINDOW: Duration = Duration::from_millis(1020);

/// How late a turn may be taken and still be made up for: a busy machine wakes nobody in time.
const LATENESS: Duration = Duration::from_millis(250);

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Reads, which can wait.
    Read,
    /// Writes and logins: the next turn is theirs, however many reads wait.
    Write,
}

/// Grants calls one at a time, in each lane first come first served: evenly spaced, and by a sliding window of grants
/// where lateness is made up for.
///
/// Spacing instead of a bucket of tokens: a full bucket lets a burst through, and the vendors' limits are unknown.
#[derive(Debug)]
pub struct Limiter {
    per_second: usize,
    spacing: Duration,
    /// What was granted; a short lock.
    grants: Mutex<Grants>,
    /// Only the first of each lane competes for the next grant.
    first_read: Mutex<()>,
    first_write: Mutex<()>,
    writes: AtomicUsize,
    writes_are_done: Notify,
}

impl Limiter {
    /// At most `per_second` grants in any second.
    #[must_use]
    pub fn new(per_second: NonZeroU32) -> Self {
        Self {
            per_second: usize::try_from(per_second.get()).unwrap_or(usize::MAX),
            spacing: PACE / per_second.get(),
            grants: Mutex::default(),
            first_read: Mutex::new(()),
            first_write: Mutex::new(()),
            writes: AtomicUsize::new(0),
            writes_are_done: Notify::new(),
        }
    }

    /// Waits for a turn until `deadline`; nothing where none comes by then, and then none is taken.
    pub async fn turn(&self, lane: Lane, deadline: Instant) -> Option<()> {
        let asked = Instant::now();
        let turn = async {
            match lane {
                Lane::Read => {
                    let _first = self.first_read.lock().await;
                    self.grant(lane, asked).await;
                }
                Lane::Write => {
                    let _waiting = Waiting::new(self);
                    let _first = self.first_write.lock().await;
                    self.grant(lane, asked).await;
                }
            }
        };
        tokio::time::timeout_at(deadline, turn).await.ok()
    }

    async fn grant(&self, lane: Lane, asked: Instant) {
        loop {
            if lane == Lane::Read {
                let done = self.writes_are_done.notified();
                if self.writes.load(Ordering::SeqCst) > 0 {
                    done.await;
                    continue;
                }
            }
            let granted = self.grants.lock().await.take(asked, Instant::now(), self.per_second, self.spacing);
            match granted {
                Ok(()) => return,
                Err(due) => sleep_until(due).await,
            }
        }
    }
}

/// The grants of the last window, and when the next is due.
#[derive(Debug, Default)]
struct Grants {
    due: Option<Instant>,
    last: VecDeque<Instant>,
}

impl Grants {
    /// Takes the turn of who asked at `asked`, or says when to come again.
    fn take(
        &mut self,
        asked: Instant,
        now: Instant,
        per_second: usize,
        spacing: Duration,
    ) -> Result<(), Instant> {
        while self.last.front().is_some_and(|first| *first + WINDOW <= now) {
            self.last.pop_front();
        }
        let full_until =
            (self.last.len() >= per_second).then(|| self.last.front().map(|first| *first + WINDOW));
        let due = self.due.max(full_until.flatten());
        if let Some(due) = due.filter(|due| *due > now) {
            return Err(due);
        }
        // A late turn counts from when it was due, or the rate would sink; idle time does not count.
        let made_up_from = self.due.map_or(now, |due| due.max(asked));
        let from = now.checked_sub(LATENESS).map_or(now, |earliest| made_up_from.max(earliest));
        self.due = Some(from + spacing);
        self.last.push_back(now);
        Ok(())
    }
}

/// Counts a write that waits, also when it gives up.
struct Waiting<'a>(&'a Limiter);

impl<'a> Waiting<'a> {
    fn new(limiter: &'a Limiter) -> Self {
        limiter.writes.fetch_add(1, Ordering::SeqCst);
        Self(limiter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.writes.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.writes_are_done.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    fn limiter(per_second: u32) -> Arc<Limiter> {
        Arc::new(Limiter::new(NonZeroU32::new(per_second).unwrap()))
    }

    /// The times of so many grants that are all asked for at once.
    async fn times(limiter: &Arc<Limiter>, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let turns: Vec<_> = (0..count)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move {
                    limiter.turn(Lane::Read, far()).await.unwrap();
                    start.elapsed()
                })
            })
            .collect();
        let mut times = Vec::new();
        for turn in turns {
            times.push(turn.await.unwrap());
        }
        times.sort();
        times
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_rate_and_overall_it_is_kept() {
        for rate in [1, 5, 50, 500] {
            let count = rate as usize * 20;
            let times = times(&limiter(rate), count).await;
            for window in times.windows(rate as usize + 1) {
                assert!(window[rate as usize] - window[0] >= Duration::from_secs(1), "{rate}: {window:?}");
            }
            let overall = (count - 1) as f64 / times[count - 1].as_secs_f64();
            assert!(overall >= f64::from(rate) * 0.95, "{rate}: {overall}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_is_made_up_for_and_no_second_sees_more_for_it() {
        let rate = 50;
        let mut grants = Grants::default();
        let (start, mut taken) = (Instant::now(), Vec::new());
        // Who waits is woken every 20 ms only, and then once not for long.
        for stall in std::iter::repeat_n(20, 250).chain([900]).chain(std::iter::repeat_n(20, 250)) {
            tokio::time::advance(Duration::from_millis(stall)).await;
            while grants.take(start, Instant::now(), rate, PACE / 50).is_ok() {
                taken.push(Instant::now());
            }
            if start.elapsed() == Duration::from_secs(5) {
                assert!(taken.len() as f64 >= 5.0 * 50.0 * 0.95, "{}", taken.len());
            }
        }
        for window in taken.windows(rate + 1) {
            assert!(window[rate] - window[0] >= WINDOW, "{window:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_time_saves_nothing_up() {
        let limiter = limiter(1);
        limiter.turn(Lane::Read, far()).await.unwrap();
        tokio::time::advance(Duration::from_secs(100)).await;
        limiter.turn(Lane::Read, far()).await.unwrap();
        let before = Instant::now();
        limiter.turn(Lane::Read, far()).await.unwrap();
        assert!(before.elapsed() >= Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_after_the_deadline_is_not_taken() {
        let limiter = limiter(1);
        limiter.turn(Lane::Read, far()).await.unwrap();
        let soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(limiter.turn(Lane::Read, soon).await, None);
        assert_eq!(limiter.turn(Lane::Write, soon).await, None);
        limiter.turn(Lane::Read, far()).await.unwrap();
        assert!(Instant::now() - soon < Duration::from_millis(1100), "who left holds nobody up");
    }

    #[tokio::test(start_paused = true)]
    async fn f14_a_write_gets_the_next_turn_however_many_reads_wait() {
        let limiter = limiter(10);
        let reads = {
            let limiter = limiter.clone();
            tokio::spawn(async move { times(&limiter, 100).await })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = Instant::now();
        limiter.turn(Lane::Write, far()).await.unwrap();
        assert!(asked.elapsed() <= Duration::from_millis(110), "{:?}", asked.elapsed());
        assert_eq!(reads.await.unwrap().len(), 100, "and the reads go on");
    }
}
