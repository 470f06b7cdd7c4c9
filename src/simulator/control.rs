//! `/-/`: what a test asks of the simulator itself, without authentication.

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::change::ByHand;
use super::exchange::{Answer, Call};
use super::fault_text::RawFault;
use super::file::section;

/// Days of targets in the books unless asked otherwise.
pub(super) const DAYS: u32 = 31;

/// As far as the clock is moved at once: each hour of every sub-user is worked out.
const FARTHEST: SignedDuration = SignedDuration::from_hours(9600);

/// More than any history.
const MAX_DAYS: u32 = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    paused: Option<bool>,
    speed: Option<f64>,
    advance: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawByHand {
    set_limit: Option<String>,
    set_auto_disable: Option<bool>,
    set_enabled: Option<bool>,
}

/// Answers one control route.
pub(super) fn answer(simulator: &Simulator, call: &Call) -> Answer {
    let path: Vec<_> = call.path.iter().skip(1).map(String::as_str).collect();
    match (path.as_slice(), call.method.clone()) {
        (["books"], Method::GET) => {
            let days = call.query("days").map_or(Ok(DAYS), str::parse);
            match days.ok().map(|days| serde_json::to_value(simulator.books_of(u32::min(days, MAX_DAYS)))) {
                Some(Ok(books)) => Answer::ok(books),
                _ => refused("days must be a whole number"),
            }
        }
        (["clock"], Method::GET) => Answer::ok(simulator.clock()),
        (["clock"], Method::POST) => clock(simulator, &call.body),
        (["faults"], Method::GET) => Answer::ok(simulator.faults()),
        (["faults"], Method::POST) => faults(simulator, &call.body),
        (["faults"], Method::DELETE) => {
            simulator.clear_faults();
            Answer::empty(StatusCode::NO_CONTENT)
        }
        (["sessions"], Method::DELETE) => {
            simulator.revoke_sessions();
            Answer::empty(StatusCode::NO_CONTENT)
        }
        (["sub-users", account, name], Method::POST) => by_hand(simulator, account, name, &call.body),
        (["sub-users", account, name], Method::DELETE) => {
            done_by_hand(simulator.delete_by_hand(account, name))
        }
        _ => Answer::json(StatusCode::NOT_FOUND, json!({ "error": "no such control route" })),
    }
}

fn clock(simulator: &Simulator, body: &[u8]) -> Answer {
    let change: ClockChange = match serde_json::from_slice(body) {
        Ok(change) => change,
        Err(problem) => return refused(&problem.to_string()),
    };
    let by = match change.advance.as_deref().map(str::parse::<SignedDuration>).transpose() {
        Ok(by) => by.unwrap_or(SignedDuration::ZERO),
        Err(_) => return refused("advance must be a duration such as \"1h\""),
    };
    if by > FARTHEST {
        return refused("the clock moves at most 9600 hours at once");
    }
    if by.is_negative() || change.speed.is_some_and(|speed| !(0.0..=1e6).contains(&speed)) {
        return refused("the clock does not go back, and not faster than 1000000");
    }
    match simulator.change_clock(change.paused, change.speed, by) {
        true => Answer::ok(simulator.clock()),
        false => refused("that is beyond the end of time"),
    }
}

fn faults(simulator: &Simulator, body: &[u8]) -> Answer {
    let rules = serde_json::from_slice(body).and_then(|value: Value| match value {
        Value::Array(_) => serde_json::from_value::<Vec<RawFault>>(value),
        one => serde_json::from_value(one).map(|one| vec![one]),
    });
    let rules = match rules {
        Ok(rules) => rules,
        Err(problem) => return refused(&problem.to_string()),
    };
    match rules.iter().map(RawFault::check).collect::<Result<Vec<_>, _>>() {
        Ok(rules) => {
            rules.into_iter().for_each(|rule| simulator.add_fault(rule));
            Answer::json(StatusCode::CREATED, simulator.faults())
        }
        Err((key, problem)) => refused(&format!("{key}: {problem}")),
    }
}

fn by_hand(simulator: &Simulator, account: &str, name: &str, body: &[u8]) -> Answer {
    let raw: RawByHand = match serde_json::from_slice(body) {
        Ok(raw) => raw,
        Err(problem) => return refused(&problem.to_string()),
    };
    let Some(gigabyte) = simulator.gigabyte(account) else { return done_by_hand(false) };
    let limit = raw.set_limit.as_deref().map(|text| section::limit(text, gigabyte));
    match limit.transpose() {
        Ok(limit) => {
            let change = ByHand { limit, auto_disable: raw.set_auto_disable, enabled: raw.set_enabled };
            done_by_hand(simulator.change_by_hand(account, name, change))
        }
        Err(problem) => refused(&format!("set_limit: {problem}")),
    }
}

fn done_by_hand(is_known: bool) -> Answer {
    match is_known {
        true => Answer::empty(StatusCode::NO_CONTENT),
        false => Answer::json(StatusCode::NOT_FOUND, json!({ "error": "no such sub-user" })),
    }
}

fn refused(problem: &str) -> Answer {
    let body: Value = json!({ "error": problem });
    Answer::json(StatusCode::BAD_REQUEST, body)
}
