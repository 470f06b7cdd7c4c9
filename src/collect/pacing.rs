//! When to look again between two scheduled looks: in time for the nearest threshold, and not oftener than it helps.
//!
//! Pure. A threshold whose figures come late is still noticed at the look after the figures reach it, so that the
//! vendor's delay moves every look alike; what it changes is how soon a further look can show anything new, and that is
//! learnt from looks that showed nothing.

pub mod extra;
mod moves;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::units::Bytes;
use moves::Moves;

/// Between two looks the pace may double, and a step that began between them shows half of itself on average.
const FASTER: f64 = 2.0;

/// The least part of the day's calls that one pause between scheduled looks may take, where the rest could last longer.
const SHARE: u32 = 4;

const SECONDS_A_DAY: i64 = 24 * 3_600;

/// How far one target is from a threshold that it has not reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headroom {
    /// Bytes up to the threshold.
    pub left: Bytes,
    /// Bytes since the look before; nothing at the first.
    pub grew: Bytes,
    /// Bytes a second over the shorter of the burn windows; 0 where that is not known.
    pub pace: f64,
}

/// What the looks at one account have shown.
#[derive(Clone, Debug)]
pub struct Pace {
    moves: Moves,
    looked: Option<Timestamp>,
    /// From the asking to the figures.
    took: Duration,
    /// When the nearest threshold is reached, if the pace doubles now.
    reached: Option<Timestamp>,
}

impl Pace {
    /// Of an account at which nobody has looked; its vendor's figures move at least every `lag`.
    #[must_use]
    pub fn new(lag: Duration) -> Self {
        Self { moves: Moves::new(lag), looked: None, took: Duration::ZERO, reached: None }
    }

    /// Takes a look: when its figures were observed, how long after it was wanted, and how far each threshold is.
    pub fn look(
        &mut self,
        observed: Timestamp,
        took: Duration,
        thresholds: impl IntoIterator<Item = Headroom>,
    ) {
        if self.looked.is_some_and(|before| observed <= before) {
            return;
        }
        let since = self.moves.newest().map(|moved| observed.duration_since(moved).as_secs_f64());
        let (mut soonest, mut has_moved) = (f64::INFINITY, false);
        for threshold in thresholds {
            has_moved |= threshold.grew > Bytes(0);
            let grown = since.map_or(0.0, |since| threshold.grew.0 as f64 / since.max(1.0));
            let pace = grown.max(threshold.pace) * FASTER;
            soonest = soonest.min(threshold.left.0 as f64 / pace);
        }
        (self.looked, self.took) = (Some(observed), took);
        let is_first = self.moves.newest().is_none();
        self.moves.look(observed, has_moved);
        // A look without news says nothing of the pace: the vendor's figures have not moved yet.
        if has_moved || is_first || self.reached.is_none() {
            let seconds = (soonest <= 1e9).then_some(soonest);
            let ahead = seconds.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
            self.reached = ahead.and_then(|ahead| observed.checked_add(ahead).ok());
        }
    }

    /// When to look again; nothing where no threshold can be reached before `next_scheduled`.
    ///
    /// Never sooner than `floor` after the last look or before the scheduled one, and never so often that
    /// `calls_left_today`, in looks, would not last the UTC day.
    #[must_use]
    pub fn next_look(
        &self,
        now: Timestamp,
        next_scheduled: Timestamp,
        floor: Duration,
        calls_left_today: u32,
    ) -> Option<Timestamp> {
        let (looked, reached) = (self.looked?, self.reached?);
        if calls_left_today == 0 || reached >= next_scheduled {
            return None;
        }
        let after = |from: Timestamp, wait: Duration| from.checked_add(wait).unwrap_or(Timestamp::MAX);
        let pause = next_scheduled.duration_since(looked).try_into().unwrap_or(Duration::ZERO);
        let at = reached
            .checked_sub(SignedDuration::try_from(self.took).unwrap_or_default())
            .unwrap_or(reached)
            .max(after(looked, floor))
            .max(after(looked, apart(pause, now, calls_left_today)))
            .max(self.moves.not_before(looked, floor))
            .max(now);
        (after(at, floor) <= next_scheduled).then_some(at)
    }

    /// The last look.
    #[must_use]
    pub const fn looked(&self) -> Option<Timestamp> {
        self.looked
    }
}

/// How far apart looks are in a pause between scheduled ones, so that something is left for later ones of the day.
fn apart(pause: Duration, now: Timestamp, calls_left: u32) -> Duration {
    let rest = SECONDS_A_DAY - now.as_second().rem_euclid(SECONDS_A_DAY);
    let evenly = f64::from(calls_left) * pause.as_secs_f64() / rest as f64;
    let share = evenly.min(f64::from(calls_left)).max(f64::from(calls_left / SHARE)).max(1.0);
    pause.div_f64(share)
}

#[cfg(test)]
mod tests;
