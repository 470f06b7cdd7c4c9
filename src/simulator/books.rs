//! The truth behind the simulated figures, for tests to compare with.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::account::Account;
use super::operation::Operation;
use super::record::Written;
use super::scenario::Dialect;
use super::sub_user::{Status, SubUser};
use super::wire;
use super::workload::saturated;

/// How many writes the books hold; what came of all of them, [`SubUserBooks::changes`] counts.
const WRITES: usize = 1000;

/// Everything that the simulator knows, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Books {
    /// The time in which traffic flows, RFC 3339.
    pub now: String,
    /// Whether that time stands still.
    pub paused: bool,
    /// By the account's name.
    pub accounts: BTreeMap<String, AccountBooks>,
}

/// One account's truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountBooks {
    /// `oxylabs` or `decodo`.
    pub provider: &'static str,
    /// `published`, `v1` or `v2`.
    pub dialect: &'static str,
    /// The path of the base address.
    pub base_path: String,
    /// The product.
    pub product: String,
    /// Bytes in the vendor's gigabyte.
    pub gigabyte_bytes: u64,
    /// Exact bytes since the period began, of all sub-users and of the account itself.
    pub traffic_bytes: u64,
    /// The part of it that belongs to no sub-user.
    pub unattributed_bytes: u64,
    /// What the vendor says of `traffic_bytes`: lagging, and in the vendor's steps.
    pub reported_bytes: u64,
    /// What the plan includes; `null` where it is unlimited.
    pub plan_bytes: Option<u64>,
    /// The sum of the caps of listed sub-users.
    pub allocated_bytes: u64,
    /// How many sub-users are active.
    pub active_sub_users: usize,
    /// The period's first day.
    pub period_start: String,
    /// The period's last day, inclusive.
    pub period_end: String,
    /// The sub-users, deleted ones too.
    pub sub_users: Vec<SubUserBooks>,
    /// Addresses that need no credentials.
    pub whitelist: Vec<String>,
    /// Calls by operation.
    pub calls: BTreeMap<&'static str, u64>,
    /// Answers by operation and status; 0 is a call that was left without one.
    pub answers: BTreeMap<&'static str, BTreeMap<u16, u64>>,
    /// The most calls within any second, by the clock handed in.
    pub busiest_second: usize,
    /// The last thousand writes, the newest last.
    pub writes: Vec<WriteBooks>,
}

/// One write that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WriteBooks {
    /// The time in which traffic flows, RFC 3339.
    pub at: String,
    /// The operation.
    pub operation: &'static str,
    /// The id in the path, if there is one.
    pub id: String,
    /// The body without its password.
    pub body: Value,
    /// Whether the vendor carried it out.
    pub applied: bool,
    /// The sub-user's record before it; `null` where there was none, and for the whitelist.
    pub before: Option<RecordBooks>,
    /// The sub-user's record after it; the same where nothing changed.
    pub after: Option<RecordBooks>,
}

/// What a write may change of a sub-user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordBooks {
    /// The cap; `null` is none, 0 a block.
    pub limit_bytes: Option<u64>,
    /// Whether the vendor cuts off at the cap.
    pub auto_disable: bool,
    /// As in [`SubUserBooks::status`].
    pub status: &'static str,
}

/// One sub-user's truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubUserBooks {
    /// The vendor's id.
    pub id: u64,
    /// The name.
    pub username: String,
    /// `active`, `disabled` (by a person), `cut_off` (by the vendor at the limit) or `deleted`.
    pub status: &'static str,
    /// Whether the vendor's list shows it.
    pub listed: bool,
    /// Exact bytes that the limit is held against.
    pub traffic_bytes: u64,
    /// What the vendor says of them: lagging, and in steps of 0.01 GB; exact where the wire carries bytes.
    pub reported_bytes: u64,
    /// Requests since the counter began, as far as the simulation goes back.
    pub requests: u64,
    /// The cap; `null` is none, 0 a block.
    pub limit_bytes: Option<u64>,
    /// Whether the vendor cuts off at the cap.
    pub auto_disable: bool,
    /// Whether the counter never resets.
    pub lifetime: bool,
    /// How many calls changed its record; those of a person in the dashboard are not counted, nor is one that repeats
    /// what stands there.
    pub changes: u64,
    /// Where its traffic went, by day.
    pub targets: Vec<TargetBooks>,
}

/// Traffic to one target on one UTC day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetBooks {
    /// The day.
    pub date: String,
    /// The domain.
    pub target: String,
    /// Exact bytes that the vendor knows of.
    pub traffic_bytes: u64,
    /// The same in steps of 0.01 GB.
    pub reported_bytes: u64,
    /// Requests.
    pub requests: u64,
}

/// How often each operation was called, and what came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) calls: BTreeMap<&'static str, u64>,
    pub(super) answers: BTreeMap<&'static str, BTreeMap<u16, u64>>,
    pub(super) writes: VecDeque<WriteBooks>,
    busiest_second: usize,
    /// The calls of the last second.
    second: VecDeque<Timestamp>,
}

impl Counts {
    /// Counts a call that came at `now`; how many there were within the second that it ends.
    pub(super) fn arrive(&mut self, now: Timestamp) -> usize {
        self.second.push_back(now);
        let second = SignedDuration::from_secs(1);
        while self.second.front().is_some_and(|first| now.duration_since(*first) >= second) {
            self.second.pop_front();
        }
        self.busiest_second = self.busiest_second.max(self.second.len());
        self.second.len()
    }

    pub(super) fn note(&mut self, operation: Operation, status: u16) {
        *self.calls.entry(operation.name()).or_default() += 1;
        *self.answers.entry(operation.name()).or_default().entry(status).or_default() += 1;
    }

    pub(super) fn note_write(
        &mut self,
        at: Timestamp,
        operation: Operation,
        id: &str,
        body: Option<Map<String, Value>>,
        applied: bool,
        (before, after): Written,
    ) {
        let mut body = body.unwrap_or_default();
        if let Some(password) = body.get_mut("password") {
            *password = Value::from("…");
        }
        if self.writes.len() >= WRITES {
            self.writes.pop_front();
        }
        self.writes.push_back(WriteBooks {
            at: at.to_string(),
            operation: operation.name(),
            id: id.to_owned(),
            body: body.into(),
            applied,
            before,
            after,
        });
    }
}

/// The books of an account, with targets of the last `days` days.
pub(super) fn of_account(account: &Account, counts: &Counts, days: u32) -> AccountBooks {
    let spec = &account.spec;
    let places = if spec.dialect == Dialect::Oxylabs { wire::FINE } else { wire::STEP };
    let all = || account.sub_users.iter().chain(&account.main);
    AccountBooks {
        provider: spec.dialect.provider(),
        dialect: spec.dialect.as_str(),
        base_path: spec.base_path(),
        product: spec.product.clone(),
        gigabyte_bytes: spec.gigabyte.bytes(),
        traffic_bytes: saturated(all().map(|user| user.in_period)),
        unattributed_bytes: account.main.as_ref().map_or(0, |main| main.in_period),
        reported_bytes: wire::reported(account.total(), spec.gigabyte, places),
        plan_bytes: account.plan.bytes().map(|bytes| bytes.0),
        allocated_bytes: account.allocated().0,
        active_sub_users: account.sub_users.iter().filter(|user| user.status == Status::Active).count(),
        period_start: wire::date(account.period.start).to_string(),
        period_end: account.last_day().to_string(),
        sub_users: account.sub_users.iter().map(|user| of_sub_user(account, user, days)).collect(),
        whitelist: account.whitelist.iter().map(|entry| entry.address.clone()).collect(),
        calls: counts.calls.clone(),
        answers: counts.answers.clone(),
        busiest_second: counts.busiest_second,
        writes: counts.writes.iter().cloned().collect(),
    }
}

fn of_sub_user(account: &Account, user: &SubUser, days: u32) -> SubUserBooks {
    let gigabyte = account.spec.gigabyte;
    let counter = account.counter(user);
    let mut dates = vec![wire::date(account.at)];
    while dates.len() <= days as usize {
        let Some(Ok(before)) = dates.last().map(|date| date.yesterday()) else { break };
        dates.push(before);
    }
    dates.truncate(days as usize);
    let targets = dates.into_iter().rev().flat_map(|date| account.targets_of_day(user, date));
    SubUserBooks {
        id: user.id,
        username: user.username.clone(),
        status: user.status.as_str(),
        listed: user.is_listed(account.lists_disabled()),
        traffic_bytes: user.counter,
        reported_bytes: match account.spec.dialect {
            Dialect::DecodoV2 => counter,
            _ => wire::reported(counter, gigabyte, wire::STEP),
        },
        requests: if days == 0 { 0 } else { account.requests(user) },
        limit_bytes: user.limit.bytes().map(|bytes| bytes.0),
        auto_disable: user.auto_disable,
        lifetime: user.lifetime,
        changes: user.changes,
        targets: targets
            .map(|row| TargetBooks {
                date: row.date.to_string(),
                target: row.target,
                traffic_bytes: row.amount.bytes,
                reported_bytes: wire::reported(row.amount.bytes, gigabyte, wire::STEP),
                requests: row.amount.requests,
            })
            .collect(),
    }
}
