//! Oxylabs through a session: each call is its request and its decoding.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use url::Url;

use super::stats::{Statistics, StatsType};
use super::{request, wire, write};
use crate::domain::account::{Account, FreezeBy};
use crate::domain::collector::Collector;
use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, SubUserId, Subscription, TargetUsage, WhitelistedIp,
};
use crate::providers::http::auth::{AuthScheme, Credential, LoginFlow, ReadSecret};
use crate::providers::http::session::{Session, SessionSettings};
use crate::providers::writer::{self, Writer, done};
use crate::providers::{
    Ask, Dates, NewSubUser, Past, Provider, ProviderError, Span, SubUserChange, UsageReport,
};

/// What the vendor's own page says about a refused login.
const REFUSED: &str = "Oxylabs wants the main proxy user, the first in the users list, not the dashboard login; after a \
                       recent change of its password the original password is needed, or Oxylabs' support \
                       (support@oxylabs.io)";

const NO_WHITELIST: ProviderError =
    ProviderError::Unsupported("Oxylabs' API has no whitelist; only Decodo's has");

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

    /// One sub-user's statistics, of any type that the vendor knows.
    ///
    /// # Errors
    /// No usable answer, or a range that the vendor is known to refuse.
    pub async fn statistics(
        &self,
        sub_user_id: &SubUserId,
        stats: &StatsType,
        ask: &Ask,
    ) -> Result<Statistics, ProviderError> {
        self.stats(&sub_user_id.0, stats, ask).await
    }

    async fn stats(&self, id: &str, stats: &StatsType, ask: &Ask) -> Result<Statistics, ProviderError> {
        let query = stats.query()?;
        let body = self.session.call(|user| request::stats(user, id, &query), ask).await?;
        wire::stats(&body, stats.window(), self.account.gigabyte)
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

    fn past(&self) -> Past {
        // 30 days of targets (source: the published contract).
        Past { dates: Dates::ByDay, target_days: Some(30) }
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
        let stats = StatsType::of(span, sub_user.lifetime == Some(true), &self.account.time_zone);
        Ok(self.stats(id(sub_user), &stats, ask).await?.by_day())
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
        Err(NO_WHITELIST)
    }

    async fn endpoints(&self, _kind: Option<&str>, _ask: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError> {
        Err(ProviderError::Unsupported("Oxylabs' API lists no endpoints; only Decodo's does"))
    }
}

#[async_trait]
impl Writer for Oxylabs {
    fn check_change(&self, change: &SubUserChange) -> Result<(), ProviderError> {
        write::update("", change, self.account.gigabyte).map(|_| ())
    }

    fn check_new(&self, new: &NewSubUser) -> Result<(), ProviderError> {
        write::create(new, self.account.gigabyte).map(|_| ())
    }

    fn freeze_by(&self) -> FreezeBy {
        FreezeBy::Status
    }

    fn can_lift(&self) -> bool {
        true
    }

    async fn create_sub_user(&self, new: &NewSubUser, ask: &Ask) -> Result<SubUserId, ProviderError> {
        let build = write::create(new, self.account.gigabyte)?;
        let body = self.session.call(build, ask).await?;
        match writer::created(&body)? {
            Some(id) => Ok(id),
            None => writer::find_created(&new.username, self.sub_users(ask).await),
        }
    }

    async fn update_sub_user(
        &self,
        id: &SubUserId,
        change: &SubUserChange,
        ask: &Ask,
    ) -> Result<(), ProviderError> {
        let build = write::update(&id.0, change, self.account.gigabyte)?;
        done(writer::UPDATE, &self.session.call(build, ask).await?)
    }

    async fn delete_sub_user(&self, id: &SubUserId, ask: &Ask) -> Result<(), ProviderError> {
        done(writer::DELETE, &self.session.call(|user| write::delete(user, &id.0), ask).await?)
    }

    async fn sub_user(&self, _id: &SubUserId, _ask: &Ask) -> Result<SubUser, ProviderError> {
        Err(ProviderError::Unsupported(
            "Oxylabs tells no single sub-user, only its statistics; list the sub-users instead",
        ))
    }

    async fn add_to_whitelist(&self, _addresses: &[IpAddr], _ask: &Ask) -> Result<(), ProviderError> {
        Err(NO_WHITELIST)
    }

    async fn remove_from_whitelist(&self, _id: &str, _ask: &Ask) -> Result<(), ProviderError> {
        Err(NO_WHITELIST)
    }
}
