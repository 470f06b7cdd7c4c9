//! What is counted, and how it reads in both formats.

use super::*;

const ACME: Owner<'_> = Owner { provider: "oxylabs", account: "acme" };
const OTHER: Owner<'_> = Owner { provider: "oxylabs", account: "other" };

fn metrics() -> OwnMetrics {
    let own = OwnMetrics::new("1.2.3").unwrap();
    own.register(ACME, Collector::Account, Duration::from_secs(300), Duration::from_secs(1200));
    own
}

fn lines(own: &OwnMetrics, format: Format, part: &str) -> String {
    let text = own.encode(format);
    text.lines().filter(|line| line.contains(part)).fold(String::new(), |all, line| all + line + "\n")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(second * 1000 + 500).unwrap()
}

#[test]
fn a_known_collector_starts_with_every_reason_at_0_and_says_nothing_of_its_health() {
    let own = metrics();
    let failures = lines(&own, Format::Text, "collector_failures_total{");
    assert_eq!(failures.lines().count(), FailureReason::ALL.len());
    assert!(failures.lines().all(|line| line.ends_with(" 0")), "{failures}");
    assert_eq!(lines(&own, Format::Text, "collector_up"), "");
    assert_eq!(lines(&own, Format::Text, "last_attempt"), "");
}

#[test]
fn passes_and_calls_are_told_in_both_formats() {
    let own = metrics();
    own.attempt(ACME, Collector::Account, at(10));
    own.failure(ACME, Collector::Account, FailureReason::RateLimited);
    own.success(ACME, Collector::Account, at(12), Duration::from_millis(2250));
    own.observed(ACME, Collector::Account, at(11));
    own.call(ACME, "login", Some(200), Duration::from_millis(250));
    own.call(ACME, "login", None, Duration::from_secs(30));
    let text = lines(&own, Format::Text, "proxymeter_");
    let zero_counters = |line: &&str| !(line.contains("failures_total{") && line.ends_with(" 0"));
    insta::assert_snapshot!(
        text.lines().filter(zero_counters).filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
    , @r#"
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.05"} 0
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.1"} 0
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.25"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.5"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="1"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="2.5"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="5"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="10"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="20"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="+Inf"} 2
    proxymeter_api_request_duration_seconds_sum{account="acme",endpoint="login",provider="oxylabs"} 30.25
    proxymeter_api_request_duration_seconds_count{account="acme",endpoint="login",provider="oxylabs"} 2
    proxymeter_api_requests_total{account="acme",code="200",endpoint="login",provider="oxylabs"} 1
    proxymeter_api_requests_total{account="acme",code="none",endpoint="login",provider="oxylabs"} 1
    proxymeter_build_info{version="1.2.3"} 1
    proxymeter_collector_duration_seconds{account="acme",collector="account",provider="oxylabs"} 2.25
    proxymeter_collector_failures_total{account="acme",collector="account",provider="oxylabs",reason="rate_limited"} 1
    proxymeter_collector_interval_seconds{account="acme",collector="account",provider="oxylabs"} 300
    proxymeter_collector_last_attempt_timestamp_seconds{account="acme",collector="account",provider="oxylabs"} 10.5
    proxymeter_collector_last_success_timestamp_seconds{account="acme",collector="account",provider="oxylabs"} 12.5
    proxymeter_collector_overdue{account="acme",collector="account",provider="oxylabs"} 0
    proxymeter_collector_stale_after_seconds{account="acme",collector="account",provider="oxylabs"} 1200
    proxymeter_collector_up{account="acme",collector="account",provider="oxylabs"} 1
    proxymeter_observed_timestamp_seconds{account="acme",collector="account",provider="oxylabs"} 11.5
    "#);
    let open = lines(&own, Format::OpenMetrics, "proxymeter_api_");
    insta::assert_snapshot!(open, @r#"
    # TYPE proxymeter_api_request_duration_seconds histogram
    # UNIT proxymeter_api_request_duration_seconds seconds
    # HELP proxymeter_api_request_duration_seconds Seconds from a request to the vendor's API to the end of its answer.
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.05"} 0
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.1"} 0
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.25"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="0.5"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="1.0"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="2.5"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="5.0"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="10.0"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="20.0"} 1
    proxymeter_api_request_duration_seconds_bucket{account="acme",endpoint="login",provider="oxylabs",le="+Inf"} 2
    proxymeter_api_request_duration_seconds_sum{account="acme",endpoint="login",provider="oxylabs"} 30.25
    proxymeter_api_request_duration_seconds_count{account="acme",endpoint="login",provider="oxylabs"} 2
    # TYPE proxymeter_api_requests counter
    # HELP proxymeter_api_requests Number of requests that proxymeter sent to the vendor's API by the HTTP status of its answer, or none where no answer came.
    proxymeter_api_requests_total{account="acme",code="200",endpoint="login",provider="oxylabs"} 1
    proxymeter_api_requests_total{account="acme",code="none",endpoint="login",provider="oxylabs"} 1
    "#);
}

#[test]
fn an_account_leaves_nothing_behind() {
    let own = metrics();
    own.register(OTHER, Collector::Targets, Duration::from_secs(1), Duration::from_secs(2));
    own.attempt(ACME, Collector::Account, at(10));
    own.no_success(ACME, Collector::Account, Duration::from_secs(1));
    own.call(ACME, "login", Some(500), Duration::from_millis(250));
    own.register_actions(ACME);
    own.remove_account(ACME);
    assert_eq!(lines(&own, Format::Text, "\"acme\""), "");
    assert_eq!(lines(&own, Format::Text, "account=\"other\"").lines().count(), 15);
}

#[test]
fn a_known_account_starts_with_every_action_at_0() {
    let own = metrics();
    own.register_actions(ACME);
    let of = |part: &str| lines(&own, Format::Text, part);
    for (counter, series) in [("actions_total{", 4 * 5), ("actions_blocked_total{", 4 * 17)] {
        assert_eq!(of(counter).lines().count(), series, "{counter}");
    }
    let kinds = ["actions_total{", "actions_blocked_total{", "actions_pending{"];
    let kinds = [&kinds[..], &["restores_due{", "writes_paused{", "account_owner{"]].concat();
    for kind in kinds {
        assert!(!of(kind).is_empty() && of(kind).lines().all(|line| line.ends_with(" 0")), "{}", of(kind));
    }
}

#[test]
fn what_is_known_of_actions_survives_being_known_anew() {
    let own = metrics();
    own.register_actions(ACME);
    own.action(ACME, "freeze", "confirmed");
    own.action(ACME, "freeze", "confirmed");
    own.action_blocked(ACME, "limit", "below_counter");
    own.actions(ACME, 3, 2);
    own.writes_paused(ACME, true);
    own.account_owner(ACME, true);
    own.register_actions(ACME);
    let told = own.encode(Format::Text);
    let told = told.lines().filter(|line| {
        ["actions_", "restores_", "writes_", "_owner"].iter().any(|part| line.contains(part))
            && !line.starts_with('#')
            && !line.ends_with(" 0")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    proxymeter_account_owner{account="acme",provider="oxylabs"} 1
    proxymeter_actions_blocked_total{account="acme",action="limit",provider="oxylabs",reason="below_counter"} 1
    proxymeter_actions_pending{account="acme",provider="oxylabs"} 3
    proxymeter_actions_total{account="acme",action="freeze",outcome="confirmed",provider="oxylabs"} 2
    proxymeter_restores_due{account="acme",provider="oxylabs"} 2
    proxymeter_writes_paused{account="acme",provider="oxylabs"} 1
    "#);
}

#[test]
fn units_follow_the_names() {
    let text = metrics().encode(Format::OpenMetrics);
    assert!(text.contains("# UNIT proxymeter_collector_interval_seconds seconds\n"), "{text}");
    assert!(text.contains("# TYPE proxymeter_collector_failures counter\n"), "{text}");
    assert!(!text.contains("# UNIT proxymeter_build_info"), "{text}");
}

#[test]
fn receivers_start_at_zero_keep_their_counts_over_a_reload_and_are_forgotten_with_their_section() {
    use crate::domain::outbox::{Backlog, Outcome};
    let own = metrics();
    let (ops, pager): (std::sync::Arc<str>, std::sync::Arc<str>) = ("ops".into(), "pager".into());
    own.register_receivers([&ops, &pager]);
    assert_eq!(lines(&own, Format::Text, "notices_total{").lines().count(), 2 * Outcome::ALL.len());
    own.notice("ops", Outcome::Delivered);
    let waiting = Backlog { receiver: ops.clone(), pending: 3, oldest: Timestamp::UNIX_EPOCH };
    own.outbox([&ops, &pager], &[waiting]);
    own.receiver("pager", false);
    assert!(lines(&own, Format::Text, "outbox_pending{receiver=\"ops\"}").ends_with(" 3\n"));
    assert_eq!(lines(&own, Format::Text, "outbox_oldest_timestamp_seconds{").lines().count(), 1);
    own.outbox([&ops, &pager], &[]);
    assert_eq!(lines(&own, Format::Text, "outbox_oldest_timestamp_seconds{"), "", "absent, never 0");
    assert!(lines(&own, Format::Text, "receiver_up{receiver=\"pager\"}").ends_with(" 0\n"));
    own.register_receivers([&ops]);
    assert_eq!(lines(&own, Format::Text, "receiver=\"pager\""), "");
    let delivered = "notices_total{outcome=\"delivered\",receiver=\"ops\"}";
    assert!(lines(&own, Format::Text, delivered).ends_with(" 1\n"));
}
