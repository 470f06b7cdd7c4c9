//! Decodo as it really answers: v1 after the vendor's own README, v2 after its specification and live captures.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::account::{Account, uuid};
use super::super::auth;
use super::super::exchange::{Answer, Call};
use super::super::operation::{Operation, Route};
use super::super::scenario::Dialect;
use super::super::sub_user::{Status, SubUser};
use super::super::wire;
use super::super::workload::mix;
use super::report::split;
use super::{HOST, error, not_found, statistics};

/// Whether the Basic header holds the credentials; v1 logs in without a body.
pub(super) fn login(account: &Account, call: &Call) -> bool {
    auth::basic(&call.headers)
        .is_some_and(|(user, password)| user == account.spec.username && password == account.spec.secret)
}

pub(super) fn answer(account: &mut Account, operation: Operation, route: &Route<'_>, call: &Call) -> Answer {
    match operation {
        Operation::ListSubUsers => {
            let asked = account.listed().filter(|user| is_covered(account.product(user), call));
            Answer::ok(asked.map(|user| row(account, user)).collect())
        }
        Operation::ReadSubUser => match account.by_id(route.parameter) {
            Some(user) => Answer::ok(row(account, user)),
            None => no_sub_user(account),
        },
        Operation::Statistics => traffic(account, route, call).unwrap_or_else(|answer| answer),
        Operation::AllocatedTraffic => {
            let allocated = account.spec.gigabyte.from_bytes(account.allocated()).normalize();
            Answer::ok(json!({ "allocated_traffic_limit": wire::number(allocated) }))
        }
        Operation::Subscriptions if !is_covered(&account.spec.product, call) => Answer::ok(json!([])),
        Operation::Subscriptions => Answer::ok(subscription(account)),
        Operation::ListWhitelist => Answer::ok(whitelist(account)),
        Operation::Endpoints => Answer::ok(json!([
            { "type": "random", "available_locations": "148", "url": "endpoints/random" },
            { "type": "sticky", "available_locations": "148", "url": "endpoints/sticky" },
        ])),
        Operation::EndpointsOfType => endpoints(route.parameter),
        _ => error(StatusCode::NOT_FOUND, "not_found", "Not found"),
    }
}

/// The API answers an empty list for products that it does not cover, and for those that the account has not;
/// source: a client "confirmed by hand".
fn is_covered(product: &str, call: &Call) -> bool {
    let covered = !matches!(product, "datacenter" | "isp");
    covered && call.query("service_type").is_none_or(|asked| asked == service_type(product))
}

fn service_type(product: &str) -> String {
    format!("{product}_proxies")
}

fn no_sub_user(account: &Account) -> Answer {
    not_found(account, "Sub user not found")
}

fn row(account: &Account, user: &SubUser) -> Value {
    let gigabyte = account.spec.gigabyte;
    let counter = account.counter(user);
    let is_v2 = account.spec.dialect == Dialect::DecodoV2;
    let counted_from = if is_v2 { wire::second(user.counted_from) } else { wire::minute(user.counted_from) };
    let mut row = json!({
        "id": user.id,
        "username": user.username,
        "status": if user.status == Status::Active { "active" } else { "disabled" },
        "created_at": wire::minute(user.created),
        "traffic": wire::traffic(counter, gigabyte),
        "traffic_limit": wire::limit(user.limit, gigabyte),
        "service_type": service_type(account.product(user)),
        "traffic_count_from": counted_from,
        "auto_disable": user.auto_disable,
    });
    // Newer fields; source: two TypeScript clients of v2.
    if let (true, Some(row)) = (is_v2, row.as_object_mut()) {
        row.insert("uuid".into(), json!(uuid(mix(account.seed, user.id))));
        row.insert("traffic_bytes".into(), json!(counter));
        row.insert("traffic_limit_bytes".into(), json!(user.limit.bytes().map(|bytes| bytes.0)));
    }
    row
}

fn traffic(account: &Account, route: &Route<'_>, call: &Call) -> Result<Answer, Answer> {
    // v1 documents the name, live users pass the id; v2 takes the id alone.
    let by_id = account.by_id(route.parameter);
    let user = match account.spec.dialect {
        Dialect::DecodoV2 => by_id,
        _ => by_id.or_else(|| account.by_name(route.parameter)),
    };
    let bytes = statistics(account, user.ok_or_else(|| no_sub_user(account))?, call)?;
    let gigabyte = account.spec.gigabyte;
    let traffic = wire::traffic(bytes, gigabyte);
    Ok(Answer::ok(if account.spec.dialect == Dialect::DecodoV2 {
        let (received, sent) = split(bytes);
        json!({
            "traffic": traffic,
            "traffic_rx": wire::traffic(received, gigabyte),
            "traffic_tx": wire::traffic(sent, gigabyte),
        })
    } else {
        json!({ "traffic": traffic })
    }))
}

/// One object whose numbers are strings; source: the vendor's README and specification.
fn subscription(account: &Account) -> Value {
    let gigabyte = account.spec.gigabyte;
    let limit = account.plan.bytes().map(|bytes| gigabyte.from_bytes(bytes).normalize().to_string());
    json!({
        "traffic_limit": limit,
        "traffic_per_period": wire::gigabytes(account.total(), gigabyte, wire::STEP).to_string(),
        "users_limit": 500,
        "ip_address_limit": 10,
        "valid_from": wire::date(account.period.start).to_string(),
        "valid_until": account.last_day().to_string(),
        "service_type": service_type(&account.spec.product),
    })
}

fn whitelist(account: &Account) -> Value {
    let rows = account.whitelist.iter().map(|entry| {
        json!({
            "id": entry.id,
            "ip": entry.address,
            "enabled": true,
            "created_at": wire::minute(entry.created),
        })
    });
    rows.collect()
}

fn endpoints(kind: &str) -> Answer {
    let first = match kind {
        "random" => 7000,
        "sticky" => 10_000,
        _ => return error(StatusCode::NOT_FOUND, "not_found", "Not found"),
    };
    let ports = |at: u32| if kind == "random" { at.to_string() } else { format!("{}-{}", at + 1, at + 99) };
    Answer::ok(json!([
        { "location": "Random", "hostname": HOST, "port_range": ports(first) },
        { "location": "US", "hostname": format!("us.{}", HOST.trim_start_matches("gate.")), "port_range": ports(first + 10_000) },
    ]))
}
