//! Every answer in the published shape and in the real one.

use jiff::civil::date;

use super::*;
use crate::domain::units::Limit;

const GB: Gigabyte = Gigabyte::Decimal;

/// Name, id, limit, whether it is enforced, usage.
type Facts = (String, Option<String>, Option<Limit>, Option<bool>, Option<(u64, Window)>);

fn facts(body: &str) -> Vec<Facts> {
    sub_users(body.as_bytes(), GB)
        .unwrap()
        .into_iter()
        .map(|row| {
            let usage = row.usage.map(|usage| (usage.traffic.0, usage.window));
            (
                row.username.to_string(),
                row.id.map(|id| id.0.to_string()),
                row.limit,
                row.limit_enforced,
                usage,
            )
        })
        .collect()
}

#[test]
fn sub_users_published() {
    let body = r#"[
        {"id":"a-1","username":"one","service_type":"residential","traffic_limit":10.5,"traffic_used":1.25,
         "status":"active","created":"2026-01-02T03:04:05Z"},
        {"username":"two","service_type":"mobile"},
        {"username":"three","service_type":"isp","traffic_limit":null,"traffic_used":0}
    ]"#;
    let limit = Some(Limit::Bytes(Bytes(10_500_000_000)));
    assert_eq!(
        facts(body),
        [
            ("one".into(), Some("a-1".into()), limit, None, Some((1_250_000_000, Window::Unknown))),
            ("two".into(), None, None, None, None),
            ("three".into(), None, Some(Limit::Unlimited), Some(false), Some((0, Window::Unknown))),
        ]
    );
}

#[test]
fn f19_limits_given_twice_are_evidence() {
    let body = br#"[
        {"username":"old","traffic_limit":3},
        {"username":"new","traffic_limit":3,"traffic_limit_bytes":3221225472},
        {"username":"open","traffic_limit":null,"traffic_limit_bytes":null},
        {"username":"blocked","traffic_limit":0,"traffic_limit_bytes":0}
    ]"#;
    let evidence = gigabyte_evidence(body).unwrap();
    assert_eq!(evidence.len(), 1);
    assert_eq!((&*evidence[0].sub_user, evidence[0].implies()), ("new", Some(Gigabyte::Binary)));
}

#[test]
fn sub_users_real() {
    // The first row is the vendor's own README; the second carries the newer fields, in which bytes go first.
    let body = r#"[
        {"id":24570,"username":"name","status":"active","created_at":"2019-03-23 13:08","traffic":1.13,
         "traffic_limit":null,"service_type":"residential_proxies","traffic_count_from":"2019-03-23 13:10","auto_disable":false},
        {"id":24571,"uuid":"8b6c","username":"new","traffic":0.67,"traffic_bytes":671234567,"traffic_limit":3,
         "traffic_limit_bytes":3221225472,"usage_limit":3,"traffic_count_from":"2026-08-12 23:21:56","auto_disable":true},
        {"uuid":"8b6d","username":"zero","traffic_limit":0,"traffic_limit_bytes":null,"auto_disable":true}
    ]"#;
    let since = |text: &str| Window::Since(text.parse().unwrap());
    assert_eq!(
        facts(body),
        [
            (
                "name".into(),
                Some("24570".into()),
                Some(Limit::Unlimited),
                Some(false),
                Some((1_130_000_000, since("2019-03-23T13:10")))
            ),
            (
                "new".into(),
                Some("24571".into()),
                Some(Limit::Bytes(Bytes(3_221_225_472))),
                Some(true),
                Some((671_234_567, since("2026-08-12T23:21:56")))
            ),
            ("zero".into(), Some("8b6d".into()), Some(Limit::Blocked), Some(true), None),
        ]
    );
}

#[test]
fn the_vendors_flag_is_kept_as_it_stands_cap_or_none() {
    let body = br#"[
        {"username":"open","traffic_limit":null,"auto_disable":true},
        {"username":"loose","traffic_limit":3,"auto_disable":false},
        {"username":"published","traffic_limit":3}
    ]"#;
    let flags: Vec<_> = sub_users(body, GB).unwrap().iter().map(|row| row.auto_disable).collect();
    assert_eq!(flags, [Some(true), Some(false), None]);
}

#[test]
fn traffic_published_and_real() {
    let published = r#"{"username":"one","traffic_used":1.5,"traffic_limit":10,"requests_count":42,
                        "period_start":"2026-01-01","period_end":"2026-01-31"}"#;
    let report = traffic(published.as_bytes(), None, GB).unwrap();
    let window = Window::Dates(date(2026, 1, 1), date(2026, 1, 31));
    assert_eq!(report.usage, Usage { traffic: Bytes(1_500_000_000), requests: Some(42), window });

    for real in [r#"{"traffic":0.04}"#, r#"{"traffic":0.04,"traffic_rx":0.03,"traffic_tx":0.01}"#] {
        let report = traffic(real.as_bytes(), None, GB).unwrap();
        assert_eq!(
            report.usage,
            Usage { traffic: Bytes(40_000_000), requests: None, window: Window::Unknown },
            "{real}"
        );
    }
    let asked = Window::Dates(date(2026, 1, 3), date(2026, 1, 4));
    assert_eq!(traffic(br#"{"traffic":1}"#, Some(asked.clone()), GB).unwrap().usage.window, asked);
    assert!(traffic(b"{}", None, GB).is_err(), "absent is unknown, not 0");
}

#[test]
fn allocated_published_and_real() {
    let published =
        allocated(br#"{"total_allocated":120,"total_used":34.5,"sub_user_count":7}"#, GB).unwrap();
    assert_eq!(
        (published.traffic, published.allocated, published.sub_users),
        (Some(Bytes(34_500_000_000)), Some(Bytes(120_000_000_000)), Some(7))
    );
    let real = allocated(br#"{"allocated_traffic_limit":728}"#, GB).unwrap();
    assert_eq!((real.traffic, real.allocated, real.sub_users), (None, Some(Bytes(728_000_000_000)), None));
}

#[test]
fn subscriptions_published_and_real() {
    let published = r#"[
        {"id":"s-1","plan_name":"Pro","service_type":"residential","status":"active","traffic_limit":100,
         "traffic_used":12.34,"valid_from":"2026-01-10","valid_until":"2026-02-09"},
        {"id":"s-2","plan_name":"Pro","service_type":"mobile"},
        {}
    ]"#;
    let plans = subscriptions(published.as_bytes(), GB).unwrap();
    let names: Vec<_> = plans.iter().map(|plan| &*plan.name).collect();
    assert_eq!(names, ["Pro s-1", "Pro s-2", "subscription"]);
    assert_eq!(plans[0].traffic, Some(Bytes(12_340_000_000)));
    assert_eq!(plans[0].limit, Some(Limit::Bytes(Bytes(100_000_000_000))));
    assert_eq!(plans[0].valid_until, Some(date(2026, 2, 9)));
    assert_eq!((plans[1].traffic, plans[1].limit), (None, None));

    let real = r#"{"traffic_limit":"50","traffic_per_period":"0.15","users_limit":3,"ip_address_limit":2,
                   "valid_from":"2018-11-08","valid_until":"2019-06-30","service_type":"residential_proxies"}"#;
    let plans = subscriptions(real.as_bytes(), GB).unwrap();
    assert_eq!(plans.len(), 1);
    assert_eq!(&*plans[0].name, "residential_proxies");
    assert_eq!(plans[0].traffic, Some(Bytes(150_000_000)));
    assert_eq!(plans[0].limit, Some(Limit::Bytes(Bytes(50_000_000_000))));
    assert_eq!(plans[0].valid_from, Some(date(2018, 11, 8)));

    assert_eq!(subscriptions(b"[]", GB).unwrap(), []);
    let told = subscriptions(br#"[{"traffic_limit":-1}]"#, GB).unwrap_err().to_string();
    assert_eq!(
        told,
        "subscriptions: the answer could not be read: at [0].traffic_limit: a negative number where none can be at line 1 column 20"
    );
    assert!(subscriptions(b"3", GB).is_err());
}

#[test]
fn every_plan_has_a_name_of_its_own() {
    for (body, expected) in [
        (r#"[{"id":7},{"id":7},{"id":7}]"#, ["7 7", "7 7 2", "7 7 3"]),
        (r#"[{"plan_name":"Pro 2"},{"plan_name":"Pro"},{"plan_name":"Pro"}]"#, ["Pro 2", "Pro 1", "Pro 2 2"]),
        (r#"[{"plan_name":"Pro"},{"plan_name":"Pro"},{"plan_name":"Pro 2"}]"#, ["Pro 1", "Pro 2", "Pro 2 2"]),
    ] {
        let plans = subscriptions(body.as_bytes(), GB).unwrap();
        let names: Vec<_> = plans.iter().map(|plan| &*plan.name).collect();
        assert_eq!(names, expected, "{body}");
    }
}

#[test]
fn whitelist_published_and_real() {
    let published =
        whitelist(br#"[{"id":"w-1","ip_address":"192.0.2.1","created":"2026-01-01T00:00:00Z"}]"#).unwrap();
    let real =
        whitelist(br#"[{"id":69489,"ip":"127.0.0.1","enabled":true,"created_at":"2019-05-22 12:44"}]"#)
            .unwrap();
    assert_eq!((&*published[0].id, &*published[0].address, published[0].enabled), ("w-1", "192.0.2.1", None));
    assert_eq!((&*real[0].id, &*real[0].address, real[0].enabled), ("69489", "127.0.0.1", Some(true)));
    assert_eq!(real[0].created.as_deref(), Some("2019-05-22 12:44"));
}

#[test]
fn endpoints_published_and_real() {
    let published =
        r#"[{"host":"gate.example.com","port":7000,"type":"random","location":"us","protocol":"HTTP"}]"#;
    let one = endpoints(published.as_bytes()).unwrap().remove(0);
    assert_eq!((one.host.as_deref(), one.ports.as_deref()), (Some("gate.example.com"), Some("7000")));
    let groups = r#"[{"type":"random","available_locations":"148","url":"endpoints/random"}]"#;
    let group = endpoints(groups.as_bytes()).unwrap().remove(0);
    assert_eq!((group.kind.as_deref(), group.available_locations), (Some("random"), Some(148)));
    let real = r#"[{"location":"Random","hostname":"gate.smartproxy.com","port_range":"7000"}]"#;
    let one = endpoints(real.as_bytes()).unwrap().remove(0);
    assert_eq!((one.host.as_deref(), one.ports.as_deref()), (Some("gate.smartproxy.com"), Some("7000")));
}

#[test]
fn login_in_the_form_of_both() {
    let login = login(br#"{"user_id":"d3af2539","token":"abc"}"#).unwrap();
    assert_eq!(login.user_id.as_deref(), Some("d3af2539"));
}

#[test]
fn one_sub_user_alone() {
    // The vendor's v2 specification: one object with the fields of the list.
    let body = br#"{"id":24570,"username":"name","status":"disabled","traffic":1.13,"traffic_limit":2,"auto_disable":true}"#;
    let row = one_sub_user(body, GB).unwrap();
    assert_eq!((&*row.username, row.status.as_deref()), ("name", Some("disabled")));
    assert_eq!(row.limit, Some(Limit::Bytes(Bytes(2_000_000_000))));
    assert!(one_sub_user(b"[]", GB).is_err());
}
