use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Whole steps, so that nothing is rounded.
const MIB: u64 = 1 << 20;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mib(count: u64) -> Bytes {
    Bytes(count * MIB)
}

fn days(summary: &Summary, today: Date) -> Vec<(u16, u64)> {
    summary.days_before(today).map(|(ago, used)| (ago, used.0 / MIB)).collect()
}

#[test]
fn a_summary_is_small() {
    assert!(size_of::<Summary>() <= 352, "{}", size_of::<Summary>());
}

#[test]
fn days_are_told_newest_first_without_today_and_without_gaps() {
    let mut summary = Summary::default();
    summary.set_day(date(2026, 1, 1), mib(1));
    summary.set_day(date(2026, 1, 4), mib(4));
    summary.set_day(date(2026, 1, 3), mib(3));
    assert_eq!(days(&summary, date(2026, 1, 4)), [(1, 3), (3, 1)]);
    summary.set_day(date(2026, 1, 31), mib(31));
    assert_eq!(days(&summary, date(2026, 2, 1)), [(1, 31), (28, 4)]);
    summary.set_day(date(2025, 1, 1), mib(9));
    assert_eq!(summary.days_before(date(2026, 2, 1)).count(), 2, "long forgotten");
}

#[test]
fn a_little_is_not_nothing_and_a_lot_is_not_unknown() {
    let mut summary = Summary::default();
    for (day, used, told) in
        [(1, 0, 0), (2, 1, 65_536), (3, 65_537, 131_072), (4, u64::MAX, (1 << 48) - 131_072)]
    {
        summary.set_day(date(2026, 1, day), Bytes(used));
        assert_eq!(summary.days_before(date(2026, 1, day + 1)).next(), Some((1, Bytes(told))), "{used}");
    }
}

#[test]
fn days_add_up_where_all_of_them_are_known() {
    let mut summary = Summary::default();
    for day in [1, 2, 3, 5] {
        summary.set_day(date(2026, 1, day), mib(10));
    }
    let used = |first, last| summary.used_since_days(date(2026, 1, first), date(2026, 1, last));
    assert_eq!(used(1, 3), Some(30 * MIB));
    assert_eq!(used(5, 5), Some(10 * MIB));
    assert_eq!(used(3, 5), None, "the 4th is not known");
    assert_eq!(used(5, 6), None, "nor is what is to come");
    assert_eq!(summary.used_since_days(date(2025, 12, 1), date(2026, 1, 3)), None, "nor what is forgotten");
    assert_eq!(Summary::default().used_since_days(date(2026, 1, 1), date(2026, 1, 1)), None);
}

#[test]
fn hours_add_up_with_a_part_of_the_first() {
    let mut summary = Summary::default();
    let start = at("2026-01-01T00:00:00Z");
    for hour in 0..4 {
        summary.set_hour(start + hour.hours(), mib(60));
    }
    let used = |from, until| {
        let found = summary.used_between(from, until);
        found.map(|(used, covered)| (used.0 / MIB, covered.as_secs()))
    };
    assert_eq!(used(start + 1.hours(), start + 4.hours()), Some((180, 10_800)));
    assert_eq!(used(start + 90.minutes(), start + 4.hours()), Some((150, 9_000)));
    let just_begun = used(start + 3.hours(), start + 245.minutes());
    assert_eq!(just_begun, Some((60, 3_600)), "the hour that has just begun is not read yet");
    assert_eq!(used(start - 1.hours(), start + 4.hours()), None, "not known so far back");
    assert_eq!(used(start, start + 6.hours()), None, "a gap is not a pause");
}

#[test]
fn the_last_known_hours_leave_out_the_present_one_and_gaps() {
    let mut summary = Summary::default();
    let start = at("2026-01-01T00:00:00Z");
    for hour in (0..30).filter(|hour| *hour != 10) {
        summary.set_hour(start + (hour as i64).hours(), mib(hour));
    }
    let before = |hour: i64| summary.last_24_known_hours(start + hour.hours()).map(|used| used.0 / MIB);
    assert_eq!(
        before(29),
        Some((5..29).sum::<u64>() - 10 + 4),
        "without the one that runs and with one more"
    );
    assert_eq!(before(24), None, "only 23 are known");
}

#[test]
fn what_is_added_lands_in_its_hour_and_day() {
    let mut summary = Summary::default();
    let noon = at("2026-01-02T12:00:00Z");
    // 23:30 and 00:30 in a zone of half an hour.
    summary.add(noon, date(2026, 1, 2), mib(1), noon);
    summary.add(noon + 20.minutes(), date(2026, 1, 2), mib(2), noon);
    summary.add(noon + 30.minutes(), date(2026, 1, 3), mib(4), noon);
    summary.add(noon + 70.minutes(), date(2026, 1, 3), mib(8), noon);
    assert_eq!(days(&summary, date(2026, 1, 4)), [(1, 12), (2, 3)]);
    let hours = summary.used_between(noon, noon + 2.hours());
    assert_eq!(hours, Some((mib(15), Duration::from_secs(7_200))));
    // A clock that was set back.
    summary.add(noon + 59.minutes(), date(2026, 1, 2), mib(16), noon);
    assert_eq!(days(&summary, date(2026, 1, 4)), [(1, 12), (2, 19)]);
    let hour = summary.used_between(noon, noon + 59.minutes());
    assert_eq!(hour, Some((mib(23), Duration::from_secs(3_540))));
}

#[test]
fn what_was_looked_at_and_not_used_is_nothing_and_the_rest_not_known() {
    let start = at("2026-01-10T00:00:00Z");
    let (from, last) = (start + 150.minutes(), start + 5.hours());
    for mut summary in [Summary::default(), {
        let mut held = Summary::default();
        held.add(start - 3.hours(), date(2026, 1, 9), mib(9), start);
        held
    }] {
        summary.add(last, date(2026, 1, 10), mib(1), from);
        let used =
            |hour: i64| summary.used_between(start + hour.hours(), start + 6.hours()).map(|(used, _)| used);
        assert_eq!(used(2), Some(mib(1)), "the hour in which the looking began, and those after it");
        assert_eq!(used(1), None, "nobody looked");
    }
    let mut summary = Summary::default();
    summary.add(start, date(2026, 1, 10), mib(1), start);
    summary.add(start + (96 + 12).hours(), date(2026, 1, 14), mib(2), start + 36.hours());
    assert_eq!(
        days(&summary, date(2026, 1, 14)),
        [(1, 0), (2, 0), (4, 1)],
        "nobody looked on the 11th at noon"
    );
}

proptest! {
    #[test]
    fn many_small_additions_are_rounded_once(
        used in prop::collection::vec(0_u64..300_000, 1..200), per_hour in 1_usize..50,
    ) {
        let mut summary = Summary::default();
        let start = at("2026-01-10T00:00:00Z");
        for (index, used) in used.iter().enumerate() {
            let hour = i64::try_from(index / per_hour).unwrap().min(40);
            let day = date(2026, 1, 10) + (hour / 24).days();
            summary.add(start + hour.hours(), day, Bytes(*used), start);
        }
        let exact: u64 = used.iter().sum();
        let days = summary.used_since_days(date(2026, 1, 10), summary.last_day.unwrap()).unwrap();
        prop_assert!(days >= exact && days - exact < 2 * 65_536, "{days} of {exact}");
        let (hours, _) = summary.used_between(start, start + 41.hours()).unwrap_or((Bytes(exact), Duration::ZERO));
        prop_assert!(hours.0 >= exact && hours.0 - exact < 41 * 65_536, "{hours} of {exact}");
    }

    #[test]
    fn no_input_panics(
        days in prop::collection::vec((-100_000_i32..100_000, any::<u64>()), 0..20),
        hours in prop::collection::vec((-300_000_000_000_i64..250_000_000_000, any::<u64>(), -1_000_000_i32..1_000_000), 0..20),
    ) {
        let mut summary = Summary::default();
        for (day, used) in days {
            summary.set_day(date(2026, 1, 1).saturating_add(day.days()), Bytes(used));
            prop_assert!(summary.days_before(date(2026, 1, 1)).count() <= DAYS);
        }
        for (second, used, known) in hours {
            let at = Timestamp::from_second(second).unwrap();
            summary.set_hour(at, Bytes(used));
            let day = date(2026, 1, 1).saturating_add(known.days());
            summary.add(at, day, Bytes(used), Timestamp::from_second(second + i64::from(known)).unwrap());
            let found = summary.used_between(at, at.saturating_add(2.hours()).unwrap());
            prop_assert!(found.is_none_or(|(_, covered)| covered > Duration::ZERO));
            prop_assert!(summary.used_since_days(day, day).is_none_or(|used| used < 1 << 48));
            let _unused = (summary.last_24_known_hours(at), summary.longest_pause_before(at));
        }
    }
}
