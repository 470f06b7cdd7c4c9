//! The judge of statuses, for the fuzzers.

use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;

use super::judge;
use super::request::ApiRequest;
use super::transport::Answer;
use crate::providers::error::ProviderError;

/// What a status and a body mean as the answer to a new sub-user with `password`.
///
/// # Errors
/// Every status but 2xx.
pub fn judge(
    status: u16,
    body: &[u8],
    retry_after: Option<Duration>,
    password: &str,
    secrets: &[SecretString],
) -> Result<(), ProviderError> {
    let sent = serde_json::json!({ "username": "fresh", "password": password }).to_string();
    let request = ApiRequest::write(Method::POST, "create_sub_user", "/sub-users".to_owned(), Some(sent));
    let body = bytes::Bytes::copy_from_slice(body);
    judge::judge(&request, &Answer { status, retry_after, clock_differs: None, body }, secrets)
}
