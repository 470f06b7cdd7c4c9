//! Webhooks: a message as a machine or a chat takes it, by HTTP.
//!
//! What is rendered is saved and sent on every try, so it holds no secret: routing key and topic are put in when it is
//! sent, and a signature is made anew each time, as it holds the moment.

mod card;
mod discord;
mod generic;
mod ntfy;
mod pagerduty;
mod sign;
mod slack;
mod teams;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::egress::{self, Egress, Post, SetupError};
use super::error::{NotifyError, RenderError};
use super::message::Message;
use super::words::Words;
use super::{Envelope, Notifier, Parcel, SecretReader};
use card::Card;

/// A webhook by what is configured.
pub struct Settings {
    /// The receiver.
    pub name: Arc<str>,
    /// Where to; all of it but scheme and host is a secret.
    pub url: SecretReader,
    /// What the other side understands.
    pub format: Format,
    /// generic: the keys that sign, one a line. pagerduty: the routing key, needed. ntfy: the access token. Of no use to
    /// the others.
    pub secret: Option<SecretReader>,
    /// Whether `http` and private addresses are allowed.
    pub allow_private: bool,
    /// The time for a whole exchange; [`egress::TIMEOUT`] where nothing is configured.
    pub timeout: Duration,
    /// How many may be under way at once.
    pub width: usize,
    /// PEM certificates that are trusted beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// Makes words of a message.
    pub words: Arc<dyn Words>,
}

/// What the other side of a webhook understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Our own JSON, signed by the Standard Webhooks rules.
    Generic,
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of a Discord channel.
    Discord,
    /// A workflow of Microsoft Teams that posts cards.
    Teams,
    /// The Events API v2 of PagerDuty.
    PagerDuty,
    /// A topic of ntfy.
    Ntfy,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Generic, Self::Slack, Self::Discord, Self::Teams, Self::PagerDuty, Self::Ntfy];

    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::PagerDuty => "pagerduty",
            Self::Ntfy => "ntfy",
        }
    }
}

/// Tells by a webhook.
pub struct Webhook {
    settings: Settings,
    egress: Egress,
}

impl Webhook {
    /// A webhook that nothing has been sent to.
    ///
    /// # Errors
    /// `ca_file` cannot be read, TLS cannot be prepared, or the format needs a secret and there is none.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        if settings.format == Format::PagerDuty && settings.secret.is_none() {
            return Err(SetupError::Missing(
                "format = \"pagerduty\" needs the routing key of the service: name its file in secret_file",
            ));
        }
        let egress = Egress::new(&egress::Settings {
            allow_private: settings.allow_private,
            timeout: settings.timeout,
            ca_file: settings.ca_file.clone(),
        })?;
        Ok(Self { settings, egress })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { name, format, .. } = &self.settings;
        f.debug_struct("Webhook").field("name", name).field("format", format).finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Webhook {
    fn render(&self, message: &Message, envelope: &Envelope<'_>) -> Result<Vec<u8>, RenderError> {
        if self.settings.format == Format::Generic {
            return Ok(generic::body(message));
        }
        let title = self.settings.words.title(message)?;
        let text = self.settings.words.text(message)?;
        let card = Card { message, title: &title, text: &text };
        let body: Value = match self.settings.format {
            Format::Generic | Format::Slack => slack::body(&card),
            Format::Discord => discord::body(&card),
            Format::Teams => teams::body(&card),
            Format::PagerDuty => pagerduty::body(&card, envelope.episode),
            Format::Ntfy => ntfy::body(&card),
        };
        Ok(body.to_string().into_bytes())
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError> {
        let url = (self.settings.url)().map_err(NotifyError::later)?;
        let mut url = Url::parse(url.expose_secret().trim())
            .map_err(|error| NotifyError::later(format!("what stands in its place is no url: {error}")))?;
        let secret = self.settings.secret.as_ref().map(|read| read()).transpose();
        let secret = secret.map_err(NotifyError::later)?;
        let whole_url = url.to_string();
        let secrets = [secret.as_ref().map_or("", ExposeSecret::expose_secret), topic_of(&whole_url)];
        let (headers, body) = match self.settings.format {
            Format::Generic => (sign::headers(secret.as_ref(), parcel)?, parcel.body.to_vec()),
            Format::PagerDuty => {
                let key = secret.as_ref().map_or("", ExposeSecret::expose_secret).trim();
                (HeaderMap::new(), with_first("routing_key", key, parcel.body))
            }
            Format::Ntfy => {
                let topic = ntfy::split_topic(&mut url)?;
                (bearer(secret.as_ref())?, with_first("topic", &topic, parcel.body))
            }
            Format::Slack | Format::Discord | Format::Teams => (HeaderMap::new(), parcel.body.to_vec()),
        };
        self.egress.post(Post { url: &url, headers, body, secrets: &secrets, now: parcel.now }).await
    }

    fn width(&self) -> usize {
        self.settings.width
    }
}

/// The last part of a path, which is the secret of ntfy and gone from the URL that is asked.
fn topic_of(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// A JSON object with one more member before the others: byte for byte the same each time.
fn with_first(name: &str, value: &str, object: &[u8]) -> Vec<u8> {
    let member = format!("{{{}:{},", Value::from(name), Value::from(value));
    let rest = object.strip_prefix(b"{").unwrap_or(object);
    [member.as_bytes(), rest].concat()
}

fn bearer(token: Option<&SecretString>) -> Result<HeaderMap, NotifyError> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim()));
        let mut value = value.map_err(|_| {
            NotifyError::later("the secret holds characters that no token has: give it as one line of ASCII")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}
