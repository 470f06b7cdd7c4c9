//! One call over the wire: deadlines, size cap, no redirect, and what went wrong as the closed set.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::time::Instant;
use url::Url;

use super::request::ApiRequest;
use super::retry;
use crate::providers::error::ProviderError;

/// The wall clock, handed in.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Sees every call, so that it can be counted.
pub trait CallObserver: Send + Sync {
    /// A call to `endpoint` ended with this HTTP status, or without any.
    fn called(&self, endpoint: &'static str, status: Option<u16>, took: Duration);

    /// The vendor's clock is so far ahead of ours, or behind it.
    fn clock_differs(&self, by: SignedDuration);
}

/// What came back, whole.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What `Retry-After` asks for.
    pub retry_after: Option<Duration>,
    /// The vendor's clock less ours, by its `Date`, to about a second; nothing where it does not say.
    pub clock_differs: Option<SignedDuration>,
    /// The body, decompressed.
    pub body: Bytes,
}

/// Carries a call to a vendor and its whole answer back.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Sends `request` below `base` and takes the whole answer, until `deadline`.
    ///
    /// # Errors
    /// No whole answer; a status is no error here.
    async fn send(
        &self,
        base: &Url,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, ProviderError>;
}

/// The one client of all accounts.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    max_body: u64,
    now: Now,
}

/// The longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Transport {
    /// A client that takes answers of at most `max_body` bytes.
    ///
    /// # Errors
    /// The platform's trust roots cannot be read.
    pub fn new(max_body: u64, now: Now) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            // Cloudflare, before Decodo, refuses whoever names none (source: captured live, "error 1010").
            .user_agent(concat!("proxymeter/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Self { client, max_body, now })
    }

    async fn exchange(
        &self,
        base: &Url,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, ProviderError> {
        let started = Instant::now();
        let failed = |error: reqwest::Error| classify(request.endpoint, started.elapsed(), &error);
        let mut url = base.clone();
        url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut call = self.client.request(request.method.clone(), url).header(ACCEPT, "application/json");
        if let Some(authorization) = authorization {
            call = call.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let asked = self.now();
        let mut response = call.send().await.map_err(failed)?;
        let now = self.now();
        let status = response.status().as_u16();
        let clock_differs = clock_differs(response.headers(), asked, now);
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry::retry_after(value.to_str().ok()?, now));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if (body.len() + chunk.len()) as u64 > self.max_body {
                return Err(ProviderError::BodyTooLarge { endpoint: request.endpoint, cap: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after, clock_differs, body: body.freeze() })
    }
}

#[async_trait]
impl Exchange for Transport {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    async fn send(
        &self,
        base: &Url,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, ProviderError> {
        let started = Instant::now();
        match tokio::time::timeout_at(deadline, self.exchange(base, request, authorization)).await {
            Ok(result) => result,
            Err(_) => Err(ProviderError::Timeout { endpoint: request.endpoint, after: started.elapsed() }),
        }
    }
}

/// The vendor's clock less ours: its `Date` is cut to whole seconds, and was set about halfway through the call.
fn clock_differs(headers: &HeaderMap, asked: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let halfway = asked.checked_add(now.duration_since(asked) / 2).ok()?;
    Some(date.duration_since(halfway) + SignedDuration::from_millis(500))
}

/// The closed set's member for what reqwest says; the address, which may hold an id, is left out.
fn classify(endpoint: &'static str, after: Duration, error: &reqwest::Error) -> ProviderError {
    if error.is_timeout() {
        return ProviderError::Timeout { endpoint, after };
    }
    let problem = innermost(error);
    if chain(error).any(is_tls) {
        return ProviderError::Tls { endpoint, problem };
    }
    if error.is_decode() {
        return ProviderError::Decode { endpoint, problem };
    }
    ProviderError::Connect { endpoint, problem }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

/// What an error wraps; an I/O error hides it from `source`.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    hidden.map(|hidden| hidden as &(dyn Error + 'static)).or_else(|| error.source())
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    error.is::<rustls::Error>()
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}
