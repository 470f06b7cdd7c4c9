//! Tells people: the courier takes what waits in the outbox, makes each medium's own of it, and tries until it is taken.
//!
//! `message` is what every medium is made of; a receiver's way is a [`Notifier`]; [`Outbox`] is what outlives the
//! process, and `app` implements it over the store. Nothing here decides what is told.

pub mod alertmanager;
pub mod chart;
pub mod courier;
pub mod egress;
pub mod email;
pub mod error;
pub mod escape;
pub mod heartbeat;
pub mod log;
pub mod message;
pub mod schedule;
pub mod template;
pub mod webhook;
pub mod words;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::domain::outbox::{Change, Delivery, NoticeId};
use error::{NotifyError, RenderError};
use message::Message;

/// Reads a secret anew; the error names key and file, never what is in it.
pub type SecretReader = Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>;

/// What goes with a message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The notice's id, which every try carries.
    pub id: &'a NoticeId,
    /// The first notice of its thread since nothing of it stood open.
    pub episode: &'a NoticeId,
    /// The recipient by the name that the outbox has.
    pub recipient: &'a str,
    /// When the notice was decided.
    pub at: Timestamp,
}

/// What is sent: the bytes of the first try, on every try.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// The notice's id.
    pub id: &'a NoticeId,
    /// The recipient by the name that the outbox has.
    pub recipient: &'a str,
    /// The bytes.
    pub body: &'a [u8],
    /// The moment of this try.
    pub now: Timestamp,
}

/// One way to tell somebody.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// The bytes that every try carries; made once.
    ///
    /// # Errors
    /// A template that fails; the message can then never be told this way.
    fn render(&self, message: &Message, envelope: &Envelope<'_>) -> Result<Vec<u8>, RenderError>;

    /// Hands the bytes over; gives back what the other side answered, short and without secrets.
    ///
    /// Bounds its own time, redirects, and what it reads of the answer.
    ///
    /// # Errors
    /// Whatever it is, the variant says what may be done about it.
    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError>;

    /// How many parcels may be under way at once.
    fn width(&self) -> usize;
}

/// What outlives the process.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Lanes of a receiver of which something is due, as all their waiting deliveries, oldest first; lanes in `busy` are
    /// left out. At most `lanes` of them, and of each at most 200 deliveries. Nothing where the outbox cannot be read.
    async fn due(&self, receiver: &str, now: Timestamp, lanes: usize, busy: &[Lane]) -> Vec<Vec<Delivery>>;

    /// When something of a receiver is due next, beside the lanes in `busy`.
    async fn next_due(&self, receiver: &str, busy: &[Lane]) -> Option<Timestamp>;

    /// Saves changes, whole or not at all; whether it did.
    async fn save(&self, changes: Vec<Change>) -> bool;
}

/// What is told in order: one thread to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// The recipient.
    pub recipient: Arc<str>,
    /// The thread.
    pub thread: String,
}

impl Lane {
    /// The lane of a delivery.
    #[must_use]
    pub fn of(delivery: &Delivery) -> Self {
        Self { recipient: delivery.recipient.clone(), thread: delivery.thread.clone() }
    }
}
