//! The state of one account, and what time does to it.
//!
//! Whatever happens at a moment (a period's end, a cut-off) is done at that moment, however late one looks.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::auth::Tokens;
use super::change::Change;
use super::scenario::{AccountSpec, Event, EventKind, Scenario, SubUserSpec, Workload};
use super::sub_user::{Status, SubUser};
use super::wire;
use super::workload::{Amount, Flow, mix, saturated, seed_of};
use crate::domain::period::Period;
use crate::domain::units::{Bytes, Limit};

/// One account as the vendor knows it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) spec: AccountSpec,
    pub(super) seed: u64,
    pub(super) user_id: String,
    pub(super) plan: Limit,
    pub(super) sub_users: Vec<SubUser>,
    pub(super) main: Option<SubUser>,
    pub(super) whitelist: Vec<Whitelisted>,
    pub(super) tokens: Tokens,
    pub(super) period: Period,
    /// How far the counters are.
    pub(super) at: Timestamp,
    /// What is still to happen, the last first.
    events: Vec<(Timestamp, EventKind)>,
    /// Since when and until when figures stand still.
    frozen: Option<(Timestamp, Timestamp)>,
    /// Of the next sub-user or whitelisted address that is made.
    pub(super) next_id: u64,
}

/// An address that needs no credentials.
#[derive(Clone, Debug)]
pub(super) struct Whitelisted {
    pub(super) id: u64,
    pub(super) address: String,
    pub(super) created: Timestamp,
}

/// Traffic to one target on one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DayTarget {
    pub(super) date: Date,
    pub(super) target: String,
    pub(super) amount: Amount,
}

impl Account {
    /// The account with its history until `start`.
    pub(super) fn new(spec: &AccountSpec, scenario: &Scenario, start: Timestamp) -> Self {
        let seed = mix(scenario.seed, seed_of(&spec.name));
        let history = SignedDuration::from_hours(24 * i64::from(scenario.history_days));
        let begin = start.checked_sub(history).unwrap_or(start);
        let first_id = 10_000 + seed % 80_000;
        let make = |id: u64, user: &SubUserSpec| {
            let flow = Flow::new(&user.workload, mix(seed, seed_of(&user.username)), start, scenario.boost);
            SubUser::new(id, user, flow, begin)
        };
        let sub_users: Vec<_> = (first_id..).zip(&spec.sub_users).map(|(id, user)| make(id, user)).collect();
        let main = spec.unattributed.as_ref().map(|workload| {
            make(0, &SubUserSpec::new(&spec.username, Limit::Unlimited, Workload::clone(workload)))
        });
        let whitelist = (1_000..)
            .zip(&spec.whitelist)
            .map(|(id, address)| Whitelisted { id, address: address.clone(), created: begin })
            .collect();
        let moment = |event: &Event| start.checked_add(event.after).unwrap_or(Timestamp::MAX);
        let mut events: Vec<_> =
            spec.events.iter().map(|event| (moment(event), event.kind.clone())).collect();
        events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut account = Self {
            user_id: uuid(seed),
            plan: spec.plan,
            next_id: first_id + sub_users.len() as u64,
            sub_users,
            main,
            whitelist,
            tokens: Tokens::default(),
            period: period_of(spec.billing_day, begin),
            at: begin,
            events,
            frozen: None,
            // The sub-users live on as `sub_users`.
            spec: AccountSpec { sub_users: Vec::new(), ..spec.clone() },
            seed,
        };
        account.advance(start);
        account
    }

    /// Lets time pass until `now`; a moment in the past changes nothing.
    pub(super) fn advance(&mut self, now: Timestamp) {
        while self.at < now {
            let event = self.events.last().map_or(Timestamp::MAX, |(at, _)| *at);
            let to = now.min(self.period.end).min(event.max(self.at));
            let lag = self.spec.enforcement_lag;
            for user in self.sub_users.iter_mut().chain(&mut self.main) {
                user.advance(self.at, to, lag);
            }
            self.at = to;
            while let Some((_, kind)) = self.events.pop_if(|(at, _)| *at <= to) {
                self.happen(kind);
            }
            if to == self.period.end {
                self.period = period_of(self.spec.billing_day, to);
                for user in self.sub_users.iter_mut().chain(&mut self.main) {
                    user.reset(to);
                }
            }
        }
    }

    fn happen(&mut self, kind: EventKind) {
        match kind {
            EventKind::Correction { sub_user, bytes } => {
                if let Some(user) = self.sub_users.iter_mut().find(|user| user.username == sub_user) {
                    user.correct(bytes);
                }
            }
            EventKind::Person { sub_user, limit, enabled } => {
                let change = Change { limit, enabled, ..Change::default() };
                if let Some(id) = self.by_name(&sub_user).map(|user| user.id) {
                    self.update(id, &change, false);
                }
            }
            EventKind::TopUp(bytes) => {
                self.plan = match self.plan {
                    Limit::Unlimited => Limit::Unlimited,
                    Limit::Blocked => Limit::of(bytes),
                    Limit::Bytes(had) => Limit::Bytes(had.saturating_add(bytes)),
                };
            }
            EventKind::Freeze(lasts) => {
                self.frozen = Some((self.at, self.at.checked_add(lasts).unwrap_or(Timestamp::MAX)));
            }
        }
    }

    /// The moment up to which the vendor's figures are.
    pub(super) fn as_of(&self) -> Timestamp {
        let seen = match self.frozen {
            Some((since, until)) if self.at < until => since,
            _ => self.at,
        };
        seen.checked_sub(self.spec.lag).unwrap_or(seen)
    }

    /// What the vendor says a sub-user's counter is: without what it does not know of yet.
    pub(super) fn counter(&self, user: &SubUser) -> u64 {
        user.counter - user.between(self.as_of().max(user.counted_from), self.at).min(user.counter)
    }

    /// What the vendor says a sub-user sent in this period.
    pub(super) fn in_period(&self, user: &SubUser) -> u64 {
        user.in_period - user.between(self.as_of().max(self.period.start), self.at).min(user.in_period)
    }

    /// [`Self::counter`] and [`Self::in_period`] together, for the price of one where both began at once.
    pub(super) fn figures(&self, user: &SubUser) -> (u64, u64) {
        let as_of = self.as_of();
        let (from, from_in_period) = (as_of.max(user.counted_from), as_of.max(self.period.start));
        let late = user.between(from, self.at);
        let late_in_period =
            if from == from_in_period { late } else { user.between(from_in_period, self.at) };
        (user.counter - late.min(user.counter), user.in_period - late_in_period.min(user.in_period))
    }

    /// What the vendor says the account sent in this period, with what belongs to no sub-user.
    pub(super) fn total(&self) -> u64 {
        saturated(self.sub_users.iter().chain(&self.main).map(|user| self.in_period(user)))
    }

    /// The sum of the caps of listed sub-users.
    pub(super) fn allocated(&self) -> Bytes {
        self.listed().filter_map(|user| user.limit.bytes()).sum()
    }

    /// The last day of the period, inclusive.
    pub(super) fn last_day(&self) -> Date {
        let end = wire::date(self.period.end);
        end.yesterday().unwrap_or(end)
    }

    /// Sub-users that the vendor's list shows.
    pub(super) fn listed(&self) -> impl Iterator<Item = &SubUser> {
        self.sub_users.iter().filter(|user| user.is_listed(self.lists_disabled()))
    }

    /// Oxylabs and the real Decodo list active sub-users only; the published contract lists all.
    pub(super) fn lists_disabled(&self) -> bool {
        self.spec.dialect == super::Dialect::DecodoPublished
    }

    /// A sub-user's product.
    pub(super) fn product<'a>(&'a self, user: &'a SubUser) -> &'a str {
        user.product.as_deref().unwrap_or(&self.spec.product)
    }

    /// A sub-user that is not deleted, by its id.
    pub(super) fn by_id(&self, id: &str) -> Option<&SubUser> {
        let id: u64 = id.parse().ok()?;
        self.sub_users.iter().find(|user| user.id == id && user.status != Status::Deleted)
    }

    /// A sub-user that is not deleted, by its name.
    pub(super) fn by_name(&self, name: &str) -> Option<&SubUser> {
        self.sub_users.iter().find(|user| user.username == name && user.status != Status::Deleted)
    }

    /// Traffic of a sub-user from `from` up to `to` that the vendor knows of.
    pub(super) fn span(&self, user: &SubUser, from: Timestamp, to: Timestamp) -> u64 {
        user.between(from, to.min(self.as_of()))
    }

    /// Traffic of a sub-user by target on one UTC day.
    pub(super) fn targets_of_day(&self, user: &SubUser, date: Date) -> Vec<DayTarget> {
        let from = wire::day_start(date);
        let to = date.tomorrow().map_or(from, wire::day_start).min(self.as_of());
        let rows = user.by_target(from, to);
        rows.into_iter()
            .filter(|(_, amount)| amount.bytes > 0)
            .map(|(target, amount)| DayTarget { date, target, amount })
            .collect()
    }

    /// Requests of a sub-user since its counter began, as far as its flow is simulated.
    pub(super) fn requests(&self, user: &SubUser) -> u64 {
        let targets = user.by_target(user.counted_from, self.as_of());
        saturated(targets.iter().map(|(_, amount)| amount.requests))
    }
}

fn period_of(billing_day: i8, at: Timestamp) -> Period {
    Period::month_of_day(billing_day, at, &TimeZone::UTC).unwrap_or(Period { start: at, end: Timestamp::MAX })
}

/// A number in the shape of a UUID.
pub(super) fn uuid(seed: u64) -> String {
    let (high, low) = (mix(seed, 1), mix(seed, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        0x8000 | (low >> 48) & 0x3FFF,
        low & 0xFFFF_FFFF_FFFF
    )
}

/// Sums by a key, in the key's order.
pub(super) fn sum_by<K: Ord>(rows: impl IntoIterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    let mut sums = BTreeMap::new();
    for (key, value) in rows {
        let sum: &mut u64 = sums.entry(key).or_default();
        *sum = sum.saturating_add(value);
    }
    sums
}
