//! Watches the operators' own names for the vendors' entry nodes.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::domain::account::Account;
use crate::metrics::own::{OwnMetrics, Owner};
use crate::providers::oxylabs::entry;

/// How often a name is looked up; DNS records change rarely.
const EVERY: Duration = Duration::from_secs(300);

/// Starts a watch for each account that has a name of its own.
pub(super) fn watch(config: &Config, own: &OwnMetrics, tasks: &TaskTracker, stop: &CancellationToken) {
    let named = config
        .accounts
        .values()
        .filter_map(|account| Some((account.account.clone(), account.entry.clone()?)));
    for (account, name) in named {
        match TokioResolver::builder_tokio().and_then(|builder| builder.build()) {
            Ok(resolver) => {
                let (own, stop) = (own.clone(), stop.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = look(&resolver, &own, &account, &name) => {}
                    }
                });
            }
            Err(error) => {
                tracing::warn!(account = %account.name, entry = name, "the system's DNS settings cannot be read, so the entry name is not watched: {error}");
            }
        }
    }
}

async fn look(resolver: &TokioResolver, own: &OwnMetrics, account: &Account, name: &str) {
    let mut before = None;
    loop {
        let found = entry::is_valid(resolver, name).await;
        match &found {
            Ok(true) if before == Some(false) => {
                tracing::info!(account = %account.name, entry = name, "the entry name is a CNAME to the vendor's entry node again");
            }
            Ok(false) if before != Some(false) => {
                tracing::warn!(account = %account.name, entry = name, "the entry name is no CNAME to pr.oxylabs.io; correct its DNS record");
            }
            Err(error) => {
                tracing::debug!(account = %account.name, entry = name, "the DNS does not say: {error}")
            }
            Ok(_) => {}
        }
        let is_valid = found.ok();
        own.entry_name(Owner::from(account), name, is_valid);
        before = is_valid.or(before);
        tokio::time::sleep(EVERY).await;
    }
}
