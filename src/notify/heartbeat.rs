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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::SecretString;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn to(url: Result<String, String>, allow_private: bool) -> Heartbeat {
        // Another test may have been first.
        rustls::crypto::ring::default_provider().install_default().ok();
        Heartbeat::new(Arc::new(move || url.clone().map(SecretString::from)), allow_private).unwrap()
    }

    /// What is asked by one call, and what that ends with where it is answered with this status.
    async fn asked(status: &str) -> (String, Result<String, NotifyError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let heartbeat = to(Ok(format!("http://{}/Hunter2_path", listener.local_addr().unwrap())), true);
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                assert!(stream.read_buf(&mut request).await.unwrap() > 0);
            }
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        };
        tokio::join!(serve, heartbeat.beat(Timestamp::UNIX_EPOCH))
    }

    #[tokio::test]
    async fn f33_it_says_what_it_is_and_nothing_that_could_be_a_breach() {
        let (request, answer) = asked("200 OK").await;
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /Hunter2_path HTTP/1.1"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected =
            json!({ "type": "heartbeat", "timestamp": "1970-01-01T00:00:00Z", "data": { "version": 1 } });
        assert_eq!(body, expected);
        assert_eq!(answer, Ok("200 OK".to_owned()));
    }

    #[tokio::test]
    async fn an_address_that_does_not_do_is_told_without_it() {
        for (heartbeat, words) in [
            (to(Err("operator.watchdog_url_file: cannot be read".to_owned()), true), "cannot be read"),
            (to(Ok("Hunter2_ is none".to_owned()), true), "operator.watchdog_url is no address"),
            (to(Ok("https://10.0.0.1/Hunter2_path".to_owned()), false), "private"),
        ] {
            let error = heartbeat.beat(Timestamp::UNIX_EPOCH).await.unwrap_err();
            let told = format!("{error} {error:?} {heartbeat:?}");
            assert!(told.contains(words) && !told.contains("Hunter2_"), "{told}");
        }
        let (_, answer) = asked("503 Service Unavailable").await;
        assert!(answer.is_err_and(|error| error.is_retryable() && !error.to_string().contains("Hunter2_")));
    }
}
