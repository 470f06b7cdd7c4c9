//! A row of a simulated list as a client reads it, in each dialect.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::super::account::Account;
use super::super::scenario::Dialect;
use super::super::sub_user::{Status, SubUser as User};
use super::super::wire;
use crate::domain::traffic::{SubUser, SubUserId, Window};
use crate::domain::units::{Gigabyte, Limit};

/// What of a row changes beside its usage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RowState {
    id: u64,
    limit: Limit,
    auto_disable: bool,
    status: Status,
    lifetime: bool,
}

impl RowState {
    pub(super) const fn of(user: &User) -> Self {
        let User { id, limit, auto_disable, status, lifetime, .. } = user;
        Self { id: *id, limit: *limit, auto_disable: *auto_disable, status: *status, lifetime: *lifetime }
    }
}

/// A limit that went over the wire in gigabytes.
pub(super) fn in_gigabytes(limit: Limit, gigabyte: Gigabyte) -> Limit {
    let Limit::Bytes(bytes) = limit else { return limit };
    gigabyte.to_bytes(gigabyte.from_bytes(bytes)).map_or(limit, Limit::of)
}

/// A figure of the list in the vendor's steps.
pub(super) fn of_list(account: &Account, bytes: u64) -> u64 {
    match account.spec.dialect {
        Dialect::DecodoV2 => bytes,
        _ => wire::reported(bytes, account.spec.gigabyte, wire::STEP),
    }
}

/// Whether the counter began anew since a look, so that it counts another span.
pub(super) fn counts_anew(account: &Account, user: &User, looked: Timestamp) -> bool {
    matches!(account.spec.dialect, Dialect::DecodoV1 | Dialect::DecodoV2) && user.counted_from >= looked
}

/// What the counter counts.
pub(super) fn window(account: &Account, user: &User) -> Window {
    match account.spec.dialect {
        Dialect::Oxylabs if user.lifetime => Window::Lifetime,
        Dialect::Oxylabs => Window::Period,
        Dialect::DecodoPublished => Window::Unknown,
        Dialect::DecodoV1 => Window::Since(minute(user.counted_from)),
        Dialect::DecodoV2 => Window::Since(second(user.counted_from)),
    }
}

/// The row without its figure.
pub(super) fn row(account: &Account, user: &User) -> SubUser {
    let spec = &account.spec;
    let product = account.product(user);
    let is_published = spec.dialect == Dialect::DecodoPublished;
    let limit =
        Some(user.limit).filter(|limit| !(is_published && *limit == Limit::Unlimited && !spec.null_limits));
    let is_enforced = match (limit, spec.dialect) {
        (None, _) => None,
        (Some(Limit::Unlimited), _) => Some(false),
        (_, Dialect::DecodoPublished) => None,
        (Some(Limit::Blocked), Dialect::Oxylabs) => Some(true),
        _ => Some(user.auto_disable),
    };
    let status = match (user.status, is_published) {
        (Status::Active, _) => "active",
        (Status::Deleted, true) => "deleted",
        (_, true) => "suspended",
        (_, false) => "disabled",
    };
    SubUser {
        id: Some(SubUserId(user.id.to_string().into())),
        username: user.username.as_str().into(),
        status: Some(status.into()),
        product: match spec.dialect {
            Dialect::Oxylabs => None,
            Dialect::DecodoPublished => Some(product.into()),
            _ => Some(service_type(product).into()),
        },
        limit,
        limit_enforced: is_enforced,
        auto_disable: (!is_published).then_some(user.auto_disable),
        lifetime: (spec.dialect == Dialect::Oxylabs).then_some(user.lifetime),
        created: Some(if is_published { second(user.created) } else { minute(user.created) }),
        // The figure stands beside the row.
        usage: None,
    }
}

/// The vendor's word for a product.
pub(super) fn service_type(product: &str) -> String {
    format!("{product}_proxies")
}

fn second(at: Timestamp) -> DateTime {
    let at = wire::utc(at);
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}

fn minute(at: Timestamp) -> DateTime {
    let at = second(at);
    at.with().second(0).build().unwrap_or(at)
}
