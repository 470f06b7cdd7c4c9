//! A POST to somebody's server, by the rules of what may leave: encrypted, to the internet, with no redirect, within a
//! time, and reading little of the answer.
//!
//! A path and a query are secrets (chat services put their key there): no text holds more of a URL than scheme and host.

mod address;
mod answer;
mod veil;

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

pub use address::is_private;

use super::error::NotifyError;
use address::{Private, PublicOnly};
use answer::Answer;
use veil::Veil;

/// The time for a whole exchange where nothing else is configured.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The longest wait for a connection, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// So much of an answer is read; then the connection is closed.
const MOST_READ: usize = 64 * 1024;

/// What may leave, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether `http` and private addresses are allowed.
    pub allow_private: bool,
    /// The time for the whole exchange.
    pub timeout: Duration,
    /// PEM certificates that are trusted beside the platform's.
    pub ca_file: Option<PathBuf>,
}

/// Why nothing can be sent this way.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The certificates cannot be read.
    #[error("ca_file {}: {problem}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The platform's trust roots cannot be used.
    #[error("cannot prepare TLS: {0}; are the system's ca-certificates installed?")]
    Tls(String),
    /// Something that is needed is not configured.
    #[error("{0}")]
    Missing(&'static str),
}

/// What is sent.
pub(super) struct Post<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// What may not be told beside the URL, should the answer repeat it.
    pub(super) secrets: &'a [&'a str],
    pub(super) now: Timestamp,
}

/// Sends by the rules.
pub(super) struct Egress {
    client: reqwest::Client,
    allow_private: bool,
    timeout: Duration,
}

impl Egress {
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("proxymeter/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // A proxy would resolve the name itself, and so undo the rule on addresses.
            .no_proxy()
            // What is read is counted; it shall not grow after that.
            .no_gzip()
            // Half of the time at most, so that whoever ran out of it had a connection, and may have taken it.
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout / 2));
        if !settings.allow_private {
            client = client.dns_resolver(PublicOnly);
        }
        if let Some(path) = &settings.ca_file {
            client = client.tls_certs_merge(certificates(path)?);
        }
        let client = client.build().map_err(|error| SetupError::Tls(innermost(&error)))?;
        Ok(Self { client, allow_private: settings.allow_private, timeout: settings.timeout })
    }

    /// Sends once; what was answered, short and without secrets.
    pub(super) async fn post(&self, post: Post<'_>) -> Result<String, NotifyError> {
        self.allows(post.url)?;
        let mut veil = Veil::of(post.url);
        post.secrets.iter().for_each(|secret| veil.add(secret));
        let deadline = Instant::now() + self.timeout;
        let call = self
            .client
            .post(post.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .headers(post.headers)
            .body(post.body);
        let mut response = match timeout_at(deadline, call.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.failed(post.url, &error)),
            Err(_) => {
                let within = self.timeout;
                return Err(NotifyError::Unknown(format!(
                    "{} took the connection and did not answer within {within:?}",
                    origin(post.url)
                )));
            }
        };
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| answer::retry_after(value.to_str().ok()?, post.now));
        // The status has said it all: what comes after it may break off, hang or never end.
        let mut body = Vec::new();
        while let Ok(Ok(Some(chunk))) = timeout_at(deadline, response.chunk()).await {
            let room = MOST_READ - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if body.len() == MOST_READ {
                break;
            }
        }
        answer::judge(&Answer { status, retry_after, body }, &veil)
    }

    /// What can be seen of a URL without asking for its address.
    fn allows(&self, url: &Url) -> Result<(), NotifyError> {
        let is_http = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return Err(NotifyError::Refused("the url has to start with https://".to_owned())),
        };
        if self.allow_private {
            return Ok(());
        }
        if is_http {
            let origin = origin(url);
            return Err(NotifyError::Refused(format!(
                "{origin} is not encrypted: use https, or allow_private = true where the network is your own"
            )));
        }
        let is_private = match url.host() {
            Some(Host::Ipv4(address)) => is_private(address.into()),
            Some(Host::Ipv6(address)) => is_private(address.into()),
            Some(Host::Domain(_)) | None => false,
        };
        if is_private { Err(private(url)) } else { Ok(()) }
    }

    fn failed(&self, url: &Url, error: &reqwest::Error) -> NotifyError {
        let (origin, problem) = (origin(url), innermost(error));
        if chain(error).any(|error| error.is::<Private>()) {
            return private(url);
        }
        if error.is_builder() {
            return NotifyError::Refused(format!("{origin}: {problem}"));
        }
        if chain(error).any(|error| error.is::<rustls::Error>()) {
            return NotifyError::later(format!(
                "no TLS with {origin}: {problem}; where its certificate is of your own authority, name that in ca_file"
            ));
        }
        if error.is_connect() {
            return NotifyError::later(format!(
                "no connection to {origin}: {problem}; check that the address is right and can be reached from here"
            ));
        }
        NotifyError::Unknown(format!("{origin} broke off before it answered: {problem}"))
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("allow_private", &self.allow_private).finish_non_exhaustive()
    }
}

fn private(url: &Url) -> NotifyError {
    NotifyError::Refused(format!(
        "{} has a private address: allow_private = true permits it where the network is your own",
        origin(url)
    ))
}

/// Scheme, host and port: all of a URL that may be told.
#[must_use]
pub fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

fn certificates(path: &PathBuf) -> Result<Vec<reqwest::Certificate>, SetupError> {
    let failed = |problem: String| SetupError::CaFile { path: path.clone(), problem };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| failed(innermost(&error)))?;
    if found.is_empty() {
        return Err(failed("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(found)
}

/// An error and all that it wraps.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

/// What an error wraps; an I/O error hides it from `source`.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    hidden.map(|hidden| hidden as &(dyn Error + 'static)).or_else(|| error.source())
}

/// The cause in its own words, in which there is no address.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}
