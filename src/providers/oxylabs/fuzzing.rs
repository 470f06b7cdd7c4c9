//! Oxylabs' decoders, for the fuzzers.

use super::stats::Statistics;
use super::wire;
use crate::domain::traffic::{AccountUsage, SubUser, TargetUsage, Window};
use crate::domain::units::Gigabyte;
use crate::providers::UsageReport;
use crate::providers::error::ProviderError;
use crate::providers::http::token::Login;

/// A login.
///
/// # Errors
/// The answer cannot be read.
pub fn login(body: &[u8]) -> Result<Login, ProviderError> {
    wire::login(body)
}

/// The active sub-users.
///
/// # Errors
/// The answer cannot be read.
pub fn sub_users(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<SubUser>, ProviderError> {
    wire::sub_users(body, gigabyte)
}

/// One sub-user's usage.
///
/// # Errors
/// The answer cannot be read.
pub fn stats(body: &[u8], gigabyte: Gigabyte) -> Result<Statistics, ProviderError> {
    wire::stats(body, Window::Period, gigabyte)
}

/// The same by day.
#[must_use]
pub fn by_day(statistics: Statistics) -> UsageReport {
    statistics.by_day()
}

/// The account's total.
///
/// # Errors
/// The answer cannot be read.
pub fn client_stats(body: &[u8], gigabyte: Gigabyte) -> Result<AccountUsage, ProviderError> {
    wire::client_stats(body, gigabyte)
}

/// Where a sub-user's traffic went.
///
/// # Errors
/// The answer cannot be read.
pub fn target_stats(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<TargetUsage>, ProviderError> {
    wire::targets(body, gigabyte)
}
