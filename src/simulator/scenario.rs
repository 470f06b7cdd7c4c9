//! What is simulated: accounts, their sub-users, and the traffic of each.

use jiff::{SignedDuration, Timestamp};

use super::faults::FaultRule;
use crate::domain::units::{Bytes, Gigabyte, Limit};

/// A set of accounts at both vendors.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Two scenarios with the same seed and the same start have the same traffic.
    pub seed: u64,
    /// Seconds of traffic in one second; more than 1 is for rehearsals.
    pub speed: f64,
    /// From the start on, traffic is so many times as heavy as it was before.
    pub boost: u32,
    /// How many days of traffic lie before the start.
    pub history_days: u32,
    /// When a rehearsal of it starts; a server starts when it is started.
    pub start: Timestamp,
    /// How long a rehearsal of it lasts.
    pub lasts: SignedDuration,
    /// The accounts; their names differ.
    pub accounts: Vec<AccountSpec>,
    /// What goes wrong, in the order in which it is looked for.
    pub faults: Vec<FaultRule>,
}

/// Which interface an account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Oxylabs' Public API v2.
    Oxylabs,
    /// Decodo as its published v1 contract says.
    DecodoPublished,
    /// Decodo v1 as it really answers.
    DecodoV1,
    /// Decodo v2: a static key, no login, no user id in the paths.
    DecodoV2,
}

impl Dialect {
    /// The provider's name in proxymeter's configuration.
    #[must_use]
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Oxylabs => "oxylabs",
            Self::DecodoPublished | Self::DecodoV1 | Self::DecodoV2 => "decodo",
        }
    }

    /// The dialect's name in proxymeter's configuration; Oxylabs has one, `v2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oxylabs | Self::DecodoV2 => "v2",
            Self::DecodoPublished => "published",
            Self::DecodoV1 => "v1",
        }
    }

    /// The version that stands in the path.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Oxylabs | Self::DecodoV2 => "v2",
            Self::DecodoPublished | Self::DecodoV1 => "v1",
        }
    }
}

/// How Oxylabs writes a sub-user's statistics, and whether target statistics carry totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatisticsShape {
    /// `traffic_by_period`, a map; source: the v1 specification.
    ByPeriod,
    /// `trafficByPeriod`, the same map; source: a reseller's client of an earlier time.
    ByPeriodCamelCase,
    /// `results`, an array; source: the types of the v2 specification.
    #[default]
    Results,
}

/// One account: a login at a vendor, under its own base address.
#[derive(Clone, Debug)]
pub struct AccountSpec {
    /// The first segment of the base address.
    pub name: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// `residential`, `mobile`, `datacenter` or `isp`; Oxylabs does not say it.
    pub product: String,
    /// The login's user.
    pub username: String,
    /// The login's password; for Decodo v2 the API key.
    pub secret: String,
    /// How many bytes the vendor calls a gigabyte.
    pub gigabyte: Gigabyte,
    /// What the plan includes; Oxylabs does not say it.
    pub plan: Limit,
    /// The day of the month on which counters reset, UTC.
    pub billing_day: i8,
    /// How long after the traffic the vendor's figures know of it.
    pub lag: SignedDuration,
    /// How long after a limit was reached the vendor cuts off.
    pub enforcement_lag: SignedDuration,
    /// How long a token lives.
    pub token_life: SignedDuration,
    /// Calls above this rate, within any second, are answered 429; no vendor documents one.
    pub requests_per_second: Option<u32>,
    /// Oxylabs alone.
    pub statistics: StatisticsShape,
    /// Decodo's published contract alone: whether `PUT …/sub-users/{id}`, which the contract lacks, exists as well.
    pub update_by_id: bool,
    /// Decodo's published contract alone: an unlimited `traffic_limit` is `null`, as the contract's prose has it; its
    /// schema wants a number, so that otherwise the field is absent.
    pub null_limits: bool,
    /// Traffic of the account's own credentials, which belongs to no sub-user.
    pub unattributed: Option<Workload>,
    /// What the vendor does besides.
    pub events: Vec<Event>,
    /// Addresses that need no credentials at the proxies.
    pub whitelist: Vec<String>,
    /// The logins at the proxies.
    pub sub_users: Vec<SubUserSpec>,
}

impl AccountSpec {
    /// An account without sub-users, with the vendor's usual manners.
    #[must_use]
    pub fn new(name: &str, dialect: Dialect, product: &str, username: &str, secret: &str) -> Self {
        Self {
            name: name.into(),
            dialect,
            product: product.into(),
            username: username.into(),
            secret: secret.into(),
            gigabyte: Gigabyte::Decimal,
            plan: Limit::Bytes(Bytes(1_000_000_000_000)),
            billing_day: 1,
            lag: SignedDuration::ZERO,
            enforcement_lag: SignedDuration::ZERO,
            // One hour at Oxylabs by its page; Decodo does not say.
            token_life: SignedDuration::from_hours(1),
            requests_per_second: None,
            statistics: StatisticsShape::default(),
            update_by_id: true,
            null_limits: false,
            unattributed: None,
            events: Vec::new(),
            whitelist: Vec::new(),
            sub_users: Vec::new(),
        }
    }

    /// The path of the base address, such as `/oxylabs/v2`.
    #[must_use]
    pub fn base_path(&self) -> String {
        format!("/{}/{}", self.name, self.dialect.version())
    }
}

/// Something that the vendor does at a moment after the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the start.
    pub after: SignedDuration,
    /// What it does.
    pub kind: EventKind,
}

/// What a vendor does besides counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Takes bytes from a sub-user's counter and from the account's total; days and targets stay.
    Correction {
        /// The sub-user's name.
        sub_user: String,
        /// How many, at most what was counted.
        bytes: Bytes,
    },
    /// Somebody changes a sub-user on the vendor's dashboard.
    Person {
        /// The sub-user's name.
        sub_user: String,
        /// The new cap.
        limit: Option<Limit>,
        /// Whether it may use the proxies.
        enabled: Option<bool>,
    },
    /// Adds bytes to the plan.
    TopUp(Bytes),
    /// Reports the figures of this moment for so long, then jumps.
    Freeze(SignedDuration),
}

/// A login at the proxies.
#[derive(Clone, Debug)]
pub struct SubUserSpec {
    /// Letters, digits, underscore.
    pub username: String,
    /// Its product where it is another than the account's.
    pub product: Option<String>,
    /// The vendor's cap.
    pub limit: Limit,
    /// Whether the vendor cuts off at the cap.
    pub auto_disable: bool,
    /// Whether the counter never resets.
    pub lifetime: bool,
    /// Whether it may use the proxies.
    pub enabled: bool,
    /// What it used before the simulated history, counted where the counter never resets.
    pub used_before: Bytes,
    /// What it sends.
    pub workload: Workload,
    /// What that really is, where the scenario says so.
    pub truth: Option<Truth>,
}

/// What traffic really is, so that a rehearsal can tell what would be cut off wrongly; no vendor knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// What it is within the span.
    pub is: Nature,
    /// From when since the start, and how long; outside it is the other. Nothing: always.
    pub span: Option<(SignedDuration, SignedDuration)>,
}

/// Whether somebody wants the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Somebody does.
    Wanted,
    /// Nobody does.
    Runaway,
}

impl SubUserSpec {
    /// An enabled sub-user whose cap the vendor enforces each period.
    #[must_use]
    pub fn new(username: &str, limit: Limit, workload: Workload) -> Self {
        Self {
            username: username.into(),
            product: None,
            limit,
            auto_disable: true,
            lifetime: false,
            enabled: true,
            used_before: Bytes(0),
            workload,
            truth: None,
        }
    }
}

/// How much traffic, when, and where to.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Bytes a day before the start, on average.
    pub per_day: Bytes,
    /// How they spread over time.
    pub shape: Shape,
    /// How they spread over domains.
    pub targets: Vec<TargetSpec>,
}

impl Workload {
    /// A workload over targets of (name, share, bytes of one request).
    #[must_use]
    pub fn new(per_day: Bytes, shape: Shape, targets: &[(&str, u32, u64)]) -> Self {
        let targets = targets
            .iter()
            .map(|&(name, share, request)| TargetSpec { name: name.into(), share, request: Bytes(request) })
            .collect();
        Self { per_day, shape, targets }
    }
}

/// How traffic spreads over time.
#[derive(Clone, Debug)]
pub enum Shape {
    /// About the same at every hour.
    Steady,
    /// Office hours of workdays.
    Weekday,
    /// None.
    Idle,
    /// Steady, and from `after` the start on `factor` times as much.
    Runaway {
        /// Since the start.
        after: SignedDuration,
        /// At least 1.
        factor: u32,
    },
    /// Steady, and from `after` the start on evenly rising, until it is `factor` times as much and stays so.
    Ramp {
        /// Since the start.
        after: SignedDuration,
        /// How long it rises, in steps of a day.
        lasts: SignedDuration,
        /// At least 1.
        factor: u32,
    },
    /// Steady, and for a while `factor` times as much again to a target of its own.
    RetryStorm {
        /// Since the start.
        after: SignedDuration,
        /// How long.
        lasts: SignedDuration,
        /// Times the daily rate.
        factor: u32,
        /// Where the storm goes to; its share is not used.
        target: TargetSpec,
    },
}

/// A domain that traffic goes to.
#[derive(Clone, Debug)]
pub struct TargetSpec {
    /// The domain.
    pub name: String,
    /// Its part of the workload, against the other targets.
    pub share: u32,
    /// Bytes of one request, both directions.
    pub request: Bytes,
}

/// What a client needs to use one simulated account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The account's name.
    pub account: String,
    /// `oxylabs` or `decodo`.
    pub provider: &'static str,
    /// `published`, `v1` or `v2`.
    pub dialect: &'static str,
    /// The product, which Oxylabs does not say.
    pub product: String,
    /// What comes after the server's address, such as `/oxylabs/v2`.
    pub base_path: String,
    /// The login's user; not used by Decodo v2.
    pub username: String,
    /// The login's password; for Decodo v2 the API key.
    pub secret: String,
}

impl Scenario {
    /// How to reach each account.
    #[must_use]
    pub fn access(&self) -> Vec<Access> {
        self.accounts
            .iter()
            .map(|account| Access {
                account: account.name.clone(),
                provider: account.dialect.provider(),
                dialect: account.dialect.as_str(),
                product: account.product.clone(),
                base_path: account.base_path(),
                username: account.username.clone(),
                secret: account.secret.clone(),
            })
            .collect()
    }
}
