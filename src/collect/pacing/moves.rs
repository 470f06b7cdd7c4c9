//! How often a vendor's figures move, learnt from looks that showed nothing new.

use std::time::Duration;

use jiff::Timestamp;

/// The most doublings of the floor.
const MOST_DOUBLINGS: u32 = 6;

/// Looks without news are so much closer than the longest rest, so that its end is not missed by much.
const WITHIN: u32 = 8;

/// When figures moved.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// They move at least so often while there is traffic.
    slowest: Duration,
    /// The look that showed the newest move, or the first look.
    newest: Option<Timestamp>,
    /// The looks since that showed nothing new, and the last of them.
    still: u32,
    last_still: Option<Timestamp>,
    /// How long nothing moved after each of the last two moves.
    rests: [Duration; 2],
}

impl Moves {
    pub(super) const fn new(slowest: Duration) -> Self {
        Self { slowest, newest: None, still: 0, last_still: None, rests: [Duration::ZERO; 2] }
    }

    /// The look that showed the newest move.
    pub(super) const fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    pub(super) fn look(&mut self, observed: Timestamp, has_moved: bool) {
        let Some(before) = self.newest else {
            self.newest = Some(observed);
            return;
        };
        if !has_moved {
            self.still = self.still.saturating_add(1);
            self.last_still = Some(observed);
            return;
        }
        let after = |at: Timestamp| at.duration_since(before).unsigned_abs();
        let rest = match self.last_still {
            Some(still) => after(still),
            // It moved at the first look: perhaps long before, so the next one is sooner.
            None => self.rest().min(after(observed)) * 3 / 4,
        };
        self.rests = [self.rests[1], rest];
        (self.newest, self.still, self.last_still) = (Some(observed), 0, None);
    }

    /// How long they surely rest after a move: a pause of the traffic looks the same, but does not come twice in a row.
    fn rest(&self) -> Duration {
        self.rests[0].min(self.rests[1]).min(self.slowest)
    }

    /// Before then a look shows nothing new, or did not the last times.
    pub(super) fn not_before(&self, looked: Timestamp, floor: Duration) -> Timestamp {
        let wait = floor * 2_u32.pow(self.still.min(MOST_DOUBLINGS));
        let again = looked.checked_add(if self.still > 0 {
            wait.min((self.slowest / WITHIN).max(floor))
        } else {
            floor
        });
        let rested = self.newest.and_then(|newest| newest.checked_add(self.rest()).ok());
        let again = again.unwrap_or(Timestamp::MAX);
        rested.map_or(again, |rested| again.max(rested))
    }
}
