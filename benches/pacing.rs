//! How far past a budget the traffic is when that is noticed: a fixed schedule against a slower one with looks between.
//!
//! Virtual time, a month of one account. Both may make the same calls in the month; each case is the mean over many
//! starts of the rise against the clock, and over budgets that end in its course.
//! `cargo bench --bench pacing`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::pacing::extra::Extra;
use proxymeter::collect::pacing::{Headroom, Pace};
use proxymeter::domain::units::Bytes;

const HOUR: f64 = 3_600.0;
const DAY: i64 = 24 * 3_600;
const GB: f64 = 1e9;
/// Figures come in steps of 0.01 GB.
const STEP: f64 = 1e7;
const FLOOR: Duration = Duration::from_secs(20);
/// From the wish for figures to the figures: a second's poll and a call.
const DELAY: i64 = 2;
/// When the rise begins.
const RISE: i64 = 20 * DAY;
const MONTH: i64 = 30 * DAY;

/// Bytes since the start of the month.
#[derive(Clone, Copy)]
enum Traffic {
    /// 1 GB/h, which becomes 30 within an hour.
    Ramp,
    /// 0.5 GB/h, and then 30.
    Step,
    /// The same with little left, so that nobody can be warned.
    LateStep,
}

impl Traffic {
    fn used(self, at: f64) -> f64 {
        let past = (at - RISE as f64).max(0.0) / HOUR;
        let before = at.min(RISE as f64).max(0.0) / HOUR;
        GB * match self {
            Self::Ramp if past < 1.0 => before + past + 14.5 * past * past,
            Self::Ramp => before + 15.5 + 30.0 * (past - 1.0),
            Self::Step | Self::LateStep => before * 0.5 + 30.0 * past,
        }
    }

    /// What is left of the budget when the rise begins.
    fn budgets(self) -> &'static [f64] {
        match self {
            Self::Ramp => &[2.0 * GB, 5.0 * GB, 10.0 * GB, 15.0 * GB, 25.0 * GB],
            Self::Step => &[8.0 * GB],
            Self::LateStep => &[3.0 * GB],
        }
    }
}

#[derive(Clone, Copy)]
struct Vendor {
    lag: i64,
    /// Figures move so often; 1 is always.
    every: i64,
}

impl Vendor {
    fn figure(self, traffic: Traffic, at: i64) -> f64 {
        let known = (at - self.lag).div_euclid(self.every) * self.every;
        (traffic.used(known as f64) / STEP).floor() * STEP
    }
}

struct Noticed {
    past: f64,
    looks: u32,
}

/// Looks every `seconds`, from `phase` on; `extra` looks a day between.
fn month(
    traffic: Traffic,
    vendor: Vendor,
    budget: f64,
    seconds: i64,
    phase: i64,
    extra: Option<u32>,
) -> Noticed {
    let stamp = |at: i64| Timestamp::from_second(at).unwrap();
    let extra = extra.map(Extra::new);
    let mut pace = Pace::new(Duration::from_secs(900));
    let (mut scheduled, mut at, mut looks, mut seen) = (phase, phase, 0, None);
    let mut past = None;
    while at < MONTH {
        looks += 1;
        let observed = at + DELAY;
        let figure = vendor.figure(traffic, observed);
        if past.is_none() && figure >= budget {
            past = Some(traffic.used(observed as f64) - budget);
        }
        if at >= scheduled {
            scheduled += seconds;
        }
        at = scheduled;
        if let (Some(extra), None) = (&extra, past) {
            let grew = Bytes((figure - seen.unwrap_or(figure)) as u64);
            let left = Bytes((budget - figure) as u64);
            // No burn window is configured here.
            pace.look(
                stamp(observed),
                Duration::from_secs(DELAY as u64),
                [Headroom { left, grew, pace: 0.0 }],
            );
            let now = stamp(observed);
            let next = pace.next_look(now, stamp(scheduled), FLOOR, extra.left(now));
            if let Some(next) = next.map(Timestamp::as_second).filter(|next| *next < scheduled)
                && extra.take(stamp(next), 1)
            {
                at = next.max(observed);
            }
        }
        seen = Some(figure);
    }
    Noticed { past: past.unwrap(), looks }
}

/// Mean and worst bytes past the budget, and the most looks of a month.
fn measure(traffic: Traffic, vendor: Vendor, seconds: i64, extra: Option<u32>) -> (f64, f64, u32) {
    let (mut sum, mut worst, mut count, mut looks) = (0.0, 0.0_f64, 0.0, 0);
    for budget in traffic.budgets() {
        let budget = traffic.used(RISE as f64) + budget;
        // As many phases for both, spread over their own interval.
        for phase in 0..60 {
            let noticed = month(traffic, vendor, budget, seconds, phase * seconds / 60, extra);
            (sum, count) = (sum + noticed.past, count + 1.0);
            worst = worst.max(noticed.past);
            looks = looks.max(noticed.looks);
        }
    }
    (sum / count, worst, looks)
}

fn main() {
    let always = Vendor { lag: 0, every: 1 };
    println!("{:<52} {:>10} {:>10} {:>9} {:>9} {:>7}", "", "fixed", "paced", "ratio", "worst", "looks");
    // The last is the aim: so much of what the fixed schedule lets through, at most.
    for (name, traffic, vendor, aim) in [
        ("ramp 1 to 30 GB/h in an hour", Traffic::Ramp, always, 0.1),
        ("step to 30 GB/h, 8 GB left", Traffic::Step, always, 0.5),
        ("step to 30 GB/h, 3 GB left", Traffic::LateStep, always, 1.0),
        ("ramp, figures 15 minutes late", Traffic::Ramp, Vendor { lag: 900, every: 1 }, 1.0),
        ("step, figures 15 minutes late", Traffic::Step, Vendor { lag: 900, every: 1 }, 1.0),
        ("ramp, figures move every 15 minutes", Traffic::Ramp, Vendor { lag: 0, every: 900 }, 1.0),
        ("step, figures move every 15 minutes", Traffic::Step, Vendor { lag: 0, every: 900 }, 1.0),
    ] {
        let fixed = measure(traffic, vendor, 300, None);
        // Half of the calls on the schedule, the other half where they are needed.
        let paced = measure(traffic, vendor, 600, Some(144));
        let ratio = paced.0 / fixed.0;
        assert!(ratio <= aim, "{name}: {ratio} of the fixed schedule's, aimed at {aim}");
        assert!(paced.2 <= fixed.2 + 1, "{} looks against {}", paced.2, fixed.2);
        println!(
            "{name:<52} {:>7.3} GB {:>7.3} GB {:>9.3} {:>9.3} {:>3}/{}",
            fixed.0 / GB,
            paced.0 / GB,
            ratio,
            paced.1 / fixed.1,
            paced.2,
            fixed.2,
        );
    }
    let span = SignedDuration::from_secs(MONTH).as_hours() / 24;
    println!(
        "mean bytes past the budget when noticed; worst: the worst paced over the worst fixed; looks in {span} days"
    );
}
