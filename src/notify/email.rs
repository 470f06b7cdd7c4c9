//! Mail by SMTP: composed once, handed over one recipient at a time.
//!
//! lettre has the form of a mail and the connection; its transport tells neither where a failure occurred, on which
//! hangs whether a mail may have been taken (F26), nor ends a silent server's try (F36). So the transaction, its time
//! and the pool are ours. Where TLS is asked for, nothing is ever sent without it.

mod compose;
mod failure;
mod line;
mod pool;
mod session;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::address::Address;
use lettre::transport::smtp::extension::ClientId;
use tokio::time;

use super::error::{NotifyError, RenderError};
use super::message::Message;
use super::{Envelope, Notifier, Parcel};
use compose::Letterhead;
use failure::{Failure, Peer, Progress};
use pool::Pool;
use session::{Route, Session};
pub use settings::{Settings, SetupError, TIMEOUT, Tls, WIDTH, refuses_plain_auth};
use settings::{is_host_name, mailbox, trust};

/// What a mail says. Control characters and marks of direction are taken out afterwards; HTML is escaped by who writes it.
pub trait MailWords: Send + Sync {
    /// The subject, in one line.
    ///
    /// # Errors
    /// A template that fails.
    fn subject(&self, message: &Message) -> Result<String, RenderError>;

    /// All of it as plain text.
    ///
    /// # Errors
    /// A template that fails.
    fn text(&self, message: &Message) -> Result<String, RenderError>;

    /// All of it as HTML; the chart, where there is one, is the image `cid:CHART_CID`.
    ///
    /// # Errors
    /// A template that fails.
    fn html(&self, message: &Message, chart_cid: Option<&str>) -> Result<String, RenderError>;

    /// The chart as PNG; the same bytes for the same message.
    fn chart(&self, message: &Message) -> Option<Vec<u8>>;
}

/// A receiver by mail.
pub struct Email {
    head: Letterhead,
    words: Arc<dyn MailWords>,
    route: Route,
    peer: Peer,
    pool: Pool,
    timeout: Duration,
    width: usize,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email").field("head", &self.head).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Email {
    /// A receiver; reads `ca_file`, connects nowhere.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        if refuses_plain_auth(&settings) {
            return Err(SetupError::PlainAuth { host: settings.host });
        }
        let from = mailbox("from", &settings.from)?;
        let to = settings.to.iter().map(|to| mailbox("to", to)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(SetupError::Nobody);
        }
        let tls = match settings.tls {
            Tls::None => None,
            Tls::Starttls | Tls::Implicit => Some(trust(&settings)?),
        };
        let hello = match settings.hello {
            None => ClientId::default(),
            Some(name) if is_host_name(&name) => ClientId::Domain(name),
            Some(name) => return Err(SetupError::Hello(name)),
        };
        Ok(Self {
            peer: Peer { host: settings.host.clone(), port: settings.port, ca_file: settings.ca_file },
            route: Route {
                host: settings.host,
                port: settings.port,
                is_implicit: settings.tls == Tls::Implicit,
                tls,
                hello,
                credentials: settings.credentials,
                // Where the first of several addresses is dead, the others are to get their turn.
                patience: settings.timeout / 3,
            },
            head: Letterhead::new(&settings.name, from, to),
            words: settings.words,
            pool: Pool::new(settings.width, settings.timeout / 4),
            timeout: settings.timeout,
            width: settings.width,
        })
    }

    async fn deliver(&self, to: &Address, body: &[u8], progress: &Progress) -> Result<String, Failure> {
        if let Some(idle) = self.pool.take().await {
            match self.hand_over(idle, to, body, progress).await {
                // It was closed while it lay idle: of this mail, nothing is there.
                Err(failure) if failure.is_of_the_connection() && failure.is_before_the_text() => {}
                done => return done,
            }
        }
        let fresh = Session::open(&self.route, progress).await?;
        self.hand_over(fresh, to, body, progress).await
    }

    async fn hand_over(
        &self,
        mut session: Session,
        to: &Address,
        body: &[u8],
        progress: &Progress,
    ) -> Result<String, Failure> {
        let done = session.hand_over(&self.head.from.email, to, body, progress).await;
        if !done.as_ref().is_err_and(Failure::is_of_the_connection) {
            self.pool.put(session);
        }
        done
    }
}

#[async_trait]
impl Notifier for Email {
    fn render(&self, message: &Message, envelope: &Envelope<'_>) -> Result<Vec<u8>, RenderError> {
        compose::compose(&self.head, &*self.words, message, envelope)
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError> {
        let to = mailbox("to", parcel.recipient).map_err(|error| NotifyError::Refused(error.to_string()))?;
        let progress = Progress::default();
        let delivered = self.deliver(&to.email, parcel.body, &progress);
        let done = time::timeout(self.timeout, delivered).await;
        done.unwrap_or_else(|_| Err(Failure::silent(progress.stage(), self.timeout)))
            .map_err(|failure| failure.judge(&self.peer))
    }

    fn width(&self) -> usize {
        self.width
    }
}
