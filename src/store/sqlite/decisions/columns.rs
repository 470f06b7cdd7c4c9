//! Domain values as columns and back.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::domain::account::AccountName;
use crate::domain::event::Subject;
use crate::domain::incident::{Part, SubUserIdentity, Target};
use crate::domain::outbox::{DeliveryId, NoticeId};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;
use crate::store::error::StoreError;
use crate::store::sqlite::file::Database;

/// Kind, key, product and name of a target.
pub(super) fn target(target: &Target) -> (&'static str, &str, &str, &str) {
    match target {
        Target::Account => ("account", "", "", ""),
        Target::Unattributed => ("unattributed", "", "", ""),
        Target::SubUser(who) => ("sub_user", &who.key.0, &who.product, &who.name),
        Target::Domain(domain) => ("domain", domain, "", domain),
        Target::Subscription(plan) => ("subscription", plan, "", plan),
    }
}

/// Bytes as the engine's number, which ends at 9.2 EB.
pub(super) fn number(bytes: Bytes) -> i64 {
    i64::try_from(bytes.0).unwrap_or(i64::MAX)
}

/// The word of a part.
pub(super) const fn part(part: Part) -> &'static str {
    match part {
        Part::Total => "total",
        Part::SubUsers => "sub_users",
        Part::Everything => "everything",
    }
}

/// A part by its word.
pub(super) fn part_of(word: &str) -> Option<Part> {
    [Part::Total, Part::SubUsers, Part::Everything].into_iter().find(|one| part(*one) == word)
}

/// A row whose columns are read by name, and its file for what is to be said of one that cannot be.
pub(super) struct Columns<'a> {
    pub(super) file: &'a Database,
    pub(super) row: &'a SqliteRow,
}

impl Columns<'_> {
    pub(super) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.row.try_get(column).map_err(self.file.failed())
    }

    pub(super) fn shared(&self, column: &str) -> Result<Arc<str>, StoreError> {
        self.text(column).map(Arc::from)
    }

    pub(super) fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.row.try_get(column).map_err(self.file.failed())
    }

    pub(super) fn number(&self, column: &str) -> Result<i64, StoreError> {
        self.row.try_get(column).map_err(self.file.failed())
    }

    pub(super) fn maybe_number(&self, column: &str) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(self.file.failed())
    }

    pub(super) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        self.number(column).map(|number| number != 0)
    }

    pub(super) fn maybe_blob(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.row.try_get(column).map_err(self.file.failed())
    }

    pub(super) fn tries(&self) -> Result<u32, StoreError> {
        self.number("tries").map(|tries| u32::try_from(tries.max(0)).unwrap_or(u32::MAX))
    }

    pub(super) fn notice(&self, column: &str) -> Result<NoticeId, StoreError> {
        self.shared(column).map(NoticeId)
    }

    pub(super) fn delivery_id(&self, column: &str) -> Result<DeliveryId, StoreError> {
        self.number(column).map(DeliveryId)
    }

    pub(super) fn bytes(&self, column: &str) -> Result<Bytes, StoreError> {
        self.number(column).map(|number| Bytes(number.max(0).unsigned_abs()))
    }

    pub(super) fn maybe_bytes(&self, column: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.maybe_number(column)?.map(|number| Bytes(number.max(0).unsigned_abs())))
    }

    pub(super) fn moment(&self, column: &str) -> Result<Timestamp, StoreError> {
        Timestamp::from_millisecond(self.number(column)?).map_err(|_| self.file.damaged("a moment"))
    }

    pub(super) fn maybe_moment(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        let moment = self.maybe_number(column)?.map(Timestamp::from_millisecond).transpose();
        moment.map_err(|_| self.file.damaged("a moment"))
    }

    pub(super) fn account(&self, column: &str) -> Result<AccountName, StoreError> {
        AccountName::new(&self.text(column)?).ok_or_else(|| self.file.damaged("the name of an account"))
    }

    pub(super) fn target(&self) -> Result<Target, StoreError> {
        let target = self.shared("target")?;
        Ok(match self.text("kind")?.as_str() {
            "account" => Target::Account,
            "unattributed" => Target::Unattributed,
            "sub_user" => Target::SubUser(Arc::new(self.identity()?)),
            "domain" => Target::Domain(target),
            "subscription" => Target::Subscription(target),
            _ => return Err(self.file.damaged("the kind of a target")),
        })
    }

    pub(super) fn identity(&self) -> Result<SubUserIdentity, StoreError> {
        Ok(SubUserIdentity {
            key: SubUserKey(self.shared("target")?),
            product: self.shared("product")?,
            name: self.shared("name")?,
        })
    }

    pub(super) fn subject(&self) -> Result<Subject, StoreError> {
        Ok(Subject {
            budget: self.shared("budget")?,
            account: self.account("account")?,
            target: self.target()?,
        })
    }
}
