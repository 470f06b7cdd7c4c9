//! How much traffic flows when: a pure function of time, so that every look at it, whenever taken, agrees.
//!
//! A flow is a list of streams. A stream has a rate, a curve over the week and a window in which it runs; its bytes
//! within an hour grow evenly, and each hour has a size of its own, drawn from the seed.

use jiff::{SignedDuration, Timestamp};

use super::scenario::{Shape, TargetSpec, Workload};
use crate::domain::units::Bytes;

const HOUR: i64 = 3_600_000;

/// A ramp is a stream a day.
const LONGEST_RAMP_DAYS: i64 = 400;

/// Turns bytes of a day, weighed in millionths, into those of an hour.
const MILLIONTHS_OF_A_DAY: u64 = 24_000_000;

/// What one sub-user sends through the proxies, were it never switched off.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    targets: Vec<TargetSpec>,
    streams: Vec<Stream>,
}

/// Traffic to one target, as bytes and requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) bytes: u64,
    pub(super) requests: u64,
}

#[derive(Clone, Debug)]
struct Stream {
    target: usize,
    per_day: u64,
    curve: Curve,
    seed: u64,
    /// In milliseconds since 1970, the end not included.
    window: (i64, i64),
}

#[derive(Clone, Copy, Debug)]
enum Curve {
    Even,
    Weekday,
}

impl Flow {
    /// The flow of a workload; from `start` on, everything is `boost` times as fast.
    pub(super) fn new(workload: &Workload, seed: u64, start: Timestamp, boost: u32) -> Self {
        let mut flow = Self { targets: workload.targets.clone(), streams: Vec::new() };
        let start = start.as_millisecond();
        let whole: u64 = workload.targets.iter().map(|target| u64::from(target.share)).sum();
        let part = |target: &TargetSpec, factor: u64| {
            let share = u128::from(workload.per_day.0) * u128::from(target.share) / u128::from(whole.max(1));
            narrow(share * u128::from(factor))
        };
        let curve = if matches!(workload.shape, Shape::Weekday) { Curve::Weekday } else { Curve::Even };
        let boost = u64::from(boost);
        for (index, target) in workload.targets.iter().enumerate() {
            let seed = mix(seed, index as u64 + 1);
            let mut add = |per_day, window| {
                flow.streams.push(Stream { target: index, per_day, curve, seed, window });
            };
            if matches!(workload.shape, Shape::Idle) {
                continue;
            }
            add(part(target, 1), (i64::MIN, start));
            add(part(target, boost), (start, i64::MAX));
            if let Shape::Runaway { after, factor } = workload.shape {
                let more = boost * u64::from(factor.saturating_sub(1));
                add(part(target, more), (later(start, after), i64::MAX));
            }
            if let Shape::Ramp { after, lasts, factor } = workload.shape {
                let steps = lasts.as_hours().div_euclid(24).clamp(1, LONGEST_RAMP_DAYS);
                let more = part(target, boost * u64::from(factor.saturating_sub(1)));
                for step in 1..=steps.unsigned_abs() {
                    let rise =
                        |step: u64| u128::from(more) * u128::from(step) / u128::from(steps.unsigned_abs());
                    let at = later(start, after).saturating_add(step as i64 * 24 * HOUR);
                    add(narrow(rise(step) - rise(step - 1)), (at, i64::MAX));
                }
            }
        }
        if let Shape::RetryStorm { after, lasts, factor, target } = &workload.shape {
            let from = later(start, *after);
            let per_day = narrow(u128::from(workload.per_day.0) * u128::from(*factor) * u128::from(boost));
            flow.streams.push(Stream {
                target: flow.targets.len(),
                per_day,
                curve: Curve::Even,
                seed: mix(seed, 0),
                window: (from, later(from, *lasts)),
            });
            flow.targets.push(target.clone());
        }
        flow
    }

    /// Bytes to all targets from `from` up to but without `to`; the parts of a span add up to the whole.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> u64 {
        let (from, to) = (from.as_millisecond(), to.as_millisecond());
        saturated(self.streams.iter().map(|stream| stream.between(from, to)))
    }

    /// The same by target, in the order of `targets`.
    pub(super) fn by_target(&self, from: Timestamp, to: Timestamp) -> Vec<u64> {
        let (from, to) = (from.as_millisecond(), to.as_millisecond());
        let mut bytes = vec![0_u64; self.targets.len()];
        for stream in &self.streams {
            bytes[stream.target] = bytes[stream.target].saturating_add(stream.between(from, to));
        }
        bytes
    }

    /// The domains that traffic goes to.
    pub(super) fn targets(&self) -> &[TargetSpec] {
        &self.targets
    }
}

impl Stream {
    fn between(&self, from: i64, to: i64) -> u64 {
        let (mut at, to) = (from.max(self.window.0), to.min(self.window.1));
        let mut bytes = 0_u64;
        while at < to {
            let hour = at.div_euclid(HOUR);
            let end = to.min((hour + 1) * HOUR);
            let size = self.of_hour(hour);
            let part = if end - at == HOUR {
                size
            } else {
                let until = |ms: i64| {
                    narrow(u128::from(size) * u128::from((ms - hour * HOUR).unsigned_abs()) / HOUR as u128)
                };
                until(end) - until(at)
            };
            bytes = bytes.saturating_add(part);
            at = end;
        }
        bytes
    }

    fn of_hour(&self, hour: i64) -> u64 {
        let noise = 700 + mix(self.seed, hour.unsigned_abs()) % 601;
        let weight = match self.curve {
            Curve::Even => 1000,
            Curve::Weekday => weekday_weight(hour),
        };
        let millionths = weight * noise;
        match self.per_day.checked_mul(millionths) {
            Some(product) => product / MILLIONTHS_OF_A_DAY,
            None => {
                narrow(u128::from(self.per_day) * u128::from(millionths) / u128::from(MILLIONTHS_OF_A_DAY))
            }
        }
    }
}

/// Thousandths of the even rate: office hours on workdays carry most, weekends little (UTC).
fn weekday_weight(hour: i64) -> u64 {
    // 1970-01-01 was a Thursday; 0 is Monday here.
    let day = (hour.div_euclid(24) + 3).rem_euclid(7);
    match (day, hour.rem_euclid(24)) {
        (5 | 6, _) => 250,
        (_, 8..=17) => 2500,
        _ => 500,
    }
}

/// Bytes and requests to one target.
pub(super) fn amount(target: &TargetSpec, bytes: u64) -> Amount {
    let Bytes(each) = target.request;
    Amount { bytes, requests: bytes.div_ceil(each.max(1)) }
}

/// One well-mixed number out of two (the finaliser of SplitMix64).
pub(super) fn mix(seed: u64, value: u64) -> u64 {
    let mut z =
        seed.wrapping_add(value.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A seed from a name (FNV-1a).
pub(super) fn seed_of(name: &str) -> u64 {
    name.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// A sum that stops at the largest number.
pub(super) fn saturated(values: impl Iterator<Item = u64>) -> u64 {
    values.fold(0, u64::saturating_add)
}

fn later(at: i64, by: SignedDuration) -> i64 {
    at.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn flow(shape: Shape) -> Flow {
        let workload = Workload::new(
            Bytes(24_000_000_000),
            shape,
            &[("a.example", 3, 500_000), ("b.example", 1, 9_000)],
        );
        Flow::new(&workload, 7, at(1000 * HOUR), 10)
    }

    #[test]
    fn each_shape_has_its_time() {
        let hour = |flow: &Flow, n: i64| flow.between(at(n * HOUR), at((n + 1) * HOUR));
        let steady = flow(Shape::Steady);
        assert!((700_000_000..=1_300_000_000).contains(&hour(&steady, 999)));
        assert!((7_000_000_000..=13_000_000_000).contains(&hour(&steady, 1000)));
        assert_eq!(hour(&flow(Shape::Idle), 1001), 0);
        let after = SignedDuration::from_hours(5);
        let runaway = flow(Shape::Runaway { after, factor: 20 });
        assert!(hour(&runaway, 1005) > 10 * hour(&runaway, 1004));
        let lasts = SignedDuration::from_hours(4 * 24);
        let ramp = flow(Shape::Ramp { after, lasts, factor: 9 });
        let rises: Vec<u64> =
            (0..6).map(|day| hour(&ramp, 1006 + day * 24) / hour(&steady, 1006 + day * 24)).collect();
        assert_eq!(rises, [1, 3, 5, 7, 9, 9], "in even steps, and then it stays");
        let target = TargetSpec { name: "storm.example".into(), share: 0, request: Bytes(2_000) };
        let storm =
            flow(Shape::RetryStorm { after, lasts: SignedDuration::from_hours(2), factor: 9, target });
        let stormy = |n: i64| storm.by_target(at(n * HOUR), at((n + 1) * HOUR))[2];
        assert_eq!((stormy(1004), stormy(1007)), (0, 0));
        assert!(stormy(1005) > 50_000_000_000 && stormy(1006) > 50_000_000_000);
        // Hour 1000 is a Wednesday, 16:00; hour 1072 a Saturday.
        let weekday = flow(Shape::Weekday);
        assert!(hour(&weekday, 1000) > 4 * hour(&weekday, 1072));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(from in 0_i64..7_000_000_000, first in 0_i64..90_000_000, second in 0_i64..90_000_000) {
            let flow = flow(Shape::Runaway { after: SignedDuration::from_mins(7), factor: 5 });
            let (from, middle, to) = (at(from), at(from + first), at(from + first + second));
            prop_assert_eq!(flow.between(from, to), flow.between(from, middle) + flow.between(middle, to));
            prop_assert_eq!(flow.between(from, to), flow.by_target(from, to).iter().sum::<u64>());
        }
    }
}
