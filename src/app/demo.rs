//! Both vendors simulated in this process, and the configuration of a daemon that reads them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::daemon::Daemon;
use crate::collect::clock::Clock;
use crate::config::{
    AccountConfig, AuthScheme, Collect, Config, CredentialSource, DEFAULT_TIMEOUT, DecodoDialect,
    DecodoLogin, Log, Operator, SecretSource, Store, StoreLocation, UpdateRoute, Vendor, Way, Web,
};
use crate::domain::account::{Account, AccountName};
use crate::domain::budget::amount::{Amount, Share};
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::selector::{Selector, Selectors};
use crate::domain::budget::threshold::{Action, ActionKind, Condition, Mode, Severity, Threshold};
use crate::domain::budget::{Budget, OnUnknown, Per};
use crate::domain::collector::Collector;
use crate::domain::cron::Cron;
use crate::domain::guard::Guard;
use crate::domain::owners::Owners;
use crate::domain::units::Gigabyte;
use crate::simulator::{self, Access, Scenario, Simulator};

/// Who is told: the log, which is on the terminal.
const RECEIVER: &str = "terminal";

/// How often the demo looks: its traffic is fast, and nobody meters its vendors.
const EVERY_TWO_SECONDS: &str = "*/2 * * * * *";
const EVERY_TEN_SECONDS: &str = "*/10 * * * * *";

/// A daemon that reads simulated vendors, and the folder of its store, which is gone with it.
pub struct Demo {
    /// The daemon.
    pub daemon: Daemon,
    /// Its folder.
    pub folder: tempfile::TempDir,
}

/// Starts the simulated vendors on a free port of this machine, and gives the daemon that reads them.
///
/// # Errors
/// No address can be had.
pub async fn start(listen: SocketAddr, stop: CancellationToken) -> anyhow::Result<Demo> {
    let vendors =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port for the simulated vendors")?;
    let address = vendors.local_addr().context("the simulated vendors' address")?;
    let scenario = Scenario::demo();
    let clock = Clock::new();
    let simulator = Simulator::new(&scenario, Arc::new(move || clock.now()));
    let folder =
        tempfile::Builder::new().prefix("proxymeter-demo-").tempdir().context("a folder for the store")?;
    let config = config(listen, address, &scenario, folder.path())?;
    let daemon = Daemon::bind(config, true).await?;
    tokio::spawn(async move {
        if let Err(error) = simulator::serve(vendors, simulator, stop).await {
            tracing::error!(%error, "the simulated vendors stopped");
        }
    });
    Ok(Demo { daemon, folder })
}

fn config(
    listen: SocketAddr,
    vendors: SocketAddr,
    scenario: &Scenario,
    folder: &Path,
) -> anyhow::Result<Config> {
    let accounts =
        scenario.access().iter().map(|access| account(vendors, access)).collect::<anyhow::Result<_>>()?;
    Ok(Config {
        web: Web { listen, open: true, external_url: None },
        collect: Collect::default(),
        writes_off: false,
        accounts,
        budgets: vec![budget()?],
        standing_caps: BTreeMap::new(),
        receivers: [(RECEIVER.into(), Way::Log.into())].into(),
        smtp: None,
        owners: Owners::default(),
        store: Store { location: StoreLocation::Sqlite(folder.join("proxymeter.db")), is_written: false },
        log: Log::default(),
        operator: Operator { notify: vec![RECEIVER.into()], watchdog: None },
        file: "demo".into(),
    })
}

/// A runaway's budget: its first threshold is crossed within seconds, its second within a minute.
fn budget() -> anyhow::Result<Budget> {
    let threshold = |name, percent, severity| Threshold {
        severity,
        notify: vec![RECEIVER.into()],
        ..Threshold::new(name, Condition::Used(Share::percent(percent)))
    };
    let freeze =
        Action { what: ActionKind::Freeze, mode: Mode::Observe, approve_within: None, countdown: None };
    let selectors = Selectors {
        account: Some(Selector::new("oxylabs")?),
        sub_user: Some(Selector::new("scraper_browser")?),
        ..Selectors::default()
    };
    Ok(Budget {
        name: "browser".into(),
        selectors,
        per: Per::SubUser,
        amount: Amount::parse("22GB", None)?,
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: vec![
            threshold("warn", 90, Severity::Warning),
            Threshold { action: Some(freeze), ..threshold("stop", 100, Severity::Critical) },
        ],
    })
}

fn account(vendors: SocketAddr, access: &Access) -> anyhow::Result<(AccountName, AccountConfig)> {
    let name =
        AccountName::new(&access.account).with_context(|| format!("account name {:?}", access.account))?;
    let vendor = vendor(access);
    let secret = SecretSource::Inline(SecretString::from(access.secret.clone()));
    let credential = match vendor {
        Vendor::Decodo { login: DecodoLogin::None, .. } => CredentialSource::ApiKey(secret),
        _ => CredentialSource::Login { username: access.username.clone(), password: secret },
    };
    let config = AccountConfig {
        account: Account {
            provider: vendor.provider(),
            name: name.clone(),
            product: access.product.as_str().into(),
            dialect: vendor.dialect(),
            gigabyte: Gigabyte::Decimal,
            writes: false,
            plan: None,
            billing_day: None,
            time_zone: jiff::tz::TimeZone::UTC,
        },
        gigabyte_pinned: true,
        base_url: format!("http://{vendors}{}", access.base_path)
            .parse()
            .context("the simulated vendors' address")?,
        requests_per_second: std::num::NonZeroU32::MIN.saturating_add(99),
        timeout: DEFAULT_TIMEOUT,
        main_user: None,
        guard: Guard::default(),
        entry: None,
        schedule: schedule(&vendor)?,
        vendor,
        credential,
    };
    Ok((name, config))
}

fn vendor(access: &Access) -> Vendor {
    match (access.provider, access.dialect) {
        ("oxylabs", _) => Vendor::Oxylabs,
        (_, "v1") => decodo(DecodoDialect::V1, DecodoLogin::Basic, AuthScheme::Token),
        (_, "v2") => decodo(DecodoDialect::V2, DecodoLogin::None, AuthScheme::Raw),
        _ => decodo(DecodoDialect::Published, DecodoLogin::Json, AuthScheme::Raw),
    }
}

const fn decodo(dialect: DecodoDialect, login: DecodoLogin, auth_scheme: AuthScheme) -> Vendor {
    Vendor::Decodo { dialect, login, auth_scheme, update_route: UpdateRoute::Id }
}

fn schedule(vendor: &Vendor) -> anyhow::Result<BTreeMap<Collector, Cron>> {
    let collectors = Collector::ALL.into_iter().filter(|collector| vendor.has(*collector));
    collectors
        .map(|collector| {
            let often = matches!(collector, Collector::Account | Collector::SubUsers);
            let text = if often { EVERY_TWO_SECONDS } else { EVERY_TEN_SECONDS };
            Ok((collector, text.parse()?))
        })
        .collect()
}
