//! The outbox: what is told is saved with what was decided, and waits until it has ended.

mod ends;
mod kept;
mod lanes;
mod seen;

use std::slice::from_ref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::budget::threshold::Severity;
use proxymeter::domain::outbox::{
    Backlog, Change, Delivery, DeliveryId, NoticeId, Posting, ThreadState, Told,
};
use proxymeter::store::Store;

use super::{Fixture, at};
pub(crate) use ends::*;
pub(crate) use kept::*;
pub(crate) use lanes::*;

/// A minute of the hour in which all of this happens.
fn minute(minute: i64) -> Timestamp {
    at("2026-11-21T10:00:00.125Z") + SignedDuration::from_mins(minute)
}

fn id(text: &str) -> NoticeId {
    NoticeId(text.into())
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

/// A notice of the thread `budget:b` to `ops`, decided at a minute and due at once.
fn posting(name: &str, decided: i64, recipients: &[&str]) -> Posting {
    Posting {
        id: id(name),
        at: minute(decided),
        receiver: "ops".into(),
        thread: "budget:b".into(),
        episode: id("first"),
        leaves_open: true,
        severity: Severity::Warning,
        title: format!("title of {name}: 'ü'"),
        message: format!("{{\"title\":\"{name}\"}}"),
        recipients: names(recipients),
        due: minute(decided),
        gathers: false,
        stands_for: None,
    }
}

/// A posting's delivery before anything happened to it.
fn fresh(posting: &Posting, number: i64, recipient: &str) -> Delivery {
    Delivery {
        id: DeliveryId(number),
        notice: posting.id.clone(),
        receiver: posting.receiver.clone(),
        recipient: recipient.into(),
        thread: posting.thread.clone(),
        episode: posting.episode.clone(),
        at: posting.at,
        waits_since: posting.at,
        tries: 0,
        due: posting.due,
        maybe: false,
        fell_back: false,
        stands_in: posting.stands_for.is_some(),
        message: posting.message.clone(),
        body: None,
    }
}

/// The same as people read it.
fn untold(posting: &Posting, recipient: &str) -> Told {
    Told {
        notice: posting.id.clone(),
        at: posting.at,
        receiver: posting.receiver.clone(),
        recipient: recipient.into(),
        severity: posting.severity,
        title: posting.title.clone(),
        state: "pending".to_owned(),
        tries: 0,
        moment: posting.due,
        maybe_twice: false,
        answer: None,
    }
}

fn begin(number: i64, replaces: &[i64]) -> Change {
    let replaces = replaces.iter().copied().map(DeliveryId).collect();
    Change::Begin {
        id: DeliveryId(number),
        body: b"bytes\0".to_vec(),
        message: None,
        replaces,
        waits_since: minute(0),
        tries: 0,
    }
}

fn fail(number: i64, due: i64, maybe: bool) -> Change {
    Change::Fail {
        id: DeliveryId(number),
        at: minute(50),
        due: minute(due),
        maybe,
        answer: "451 later".into(),
    }
}

fn deliver(number: i64) -> Change {
    Change::Deliver { id: DeliveryId(number), at: minute(51), answer: "250 taken".into() }
}

fn bury(number: i64) -> Change {
    Change::Bury { id: DeliveryId(number), at: minute(52), answer: "550 nobody".into() }
}

fn fall_back(numbers: &[i64], posting: &Posting) -> Change {
    let ids = numbers.iter().copied().map(DeliveryId).collect();
    Change::FallBack { ids, posting: Box::new(posting.clone()) }
}

/// All that waits for a receiver, by lane.
async fn waiting(store: &dyn Store, receiver: &str) -> Vec<Vec<Delivery>> {
    store.due(receiver, Timestamp::MAX, usize::MAX, &[]).await.unwrap()
}

async fn told(store: &dyn Store, name: &str) -> Vec<Told> {
    store.told_of(&id(name)).await.unwrap()
}

pub(crate) async fn a_posting_waits_for_each_of_its_recipients(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let (both, one) = (posting("both", 1, &["a@example.com", "b@example.com"]), posting("one", 2, &["hook"]));
    let one = Posting {
        receiver: "chat".into(),
        thread: "operation".into(),
        episode: id("one"),
        severity: Severity::Critical,
        leaves_open: false,
        due: minute(30),
        ..one
    };
    owner.post(&[both.clone(), one.clone()]).await.unwrap();
    owner.post(from_ref(&both)).await.unwrap();

    for store in [owner, fixture.read().await] {
        let of_both = [[fresh(&both, 1, "a@example.com")], [fresh(&both, 2, "b@example.com")]];
        assert_eq!(waiting(&*store, "ops").await, of_both, "once, whatever is posted again");
        assert_eq!(waiting(&*store, "chat").await, [[fresh(&one, 3, "hook")]]);
        assert_eq!(waiting(&*store, "nobody").await, Vec::<Vec<Delivery>>::new());
        assert_eq!(
            told(&*store, "both").await,
            [untold(&both, "a@example.com"), untold(&both, "b@example.com")]
        );
        assert_eq!(told(&*store, "nothing").await, []);
        let backlog =
            |receiver: &str, pending, oldest| Backlog { receiver: receiver.into(), pending, oldest };
        assert_eq!(
            store.backlog().await.unwrap(),
            [backlog("chat", 1, minute(2)), backlog("ops", 2, minute(1))]
        );
        let state = |posting: &Posting| ThreadState {
            receiver: posting.receiver.clone(),
            thread: posting.thread.clone(),
            episode: posting.episode.clone(),
            is_open: posting.leaves_open,
            last: posting.at,
        };
        assert_eq!(store.threads().await.unwrap(), [state(&one), state(&both)]);
    }
}

pub(crate) async fn what_was_told_is_read_newest_first(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let all = [
        posting("1", 1, &["a", "b"]),
        Posting { receiver: "chat".into(), ..posting("2", 2, &["hook"]) },
        posting("3", 3, &["a"]),
    ];
    store.post(&all).await.unwrap();
    store.save_outbox(&[begin(1, &[]), deliver(1)]).await.unwrap();
    let reader = fixture.read().await;
    let table: [(Option<&str>, i64, usize, &[&str]); 6] = [
        (None, 0, 10, &["3 a pending", "2 hook pending", "1 b pending", "1 a delivered"]),
        (None, 2, 10, &["3 a pending", "2 hook pending"]),
        (None, 0, 3, &["3 a pending", "2 hook pending", "1 b pending"]),
        (Some("ops"), 0, 10, &["3 a pending", "1 b pending", "1 a delivered"]),
        (Some("chat"), 2, 10, &["2 hook pending"]),
        (Some("chat"), 3, 10, &[]),
    ];
    for (receiver, since, at_most, expected) in table {
        let found = reader.told(receiver, minute(since), at_most).await.unwrap();
        let found: Vec<_> =
            found.iter().map(|told| format!("{} {} {}", told.notice, told.recipient, told.state)).collect();
        assert_eq!(found, expected, "{receiver:?} since {since}, {at_most} of them");
    }
}
