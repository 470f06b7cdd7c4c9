//! One account and its sub-users, as tests begin with them.

use jiff::tz::TimeZone;

use super::account::{Account, AccountName};
use super::traffic::{SubUser, SubUserId};
use super::units::Gigabyte;

/// An account of which the operator says as little as can be.
pub(crate) fn account() -> Account {
    Account {
        provider: "oxylabs",
        name: AccountName::new("acme").unwrap(),
        product: "mobile".into(),
        dialect: "v2",
        gigabyte: Gigabyte::Decimal,
        writes: false,
        plan: None,
        billing_day: None,
        time_zone: TimeZone::UTC,
    }
}

/// A sub-user of whom the vendor says nothing but who it is.
pub(crate) fn sub_user(id: &str, name: &str) -> SubUser {
    SubUser {
        id: Some(SubUserId(id.into())),
        username: name.into(),
        status: None,
        product: None,
        limit: None,
        limit_enforced: None,
        auto_disable: None,
        lifetime: None,
        created: None,
        usage: None,
    }
}
