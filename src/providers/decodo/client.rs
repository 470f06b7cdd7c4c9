//! Decodo through a session: each call is its request and its decoding.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use url::Url;

use super::dialect::{Dialect, Login, UpdateRoute};
use super::request::{self, TrafficType};
use super::{wire, write};
use crate::domain::account::{Account, FreezeBy};
use crate::domain::collector::Collector;
use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, SubUserId, Subscription, TargetUsage, WhitelistedIp,
};
use crate::domain::units::{Bytes, GigabyteEvidence};
use crate::providers::http::auth::{AuthScheme, Credential, LoginFlow, ReadSecret};
use crate::providers::http::session::{Session, SessionSettings};
use crate::providers::writer::{self, Writer, done};
use crate::providers::{
    Ask, Dates, NewSubUser, Past, Provider, ProviderError, Span, SubUserChange, UsageReport,
};

const LOGIN_REFUSED: &str = "Check username and password, and that dialect (published, v1 or v2) is the account's; v1 \
                             as it really answers wants login = \"basic\"";
const KEY_REFUSED: &str = "Check the API key of the dashboard; v2 wants it alone, without a prefix";

/// The session of a Decodo account: a login for a token, or a static key where `login` is nothing.
#[must_use]
pub fn session_settings(
    base: Url,
    login: Option<(Login, String)>,
    secret: ReadSecret,
    scheme: AuthScheme,
    timeout: Duration,
) -> SessionSettings {
    let refused_hint = if login.is_some() { LOGIN_REFUSED } else { KEY_REFUSED };
    let credential = match login {
        None => Credential::Key(secret),
        Some((login, username)) => {
            let basic = login == Login::Basic;
            let request = if basic { request::login_basic } else { request::login_json };
            let flow = LoginFlow { basic, request, decode: wire::login };
            Credential::Login { username, password: secret, flow }
        }
    };
    SessionSettings { base, credential, scheme, refused_hint, timeout }
}

/// One Decodo account.
pub struct Decodo {
    account: Account,
    dialect: Dialect,
    update_route: UpdateRoute,
    session: Session,
}

impl Decodo {
    /// The account behind `session`, which speaks `dialect`.
    #[must_use]
    pub fn new(account: Account, dialect: Dialect, session: Session) -> Self {
        Self { account, dialect, update_route: UpdateRoute::default(), session }
    }

    /// The same with changes put elsewhere.
    #[must_use]
    pub fn with_update_route(self, update_route: UpdateRoute) -> Self {
        Self { update_route, ..self }
    }
}

#[async_trait]
impl Provider for Decodo {
    fn account(&self) -> &Account {
        &self.account
    }

    fn collectors(&self) -> &'static [Collector] {
        &[Collector::Account, Collector::SubUsers, Collector::Subscriptions]
    }

    fn past(&self) -> Past {
        match self.dialect {
            Dialect::Published => Past::NOTHING,
            Dialect::V1 | Dialect::V2 => Past { dates: Dates::Total, target_days: None },
        }
    }

    /// What is allocated and used; where the dialect does not tell what was used, the subscriptions do.
    async fn account_usage(&self, ask: &Ask) -> Result<AccountUsage, ProviderError> {
        let allocated = match self.dialect {
            // The vendor's own v1 README has no such call.
            Dialect::V1 => AccountUsage::default(),
            dialect => match self.session.call(|user| request::allocated(dialect, user), ask).await {
                Ok(body) => wire::allocated(&body, self.account.gigabyte)?,
                Err(ProviderError::NotFound { .. }) => AccountUsage::default(),
                Err(error) => return Err(error),
            },
        };
        if allocated.traffic.is_some() {
            return Ok(allocated);
        }
        let plans = self.subscriptions(ask).await?;
        let traffic = if plans.is_empty() {
            None
        } else {
            plans.iter().map(|plan| plan.traffic).sum::<Option<Bytes>>()
        };
        Ok(AccountUsage { traffic, ..allocated })
    }

    async fn sub_users(&self, ask: &Ask) -> Result<Vec<SubUser>, ProviderError> {
        let body = self.session.call(|user| request::sub_users(self.dialect, user), ask).await?;
        wire::sub_users(&body, self.account.gigabyte)
    }

    async fn gigabyte_evidence(&self, ask: &Ask) -> Result<Vec<GigabyteEvidence>, ProviderError> {
        let body = self.session.call(|user| request::sub_users(self.dialect, user), ask).await?;
        wire::gigabyte_evidence(&body)
    }

    async fn usage(&self, sub_user: &SubUser, span: Span, ask: &Ask) -> Result<UsageReport, ProviderError> {
        let kind = TrafficType::of(self.dialect, span)?;
        let id = sub_user.id.as_ref().map(|id| &*id.0);
        let build = |user: &str| request::traffic(self.dialect, user, &sub_user.username, id, kind);
        let body = self.session.call(build, ask).await?;
        wire::traffic(&body, kind.window(), self.account.gigabyte)
    }

    async fn targets(
        &self,
        _sub_user: &SubUser,
        _day: Date,
        _ask: &Ask,
    ) -> Result<Vec<TargetUsage>, ProviderError> {
        Err(ProviderError::Unsupported("Decodo's API tells no targets of a sub-user; only Oxylabs' does"))
    }

    async fn subscriptions(&self, ask: &Ask) -> Result<Vec<Subscription>, ProviderError> {
        let body = self.session.call(|user| request::subscriptions(self.dialect, user), ask).await?;
        wire::subscriptions(&body, self.account.gigabyte)
    }

    async fn whitelist(&self, ask: &Ask) -> Result<Vec<WhitelistedIp>, ProviderError> {
        let body = self.session.call(|user| request::whitelist(self.dialect, user), ask).await?;
        wire::whitelist(&body)
    }

    async fn endpoints(&self, kind: Option<&str>, ask: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError> {
        let body = self.session.call(|_| request::endpoints(kind), ask).await?;
        wire::endpoints(&body)
    }
}

#[async_trait]
impl Writer for Decodo {
    fn check_change(&self, change: &SubUserChange) -> Result<(), ProviderError> {
        write::update(self.dialect, self.update_route, "", change, self.account.gigabyte).map(|_| ())
    }

    fn check_new(&self, new: &NewSubUser) -> Result<(), ProviderError> {
        write::create(self.dialect, new, self.account.gigabyte).map(|_| ())
    }

    fn freeze_by(&self) -> FreezeBy {
        self.dialect.freeze_by()
    }

    fn can_lift(&self) -> bool {
        self.dialect.can_lift()
    }

    async fn create_sub_user(&self, new: &NewSubUser, ask: &Ask) -> Result<SubUserId, ProviderError> {
        let build = write::create(self.dialect, new, self.account.gigabyte)?;
        let body = self.session.call(build, ask).await?;
        match writer::created(&body)? {
            Some(id) => Ok(id),
            // `201 {}` is what the vendor's own README and live clients show.
            None => writer::find_created(&new.username, self.sub_users(ask).await),
        }
    }

    async fn update_sub_user(
        &self,
        id: &SubUserId,
        change: &SubUserChange,
        ask: &Ask,
    ) -> Result<(), ProviderError> {
        let build = write::update(self.dialect, self.update_route, &id.0, change, self.account.gigabyte)?;
        done(writer::UPDATE, &self.session.call(build, ask).await?)
    }

    async fn delete_sub_user(&self, id: &SubUserId, ask: &Ask) -> Result<(), ProviderError> {
        let build = |user: &str| write::delete(self.dialect, user, &id.0);
        done(writer::DELETE, &self.session.call(build, ask).await?)
    }

    async fn sub_user(&self, id: &SubUserId, ask: &Ask) -> Result<SubUser, ProviderError> {
        if self.dialect != Dialect::V2 {
            return Err(ProviderError::Unsupported(
                "Decodo v1 tells no single sub-user; list the sub-users instead, or use dialect v2",
            ));
        }
        let build = |user: &str| request::sub_user(self.dialect, user, &id.0);
        wire::one_sub_user(&self.session.call(build, ask).await?, self.account.gigabyte)
    }

    async fn add_to_whitelist(&self, addresses: &[IpAddr], ask: &Ask) -> Result<(), ProviderError> {
        let build = write::add_to_whitelist(self.dialect, addresses)?;
        done(write::ADD_IPS, &self.session.call(build, ask).await?)
    }

    async fn remove_from_whitelist(&self, id: &str, ask: &Ask) -> Result<(), ProviderError> {
        let build = |user: &str| write::remove_from_whitelist(self.dialect, user, id);
        done(write::DELETE_IP, &self.session.call(build, ask).await?)
    }
}
