//! The store as the decider has it: owned, or lost and looked for again (F32).

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::{Decider, Held};
use crate::app::telling::Threads;
use crate::config::StoreLocation;
use crate::domain::budget::threshold::Severity;
use crate::metrics::own::StorePart;
use crate::store::error::StoreError;
use crate::store::location::Location;
use crate::store::owner::Owner;
use crate::store::{Access, Store, open};

/// How often a store that was lost is looked for.
const LOOK_FOR_STORE: Duration = Duration::from_secs(10);

/// How the store is, as it was told last.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Why no decision is made, if none is.
    pub(super) trouble: Option<String>,
    /// Why no history is kept, if none is.
    pub(super) history: Option<String>,
    looked: Option<Instant>,
}

/// The store of this process.
pub(in crate::app) struct Keeping {
    location: Location,
    owner: Owner,
    store: ArcSwapOption<Arc<dyn Store>>,
    lost: Option<StoreError>,
}

/// The address of the store in the configuration, as the store takes it.
#[must_use]
pub fn location(configured: &StoreLocation) -> Location {
    match configured {
        StoreLocation::Sqlite(path) => Location::Sqlite(path.clone()),
    }
}

impl Keeping {
    /// Opens the store as its owner. One that is damaged, full or newer is lost for now: metrics go on without it.
    ///
    /// # Errors
    /// Another process owns it, or there is none and none may begin.
    pub(in crate::app) async fn open(
        configured: &StoreLocation,
        owner: Owner,
        new_store: bool,
    ) -> Result<Self, StoreError> {
        let location = location(configured);
        let opened = open(&location, Access::Own { owner: owner.clone(), new_store }).await;
        let (store, lost) = match opened {
            Ok(store) => (Some(Arc::new(store)), None),
            Err(problem @ (StoreError::Owned { .. } | StoreError::Missing { .. })) => return Err(problem),
            Err(problem) => (None, Some(problem)),
        };
        Ok(Self { location, owner, store: ArcSwapOption::from(store), lost })
    }

    /// No store: nothing is decided or kept.
    pub(super) fn none(configured: &StoreLocation) -> Self {
        let owner = Owner { pid: None, host: String::new(), since: None };
        Self { location: location(configured), owner, store: ArcSwapOption::empty(), lost: None }
    }

    /// The same, where the store was not lost when it was opened.
    pub(super) fn that_works(self) -> Result<Self, StoreError> {
        match self.lost {
            Some(problem) => Err(problem),
            None => Ok(self),
        }
    }

    /// The store, if decisions can be made.
    pub(in crate::app) fn decisions(&self) -> Option<Arc<dyn Store>> {
        self.store.load().as_deref().map(Arc::clone)
    }

    /// The store, if a history can be kept.
    pub(super) fn history(&self) -> Option<Arc<dyn Store>> {
        self.decisions().filter(|store| store.history().is_ok())
    }

    pub(in crate::app) async fn close(&self) {
        if let Some(store) = self.store.swap(None) {
            store.close().await;
        }
    }
}

impl Decider {
    /// Takes over what the store remembers, where there is one.
    pub(super) async fn remember(&self) {
        let mut held = self.held.lock().await;
        match self.keeping.decisions() {
            None => {
                if let Some(problem) = &self.keeping.lost {
                    self.store_failed(&mut held, problem, LOST);
                }
            }
            Some(store) => {
                if let Err(problem) = self.recall(&mut held, &*store).await {
                    self.keeping.store.store(None);
                    self.store_failed(&mut held, &problem, LOST);
                }
            }
        }
        self.tell_of_history(&mut held);
        self.load_ledgers(&mut held).await;
    }

    async fn recall(&self, held: &mut Held, store: &dyn Store) -> Result<(), StoreError> {
        held.incidents = store.remembered().await?;
        held.grants = store.grants().await?;
        held.books = store.acts().await?;
        held.own_limits = super::acts::own_limits(&held.books);
        held.threads = Threads::of(store.threads().await?);
        self.show_actions(held);
        let now = self.watch.clock.now();
        held.ended = store.ended_since(now.checked_sub(super::ENDED_COUNTS).unwrap_or(now)).await?;
        self.watch.own.store(StorePart::Decisions, true);
        Ok(())
    }

    /// Looks for a store that was lost; found again, it goes on from what it remembers.
    pub(super) async fn reopen(&self, held: &mut Held) {
        let is_due = held.store.looked.is_none_or(|looked| looked.elapsed() >= LOOK_FOR_STORE);
        if self.keeping.decisions().is_some() || !is_due {
            return;
        }
        let first = held.store.looked.replace(Instant::now()).is_none();
        if first {
            return;
        }
        let access = Access::Own { owner: self.keeping.owner.clone(), new_store: false };
        let found = match open(&self.keeping.location, access).await {
            Ok(store) => self.recall(held, &*store).await.map(|()| store),
            Err(problem) => Err(problem),
        };
        match found {
            Ok(store) => {
                self.keeping.store.store(Some(Arc::new(store)));
                self.telling.go_on().await;
                self.store_works(held);
                self.tell_of_history(held);
                held.ledgers.clear();
                self.load_ledgers(held).await;
            }
            Err(problem) => self.store_failed(held, &problem, LOST),
        }
    }

    /// Tells of a failure when it begins or changes, and counts every one.
    pub(super) fn store_failed(&self, held: &mut Held, problem: &StoreError, what: &str) {
        self.watch.own.store_failed(problem.reason());
        self.watch.own.store(StorePart::Decisions, false);
        let trouble = problem.to_string();
        if held.store.trouble.as_ref() != Some(&trouble) {
            self.telling.tell_unsaved(Severity::Critical, format!("{what}: {trouble}"));
            tracing::error!(reason = problem.reason(), "{what}: {trouble}");
        }
        self.watch.trouble("the store", Some(trouble.clone()));
        held.store.trouble = Some(trouble);
    }

    /// A store that is damaged while it is used is let go, so that what is put in its place is found.
    pub(super) async fn let_go(&self, problem: &StoreError) {
        let is_damaged = matches!(
            problem,
            StoreError::Corrupt { .. } | StoreError::Database { .. } | StoreError::File { .. }
        );
        if is_damaged {
            self.keeping.close().await;
        }
    }

    pub(super) fn store_works(&self, held: &mut Held) {
        self.watch.own.store(StorePart::Decisions, true);
        self.watch.trouble("the store", None);
        if held.store.trouble.take().is_some() {
            let words = "the store can be used again: decisions are made";
            self.telling.tell_unsaved(Severity::Info, words.to_owned());
            tracing::info!("{words}");
        }
    }

    fn tell_of_history(&self, held: &mut Held) {
        let Some(store) = self.keeping.decisions() else {
            self.watch.own.store(StorePart::History, false);
            return;
        };
        match store.history() {
            Ok(()) => self.watch.own.store(StorePart::History, true),
            Err(problem) => self.history_failed(held, &problem),
        }
    }

    /// What the history does not keep is lost for forecasts; decisions go on.
    pub(super) fn history_failed(&self, held: &mut Held, problem: &StoreError) {
        self.watch.own.store_failed(problem.reason());
        self.watch.own.store(StorePart::History, false);
        let trouble = problem.to_string();
        if held.store.history.as_ref() != Some(&trouble) {
            let words = format!("no history is kept, decisions go on: {trouble}");
            self.telling.tell_unsaved(Severity::Warning, words.clone());
            tracing::error!(reason = problem.reason(), "{words}");
        }
        self.watch.trouble("the history", Some(trouble.clone()));
        held.store.history = Some(trouble);
    }

    pub(super) fn history_works(&self, held: &mut Held) {
        self.watch.own.store(StorePart::History, true);
        self.watch.trouble("the history", None);
        if held.store.history.take().is_some() {
            tracing::info!("the history is kept again");
        }
    }
}

const LOST: &str = "the store cannot be used, so no decision is made; metrics go on";
