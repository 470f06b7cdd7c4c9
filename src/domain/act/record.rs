//! What a vendor's record says of the fields that actions touch, and changes of them.

use std::fmt;

use crate::domain::traffic::SubUser;
use crate::domain::units::{Bytes, Limit};

/// The fields of a sub-user's record that an action may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whether traffic may flow.
    pub active: bool,
    /// The limit; nothing where the record does not say.
    pub limit: Option<Limit>,
    /// Whether the vendor cuts off at the limit; nothing where the record does not say.
    pub auto_disable: Option<bool>,
}

impl Record {
    /// What a row says; one without a state is in a list of active ones.
    #[must_use]
    pub fn of(row: &SubUser) -> Self {
        Self {
            active: row.status.as_deref().is_none_or(|status| status == "active"),
            limit: row.limit,
            auto_disable: row.auto_disable,
        }
    }
}

/// For people: `active, limit 50.00 GB, cuts off`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.active { "active" } else { "disabled" })?;
        match self.limit {
            Some(limit) => write!(f, ", {}", limit_in_words(limit))?,
            None => f.write_str(", limit not told")?,
        }
        match (self.auto_disable, self.limit) {
            (Some(true), _) => f.write_str(", cuts off"),
            (Some(false), Some(Limit::Bytes(_))) => f.write_str(", does not cut off"),
            _ => Ok(()),
        }
    }
}

/// A limit for people.
#[must_use]
pub fn limit_in_words(limit: Limit) -> String {
    match limit {
        Limit::Unlimited => "no limit".to_owned(),
        Limit::Blocked => "limit 0".to_owned(),
        Limit::Bytes(bytes) => format!("limit {bytes}"),
    }
}

/// A change of a record: what it names becomes so, whatever it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether traffic may flow.
    pub active: Option<bool>,
    /// The limit.
    pub limit: Option<Limit>,
    /// Whether the vendor cuts off at the limit.
    pub auto_disable: Option<bool>,
}

impl Change {
    /// What makes `to` of `from`; what `to` does not say stays.
    #[must_use]
    pub fn between(from: &Record, to: &Record) -> Self {
        Self {
            active: (from.active != to.active).then_some(to.active),
            limit: to.limit.filter(|_| from.limit != to.limit),
            auto_disable: to.auto_disable.filter(|_| from.auto_disable != to.auto_disable),
        }
    }

    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.active.is_none() && self.limit.is_none() && self.auto_disable.is_none()
    }

    /// The record with this change.
    #[must_use]
    pub fn on(&self, record: Record) -> Record {
        Record {
            active: self.active.unwrap_or(record.active),
            limit: self.limit.or(record.limit),
            auto_disable: self.auto_disable.or(record.auto_disable),
        }
    }

    /// Whether a record says everything that this change names.
    #[must_use]
    pub fn is_in(&self, record: &Record) -> bool {
        self.on(*record) == *record
    }

    /// Whether `record` says of the fields that this change names what `before` said.
    #[must_use]
    pub fn is_in_as(&self, before: &Record, record: &Record) -> bool {
        (self.active.is_none() || record.active == before.active)
            && (self.limit.is_none() || record.limit == before.limit)
            && (self.auto_disable.is_none() || record.auto_disable == before.auto_disable)
    }

    /// The fields of this change, with what `record` says of them.
    #[must_use]
    pub fn with_values_of(&self, record: &Record) -> Self {
        Self {
            active: self.active.map(|_| record.active),
            limit: self.limit.and(record.limit),
            auto_disable: self.auto_disable.and(record.auto_disable),
        }
    }

    /// This change and a later one.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        Self {
            active: later.active.or(self.active),
            limit: later.limit.or(self.limit),
            auto_disable: later.auto_disable.or(self.auto_disable),
        }
    }

    /// Whether it allows less than `before` did.
    #[must_use]
    pub fn lowers(&self, before: &Record) -> bool {
        let height = |limit: Option<Limit>| match limit {
            Some(Limit::Blocked) => 0,
            Some(Limit::Bytes(Bytes(bytes))) => u128::from(bytes),
            Some(Limit::Unlimited) | None => u128::MAX,
        };
        let is_lower = self.limit.is_some_and(|limit| height(Some(limit)) < height(before.limit));
        is_lower
            || (self.active == Some(false) && before.active)
            || (self.auto_disable == Some(true) && before.auto_disable == Some(false))
    }
}
