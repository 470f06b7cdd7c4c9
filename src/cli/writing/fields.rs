//! What of a sub-user's record changes, in words: each field before and after, and never a password.

use crate::domain::act::record::{Change, Record};
use crate::domain::traffic::SubUser;
use crate::domain::units::{Bytes, Gigabyte, Limit};
use crate::enforce::{Sought, counts_from};
use crate::providers::{SubUserChange, SubUserStatus};

/// An amount in the account's own gigabytes, exactly.
pub(in crate::cli) fn gigabytes(bytes: Bytes, gigabyte: Gigabyte) -> String {
    let number = gigabyte.from_bytes(bytes).normalize();
    match gigabyte {
        Gigabyte::Decimal => format!("{number} GB"),
        Gigabyte::Binary => format!("{number} GB of 2^30 bytes"),
    }
}

/// A limit in the account's own gigabytes.
pub(in crate::cli) fn limit_in_gigabytes(limit: Limit, gigabyte: Gigabyte) -> String {
    match limit {
        Limit::Unlimited => "unlimited".to_owned(),
        Limit::Blocked => "0".to_owned(),
        Limit::Bytes(bytes) => gigabytes(bytes, gigabyte),
    }
}

/// A row's state, limit and flag, for a line.
pub(in crate::cli) fn record(row: &SubUser, gigabyte: Gigabyte) -> String {
    let mut told = vec![status(row)];
    told.push(format!("limit {}", limit(row, gigabyte)));
    told.extend(row.auto_disable.map(|flag| format!("auto_disable {flag}")));
    told.join(", ")
}

fn status(row: &SubUser) -> String {
    row.status.as_deref().unwrap_or("active").to_owned()
}

fn limit(row: &SubUser, gigabyte: Gigabyte) -> String {
    row.limit.map_or_else(|| NOT_TOLD.to_owned(), |limit| limit_in_gigabytes(limit, gigabyte))
}

fn said(what: Option<impl ToString>) -> String {
    what.map_or_else(|| NOT_TOLD.to_owned(), |what| what.to_string())
}

const NOT_TOLD: &str = "not told";

/// What actions know of a change.
pub(in crate::cli) fn change_of(change: &SubUserChange) -> Change {
    Change {
        active: change.status.map(|status| status == SubUserStatus::Active),
        limit: change.limit,
        auto_disable: change.auto_disable,
    }
}

/// A change of one row, as lines and as what is looked for after it.
pub(in crate::cli) struct Lines<'a> {
    pub(in crate::cli) change: &'a SubUserChange,
    pub(in crate::cli) row: &'a SubUser,
    pub(in crate::cli) gigabyte: Gigabyte,
}

impl Lines<'_> {
    /// The change without what the row says already; a password is changed always.
    pub(in crate::cli) fn what_differs(&self) -> SubUserChange {
        let (change, before) = (self.change, Record::of(self.row));
        let as_active = |status: &SubUserStatus| (*status == SubUserStatus::Active) != before.active;
        SubUserChange {
            password: change.password.clone(),
            limit: change.limit.filter(|limit| Some(*limit) != before.limit),
            status: change.status.filter(as_active),
            auto_disable: change.auto_disable.filter(|flag| Some(*flag) != before.auto_disable),
            lifetime: change.lifetime.filter(|flag| Some(*flag) != self.row.lifetime),
            count_from: change.count_from.filter(|since| Some(*since) != counts_from(self.row)),
        }
    }

    /// Each field before and after.
    pub(in crate::cli) fn before_and_after(&self) -> Vec<String> {
        let Self { change, row, gigabyte } = *self;
        let mut lines = Vec::new();
        let mut add = |name: &str, before: String, after: String| {
            lines.push(format!("{name}: {before} → {after}"));
        };
        if let Some(to) = change.limit {
            add("limit", limit(row, gigabyte), limit_in_gigabytes(to, gigabyte));
        }
        if let Some(to) = change.status {
            add("status", status(row), to.as_str().to_owned());
        }
        if let Some(to) = change.auto_disable {
            add("auto_disable", said(row.auto_disable), to.to_string());
        }
        if let Some(to) = change.lifetime {
            add("lifetime", said(row.lifetime), to.to_string());
        }
        if let Some(to) = change.count_from {
            add("counts from", said(counts_from(row).map(|since| shown(&since))), shown(&to));
        }
        if change.password.is_some() {
            lines.push("password: changed".to_owned());
        }
        lines
    }

    /// What a row says of the fields that change.
    pub(in crate::cli) fn as_told_by(&self, seen: &SubUser) -> String {
        let change = self.change;
        let told = [
            change.limit.map(|_| format!("limit {}", limit(seen, self.gigabyte))),
            change.status.map(|_| format!("status {}", status(seen))),
            change.auto_disable.map(|_| format!("auto_disable {}", said(seen.auto_disable))),
            change.lifetime.map(|_| format!("lifetime {}", said(seen.lifetime))),
            change
                .count_from
                .map(|_| format!("counts from {}", said(counts_from(seen).map(|since| shown(&since))))),
        ];
        told.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// What is looked for after the write; nothing where the vendor's record tells none of it.
    pub(in crate::cli) fn sought(&self, id: crate::domain::traffic::SubUserId) -> Option<Sought> {
        let (row, change) = (self.row, self.change);
        let sought = Sought {
            id,
            row: row.clone(),
            before: Record::of(row),
            change: change_of(change),
            lifetime: change.lifetime.filter(|_| row.lifetime.is_some()),
            count_from: change.count_from.filter(|_| counts_from(row).is_some()),
        };
        let is_told = !sought.change.is_empty() || sought.lifetime.is_some() || sought.count_from.is_some();
        is_told.then_some(sought)
    }

    /// How somebody is told of who is off now, as far as that can be read.
    pub(in crate::cli) fn left_the_list(&self) -> String {
        let SubUserChange { password: _, limit, status, auto_disable, lifetime, count_from } = self.change;
        let left = "it left the vendor's list, and its statistics still answer";
        if status.is_none() {
            return format!("{left}: the vendor has cut it off at the limit");
        }
        let others = [
            limit.map(|_| "limit"),
            auto_disable.map(|_| "auto_disable"),
            lifetime.map(|_| "lifetime"),
            count_from.map(|_| "the moment from which traffic counts"),
        ];
        let others: Vec<&str> = others.into_iter().flatten().collect();
        if others.is_empty() {
            return left.to_owned();
        }
        format!("{left}; {} cannot be read back there", others.join(" and "))
    }

    /// What was written and can be read nowhere.
    pub(in crate::cli) fn not_told(&self) -> Vec<&'static str> {
        let (row, change) = (self.row, self.change);
        let mut names = Vec::new();
        if change.password.is_some() {
            names.push("a password");
        }
        if change.lifetime.is_some() && row.lifetime.is_none() {
            names.push("lifetime");
        }
        if change.count_from.is_some() && counts_from(row).is_none() {
            names.push("the moment from which traffic counts");
        }
        names
    }
}

/// `yyyy-mm-dd hh:mm:ss`, as it is written on the command line.
fn shown(at: &jiff::civil::DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What of a row a person may have changed meanwhile, between two looks; nothing where it is the same.
pub(in crate::cli) fn moved(shown: &SubUser, now: &SubUser, gigabyte: Gigabyte) -> Option<String> {
    let mut told = Vec::new();
    let mut add = |name: &str, before: String, after: String| {
        if before != after {
            told.push(format!("{name} {before} → {after}"));
        }
    };
    add("name", shown.username.to_string(), now.username.to_string());
    add("limit", limit(shown, gigabyte), limit(now, gigabyte));
    add("status", status(shown), status(now));
    add("auto_disable", said(shown.auto_disable), said(now.auto_disable));
    add("lifetime", said(shown.lifetime), said(now.lifetime));
    let since = |row| said(counts_from(row).as_ref().map(self::shown));
    add("counts from", since(shown), since(now));
    (!told.is_empty()).then(|| told.join(", "))
}
