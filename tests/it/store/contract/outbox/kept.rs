//! What is saved together, outlives a crash, and goes by age.

use proxymeter::domain::act::action::{Action, Stage};
use proxymeter::domain::act::books::{Books, Delta};
use proxymeter::domain::decision::Decision;
use proxymeter::store::error::StoreError;
use proxymeter::store::records::{NewPause, ReceiverOff};

use super::super::account;
use super::super::actions::{decision, dice::Dice};
use super::seen::Seen;
use super::*;

pub(crate) async fn what_is_told_is_saved_with_what_was_decided(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let told_of = |name: &str| [posting(name, 1, &["a"])];
    let acme = account("acme");
    store.save_decision(&decision(), &Delta::default(), &told_of("decided")).await.unwrap();
    store.save_acts(&Delta::default(), &told_of("acted")).await.unwrap();
    let now = minute(2);
    store.save_intents(&acme, &Delta::default(), &told_of("intended"), now).await.unwrap();
    let expected = ["decided", "acted", "intended"];
    let found = |lanes: Vec<Vec<Delivery>>| {
        lanes.into_iter().flatten().map(|one| one.notice.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(waiting(&*store, "ops").await), expected);

    // Where nothing is intended, nothing is told of it.
    let pause = NewPause { account: None, until: None, reason: None, who: "alice".into() };
    store.pause(&pause, now).await.unwrap();
    let delta = Delta {
        actions: vec![Action { stage: Stage::Intent, ..Dice::new(3).action(1) }],
        ..Delta::default()
    };
    assert!(store.save_intents(&acme, &delta, &told_of("paused"), now).await.unwrap().is_some());
    assert_eq!(found(waiting(&*store, "ops").await), expected);
    assert_eq!(store.acts().await.unwrap(), Books::default());
}

/// A life of an outbox, change by change.
fn life() -> Vec<Vec<Change>> {
    let other = Posting { receiver: "other".into(), ..posting("in its place", 9, &["x"]) };
    let release = Change::Release { now: minute(3) };
    vec![
        vec![begin(1, &[])],
        vec![fail(1, 5, false), begin(2, &[])],
        vec![fail(2, 6, true)],
        vec![release],
        vec![begin(5, &[1, 3])],
        vec![fall_back(&[5, 2], &other)],
        vec![deliver(5)],
        vec![begin(2, &[])],
        vec![bury(2), begin(7, &[])],
        vec![deliver(7)],
        vec![begin(6, &[4]), begin(6, &[4])],
        vec![fail(6, 30, false)],
        vec![deliver(6)],
    ]
}

fn postings_of_a_life() -> Vec<Posting> {
    let two = ["a", "b"];
    vec![
        posting("n1", 0, &two),
        Posting { gathers: true, due: minute(20), ..posting("n2", 1, &two) },
        Posting { due: minute(10), ..posting("n3", 2, &two) },
    ]
}

pub(crate) async fn f29_an_outbox_survives_a_kill_between_any_two_changes(fixture: &dyn Fixture) {
    let mut store = fixture.own().await;
    store.post(&postings_of_a_life()).await.unwrap();
    let mut pending = Vec::new();
    for changes in life() {
        store.save_outbox(&changes).await.unwrap();
        let before = Seen::of(&*store).await;
        // Not closed: as if killed.
        drop(store);
        store = fixture.own().await;
        assert_eq!(Seen::of(&*store).await, before, "after {changes:?}");
        pending.push(before.backlog.iter().map(|one| one.pending).sum::<u64>());
    }
    assert_eq!(pending, [6, 6, 6, 6, 4, 5, 4, 4, 3, 2, 1, 1, 0]);
}

pub(crate) async fn f29_a_try_that_a_kill_cut_off_may_have_arrived(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    store.post(&[posting("n1", 1, &["a"])]).await.unwrap();
    store.save_outbox(&[begin(1, &[])]).await.unwrap();
    drop(store);
    let store = fixture.own().await;
    let cut_off = Delivery {
        maybe: true,
        tries: 1,
        waits_since: minute(0),
        body: Some(b"bytes\0".to_vec()),
        ..fresh(&posting("n1", 1, &["a"]), 1, "a")
    };
    assert_eq!(waiting(&*store, "ops").await, [[cut_off.clone()]], "with the bytes that were sent");
    // The next process begins it again, and is told that this try surely was not taken: the first one may have been.
    store.save_outbox(&[begin(1, &[]), fail(1, 5, false)]).await.unwrap();
    assert_eq!(waiting(&*store, "ops").await, [[Delivery { tries: 1, due: minute(5), ..cut_off }]]);
}

pub(crate) async fn what_was_told_long_ago_is_dropped(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let of = |name: &str, thread: &str, decided, leaves_open| Posting {
        thread: thread.to_owned(),
        leaves_open,
        ..posting(name, decided, &["a"])
    };
    store
        .post(&[
            of("open 1", "open", 1, true),
            of("open 2", "open", 2, true),
            of("over 1", "over", 3, true),
            of("over 2", "over", 4, false),
            of("waits 1", "waits", 5, true),
            of("waits 2", "waits", 6, false),
            Posting { stands_for: Some(DeliveryId(1)), ..of("stands in", "other", 7, true) },
        ])
        .await
        .unwrap();
    let ended = [1, 2, 3, 4, 6, 7].map(deliver);
    store.save_outbox(&ended).await.unwrap();
    let threads = store.threads().await.unwrap();
    let is_open = |threads: &[ThreadState]| {
        threads.iter().map(|one| (one.thread.clone(), one.is_open)).collect::<Vec<_>>()
    };
    let of = |thread: &str, is_open| (thread.to_owned(), is_open);
    assert_eq!(is_open(&threads), [of("open", true), of("over", false), of("waits", false)]);

    store.drop_decisions(minute(51)).await.unwrap();
    assert_eq!(store.told(None, Timestamp::MIN, 99).await.unwrap().len(), 7, "they ended at that moment");
    let after = minute(60);
    store.drop_decisions(after).await.unwrap();
    let left = store.told(None, Timestamp::MIN, 99).await.unwrap();
    assert_eq!(
        left.iter().map(|one| &*one.notice.0).collect::<Vec<_>>(),
        ["waits 1"],
        "what is pending stays"
    );
    let known = store.threads().await.unwrap();
    let threads = [of("open", true), of("waits", false)];
    let over = known.iter().find(|one| one.thread == "over").map(|one| one.is_open);
    assert!(matches!(over, None | Some(false)), "what is over is never taken for open");
    assert_eq!(is_open(&known).into_iter().filter(|one| one.0 != "over").collect::<Vec<_>>(), threads);

    // Once the last delivery is gone, the notice is as well; what leaves something open stays for good.
    store.save_outbox(&[deliver(5)]).await.unwrap();
    for _ in 0..2 {
        store.drop_decisions(after).await.unwrap();
    }
    assert_eq!(store.told(None, Timestamp::MIN, 99).await.unwrap(), []);
    assert_eq!(is_open(&store.threads().await.unwrap()), [of("open", true)]);
    store.drop_decisions(Timestamp::MAX).await.unwrap();
    assert_eq!(is_open(&store.threads().await.unwrap()), [of("open", true)]);
    let again = Posting { thread: "open".into(), ..posting("open 3", 90, &["a"]) };
    store.post(from_ref(&again)).await.unwrap();
    assert_eq!(waiting(&*store, "ops").await, [[fresh(&again, 8, "a")]], "a number is never given twice");
}

pub(crate) async fn receivers_that_are_gone_are_kept_until_they_are_back(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let off = |receiver: &str, fingerprint: &str, since, answer: &str| ReceiverOff {
        receiver: receiver.into(),
        fingerprint: fingerprint.into(),
        since: minute(since),
        answer: answer.into(),
    };
    store.receiver_off("hook", "f1", minute(1), "410 Gone").await.unwrap();
    store.receiver_off("chat", "f2", minute(2), "410").await.unwrap();
    store.receiver_off("hook", "f3", minute(3), "410 again").await.unwrap();
    let reader = fixture.read().await;
    let both = [off("chat", "f2", 2, "410"), off("hook", "f3", 3, "410 again")];
    assert_eq!(reader.receivers_off().await.unwrap(), both);
    store.receiver_on("chat").await.unwrap();
    store.receiver_on("nobody").await.unwrap();
    assert_eq!(reader.receivers_off().await.unwrap(), both[1..]);
}

pub(crate) async fn who_reads_changes_no_outbox(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let told = [posting("n1", 1, &["a"])];
    owner.post(&told).await.unwrap();
    let before = Seen::of(&*owner).await;
    let reader = fixture.read().await;
    let (delta, nothing) = (Delta::default(), Decision { accounts: vec![], ..decision() });
    let refused = [
        reader.post(&[posting("n2", 1, &["a"])]).await.unwrap_err(),
        reader.save_decision(&nothing, &delta, &told).await.unwrap_err(),
        reader.save_acts(&delta, &told).await.unwrap_err(),
        reader.save_outbox(&[deliver(1)]).await.unwrap_err(),
        reader.try_now(minute(9)).await.unwrap_err(),
        reader.bury_of("ops", &[], minute(9), "gone").await.unwrap_err(),
        reader.receiver_off("ops", "f", minute(9), "410").await.unwrap_err(),
        reader.receiver_on("ops").await.unwrap_err(),
    ];
    for problem in refused {
        assert!(matches!(problem, StoreError::NotOwner), "{problem:?}");
    }
    assert_eq!(Seen::of(&*reader).await, before);
    assert_eq!(reader.receivers_off().await.unwrap(), []);
}
