//! One collector of one account through time: triggered, never overlapping, bounded, drained.

mod again;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pacing::extra::Extra;
use super::pass::{Memory, Pass};
use crate::domain::collector::Collector;
use crate::domain::cron::Cron;
use again::Again;

/// How late a tick may come before the pass starts without it: the trigger polls twice a second, and may lose ticks.
pub const GRACE: Duration = Duration::from_secs(30);

/// The least time that a pass gets, however short its interval.
const LEAST_DEADLINE: Duration = Duration::from_secs(60);

/// The longest delay by which accounts on one schedule are spread.
const LONGEST_SPREAD: Duration = Duration::from_secs(5);

/// A collector of an account and its schedule.
pub struct Worker {
    /// What a pass works with.
    pub pass: Pass,
    /// The collector.
    pub collector: Collector,
    /// When it is due.
    pub cron: Cron,
    /// What it remembers; another worker may go on with it later.
    pub memory: Arc<Mutex<Memory>>,
    /// When its first pass is.
    pub start: Start,
    /// Who may want it to look between two ticks; nothing: nobody.
    pub look_again: Option<LookAgain>,
}

/// Looks between the ticks of the schedule.
#[derive(Clone)]
pub struct LookAgain {
    /// When the next is wanted; each moment counts once, and nothing takes it back.
    pub wanted: watch::Receiver<Option<Timestamp>>,
    /// The account's calls beyond the schedule; a look for which none are left is not made.
    pub extra: Arc<Extra>,
    /// What a look takes of these, beside one for each sub-user that is kept.
    pub calls: u32,
}

/// When a worker makes its first pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// When it is due.
    AtNextTick,
}

impl Worker {
    /// A channel whose sender the trigger gets: one tick may wait, more are one.
    #[must_use]
    pub fn ticks() -> (mpsc::Sender<()>, mpsc::Receiver<()>) {
        mpsc::channel(1)
    }

    /// Makes passes, the first as `start` says and then on each tick, until `stop`; a pass under way is then given up after `drain`.
    ///
    /// What is wanted between the ticks while a pass runs is answered by that pass.
    pub async fn run(mut self, mut ticks: mpsc::Receiver<()>, stop: CancellationToken, drain: Duration) {
        let memory = self.memory.clone();
        let mut memory = memory.lock().await;
        let mut again = Again::new(self.look_again.take());
        let mut waits = self.start == Start::AtNextTick;
        let mut is_due = true;
        let pass = self.pass.clone();
        let beside = || pass.calls_for_kept(self.collector);
        loop {
            if !std::mem::take(&mut waits) && !self.bounded_pass(&mut memory, &stop, drain).await {
                return;
            }
            again.forget_until(self.pass.clock.now());
            // Ticks that came while the pass ran are skipped: passes do not overlap and do not pile up.
            let was_due = std::mem::replace(&mut is_due, true);
            if ticks.try_recv().is_ok() && was_due {
                tracing::warn!(
                    account = %self.pass.holder.account().name,
                    collector = %self.collector,
                    "a pass took longer than its interval, so the next one was skipped; lower the schedule or raise requests_per_second"
                );
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.lost_tick() => {
                    tracing::warn!(
                        account = %self.pass.holder.account().name,
                        collector = %self.collector,
                        "the trigger lost a tick; the pass starts without it"
                    );
                }
                tick = ticks.recv() => if tick.is_none() {
                    // The trigger is gone; lost ticks are noticed above.
                    stop.cancelled().await;
                    return;
                },
                () = again.due(&self.pass.clock, beside) => is_due = false,
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.spread()) => {}
            }
        }
    }

    /// One pass with its deadline; false when the worker is to end.
    async fn bounded_pass(&self, memory: &mut Memory, stop: &CancellationToken, drain: Duration) -> bool {
        let deadline = Instant::now() + self.time_to_next().max(LEAST_DEADLINE);
        let pass = self.pass.run(self.collector, memory, deadline);
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        tokio::select! {
            _outcome = pass => !stop.is_cancelled(),
            () = stopped => {
                tracing::warn!(
                    account = %self.pass.holder.account().name,
                    collector = %self.collector,
                    "gave up a pass that did not end in time for the stop"
                );
                false
            }
        }
    }

    fn time_to_next(&self) -> Duration {
        let now = self.pass.clock.now();
        let next = self.cron.next_after(now);
        next.map_or(LEAST_DEADLINE, |next| next.duration_since(now).unsigned_abs())
    }

    /// Ends when a tick is overdue.
    async fn lost_tick(&self) {
        tokio::time::sleep(self.time_to_next() + GRACE).await;
    }

    /// The same for each pass of an account, different from account to account, short against the interval.
    fn spread(&self) -> Duration {
        let name = self.pass.holder.account().name.as_str();
        let hash = crc32fast::hash(name.as_bytes());
        let most = LONGEST_SPREAD.min(self.time_to_next() / 20);
        most.mul_f64(f64::from(hash) / f64::from(u32::MAX))
    }
}
