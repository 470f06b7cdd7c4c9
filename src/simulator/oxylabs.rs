//! Oxylabs' Public API v2: its page, and what the specifications behind it add.

mod write;

use axum::http::StatusCode;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::account::{Account, sum_by};
use super::auth;
use super::exchange::{Answer, Call};
use super::operation::{Operation, Route};
use super::scenario::StatisticsShape;
use super::sub_user::SubUser;
use super::wire;
use super::workload::saturated;
use crate::domain::period::midnight;

/// Days back for which target statistics exist; source: the contract.
const TARGET_DAYS: i64 = 30;

/// Carries out one operation.
pub(super) fn answer(account: &mut Account, operation: Operation, route: &Route<'_>, call: &Call) -> Answer {
    if operation == Operation::Login {
        return login(account, call);
    }
    let token = auth::after(&call.headers, "Bearer");
    if !token.is_some_and(|token| account.tokens.is_good(token, call.now)) {
        return error(StatusCode::UNAUTHORIZED, "Invalid or expired token");
    }
    if route.user_id != Some(&account.user_id) {
        return error(StatusCode::NOT_FOUND, "User not found");
    }
    match operation {
        Operation::ListSubUsers => Answer::ok(account.listed().map(|user| row(account, user)).collect()),
        Operation::ClientStats => client_stats(account),
        Operation::CreateSubUser => write::create(account, call),
        _ => of_sub_user(account, operation, route, call),
    }
}

fn of_sub_user(account: &mut Account, operation: Operation, route: &Route<'_>, call: &Call) -> Answer {
    let Some(user) = account.by_id(route.parameter) else {
        return error(StatusCode::NOT_FOUND, "Sub-user not found");
    };
    let bad = |problem| error(StatusCode::BAD_REQUEST, problem);
    match operation {
        Operation::Statistics => statistics(account, user, call).unwrap_or_else(bad),
        Operation::TargetStats => target_stats(account, user, call).unwrap_or_else(bad),
        Operation::UpdateSubUser => write::update(account, user.id, call),
        Operation::DeleteSubUser => {
            account.delete(user.id);
            Answer::empty(StatusCode::NO_CONTENT)
        }
        _ => error(StatusCode::NOT_FOUND, "Not found"),
    }
}

/// An error as the v1 specification shows it.
pub(super) fn error(status: StatusCode, problem: &str) -> Answer {
    Answer::json(status, json!({ "error": problem }))
}

fn login(account: &mut Account, call: &Call) -> Answer {
    let good = auth::basic(&call.headers)
        .is_some_and(|(user, password)| user == account.spec.username && password == account.spec.secret);
    if !good {
        return error(StatusCode::UNAUTHORIZED, "Invalid credentials");
    }
    let token = account.tokens.issue(&account.user_id, account.seed, call.now, account.spec.token_life);
    Answer::ok(json!({ "user_id": account.user_id, "token": token }))
}

fn row(account: &Account, user: &SubUser) -> Value {
    let gigabyte = account.spec.gigabyte;
    json!({
        "id": user.id,
        "username": user.username,
        "status": if user.is_listed(false) { "active" } else { "disabled" },
        "created_at": wire::minute(user.created),
        "traffic": wire::traffic(account.counter(user), gigabyte),
        "traffic_limit": wire::limit(user.limit, gigabyte),
        "auto_disable": user.auto_disable,
        "lifetime": user.lifetime,
    })
}

fn client_stats(account: &Account) -> Answer {
    let total = wire::gigabytes(account.total(), account.spec.gigabyte, wire::FINE);
    Answer::ok(json!({
        "traffic": wire::number(total),
        "date_from": wire::date(account.period.start).to_string(),
        "date_to": wire::date(account.at).to_string(),
    }))
}

fn statistics(account: &Account, user: &SubUser, call: &Call) -> Result<Answer, &'static str> {
    let zone = match call.query("time_zone") {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(name).map_err(|_| "time_zone must be an IANA time zone")?,
    };
    let today = account.at.to_zoned(zone.clone()).date();
    let before = |days: i64| account.at.checked_sub((days * 24).hours()).unwrap_or(Timestamp::MIN);
    let mut hourly = false;
    let (from, to) = match call.query("type").ok_or("type is required")? {
        "24h" => (before(1), account.at),
        "week" => (before(7), account.at),
        "month" => (before(30), account.at),
        "current_month" => (start_of(today.first_of_month(), &zone), account.at),
        "lifetime" if !user.lifetime => return Err("type lifetime is for lifetime sub-users only"),
        "lifetime" => (user.counted_from, account.at),
        "custom" => {
            let (from, with_hours) =
                moment(call.query("date_from").ok_or("date_from is required")?, &zone, false)?;
            let (to, to_with_hours) =
                moment(call.query("date_to").ok_or("date_to is required")?, &zone, true)?;
            if to < from {
                return Err("date_from must not be after date_to");
            }
            hourly = with_hours || to_with_hours;
            if hourly && to.duration_since(from).as_hours() > 7 * 24 {
                return Err("a range with hours must not be longer than 7 days");
            }
            (from, to)
        }
        _ => return Err("type must be one of 24h, week, month, current_month, lifetime, custom"),
    };
    let pieces = pieces(account, user, (from, to), &zone, hourly);
    let gigabyte = account.spec.gigabyte;
    // A lifetime counter also holds what was before the days that are known.
    let traffic = match call.query("type") {
        Some("lifetime") => account.counter(user),
        _ => account.span(user, from, to),
    };
    let traffic = wire::traffic(traffic, gigabyte);
    Ok(Answer::ok(match account.spec.statistics {
        shape @ (StatisticsShape::ByPeriod | StatisticsShape::ByPeriodCamelCase) => {
            let map: Map<_, _> =
                pieces.into_iter().map(|(key, bytes)| (key, wire::traffic(bytes, gigabyte))).collect();
            let is_camel = shape == StatisticsShape::ByPeriodCamelCase;
            let key = if is_camel { "trafficByPeriod" } else { "traffic_by_period" };
            json!({ "traffic": traffic, key: map })
        }
        StatisticsShape::Results => {
            let rows: Vec<_> = pieces
                .into_iter()
                .map(|(key, bytes)| json!({ "date": key, "traffic": wire::traffic(bytes, gigabyte) }))
                .collect();
            json!({ "traffic": traffic, "results": rows })
        }
    }))
}

/// Traffic by day of the zone, or by hour; days without any are left out.
fn pieces(
    account: &Account,
    user: &SubUser,
    (from, to): (Timestamp, Timestamp),
    zone: &TimeZone,
    hourly: bool,
) -> Vec<(String, u64)> {
    let mut pieces = Vec::new();
    // Nothing was simulated before it was made.
    let (mut at, to) = (from.max(user.created), to.min(account.at));
    while at < to {
        let local = at.to_zoned(zone.clone());
        let (key, end) = if hourly {
            let past = local.datetime().time().duration_since(Time::constant(local.hour(), 0, 0, 0));
            let rest = SignedDuration::from_hours(1).saturating_sub(past);
            (local.strftime("%Y-%m-%d %H").to_string(), at.checked_add(rest).ok())
        } else {
            (local.date().to_string(), local.date().tomorrow().ok().and_then(|next| midnight(next, zone)))
        };
        let end = end.filter(|end| *end > at).unwrap_or(to).min(to);
        pieces.push((key, account.span(user, at, end)));
        at = end;
    }
    sum_by(pieces).into_iter().filter(|(_, bytes)| *bytes > 0).collect()
}

/// `YYYY-MM-DD` or `YYYY-MM-DD HH`; the end of a range holds its day or hour (not documented).
fn moment(text: &str, zone: &TimeZone, is_end: bool) -> Result<(Timestamp, bool), &'static str> {
    const PROBLEM: &str = "dates must be YYYY-MM-DD or YYYY-MM-DD HH";
    let (date, hour) = text.split_once(' ').map_or((text, None), |(date, hour)| (date, Some(hour)));
    let date = day(date).ok_or(PROBLEM)?;
    let Some(hour) = hour else {
        let date = if is_end { date.tomorrow().map_err(|_| PROBLEM)? } else { date };
        return Ok((start_of(date, zone), false));
    };
    let hour: i8 = hour.parse().ok().filter(|hour| (0..24).contains(hour)).ok_or(PROBLEM)?;
    let at = date.at(hour, 0, 0, 0).to_zoned(zone.clone()).map_err(|_| PROBLEM)?.timestamp();
    let more = if is_end { 1.hour() } else { 0.hours() };
    Ok((at.checked_add(more).map_err(|_| PROBLEM)?, true))
}

fn target_stats(account: &Account, user: &SubUser, call: &Call) -> Result<Answer, &'static str> {
    let date = day(call.query("date").ok_or("date is required")?).ok_or("date must be YYYY-MM-DD")?;
    let today = wire::date(account.at);
    let oldest = today.checked_sub(TARGET_DAYS.days()).unwrap_or(today);
    if date < oldest || date > today {
        return Err("date must be within the last 30 days");
    }
    let gigabyte = account.spec.gigabyte;
    let rows = account.targets_of_day(user, date);
    let bytes = saturated(rows.iter().map(|row| row.amount.bytes));
    let requests = saturated(rows.iter().map(|row| row.amount.requests));
    let results: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "date": row.date.to_string(),
                "target": row.target,
                "traffic": wire::traffic(row.amount.bytes, gigabyte),
                "requests": row.amount.requests,
            })
        })
        .collect();
    Ok(Answer::ok(match account.spec.statistics {
        StatisticsShape::ByPeriod | StatisticsShape::ByPeriodCamelCase => json!({ "results": results }),
        StatisticsShape::Results => {
            json!({ "results": results, "traffic": wire::traffic(bytes, gigabyte), "requests": requests })
        }
    }))
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "YYYY-MM-DD".len())
}

fn start_of(date: Date, zone: &TimeZone) -> Timestamp {
    midnight(date, zone).unwrap_or(Timestamp::MAX)
}
