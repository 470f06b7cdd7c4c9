//! The readings of a test: what the account's vendor shows at a moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::account::Account;
use crate::domain::period::Period;
use crate::domain::snapshot::{Reading, Snapshot, SubUserRow};
use crate::domain::traffic::{AccountUsage, SubUser, Subscription, Usage, Window};
use crate::domain::units::{Bytes, Limit};

/// What is shown at one moment, whole.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    /// Nobody answered: what was shown before grows old.
    pub(super) failed: bool,
    /// The account's total; nothing: what the sub-users used together.
    pub(super) total: Option<Bytes>,
    /// The plan, where the test shows one.
    pub(super) plan: Option<Limit>,
    pub(super) rows: BTreeMap<String, Row>,
}

/// One sub-user as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// When its figure was read last; older than the list where it did not answer.
    pub(super) observed: Timestamp,
    pub(super) used: Bytes,
    pub(super) limit: Option<Limit>,
    pub(super) enforced: Option<bool>,
}

/// The name of the plan that a test shows.
const PLAN: &str = "plan";

impl Step {
    /// Puts it into the snapshot.
    pub(super) fn show(&self, account: &Account, snapshot: &mut Snapshot) {
        if self.failed {
            return;
        }
        let observed = self.at;
        let sum = || self.rows.values().map(|row| row.used).sum();
        let total = self.total.unwrap_or_else(sum);
        let period = Period::month_of_day(account.billing_day.unwrap_or(1), self.at, &account.time_zone);
        let date = |at: Timestamp| at.to_zoned(account.time_zone.clone()).date();
        let value = AccountUsage {
            traffic: Some(total),
            period_start: period.map(|period| date(period.start)),
            as_of: Some(date(self.at)),
            ..AccountUsage::default()
        };
        snapshot.account = Some(Reading { observed, value });
        let value = self.rows.iter().map(|(name, row)| row.shown(name)).collect();
        snapshot.sub_users = Some(Arc::new(Reading { observed, value }));
        if let Some(limit) = self.plan {
            let plan = Subscription {
                name: PLAN.into(),
                product: None,
                status: None,
                traffic: Some(total),
                limit: Some(limit),
                valid_from: None,
                valid_until: None,
            };
            snapshot.subscriptions = Some(Arc::new(Reading { observed, value: vec![plan] }));
        }
    }
}

impl Row {
    fn shown(&self, name: &str) -> SubUserRow {
        let is_unlimited = self.limit == Some(Limit::Unlimited);
        SubUserRow {
            sub_user: SubUser {
                id: None,
                username: name.into(),
                status: Some("active".into()),
                product: None,
                limit: self.limit,
                limit_enforced: self.enforced.or(is_unlimited.then_some(false)),
                auto_disable: None,
                lifetime: None,
                created: None,
                usage: None,
            },
            usage: Some(Reading {
                observed: self.observed,
                value: Usage { traffic: self.used, requests: None, window: Window::Period },
            }),
        }
    }
}
