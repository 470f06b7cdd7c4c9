//! Every change as a whole request in each dialect, and what a dialect cannot say.

use super::*;
use crate::domain::units::{Bytes, Limit};

const GB: Gigabyte = Gigabyte::Decimal;
const PASSWORD: &str = "Canary_pass1";
const ALL: [Dialect; 3] = [Dialect::Published, Dialect::V1, Dialect::V2];

fn text(request: &ApiRequest) -> String {
    format!("{} {} {}", request.method, request.path, request.body.as_deref().unwrap_or_default())
}

fn new(product: &str) -> NewSubUser {
    NewSubUser { product: Some(product.to_owned()), ..NewSubUser::new("fresh_1", PASSWORD.to_owned().into()) }
}

fn gigabytes(hundredths: u64) -> Limit {
    Limit::Bytes(Bytes(hundredths * 10_000_000))
}

fn moment_of_new_year() -> Option<DateTime> {
    Some("2026-01-01T00:00:00".parse().unwrap())
}

#[test]
fn new_sub_users_as_whole_requests() {
    let full = |product| NewSubUser {
        limit: gigabytes(550),
        auto_disable: Some(true),
        count_from: moment_of_new_year(),
        ..new(product)
    };
    let limited = NewSubUser { limit: gigabytes(550), ..new("mobile") };
    for (dialect, new, expected) in [
        (
            Dialect::Published,
            new("mobile"),
            r#"POST /users/u-1/sub-users {"username":"fresh_1","password":"Canary_pass1","service_type":"mobile"}"#,
        ),
        (
            Dialect::Published,
            limited,
            r#"POST /users/u-1/sub-users {"username":"fresh_1","password":"Canary_pass1","service_type":"mobile","traffic_limit":5.5}"#,
        ),
        (
            Dialect::V1,
            full("residential_proxies"),
            r#"POST /users/u-1/sub-users {"username":"fresh_1","password":"Canary_pass1","service_type":"residential_proxies","traffic_limit":5.5,"auto_disable":true,"traffic_count_from":"2026-01-01 00:00:00"}"#,
        ),
        (
            Dialect::V2,
            new("residential_proxies"),
            r#"POST /sub-users {"username":"fresh_1","password":"Canary_pass1","service_type":"residential_proxies"}"#,
        ),
    ] {
        assert_eq!(text(&create(dialect, &new, GB).unwrap()("u-1")), expected);
    }
}

#[test]
fn changes_hold_changed_fields_only_on_both_routes() {
    use Dialect::{Published, V1, V2};
    use UpdateRoute::{ById, Collection};
    let none = SubUserChange::default;
    let limit = || SubUserChange::of_limit(gigabytes(1234));
    let freeze = || SubUserChange::of_status(SubUserStatus::Disabled);
    let password = || SubUserChange { password: Some(PASSWORD.to_owned().into()), ..none() };
    let cut_off = || SubUserChange { auto_disable: Some(true), ..limit() };
    let counted = || SubUserChange { count_from: moment_of_new_year(), ..none() };
    for (dialect, route, change, expected) in [
        (Published, ById, limit(), r#"PUT /users/u-1/sub-users/7 {"traffic_limit":12.34}"#),
        (Published, Collection, limit(), r#"PUT /users/u-1/sub-users {"traffic_limit":12.34}"#),
        (Published, Collection, password(), r#"PUT /users/u-1/sub-users {"password":"Canary_pass1"}"#),
        (V1, ById, cut_off(), r#"PUT /users/u-1/sub-users/7 {"traffic_limit":12.34,"auto_disable":true}"#),
        (V1, ById, freeze(), r#"PUT /users/u-1/sub-users/7 {"status":"disabled"}"#),
        (V2, ById, freeze(), r#"PUT /sub-users/7 {"status":"disabled"}"#),
        (V2, ById, SubUserChange::of_limit(Limit::Unlimited), r#"PUT /sub-users/7 {"traffic_limit":null}"#),
        (V2, ById, counted(), r#"PUT /sub-users/7 {"traffic_count_from":"2026-01-01 00:00:00"}"#),
    ] {
        assert_eq!(text(&update(dialect, route, "7", &change, GB).unwrap()("u-1")), expected);
    }
}

#[test]
fn deletions_and_the_whitelist_as_whole_requests() {
    let addresses = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    for (dialect, user) in
        [(Dialect::Published, "/users/u-1"), (Dialect::V1, "/users/u-1"), (Dialect::V2, "")]
    {
        let add = add_to_whitelist(dialect, &addresses).unwrap();
        for (request, expected) in [
            (delete(dialect, "u-1", "a/b"), format!("DELETE {user}/sub-users/a%2Fb ")),
            (remove_from_whitelist(dialect, "u-1", "9"), format!("DELETE {user}/whitelisted-ips/9 ")),
            (
                add("u-1"),
                format!(r#"POST {user}/whitelisted-ips {{"IPAddressList":["192.0.2.1","2001:db8::1"]}}"#),
            ),
        ] {
            assert_eq!(text(&request), expected);
            assert!(!request.is_read());
        }
        assert!(add_to_whitelist(dialect, &[]).is_err());
    }
}

#[test]
fn what_a_dialect_cannot_say_it_says_what_to_use_instead() {
    let none = SubUserChange::default;
    let published = |change: &SubUserChange| {
        update(Dialect::Published, UpdateRoute::ById, "7", change, GB).err().unwrap().to_string()
    };
    for (change, told) in [
        (
            SubUserChange::of_status(SubUserStatus::Disabled),
            "Decodo's published contract cannot set a status: lower the limit instead, or use dialect v1 or v2",
        ),
        (
            SubUserChange { auto_disable: Some(true), ..none() },
            "Decodo's published contract has no auto_disable, nor does it say whether a limit cuts off: use dialect v1 or v2",
        ),
        (
            SubUserChange { count_from: moment_of_new_year(), ..none() },
            "Decodo's published contract cannot count from another moment: raise the limit by what was used, or use dialect v1 or v2",
        ),
        (
            SubUserChange::of_limit(Limit::Unlimited),
            "Decodo's published contract cannot lift a limit, for traffic_limit is a number there: write a high one, or use dialect v1 or v2",
        ),
    ] {
        assert_eq!(published(&change), told);
    }
    let limit = SubUserChange::of_limit(gigabytes(100));
    let lifetime = SubUserChange { lifetime: Some(true), ..none() };
    for dialect in ALL {
        let refuse = |change: &SubUserChange| {
            update(dialect, UpdateRoute::ById, "7", change, GB).err().unwrap().to_string()
        };
        assert_eq!(
            refuse(&lifetime),
            "Decodo knows no lifetime: its counters reset with the subscription, or run from traffic_count_from"
        );
        assert_eq!(refuse(&none()), "nothing is to change: say at least one field");
        assert_eq!(
            refuse(&SubUserChange::of_limit(Limit::Blocked)),
            "a limit of 0 is never written: disable the sub-user instead"
        );
        let collection = update(dialect, UpdateRoute::Collection, "7", &limit, GB);
        assert_eq!(collection.is_ok(), dialect == Dialect::Published);
    }
}
