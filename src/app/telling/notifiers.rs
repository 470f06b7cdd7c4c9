//! The way to each receiver, as the configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::config::{Config, Mailbox, Receiver, SecretSource, Smtp, SmtpTls, Way, WebhookFormat};
use crate::notify::alertmanager::{self, Pusher};
use crate::notify::email::{self, Email};
use crate::notify::log::Log;
use crate::notify::template::{Overrides, Templates};
use crate::notify::webhook::{self, Format, Webhook};
use crate::notify::{Notifier, SecretReader};

/// What tells one receiver.
#[derive(Clone)]
pub(in crate::app) struct Built {
    pub(in crate::app) notifier: Arc<dyn Notifier>,
    /// The same, where it is told a state.
    pub(in crate::app) pusher: Option<Arc<Pusher>>,
    /// Another where another is configured: who was gone may be there again.
    pub(in crate::app) fingerprint: String,
}

/// Every receiver's way, or why there is none: one that cannot be told stops nothing else.
pub(in crate::app) fn build(config: &Config) -> BTreeMap<Arc<str>, Result<Built, String>> {
    let link = config.web.external_url.as_ref().map(ToString::to_string);
    config
        .receivers
        .iter()
        .map(|(name, receiver)| {
            let built = of(name, receiver, config.smtp.as_ref(), link.clone());
            (name.clone(), built.map(|built| Built { fingerprint: fingerprint(&receiver.way), ..built }))
        })
        .collect()
}

/// The texts of a receiver.
///
/// # Errors
/// A template that cannot be read as one.
pub(crate) fn templates(receiver: &Receiver) -> Result<Templates, String> {
    let own = receiver.templates.clone();
    let overrides = Overrides { title: own.title, text: own.text, html: own.html };
    Templates::new(overrides, receiver.time_zone.clone()).map_err(|error| error.to_string())
}

fn of(
    name: &Arc<str>,
    receiver: &Receiver,
    smtp: Option<&Smtp>,
    link: Option<String>,
) -> Result<Built, String> {
    let words = Arc::new(templates(receiver)?);
    let plain = |notifier: Arc<dyn Notifier>| Built { notifier, pusher: None, fingerprint: String::new() };
    Ok(match &receiver.way {
        Way::Log => plain(Arc::new(Log::new(name.clone()))),
        Way::Email { to, from } => {
            let smtp = smtp.ok_or("there is no [smtp] to send mail by")?;
            let settings = mail(name, to, from, smtp, words);
            plain(Arc::new(Email::new(settings).map_err(|error| error.to_string())?))
        }
        Way::Webhook { url, format, secret, allow_private, timeout, connections, ca_file } => {
            let settings = webhook::Settings {
                name: name.clone(),
                url: reader(url),
                format: format_of(*format),
                secret: secret.as_ref().map(reader),
                allow_private: *allow_private,
                timeout: *timeout,
                width: *connections,
                ca_file: ca_file.clone(),
                words,
            };
            plain(Arc::new(Webhook::new(settings).map_err(|error| error.to_string())?))
        }
        Way::Alertmanager { urls, resend, timeout, basic, ca_file } => {
            let settings = alertmanager::Settings {
                name: name.clone(),
                urls: urls.clone(),
                resend: *resend,
                timeout: *timeout,
                basic: basic.as_ref().map(|(user, password)| (user.clone(), reader(password))),
                ca_file: ca_file.clone(),
                link,
            };
            let pusher = Arc::new(Pusher::new(settings).map_err(|error| error.to_string())?);
            Built { pusher: Some(pusher.clone()), ..plain(pusher) }
        }
    })
}

fn mail(
    name: &Arc<str>,
    to: &[Mailbox],
    from: &Mailbox,
    smtp: &Smtp,
    words: Arc<Templates>,
) -> email::Settings {
    email::Settings {
        name: name.clone(),
        host: smtp.host.clone(),
        port: smtp.port,
        tls: match smtp.tls {
            SmtpTls::StartTls => email::Tls::Starttls,
            SmtpTls::Implicit => email::Tls::Implicit,
            SmtpTls::None => email::Tls::None,
        },
        credentials: smtp.credentials.as_ref().map(|(user, password)| (user.clone(), reader(password))),
        ca_file: smtp.ca_file.clone(),
        timeout: smtp.timeout,
        width: smtp.connections,
        from: from.to_string(),
        to: to.iter().map(ToString::to_string).collect(),
        hello: smtp.hello.clone(),
        words,
    }
}

const fn format_of(format: WebhookFormat) -> Format {
    match format {
        WebhookFormat::Generic => Format::Generic,
        WebhookFormat::Slack => Format::Slack,
        WebhookFormat::Discord => Format::Discord,
        WebhookFormat::Teams => Format::Teams,
        WebhookFormat::PagerDuty => Format::PagerDuty,
        WebhookFormat::Ntfy => Format::Ntfy,
    }
}

/// Reads a secret anew each time; the error names key and file.
pub(in crate::app) fn reader(source: &SecretSource) -> SecretReader {
    let source = source.clone();
    Arc::new(move || source.read().map_err(|error| error.to_string()))
}

/// Tells one way from another without showing any of it.
fn fingerprint(way: &Way) -> String {
    use secrecy::ExposeSecret as _;
    let text = match way {
        Way::Webhook { url, format, .. } => {
            let url = url.read().map(|url| url.expose_secret().to_owned()).unwrap_or_default();
            format!("{} {url}", format.as_str())
        }
        Way::Log => "log".to_owned(),
        Way::Email { to, .. } => to.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Way::Alertmanager { urls, .. } => urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
