//! Alertmanager: told not what happened, but what stands open, as alerts; grouping, silences and routing are its own.
//!
//! An alert ends by itself four re-sends after the last one, so that a dead proxymeter does not page for ever.
//! What is open is said from outside by [`Pusher::open`]; what cannot be judged stays among it, as unknown ends nothing.

mod alert;
mod push;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;
use url::Url;

pub use alert::{About, OpenAlert, annotations, labels};

use super::egress::{self, Egress, SetupError};
use super::error::{NotifyError, RenderError};
use super::message::Message;
use super::{Envelope, Notifier, Parcel, SecretReader};
use push::Target;

/// Alertmanagers by what is configured.
pub struct Settings {
    /// The receiver.
    pub name: Arc<str>,
    /// Each Alertmanager by its base address; all of them are told.
    pub urls: Vec<Url>,
    /// How often what stands open is said again.
    pub resend: Duration,
    /// The time for a whole exchange.
    pub timeout: Duration,
    /// User and password of basic authentication.
    pub basic: Option<(String, SecretReader)>,
    /// PEM certificates that are trusted beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// Where proxymeter's page is: `generatorURL`.
    pub link: Option<String>,
}

/// Tells Alertmanagers.
pub struct Pusher {
    name: Arc<str>,
    open: Arc<ArcSwap<Vec<OpenAlert>>>,
    targets: Vec<Target>,
    terms: push::Terms,
}

/// The recipient's name in the outbox: host and port as in the URL.
#[must_use]
pub fn recipient(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Pusher {
    /// A pusher of nothing.
    ///
    /// # Errors
    /// `ca_file` cannot be read, TLS cannot be prepared, or two URLs have the same host and port.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let Settings { name, urls, resend, timeout, basic, ca_file, link } = settings;
        // It is inside the operator's own network by its nature.
        let egress = Egress::new(&egress::Settings { allow_private: true, timeout, ca_file })?;
        let mut targets: Vec<Target> = Vec::new();
        for url in urls {
            let target = Target::new(recipient(&url).into(), &url);
            if targets.iter().any(|other| other.recipient == target.recipient) {
                return Err(SetupError::Missing("two urls of Alertmanager have the same host and port"));
            }
            targets.push(target);
        }
        let terms = push::Terms { egress, resend, basic, link };
        Ok(Self { name, open: Arc::default(), targets, terms })
    }

    /// What stands open: swapped whole by whoever knows.
    #[must_use]
    pub fn open(&self) -> Arc<ArcSwap<Vec<OpenAlert>>> {
        self.open.clone()
    }

    /// The recipients' names, in the order of the URLs.
    #[must_use]
    pub fn recipients(&self) -> Vec<Arc<str>> {
        self.targets.iter().map(|target| target.recipient.clone()).collect()
    }

    /// Says again to every Alertmanager what stands open, all at once; the recipients that did not take it.
    pub async fn resend(&self, now: Timestamp) -> Vec<(Arc<str>, NotifyError)> {
        let pushes = self.targets.iter().map(|target| async {
            let open = self.open.load_full();
            let result = target.push(&self.terms, &open, None, now).await;
            result.err().map(|error| (target.recipient.clone(), error))
        });
        futures_util::future::join_all(pushes).await.into_iter().flatten().collect()
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pusher")
            .field("name", &self.name)
            .field("recipients", &self.recipients())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Pusher {
    fn render(&self, message: &Message, _: &Envelope<'_>) -> Result<Vec<u8>, RenderError> {
        Ok(message.to_json().into_bytes())
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError> {
        let Some(target) = self.targets.iter().find(|target| *target.recipient == *parcel.recipient) else {
            let problem =
                format!("{} is no Alertmanager of receiver {} any more", parcel.recipient, self.name);
            return Err(NotifyError::Refused(problem));
        };
        let text = String::from_utf8_lossy(parcel.body);
        let message = Message::from_json(&text)
            .map_err(|error| NotifyError::Refused(format!("the saved message cannot be read: {error}")))?;
        let own = alert::own(&message);
        target.push(&self.terms, &self.open.load_full(), own, parcel.now).await
    }

    fn width(&self) -> usize {
        self.targets.len().max(1)
    }
}
