//! What stands still, what is to come, and targets other than sub-users.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::date;

use super::*;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::BurnRule;
use crate::domain::history::Summary;
use crate::domain::snapshot::Reading;
use crate::domain::traffic::{Subscription, TargetUsage};

const HOUR: u64 = 3_600;

fn seconds(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

/// Busy in every hour of the two days before, and on every day of the two weeks before.
fn busy(gigabytes_an_hour: u64) -> Summary {
    let mut summary = Summary::default();
    for day in 0..14 {
        summary.set_day(date(2026, 1, 6) + day.days(), Bytes(24 * gigabytes_an_hour * GB));
    }
    for hour in 0..48 {
        summary.set_hour(at(17, 0) + i64::from(hour).hours(), Bytes(gigabytes_an_hour * GB));
    }
    summary
}

#[test]
fn f18_figures_that_stand_still_are_flagged_before_they_jump() {
    let mut month = Month::new(vec![ladder(&[50, 80, 100])]);
    month.summary = Some(busy(1));
    month.total = Some(10);
    let mut seen = vec![];
    for minute in (0..=360).step_by(5) {
        month.look(at(19, 0) + i64::from(minute).minutes(), &[("1", "a", 10)]);
        seen.extend(told(&month.events).into_iter().map(|event| (minute, event)));
    }
    assert_eq!(seen, [(180, "stuck Everything".to_owned())], "flagged once");
    month.total = Some(110);
    month.look(at(19, 6) + 5.minutes(), &[("1", "a", 110)]);
    assert_eq!(told(&month.events), ["fired a t100 [t50 t80 t100]", "moving Everything"]);
}

#[test]
fn f18_sub_users_that_stand_still_while_the_total_moves_are_flagged() {
    let mut month = Month::new(vec![ladder(&[80])]);
    let mut seen = vec![];
    for hour in 0..5 {
        month.total = Some(20 + hour);
        month.look(at(2, 0) + i64::try_from(hour).unwrap().hours(), &[("1", "a", 10)]);
        seen.extend(told(&month.events).into_iter().map(|event| (hour, event)));
    }
    assert_eq!(seen, [(3, "stuck SubUsers".to_owned())]);
}

#[test]
fn a_forecast_fires_before_the_amount_is_used() {
    let runs_out = Threshold::new("runs-out", Condition::Forecast(Share::WHOLE));
    let mut month = Month::new(vec![Budget { thresholds: vec![runs_out], ..with_amount("700GB", &[]) }]);
    month.look(at(19, 0), &[("1", "a", 456)]);
    assert_eq!(told(&month.events), NOTHING, "silent without history");
    month.summary = Some(busy(1));
    month.look(at(19, 1), &[("1", "a", 456)]);
    assert_eq!(told(&month.events), ["fired a runs-out [runs-out]"], "24 GB a day, 12 days to come");
    month.summary = None;
    month.look(at(19, 2), &[("1", "a", 456)]);
    assert_eq!(month.open("a"), ["runs-out unknown"]);
}

#[test]
fn burning_fires_over_both_windows() {
    let rule = BurnRule { factor: Share::percent(600), long: seconds(3 * HOUR), short: seconds(HOUR / 2) };
    let fast = vec![Threshold::new("fast", Condition::Burn(rule))];
    let mut month = Month::new(vec![Budget { thresholds: fast, ..with_amount("744GB", &[]) }]);
    month.summary = Some(busy(5));
    month.look(at(19, 0), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), NOTHING, "5 times the pace that just lasts");
    month.summary = Some(busy(7));
    month.look(at(19, 0) + 5.minutes(), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), ["fired a fast [fast]"]);
}

#[test]
fn reasons_are_words_that_a_manager_understands() {
    let rule = BurnRule { factor: Share::percent(300), long: seconds(3 * HOUR), short: seconds(HOUR / 2) };
    let thresholds = vec![
        Threshold::new("warn", Condition::Used(Share::percent(80))),
        Threshold::new("runs-out", Condition::Forecast(Share::WHOLE)),
        Threshold::new("fast", Condition::Burn(rule)),
        Threshold::new("open", Condition::Uncapped),
        Threshold::new("silent", Condition::Silent(seconds(24 * HOUR))),
    ];
    let mut month = Month::new(vec![Budget { thresholds, ..with_amount("744GB", &[]) }]);
    month.look(at(20, 0), &[("1", "a", 440)]);
    assert_eq!(month.explained(at(20, 0))[1], "not known: there is too little history to judge by");
    month.summary = Some(busy(4));
    month.limit = Some(Limit::Unlimited);
    month.look(at(19, 0), &[("1", "a", 440)]);
    insta::assert_snapshot!(month.explained(at(19, 0)).join("\n"), @r"
    440.00 GB of 744.00 GB used, 59.13 %; the threshold is 80 %; at this pace 3 days left, the period needs 12
    as the last weeks went 1.59 TB of 744.00 GB by the reset, 1.59 TB to 1.59 TB, runs out on the 23rd, 9 days before the reset; the threshold is 100 %
    at the pace of the last 30 minutes 3 days left, the period needs 12; 4.0 and 4.0 times the pace that just lasts, the threshold is 3
    the vendor has no limit for it
    96.00 GB used in the last 24 hours
    ");
    let stale = "not known: the newest figure is of 2026-01-20 00:00 UTC and too old";
    assert_eq!(month.explained(at(19, 1))[0], stale);
}

#[test]
fn who_normally_uses_and_now_does_not_is_silent() {
    let silent = vec![Threshold::new("silent", Condition::Silent(seconds(24 * HOUR)))];
    let mut month = Month::new(vec![Budget { thresholds: silent, ..ladder(&[]) }]);
    let mut summary = busy(1);
    month.summary = Some(summary.clone());
    month.look(at(19, 0), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), NOTHING);
    for hour in 0..24 {
        summary.set_hour(at(19, 0) + i64::from(hour).hours(), Bytes(0));
    }
    month.summary = Some(summary);
    month.look(at(20, 0), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), ["fired a silent [silent]", "stuck Everything"], "there is nobody else");
}

#[test]
fn f3_a_plan_is_judged_in_its_own_dates_the_last_one_included() {
    let plan = |name: &str, from, until| Subscription {
        name: name.into(),
        product: None,
        status: None,
        traffic: Some(Bytes(45 * GB)),
        limit: Some(Limit::Bytes(Bytes(50 * GB))),
        valid_from: Some(from),
        valid_until: Some(until),
    };
    let mut month =
        Month::new(vec![Budget { per: Per::Subscription, ..with_amount("100% of limit", &[80]) }]);
    let now = at(30, 23);
    let value = vec![
        plan("ending", date(2026, 1, 1), date(2026, 1, 31)),
        plan("over", date(2025, 12, 1), date(2026, 1, 30)),
    ];
    month.snapshot.subscriptions = Some(Arc::new(Reading { observed: now, value }));
    month.evaluate(now);
    let reason = "nobody says when the period starts; set billing_day";
    assert_eq!(
        told(&month.events),
        ["fired ending t80 [t80] at first look".to_owned(), format!("unjudged 1 [over]: {reason}")]
    );
}

#[test]
fn a_domain_is_at_least_what_the_days_that_were_read_say() {
    let mut month = Month::new(vec![Budget { per: Per::Target, ..ladder(&[80]) }]);
    let read = |month: &mut Month, minute: i64, day: i8, gigabytes: u64| {
        let usage =
            TargetUsage { target: "shop.example".into(), traffic: Bytes(gigabytes * GB), requests: None };
        let reading = Reading { observed: at(2, 0) + minute.minutes(), value: vec![usage] };
        let (key, first) = (SubUserKey("1".into()), date(2026, 1, 1));
        month.snapshot = month.snapshot.with_targets(key, date(2026, 1, day), reading, first);
    };
    read(&mut month, 0, 1, 30);
    read(&mut month, 0, 3, 30);
    month.look(at(2, 0), &[("1", "a", 60)]);
    let reason = "1 part of the sum is old or missing";
    assert_eq!(told(&month.events), [format!("unjudged 1 [shop.example]: {reason}")], "the 2nd is missing");
    read(&mut month, 5, 3, 60);
    month.look(at(2, 0) + 5.minutes(), &[("1", "a", 90)]);
    assert_eq!(
        told(&month.events),
        ["fired shop.example t80 [t80]", "judged again: parts_missing"],
        "it is over whatever the 2nd says"
    );
}
