//! The answers of a simulated account as values and without a server: what a client makes of what is on the wire.
//!
//! `tests/it/simulator/answers.rs` holds them against the clients' own reading of the served answers.

mod row;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::scenario::{AccountSpec, Dialect, Nature, Scenario, Truth};
use super::sub_user::{Status, SubUser as User};
use super::wire;
use super::workload::saturated;
use crate::domain::snapshot::{Reading, Snapshot, SubUserRow};
use crate::domain::traffic::{AccountUsage, Subscription, Usage};
use crate::domain::units::{Bytes, Limit};
use row::{RowState, counts_anew, in_gigabytes, of_list, row, service_type, window};

/// What was used on days, in their order.
pub type DaysUsed = Vec<(Date, Bytes)>;

/// One simulated account that is asked without a socket; only ever later.
#[derive(Clone, Debug)]
pub struct Answers {
    account: Account,
    /// What the traffic of each sub-user really is.
    truths: Vec<Option<Resolved>>,
    /// What the rows of the list were made of, so that only what changed is made anew.
    rows: Vec<RowState>,
}

/// A truth with its moments.
#[derive(Clone, Copy, Debug)]
struct Resolved {
    is: Nature,
    span: (Timestamp, Timestamp),
}

impl Answers {
    /// The accounts of a scenario in its order, each with its history until `start`.
    #[must_use]
    pub fn of(scenario: &Scenario, start: Timestamp) -> Vec<Self> {
        let after = |by: SignedDuration| start.checked_add(by).unwrap_or(Timestamp::MAX);
        let resolve = |Truth { is, span }: Truth| {
            let span = span.map(|(from, lasts)| (after(from), after(from.saturating_add(lasts))));
            Resolved { is, span: span.unwrap_or((Timestamp::MIN, Timestamp::MAX)) }
        };
        let of_account = |spec: &AccountSpec| Self {
            account: Account::new(spec, scenario, start),
            truths: spec.sub_users.iter().map(|user| user.truth.map(resolve)).collect(),
            rows: Vec::new(),
        };
        scenario.accounts.iter().map(of_account).collect()
    }

    /// What the account is; its sub-users are left out.
    #[must_use]
    pub fn spec(&self) -> &AccountSpec {
        &self.account.spec
    }

    /// Lets time pass, and puts what the vendor then says into a snapshot that took the answers before.
    pub fn look(&mut self, now: Timestamp, snapshot: &mut Snapshot) {
        self.account.advance(now);
        let observed = now;
        let total = self.list(observed, snapshot);
        snapshot.account = Some(Reading { observed, value: self.usage(total) });
        if let Some(plan) = self.subscription(total) {
            snapshot.subscriptions = Some(Arc::new(Reading { observed, value: vec![plan] }));
        }
    }

    /// Lets time pass without a look.
    pub fn pass(&mut self, until: Timestamp) {
        self.account.advance(until);
    }

    /// Brings the rows of the list up to date; gives back what the vendor knows of the account's total.
    fn list(&mut self, observed: Timestamp, snapshot: &mut Snapshot) -> u64 {
        let account = &self.account;
        let mut list =
            snapshot.sub_users.take().unwrap_or_else(|| Arc::new(Reading { observed, value: vec![] }));
        // Nobody else holds the list between two looks.
        let held = Arc::make_mut(&mut list);
        held.observed = observed;
        let (rows, states) = (&mut held.value, &mut self.rows);
        let (mut total, mut at) = (0_u64, 0);
        for user in account.sub_users.iter().chain(&account.main) {
            let (counter, in_period) = account.figures(user);
            total = total.saturating_add(in_period);
            // The main user has no id and is in no list.
            if user.id == 0 || !user.is_listed(account.lists_disabled()) {
                continue;
            }
            let state = RowState::of(user);
            if states.get(at) != Some(&state) {
                states.truncate(at);
                rows.truncate(at);
                states.push(state);
                rows.push(SubUserRow { sub_user: row(account, user), usage: None });
            }
            let traffic = Bytes(of_list(account, counter));
            if let Some(row) = rows.get_mut(at) {
                match &mut row.usage {
                    Some(held) if !counts_anew(account, user, held.observed) => {
                        held.observed = observed;
                        held.value.traffic = traffic;
                    }
                    usage => {
                        let window = window(account, user);
                        *usage = Some(Reading { observed, value: Usage { traffic, requests: None, window } });
                    }
                }
            }
            at += 1;
        }
        states.truncate(at);
        rows.truncate(at);
        snapshot.sub_users = Some(list);
        total
    }

    fn usage(&self, total: u64) -> AccountUsage {
        let (account, gigabyte) = (&self.account, self.account.spec.gigabyte);
        let said = |places| Some(Bytes(wire::reported(total, gigabyte, places)));
        let allocated = || gigabyte.to_bytes(gigabyte.from_bytes(account.allocated())).ok();
        match account.spec.dialect {
            Dialect::Oxylabs => AccountUsage {
                traffic: said(wire::FINE),
                period_start: Some(wire::date(account.period.start)),
                as_of: Some(wire::date(account.at)),
                ..AccountUsage::default()
            },
            Dialect::DecodoPublished => {
                let active = account.listed().filter(|user| user.status == Status::Active).count();
                AccountUsage {
                    traffic: said(wire::STEP),
                    allocated: allocated(),
                    sub_users: Some(active as u64),
                    ..AccountUsage::default()
                }
            }
            Dialect::DecodoV1 => AccountUsage {
                traffic: said(wire::STEP).filter(|_| self.is_covered()),
                ..AccountUsage::default()
            },
            Dialect::DecodoV2 => AccountUsage {
                traffic: said(wire::STEP).filter(|_| self.is_covered()),
                allocated: allocated(),
                ..AccountUsage::default()
            },
        }
    }

    /// Decodo answers no plan of a product that its API does not cover.
    fn is_covered(&self) -> bool {
        !matches!(&*self.account.spec.product, "datacenter" | "isp")
    }

    fn subscription(&self, total: u64) -> Option<Subscription> {
        let spec = &self.account.spec;
        let product = &*spec.product;
        let is_published = spec.dialect == Dialect::DecodoPublished;
        let (name, product, status) = match spec.dialect {
            Dialect::Oxylabs => return None,
            Dialect::DecodoPublished => {
                (format!("{product} monthly"), product.to_owned(), Some("active".into()))
            }
            _ if !self.is_covered() => return None,
            _ => (service_type(product), service_type(product), None),
        };
        let limit = Some(in_gigabytes(self.account.plan, spec.gigabyte))
            .filter(|plan| !(is_published && *plan == Limit::Unlimited));
        Some(Subscription {
            name: name.into(),
            product: Some(product.into()),
            status,
            traffic: Some(Bytes(wire::reported(total, spec.gigabyte, wire::STEP))),
            limit,
            valid_from: Some(wire::date(self.account.period.start)),
            valid_until: Some(self.account.last_day()),
        })
    }

    fn by_id(&self, id: &str) -> Option<(&User, Option<Resolved>)> {
        let id: u64 = id.parse().ok()?;
        let at = self.account.sub_users.iter().position(|user| user.id == id)?;
        Some((self.account.sub_users.get(at)?, self.truths.get(at).copied().flatten()))
    }

    /// The exact bytes of the sub-user with this id between two moments, as far as time has passed.
    #[must_use]
    pub fn used(&self, id: &str, from: Timestamp, to: Timestamp) -> Option<Bytes> {
        let (user, _) = self.by_id(id)?;
        Some(Bytes(user.between(from, to.min(self.account.at))))
    }

    /// Those of them that somebody wants; nothing where the scenario does not say.
    #[must_use]
    pub fn wanted(&self, id: &str, from: Timestamp, to: Timestamp) -> Option<Bytes> {
        let (user, truth) = self.by_id(id)?;
        let Resolved { is, span: (begin, end) } = truth?;
        let to = to.min(self.account.at);
        let within = user.between(from.max(begin), to.min(end));
        Some(Bytes(match is {
            Nature::Wanted => within,
            Nature::Runaway => user.between(from, to).saturating_sub(within),
        }))
    }

    /// What each sub-user sent on each of the last `days` whole days (UTC), as the vendor's own history tells.
    #[must_use]
    pub fn days_before(&self, days: i64) -> Vec<(Arc<str>, DaysUsed)> {
        let today = wire::day_start(wire::date(self.account.at));
        let of_user = |user: &User| {
            let day = |back: i64| {
                let from = today.checked_sub(SignedDuration::from_hours(24 * back)).ok()?;
                let to = today.checked_sub(SignedDuration::from_hours(24 * (back - 1))).ok()?;
                let used = user.between(from, to);
                Some((from >= user.created).then(|| (wire::date(from), Bytes(of_list(&self.account, used)))))
            };
            (user.id.to_string().into(), (1..=days).rev().filter_map(|back| day(back)?).collect())
        };
        self.account.listed().map(of_user).collect()
    }

    /// The exact bytes of all sub-users and of the account itself since the period began.
    #[must_use]
    pub fn total(&self) -> Bytes {
        Bytes(saturated(self.account.sub_users.iter().chain(&self.account.main).map(|user| user.in_period)))
    }
}
