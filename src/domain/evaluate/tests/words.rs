//! What `explain` says, to the letter.

use jiff::ToSpan;
use jiff::civil::date;

use super::*;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::BurnRule;
use crate::domain::history::Summary;

/// So many megabytes in each of the two days of hours before the 19th day.
fn steady(megabytes_an_hour: u64) -> Summary {
    let mut summary = Summary::default();
    summary.set_day(date(2026, 1, 19), Bytes(24 * megabytes_an_hour * 1_000_000));
    for hour in 0..48 {
        summary.set_hour(at(17, 0) + i64::from(hour).hours(), Bytes(megabytes_an_hour * 1_000_000));
    }
    summary
}

/// What is said of 100 GB of which so much was used, at such a pace.
fn said(used: u64, summary: Option<Summary>, now: jiff::Timestamp) -> String {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.summary = summary;
    month.look(now, &[("1", "a", used)]);
    month.explained(now).remove(0)
}

#[test]
fn what_was_used_is_told_with_the_pace_of_the_last_day() {
    let now = at(19, 0);
    let begins = "61.00 GB of 100.00 GB used, 61 %; the threshold is 80 %";
    assert_eq!(said(61, None, now), begins, "no history, no pace");
    for (megabytes, pace) in [
        (500, "at this pace 3 days left, the period needs 12"),
        (1_500, "at this pace 1 day left, the period needs 12"),
        (2_500, "at this pace 15 hours left, the period needs 12 days"),
        (38_000, "at this pace 1 hour left, the period needs 12 days"),
        (50_000, "at this pace less than 1 hour left, the period needs 12 days"),
        (0, "nothing was used in the last 24 hours"),
    ] {
        assert_eq!(said(61, Some(steady(megabytes)), now), format!("{begins}; {pace}"), "{megabytes}");
    }
    let over = "130.00 GB of 100.00 GB used, 130 %; the threshold is 80 %; nothing is left, the period needs 12 days";
    assert_eq!(said(130, Some(steady(100)), now), over);
}

#[test]
fn hours_without_figures_are_passed_over() {
    // A night and half a day in which nobody looked.
    let now = at(19, 18);
    let pace = "at this pace 3 days left, the period needs 12";
    assert_eq!(
        said(61, Some(steady(500)), now),
        format!("61.00 GB of 100.00 GB used, 61 %; the threshold is 80 %; {pace}")
    );
    let mut young = Summary::default();
    for hour in 0..20 {
        young.set_hour(at(18, 0) + i64::from(hour).hours(), Bytes(GB));
    }
    assert_eq!(said(61, Some(young), now), "61.00 GB of 100.00 GB used, 61 %; the threshold is 80 %");
}

#[test]
fn the_end_of_a_period_is_told_in_hours() {
    let mut summary = steady(500);
    for hour in 0..48 {
        summary.set_hour(at(29, 0) + i64::from(hour).hours(), Bytes(500_000_000));
    }
    let pace = "at this pace 3 days left, the period needs 7 hours";
    assert_eq!(
        said(61, Some(summary), at(30, 17)),
        format!("61.00 GB of 100.00 GB used, 61 %; the threshold is 80 %; {pace}")
    );
}

#[test]
fn the_last_days_need_nothing_and_say_no_pace() {
    let mut month = Month::new(vec![rolling(&[80])]);
    (month.summary, month.rolled) = (Some(steady(500)), Some(Bytes(61 * GB)));
    month.look(at(19, 0), &[("1", "a", 500)]);
    assert_eq!(month.explained(at(19, 0)), ["61.00 GB of 100.00 GB used, 61 %; the threshold is 80 %"]);
}

#[test]
fn burning_names_the_window_whose_pace_it_tells() {
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3_600);
    let rule = BurnRule { factor: Share::percent(600), long: hours(6), short: hours(1) };
    let fast = vec![Threshold::new("fast", Condition::Burn(rule))];
    let mut month = Month::new(vec![Budget { thresholds: fast, ..with_amount("744GB", &[]) }]);
    month.summary = Some(steady(5_000));
    month.look(at(19, 0), &[("1", "a", 143)]);
    let words = "at the pace of the last hour 5 days left, the period needs 12; \
        5.0 and 5.0 times the pace that just lasts, the threshold is 6";
    assert_eq!(month.explained(at(19, 0)), [words]);
}
