//! A month of an account's counters, look by look.

use jiff::ToSpan;
use jiff::civil::date;

use super::*;
use crate::domain::example;
use crate::domain::figure::{Closing, Subject};
use crate::domain::traffic::{AccountUsage, SubUser};

const MB: u64 = 1 << 20;

fn at(days: i64, minutes: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + (days * 1_440 + minutes).minutes()
}

fn account() -> Account {
    example::account()
}

fn key(id: &str) -> SubUserKey {
    SubUserKey(id.into())
}

struct Month {
    ledger: Ledger,
    snapshot: Snapshot,
    starts: Date,
    saved: Vec<PassReadings>,
}

impl Month {
    fn new(rules: &[PeriodRule]) -> Self {
        let ledger = Ledger::new(TimeZone::UTC, Duration::from_secs(900), rules);
        Self { ledger, snapshot: Snapshot::default(), starts: date(2026, 1, 1), saved: Vec::new() }
    }

    /// One look at the account's total and at sub-users by id; gives what each used since the look before.
    fn look(&mut self, now: Timestamp, total: u64, used: &[(&str, u64)]) -> Vec<(String, u64)> {
        let usage = AccountUsage {
            traffic: Some(Bytes(total * MB)),
            period_start: Some(self.starts),
            ..AccountUsage::default()
        };
        self.snapshot.account = Some(Reading { observed: now, value: usage });
        let row = |(id, used): &(&str, u64)| SubUser {
            usage: Some(Usage { traffic: Bytes(used * MB), requests: None, window: Window::Period }),
            ..example::sub_user(id, &format!("u{id}"))
        };
        self.snapshot = self.snapshot.with_sub_users(now, used.iter().map(row).collect());
        self.take(now)
    }

    fn take(&mut self, now: Timestamp) -> Vec<(String, u64)> {
        let passes = self.ledger.take(&account(), &self.snapshot, now);
        let named = passes.iter().flat_map(|pass| &pass.changed).map(|figure| match &figure.subject {
            Subject::SubUser(key) => (key.0.to_string(), figure.used.0 / MB),
            _ => ("total".to_owned(), figure.used.0 / MB),
        });
        let named = named.collect();
        self.saved.extend(passes);
        named
    }

    fn consumed(&self, id: &str) -> u64 {
        self.ledger.consumed_by(&key(id)).unwrap().0 / MB
    }

    fn since(&self, id: &str, from: Timestamp) -> Option<u64> {
        self.ledger.window(Some(&key(id)), from, self.ledger.now).map(|used| used.0 / MB)
    }
}

fn news(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter().map(|(id, used)| ((*id).to_owned(), *used)).collect()
}

#[test]
fn what_was_used_before_the_first_look_is_not_ours() {
    let mut month = Month::new(&[]);
    assert_eq!(month.look(at(9, 0), 100, &[("1", 60)]), news(&[("total", 0), ("1", 0)]));
    assert_eq!(month.look(at(9, 5), 103, &[("1", 62), ("2", 1)]), news(&[("total", 3), ("1", 2), ("2", 1)]));
    assert_eq!(
        month.look(at(9, 10), 103, &[("1", 62), ("2", 1)]),
        news(&[]),
        "what stands still is not saved"
    );
    assert_eq!((month.consumed("1"), month.consumed("2")), (2, 1), "one that is new has used all of it");
}

#[test]
fn f1_a_new_period_is_counted_and_the_old_one_is_closed() {
    let mut month = Month::new(&[PeriodRule::Vendor]);
    month.look(at(0, 5), 0, &[("1", 0)]);
    month.look(at(30, 1_435), 90, &[("1", 90)]);
    month.starts = date(2026, 2, 1);
    assert_eq!(month.look(at(31, 20), 7, &[("1", 7)]), news(&[("total", 7), ("1", 7)]));
    let open = month.ledger.to_close();
    let closing = Closing { start: at(0, 0), end: at(31, 0), highest: Bytes(90 * MB) };
    assert_eq!(open, [(key("1"), closing)]);
    let closed = month.ledger.close(&key("1"), closing, Bytes(94 * MB)).unwrap();
    assert_eq!(closed.observed, at(31, 0) - 1.second());
    assert_eq!(closed.changed[0].used, Bytes(4 * MB), "what was used between the last look and the boundary");
    assert_eq!(month.consumed("1"), 101);
    assert_eq!(month.since("1", at(31, 0)), Some(7), "and none of it is the new period's");
    assert_eq!(month.ledger.to_close(), [], "once");
    assert_eq!(month.ledger.close(&key("1"), closing, Bytes(99 * MB)), None);
}

#[test]
fn f1_the_old_figure_under_the_new_date_is_not_counted_twice() {
    let mut month = Month::new(&[]);
    month.look(at(0, 5), 0, &[("1", 0)]);
    month.look(at(30, 1_435), 90, &[("1", 90)]);
    month.starts = date(2026, 2, 1);
    assert_eq!(month.look(at(31, 5), 91, &[("1", 91)]), news(&[]), "within the vendor's delay");
    assert_eq!(month.look(at(31, 10), 2, &[("1", 2)]), news(&[("total", 2), ("1", 2)]));
    assert_eq!(month.consumed("1"), 92);
}

#[test]
fn f2_a_correction_moves_nothing() {
    let mut month = Month::new(&[]);
    month.look(at(0, 0), 0, &[("1", 0)]);
    month.look(at(0, 5), 50, &[("1", 50)]);
    assert_eq!(month.look(at(0, 10), 40, &[("1", 40)]), news(&[("total", 0), ("1", 0)]));
    month.look(at(0, 15), 45, &[("1", 45)]);
    assert_eq!(month.consumed("1"), 50);
    month.look(at(0, 20), 55, &[("1", 55)]);
    assert_eq!(month.consumed("1"), 55);
}

#[test]
fn f6_the_same_name_with_a_new_id_begins_anew() {
    let mut month = Month::new(&[]);
    month.look(at(0, 0), 0, &[("1", 10)]);
    month.look(at(0, 5), 0, &[("1", 30)]);
    month.look(at(0, 10), 0, &[("2", 5)]);
    assert_eq!((month.consumed("1"), month.consumed("2")), (20, 5));
}

#[test]
fn periods_of_our_own_are_summed_from_their_start_where_that_was_seen() {
    let mut month = Month::new(&[PeriodRule::Day, PeriodRule::Month]);
    month.look(at(3, 600), 0, &[("1", 500)]);
    month.look(at(3, 605), 0, &[("1", 501)]);
    assert_eq!(month.since("1", at(3, 0)), None, "what was used in the morning is not known");
    let uncovered = Uncovered { key: key("1"), from: at(3, 0) };
    assert_eq!(month.ledger.uncovered(), [uncovered]);
    for minute in 0..14 {
        month.look(at(3, 600 + 60 * minute), 0, &[("1", 501)]);
    }
    month.look(at(4, 0), 0, &[("1", 504)]);
    assert_eq!(month.since("1", at(4, 0)), Some(3));
    assert_eq!(month.since("1", at(0, 0)), None);
    month.ledger.base(&key("1"), at(0, 0), Bytes(480 * MB));
    assert_eq!(month.since("1", at(0, 0)), Some(480), "the vendor was asked");
    month.look(at(4, 6), 0, &[("1", 510)]);
    assert_eq!((month.since("1", at(4, 0)), month.since("1", at(0, 0))), (Some(9), Some(486)));
    assert_eq!(month.ledger.uncovered(), []);
}

#[test]
fn nobody_asks_for_a_sum_that_the_vendors_own_counter_says() {
    let mut month = Month::new(&[PeriodRule::Vendor, PeriodRule::Month]);
    month.look(at(9, 600), 0, &[("1", 500)]);
    assert_eq!(month.ledger.uncovered(), [], "the vendor's period is the month");
    let mut week = Month::new(&[PeriodRule::Vendor, PeriodRule::Week]);
    week.look(at(9, 600), 0, &[("1", 500)]);
    assert_eq!(week.ledger.uncovered(), [Uncovered { key: key("1"), from: at(4, 0) }]);
}

#[test]
fn days_of_the_vendors_past_make_sums_and_windows_known() {
    let mut month = Month::new(&[PeriodRule::Month]);
    month.look(at(9, 600), 0, &[("1", 500)]);
    month.look(at(9, 605), 0, &[("1", 510)]);
    let days: Vec<_> = (1..=10).map(|day| (date(2026, 1, day), Bytes(50 * MB))).collect();
    let (standing, raised) = month.ledger.backfill(&key("1"), date(2026, 1, 1), &days).unwrap();
    assert_eq!(standing.known_from, at(0, 0));
    assert_eq!(raised.len(), 10);
    assert_eq!(raised[9], (date(2026, 1, 10), Bytes(40 * MB)), "of today only what was not seen");
    assert_eq!(month.since("1", at(0, 0)), Some(500));
    assert_eq!(month.since("1", at(2, 720)), Some(375), "a first day counts by its part");
    assert_eq!(month.ledger.uncovered(), []);
    assert_eq!(month.ledger.window(Some(&key("1")), at(-5, 0), at(9, 605)), None, "not known so far back");
}

#[test]
fn what_was_used_in_a_gap_is_spread_over_it() {
    let mut month = Month::new(&[]);
    month.look(at(0, 0), 0, &[("1", 0)]);
    let told = month.look(at(0, 6 * 60), 600, &[("1", 60)]);
    assert_eq!(told.iter().filter(|(id, _)| id == "1").map(|(_, used)| used).collect::<Vec<_>>(), [&10; 6]);
    let summary = month.ledger.sub_user(&key("1")).unwrap();
    let (used, _) = summary.used_between(at(0, 5 * 60), at(0, 6 * 60)).unwrap();
    assert_eq!(used, Bytes(20 * MB));
    assert!(month.saved.windows(2).all(|two| two[0].observed < two[1].observed));
    assert_eq!(month.consumed("1"), 60);
}

#[test]
fn a_ledger_goes_on_after_a_restart() {
    let rules = [PeriodRule::Month];
    let mut month = Month::new(&rules);
    month.look(at(0, 0), 0, &[("1", 0)]);
    month.look(at(1, 0), 0, &[("1", 200)]);
    month.look(at(1, 30), 0, &[("1", 240)]);
    let mut again = Ledger::new(TimeZone::UTC, Duration::from_secs(900), &rules);
    let mut standing = std::collections::BTreeMap::new();
    for (subject, stands) in month.saved.iter().flat_map(|pass| &pass.standing) {
        standing.insert(subject.clone(), *stands);
    }
    again.load_spans(None, at(1, 40));
    for (subject, stands) in &standing {
        again.load_standing(subject, *stands);
    }
    for pass in &month.saved {
        for figure in &pass.changed {
            let (day, hour) =
                (pass.observed.to_zoned(TimeZone::UTC).date(), pass.observed.to_zoned(TimeZone::UTC).hour());
            let mut hours = [Bytes(0); 24];
            hours[hour as usize] = figure.used;
            again.load_day(&figure.subject, day, figure.used, Some(&hours));
        }
    }
    month.ledger = again;
    assert_eq!(month.look(at(1, 45), 0, &[("1", 250)]), news(&[("total", 0), ("1", 10)]));
    assert_eq!(month.consumed("1"), 250);
    assert_eq!(month.since("1", at(0, 0)), Some(250));
    let summary = month.ledger.sub_user(&key("1")).unwrap();
    let (used, _) = summary.used_between(at(1, 0), at(1, 45)).unwrap();
    assert_eq!(used.0 / MB, 58, "of a gap of a day the last hour, and the looks after it");
}

#[test]
fn hours_before_the_first_look_are_not_silence_though_the_vendor_told_the_days() {
    let mut month = Month::new(&[]);
    month.look(at(9, 600), 0, &[("1", 500)]);
    let days: Vec<_> = [1, 5, 10].map(|day| (date(2026, 1, day), Bytes(50 * MB))).into();
    let (standing, raised) = month.ledger.backfill(&key("1"), date(2026, 1, 1), &days).unwrap();
    let mut again = Ledger::new(TimeZone::UTC, Duration::from_secs(900), &[]);
    again.load_standing(&Subject::SubUser(key("1")), standing);
    for (day, used) in raised {
        again.load_day(&Subject::SubUser(key("1")), day, used, None);
    }
    again.load_end(at(9, 610));
    month.ledger = again;
    month.look(at(9, 615), 0, &[("1", 501)]);
    let summary = month.ledger.sub_user(&key("1")).unwrap();
    assert_eq!(summary.used_between(at(8, 615), at(9, 615)), None, "a gap is not a pause");
    assert_eq!(summary.used_since_days(date(2026, 1, 2), date(2026, 1, 9)), Some(50 * MB));
}
