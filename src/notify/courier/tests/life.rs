//! Start, reload, drain and stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::outbox::Fuse;
use super::server::Answer::{Hang, Later, Refuse, Take};
use super::server::Server;
use super::world::{World, pass, receiver, with_fallback};

#[tokio::test(start_paused = true)]
async fn a_stop_lets_what_is_under_way_end_and_begins_nothing() {
    let world = World::new();
    let server = Server::slow(world.born, Duration::from_secs(5));
    server.answer("stuck", &[Hang]);
    for budget in 0..10 {
        world.post("mail", &budget.to_string(), &[if budget == 0 { "stuck" } else { "a" }]);
    }
    let courier = world.telling(&server);
    pass(1).await;
    let stop = CancellationToken::new();
    stop.cancel();
    courier.run(stop).await;
    assert_eq!(world.born.elapsed().as_secs(), 11, "the grace, as one of them hangs");
    assert_eq!(server.taken().len(), 3);
    let rows = world.shelf.rows();
    let delivered = rows.iter().filter(|row| row.state == "delivered").count();
    let in_doubt: Vec<i64> =
        rows.iter().filter(|row| row.delivery.maybe).map(|row| row.delivery.id.0).collect();
    assert_eq!((delivered, in_doubt), (3, vec![1]), "what was begun and not sent is in no doubt");
    pass(3_600).await;
    assert_eq!(server.tries().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn f29_a_reload_sends_nothing_again_and_the_new_set_goes_on() {
    let world = World::new();
    let (before, after) = (Server::slow(world.born, Duration::from_secs(3)), world.server());
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.replace(vec![receiver("mail", &before, &fuse), receiver("old", &before, &fuse)]);
    for budget in 0..12 {
        world.post("mail", &budget.to_string(), &["a"]);
        world.post("old", &budget.to_string(), &["a"]);
    }
    courier.wake();
    pass(1).await;
    courier.replace(vec![receiver("mail", &after, &fuse), receiver("new", &after, &fuse)]);
    world.post("new", "x", &["a"]);
    courier.wake();
    pass(1).await;
    assert_eq!(after.heard(), ["at 1: n25"], "another receiver waits for nobody");
    pass(10).await;
    let (before, after) = (before.taken(), after.taken());
    assert_eq!((before.len(), after.len()), (8, 9));
    assert!(before.iter().all(|one| after.iter().all(|other| other.id != one.id)));
    assert_eq!(world.shelf.pending(), 8, "what is left of a receiver that is no more is not the courier's");
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_nothing_is_due_with_any_receiver() {
    let world = World::new();
    let (server, other) = (Server::slow(world.born, Duration::from_secs(1)), world.server());
    server.answer("bad", &[Refuse]);
    server.answer("later", &[Later(Some(600)), Take]);
    let fuse = Fuse::never();
    let courier = world.courier(&fuse);
    courier.start(with_fallback(receiver("mail", &server, &fuse), "pager", Duration::from_secs(900)));
    courier.start(receiver("pager", &other, &fuse));
    world.post("mail", "x", &["good", "bad", "later"]);
    assert!(courier.drain(Duration::from_secs(30)).await);
    assert_eq!((server.tries().len(), other.taken().len()), (3, 1), "the fallback's too");
    assert_eq!(world.born.elapsed().as_secs(), 1, "what is due in ten minutes is not waited for");
    server.answer("stuck", &[Hang]);
    world.post("mail", "y", &["stuck"]);
    courier.wake();
    assert!(!courier.drain(Duration::from_secs(5)).await);
    assert_eq!(world.born.elapsed().as_secs(), 6);
}
