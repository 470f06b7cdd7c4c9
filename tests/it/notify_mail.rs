//! Mail, against a real SMTP server: what arrives, and what a failure is taken for.
//!
//! Needs a Python with `aiosmtpd` (PyPI); without it the tests say so and pass.

mod failures;
mod form;
mod login;
mod pool;
pub(crate) mod server;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proxymeter::domain::outbox::NoticeId;
use proxymeter::notify::email::{Email, MailWords, Settings, Tls};
use proxymeter::notify::error::{NotifyError, RenderError};
use proxymeter::notify::message::Message;
use proxymeter::notify::{Envelope, Notifier as _, Parcel};
use serde_json::{Value, json};
use server::Server;

const AT: &str = "2025-11-20T08:30:00Z";

/// Words without a template: what a mail's form needs of them.
struct Words {
    chart: bool,
}

impl MailWords for Words {
    fn subject(&self, message: &Message) -> Result<String, RenderError> {
        Ok(format!("[proxymeter] {}", message.title))
    }

    fn text(&self, message: &Message) -> Result<String, RenderError> {
        let lines: String = message.lines().iter().map(|line| format!("- {line}\n")).collect();
        Ok(format!("{}\n\n{lines}", message.title))
    }

    fn html(&self, message: &Message, chart_cid: Option<&str>) -> Result<String, RenderError> {
        let title = message.title.replace('&', "&amp;").replace('<', "&lt;");
        let image = chart_cid.map_or_else(String::new, |cid| format!("<img src=\"cid:{cid}\">\n"));
        Ok(format!("<h1>{title}</h1>\n{image}"))
    }

    fn chart(&self, _: &Message) -> Option<Vec<u8>> {
        self.chart.then(|| (0_u8..=255).cycle().take(1_000).collect())
    }
}

fn settings(port: u16) -> Settings {
    Settings {
        name: "ops".into(),
        host: "localhost".to_owned(),
        port,
        tls: Tls::None,
        credentials: None,
        ca_file: None,
        timeout: Duration::from_secs(20),
        width: 4,
        from: "Proxymeter <proxymeter@example.com>".to_owned(),
        to: vec!["Ops <ops@example.com>".to_owned()],
        hello: None,
        words: Arc::new(Words { chart: true }),
    }
}

fn email(settings: Settings) -> Email {
    // Another test may have been first.
    rustls::crypto::ring::default_provider().install_default().ok();
    Email::new(settings).unwrap()
}

fn message() -> Message {
    let said = json!({
        "version": 1, "at": AT, "severity": "critical", "type": "budget",
        "title": "scrapers: a@acme is over 80%, 81 GB of 100 GB",
        "budget": "scrapers", "status": "firing", "open": 2, "is_headline": true,
        "items": [
            { "key": "used:acme:a", "line": "a@acme is over 80%", "kind": "allowance", "account": "acme",
              "per": "sub_user", "name": "a", "from_bytes": 1, "to_bytes": 2 },
            { "key": "used:acme:b", "line": "b@acme: Grüße, 5 GB more", "kind": "allowance", "account": "acme",
              "per": "sub_user", "name": "b", "from_bytes": 1, "to_bytes": 2 },
        ],
    });
    Message::from_json(&said.to_string()).unwrap()
}

fn ids() -> (NoticeId, NoticeId) {
    (NoticeId("0123456789abcdef0123456789abcdef".into()), NoticeId("fedcba9876543210fedcba9876543210".into()))
}

fn render(email: &Email, message: &Message) -> Vec<u8> {
    let (id, episode) = ids();
    let envelope =
        Envelope { id: &id, episode: &episode, recipient: "ops@example.com", at: AT.parse().unwrap() };
    email.render(message, &envelope).unwrap()
}

async fn send(email: &Email, recipient: &str, body: &[u8]) -> Result<String, NotifyError> {
    let (id, _) = ids();
    email.send(&Parcel { id: &id, recipient, body, now: AT.parse().unwrap() }).await
}

async fn send_to_ops(email: &Email) -> Result<String, NotifyError> {
    send(email, "Ops <ops@example.com>", &render(email, &message())).await
}

/// A server without encryption, and a receiver that sends there.
async fn plain() -> Option<(Server, Email)> {
    let server = Server::start(&server::python().await?, &[]).await;
    let email = email(settings(server.port));
    Some((server, email))
}

fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["understood"]["headers"].as_array().unwrap();
    let mut found = headers.iter().filter(|header| header[0].as_str() == Some(name));
    let value = found.next().unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    assert!(found.next().is_none(), "{name} twice in {headers:?}");
    value[1].as_str().unwrap()
}

fn is_later(result: &Result<String, NotifyError>, part: &str) -> bool {
    matches!(result, Err(NotifyError::Later { answer, retry_after: None }) if answer.contains(part))
}

fn is_unknown(result: &Result<String, NotifyError>) -> bool {
    matches!(result, Err(NotifyError::Unknown(_)))
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}
