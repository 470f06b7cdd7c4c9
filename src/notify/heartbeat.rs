//! A sign of life to whoever notices that it is missing: typed, so that nobody takes it for news of a budget (F33).

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

use super::SecretReader;
use super::egress::{Egress, Post, Settings, SetupError};
use super::error::NotifyError;

/// Calls a watchdog.
pub struct Heartbeat {
    url: SecretReader,
    egress: Egress,
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").finish_non_exhaustive()
    }
}

/// The time for a whole call.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Heartbeat {
    /// A sign of life to this address.
    ///
    /// # Errors
    /// TLS cannot be prepared.
    pub fn new(url: SecretReader, allow_private: bool) -> Result<Self, SetupError> {
        let egress = Egress::new(&Settings { allow_private, timeout: TIMEOUT, ca_file: None })?;
        Ok(Self { url, egress })
    }

    /// Says that collection and delivery work.
    ///
    /// # Errors
    /// The watchdog was not reached, or did not want it.
    pub async fn beat(&self, now: Timestamp) -> Result<String, NotifyError> {
        let url = (self.url)().map_err(NotifyError::later)?;
        let url: Url = url
            .expose_secret()
            .parse()
            .map_err(|_| NotifyError::Refused("operator.watchdog_url is no address".to_owned()))?;
        let body = json!({ "type": "heartbeat", "timestamp": now, "data": { "version": 1 } });
        let post = Post {
            url: &url,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
            secrets: &[],
            now,
        };
        self.egress.post(post).await
    }
}
