//! Whom a command changes: the row of the vendor's list, or what is known of one that left it.

use std::collections::BTreeSet;

use super::super::context::{Context, of};
use super::super::{Misused, Refused};
use super::fields::moved;
use super::{Desk, record};
use crate::domain::account::Account;
use crate::domain::act::gate::Gate;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{SubUser, SubUserId};
use crate::providers::{ProviderError, Span, Writer};

/// One sub-user at one account.
pub(in crate::cli) struct Seat<'c> {
    pub(in crate::cli) writer: &'c dyn Writer,
    pub(in crate::cli) row: SubUser,
    /// Whether the vendor's record of it can be read now.
    pub(in crate::cli) is_told: bool,
    /// Everybody in the list.
    pub(in crate::cli) known: BTreeSet<SubUserKey>,
}

impl<'c> Seat<'c> {
    /// The one sub-user of that name or id in the accounts that are meant, listed or not.
    pub(in crate::cli) async fn find(desk: &Desk<'c>, name: &str) -> anyhow::Result<Self> {
        let context = desk.context;
        let mut found = Vec::new();
        let mut lists = Vec::new();
        for writer in &context.writers {
            let list = of(&**writer, writer.sub_users(&Context::ask()).await)?;
            let known: BTreeSet<SubUserKey> = list.iter().map(SubUser::key).collect();
            let is_meant = |row: &&SubUser| *row.username == *name || *row.key().0 == *name;
            for row in list.iter().filter(is_meant) {
                found.push(Self { writer: &**writer, row: row.clone(), is_told: true, known: known.clone() });
            }
            lists.push((&**writer, known));
        }
        if found.is_empty() {
            for (writer, known) in lists {
                found.extend(Self::unlisted(desk, writer, name, known).await?);
            }
        }
        if found.len() > 1 {
            let places: Vec<_> = found.iter().map(Self::place).collect();
            let told = format!(
                "{name:?} is in several places: {}; name one by --account or by its id",
                places.join(", ")
            );
            return Err(Misused(told).into());
        }
        found.pop().ok_or_else(|| {
            anyhow::anyhow!(
                "no sub-user {name:?} in the vendor's list; one that is disabled left it, and is found by its \
                 id and --account"
            )
        })
    }

    /// One that left the list: by its id at the vendor, or by the name that the store remembers.
    async fn unlisted(
        desk: &Desk<'c>,
        writer: &'c dyn Writer,
        name: &str,
        known: BTreeSet<SubUserKey>,
    ) -> anyhow::Result<Option<Self>> {
        let is_only = desk.context.writers.len() == 1;
        let (id, called) = match desk.remembered(&writer.account().name, name).await? {
            Some(remembered) => remembered,
            // Another account may have the same number for somebody else.
            None if is_only && is_like_an_id(name, &known) => (SubUserId(name.into()), name.into()),
            None => return Ok(None),
        };
        let seat = |row, is_told| Some(Self { writer, row, is_told, known });
        match writer.sub_user(&id, &Context::ask()).await {
            Ok(row) => return Ok(seat(row, true)),
            Err(ProviderError::Unsupported(_)) => {}
            Err(ProviderError::NotFound { .. }) => return Ok(None),
            Err(error) => return of(writer, Err(error)),
        }
        let row = SubUser {
            id: Some(id),
            username: called,
            status: Some("disabled".into()),
            product: None,
            limit: None,
            limit_enforced: None,
            auto_disable: None,
            lifetime: None,
            created: None,
            usage: None,
        };
        match writer.usage(&row, Span::Current, &Context::ask()).await {
            Ok(_) => Ok(seat(row, false)),
            Err(ProviderError::NotFound { .. } | ProviderError::Status { .. }) => Ok(None),
            Err(error) => of(writer, Err(error)),
        }
    }

    pub(in crate::cli) fn account(&self) -> &Account {
        self.writer.account()
    }

    /// The vendor's id, or the name where the contract promises none.
    pub(in crate::cli) fn id(&self) -> SubUserId {
        SubUserId(self.row.key().0)
    }

    /// `oxylabs (id 7)`.
    fn place(&self) -> String {
        format!("{} (id {})", self.account().name, self.id().0)
    }

    /// `scraper_prices at oxylabs`.
    pub(in crate::cli) fn name(&self) -> String {
        format!("{} at {}", self.row.username, self.account().name)
    }

    /// `scraper_prices (id 7) at oxylabs`.
    pub(in crate::cli) fn whole_name(&self) -> String {
        format!("{} (id {}) at {}", self.row.username, self.id().0, self.account().name)
    }

    /// Its record for a line.
    pub(in crate::cli) fn record(&self) -> String {
        if self.is_told {
            return record(&self.row, self.account().gigabyte);
        }
        "not in the vendor's list of active ones, so disabled, and its record cannot be read".to_owned()
    }

    /// Reads it again just before a write, with everybody in the list.
    ///
    /// # Errors
    /// It is not as it was shown: a person was faster.
    pub(in crate::cli) async fn if_as_shown(self) -> anyhow::Result<(Self, Vec<SubUser>)> {
        let list = of(self.writer, self.writer.sub_users(&Context::ask()).await)?;
        let key = self.row.key();
        let listed = list.iter().find(|row| row.key() == key);
        let moved = match (listed, self.is_told) {
            (Some(now), true) => moved(&self.row, now, self.account().gigabyte),
            (Some(now), false) => Some(format!("it is {}", record(now, self.account().gigabyte))),
            (None, false) => None,
            (None, true) => match self.writer.sub_user(&self.id(), &Context::ask()).await {
                Ok(now) => moved(&self.row, &now, self.account().gigabyte),
                Err(ProviderError::Unsupported(_) | ProviderError::NotFound { .. }) => {
                    Some("the vendor's list holds it no more".to_owned())
                }
                Err(error) => return of(self.writer, Err(error)),
            },
        };
        if let Some(moved) = moved {
            let words =
                format!("{} is no longer as it was shown, and nothing was written: {moved}", self.name());
            return Err(Refused { gate: Gate::Person, words }.into());
        }
        let known = list.iter().map(SubUser::key).collect();
        Ok((Self { known, ..self }, list))
    }
}

/// Whether a text may be an id here: statistics may answer to a name as well, and a change never does.
fn is_like_an_id(text: &str, known: &BTreeSet<SubUserKey>) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(text) || !known.iter().all(|key| is_number(&key.0))
}
