//! What is watched, made of a configuration; what a new one has in common with the one before goes on.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use super::accounts::{self, Outgoing};
use super::calls::{Calls, Skew};
use super::publisher::Publisher;
use super::watch::{Reach, State, Watch, Watched};
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
pub(super) struct Sessions(Mutex<BTreeMap<AccountName, Held>>);

/// A session, what it depends on, and the difference of clocks that its calls told.
struct Held {
    identity: Identity,
    session: Session,
    skew: Skew,
}

/// What a session depends on; where none of it changed, the session goes on.
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
            let held = sessions.remove(name).filter(|held| held.identity == identity);
            let goes_on = held.is_some();
            let held = held.unwrap_or_else(|| {
                let skew = Skew::default();
                let calls = Calls::new(own.clone(), account.account.provider, name.clone(), skew.clone());
                Held { identity, session: outgoing.session(account, Arc::new(calls)), skew }
            });
            let before = before.and_then(|before| before.accounts.get(name)).filter(|before| {
                let was = before.holder.account();
                goes_on
                    && was.gigabyte == account.account.gigabyte
                    && was.time_zone == account.account.time_zone
            });
            let writer = accounts::provider(account, held.session.clone());
            let holder = Arc::new(Holder::new(writer.clone()));
            if let Some(before) = before {
                let snapshot = before.holder.snapshot();
                holder.update(|_| (*snapshot).clone());
                holder.keep(before.holder.kept().to_vec());
            }
            let stale_after = config.collect.stale_after;
            let now = clock.now();
            let account = Watched::new(
                Reach { holder, writer, skew: held.skew.clone() },
                &account.schedule,
                stale_after,
                config.collect.max_calls_per_day,
                before,
                own,
                now,
            );
            watched.insert(name.clone(), account);
            kept.insert(name.clone(), held);
        }
        *sessions = kept;
        let publisher = Publisher::new(
            Exposition::new(config.collect.max_series),
            config.collect.targets_top,
            config.owners.clone(),
        );
        Ok(State { publisher, accounts: watched })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::SignedDuration;

    use super::*;
    use crate::config::load_text;

    #[test]
    fn f13_the_difference_of_clocks_goes_on_with_the_session() {
        // Another test may have installed it.
        let _unneeded = rustls::crypto::ring::default_provider().install_default();
        let config = |rate: u32| {
            let text = format!(
                "[operator]\nnotify = []\n[accounts.acme]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\nrequests_per_second = {rate}\n"
            );
            load_text(Path::new("proxymeter.toml"), &text, []).unwrap()
        };
        let (clock, own) = (Arc::new(Clock::new()), OwnMetrics::new("0").unwrap());
        let sessions = Sessions::default();
        let mut state = sessions.state(&config(5), &clock, &own, None).unwrap();
        let known = |state: &State| {
            let watched = state.accounts.values().next().unwrap();
            (watched.skew(), watched.clocks_agree())
        };
        assert_eq!(known(&state), (SignedDuration::ZERO, true));
        let name = state.accounts.keys().next().unwrap().clone();
        let off = SignedDuration::from_secs(-90);
        sessions.0.lock().unwrap()[&name].skew.set(off);
        state = sessions.state(&config(5), &clock, &own, Some(&state)).unwrap();
        assert_eq!(known(&state), (off, false));
        state = sessions.state(&config(6), &clock, &own, Some(&state)).unwrap();
        assert_eq!(known(&state), (SignedDuration::ZERO, true), "another session has yet to be told");
    }
}
