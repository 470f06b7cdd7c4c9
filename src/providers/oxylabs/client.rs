//! Oxylabs through a session: each call is its request and its decoding.

use async_trait::async_trait;
use jiff::civil::Date;
use std::time::Duration;
use url::Url;

use super::request::{self, StatsType};
use super::wire;
use crate::domain::account::Account;
use crate::domain::collector::Collector;
use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, Subscription, TargetUsage, WhitelistedIp, Window,
};
use crate::providers::http::auth::{AuthScheme, Credential, LoginFlow, ReadSecret};
use crate::providers::http::session::{Session, SessionSettings};
use crate::providers::{Ask, Provider, ProviderError, Span, UsageReport};

/// What the vendor's own page says about a refused login.
const REFUSED: &str = "Oxylabs wants the main proxy user, the first in the users list, not the dashboard login; after a \
                       recent change of its password the original password is needed, or Oxylabs' support \
                       (support@oxylabs.io)";

/// The session of an Oxylabs account: basic login for a token of an hour.
#[must_use]
pub fn session_settings(
    base: Url,
    username: String,
    password: ReadSecret,
    timeout: Duration,
) -> SessionSettings {
    let flow = LoginFlow { basic: true, request: request::login, decode: wire::login };
    SessionSettings {
        base,
        credential: Credential::Login { username, password, flow },
        scheme: AuthScheme::Bearer,
        refused_hint: REFUSED,
        timeout,
    }
}

/// One Oxylabs account.
pub struct Oxylabs {
    account: Account,
    session: Session,
}

impl Oxylabs {
    /// The account behind `session`.
    #[must_use]
    pub fn new(account: Account, session: Session) -> Self {
        Self { account, session }
    }
}

fn id(sub_user: &SubUser) -> &str {
    // Every row of the list has an id; a name in its place gets a 404.
    sub_user.id.as_ref().map_or(&*sub_user.username, |id| &id.0)
}

#[async_trait]
impl Provider for Oxylabs {
    fn account(&self) -> &Account {
        &self.account
    }

    fn collectors(&self) -> &'static [Collector] {
        &[Collector::Account, Collector::SubUsers, Collector::Targets]
    }

    async fn account_usage(&self, ask: &Ask) -> Result<AccountUsage, ProviderError> {
        let body = self.session.call(request::client_stats, ask).await?;
        wire::client_stats(&body, self.account.gigabyte)
    }

    async fn sub_users(&self, ask: &Ask) -> Result<Vec<SubUser>, ProviderError> {
        let body = self.session.call(request::sub_users, ask).await?;
        wire::sub_users(&body, self.account.gigabyte)
    }

    async fn usage(&self, sub_user: &SubUser, span: Span, ask: &Ask) -> Result<UsageReport, ProviderError> {
        let (stats, window) = match span {
            Span::Current if sub_user.lifetime == Some(true) => (StatsType::Lifetime, Window::Lifetime),
            Span::Current => (StatsType::CurrentMonth, Window::CalendarMonth),
            Span::Dates(from, to) => (StatsType::Custom(from, to), Window::Dates(from, to)),
        };
        let body = self.session.call(|user| request::stats(user, id(sub_user), stats), ask).await?;
        wire::stats(&body, window, self.account.gigabyte)
    }

    async fn targets(
        &self,
        sub_user: &SubUser,
        day: Date,
        ask: &Ask,
    ) -> Result<Vec<TargetUsage>, ProviderError> {
        let body = self.session.call(|user| request::target_stats(user, id(sub_user), day), ask).await?;
        wire::targets(&body, self.account.gigabyte)
    }

    async fn subscriptions(&self, _ask: &Ask) -> Result<Vec<Subscription>, ProviderError> {
        Err(ProviderError::Unsupported(
            "Oxylabs' API tells no subscriptions; set plan and billing_day in the config",
        ))
    }

    async fn whitelist(&self, _ask: &Ask) -> Result<Vec<WhitelistedIp>, ProviderError> {
        Err(ProviderError::Unsupported("Oxylabs' API has no whitelist; only Decodo's has"))
    }

    async fn endpoints(&self, _kind: Option<&str>, _ask: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError> {
        Err(ProviderError::Unsupported("Oxylabs' API lists no endpoints; only Decodo's does"))
    }
}
