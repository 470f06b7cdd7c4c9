//! Decodo's statistics, beside its v2: `POST /api/v2/statistics/traffic`, in bytes.
//!
//! Source: four clients that use it live. Buckets without traffic are left out.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::super::account::Account;
use super::super::exchange::{Answer, Call};
use super::super::sub_user::SubUser;
use super::super::wire;
use super::super::workload::Amount;
use super::bad_request;

/// Rows of one page unless asked otherwise; one client reports that there are never more.
const PAGE: usize = 100;

/// The longest span that is answered by the hour or day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 400);

pub(super) fn answer(account: &Account, call: &Call) -> Answer {
    report(account, call).unwrap_or_else(|answer| answer)
}

fn report(account: &Account, call: &Call) -> Result<Answer, Answer> {
    let body = call.object().ok_or_else(|| bad_request("body", "This value should be a JSON object."))?;
    let product = text(&body, "proxyType")?;
    let (from, to) = (moment(&body, "startDate")?, moment(&body, "endDate")?);
    if to < from || to.duration_since(from) > LONGEST {
        return Err(bad_request("endDate", "This value is not valid."));
    }
    let users: Vec<_> = account.sub_users.iter().chain(&account.main).collect();
    let users: Vec<_> =
        users.into_iter().filter(|user| format!("{}_proxies", account.product(user)) == product).collect();
    let rows = match text(&body, "groupBy")? {
        "day" => by_time(account, &users, (from, to), 24),
        "hour" => by_time(account, &users, (from, to), 1),
        "target" => by_target(account, &users, (from, to)),
        "proxy_user" => by_user(account, &users, (from, to)),
        _ => return Err(bad_request("groupBy", "The value you selected is not a valid choice.")),
    };
    let number = |key: &str, usual: usize| {
        let given = body.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        given.unwrap_or(usual).max(1)
    };
    let (size, page) = (number("limit", PAGE).min(PAGE), number("page", 1));
    let totals = rows.iter().fold(Amount::default(), |sum, (_, amount)| add(sum, *amount));
    let shown = rows.iter().skip(size.saturating_mul(page - 1)).take(size);
    let (total_rx, total_tx) = split(totals.bytes);
    Ok(Answer::ok(json!({
        "metadata": {
            "total_pages": rows.len().div_ceil(size),
            "totals": {
                "total_rx": total_rx, "total_tx": total_tx, "total_rx_tx": totals.bytes, "requests": totals.requests,
            },
        },
        "data": shown.map(|(key, amount)| row(key, *amount)).collect::<Vec<_>>(),
    })))
}

type Rows = Vec<(String, Amount)>;

fn by_time(account: &Account, users: &[&SubUser], (from, to): (Timestamp, Timestamp), hours: i64) -> Rows {
    let step = SignedDuration::from_hours(hours);
    let seconds = step.as_secs();
    let mut at = Timestamp::from_second(from.as_second().div_euclid(seconds) * seconds).unwrap_or(from);
    let mut rows = Vec::new();
    while at < to {
        let Ok(end) = at.checked_add(step) else { break };
        let amounts = users.iter().flat_map(|user| of(account, user, at.max(from), end.min(to)));
        rows.push((wire::second(at), amounts.fold(Amount::default(), |sum, (_, amount)| add(sum, amount))));
        at = end;
    }
    rows.retain(|(_, amount)| amount.bytes > 0);
    rows
}

fn by_target(account: &Account, users: &[&SubUser], (from, to): (Timestamp, Timestamp)) -> Rows {
    let mut sums = std::collections::BTreeMap::<String, Amount>::new();
    for (target, amount) in users.iter().flat_map(|user| of(account, user, from, to)) {
        let sum = sums.entry(target).or_default();
        *sum = add(*sum, amount);
    }
    largest_first(sums.into_iter().collect())
}

fn by_user(account: &Account, users: &[&SubUser], (from, to): (Timestamp, Timestamp)) -> Rows {
    let row = |user: &&SubUser| {
        let amounts = of(account, user, from, to).into_iter();
        (user.username.clone(), amounts.fold(Amount::default(), |sum, (_, amount)| add(sum, amount)))
    };
    largest_first(users.iter().map(row).collect())
}

fn largest_first(mut rows: Rows) -> Rows {
    rows.retain(|(_, amount)| amount.bytes > 0);
    rows.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.bytes));
    rows
}

/// A sub-user's traffic by target, as far as the vendor knows of it.
fn of(account: &Account, user: &SubUser, from: Timestamp, to: Timestamp) -> Rows {
    user.by_target(from, to.min(account.as_of()))
}

fn row(key: &str, amount: Amount) -> Value {
    let (received, sent) = split(amount.bytes);
    json!({
        "key": key, "rx_bytes": received, "tx_bytes": sent, "rx_tx_bytes": amount.bytes,
        "requests": amount.requests,
    })
}

/// What came in and what went out; the split is invented: nine tenths come in.
pub(super) fn split(bytes: u64) -> (u64, u64) {
    let received = bytes / 10 * 9;
    (received, bytes - received)
}

fn add(one: Amount, other: Amount) -> Amount {
    Amount {
        bytes: one.bytes.saturating_add(other.bytes),
        requests: one.requests.saturating_add(other.requests),
    }
}

fn text<'a>(body: &'a Map<String, Value>, key: &'static str) -> Result<&'a str, Answer> {
    body.get(key).and_then(Value::as_str).ok_or_else(|| bad_request(key, "This value should not be blank."))
}

fn moment(body: &Map<String, Value>, key: &'static str) -> Result<Timestamp, Answer> {
    let at = DateTime::strptime("%Y-%m-%d %H:%M:%S", text(body, key)?);
    at.and_then(|at| at.to_zoned(TimeZone::UTC))
        .map(|at| at.timestamp())
        .map_err(|_| bad_request(key, "This value is not a valid datetime."))
}
