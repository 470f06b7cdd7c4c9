//! The outbox: what is saved of a notice until every recipient has it, and how a try ends.
//!
//! A *posting* is a notice as it is saved; it has a *delivery* for each recipient. A *lane* is what is told in order: one
//! thread to one recipient. A notice keeps its id for life, and a delivery its bytes from its first try on (invariant 9).

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::budget::threshold::Severity;

/// The id that every try of a notice carries: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub Arc<str>);

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The number of a delivery, growing with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

/// A notice to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Its id.
    pub id: NoticeId,
    /// When it was decided.
    pub at: Timestamp,
    /// The receiver.
    pub receiver: Arc<str>,
    /// What is told in order, such as `budget:scrapers`.
    pub thread: String,
    /// The first notice of the thread since nothing of it stood open: what mails refer to, and pagers deduplicate by.
    pub episode: NoticeId,
    /// Whether something stands open after it.
    pub leaves_open: bool,
    /// How loud.
    pub severity: Severity,
    /// The title, for lists.
    pub title: String,
    /// The message as JSON, into which the store does not look.
    pub message: String,
    /// The recipients by name, at least one; never a secret.
    pub recipients: Vec<Arc<str>>,
    /// When the first try is due.
    pub due: Timestamp,
    /// Whether more of the same may follow at once, until [`Change::Release`].
    pub gathers: bool,
    /// For whom it stands, where its receiver is only told because another could not be.
    pub stands_for: Option<DeliveryId>,
}

/// A delivery that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// The notice.
    pub notice: NoticeId,
    /// The receiver.
    pub receiver: Arc<str>,
    /// The recipient.
    pub recipient: Arc<str>,
    /// What is told in order.
    pub thread: String,
    /// The first notice of the thread since nothing of it stood open.
    pub episode: NoticeId,
    /// When the notice was decided.
    pub at: Timestamp,
    /// Since when the oldest of what it tells waits: its own, or that of what it has replaced.
    pub waits_since: Timestamp,
    /// Tries so far, those of what it has replaced among them.
    pub tries: u32,
    /// When the next try is due.
    pub due: Timestamp,
    /// Whether a try may have arrived: it is tried again, and never replaced.
    pub maybe: bool,
    /// Whether the fallback was told.
    pub fell_back: bool,
    /// Whether it was told in another's place; such a one has no fallback of its own.
    pub stands_in: bool,
    /// The message as JSON.
    pub message: String,
    /// The bytes of the first try; none before it.
    pub body: Option<Vec<u8>>,
}

/// How a notice ended at a recipient; the label `outcome` of `notices_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The recipient's server took it.
    Delivered,
    /// A try failed, and another is due.
    Retried,
    /// It is given up.
    Dead,
    /// The fallback was told in its place.
    Fallback,
    /// A newer one says the same and more.
    Superseded,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Delivered, Self::Retried, Self::Dead, Self::Fallback, Self::Superseded];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Dead => "dead",
            Self::Fallback => "fallback",
            Self::Superseded => "superseded",
        }
    }
}

/// A change of the outbox; several are saved in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A try begins: saved before any byte leaves, so that after a crash it counts as one that may have arrived.
    Begin {
        /// The delivery.
        id: DeliveryId,
        /// The bytes; the same as before where there were any.
        body: Vec<u8>,
        /// The message as JSON from now on, where it also tells what it replaces; nothing: as it was.
        message: Option<String>,
        /// Older ones of the lane that it replaces: they end as superseded.
        replaces: Vec<DeliveryId>,
        /// What it has of them.
        waits_since: Timestamp,
        /// The tries before this one, which counts from now on.
        tries: u32,
    },
    /// The try failed, and another is due.
    Fail {
        /// The delivery.
        id: DeliveryId,
        /// When it failed.
        at: Timestamp,
        /// When the next try is due.
        due: Timestamp,
        /// Whether it may have arrived all the same; once so, for good.
        maybe: bool,
        /// What the server said, or what else went wrong; no secret.
        answer: String,
    },
    /// The server took it; its bytes are forgotten.
    Deliver {
        /// The delivery.
        id: DeliveryId,
        /// When.
        at: Timestamp,
        /// What the server said.
        answer: String,
    },
    /// It is given up, with its reason; its bytes are forgotten.
    Bury {
        /// The delivery.
        id: DeliveryId,
        /// When.
        at: Timestamp,
        /// Why.
        answer: String,
    },
    /// Another receiver is told in its place; it goes on being tried unless it is buried as well.
    FallBack {
        /// The deliveries that this stands for; none of them falls back again.
        ids: Vec<DeliveryId>,
        /// What the other receiver is told.
        posting: Box<Posting>,
    },
    /// What gathers at a receiver, or at all, is due now.
    Release {
        /// The moment.
        now: Timestamp,
    },
}

/// The newest notice of a thread to a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadState {
    /// The receiver.
    pub receiver: Arc<str>,
    /// The thread.
    pub thread: String,
    /// The first notice of the thread since nothing of it stood open.
    pub episode: NoticeId,
    /// Whether something stands open.
    pub is_open: bool,
    /// When the newest notice was decided.
    pub last: Timestamp,
}

/// How full the outbox is for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The receiver.
    pub receiver: Arc<str>,
    /// Deliveries that wait.
    pub pending: u64,
    /// Since when the oldest waits.
    pub oldest: Timestamp,
}

/// A delivery as people ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The notice.
    pub notice: NoticeId,
    /// When it was decided.
    pub at: Timestamp,
    /// The receiver.
    pub receiver: Arc<str>,
    /// The recipient.
    pub recipient: Arc<str>,
    /// How loud.
    pub severity: Severity,
    /// The title.
    pub title: String,
    /// `pending`, `delivered`, `dead` or `superseded`.
    pub state: String,
    /// Tries so far.
    pub tries: u32,
    /// When the next try is due, or when it ended.
    pub moment: Timestamp,
    /// Whether it may have arrived more than once.
    pub maybe_twice: bool,
    /// What the server said last.
    pub answer: Option<String>,
}
