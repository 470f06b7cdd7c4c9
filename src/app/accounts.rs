//! Providers from the configuration: a new vendor is a line here.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::config::{
    AccountConfig, AuthScheme, CredentialSource, DecodoDialect, DecodoLogin, UpdateRoute, Vendor,
};
use crate::providers::Writer;
use crate::providers::decodo::{self, Decodo};
use crate::providers::http::auth::{self, ReadSecret};
use crate::providers::http::limiter::Limiter;
use crate::providers::http::session::Session;
use crate::providers::http::transport::{CallObserver, Exchange, Now, Transport};
use crate::providers::oxylabs::{self, Oxylabs};

/// What all accounts share.
#[derive(Clone)]
pub struct Outgoing {
    exchange: Arc<dyn Exchange>,
}

impl Outgoing {
    /// The one HTTP client, which takes answers of at most `max_body` bytes.
    ///
    /// # Errors
    /// The platform's trust roots cannot be read.
    pub fn new(max_body: u64, now: Now) -> anyhow::Result<Self> {
        let transport = Transport::new(max_body, now).map_err(|error| {
            anyhow::anyhow!("the HTTP client cannot be set up: {error:#}; is ca-certificates installed?")
        })?;
        Ok(Self { exchange: Arc::new(transport) })
    }

    /// A session for the account, whose calls `observer` sees.
    #[must_use]
    pub fn session(&self, config: &AccountConfig, observer: Arc<dyn CallObserver>) -> Session {
        let limiter = Limiter::new(config.requests_per_second);
        let (base, timeout) = (config.base_url.clone(), config.timeout);
        let (username, secret) = credential(&config.credential);
        let settings = match config.vendor {
            Vendor::Oxylabs => oxylabs::session_settings(base, username.unwrap_or_default(), secret, timeout),
            Vendor::Decodo { login, auth_scheme, .. } => {
                let login = decodo_login(login).zip(username);
                decodo::session_settings(base, login, secret, scheme(auth_scheme), timeout)
            }
        };
        Session::new(settings, self.exchange.clone(), limiter, observer)
    }

    /// The account's provider, for reading and changing, with a session of its own.
    #[must_use]
    pub fn provider(&self, config: &AccountConfig, observer: Arc<dyn CallObserver>) -> Arc<dyn Writer> {
        provider(config, self.session(config, observer))
    }
}

/// The account's provider over a session, for reading and changing.
#[must_use]
pub fn provider(config: &AccountConfig, session: Session) -> Arc<dyn Writer> {
    let account = config.account.clone();
    match config.vendor {
        Vendor::Oxylabs => Arc::new(Oxylabs::new(account, session)),
        Vendor::Decodo { dialect, update_route, .. } => {
            let decodo = Decodo::new(account, decodo_dialect(dialect), session);
            Arc::new(decodo.with_update_route(decodo_route(update_route)))
        }
    }
}

fn credential(source: &CredentialSource) -> (Option<String>, ReadSecret) {
    let secret = source.secret().clone();
    let read: ReadSecret = Arc::new(move || secret.read().map_err(|error| error.to_string()));
    match source {
        CredentialSource::Login { username, .. } => (Some(username.clone()), read),
        CredentialSource::ApiKey(_) => (None, read),
    }
}

const fn decodo_login(login: DecodoLogin) -> Option<decodo::Login> {
    match login {
        DecodoLogin::Json => Some(decodo::Login::Json),
        DecodoLogin::Basic => Some(decodo::Login::Basic),
        DecodoLogin::None => None,
    }
}

const fn decodo_dialect(dialect: DecodoDialect) -> decodo::Dialect {
    match dialect {
        DecodoDialect::Published => decodo::Dialect::Published,
        DecodoDialect::V1 => decodo::Dialect::V1,
        DecodoDialect::V2 => decodo::Dialect::V2,
    }
}

const fn decodo_route(route: UpdateRoute) -> decodo::UpdateRoute {
    match route {
        UpdateRoute::Id => decodo::UpdateRoute::ById,
        UpdateRoute::Collection => decodo::UpdateRoute::Collection,
    }
}

const fn scheme(scheme: AuthScheme) -> auth::AuthScheme {
    match scheme {
        AuthScheme::Raw => auth::AuthScheme::Raw,
        AuthScheme::Token => auth::AuthScheme::Token,
        AuthScheme::Bearer => auth::AuthScheme::Bearer,
    }
}

/// Sees calls that nobody counts.
pub struct Uncounted;

impl CallObserver for Uncounted {
    fn called(&self, endpoint: &'static str, status: Option<u16>, took: Duration) {
        tracing::debug!(endpoint, status, duration_seconds = took.as_secs_f64(), "asked the vendor");
    }

    fn clock_differs(&self, by: SignedDuration) {
        tracing::debug!(difference_seconds = by.as_secs_f64(), "the vendor's clock");
    }
}
