//! F3: a month from the 31st, weeks and days of a zone with a clock change, and the last days, through evaluation.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::domain::budget::period::PeriodRule;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A budget over this span at an account in Berlin, whose vendor counts another span: the window says what was used.
fn berlin(period: PeriodRule) -> Month {
    let mut month = Month::new(vec![Budget { period, ..ladder(&[80]) }]);
    month.account.time_zone = TimeZone::get("Europe/Berlin").unwrap();
    month.window = Window::Lifetime;
    month
}

/// What is told at each moment when so many gigabytes were used in the span.
fn story(month: &mut Month, looks: &[(&str, u64)]) -> Vec<(String, Vec<String>)> {
    let mut told_at = vec![];
    for (moment, used) in looks {
        month.rolled = Some(Bytes(used * GB));
        month.look(time(moment), &[("1", "a", 900)]);
        // The vendor's own period is another matter.
        let events = told(&month.events).into_iter().filter(|event| event != "period began");
        told_at.push(((*moment).to_owned(), events.collect()));
    }
    told_at
}

fn expect(found: &[(String, Vec<String>)], expected: &[&[&str]]) {
    for ((moment, found), expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{moment}");
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn f3_a_day_begins_at_the_accounts_midnight_though_the_clock_changes() {
    let mut month = berlin(PeriodRule::Day);
    let found = story(
        &mut month,
        &[
            ("2026-03-28T22:30:00Z", 90),
            ("2026-03-28T23:30:00Z", 10),
            // A day of 23 hours: 22:30 UTC is half past midnight.
            ("2026-03-29T21:30:00Z", 85),
            ("2026-03-29T22:30:00Z", 5),
            ("2026-03-30T12:00:00Z", 90),
        ],
    );
    expect(
        &found,
        &[
            &["fired a t80 [t80] at first look"],
            &["ended a t80 period_end"],
            &["fired a t80 [t80]"],
            &["ended a t80 period_end"],
            &["fired a t80 [t80]"],
        ],
    );
}

#[test]
fn f3_a_week_begins_on_monday_in_the_accounts_zone() {
    let mut month = berlin(PeriodRule::Week);
    let looks = [("2026-10-24T12:00:00Z", 90), ("2026-10-25T22:30:00Z", 95), ("2026-10-25T23:30:00Z", 10)];
    let found = story(&mut month, &looks);
    expect(&found, &[&["fired a t80 [t80] at first look"], &[], &["ended a t80 period_end"]]);
}

#[test]
fn f3_a_calendar_month_begins_on_its_first_whatever_the_vendor_counts() {
    let mut month = berlin(PeriodRule::Month);
    let looks = [("2026-01-31T22:30:00Z", 90), ("2026-01-31T23:30:00Z", 10), ("2026-02-28T23:30:00Z", 10)];
    let found = story(&mut month, &looks);
    expect(&found, &[&["fired a t80 [t80] at first look"], &["ended a t80 period_end"], &[]]);
}

#[test]
fn f3_a_vendors_month_from_the_31st_ends_with_the_shorter_month() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.account.billing_day = Some(31);
    month.account.time_zone = TimeZone::get("Europe/Berlin").unwrap();
    let look = |month: &mut Month, moment: &str, used| {
        month.look(time(moment), &[("1", "a", used)]);
        month.snapshot.account = None;
        month.evaluate(time(moment));
        told(&month.events)
    };
    month.snapshot.account = None;
    look(&mut month, "2026-01-31T12:00:00Z", 10);
    assert_eq!(look(&mut month, "2026-02-27T22:30:00Z", 70), NOTHING);
    let track = |month: &Month| {
        let tracks = &month.incidents.budgets["b"].accounts.values().next().unwrap().tracks;
        tracks[0].period.unwrap().to_string()
    };
    assert_eq!(track(&month), "2026-01-30T23:00:00Z");
    look(&mut month, "2026-02-27T23:30:00Z", 1);
    assert_eq!(track(&month), "2026-02-27T23:00:00Z", "the 28th is February's 31st");
    look(&mut month, "2026-03-30T22:30:00Z", 1);
    assert_eq!(track(&month), "2026-03-30T22:00:00Z", "in summer time");
}

#[test]
fn f3_the_last_days_never_begin_anew_and_arm_again_when_clear() {
    let mut month = berlin(PeriodRule::Rolling(28));
    let found = story(
        &mut month,
        &[
            ("2026-03-20T12:00:00Z", 90),
            ("2026-03-29T12:00:00Z", 85),
            ("2026-04-01T12:00:00Z", 70),
            ("2026-04-02T12:00:00Z", 80),
        ],
    );
    expect(
        &found,
        &[&["fired a t80 [t80] at first look"], &[], &["ended a t80 below"], &["fired a t80 [t80]"]],
    );
}
