//! Order, what is told together, and what happens while nobody answers.

use std::time::Duration;

use super::server::Answer::{Hang, Later, Take};
use super::world::{DAY, World, pass, receiver, with_fallback};
use crate::domain::outbox::Outcome;
use crate::notify::courier::tests::outbox::Fuse;

#[tokio::test(start_paused = true)]
async fn f25_news_of_one_thread_arrive_in_order_and_together_after_an_outage() {
    let (world, recipients) = (World::new(), ["a"]);
    let server = world.server();
    server.answer("a", &[Later(None), Later(None), Later(None), Take]);
    let courier = world.telling(&server);
    for _ in 0..3 {
        world.post("mail", "b", &recipients);
        courier.wake();
        pass(1).await;
    }
    assert_eq!(server.heard(), ["at 0: n1", "at 1: n1 n2", "at 2: n1 n2 n3"]);
    pass(30).await;
    let heard = server.heard();
    assert!(heard[3].ends_with(": n1 n2 n3"), "{heard:?}");
    assert_eq!(world.shelf.ends(), ["1 superseded: busy", "2 superseded: busy", "3 delivered: ok"]);
    assert_eq!((world.seen.count(Outcome::Superseded), world.seen.count(Outcome::Retried)), (2, 3));
    world.post("mail", "b", &recipients);
    courier.wake();
    pass(1).await;
    assert!(server.heard()[4].ends_with(": n4"), "what arrived is not told again");
}

#[tokio::test(start_paused = true)]
async fn f25_the_same_bytes_go_again_while_there_is_no_news() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Later(None), Later(None), Later(None), Later(None), Take]);
    world.post("mail", "b", &["a"]);
    world.post("mail", "b", &["a"]);
    let _courier = world.telling(&server);
    pass(600).await;
    let tries = server.tries();
    assert_eq!(tries.len(), 5);
    for one in &tries {
        assert_eq!((&one.id, &one.body), (&tries[0].id, &tries[0].body));
    }
    let pauses: Vec<u64> = tries.windows(2).map(|two| two[1].second - two[0].second).collect();
    for (pause, about) in pauses.iter().zip([5, 10, 20, 40]) {
        assert!((about * 4 / 5 - 1..=about * 6 / 5 + 1).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f25_another_is_told_after_the_delay_once_and_the_first_goes_on_being_tried() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("a", &[Later(None)]);
    server.answer("b", &[Later(None)]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    let minutes = Duration::from_secs(15 * 60);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", minutes));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["a", "b"]);
    courier.wake();
    pass(899).await;
    assert_eq!(other.heard(), [""; 0]);
    pass(2).await;
    assert_eq!(other.heard(), ["at 900: n1"], "one for both recipients");
    assert!(other.tries()[0].body.starts_with("[pager] title n1: busy|"), "{:?}", other.tries());
    pass(8 * 3_600).await;
    assert_eq!(other.heard().len(), 1);
    assert_eq!(world.seen.count(Outcome::Fallback), 2);
    server.answer("a", &[Take]);
    server.answer("b", &[Take]);
    pass(2 * 3_600).await;
    assert_eq!(world.shelf.pending(), 0);
    assert_eq!(server.taken().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn f25_another_hears_of_news_at_their_time_and_nothing_that_it_was_told_before() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("a", &[Later(None)]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", Duration::from_secs(15 * 60)));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(1_000).await;
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(899).await;
    assert_eq!(other.heard(), ["at 900: n1"], "the news have not waited long");
    pass(10).await;
    assert_eq!(other.heard(), ["at 900: n1", "at 1900: n2"]);
    world.post("mail", "x", &["a"]);
    server.answer("a", &[Take]);
    courier.wake();
    pass(10).await;
    // Those that another was told are one by now, and the newest stands for itself.
    let heard = server.heard();
    assert!(heard[heard.len() - 2].ends_with(": n1 n2"), "{heard:?}");
    assert!(heard[heard.len() - 1].ends_with(": n3"), "{heard:?}");
    assert_eq!((world.shelf.pending(), other.heard().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn f25_nothing_is_dropped_before_its_time_and_then_with_a_reason() {
    let world = World::new();
    let (server, other) = (world.server(), world.server());
    server.answer("a", &[Later(None)]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", DAY * 3));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["a"]);
    courier.wake();
    pass(12 * 3_600).await;
    world.post("mail", "x", &["a"]);
    courier.wake();
    // The older one is part of the newer one, which has its own day.
    pass(24 * 3_600 - 1).await;
    assert_eq!(world.shelf.pending(), 1);
    pass(2 * 3_600).await;
    let ends = world.shelf.ends();
    assert_eq!(ends[1], "2 dead: given up after 86400 s without being taken");
    assert!(ends[2].starts_with("3 delivered"), "{ends:?}");
    assert!(other.heard()[0].ends_with(": n1 n2"), "another hears all of it: {:?}", other.heard());
    assert_eq!(world.seen.count(Outcome::Dead), 1);
}

#[tokio::test(start_paused = true)]
async fn f28_a_receiver_that_hangs_delays_no_other() {
    let world = World::new();
    let (stuck, well) = (world.server(), world.server());
    stuck.answer("a", &[Hang]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(receiver("chat", &stuck, &fuse));
    courier.start(receiver("mail", &well, &fuse));
    for budget in ["p", "q", "r", "s", "t", "u"] {
        world.post("chat", budget, &["a"]);
        world.post("mail", budget, &["a"]);
    }
    courier.wake();
    pass(1).await;
    assert_eq!(well.taken().len(), 6);
    assert_eq!(stuck.tries().len(), 4, "the width, and no more at once");
}
