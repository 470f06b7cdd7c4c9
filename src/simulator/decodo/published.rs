//! The published v1 contract, to the letter of its OpenAPI document.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::account::Account;
use super::super::exchange::{Answer, Call};
use super::super::operation::{Operation, Route};
use super::super::sub_user::{Status, SubUser};
use super::super::wire;
use super::{HOST, error, not_found};

/// Whether the body holds the credentials.
pub(super) fn login(account: &Account, call: &Call) -> bool {
    call.object().is_some_and(|body| {
        let is = |key: &str, value: &str| body.get(key).and_then(Value::as_str) == Some(value);
        is("username", &account.spec.username) && is("password", &account.spec.secret)
    })
}

pub(super) fn answer(account: &mut Account, operation: Operation, route: &Route<'_>) -> Answer {
    match operation {
        Operation::ListSubUsers => Answer::ok(account.listed().map(|user| row(account, user)).collect()),
        Operation::Statistics => match account.by_name(route.parameter) {
            Some(user) => Answer::ok(traffic(account, user)),
            None => not_found(account, "Sub user not found"),
        },
        Operation::AllocatedTraffic => Answer::ok(allocated(account)),
        Operation::Subscriptions => Answer::ok(json!([subscription(account)])),
        Operation::ListWhitelist => Answer::ok(whitelist(account)),
        Operation::Endpoints => Answer::ok(KINDS.iter().flat_map(|kind| endpoints(kind)).collect()),
        Operation::EndpointsOfType if KINDS.contains(&route.parameter) => {
            Answer::ok(endpoints(route.parameter).into())
        }
        _ => error(StatusCode::NOT_FOUND, "not_found", "Not found"),
    }
}

const KINDS: [&str; 4] = ["random", "sticky", "datacenter", "mobile"];

/// A sub-user; one without a cap has no `traffic_limit`, for the contract's schema forbids the `null` of its prose.
pub(super) fn row(account: &Account, user: &SubUser) -> Value {
    let gigabyte = account.spec.gigabyte;
    let status = match user.status {
        Status::Active => "active",
        Status::Disabled | Status::CutOff => "suspended",
        Status::Deleted => "deleted",
    };
    let mut row = json!({
        "id": user.id.to_string(),
        "username": user.username,
        "service_type": account.product(user),
        "traffic_used": wire::traffic(account.counter(user), gigabyte),
        "status": status,
        "created": whole_second(user.created),
    });
    add_limit(&mut row, account, user);
    row
}

fn traffic(account: &Account, user: &SubUser) -> Value {
    let mut traffic = json!({
        "username": user.username,
        "traffic_used": wire::traffic(account.counter(user), account.spec.gigabyte),
        "requests_count": account.requests(user),
        "period_start": wire::date(account.period.start).to_string(),
        "period_end": account.last_day().to_string(),
    });
    add_limit(&mut traffic, account, user);
    traffic
}

fn add_limit(row: &mut Value, account: &Account, user: &SubUser) {
    let limit = wire::limit(user.limit, account.spec.gigabyte);
    if let (Some(row), true) = (row.as_object_mut(), account.spec.null_limits || !limit.is_null()) {
        row.insert("traffic_limit".into(), limit);
    }
}

fn allocated(account: &Account) -> Value {
    let gigabyte = account.spec.gigabyte;
    json!({
        "total_allocated": wire::number(gigabyte.from_bytes(account.allocated()).normalize()),
        "total_used": wire::traffic(account.total(), gigabyte),
        "sub_user_count": account.listed().filter(|user| user.status == Status::Active).count(),
    })
}

fn subscription(account: &Account) -> Value {
    let mut plan = Map::new();
    plan.insert("id".into(), json!((account.seed % 100_000).to_string()));
    plan.insert("plan_name".into(), json!(format!("{} monthly", account.spec.product)));
    plan.insert("service_type".into(), json!(account.spec.product));
    plan.insert("status".into(), json!("active"));
    plan.insert("traffic_used".into(), wire::traffic(account.total(), account.spec.gigabyte));
    plan.insert("valid_from".into(), json!(wire::date(account.period.start).to_string()));
    plan.insert("valid_until".into(), json!(account.last_day().to_string()));
    let limit = wire::limit(account.plan, account.spec.gigabyte);
    if !limit.is_null() {
        plan.insert("traffic_limit".into(), limit);
    }
    plan.into()
}

fn whitelist(account: &Account) -> Value {
    let rows = account.whitelist.iter().map(|entry| {
        json!({
            "id": entry.id.to_string(),
            "ip_address": entry.address,
            "created": whole_second(entry.created),
        })
    });
    rows.collect()
}

fn endpoints(kind: &str) -> Vec<Value> {
    let first = match kind {
        "random" => 7000,
        "sticky" => 10_001,
        "datacenter" => 20_001,
        _ => 30_001,
    };
    let locations = ["random", "us", "de"];
    locations
        .iter()
        .zip(first..)
        .map(|(location, port)| {
            json!({ "host": HOST, "port": port, "type": kind, "location": location, "protocol": "HTTP" })
        })
        .collect()
}

fn whole_second(at: jiff::Timestamp) -> String {
    wire::utc(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
