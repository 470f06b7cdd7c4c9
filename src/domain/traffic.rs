//! What vendors say: usage, sub-users, targets, plans, and the small lists beside them.
//!
//! A field that is `None` was not said; nothing here reads a silence as 0.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use super::units::{Bytes, Limit};

/// The vendor's own id of a sub-user; a number at some, a text at others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubUserId(pub Arc<str>);

/// The span that a figure counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// The vendor's current period, whose dates the vendor tells elsewhere.
    Period,
    /// From the first of the calendar month until now.
    CalendarMonth,
    /// Everything since the sub-user or its subscription began.
    Lifetime,
    /// Since a moment in the account's zone.
    Since(DateTime),
    /// From a first to a last day, both inclusive.
    Dates(Date, Date),
    /// The vendor does not say.
    Unknown,
}

/// A figure of usage and the span that it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes, both directions.
    pub traffic: Bytes,
    /// Requests, where the vendor counts them.
    pub requests: Option<u64>,
    /// What is counted.
    pub window: Window,
}

/// A login at the proxies, under an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubUser {
    /// The vendor's id; the published Decodo contract does not promise one.
    pub id: Option<SubUserId>,
    /// The name, as the label `sub_user`.
    pub username: Arc<str>,
    /// The vendor's word for its state, such as `active`.
    pub status: Option<Arc<str>>,
    /// The vendor's word for the product; the account's where it says nothing.
    pub product: Option<Arc<str>>,
    /// The cap; `None` where the row does not say.
    pub limit: Option<Limit>,
    /// Whether the vendor cuts off at the cap; `Some(false)` where there is none.
    pub limit_enforced: Option<bool>,
    /// The vendor's own flag that it cuts off at the cap, cap or none; what a restore has to put back.
    pub auto_disable: Option<bool>,
    /// Whether the counter never resets.
    pub lifetime: Option<bool>,
    /// When it was made, in the account's zone.
    pub created: Option<DateTime>,
    /// What it used, where the list says so.
    pub usage: Option<Usage>,
}

/// The account's total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountUsage {
    /// Bytes in the current period.
    pub traffic: Option<Bytes>,
    /// What the limits of all sub-users add up to, by the vendor's own count.
    pub allocated: Option<Bytes>,
    /// The vendor's own count of active sub-users.
    pub sub_users: Option<u64>,
    /// The first day of the current period.
    pub period_start: Option<Date>,
    /// The last day that the figures hold; today, not the period's end.
    pub as_of: Option<Date>,
}

/// A plan with its validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The label `subscription`: the plan's name, else its id, else its product.
    pub name: Arc<str>,
    /// The vendor's word for the product.
    pub product: Option<Arc<str>>,
    /// The vendor's word for its state.
    pub status: Option<Arc<str>>,
    /// Bytes used in the current billing period.
    pub traffic: Option<Bytes>,
    /// Bytes included.
    pub limit: Option<Limit>,
    /// The first day.
    pub valid_from: Option<Date>,
    /// The last day, inclusive.
    pub valid_until: Option<Date>,
}

/// A domain that a sub-user's traffic went to on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUsage {
    /// The domain, as the label `target`.
    pub target: Arc<str>,
    /// Bytes, both directions.
    pub traffic: Bytes,
    /// Requests, where the vendor counts them.
    pub requests: Option<u64>,
}

/// An address that needs no password at the proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhitelistedIp {
    /// The vendor's id of the record.
    pub id: String,
    /// The address, as the vendor writes it.
    pub address: String,
    /// Whether it is in force.
    pub enabled: Option<bool>,
    /// When it was added, as the vendor writes it.
    pub created: Option<String>,
}

/// A way into the proxies, or a group of ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyEndpoint {
    /// `random`, `sticky` and the like.
    pub kind: Option<String>,
    /// Name or address to connect to.
    pub host: Option<String>,
    /// One port or a range, as text.
    pub ports: Option<String>,
    /// Country or city.
    pub location: Option<String>,
    /// Protocol spoken.
    pub protocol: Option<String>,
    /// How many locations a group has.
    pub available_locations: Option<u64>,
}
