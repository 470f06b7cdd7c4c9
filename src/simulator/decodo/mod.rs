//! Decodo, in its three dialects: what they share is who may ask, and for what.

mod classic;
mod published;
mod report;
mod write;

use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::account::Account;
use super::auth;
use super::exchange::{Answer, Call};
use super::operation::{Operation, Route};
use super::scenario::Dialect;
use super::sub_user::SubUser;
use super::wire;

/// The gates that the vendor's examples name.
const HOST: &str = "gate.smartproxy.com";

/// Carries out one operation.
pub(super) fn answer(account: &mut Account, operation: Operation, route: &Route<'_>, call: &Call) -> Answer {
    // Source: a client's note of a live test; Cloudflare answers before the vendor sees the request.
    if call.headers.get(USER_AGENT).is_none_or(|agent| agent.is_empty()) {
        return Answer::text(StatusCode::FORBIDDEN, "error code: 1010");
    }
    let published = account.spec.dialect == Dialect::DecodoPublished;
    if operation == Operation::Login {
        let good = if published { published::login(account, call) } else { classic::login(account, call) };
        return if good { session(account, call) } else { unauthorized() };
    }
    if !is_authorized(account, call) || route.user_id.is_some_and(|id| id != account.user_id) {
        return unauthorized();
    }
    match operation {
        Operation::CreateSubUser => write::create(account, call),
        Operation::AddToWhitelist => write::add_to_whitelist(account, call),
        Operation::UpdateSubUser if route.parameter.is_empty() => write::update(account, None, call),
        Operation::UpdateSubUser | Operation::DeleteSubUser => {
            let Some(id) = account.by_id(route.parameter).map(|user| user.id) else {
                return not_found(account, "Sub user not found");
            };
            if operation == Operation::UpdateSubUser {
                return write::update(account, Some(id), call);
            }
            account.delete(id);
            Answer::empty(StatusCode::NO_CONTENT)
        }
        Operation::DeleteFromWhitelist => {
            let before = account.whitelist.len();
            account.whitelist.retain(|entry| entry.id.to_string() != route.parameter);
            match account.whitelist.len() == before {
                true => not_found(account, "IP not found"),
                false => Answer::empty(StatusCode::NO_CONTENT),
            }
        }
        Operation::TrafficReport => report::answer(account, call),
        _ if published => published::answer(account, operation, route),
        _ => classic::answer(account, operation, route, call),
    }
}

/// 404 in the published contract, 400 in truth; source: the vendor's v2 specification.
fn not_found(account: &Account, message: &str) -> Answer {
    let status = match account.spec.dialect {
        Dialect::DecodoPublished => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    error(status, "not_found", message)
}

/// Each dialect has its own form, and any other is refused.
fn is_authorized(account: &Account, call: &Call) -> bool {
    let is_good = |token: &str| account.tokens.is_good(token, call.now);
    match account.spec.dialect {
        Dialect::Oxylabs | Dialect::DecodoPublished => auth::raw(&call.headers).is_some_and(is_good),
        Dialect::DecodoV1 => auth::after(&call.headers, "Token").is_some_and(is_good),
        Dialect::DecodoV2 => auth::raw(&call.headers).is_some_and(|key| key == account.spec.secret),
    }
}

fn session(account: &mut Account, call: &Call) -> Answer {
    let token = account.tokens.issue(&account.user_id, account.seed, call.now, account.spec.token_life);
    Answer::ok(json!({ "user_id": account.user_id, "token": token }))
}

/// The form of an error; source: the vendor's v2 specification (its `error_code` for 401 is not documented).
fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({ "error_code": code, "message": message }))
}

fn unauthorized() -> Answer {
    error(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized")
}

/// 400 with the field that is wrong.
fn bad_request(field: &str, problem: &str) -> Answer {
    Answer::json(
        StatusCode::BAD_REQUEST,
        json!({ "error_code": "bad_request", "message": "Can not process request", "error": { field: problem } }),
    )
}

/// Traffic of one sub-user over what `type` asks for.
fn statistics(account: &Account, user: &SubUser, call: &Call) -> Result<u64, Answer> {
    let kind = call.query("type").ok_or_else(|| bad_request("type", "This value should not be blank."))?;
    let before = |days: i64| account.at.checked_sub((24 * days).hours()).unwrap_or(Timestamp::MIN);
    let (from, to) = match kind {
        "24h" => (before(1), account.at),
        "7days" => (before(7), account.at),
        // Whether a month is the period's or thirty days is not documented; the period makes it the list's figure.
        "month" => return Ok(account.counter(user)),
        "custom" => {
            let from = day(call, "from")?.map_or(user.created, wire::day_start);
            let to = day(call, "to")?.and_then(|day| day.tomorrow().ok()).map_or(account.at, wire::day_start);
            (from, to)
        }
        _ => return Err(bad_request("type", "The value you selected is not a valid choice.")),
    };
    if to < from {
        return Err(bad_request("to", "This value should not be before \"from\"."));
    }
    Ok(account.span(user, from, to))
}

fn day(call: &Call, name: &str) -> Result<Option<Date>, Answer> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let date = text.parse().ok().filter(|_| text.len() == "yyyy-mm-dd".len());
    date.map(Some).ok_or_else(|| bad_request(name, "This value is not a valid date."))
}
