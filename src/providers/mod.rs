//! The vendors: what can be asked of one, and each in its own folder.
//!
//! Requests are built and answers decoded without a socket (`request`, `wire`); `client` joins both to a session.

pub mod change;
pub mod decodo;
pub mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod http;
pub mod oxylabs;
mod past;
mod wire;
mod writer;

use async_trait::async_trait;
use jiff::civil::{Date, DateTime};

pub use change::{NewSubUser, SubUserChange, SubUserStatus};
pub use error::ProviderError;
pub use http::session::Ask;
pub use past::{Dates, Past};
pub use writer::Writer;

use crate::domain::account::Account;
use crate::domain::collector::Collector;
use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, Subscription, TargetUsage, Usage, WhitelistedIp,
};
use crate::domain::units::{Bytes, GigabyteEvidence};

/// What of a sub-user's usage is asked for; days and hours are those of the account's zone.
///
/// No vendor tells all of these; which one does is in `docs/PROVIDERS.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// What the vendor counts against the sub-user's limit, or the nearest to it that the vendor tells.
    Current,
    /// The last 24 hours.
    Last24Hours,
    /// The last 7 days.
    Last7Days,
    /// The last 30 days.
    Last30Days,
    /// From the first of the month to today.
    CalendarMonth,
    /// Everything since the sub-user or its subscription began.
    Lifetime,
    /// From a first to a last day, both inclusive.
    Dates(Date, Date),
    /// From a first to a last hour, both inclusive, on the full hour.
    Hours(DateTime, DateTime),
}

/// What a vendor says of one sub-user's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageReport {
    /// The total.
    pub usage: Usage,
    /// The same by day, where the vendor says so; in order.
    pub days: Vec<(Date, Bytes)>,
}

/// One account at a vendor, for reading.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The account.
    fn account(&self) -> &Account;

    /// What can be collected here.
    fn collectors(&self) -> &'static [Collector];

    /// What of the past can be asked for.
    fn past(&self) -> Past {
        Past::NOTHING
    }

    /// The account's total.
    async fn account_usage(&self, ask: &Ask) -> Result<AccountUsage, ProviderError>;

    /// The active sub-users.
    async fn sub_users(&self, ask: &Ask) -> Result<Vec<SubUser>, ProviderError>;

    /// Limits that the vendor gives in gigabytes and in bytes, none where it gives them one way only; a call of its own.
    async fn gigabyte_evidence(&self, _ask: &Ask) -> Result<Vec<GigabyteEvidence>, ProviderError> {
        Ok(Vec::new())
    }

    /// One sub-user's usage.
    async fn usage(&self, sub_user: &SubUser, span: Span, ask: &Ask) -> Result<UsageReport, ProviderError>;

    /// Where one sub-user's traffic of one day went.
    async fn targets(
        &self,
        sub_user: &SubUser,
        day: Date,
        ask: &Ask,
    ) -> Result<Vec<TargetUsage>, ProviderError>;

    /// The plans.
    async fn subscriptions(&self, ask: &Ask) -> Result<Vec<Subscription>, ProviderError>;

    /// The addresses that need no password.
    async fn whitelist(&self, ask: &Ask) -> Result<Vec<WhitelistedIp>, ProviderError>;

    /// The ways into the proxies, all or of one kind.
    async fn endpoints(&self, kind: Option<&str>, ask: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError>;
}
