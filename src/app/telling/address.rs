//! Notices on their way into the outbox: addressed, numbered, threaded, and held back in quiet hours.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::{Config, Receiver, Way};
use crate::domain::digest_rule::DigestRule;
use crate::domain::notice::Notice;
use crate::domain::outbox::{NoticeId, Posting, ThreadState};
use crate::domain::quiet::QuietHours;
use crate::notify::message::Message;

/// How long what gathers waits at most for more of the same, should nobody release it.
const GATHERS: Duration = Duration::from_secs(60);

/// What the configuration says of receivers, as far as it decides what is posted and when.
#[derive(Clone, Default)]
pub(in crate::app) struct Addresses {
    receivers: BTreeMap<Arc<str>, Address>,
    link: Option<String>,
}

/// One receiver.
#[derive(Clone)]
pub(in crate::app) struct Address {
    pub(in crate::app) recipients: Vec<Arc<str>>,
    quiet: Option<QuietHours>,
    pub(in crate::app) time_zone: TimeZone,
    pub(in crate::app) remind: Option<Duration>,
    pub(in crate::app) digest: Option<DigestRule>,
}

/// Where the threads of all receivers stand.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Threads(BTreeMap<(Arc<str>, String), ThreadState>);

impl Threads {
    /// Threads as they were saved.
    pub(in crate::app) fn of(saved: Vec<ThreadState>) -> Self {
        Self(saved.into_iter().map(|state| ((state.receiver.clone(), state.thread.clone()), state)).collect())
    }

    /// Takes over what was saved.
    pub(in crate::app) fn took(&mut self, postings: &[Posting]) {
        for posting in postings.iter().filter(|posting| posting.stands_for.is_none()) {
            let state = ThreadState {
                receiver: posting.receiver.clone(),
                thread: posting.thread.clone(),
                episode: posting.episode.clone(),
                is_open: posting.leaves_open,
                last: posting.at,
            };
            self.0.insert((posting.receiver.clone(), posting.thread.clone()), state);
        }
    }

    /// Where a thread stands; nothing where nobody was told of it.
    pub(in crate::app) fn get(&self, receiver: &Arc<str>, thread: &str) -> Option<&ThreadState> {
        self.0.get(&(receiver.clone(), thread.to_owned()))
    }

    /// The threads in which something stands open.
    pub(in crate::app) fn open(&self) -> impl Iterator<Item = &ThreadState> {
        self.0.values().filter(|state| state.is_open)
    }
}

impl Addresses {
    pub(in crate::app) fn of(config: &Config) -> Self {
        let of = |(name, receiver): (&Arc<str>, &Receiver)| {
            let address = Address {
                recipients: recipients(&receiver.way),
                quiet: receiver.quiet,
                time_zone: receiver.time_zone.clone(),
                remind: receiver.remind,
                digest: receiver.digest,
            };
            (name.clone(), address)
        };
        let link = config.web.external_url.as_ref().map(ToString::to_string);
        Self { receivers: config.receivers.iter().map(of).collect(), link }
    }

    /// Every receiver by name.
    pub(in crate::app) fn all(&self) -> impl Iterator<Item = (&Arc<str>, &Address)> {
        self.receivers.iter()
    }

    pub(in crate::app) fn get(&self, receiver: &str) -> Option<&Address> {
        self.receivers.get(receiver)
    }

    /// The postings of notices that are decided now, in their order; who is configured no more is told nothing.
    pub(in crate::app) fn post(&self, notices: &[Notice], threads: &Threads, now: Timestamp) -> Vec<Posting> {
        let mut threads = threads.clone();
        let mut found = Vec::with_capacity(notices.len());
        for notice in notices {
            let Some(address) = self.receivers.get(&notice.receiver) else { continue };
            let id = new_id();
            let thread = notice.thread();
            let before = threads.get(&notice.receiver, &thread).filter(|state| state.is_open);
            let episode = before.map_or_else(|| id.clone(), |state| state.episode.clone());
            let quiet = address.quiet.filter(|_| !notice.is_urgent);
            let due = quiet.and_then(|quiet| quiet.end_of_quiet(now, &address.time_zone)).unwrap_or(now);
            let posting = Posting {
                id,
                at: now,
                receiver: notice.receiver.clone(),
                thread,
                episode,
                leaves_open: notice.leaves_open(),
                severity: notice.severity,
                title: notice.title.clone(),
                message: Message::of(notice, now, self.link.as_deref()).to_json(),
                recipients: address.recipients.clone(),
                due,
                gathers: false,
                stands_for: None,
            };
            threads.took(std::slice::from_ref(&posting));
            found.push(posting);
        }
        found
    }

    /// The same, where more of the same may follow at once.
    pub(in crate::app) fn gather(
        &self,
        notices: &[Notice],
        threads: &Threads,
        now: Timestamp,
    ) -> Vec<Posting> {
        let mut postings = self.post(notices, threads, now);
        let late = now.checked_add(GATHERS).unwrap_or(now);
        for posting in postings.iter_mut().filter(|posting| posting.due < late) {
            posting.due = late;
            posting.gathers = true;
        }
        postings
    }
}

/// The recipients of a way by name.
fn recipients(way: &Way) -> Vec<Arc<str>> {
    match way {
        Way::Log => vec!["log".into()],
        Way::Email { to, .. } => to.iter().map(|mailbox| mailbox.address.as_str().into()).collect(),
        Way::Webhook { .. } => vec!["webhook".into()],
        Way::Alertmanager { urls, .. } => {
            urls.iter().map(|url| crate::notify::alertmanager::recipient(url).into()).collect()
        }
    }
}

/// An id that no other notice has, of whatever store: 128 random bits.
pub(in crate::app) fn new_id() -> NoticeId {
    NoticeId(format!("{:032x}", fastrand::u128(..)).into())
}
