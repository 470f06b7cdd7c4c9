//! Waits for the moments at which a look between two ticks is wanted.

use std::future::pending;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::LookAgain;
use crate::collect::clock::Clock;

/// What is wanted, and up to which moment it is settled.
pub(super) struct Again {
    look: Option<LookAgain>,
    settled: Option<Timestamp>,
}

impl Again {
    pub(super) const fn new(look: Option<LookAgain>) -> Self {
        Self { look, settled: None }
    }

    /// What was wanted by `now` has been looked at.
    pub(super) fn forget_until(&mut self, now: Timestamp) {
        self.settled = self.settled.max(Some(now));
    }

    /// Ends at the next wanted moment, and has then taken its calls and those `beside` them.
    pub(super) async fn due(&mut self, clock: &Clock, beside: impl Fn() -> u32) {
        let Some(look) = &mut self.look else { return pending().await };
        loop {
            let wanted = *look.wanted.borrow_and_update();
            let next = wanted.filter(|at| Some(*at) > self.settled);
            let wait = async {
                let Some(at) = next else { return pending().await };
                sleep(Duration::try_from(at.duration_since(clock.now())).unwrap_or_default()).await;
            };
            tokio::select! {
                () = wait => {
                    self.settled = next;
                    if look.extra.take(clock.now(), look.calls.saturating_add(beside())) {
                        return;
                    }
                    tracing::debug!("no calls are left today for another look");
                }
                changed = look.wanted.changed() => if changed.is_err() {
                    // Nobody is there any more to want anything.
                    return pending().await;
                }
            }
        }
    }
}
