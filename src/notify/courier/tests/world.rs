//! Everything around a courier in one place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::{Courier, Fallback, Observer, Receiver, later};
use super::outbox::{Fuse, Shelf, Window};
use super::server::{Server, Wire};
use crate::domain::budget::threshold;
use crate::domain::outbox::{Delivery, NoticeId, Outcome, Posting};
use crate::notify::message::{Content, Item, Message, News, Said, Severity, Status, VERSION};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// What the observer was told.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) outcomes: Mutex<Vec<(String, Outcome)>>,
    pub(super) said: Mutex<Vec<String>>,
}

impl Observer for Seen {
    fn ended(&self, receiver: &str, outcome: Outcome) {
        self.outcomes.lock().unwrap().push((receiver.to_owned(), outcome));
    }

    fn failing(&self, receiver: &str, since: Option<Timestamp>, words: &str) {
        let since = since.map_or_else(|| "works".to_owned(), |since| format!("fails since {since}"));
        self.said.lock().unwrap().push(format!("{receiver} {since}: {words}"));
    }

    fn gone(&self, receiver: &str, answer: &str) {
        self.said.lock().unwrap().push(format!("{receiver} gone: {answer}"));
    }
}

impl Seen {
    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.lock().unwrap().iter().filter(|(_, other)| *other == outcome).count()
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

pub(super) struct World {
    pub(super) born: Instant,
    pub(super) shelf: Arc<Shelf>,
    pub(super) seen: Arc<Seen>,
    notices: AtomicUsize,
}

impl World {
    pub(super) fn new() -> Self {
        let (shelf, seen) = (Arc::new(Shelf::default()), Arc::new(Seen::default()));
        Self { born: Instant::now(), shelf, seen, notices: AtomicUsize::new(0) }
    }

    pub(super) fn server(&self) -> Arc<Server> {
        Server::new(self.born)
    }

    pub(super) fn now(&self) -> Timestamp {
        moment(self.born)
    }

    pub(super) fn courier(&self, fuse: &Arc<Fuse>) -> Courier {
        let born = self.born;
        let outbox = Arc::new(Window { shelf: self.shelf.clone(), fuse: fuse.clone() });
        Courier::new(outbox, Arc::new(move || moment(born)), self.seen.clone())
    }

    /// A courier to one server, under way.
    pub(super) fn telling(&self, server: &Arc<Server>) -> Courier {
        let fuse = Fuse::never();
        let courier = self.courier(&fuse);
        courier.start(receiver("mail", server, &fuse));
        courier
    }

    /// Posts the next notice, `n1` at first, about a budget.
    pub(super) fn post(&self, receiver: &str, budget: &str, recipients: &[&str]) -> String {
        let number = self.notices.fetch_add(1, Ordering::SeqCst) + 1;
        let key = format!("n{number}");
        self.shelf.post(&posting(number, receiver, budget, recipients, &key, self.now()));
        key
    }
}

/// A receiver of that name at a server, which gives up after a day and has no fallback.
pub(super) fn receiver(name: &str, server: &Arc<Server>, fuse: &Arc<Fuse>) -> Receiver {
    let notifier = Wire { server: server.clone(), fuse: fuse.clone(), width: 4 };
    let name = name.into();
    Receiver { name, notifier: Arc::new(notifier), fallback: None, give_up_after: DAY, is_off: false }
}

/// The same, with another told in its place after a time.
pub(super) fn with_fallback(receiver: Receiver, to: &str, after: Duration) -> Receiver {
    let name: Arc<str> = to.into();
    let told = name.clone();
    let post = Arc::new(move |delivery: &Delivery, message: &Message, reason: &str| {
        let id = format!("{:f>32}", delivery.id.0);
        let message = Message { title: format!("[{}] {}: {reason}", told, message.title), ..message.clone() };
        Posting {
            id: NoticeId(id.into()),
            receiver: told.clone(),
            message: message.to_json(),
            recipients: vec!["standby".into()],
            due: Timestamp::MIN,
            stands_for: Some(delivery.id),
            ..posting(0, "", &delivery.thread, &[], "", delivery.at)
        }
    });
    Receiver { fallback: Some(Fallback { to: name, after, post }), ..receiver }
}

fn moment(born: Instant) -> Timestamp {
    let start: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    later(start, born.elapsed())
}

fn posting(
    number: usize,
    receiver: &str,
    budget: &str,
    recipients: &[&str],
    key: &str,
    at: Timestamp,
) -> Posting {
    let said = Said::Judged { account: "acme".to_owned(), reason: "stale".to_owned() };
    let item = Item { key: key.to_owned(), line: format!("line {key}"), details: Vec::new(), said };
    let news = News {
        budget: budget.to_owned(),
        status: Status::Firing,
        open: 1,
        labels: [].into(),
        is_headline: false,
        is_reminder: false,
        items: vec![item],
        more: 0,
        chart: None,
    };
    let message = Message {
        version: VERSION,
        at,
        severity: Severity::Warning,
        title: format!("title {key}"),
        link: None,
        content: Content::Budget(news),
    };
    let id = NoticeId(format!("{number:032x}").into());
    Posting {
        episode: id.clone(),
        id,
        at,
        receiver: receiver.into(),
        thread: format!("budget:{budget}"),
        leaves_open: true,
        severity: threshold::Severity::Warning,
        title: String::new(),
        message: message.to_json(),
        recipients: recipients.iter().map(|&recipient| recipient.into()).collect(),
        due: at,
        gathers: false,
        stands_for: None,
    }
}

pub(super) async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
