//! One batch: a list to compare with, the writes, and lists to read them back.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::Instant;

use super::origin::Origins;
use super::read_back::ReadBack;
use super::{Due, Journal};
use crate::domain::act::action::{End, What};
use crate::domain::act::books::{Delta, Entry};
use crate::domain::act::carry::{Ground, Planned, Write, plan};
use crate::domain::act::gate::Gate;
use crate::domain::act::record::Change;
use crate::domain::act::settle::Found;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::SubUser;
use crate::providers::{Ask, ProviderError, Span, SubUserChange, SubUserStatus, Writer};

/// Sub-users that are written in one batch at most.
pub const MOST: usize = 50;

/// How long after the list that they were compared with writes may leave.
const WINDOW: Duration = Duration::from_secs(10);

/// Writes that are under way at once; the limiter spaces them.
const AT_ONCE: usize = 8;

/// The longest that one call may take, with its turn at the limiter.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a batch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// There was nothing to do.
    Nothing,
    /// Something was done; there may be more.
    Something,
    /// The vendor does not answer as it must: it is tried again later.
    NotNow,
}

/// Carries out what is due at one account.
pub struct Enforcer<'a> {
    /// The vendor.
    pub writer: &'a dyn Writer,
    /// Who keeps what is done.
    pub journal: &'a dyn Journal,
    /// What was found of the vendor's counter.
    pub origins: &'a Origins,
}

pub(super) fn ask() -> Ask {
    Ask::until(Instant::now() + PATIENCE)
}

/// What became of one call.
#[derive(Debug)]
pub enum Sent {
    /// The vendor took it, or may have: it is read back.
    Maybe {
        /// Why nobody knows; nothing where the vendor said that it took it.
        lost: Option<ProviderError>,
    },
    /// It changed nothing, for sure.
    Not(Found),
}

impl Sent {
    /// What a call's answer, or the lack of one, says.
    #[must_use]
    pub fn of<T>(result: Result<T, ProviderError>) -> Self {
        match result {
            Ok(_) => Self::Maybe { lost: None },
            Err(error) if error.may_have_applied() => Self::Maybe { lost: Some(error) },
            Err(ProviderError::NotFound { .. }) => Self::Not(Found::Gone),
            Err(
                error @ (ProviderError::Invalid(_)
                | ProviderError::Unsupported(_)
                | ProviderError::Conflict { .. }
                | ProviderError::Status { .. }
                | ProviderError::Forbidden { .. }),
            ) => Self::Not(Found::Rejected(error.to_string())),
            Err(error) => Self::Not(Found::NotSent(error.to_string())),
        }
    }
}

impl Enforcer<'_> {
    /// Carries out one batch.
    pub async fn batch(&self) -> Did {
        let Some(due) = self.journal.due().await.filter(|due| !due.is_empty()) else { return Did::Nothing };
        let settled = self.settle_open(&due).await;
        if due.work.is_empty() {
            return if settled { Did::Something } else { Did::NotNow };
        }
        let listed = Instant::now();
        let list = match self.writer.sub_users(&ask()).await {
            Ok(list) => list,
            Err(error) => {
                let account = &due.account.name;
                tracing::warn!(%account, reason = %error.reason(), "nothing is written without a fresh list: {error}");
                return Did::NotNow;
            }
        };
        let rows: HashMap<SubUserKey, &SubUser> = list.iter().map(|row| (row.key(), row)).collect();
        let (writes, found) = self.planned(&due, &list, &rows).await;
        let mut is_any = !found.is_empty() && self.journal.save(found).await;
        let writes = self.journal.begin(writes).await;
        is_any |= !writes.is_empty();
        let known: BTreeSet<SubUserKey> = rows.keys().cloned().collect();
        self.write_all(writes, listed, &known, &due).await;
        // Where nothing can be saved nothing was done either, and the vendor is not asked again at once.
        if is_any { Did::Something } else { Did::NotNow }
    }

    /// Reads back what a batch before, or a process before this one, left open; whether anything could be read.
    async fn settle_open(&self, due: &Due) -> bool {
        if due.open.is_empty() {
            return true;
        }
        let known = due.snapshot.rows().iter().map(|row| &row.sub_user);
        let known = known.filter(|row| row.status.as_deref().is_none_or(|status| status == "active"));
        let known: BTreeSet<SubUserKey> = known.map(SubUser::key).collect();
        // Nobody knows whether the vendor took them.
        let open = due.open.iter().map(|write| (write.clone(), false)).collect();
        let found =
            ReadBack { writer: self.writer, known: &known, gigabyte: due.account.gigabyte }.of(open).await;
        let any = found.iter().any(|(_, found)| !matches!(found, Found::Unknown(_)));
        for (write, found) in found {
            self.journal.settle(&write, &found).await;
        }
        any
    }

    /// The writes that come of what is due, and what was found of those that need none.
    async fn planned(
        &self,
        due: &Due,
        list: &[SubUser],
        rows: &HashMap<SubUserKey, &SubUser>,
    ) -> (Vec<Write>, Vec<(SubUserKey, Delta)>) {
        let limits =
            due.work.iter().flat_map(|work| &work.lower).any(|action| matches!(action.what, What::Limit(_)));
        let counter_is_trusted =
            !limits || self.origins.is_trusted(self.writer, due, list, self.journal.now()).await;
        let ground = Ground {
            account: &due.account,
            snapshot: &due.snapshot,
            terms: &due.terms,
            counter_is_trusted,
            now: self.journal.now(),
        };
        let mut writes = Vec::new();
        let mut found = Vec::new();
        for work in &due.work {
            let Some(key) = work.any().map(|action| action.who.key.clone()) else { continue };
            match plan(work.clone(), rows.get(&key).copied(), &ground) {
                Planned::Settled(delta) => found.push((key, *delta)),
                Planned::Write(write) => writes.push(*write),
                Planned::Absent(actions) => {
                    let mut delta = Delta::default();
                    for action in actions {
                        delta.append(self.absent(due, action).await);
                    }
                    found.push((key, delta));
                }
            }
        }
        (writes, found)
    }

    /// One that the list does not hold, though nothing of ours is why: gone, or off already.
    async fn absent(&self, due: &Due, mut action: crate::domain::act::action::Action) -> Delta {
        let now = self.journal.now();
        let mut delta = Delta::default();
        let row = due.snapshot.rows().iter().find(|row| row.sub_user.key() == action.who.key);
        let gone = match row {
            Some(row) => matches!(
                self.writer.usage(&row.sub_user, Span::Current, &ask()).await,
                Err(ProviderError::NotFound { .. })
            ),
            None => true,
        };
        if gone {
            let action = action.end(End::Gone, now);
            delta.entries.push(Entry::of(&action, "gone", "the sub-user is no longer there", now));
            delta.put(action);
            return delta;
        }
        if action.blocked != Some(Gate::NotLower) {
            delta.blocked.push((action.id, Gate::NotLower));
            let words = format!("not_lower: {}", Gate::NotLower.advice());
            delta.entries.push(Entry::of(&action, "blocked", words, now));
        }
        action.blocked = Some(Gate::NotLower);
        delta.put(action);
        delta
    }

    async fn write_all(&self, writes: Vec<Write>, listed: Instant, known: &BTreeSet<SubUserKey>, due: &Due) {
        let calls: Vec<_> = writes.into_iter().map(|write| self.call(write, listed)).collect();
        let mut calls = stream::iter(calls).buffer_unordered(AT_ONCE);
        let mut open = Vec::new();
        while let Some((write, sent)) = calls.next().await {
            match sent {
                Sent::Maybe { lost } => open.push((write, lost.is_none())),
                Sent::Not(found) => self.journal.settle(&write, &found).await,
            }
        }
        if open.is_empty() {
            return;
        }
        let read_back = ReadBack { writer: self.writer, known, gigabyte: due.account.gigabyte };
        for (write, found) in read_back.of(open).await {
            self.journal.settle(&write, &found).await;
        }
    }

    /// One call; boxed, because the compiler cannot tell that the bare future may change threads.
    fn call(&self, write: Write, listed: Instant) -> BoxFuture<'_, (Write, Sent)> {
        async move {
            if listed.elapsed() > WINDOW {
                let words = "the list that it was compared with is too old by now".to_owned();
                return (write, Sent::Not(Found::NotSent(words)));
            }
            if let Some(gate) = self.journal.stop(&write).await {
                return (write, Sent::Not(Found::NotSent(format!("{gate}: {}", gate.advice()))));
            }
            let result = self.writer.update_sub_user(&write.id, &for_vendor(&write.change), &ask()).await;
            let sent = Sent::of(result);
            if let Sent::Maybe { lost: Some(error) } = &sent {
                let account = &self.writer.account().name;
                tracing::warn!(%account, "no answer to a write, it is read back: {error}");
            }
            (write, sent)
        }
        .boxed()
    }
}

/// A change as the vendors take it.
fn for_vendor(change: &Change) -> SubUserChange {
    SubUserChange {
        limit: change.limit,
        status: change
            .active
            .map(|active| if active { SubUserStatus::Active } else { SubUserStatus::Disabled }),
        auto_disable: change.auto_disable,
        ..SubUserChange::default()
    }
}
