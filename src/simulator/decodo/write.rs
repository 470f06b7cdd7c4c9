//! Changes at Decodo: sub-users and the whitelist.
//!
//! The real dialects have the vendor's rules and answer without the row; the published contract takes any text and
//! answers with it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::account::{Account, Whitelisted};
use super::super::change::{Change, Problem, is_plain, is_strong};
use super::super::exchange::{Answer, Call};
use super::super::scenario::Dialect;
use super::{bad_request, error, published};

/// Makes a sub-user: `201 {}` in truth (source: two specifications and live users), the row in the contract.
pub(super) fn create(account: &mut Account, call: &Call) -> Answer {
    match read_new(account, call) {
        Ok((username, service, change)) => {
            let product = service.trim_end_matches("_proxies");
            let id = account.create(&username, Some(product), &change);
            done(account, id, StatusCode::CREATED)
        }
        Err(answer) => answer,
    }
}

/// Changes one sub-user; `None` is the contract's route, which cannot name one.
///
/// A body's `username` or `id` is heeded there, though no source knows such a field; without one the first row
/// changes, which is why the route is unsafe.
pub(super) fn update(account: &mut Account, id: Option<u64>, call: &Call) -> Answer {
    let published = account.spec.dialect == Dialect::DecodoPublished;
    let body = match object(call) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let named = || {
        let by_name = text("username").and_then(|name| account.by_name(name));
        let by_id = || text("id").and_then(|id| account.by_id(id));
        by_name.or_else(by_id).or_else(|| account.listed().next()).map(|user| user.id)
    };
    let Some(id) = id.or_else(named) else {
        return error(StatusCode::NOT_FOUND, "not_found", "Sub-user not found");
    };
    let known: &[_] = match account.spec.dialect {
        Dialect::DecodoPublished => &["traffic_limit"],
        _ => &["traffic_limit", "auto_disable", "traffic_count_from", "status"],
    };
    if let Err(answer) = check_password(account, &body) {
        return answer;
    }
    match read_change(account, body, known) {
        Ok(change) => {
            // The contract has no status to set, so that a higher limit alone must reopen.
            account.update(id, &change, published);
            done(account, id, if published { StatusCode::OK } else { StatusCode::CREATED })
        }
        Err(answer) => answer,
    }
}

/// Adds addresses; those already there stay as they are.
pub(super) fn add_to_whitelist(account: &mut Account, call: &Call) -> Answer {
    let field = "IPAddressList";
    let published = account.spec.dialect == Dialect::DecodoPublished;
    let body = match object(call) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let Some(list) = body.get(field).and_then(Value::as_array) else {
        return bad_request(field, "This value should not be blank.");
    };
    let is_good = |address: &&str| published || address.parse::<std::net::IpAddr>().is_ok();
    let addresses: Option<Vec<_>> = list.iter().map(|address| address.as_str().filter(is_good)).collect();
    let Some(addresses) = addresses else {
        return bad_request(field, "This is not a valid IP address.");
    };
    for address in addresses {
        if !account.whitelist.iter().any(|entry| entry.address == address) {
            let id = account.next_id;
            account.next_id += 1;
            account.whitelist.push(Whitelisted { id, address: address.into(), created: account.at });
        }
    }
    if published { Answer::empty(StatusCode::CREATED) } else { Answer::ok(json!({})) }
}

fn done(account: &Account, id: u64, status: StatusCode) -> Answer {
    let row = account.sub_users.iter().find(|user| user.id == id);
    match (account.spec.dialect, row) {
        (Dialect::DecodoPublished, Some(user)) => Answer::json(status, published::row(account, user)),
        _ => Answer::json(status, json!({})),
    }
}

fn read_new(account: &Account, call: &Call) -> Result<(String, String, Change), Answer> {
    let body = object(call)?;
    let blank = "This value should not be blank.";
    let text =
        |key: &'static str| body.get(key).and_then(Value::as_str).ok_or_else(|| bad_request(key, blank));
    let (username, _, service) = (text("username")?, text("password")?, text("service_type")?);
    let (lengths, services): (_, &[_]) = match account.spec.dialect {
        Dialect::DecodoPublished => (0..=usize::MAX, &["residential", "datacenter", "mobile", "isp"]),
        // Source: the older specification; the current page wants 6.
        Dialect::DecodoV1 => (3..=64, &["residential_proxies", "shared_proxies"]),
        _ => (6..=64, &["residential_proxies", "mobile_proxies", "shared_proxies"]),
    };
    if !services.contains(&service) {
        return Err(bad_request("service_type", "The value you selected is not a valid choice."));
    }
    if account.spec.dialect == Dialect::DecodoPublished {
        if account.by_name(username).is_some() {
            return Err(error(StatusCode::CONFLICT, "conflict", "Username already exists"));
        }
    } else if !is_plain(username, lengths) {
        return Err(bad_request("username", "Letters, digits and underscores only; too short or too long."));
    } else if account.by_name(username).is_some() {
        return Err(bad_request("username", "This value is already used."));
    }
    check_password(account, &body)?;
    let known = ["traffic_limit", "auto_disable", "traffic_count_from"];
    let new = (username.to_owned(), service.to_owned());
    Ok((new.0, new.1, read_change(account, body, &known)?))
}

/// The published contract has no least number, so that what is below zero is a block; and no `null`.
fn read_change(
    account: &Account,
    mut body: Map<String, Value>,
    known: &[&'static str],
) -> Result<Change, Answer> {
    if account.spec.dialect == Dialect::DecodoPublished
        && let Some(limit) = body.get_mut("traffic_limit")
    {
        match limit.as_f64() {
            Some(number) if number < 0.0 => *limit = json!(0),
            Some(_) => {}
            None => return Err(bad_request("traffic_limit", "must be a number")),
        }
    }
    Change::read(&body, known, account.spec.gigabyte)
        .map_err(|(field, problem): Problem| bad_request(field, problem))
}

fn check_password(account: &Account, body: &Map<String, Value>) -> Result<(), Answer> {
    let Some(password) = body.get("password") else { return Ok(()) };
    let password =
        password.as_str().ok_or_else(|| bad_request("password", "This value should be a text."))?;
    let good = match account.spec.dialect {
        Dialect::DecodoPublished => true,
        Dialect::DecodoV1 => is_strong(password, 9..=64, "_~+=") && !password.contains(['@', ':']),
        _ => is_strong(password, 12..=64, "_~+=") && !password.contains(['@', ':']),
    };
    good.then_some(()).ok_or_else(|| bad_request("password", "This password is not strong enough."))
}

fn object(call: &Call) -> Result<Map<String, Value>, Answer> {
    call.object().ok_or_else(|| bad_request("body", "This value should be a JSON object."))
}
