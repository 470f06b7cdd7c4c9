//! Decodo through a session: each call is its request and its decoding.

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;
use url::Url;

use super::dialect::{Dialect, Login};
use super::{request, wire};
use crate::domain::account::Account;
use crate::domain::collector::Collector;
use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, Subscription, TargetUsage, WhitelistedIp,
};
use crate::domain::units::{Bytes, GigabyteEvidence};
use crate::providers::http::auth::{AuthScheme, Credential, LoginFlow, ReadSecret};
use crate::providers::http::session::{Session, SessionSettings};
use crate::providers::{Ask, Provider, ProviderError, Span, UsageReport};

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
    session: Session,
}

impl Decodo {
    /// The account behind `session`, which speaks `dialect`.
    #[must_use]
    pub fn new(account: Account, dialect: Dialect, session: Session) -> Self {
        Self { account, dialect, session }
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
        let dates = match span {
            Span::Current => None,
            Span::Dates(..) if self.dialect == Dialect::Published => {
                return Err(ProviderError::Unsupported(
                    "Decodo's published contract tells one total a sub-user and knows no dates; leave out --by and --since, or use dialect v1 or v2",
                ));
            }
            Span::Dates(from, to) => Some((from, to)),
        };
        let id = sub_user.id.as_ref().map(|id| &*id.0);
        let build = |user: &str| request::traffic(self.dialect, user, &sub_user.username, id, dates);
        let body = self.session.call(build, ask).await?;
        wire::traffic(&body, dates, self.account.gigabyte)
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
