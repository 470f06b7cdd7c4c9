use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Whole steps of a summary, so that nothing is rounded.
const GB: u64 = 1 << 30;

/// February 2026 starts on a Sunday; the 16th is a Monday.
fn now() -> Timestamp {
    "2026-02-16T00:00:00Z".parse().unwrap()
}

fn period() -> Period {
    Period::month_from(date(2026, 2, 1), &TimeZone::UTC).unwrap()
}

fn history(days: i32, used: impl Fn(Date) -> u64) -> Summary {
    let mut summary = Summary::default();
    for back in (1..=days).rev() {
        let day = date(2026, 2, 16) - back.days();
        summary.set_day(day, Bytes(used(day)));
    }
    summary
}

fn judged(summary: &Summary, used: u64, amount: u64) -> Option<Forecast> {
    forecast(summary, Bytes(used * GB), Some(Bytes(amount * GB)), period(), now(), &TimeZone::UTC)
}

#[test]
fn a_steady_pace_is_carried_on() {
    let found = judged(&history(10, |_| GB), 15, 100).unwrap();
    assert_eq!(found.expected, Bytes(28 * GB), "13 days to come");
    assert_eq!((found.low, found.high), (found.expected, found.expected), "nothing varied");
    assert_eq!(found.runs_out, None);
    assert_eq!(in_words(&found, period(), &TimeZone::UTC), "lasts until the reset");
}

#[test]
fn it_says_when_the_amount_runs_out() {
    let found = judged(&history(10, |_| GB), 15, 23).unwrap();
    assert_eq!(found.runs_out.unwrap().to_string(), "2026-02-24T00:00:00Z");
    assert_eq!(in_words(&found, period(), &TimeZone::UTC), "runs out on the 24th, 5 days before the reset");
}

#[test]
fn weekdays_are_told_apart_with_two_weeks_of_history() {
    let at_work = |day: Date| if day.weekday().to_monday_zero_offset() < 5 { 2 * GB } else { 0 };
    let found = judged(&history(14, at_work), 20, 100).unwrap();
    // From Monday the 16th: ten working days and a weekend, and Saturday the 28th.
    assert_eq!(found.expected, Bytes(40 * GB));
}

#[test]
fn one_spike_moves_nothing() {
    for days in [7, 14, 28] {
        let spike = |day: Date| if day == date(2026, 2, 12) { 500 * GB } else { GB };
        assert_eq!(judged(&history(days, spike), 15, 100).unwrap().expected, Bytes(28 * GB), "{days}");
    }
}

#[test]
fn what_varies_has_a_band() {
    let found = judged(&history(9, |day| u64::try_from(day.day() % 3).unwrap() * GB), 0, 100).unwrap();
    assert!(found.low < found.expected && found.expected < found.high, "{found:?}");
}

#[test]
fn it_is_silent_without_enough_history() {
    assert_eq!(judged(&history(2, |_| GB), 15, 23), None);
    assert_eq!(judged(&Summary::default(), 15, 23), None);
}

proptest! {
    #[test]
    fn no_input_panics_and_the_band_holds_what_is_expected(
        days in prop::collection::vec(any::<u64>(), 0..40),
        used in any::<u64>(), amount in any::<u64>(), seconds in -1_000_000_i64..100_000_000,
    ) {
        let summary = history(days.len() as i32, |day| {
            days[(days.len() as i32 - 1 - date(2026, 2, 15).since(day).unwrap().get_days()) as usize]
        });
        let now = Timestamp::from_second(period().start.as_second() + seconds).unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        if let Some(found) = forecast(&summary, Bytes(used), Some(Bytes(amount)), period(), now, &zone) {
            prop_assert!(found.low <= found.high);
            let _unused = in_words(&found, period(), &zone);
        }
    }
}
