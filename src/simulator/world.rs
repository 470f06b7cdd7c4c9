//! All accounts, their time and their faults: finds who is asked for what, and has it answered.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::account::Account;
use super::books::Counts;
use super::clock::Clock;
use super::exchange::{Answer, Call};
use super::faults::{Fault, Faults, RetryAfter};
use super::operation::{self, Operation, Route};
use super::record::Records;
use super::scenario::{Dialect, Scenario};
use super::{decodo, oxylabs};

/// What a call above the account's rate meets.
const TOO_MANY: Fault = Fault::Status(429, Some(RetryAfter::Seconds(SignedDuration::from_secs(1))));

pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) accounts: Vec<(Account, Counts)>,
    pub(super) faults: Faults,
}

impl World {
    pub(super) fn new(scenario: &Scenario, start: Timestamp) -> Self {
        let accounts = scenario.accounts.iter();
        Self {
            clock: Clock::new(start, scenario.speed),
            accounts: accounts.map(|spec| (Account::new(spec, scenario, start), Counts::default())).collect(),
            faults: Faults::new(&scenario.faults),
        }
    }

    /// Lets time pass in all accounts; the time in which traffic flows.
    pub(super) fn advance(&mut self, now: Timestamp) -> Timestamp {
        let now = self.clock.traffic(now);
        for (account, _) in &mut self.accounts {
            account.advance(now);
        }
        now
    }

    /// Answers one request that came at `now`, and says what is to happen to the answer.
    pub(super) fn answer(&mut self, call: &mut Call, now: Timestamp) -> (Answer, Vec<Fault>) {
        let path = call.path.clone();
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let moved: Vec<&str>;
        let (name, version, path) = match segments.as_slice() {
            // Decodo's statistics live at `/api/v2`, whatever the rest has in front.
            [name, "api", version, rest @ ..] => {
                moved = std::iter::once("api").chain(rest.iter().copied()).collect();
                (*name, *version, moved.as_slice())
            }
            [name, version, path @ ..] => (*name, *version, path),
            _ => return nowhere(),
        };
        let is_asked =
            |account: &Account| account.spec.name == name && account.spec.dialect.version() == version;
        let Some((account, counts)) = self.accounts.iter_mut().find(|(account, _)| is_asked(account)) else {
            return nowhere();
        };
        let Some(route) = operation::route(&account.spec, path) else { return nowhere() };
        let Some(&(_, operation)) = route.operations.iter().find(|(method, _)| method == call.method) else {
            return not_allowed(&route);
        };
        account.advance(self.clock.traffic(now));
        call.now = self.clock.tokens(now);
        let rate = u32::try_from(counts.arrive(call.now)).unwrap_or(u32::MAX);
        let faults = match account.spec.requests_per_second {
            Some(limit) if rate > limit => vec![TOO_MANY],
            _ => self.faults.of(name, operation),
        };
        let answer = perform(account, counts, operation, &route, call, &faults);
        let status = faults.iter().find_map(Fault::status).unwrap_or(answer.status.as_u16());
        counts.note(operation, status);
        (answer, faults)
    }
}

/// Carries a call out, as far as its faults let it come to the vendor.
fn perform(
    account: &mut Account,
    counts: &mut Counts,
    operation: Operation,
    route: &Route<'_>,
    call: &mut Call,
    faults: &[Fault],
) -> Answer {
    if !faults.iter().all(Fault::is_carried_out) {
        return Answer::empty(StatusCode::SERVICE_UNAVAILABLE);
    }
    if faults.contains(&Fault::RoundWrite) {
        call.round_limit();
    }
    let undone = faults.contains(&Fault::IgnoreWrite).then(|| account.clone());
    let is_list = matches!(operation, Operation::ListSubUsers | Operation::ReadSubUser);
    let mut listed = if is_list { account.as_listed(call.now) } else { None };
    let before = if operation.is_of_sub_user() { account.records(route.parameter) } else { Records::new() };
    let asked = listed.as_mut().unwrap_or(account);
    let answer = match asked.spec.dialect {
        Dialect::Oxylabs => oxylabs::answer(asked, operation, route, call),
        _ => decodo::answer(asked, operation, route, call),
    };
    if operation.is_write() {
        let applied = answer.status.is_success() && undone.is_none();
        if let Some(undone) = undone {
            *account = undone;
        }
        let known_from = faults.iter().find_map(|fault| match fault {
            Fault::Late(by) => Some(call.now.checked_add(*by).unwrap_or(Timestamp::MAX)),
            _ => None,
        });
        let written = match operation.is_of_sub_user() {
            true => account.wrote(route.parameter, &before, known_from),
            false => (None, None),
        };
        counts.note_write(account.at, operation, route.parameter, call.object(), applied, written);
    }
    answer
}

fn nowhere() -> (Answer, Vec<Fault>) {
    (Answer::json(StatusCode::NOT_FOUND, json!({ "error": "Not found" })), Vec::new())
}

fn not_allowed(route: &Route<'_>) -> (Answer, Vec<Fault>) {
    let allow: Vec<_> = route.operations.iter().map(|(method, _)| method.as_str()).collect();
    let refused = Answer::json(StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "Method not allowed" }));
    (Answer { allow: Some(allow.join(", ")), ..refused }, Vec::new())
}
