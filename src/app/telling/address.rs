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
        // Mostly nothing is told.
        if notices.is_empty() {
            return Vec::new();
        }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::load_text;
    use crate::domain::budget::threshold::Severity;
    use crate::domain::notice::{Content, News, Trouble, of_operation};

    const NOW: &str = "2026-11-20T23:00:00Z";

    fn addresses(receivers: &str) -> Addresses {
        let text = format!(
            "operator.notify = []\nweb.external_url = \"https://proxymeter.example.com/\"\n[accounts.acme]\n\
             provider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\n[smtp]\nhost = \"mail.example.com\"\n{receivers}"
        );
        let config = load_text(Path::new("proxymeter.toml"), &text, []);
        Addresses::of(&config.unwrap_or_else(|problems| panic!("{problems}")))
    }

    fn two() -> Addresses {
        addresses(
            "[receivers.ops]\nemail = { to = [\"Ops <ops@example.com>\", \"b@example.com\"], from = \"p@example.com\" }\n\
             quiet_hours = \"22:00-07:00\"\ntime_zone = \"Europe/Berlin\"\n[receivers.log]\nlog = true\n",
        )
    }

    fn news(receiver: &str, budget: &str, open: usize, is_urgent: bool) -> Notice {
        Notice {
            receiver: receiver.into(),
            severity: Severity::Warning,
            is_urgent,
            title: format!("{budget}: {open}"),
            content: Content::Budget(News {
                budget: budget.into(),
                labels: BTreeMap::new(),
                open,
                is_headline: false,
                is_reminder: false,
                items: Vec::new(),
                more: 0,
                chart: None,
            }),
        }
    }

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    #[test]
    fn news_are_of_one_episode_from_the_first_until_nothing_stands_open() {
        let addresses = two();
        let mut threads = Threads::default();
        let notices: Vec<Notice> =
            [1, 2, 0, 0, 3].into_iter().map(|open| news("log", "a", open, false)).collect();
        let told = addresses.post(&notices, &threads, now());
        let episodes: Vec<usize> = told
            .iter()
            .map(|posting| told.iter().position(|other| other.id == posting.episode).unwrap())
            .collect();
        // The end belongs to what it ends; what is told while nothing stands open is by itself.
        assert_eq!(episodes, [0, 0, 0, 3, 4]);
        assert_eq!(
            told.iter().map(|posting| posting.leaves_open).collect::<Vec<_>>(),
            [true, true, false, false, true]
        );
        assert!(threads.get(&"log".into(), "budget:a").is_none(), "nothing is taken over before it is saved");

        // Another budget and another receiver have their own; what was saved goes on.
        threads.took(&told);
        let next = addresses.post(&[news("log", "a", 1, false), news("log", "b", 1, false)], &threads, now());
        assert_eq!(next[0].episode, told[4].id);
        assert_eq!(next[1].episode, next[1].id);
        let saved = threads.open().cloned().collect();
        let next = addresses.post(&[news("log", "a", 0, false)], &Threads::of(saved), now());
        assert_eq!(next[0].episode, told[4].id, "over a restart too");
        // What another is told in a receiver's place says nothing of its own threads.
        let mut instead = next[0].clone();
        instead.stands_for = Some(crate::domain::outbox::DeliveryId(1));
        threads.took(&[instead]);
        assert!(threads.get(&"log".into(), "budget:a").unwrap().is_open);
    }

    #[test]
    fn quiet_hours_are_those_of_the_receiver_and_hold_back_what_is_not_urgent() {
        let addresses = two();
        let notices = [
            news("ops", "a", 1, false),
            news("ops", "b", 1, true),
            news("log", "a", 1, false),
            news("nobody", "a", 1, true),
        ];
        let told = addresses.post(&notices, &Threads::default(), now());
        let due: Vec<(String, String)> =
            told.iter().map(|posting| (posting.receiver.to_string(), posting.due.to_string())).collect();
        // Seven o'clock in Berlin.
        let expected = [("ops", "2026-11-21T06:00:00Z"), ("ops", NOW), ("log", NOW)];
        assert_eq!(due, expected.map(|(receiver, due)| (receiver.to_owned(), due.to_owned())));
        let recipients: Vec<&str> = told[0].recipients.iter().map(|recipient| &**recipient).collect();
        assert_eq!(recipients, ["ops@example.com", "b@example.com"]);
        let message = Message::from_json(&told[0].message).unwrap();
        assert_eq!(message.link.as_deref(), Some("https://proxymeter.example.com/"));
        assert_eq!(message.title, "a: 1");
    }

    #[test]
    fn what_gathers_waits_a_moment_unless_it_waits_longer_anyway() {
        let notices = [news("ops", "a", 1, false), news("ops", "b", 1, true), news("log", "a", 1, false)];
        let told = two().gather(&notices, &Threads::default(), now());
        let gathers: Vec<(bool, String)> =
            told.iter().map(|posting| (posting.gathers, posting.due.to_string())).collect();
        let late = "2026-11-20T23:01:00Z";
        let expected = [(false, "2026-11-21T06:00:00Z"), (true, late), (true, late)];
        assert_eq!(gathers, expected.map(|(gathers, due)| (gathers, due.to_owned())));
    }

    #[test]
    fn trouble_of_proxymeter_itself_is_never_an_episode() {
        let trouble = Trouble { key: "outage:acme".into(), line: "acme: no good answer".into() };
        let notices = of_operation(&["log".into()], Severity::Warning, vec![trouble]);
        let told = two().post(&[notices.clone(), notices].concat(), &Threads::default(), now());
        assert!(told.iter().all(|posting| posting.episode == posting.id && !posting.leaves_open));
        assert_ne!(told[0].id, told[1].id);
        assert_eq!(told[0].id.0.len(), 32);
    }
}
