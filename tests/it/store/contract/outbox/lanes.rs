//! What is due: lanes, whole and in order.

use super::seen::Seen;
use super::*;

/// Ids of notices by lane.
async fn due(store: &dyn Store, now: i64, lanes: usize, busy: &[(Arc<str>, String)]) -> Vec<Vec<String>> {
    let found = store.due("ops", minute(now), lanes, busy).await.unwrap();
    found.iter().map(|lane| lane.iter().map(|one| one.notice.to_string()).collect()).collect()
}

fn busy(recipient: &str, thread: &str) -> (Arc<str>, String) {
    (recipient.into(), thread.to_owned())
}

pub(crate) async fn a_lane_is_due_as_a_whole(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let of = |thread: &str, name: &str, due| Posting {
        thread: thread.to_owned(),
        due: minute(due),
        ..posting(name, 0, &["a"])
    };
    store
        .post(&[
            of("x", "x1", 20),
            of("y", "y1", 10),
            // Decided later and due earlier, such as what quiet hours do not hold back.
            of("x", "x2", 5),
            Posting { gathers: true, ..of("z", "z1", 30) },
            Posting { receiver: "chat".into(), ..of("x", "other", 0) },
            of("x", "x3", 40),
        ])
        .await
        .unwrap();
    let (x, y, z) = (vec!["x1", "x2", "x3"], vec!["y1"], vec!["z1"]);
    let table = [
        (4, 9, vec![], vec![]),
        (5, 9, vec![], vec![x.clone()]),
        (10, 9, vec![], vec![x.clone(), y.clone()]),
        (29, 9, vec![], vec![x.clone(), y.clone()]),
        (30, 9, vec![], vec![x.clone(), y.clone(), z.clone()]),
        (30, 2, vec![], vec![x.clone(), y.clone()]),
        (30, 0, vec![], vec![]),
        (30, 2, vec![busy("a", "x")], vec![y.clone(), z.clone()]),
        (30, 1, vec![busy("a", "x"), busy("a", "y")], vec![z.clone()]),
        (30, 9, vec![busy("b", "x"), busy("a", "nothing")], vec![x.clone(), y.clone(), z.clone()]),
        (30, 9, vec![busy("a", "x"), busy("a", "y"), busy("a", "z")], vec![]),
    ];
    let reader = fixture.read().await;
    for (now, lanes, busy, expected) in table {
        assert_eq!(due(&*reader, now, lanes, &busy).await, expected, "at {now}, {lanes} beside {busy:?}");
    }
    let next = [
        (vec![], Some(5)),
        (vec![busy("a", "x")], Some(10)),
        (vec![busy("a", "y"), busy("a", "x")], Some(30)),
        (vec![busy("a", "x"), busy("a", "y"), busy("a", "z")], None),
    ];
    for (busy, expected) in next {
        assert_eq!(reader.next_due("ops", &busy).await.unwrap(), expected.map(minute), "beside {busy:?}");
    }
    assert_eq!(reader.next_due("nobody", &[]).await.unwrap(), None);
}

pub(crate) async fn of_a_long_lane_the_oldest_come(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let all: Vec<_> = (0..205).map(|number| posting(&number.to_string(), number, &["a"])).collect();
    store.post(&all).await.unwrap();
    let first: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    assert_eq!(due(&*store, 0, 9, &[]).await, [first], "one of them is due");
    let replaces: Vec<i64> = (1..200).collect();
    store.save_outbox(&[begin(200, &replaces), deliver(200)]).await.unwrap();
    let rest: Vec<_> = (200..205).map(|number| number.to_string()).collect();
    assert_eq!(due(&*store, 199, 9, &[]).await, Vec::<Vec<String>>::new());
    assert_eq!(due(&*store, 200, 9, &[]).await, [rest]);
}

pub(crate) async fn what_gathers_is_released(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let gathers = |name: &str, receiver: &str, due| Posting {
        receiver: receiver.into(),
        gathers: true,
        due: minute(due),
        ..posting(name, 0, &["a"])
    };
    let held = Posting { due: minute(40), thread: "held".into(), ..posting("held", 0, &["a"]) };
    store
        .post(&[gathers("1", "ops", 20), gathers("2", "chat", 3), gathers("3", "ops", 30), held])
        .await
        .unwrap();
    let release = Change::Release { now: minute(5) };
    store.save_outbox(from_ref(&release)).await.unwrap();
    let seen = Seen::of(&*store).await;
    let dues = |receiver: &str| {
        let all = seen.waiting[receiver].iter().flatten();
        all.map(|one| (one.notice.to_string(), one.due)).collect::<Vec<_>>()
    };
    let of = |name: &str, due| (name.to_owned(), minute(due));
    assert_eq!(dues("ops"), [of("1", 5), of("3", 5), of("held", 40)], "what does not gather keeps its time");
    assert_eq!(dues("chat"), [of("2", 3)], "what is due already is not put off");
    // Released for good: a later release is not about what fails in between.
    store.save_outbox(&[begin(1, &[]), fail(1, 50, false), release]).await.unwrap();
    assert_eq!(waiting(&*store, "ops").await[0][0].due, minute(50));
}

pub(crate) async fn a_new_process_tries_at_once(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let all: Vec<_> = ["failed", "cut off", "held", "gathers", "cut off again", "waited behind"]
        .into_iter()
        .map(|name| Posting {
            thread: name.to_owned(),
            due: minute(40),
            gathers: name == "gathers",
            ..posting(name, 0, &["a"])
        })
        .collect();
    store.post(&all).await.unwrap();
    let changes = [
        begin(1, &[]),
        fail(1, 45, false),
        begin(2, &[]),
        begin(5, &[]),
        fail(5, 1, true),
        Change::Begin {
            id: DeliveryId(5),
            body: b"bytes\0".to_vec(),
            message: None,
            replaces: vec![],
            waits_since: minute(0),
            tries: 1,
        },
        // Put off with what it waited for, which is tried at once by now.
        fail(6, 50, false),
    ];
    store.save_outbox(&changes).await.unwrap();
    drop(store);
    let store = fixture.own().await;
    store.try_now(minute(20)).await.unwrap();
    let seen = Seen::of(&*store).await;
    let mut found: Vec<_> = seen.waiting["ops"]
        .iter()
        .flatten()
        .map(|one| (one.notice.to_string(), one.due, one.tries, one.maybe, one.body.is_some()))
        .collect();
    found.sort();
    let of = |name: &str, due, tries, maybe, has_body| (name.to_owned(), minute(due), tries, maybe, has_body);
    assert_eq!(
        found,
        [
            of("cut off", 20, 1, true, true),
            of("cut off again", 1, 2, true, true),
            of("failed", 20, 1, false, true),
            of("gathers", 20, 0, false, false),
            of("held", 40, 0, false, false),
            of("waited behind", 20, 0, false, false),
        ]
    );
    // Whatever the next try meets, the one that was cut off may have arrived.
    store.save_outbox(&[begin(2, &[]), fail(2, 30, false)]).await.unwrap();
    assert!(told(&*store, "cut off").await[0].maybe_twice);
}
