//! The enforcer's task: batches of each account, never two at once, started when something is due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::Decider;
use super::journal::OfAccount;
use crate::domain::account::AccountName;
use crate::enforce::{Did, Enforcer};

/// How often is looked for what time alone makes due.
const EVERY: Duration = Duration::from_secs(1);

/// How long an account is left alone after a vendor did not answer as it must.
const NOT_NOW: Duration = Duration::from_secs(5);

/// How long batches that run may take to end when the process stops.
const DRAIN: Duration = Duration::from_secs(60);

impl Decider {
    /// Carries out what is due until `stop`; batches that run may end.
    pub(in crate::app::decide) async fn enforce(self: Arc<Self>, stop: CancellationToken) {
        let mut running: JoinSet<(AccountName, Did)> = JoinSet::new();
        let mut busy: BTreeMap<AccountName, Option<Instant>> = BTreeMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.acting.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
                Some(ended) = running.join_next() => match ended {
                    Ok((account, Did::NotNow)) => drop(busy.insert(account, Some(Instant::now() + NOT_NOW))),
                    Ok((account, _)) => drop(busy.remove(&account)),
                    Err(error) => tracing::error!(%error, "a batch of writes ended early; it is settled by reading back"),
                },
            }
            for account in self.with_work().await {
                match busy.get(&account) {
                    Some(None) => continue,
                    Some(Some(until)) if *until > Instant::now() => continue,
                    _ => {}
                }
                busy.insert(account.clone(), None);
                let (decider, stop) = (self.clone(), stop.clone());
                running.spawn(async move {
                    let did = decider.batches(&account, &stop).await;
                    (account, did)
                });
            }
        }
        let drain = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drain).await.is_err() {
            tracing::warn!(
                "gave up writes that did not end in time for the stop; the next start settles them"
            );
        }
    }

    /// The accounts at which something may be due.
    async fn with_work(&self) -> Vec<AccountName> {
        let now = self.watch.clock.now();
        let held = self.held.lock().await;
        let mut found: Vec<AccountName> = held
            .books
            .open()
            .filter(|action| {
                action.is_ready(now) || action.stage.is_open() && action.not_before.is_none_or(|at| at <= now)
            })
            .map(|action| action.account.clone())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Batches of one account, until nothing is due there or it is better tried later.
    pub(in crate::app::decide) async fn batches(
        self: &Arc<Self>,
        account: &AccountName,
        stop: &CancellationToken,
    ) -> Did {
        let state = self.watch.state();
        let Some(watched) = state.accounts.get(account) else { return Did::NotNow };
        let journal = OfAccount::new(self.clone(), account.clone());
        let enforcer = Enforcer { writer: &*watched.writer, journal: &journal, origins: &self.origins };
        loop {
            let did = enforcer.batch().await;
            journal.tell().await;
            if did != Did::Something || stop.is_cancelled() {
                return did;
            }
        }
    }
}
