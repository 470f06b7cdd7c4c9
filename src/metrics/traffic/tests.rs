//! Whole texts of what is encoded, fresh and stale.

use std::sync::Arc;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::budget::selector::Selector;
use crate::domain::example;
use crate::domain::traffic::{AccountUsage, SubUser, Subscription, TargetUsage, Usage, Window};
use crate::domain::units::{Bytes, Limit};

fn account() -> Account {
    Account { plan: Some(Bytes(500)), ..example::account() }
}

fn start() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

fn after(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

fn tolerances() -> Tolerances {
    Collector::ALL.map(|collector| (collector, Duration::from_secs(20 * 60))).into()
}

fn sub_user(id: &str, name: &str, traffic: Option<u64>, limit: Option<Limit>) -> SubUser {
    SubUser {
        status: Some("active".into()),
        limit,
        limit_enforced: limit.map(|limit| limit != Limit::Unlimited),
        auto_disable: None,
        usage: traffic.map(|bytes| Usage {
            traffic: Bytes(bytes),
            requests: Some(3),
            window: Window::Period,
        }),
        ..example::sub_user(id, name)
    }
}

fn target(name: &str, bytes: u64, requests: Option<u64>) -> TargetUsage {
    TargetUsage { target: name.into(), traffic: Bytes(bytes), requests }
}

fn snapshot() -> Snapshot {
    let usage = AccountUsage {
        traffic: Some(Bytes(100)),
        period_start: Some(date(2026, 1, 1)),
        as_of: Some(date(2026, 1, 15)),
        ..AccountUsage::default()
    };
    let rows = vec![
        sub_user("1", "a", Some(60), Some(Limit::Bytes(Bytes(70)))),
        sub_user("2", "open \"x\"\n", Some(0), Some(Limit::Unlimited)),
        sub_user("3", "blocked", Some(5), Some(Limit::Blocked)),
        sub_user("4", "silent", None, None),
    ];
    let plan = Subscription {
        name: "Pro".into(),
        product: Some("residential".into()),
        status: None,
        traffic: Some(Bytes(12)),
        limit: Some(Limit::Unlimited),
        valid_from: Some(date(2026, 1, 1)),
        valid_until: Some(date(2026, 1, 31)),
    };
    let reading = |value| Reading { observed: start(), value };
    let mut snapshot = Snapshot { account: Some(reading(usage)), ..Snapshot::default() };
    snapshot.subscriptions = Some(Arc::new(Reading { observed: start(), value: vec![plan] }));
    let day = |day, list| (date(2026, 1, day), Reading { observed: start(), value: list });
    snapshot = snapshot.with_sub_users(start(), rows);
    let days = [
        day(14, vec![target("big.example", 40, Some(4)), target("b.example", 1, Some(1))]),
        day(
            15,
            vec![
                target("b.example", 9, Some(1)),
                target("c.example", 10, Some(1)),
                target("d.example", 2, None),
            ],
        ),
    ];
    snapshot.targets.insert(snapshot.rows()[0].sub_user.key(), Arc::new(days.into()));
    snapshot
}

fn text(collector: Collector, snapshot: &Snapshot, now: Timestamp) -> String {
    let encoded = encode(collector, &account(), snapshot, &tolerances(), 2, &owners(), now);
    let text: Vec<_> = encoded.segments.iter().flat_map(|(_, segment)| segment.text().to_vec()).collect();
    String::from_utf8(text).unwrap().replace("provider=\"oxylabs\",account=\"acme\"", "…")
}

fn owners() -> Owners {
    let name = Selector::new("a").unwrap();
    Owners::new(vec![(name, vec!["ops".into(), "crawlers".into()])])
}

#[test]
fn the_account() {
    insta::assert_snapshot!(text(Collector::Account, &snapshot(), after(1)), @r#"
    proxymeter_account_traffic_bytes{…} 100
    proxymeter_account_plan_bytes{…} 500
    proxymeter_account_sub_users{…} 4
    proxymeter_account_stale_sub_users{…} 1
    proxymeter_account_period_start_timestamp_seconds{…} 1767225600
    proxymeter_account_period_end_timestamp_seconds{…} 1769904000
    proxymeter_account_info{…,writes="false",gigabyte="decimal",dialect="v2"} 1
    "#);
}

#[test]
fn sub_users() {
    insta::assert_snapshot!(text(Collector::SubUsers, &snapshot(), after(1)), @r#"
    proxymeter_sub_user_traffic_bytes{…,product="mobile",sub_user="a"} 60
    proxymeter_sub_user_traffic_bytes{…,product="mobile",sub_user="open \"x\"\n"} 0
    proxymeter_sub_user_traffic_bytes{…,product="mobile",sub_user="blocked"} 5
    proxymeter_sub_user_traffic_limit_bytes{…,product="mobile",sub_user="a"} 70
    proxymeter_sub_user_traffic_limit_bytes{…,product="mobile",sub_user="blocked"} 0
    proxymeter_sub_user_requests{…,product="mobile",sub_user="a"} 3
    proxymeter_sub_user_requests{…,product="mobile",sub_user="open \"x\"\n"} 3
    proxymeter_sub_user_requests{…,product="mobile",sub_user="blocked"} 3
    proxymeter_sub_user_limit_enforced{…,product="mobile",sub_user="a"} 1
    proxymeter_sub_user_limit_enforced{…,product="mobile",sub_user="open \"x\"\n"} 0
    proxymeter_sub_user_limit_enforced{…,product="mobile",sub_user="blocked"} 1
    proxymeter_sub_user_info{…,product="mobile",sub_user="a",sub_user_id="1",status="active",owner="ops,crawlers"} 1
    proxymeter_sub_user_info{…,product="mobile",sub_user="open \"x\"\n",sub_user_id="2",status="active",owner=""} 1
    proxymeter_sub_user_info{…,product="mobile",sub_user="blocked",sub_user_id="3",status="active",owner=""} 1
    proxymeter_sub_user_info{…,product="mobile",sub_user="silent",sub_user_id="4",status="active",owner=""} 1
    "#);
}

#[test]
fn targets_keep_their_sum() {
    insta::assert_snapshot!(text(Collector::Targets, &snapshot(), after(1)), @r#"
    proxymeter_target_traffic_bytes{…,product="mobile",sub_user="a",target="big.example"} 40
    proxymeter_target_traffic_bytes{…,product="mobile",sub_user="a",target="b.example"} 10
    proxymeter_target_traffic_bytes{…,product="mobile",sub_user="a",target="_other"} 12
    proxymeter_target_requests{…,product="mobile",sub_user="a",target="big.example"} 4
    proxymeter_target_requests{…,product="mobile",sub_user="a",target="b.example"} 2
    "#);
}

#[test]
fn subscriptions_end_with_their_last_day() {
    insta::assert_snapshot!(text(Collector::Subscriptions, &snapshot(), after(1)), @r#"
    proxymeter_subscription_traffic_bytes{…,product="residential",subscription="Pro"} 12
    proxymeter_subscription_valid_until_timestamp_seconds{…,product="residential",subscription="Pro"} 1769904000
    "#);
}

#[test]
fn what_is_too_old_disappears_and_never_reads_0() {
    for collector in [Collector::SubUsers, Collector::Targets, Collector::Subscriptions] {
        assert_eq!(text(collector, &snapshot(), after(21)), "");
    }
    insta::assert_snapshot!(text(Collector::Account, &snapshot(), after(21)), @r#"
    proxymeter_account_plan_bytes{…} 500
    proxymeter_account_info{…,writes="false",gigabyte="decimal",dialect="v2"} 1
    "#);
}

#[test]
fn a_figure_that_is_older_than_its_list_disappears_alone() {
    let relisted =
        snapshot().with_sub_users(after(15), vec![sub_user("1", "a", None, Some(Limit::Bytes(Bytes(70))))]);
    insta::assert_snapshot!(text(Collector::SubUsers, &relisted, after(21)), @r#"
    proxymeter_sub_user_traffic_limit_bytes{…,product="mobile",sub_user="a"} 70
    proxymeter_sub_user_limit_enforced{…,product="mobile",sub_user="a"} 1
    proxymeter_sub_user_info{…,product="mobile",sub_user="a",sub_user_id="1",status="active",owner="ops,crawlers"} 1
    "#);
}

#[test]
fn series_are_right_until_the_first_reading_is_too_old_or_the_period_ends() {
    let until = |collector, now| {
        encode(collector, &account(), &snapshot(), &tolerances(), 2, &owners(), now).valid_until
    };
    assert_eq!(until(Collector::SubUsers, after(1)), after(20));
    assert_eq!(until(Collector::SubUsers, after(21)), Timestamp::MAX, "nothing is left to disappear");
    let long: Tolerances =
        Collector::ALL.map(|collector| (collector, Duration::from_secs(90 * 86400))).into();
    let encoded = encode(Collector::Account, &account(), &snapshot(), &long, 2, &owners(), after(1));
    assert_eq!(encoded.valid_until.to_string(), "2026-02-01T00:00:00Z");
}
