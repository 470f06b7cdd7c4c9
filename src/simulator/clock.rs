//! The two times of a simulation: the one in which traffic flows, and the one in which tokens grow old.

use jiff::{SignedDuration, Timestamp};

/// Where the time handed in ends up. Traffic time can stand still, run faster and be moved on; token time only moves on.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// A moment handed in, and the traffic time at it.
    anchor: (Timestamp, Timestamp),
    /// Seconds of traffic in one second; 0 while paused.
    speed: f64,
    paused: bool,
    advanced: SignedDuration,
    last: Timestamp,
}

impl Clock {
    /// A clock at `now` that runs `speed` times as fast.
    pub(super) fn new(now: Timestamp, speed: f64) -> Self {
        Self { anchor: (now, now), speed, paused: false, advanced: SignedDuration::ZERO, last: now }
    }

    /// The time in which traffic flows; it never goes back.
    pub(super) fn traffic(&mut self, now: Timestamp) -> Timestamp {
        let (real, simulated) = self.anchor;
        if !self.paused {
            let run = now.duration_since(real).max(SignedDuration::ZERO);
            let run = if self.speed == 1.0 { run } else { scaled(run, self.speed) };
            self.last = self.last.max(simulated.checked_add(run).unwrap_or(Timestamp::MAX));
        }
        self.last
    }

    /// The time in which tokens grow old: as handed in, and what the clock was advanced by.
    pub(super) fn tokens(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.advanced).unwrap_or(Timestamp::MAX)
    }

    /// Stops or starts the traffic.
    pub(super) fn pause(&mut self, now: Timestamp, paused: bool) {
        let simulated = self.traffic(now);
        self.anchor = (now, simulated);
        self.paused = paused;
    }

    /// Changes how fast traffic time runs from now on.
    pub(super) fn set_speed(&mut self, now: Timestamp, speed: f64) {
        let simulated = self.traffic(now);
        self.anchor = (now, simulated);
        self.speed = speed;
    }

    /// Moves both times on, paused or not; `false` if that is beyond the end of time.
    pub(super) fn advance(&mut self, now: Timestamp, by: SignedDuration) -> bool {
        let Ok(simulated) = self.traffic(now).checked_add(by) else { return false };
        let Some(advanced) = self.advanced.checked_add(by) else { return false };
        self.anchor = (now, simulated);
        self.last = simulated;
        self.advanced = advanced;
        true
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn speed(&self) -> f64 {
        self.speed
    }
}

fn scaled(run: SignedDuration, speed: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(run.as_secs_f64() * speed).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_time_pauses_runs_and_is_moved_on() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut clock = Clock::new(at(100), 1.0);
        assert_eq!(clock.traffic(at(110)), at(110));
        clock.pause(at(120), true);
        assert_eq!(clock.traffic(at(500)), at(120));
        assert!(clock.advance(at(500), SignedDuration::from_hours(1)));
        assert_eq!(clock.traffic(at(500)), at(3720));
        assert_eq!(clock.tokens(at(500)), at(4100));
        clock.pause(at(600), false);
        assert_eq!(clock.traffic(at(610)), at(3730));
        assert_eq!(clock.traffic(at(0)), at(3730));
        clock.set_speed(at(610), 60.0);
        assert_eq!(clock.traffic(at(620)), at(4330));
        assert!(!clock.advance(at(620), SignedDuration::MAX));
    }
}
