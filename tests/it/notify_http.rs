//! What leaves by HTTP: webhooks in every format, and Alertmanager, by the one contract that each receiver passes.

mod bodies;
mod contract;
mod pushing;
mod rules;
mod samples;
mod secrets;
pub(crate) mod server;
mod signatures;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proxymeter::domain::outbox::NoticeId;
use proxymeter::notify::alertmanager::{self, Pusher};
use proxymeter::notify::error::NotifyError;
use proxymeter::notify::message::Message;
use proxymeter::notify::webhook::{self, Format, Webhook};
use proxymeter::notify::words::PlainWords;
use proxymeter::notify::{Envelope, Notifier, Parcel, SecretReader};
use secrecy::SecretString;
use url::Url;

/// A key by the rules of Standard Webhooks, as a canary.
const KEY: &str = "whsec_canarycanarycanarycanarycanarycanary";

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn secret(text: &str) -> SecretReader {
    let text = text.to_owned();
    Arc::new(move || Ok(SecretString::from(text.clone())))
}

/// A webhook to a server of the test.
fn settings(format: Format, url: &str) -> webhook::Settings {
    // reqwest asks for a provider of cryptography; another test may have been first.
    rustls::crypto::ring::default_provider().install_default().ok();
    webhook::Settings {
        name: "ops".into(),
        url: secret(url),
        format,
        secret: match format {
            Format::Generic => Some(secret(KEY)),
            Format::PagerDuty => Some(secret("canaryroutingkey0000000000000000\n")),
            Format::Ntfy => Some(secret("tk_canarytoken00")),
            Format::Slack | Format::Discord | Format::Teams => None,
        },
        allow_private: true,
        timeout: Duration::from_secs(10),
        width: 2,
        ca_file: None,
        words: Arc::new(PlainWords),
    }
}

/// Every receiver to a URL, by its name.
fn receivers(url: &str, timeout: Duration) -> Vec<(&'static str, Box<dyn Notifier>)> {
    let mut all: Vec<(&'static str, Box<dyn Notifier>)> = Vec::new();
    for format in Format::ALL {
        let settings = webhook::Settings { timeout, ..settings(format, url) };
        all.push((format.as_str(), Box::new(Webhook::new(settings).unwrap())));
    }
    all.push(("alertmanager", Box::new(Pusher::new(pusher_settings(url, timeout)).unwrap())));
    all
}

fn pusher_settings(url: &str, timeout: Duration) -> alertmanager::Settings {
    rustls::crypto::ring::default_provider().install_default().ok();
    alertmanager::Settings {
        name: "pager".into(),
        urls: vec![Url::parse(url).unwrap()],
        resend: Duration::from_secs(60),
        timeout,
        basic: Some(("prox".to_owned(), secret("canarybasic00"))),
        ca_file: None,
        link: Some("https://proxymeter.example.com/".to_owned()),
    }
}

/// What the outbox would save, and hand over on each try.
struct Saved {
    id: NoticeId,
    recipient: String,
    body: Vec<u8>,
}

fn render(notifier: &dyn Notifier, message: &Message, url: &str) -> Saved {
    let id = NoticeId("0123456789abcdef0123456789abcdef".into());
    let episode = NoticeId("fedcba9876543210fedcba9876543210".into());
    let recipient = alertmanager::recipient(&Url::parse(url).unwrap());
    let envelope = Envelope { id: &id, episode: &episode, recipient: &recipient, at: now() };
    let body = notifier.render(message, &envelope).unwrap();
    Saved { id, recipient, body }
}

impl Saved {
    async fn send(&self, notifier: &dyn Notifier, now: Timestamp) -> Result<String, NotifyError> {
        let parcel = Parcel { id: &self.id, recipient: &self.recipient, body: &self.body, now };
        notifier.send(&parcel).await
    }
}
