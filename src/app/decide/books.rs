//! The counters of each account: loaded from the history, fed with each look, and kept there.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Decider, ENDED_COUNTS, Held, Known, TIDY_EVERY};
use crate::app::publisher::off_the_workers;
use crate::domain::account::{Account, AccountName};
use crate::domain::collector::Collector;
use crate::domain::ledger::Ledger;
use crate::domain::period::Period;
use crate::domain::totals;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{CollectorOverview, Overview};

/// Days that are loaded: the longest month, and a zone's day before it.
const DAYS_LOADED: SignedDuration = SignedDuration::from_hours(33 * 24);

impl Decider {
    /// Counts what the newest snapshots say that is new, and keeps it.
    pub(super) async fn count(&self, held: &mut Held, known: &[Known], now: Timestamp) {
        for one in known {
            let Known { account, snapshot, .. } = one;
            let Some(ledger) = held.ledgers.get_mut(&account.name) else { continue };
            let passes = off_the_workers(|| ledger.take(account, snapshot, now));
            let Some(store) = self.keeping.history() else { continue };
            let is_new = !passes.is_empty();
            let overview = self.overview(&account.name, now);
            let is_other = match (held.overviews.get(&account.name), &overview) {
                (Some(before), Some(now)) => !before.says_the_same(now),
                (_, now) => now.is_some(),
            };
            let mut kept = Ok(());
            for pass in &passes {
                kept = kept.and(store.save_pass(&account.name, pass).await);
            }
            if let Some(overview) = overview.filter(|_| is_other) {
                kept = kept.and(store.save_overview(&overview).await);
                held.overviews.insert(account.name.clone(), overview);
            }
            if is_new {
                kept = kept.and(self.keep_names(held, one, &*store).await);
            }
            let kept = kept.and(self.keep_targets(held, one, &*store).await);
            match kept {
                Ok(()) if is_new || is_other => self.history_works(held),
                Ok(()) => {}
                Err(problem) => self.history_failed(held, &problem),
            }
        }
    }

    /// Loads the counters of accounts that have none yet.
    pub(super) async fn load_ledgers(&self, held: &mut Held) {
        let settings = self.settings.load_full();
        let now = self.watch.clock.now();
        for (name, watched) in &self.watch.state().accounts {
            if held.ledgers.contains_key(name) {
                continue;
            }
            let account = watched.holder.account();
            let empty = || Ledger::new(account.time_zone.clone(), settings.lag, &settings.spans);
            let mut ledger = empty();
            if let Some(store) = self.keeping.history() {
                let start = held.incidents.accounts.get(name).and_then(|state| state.period);
                let vendor = start.map(|start| Period { start, end: start });
                if let Err(problem) = load(&mut ledger, &*store, account, vendor, now).await {
                    self.history_failed(held, &problem);
                    ledger = empty();
                }
                if watched.known(Collector::Targets, |_| ()).is_some()
                    && let Err(problem) = self.show_targets(held, &watched.holder, &*store).await
                {
                    self.history_failed(held, &problem);
                }
            }
            held.ledgers.insert(name.clone(), ledger);
        }
    }

    /// Forgets what was held of accounts that are configured no more; their past stays in the history.
    pub(super) async fn forget_accounts(&self, held: &mut Held) {
        let state = self.watch.state();
        let is_there = |name: &AccountName| state.accounts.contains_key(name);
        let gone: Vec<_> = held.overviews.keys().filter(|name| !is_there(name)).cloned().collect();
        held.overviews.retain(|name, _| is_there(name));
        held.paces.retain(|name, _| is_there(name));
        held.targets.retain(|name, _| is_there(name));
        held.names.retain(|name, _| is_there(name));
        let Some(store) = self.keeping.history() else { return };
        for name in gone {
            if let Err(problem) = store.forget_overview(name.as_str()).await {
                self.history_failed(held, &problem);
            }
        }
    }

    /// Rolls the journal up and drops what is old, now and then.
    pub(super) async fn tidy(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(TIDY_EVERY) => {}
            }
            let days_kept = self.settings.load().days_kept;
            self.tidy_decisions(days_kept).await;
            let Some(store) = self.keeping.history() else { continue };
            for name in self.watch.state().accounts.keys() {
                if let Err(problem) = store.roll_up(name).await {
                    tracing::warn!(account = %name, "the journal is not rolled up: {problem}");
                }
            }
            match store.drop_old(self.watch.clock.now(), days_kept).await {
                Ok(dropped) => tracing::debug!(?dropped, "dropped what is old"),
                Err(problem) => tracing::warn!("what is old is not dropped: {problem}"),
            }
        }
    }

    /// Drops decisions that are as old as the oldest days, and counts what ended in the last day anew.
    async fn tidy_decisions(&self, days_kept: u16) {
        let Some(store) = self.keeping.decisions() else { return };
        let now = self.watch.clock.now();
        let kept = SignedDuration::from_hours(i64::from(days_kept) * 24);
        if let Err(problem) = store.drop_decisions(now.checked_sub(kept).unwrap_or(Timestamp::MIN)).await {
            tracing::warn!("decisions that are old are not dropped: {problem}");
        }
        match store.ended_since(now.checked_sub(ENDED_COUNTS).unwrap_or(Timestamp::MIN)).await {
            Ok(ended) => self.held.lock().await.ended = ended,
            Err(problem) => tracing::warn!("incidents that ended are not counted: {problem}"),
        }
    }

    /// How an account is, for who asks without the daemon.
    fn overview(&self, name: &AccountName, now: Timestamp) -> Option<Overview> {
        let state = self.watch.state();
        let watched = state.accounts.get(name)?;
        let (account, snapshot) = (watched.holder.account(), watched.holder.snapshot());
        let collectors = watched.all_known().into_iter().map(|(collector, known)| CollectorOverview {
            collector: collector.as_str().to_owned(),
            observed: known.observed,
            stale_after_seconds: known.stale_after.as_secs(),
            failure: known.failure.map(|(failure, _)| failure.message),
        });
        Some(Overview {
            provider: account.provider.to_owned(),
            account: name.to_string(),
            at: now,
            traffic: totals::traffic(&snapshot).map(|bytes| bytes.0),
            plan: totals::plan(account, &snapshot).map(|bytes| bytes.0),
            sub_users: snapshot.sub_users.as_ref().map(|list| list.value.len()),
            period: totals::period(account, &snapshot, now).map(|period| (period.start, period.end)),
            collectors: collectors.collect(),
        })
    }
}

/// Fills a ledger from the history.
async fn load(
    ledger: &mut Ledger,
    store: &dyn Store,
    account: &Account,
    vendor: Option<Period>,
    now: Timestamp,
) -> Result<(), StoreError> {
    ledger.load_spans(vendor, now);
    store
        .each_standing(&account.name, &mut |subject, standing| ledger.load_standing(subject, standing))
        .await?;
    let date = |at: Timestamp| TimeZone::UTC.to_datetime(at).date();
    let first = date(now.checked_sub(DAYS_LOADED).unwrap_or(now));
    let each = &mut |subject: &_, day, usage: &crate::store::readings::DayUse| {
        ledger.load_day(subject, day, usage.used, usage.hours.as_ref());
    };
    store.each_day(&account.name, first, date(now), each).await?;
    ledger.load_end(now);
    Ok(())
}
