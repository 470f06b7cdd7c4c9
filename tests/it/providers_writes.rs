//! Every operation of both contracts through the typed clients: as requests, against the simulator, and when it goes
//! wrong.

mod errors;
mod operation;
mod simulated;
mod table;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::account::{Account, AccountName};
use proxymeter::domain::units::Gigabyte;
use proxymeter::providers::decodo::{self, Decodo, UpdateRoute};
use proxymeter::providers::http::auth::{AuthScheme, ReadSecret};
use proxymeter::providers::http::limiter::Limiter;
use proxymeter::providers::http::session::{Session, SessionSettings};
use proxymeter::providers::http::transport::{CallObserver, Transport};
use proxymeter::providers::oxylabs::{self, Oxylabs};
use proxymeter::providers::{Ask, Writer};
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

/// A password that all vendors take, and that no message may hold.
const PASSWORD: &str = "Canary_pass1";

/// What an account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Oxylabs,
    Published,
    V1,
    V2,
}

const ALL: [Dialect; 4] = [Dialect::Oxylabs, Dialect::Published, Dialect::V1, Dialect::V2];

impl Dialect {
    /// The name of its account in the simulator.
    fn simulated(self) -> &'static str {
        match self {
            Self::Oxylabs => "oxylabs",
            Self::Published => "decodo-published",
            Self::V1 => "decodo-v1",
            Self::V2 => "decodo-v2",
        }
    }

    /// The product of a new sub-user.
    fn product(self) -> Option<String> {
        match self {
            Self::Oxylabs => None,
            Self::Published => Some("residential".to_owned()),
            Self::V1 | Self::V2 => Some("residential_proxies".to_owned()),
        }
    }

    /// A client of an account that speaks this, at `base`.
    fn client(self, base: Url, username: &str, secret: &str) -> Box<dyn Writer> {
        self.client_with(base, username, secret, Duration::from_secs(20), UpdateRoute::default())
    }

    fn client_with(
        self,
        base: Url,
        username: &str,
        secret: &str,
        timeout: Duration,
        route: UpdateRoute,
    ) -> Box<dyn Writer> {
        let secret = SecretString::from(secret);
        let read: ReadSecret = Arc::new(move || Ok(secret.clone()));
        let username = username.to_owned();
        let (login, scheme, dialect) = match self {
            Self::Oxylabs => return Box::new(oxylabs(base, username, read, timeout)),
            Self::Published => (Some(decodo::Login::Json), AuthScheme::Raw, decodo::Dialect::Published),
            Self::V1 => (Some(decodo::Login::Basic), AuthScheme::Token, decodo::Dialect::V1),
            Self::V2 => (None, AuthScheme::Raw, decodo::Dialect::V2),
        };
        let login = login.map(|login| (login, username));
        let settings = decodo::session_settings(base, login, read, scheme, timeout);
        let client = Decodo::new(account(decodo::ID), dialect, session(settings));
        Box::new(client.with_update_route(route))
    }
}

fn oxylabs(base: Url, username: String, password: ReadSecret, timeout: Duration) -> Oxylabs {
    let settings = oxylabs::session_settings(base, username, password, timeout);
    Oxylabs::new(account(oxylabs::ID), session(settings))
}

fn account(provider: &'static str) -> Account {
    Account {
        provider,
        name: AccountName::new("acme").unwrap(),
        product: "".into(),
        dialect: "",
        gigabyte: Gigabyte::Decimal,
        writes: true,
        plan: None,
        billing_day: None,
        time_zone: jiff::tz::TimeZone::get("Europe/Vilnius").unwrap(),
    }
}

struct Unseen;

impl CallObserver for Unseen {
    fn called(&self, _endpoint: &'static str, _status: Option<u16>, _took: Duration) {}

    fn clock_differs(&self, _by: SignedDuration) {}
}

fn session(settings: SessionSettings) -> Session {
    // Another test may have installed it.
    let _unneeded = rustls::crypto::ring::default_provider().install_default();
    let transport = Transport::new(1 << 20, Arc::new(|| Timestamp::UNIX_EPOCH)).unwrap();
    Session::new(
        settings,
        Arc::new(transport),
        Limiter::new(NonZeroU32::new(1000).unwrap()),
        Arc::new(Unseen),
    )
}

fn soon() -> Ask {
    Ask::until(Instant::now() + Duration::from_secs(20))
}
