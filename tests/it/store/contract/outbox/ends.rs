//! How tries end, and deliveries.

use super::seen::Seen;
use super::*;

/// What the table below says of a delivery that waits: its tries, when it is due, whether it may have arrived, and
/// whether it has its bytes.
type Waits = (u32, i64, bool, bool);

/// And of any: its state, its moment, whether it may have arrived twice, and the answer.
type Stands = (&'static str, i64, bool, Option<&'static str>);

pub(crate) async fn a_try_ends_as_its_changes_say(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let later = Some("451 later");
    let again = |tries| Change::Begin {
        id: DeliveryId(0),
        body: b"bytes\0".to_vec(),
        message: None,
        replaces: vec![],
        waits_since: minute(0),
        tries,
    };
    let table: [(&str, Vec<Change>, Option<Waits>, Stands); 12] = [
        ("nothing", vec![], Some((0, 1, false, false)), ("pending", 1, false, None)),
        ("begun", vec![again(0)], Some((1, 1, true, true)), ("pending", 1, false, None)),
        (
            "surely not taken",
            vec![again(0), fail(0, 9, false)],
            Some((1, 9, false, true)),
            ("pending", 9, false, later),
        ),
        (
            "maybe taken",
            vec![again(0), fail(0, 9, true)],
            Some((1, 9, true, true)),
            ("pending", 9, true, later),
        ),
        (
            "maybe taken is for good",
            vec![again(0), fail(0, 9, true), again(1), fail(0, 10, false)],
            Some((2, 10, true, true)),
            ("pending", 10, true, later),
        ),
        (
            "begun twice without a result between",
            vec![again(0), again(0), fail(0, 9, false)],
            Some((1, 9, true, true)),
            ("pending", 9, true, later),
        ),
        (
            "tries of what it has replaced count",
            vec![again(7), fail(0, 9, false)],
            Some((8, 9, false, true)),
            ("pending", 9, false, later),
        ),
        (
            "a failure before any byte",
            vec![fail(0, 9, false)],
            Some((0, 9, false, false)),
            ("pending", 9, false, later),
        ),
        ("taken", vec![again(0), deliver(0)], None, ("delivered", 51, false, Some("250 taken"))),
        (
            "taken, maybe twice",
            vec![again(0), fail(0, 9, true), again(1), deliver(0)],
            None,
            ("delivered", 51, true, Some("250 taken")),
        ),
        ("refused", vec![again(0), bury(0)], None, ("dead", 52, false, Some("550 nobody"))),
        ("given up untried", vec![bury(0)], None, ("dead", 52, false, Some("550 nobody"))),
    ];
    for (number, (what, changes, waits, stands)) in (1..).zip(table) {
        let posting = Posting { thread: what.to_owned(), ..posting(what, 1, &["a"]) };
        store.post(from_ref(&posting)).await.unwrap();
        for mut change in changes {
            if let Change::Begin { id, .. }
            | Change::Fail { id, .. }
            | Change::Deliver { id, .. }
            | Change::Bury { id, .. } = &mut change
            {
                *id = DeliveryId(number);
            }
            store.save_outbox(&[change]).await.unwrap();
        }
        let all = waiting(&*store, "ops").await;
        let found = all.iter().flatten().find(|one| one.id.0 == number);
        let expected = waits.map(|(tries, due, maybe, has_body)| Delivery {
            tries,
            due: minute(due),
            maybe,
            body: has_body.then(|| b"bytes\0".to_vec()),
            waits_since: if has_body { minute(0) } else { minute(1) },
            ..fresh(&posting, number, "a")
        });
        assert_eq!(found, expected.as_ref(), "{what}");
        let (state, moment, maybe_twice, answer) = stands;
        let found = told(&*store, what).await;
        let expected = Told {
            state: state.to_owned(),
            moment: minute(moment),
            maybe_twice,
            answer: answer.map(str::to_owned),
            // A try that ended counts, however it did.
            tries: waits.map_or(found[0].tries, |waits| waits.0),
            ..untold(&posting, "a")
        };
        assert_eq!(found, [expected], "{what}");
        Seen::of(&*store).await;
    }
    for (what, tries) in [("taken", 1), ("taken, maybe twice", 2), ("refused", 1), ("given up untried", 0)] {
        assert_eq!(told(&*store, what).await[0].tries, tries, "{what}");
    }
}

pub(crate) async fn older_ones_are_superseded_by_the_one_that_says_the_same(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let all = [1, 2, 3].map(|number| posting(&format!("n{number}"), number, &["a", "b"]));
    store.post(&all).await.unwrap();
    // Deliveries 1, 3 and 5 are in one lane.
    store.save_outbox(&[begin(1, &[]), fail(1, 5, false)]).await.unwrap();
    let begun = Change::Begin {
        id: DeliveryId(5),
        body: b"all three".to_vec(),
        message: Some("all that they say".to_owned()),
        replaces: vec![DeliveryId(1), DeliveryId(3)],
        waits_since: minute(1),
        tries: 1,
    };
    store.save_outbox(from_ref(&begun)).await.unwrap();
    let left = Delivery {
        waits_since: minute(1),
        tries: 2,
        maybe: true,
        message: "all that they say".to_owned(),
        body: Some(b"all three".to_vec()),
        ..fresh(&all[2], 5, "a")
    };
    let others = vec![fresh(&all[0], 2, "b"), fresh(&all[1], 4, "b"), fresh(&all[2], 6, "b")];
    assert_eq!(waiting(&*store, "ops").await, [others, vec![left]], "each recipient for itself");
    let superseded = |posting, tries, answer: Option<&str>| Told {
        state: "superseded".into(),
        tries,
        moment: minute(3),
        answer: answer.map(str::to_owned),
        ..untold(posting, "a")
    };
    assert_eq!(told(&*store, "n1").await[0], superseded(&all[0], 1, Some("451 later")));
    assert_eq!(told(&*store, "n2").await[0], superseded(&all[1], 0, None));
    assert_eq!(Seen::of(&*store).await.backlog[0].oldest, minute(1), "what it tells waits as long as before");

    // What cannot begin replaces nothing.
    store.save_outbox(&[bury(6), begin(6, &[2, 4])]).await.unwrap();
    assert_eq!(waiting(&*store, "ops").await[0], [fresh(&all[0], 2, "b"), fresh(&all[1], 4, "b")]);
    // Nor anything itself.
    store.save_outbox(&[begin(4, &[4])]).await.unwrap();
    assert_eq!(told(&*store, "n2").await[1].state, "pending");
}

pub(crate) async fn what_has_ended_stays_as_it_is(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let other = Posting { receiver: "other".into(), ..posting("in its place", 9, &["x"]) };
    store.post(&[1, 2, 3, 4].map(|number| posting(&format!("n{number}"), number, &["a"]))).await.unwrap();
    store.save_outbox(&[begin(4, &[1]), deliver(2), bury(3), fall_back(&[3], &other)]).await.unwrap();
    let before = Seen::of(&*store).await;
    assert_eq!(before.waiting["ops"][0].len(), 1);
    let again = posting("once more", 10, &["x"]);
    for ended in [1, 2, 3, 999] {
        for change in [
            begin(ended, &[4]),
            fail(ended, 55, true),
            deliver(ended),
            bury(ended),
            fall_back(&[ended], &again),
            Change::Release { now: minute(0) },
        ] {
            store.save_outbox(from_ref(&change)).await.unwrap();
            assert_eq!(Seen::of(&*store).await, before, "{change:?}");
        }
    }
    store.try_now(minute(0)).await.unwrap();
    assert_eq!(store.bury_of("ops", &names(&["a"]), minute(1), "gone").await.unwrap(), 0);
    assert_eq!(told(&*store, "n2").await[0].state, "delivered");
}

pub(crate) async fn a_fallback_is_posted_with_its_mark(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let all = [1, 2, 3].map(|number| posting(&format!("n{number}"), number, &["a"]));
    store.post(&all).await.unwrap();
    let other = |name: &str| Posting { receiver: "other".into(), ..posting(name, 9, &["x", "y"]) };
    store.save_outbox(&[fall_back(&[1, 2], &other("f1"))]).await.unwrap();
    let marked =
        |number: usize, fell_back| Delivery { fell_back, ..fresh(&all[number], number as i64 + 1, "a") };
    assert_eq!(waiting(&*store, "ops").await, [[marked(0, true), marked(1, true), marked(2, false)]]);
    let stands_in = Posting { stands_for: Some(DeliveryId(1)), ..other("f1") };
    let placed = [[fresh(&stands_in, 4, "x")], [fresh(&stands_in, 5, "y")]];
    assert!(placed[0][0].stands_in);
    assert_eq!(waiting(&*store, "other").await, placed);

    // None of these falls back again; given up in the same save, before or after, one falls back all the same.
    store.save_outbox(&[fall_back(&[2, 1], &other("f2")), fall_back(&[], &other("f3"))]).await.unwrap();
    assert_eq!(waiting(&*store, "other").await, placed);
    store.save_outbox(&[bury(3), fall_back(&[1, 3], &other("f4"))]).await.unwrap();
    assert_eq!(told(&*store, "f4").await.len(), 2);
    assert_eq!(told(&*store, "n3").await[0].state, "dead");

    // What is told in another's place says nothing of where the receiver's own thread stands.
    let threads = store.threads().await.unwrap();
    assert_eq!(threads.iter().map(|one| &*one.receiver).collect::<Vec<_>>(), ["ops"]);
    // Nor does a posting that says itself for whom it stands.
    let drill = Posting { stands_for: Some(DeliveryId(2)), ..other("f5") };
    store.post(from_ref(&drill)).await.unwrap();
    assert!(waiting(&*store, "other").await[0].iter().all(|one| one.stands_in));
    assert_eq!(store.threads().await.unwrap(), threads);
}

pub(crate) async fn what_waits_for_nobody_is_given_up(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let chat = Posting { receiver: "chat".into(), ..posting("chat", 2, &["a"]) };
    store.post(&[posting("n1", 1, &["a", "b", "c"]), posting("n2", 2, &["b"]), chat]).await.unwrap();
    store.save_outbox(&[begin(2, &[]), begin(3, &[]), deliver(3)]).await.unwrap();
    let why = "no recipient of ops any more";
    assert_eq!(store.bury_of("ops", &names(&["a", "z"]), minute(30), why).await.unwrap(), 2);
    let states = |found: Vec<Told>| {
        found
            .into_iter()
            .map(|one| format!("{} {} {}", one.recipient, one.state, one.answer.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    let dead = format!("b dead {why}");
    assert_eq!(states(told(&*store, "n1").await), ["a pending ", &dead, "c delivered 250 taken"]);
    assert!(told(&*store, "n1").await[1].maybe_twice, "a try of it was under way");
    assert_eq!(states(told(&*store, "n2").await), [&*dead]);
    assert_eq!(told(&*store, "n2").await[0].moment, minute(30));
    Seen::of(&*store).await;
    assert_eq!(store.bury_of("ops", &[], minute(31), "no such receiver").await.unwrap(), 1);
    assert_eq!(store.next_due("ops", &[]).await.unwrap(), None);
    assert_eq!(waiting(&*store, "chat").await.len(), 1, "another receiver's stay");
}
