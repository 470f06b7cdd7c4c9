//! What each answer leads to.

use std::time::Duration;

use super::outbox::Fuse;
use super::server::Answer::{self, Break, Gone, Hang, Later, Panic, Refuse, Take, TakeAndBreak};
use super::world::{World, pass, receiver, with_fallback};
use crate::domain::outbox::Outcome;

#[tokio::test(start_paused = true)]
async fn f26_what_may_have_arrived_goes_again_as_it_was_whatever_is_new() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[TakeAndBreak, Later(None), Take]);
    let courier = world.telling(&server);
    for _ in 0..3 {
        world.post("mail", "b", &["a"]);
        courier.wake();
        pass(1).await;
    }
    pass(60).await;
    let tries = server.tries();
    let ids: Vec<&str> = tries.iter().map(|one| &one.id[31..]).collect();
    assert_eq!(ids, ["1", "1", "1", "3"], "a plain failure later does not undo the doubt");
    assert!(tries[..3].iter().all(|one| one.body == tries[0].body));
    assert!(server.heard()[3].ends_with(": n2 n3"));
    assert_eq!(
        world.shelf.ends(),
        ["1 delivered: ok", "2 superseded: waits for an older one", "3 delivered: ok"]
    );
}

#[tokio::test(start_paused = true)]
async fn f26_news_behind_what_may_have_arrived_hurry_it_once_and_have_a_fallback_of_their_own() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("a", &[Break]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", Duration::from_secs(3_600)));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(1_000).await;
    let before = server.tries().len();
    world.post("mail", "x", &["a"]);
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(2).await;
    assert_eq!(server.tries().len(), before + 1, "at once, and then by the schedule");
    pass(20_000).await;
    let tries = server.tries();
    assert!(tries.iter().all(|one| one.id == tries[0].id && one.body == tries[0].body));
    assert!(tries.len() <= 18, "{:?}", server.heard());
    assert_eq!(other.heard(), ["at 3600: n1", "at 4600: n2 n3"]);
    server.answer("a", &[Take]);
    pass(4_500).await;
    assert!(server.heard().last().unwrap().ends_with(": n2 n3"), "{:?}", server.heard());
    assert_eq!(world.shelf.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn f27_one_of_five_recipients_is_refused_alone() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("c", &[Refuse]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", Duration::from_secs(900)));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["a", "b", "c", "d", "e"]);
    courier.wake();
    pass(36 * 3_600).await;
    let ends = world.shelf.ends();
    let expected = [
        "1 delivered: ok",
        "2 delivered: ok",
        "3 dead: refused: no such address",
        "4 delivered: ok",
        "5 delivered: ok",
    ];
    assert_eq!(ends[..5], expected);
    assert_eq!(server.tries().len(), 5, "nobody heard it twice");
    assert_eq!(other.heard(), ["at 0: n1"]);
    assert!(world.shelf.rows()[2].delivery.fell_back && !world.shelf.rows()[1].delivery.fell_back);
}

#[tokio::test(start_paused = true)]
async fn f28_each_answer_leads_to_its_own() {
    // The answers, how the notice stands after a minute, how often it was sent, whether another was told.
    let table: &[(&[Answer], &str, usize, usize)] = &[
        (&[Take], "1 delivered: ok", 1, 0),
        (&[Later(None), Take], "1 delivered: ok", 2, 0),
        (&[Later(Some(20)), Take], "1 delivered: ok", 2, 0),
        (&[Later(Some(90)), Take], "1 pending: busy", 1, 0),
        (&[Later(Some(3_600)), Take], "1 pending: busy", 1, 1),
        (&[Break, Take], "1 delivered: ok", 2, 0),
        (&[Panic, Take], "1 delivered: ok", 2, 0),
        (&[Refuse], "1 dead: refused: no such address", 1, 1),
        (&[Gone], "1 dead: gone: 410", 1, 1),
    ];
    for (answers, end, sent, told) in table {
        let world = World::new();
        let (server, other) = (world.server(), world.server());
        server.answer("a", answers);
        let fuse = Fuse::never();
        let courier = world.courier(&fuse);
        courier.start(with_fallback(receiver("hook", &server, &fuse), "pager", Duration::from_secs(900)));
        courier.start(receiver("pager", &other, &fuse));
        world.post("hook", "x", &["a"]);
        courier.wake();
        pass(60).await;
        assert_eq!(world.shelf.ends()[0], *end, "{answers:?}");
        assert_eq!((server.tries().len(), other.taken().len()), (*sent, *told), "{answers:?}");
        let bodies: Vec<_> = server.tries().iter().map(|one| (one.id.clone(), one.body.clone())).collect();
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{answers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f28_news_do_not_hurry_a_server_that_asked_to_wait() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Later(Some(90)), Take]);
    let courier = world.telling(&server);
    for _ in 0..20 {
        world.post("mail", "x", &["a"]);
        courier.wake();
        pass(10).await;
    }
    let heard = server.heard();
    assert_eq!(heard[..2], ["at 0: n1", "at 90: n1 n2 n3 n4 n5 n6 n7 n8 n9 n10"]);
}

#[tokio::test(start_paused = true)]
async fn f28_a_receiver_that_is_gone_is_off_and_another_hears_the_rest() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("a", &[Gone]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("hook", &server, &fuse), "pager", Duration::from_secs(900)));
    courier.start(receiver("pager", &other, &fuse));
    for budget in 0..30 {
        world.post("hook", &budget.to_string(), &["a"]);
    }
    courier.wake();
    pass(3).await;
    assert!(server.tries().len() <= 8, "what was under way, and no more: {}", server.tries().len());
    assert_eq!(world.shelf.ends().iter().filter(|end| end.contains(" dead: ")).count(), 30);
    assert_eq!(other.taken().len(), 30);
    let sent = server.tries().len();
    let mut receiver = with_fallback(receiver("hook", &server, &fuse), "pager", Duration::from_secs(900));
    receiver.is_off = true;
    courier.start(receiver);
    world.post("hook", "x", &["a"]);
    courier.wake();
    pass(3).await;
    assert_eq!((server.tries().len(), other.taken().len()), (sent, 31));
    let mut said = world.seen.said();
    said.sort();
    said.dedup();
    assert_eq!(said, ["hook gone: 410", "pager works: "]);
}

#[tokio::test(start_paused = true)]
async fn f36_a_server_that_accepts_and_says_nothing_holds_a_slot_for_a_minute() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Hang, Take]);
    world.post("mail", "x", &["a"]);
    let _courier = world.telling(&server);
    pass(59).await;
    assert_eq!(world.shelf.ends(), ["1 pending: "]);
    pass(2).await;
    assert_eq!(world.shelf.ends(), ["1 pending: unknown: no end within 60 s"]);
    assert!(world.shelf.rows()[0].delivery.maybe);
    pass(10).await;
    assert_eq!(world.shelf.ends(), ["1 delivered: ok"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_made_is_given_up_and_another_told() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", Duration::from_secs(900)));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "bad template", &["a"]);
    world.post("mail", "bug", &["a"]);
    world.post("mail", "newer", &["a"]);
    world.post("mail", "newer", &["a"]);
    world.shelf.edit(3, |delivery| {
        delivery.message = delivery.message.replace("\"version\":1", "\"version\":2");
    });
    world.post("mail", "torn", &["a"]);
    world.shelf.edit(5, |delivery| delivery.message.truncate(30));
    courier.wake();
    pass(5).await;
    insta::assert_snapshot!(world.shelf.ends().join("\n"));
    assert_eq!(server.heard(), ["at 0: n4"], "the rest of the lane goes its way");
    assert_eq!(world.seen.count(Outcome::Fallback), 4);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_is_said_once_and_when_it_works_again() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Take, Later(None)]);
    let courier = world.telling(&server);
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(1).await;
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(600).await;
    server.answer("a", &[Take]);
    pass(3_600).await;
    let expected = ["mail works: ", "mail fails since 2026-11-20T00:00:01Z: busy", "mail works: "];
    assert_eq!(world.seen.said(), expected);
}
