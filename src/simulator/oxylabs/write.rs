//! Changes at Oxylabs: create, PATCH and DELETE of sub-users; rules from the v1 and v2 specifications.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::account::Account;
use super::super::change::{Change, Problem, is_plain, is_strong};
use super::super::exchange::{Answer, Call};
use super::super::scenario::StatisticsShape;
use super::error;

/// Makes a sub-user; a name that is taken is a 400 as well (source: a mock; the specification knows no 409).
pub(super) fn create(account: &mut Account, call: &Call) -> Answer {
    match read_new(account, call) {
        Ok((username, change)) => {
            let id = account.create(&username, None, &change);
            Answer::json(StatusCode::CREATED, json!({ "id": id }))
        }
        Err(problem) => refused(problem),
    }
}

/// Changes what the body names; success has no documented body, but a live v1 client parses JSON from it.
pub(super) fn update(account: &mut Account, id: u64, call: &Call) -> Answer {
    let read = || {
        let body = object(call)?;
        check_password(&body)?;
        let known = ["traffic_limit", "auto_disable", "lifetime", "status"];
        Change::read(&body, &known, account.spec.gigabyte)
    };
    match read() {
        Ok(change) => {
            account.update(id, &change, false);
            match account.spec.statistics {
                StatisticsShape::Results => Answer::empty(StatusCode::OK),
                StatisticsShape::ByPeriod | StatisticsShape::ByPeriodCamelCase => Answer::ok(json!({})),
            }
        }
        Err(problem) => refused(problem),
    }
}

fn read_new(account: &Account, call: &Call) -> Result<(String, Change), Problem> {
    let body = object(call)?;
    let username = body.get("username").and_then(Value::as_str).ok_or(("username", "is required"))?;
    if !is_plain(username, 1..=64) {
        return Err(("username", "must be letters, digits and underscores"));
    }
    if account.by_name(username).is_some() || username == account.spec.username {
        return Err(("username", "is already taken"));
    }
    if !body.contains_key("password") {
        return Err(("password", "is required"));
    }
    check_password(&body)?;
    let known = ["traffic_limit", "auto_disable", "lifetime"];
    Ok((username.to_owned(), Change::read(&body, &known, account.spec.gigabyte)?))
}

fn check_password(body: &Map<String, Value>) -> Result<(), Problem> {
    match body.get("password").map(|password| password.as_str().unwrap_or_default()) {
        Some(password) if !is_strong(password, 12..=64, "#_~+=") => Err((
            "password",
            "must have 12 to 64 characters, with a lower and an upper case letter, a digit and one of #_~+=",
        )),
        _ => Ok(()),
    }
}

fn object(call: &Call) -> Result<Map<String, Value>, Problem> {
    call.object().ok_or(("body", "must be a JSON object"))
}

fn refused((field, problem): Problem) -> Answer {
    error(StatusCode::BAD_REQUEST, &format!("{field} {problem}"))
}
