//! When to look again, by hand.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const FLOOR: Duration = Duration::from_secs(20);
const LAG: Duration = Duration::from_secs(900);
const GB: u64 = 1_000_000_000;

fn at(second: i64) -> Timestamp {
    "2026-01-15T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn headroom(left: u64, grew: u64) -> Headroom {
    Headroom { left: Bytes(left), grew: Bytes(grew), pace: 0.0 }
}

/// Seconds from noon to the next look.
fn next(pace: &Pace, scheduled: i64, calls: u32) -> Option<i64> {
    let next = pace.next_look(pace.looked().unwrap(), at(scheduled), FLOOR, calls)?;
    Some(next.duration_since(at(0)).as_secs())
}

fn looked_at(looks: &[(i64, u64, u64)]) -> Pace {
    let mut pace = Pace::new(LAG);
    for (second, left, grew) in looks {
        pace.look(at(*second), Duration::from_secs(2), [headroom(*left, *grew), headroom(500 * GB, *grew)]);
    }
    pace
}

#[test]
fn the_nearest_threshold_is_met_at_twice_the_pace() {
    // 3 GB in ten minutes: 6 GB last 20 minutes, or ten where the pace doubles.
    assert_eq!(next(&looked_at(&[(0, 9 * GB, 0), (600, 6 * GB, 3 * GB)]), 1800, 100), Some(600 + 598));
    // The scheduled look comes first.
    assert_eq!(next(&looked_at(&[(0, 9 * GB, 0), (600, 6 * GB, 3 * GB)]), 1200, 100), None);
    assert_eq!(next(&looked_at(&[(0, 9 * GB, 0)]), 600, 100), None, "one look tells no pace");
    assert_eq!(next(&looked_at(&[(0, 9 * GB, 0), (600, 9 * GB, 0)]), 1200, 100), None, "nothing is used");
}

#[test]
fn a_burn_window_that_is_faster_counts() {
    let mut pace = Pace::new(LAG);
    pace.look(at(0), Duration::ZERO, [Headroom { pace: 10_000_000.0, ..headroom(6 * GB, 0) }]);
    assert_eq!(next(&pace, 600, 100), Some(300));
}

#[test]
fn never_sooner_than_the_floor_and_not_just_before_the_schedule() {
    let close = looked_at(&[(0, 2 * GB, 0), (600, GB / 1000, 2 * GB)]);
    assert_eq!(next(&close, 1200, 1000), Some(620));
    assert_eq!(next(&close, 639, 100), None, "the scheduled look is as soon");
}

#[test]
fn the_calls_that_are_left_are_spread() {
    let close = |calls| next(&looked_at(&[(0, 2 * GB, 0), (600, GB / 1000, 2 * GB)]), 1200, calls);
    assert_eq!(close(0), None);
    assert_eq!(close(12), Some(600 + 200), "three looks in ten minutes");
    assert_eq!(close(1), None, "the one that is left may be needed later");
    assert_eq!(close(10_000), Some(620));
}

#[test]
fn looks_without_news_come_ever_later_and_keep_the_pace() {
    let mut looks = vec![(0, 2 * GB, 0), (600, GB / 1000, 2 * GB)];
    let mut waits = Vec::new();
    for _ in 0..4 {
        let pace = looked_at(&looks);
        let next = next(&pace, 3600, 100).unwrap();
        waits.push(next - pace.looked().unwrap().duration_since(at(0)).as_secs());
        looks.push((next, GB / 1000, 0));
    }
    // 100 calls for 50 minutes: the first wait for their share, the last for an eighth of the lag.
    assert_eq!(waits, [120, 115, 110, 112]);
}

#[test]
fn figures_that_move_every_quarter_of_an_hour_are_not_looked_at_sooner() {
    let mut pace = Pace::new(LAG);
    let mut looks = 0;
    let (mut second, mut seen) = (0, 0);
    while second < 6 * 3600 {
        // 2 GB more every 15 minutes, all at once; 1 GB is always left.
        let shown = 2 * GB * (second as u64 / 900);
        pace.look(at(second), Duration::ZERO, [headroom(GB, shown - seen)]);
        seen = shown;
        looks += 1;
        second = next(&pace, second + 1200, 10_000).unwrap_or(second + 1200);
    }
    // 24 moves in that time; a look every 20 s would be 1080.
    assert!((24..200).contains(&looks), "{looks}");
}

proptest! {
    #[test]
    fn no_look_breaks_its_bounds(
        looks in prop::collection::vec((1_i64..2000, 0_u64..50, 0_u64..20), 1..30),
        scheduled in 1_i64..2000,
        calls in 0_u32..300,
        later in 0_i64..600,
    ) {
        let mut pace = Pace::new(LAG);
        let mut second = 0;
        for (step, left, grew) in looks {
            second += step;
            pace.look(at(second), Duration::from_secs(3), [headroom(left * GB / 10, grew * GB / 10)]);
        }
        let (now, scheduled) = (at(second + later), at(second + scheduled));
        if let Some(next) = pace.next_look(now, scheduled, FLOOR, calls) {
            prop_assert!(calls > 0);
            prop_assert!(next >= now);
            prop_assert!(next.duration_since(at(second)).unsigned_abs() >= FLOOR);
            prop_assert!(scheduled.duration_since(next) >= SignedDuration::from_secs(20));
        }
    }
}
