//! What reading commands share: the configuration, the accounts that are asked, the time that they get.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Misused;
use crate::app::accounts::{Outgoing, Uncounted};
use crate::app::logging;
use crate::collect::clock::Clock;
use crate::config::{self, Config};
use crate::providers::{Ask, Provider, Writer};

/// The longest that a command by hand waits for one vendor.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub(super) struct Place {
    /// The configuration [default: $PROXYMETER__CONFIG, ./proxymeter.toml, /etc/proxymeter/proxymeter.toml]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// Which account is asked.
#[derive(Args, Clone, Debug)]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) place: Place,
    /// Only this account
    #[arg(long, value_name = "NAME")]
    pub(super) account: Option<String>,
}

impl Place {
    /// Loads the configuration and starts the log.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        let config = config::load(self.config.as_deref(), std::env::vars_os())?;
        logging::start(&config.log)?;
        Ok(config)
    }
}

/// The accounts that a command asks.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) providers: Vec<Arc<dyn Provider>>,
    /// The same accounts, for changing.
    pub(super) writers: Vec<Arc<dyn Writer>>,
    clock: Arc<Clock>,
    one_was_named: bool,
}

impl Which {
    /// Loads the configuration with the accounts that are meant, and starts the log.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        of_account(self.place.load()?, self.account.as_deref())
    }
}

/// A configuration with the one account that is asked for, or with all.
pub(super) fn of_account(mut config: Config, asked: Option<&str>) -> anyhow::Result<Config> {
    let Some(asked) = asked else { return Ok(config) };
    if !config.accounts.keys().any(|name| name.as_str() == asked) {
        let names: Vec<_> = config.accounts.keys().map(|name| name.as_str()).collect();
        let told = format!("no account {asked:?}; the configuration has {}", names.join(", "));
        return Err(Misused(told).into());
    }
    config.accounts.retain(|name, _| name.as_str() == asked);
    Ok(config)
}

impl Context {
    pub(super) fn new(which: &Which) -> anyhow::Result<Self> {
        let one_was_named = which.account.is_some();
        Ok(Self { one_was_named, ..Self::of(which.load()?)? })
    }

    /// All accounts of a configuration.
    pub(super) fn of(config: Config) -> anyhow::Result<Self> {
        let clock = Arc::new(Clock::new());
        let time = clock.clone();
        let outgoing = Outgoing::new(config.collect.max_body, Arc::new(move || time.now()))?;
        let writer = |account| outgoing.provider(account, Arc::new(Uncounted));
        let writers: Vec<Arc<dyn Writer>> = config.accounts.values().map(writer).collect();
        let providers = writers.iter().map(as_provider).collect();
        Ok(Self { config, providers, writers, clock, one_was_named: false })
    }

    /// The accounts of vendors that have what `has` looks for; an account that was named is asked all the same.
    pub(super) fn those(&self, has: impl Fn(&dyn Provider) -> bool) -> Vec<&dyn Provider> {
        let is_asked = |provider: &&dyn Provider| self.one_was_named || has(*provider);
        self.providers.iter().map(|provider| &**provider).filter(is_asked).collect()
    }

    /// The accounts of Decodo.
    pub(super) fn decodos(&self) -> anyhow::Result<Vec<&dyn Provider>> {
        let found = self.those(|provider| provider.account().provider == crate::providers::decodo::ID);
        if found.is_empty() {
            return Err(Misused(
                "only Decodo has this, and the configuration has no account there".to_owned(),
            )
            .into());
        }
        Ok(found)
    }

    /// The one account that is meant.
    pub(super) fn one_writer(&self) -> anyhow::Result<&dyn Writer> {
        Self::one_of(self.writers.iter().map(|writer| &**writer).collect())
    }

    /// The one account with a whitelist that is meant.
    pub(super) fn one_with_whitelist(&self) -> anyhow::Result<&dyn Writer> {
        let names: Vec<_> = self.decodos()?.iter().map(|one| &one.account().name).collect();
        let writers = self.writers.iter().map(|writer| &**writer);
        Self::one_of(writers.filter(|writer| names.contains(&&writer.account().name)).collect())
    }

    fn one_of(writers: Vec<&dyn Writer>) -> anyhow::Result<&dyn Writer> {
        if let [one] = writers[..] {
            return Ok(one);
        }
        let names: Vec<_> = writers.iter().map(|one| one.account().name.as_str()).collect();
        Err(Misused(format!("say where by --account: {}", names.join(", "))).into())
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// As long as someone at a terminal waits.
    pub(super) fn ask() -> Ask {
        Ask::until(Instant::now() + PATIENCE)
    }
}

/// An account for reading alone.
fn as_provider(writer: &Arc<dyn Writer>) -> Arc<dyn Provider> {
    writer.clone()
}

/// An error of one account, with its name.
pub(super) fn of<T>(
    provider: &dyn Provider,
    result: Result<T, crate::providers::ProviderError>,
) -> anyhow::Result<T> {
    result.map_err(|error| anyhow::anyhow!("{}: {error}", provider.account().name))
}
