//! Decodo's decoders, for the fuzzers.

use super::wire;
use crate::domain::traffic::{AccountUsage, ProxyEndpoint, SubUser, Subscription, WhitelistedIp};
use crate::domain::units::{Gigabyte, GigabyteEvidence};
use crate::providers::UsageReport;
use crate::providers::error::ProviderError;
use crate::providers::http::token::Login;

/// A login.
///
/// # Errors
/// The answer cannot be read.
pub fn auth(body: &[u8]) -> Result<Login, ProviderError> {
    wire::login(body)
}

/// The active sub-users.
///
/// # Errors
/// The answer cannot be read.
pub fn sub_users(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<SubUser>, ProviderError> {
    wire::sub_users(body, gigabyte)
}

/// One sub-user.
///
/// # Errors
/// The answer cannot be read.
pub fn sub_user(body: &[u8], gigabyte: Gigabyte) -> Result<SubUser, ProviderError> {
    wire::one_sub_user(body, gigabyte)
}

/// Limits given in gigabytes and in bytes.
///
/// # Errors
/// The answer cannot be read.
pub fn evidence(body: &[u8]) -> Result<Vec<GigabyteEvidence>, ProviderError> {
    wire::gigabyte_evidence(body)
}

/// One sub-user's usage.
///
/// # Errors
/// The answer cannot be read.
pub fn traffic(body: &[u8], gigabyte: Gigabyte) -> Result<UsageReport, ProviderError> {
    wire::traffic(body, None, gigabyte)
}

/// What the limits add up to.
///
/// # Errors
/// The answer cannot be read.
pub fn allocated(body: &[u8], gigabyte: Gigabyte) -> Result<AccountUsage, ProviderError> {
    wire::allocated(body, gigabyte)
}

/// The plans.
///
/// # Errors
/// The answer cannot be read.
pub fn subscriptions(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<Subscription>, ProviderError> {
    wire::subscriptions(body, gigabyte)
}

/// The addresses that need no password.
///
/// # Errors
/// The answer cannot be read.
pub fn whitelist(body: &[u8]) -> Result<Vec<WhitelistedIp>, ProviderError> {
    wire::whitelist(body)
}

/// The ways into the proxies.
///
/// # Errors
/// The answer cannot be read.
pub fn endpoints(body: &[u8]) -> Result<Vec<ProxyEndpoint>, ProviderError> {
    wire::endpoints(body)
}
