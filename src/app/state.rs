//! What is watched, made of a configuration; what a new one has in common with the one before goes on.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::{self, Outgoing};
use super::calls::Calls;
use super::publisher::Publisher;
use super::watch::{State, Watch, Watched};
use crate::collect::clock::Clock;
use crate::collect::holder::Holder;
use crate::config::{AccountConfig, Config, CredentialSource, SecretSource, Vendor};
use crate::domain::account::AccountName;
use crate::metrics::exposition::Exposition;
use crate::metrics::own::OwnMetrics;
use crate::providers::http::session::Session;

/// What is watched for `config`, with nothing before it.
///
/// # Errors
/// Something without which nothing can be collected.
pub(super) fn watch(config: &Config, clock: &Arc<Clock>) -> anyhow::Result<Watch> {
    let own = OwnMetrics::new(env!("CARGO_PKG_VERSION")).context("proxymeter's own metrics")?;
    let state = Sessions::default().state(config, clock, &own, None)?;
    Ok(Watch::new(own, clock.clone(), state))
}

/// The sessions that there are, so that a reload is no login storm.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<AccountName, (Identity, Session)>>);

/// What a session depends on; where none of it changed, the session goes on.
#[derive(Clone)]
struct Identity {
    vendor: Vendor,
    base_url: url::Url,
    username: Option<String>,
    secret: SecretSource,
    requests_per_second: NonZeroU32,
    timeout: Duration,
    max_body: u64,
}

impl Identity {
    fn of(account: &AccountConfig, max_body: u64) -> Self {
        let username = match &account.credential {
            CredentialSource::Login { username, .. } => Some(username.clone()),
            CredentialSource::ApiKey(_) => None,
        };
        Self {
            vendor: account.vendor,
            base_url: account.base_url.clone(),
            username,
            secret: account.credential.secret().clone(),
            requests_per_second: account.requests_per_second,
            timeout: account.timeout,
            max_body,
        }
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        let secrets_agree = match (&self.secret, &other.secret) {
            (SecretSource::Inline(a), SecretSource::Inline(b)) => same_text(a, b),
            // What stands in the file is read at each login.
            (SecretSource::File(a), SecretSource::File(b)) => a.path == b.path,
            _ => false,
        };
        secrets_agree
            && self.vendor == other.vendor
            && self.base_url == other.base_url
            && self.username == other.username
            && self.requests_per_second == other.requests_per_second
            && self.timeout == other.timeout
            && self.max_body == other.max_body
    }
}

fn same_text(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}

impl Sessions {
    /// What is watched for `config`: sessions, snapshots and what collectors remember go on from `before` where an
    /// account's login and units are the same.
    pub(super) fn state(
        &self,
        config: &Config,
        clock: &Arc<Clock>,
        own: &OwnMetrics,
        before: Option<&State>,
    ) -> anyhow::Result<State> {
        let time = clock.clone();
        let max_body = config.collect.max_body;
        let outgoing = Outgoing::new(max_body, Arc::new(move || time.now()))?;
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = BTreeMap::new();
        let mut watched = BTreeMap::new();
        for (name, account) in &config.accounts {
            let identity = Identity::of(account, max_body);
            let held = sessions.remove(name).filter(|(held, _)| *held == identity);
            let goes_on = held.is_some();
            let (_, session) = held.unwrap_or_else(|| {
                let calls = Calls::new(own.clone(), account.account.provider, name.clone());
                (identity.clone(), outgoing.session(account, Arc::new(calls)))
            });
            let before = before.and_then(|before| before.accounts.get(name)).filter(|before| {
                let was = before.holder.account();
                goes_on
                    && was.gigabyte == account.account.gigabyte
                    && was.time_zone == account.account.time_zone
            });
            let holder = Holder::new(accounts::provider(account, session.clone()));
            if let Some(before) = before {
                let snapshot = before.holder.snapshot();
                holder.update(|_| (*snapshot).clone());
            }
            let stale_after = config.collect.stale_after;
            let now = clock.now();
            let account = Watched::new(
                Arc::new(holder),
                &account.schedule,
                stale_after,
                config.collect.max_calls_per_day,
                before,
                own,
                now,
            );
            watched.insert(name.clone(), account);
            kept.insert(name.clone(), (identity, session));
        }
        *sessions = kept;
        let publisher =
            Publisher::new(Exposition::new(config.collect.max_series), config.collect.targets_top);
        Ok(State { publisher, accounts: watched })
    }
}
