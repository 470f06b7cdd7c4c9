//! What is saved when, how often, and what happens when it cannot be.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::runner::AHEAD;
use super::outbox::Fuse;
use super::server::Answer::{Later, Take};
use super::server::{Server, Wire};
use super::world::{World, pass, receiver};
use crate::domain::outbox::Change;

fn begun(changes: &[Change]) -> usize {
    changes.iter().filter(|change| matches!(change, Change::Begin { .. })).count()
}

#[tokio::test(start_paused = true)]
async fn slots_never_idle_results_are_saved_in_groups_and_little_is_held() {
    const NOTICES: usize = 1_000;
    const WIDTH: usize = 8;
    let world = World::new();
    let takes = Duration::from_millis(20);
    let server = Server::slow(world.born, takes);
    let fuse = Fuse::never();
    for budget in 0..NOTICES {
        world.post("hook", &budget.to_string(), &["a"]);
    }
    let courier = world.courier(&fuse);
    let notifier = Wire { server: server.clone(), fuse: fuse.clone(), width: WIDTH };
    let mut receiver = receiver("hook", &server, &fuse);
    receiver.notifier = std::sync::Arc::new(notifier);
    courier.start(receiver);
    assert!(courier.drain(Duration::from_secs(60)).await);
    let took = world.born.elapsed();
    let ideal = takes * u32::try_from(NOTICES / WIDTH).unwrap();
    assert!(took <= ideal.mul_f64(1.25), "{took:?} of {ideal:?}");
    assert_eq!(server.taken().len(), NOTICES);
    let saves = world.shelf.saves.lock().unwrap();
    let results = saves.iter().filter(|changes| begun(changes) == 0).count();
    assert!(results <= NOTICES / WIDTH + 2, "{results} saves of results");
    let begins: Vec<usize> = saves.iter().map(|changes| begun(changes)).filter(|count| *count > 0).collect();
    assert!(begins.len() <= NOTICES / (WIDTH * AHEAD / 2) + 1, "{begins:?}");
    let mut open = 0;
    for changes in saves.iter() {
        open += begun(changes);
        assert!(open <= WIDTH * (AHEAD + 3), "{open} begun at once");
        open -= changes.len() - begun(changes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_refuses_everything_at_once_leaves_the_outbox_to_others() {
    const NOTICES: usize = 1_000;
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Later(None)]);
    for budget in 0..NOTICES {
        world.post("mail", &budget.to_string(), &["a"]);
    }
    let _courier = world.telling(&server);
    pass(3).await;
    let saves = world.shelf.saves.lock().unwrap().len();
    assert!(saves <= 3 * 4 * 3, "{saves} saves in three seconds");
    // Nobody waits for long all the same: a look has many lanes, and each was tried before its second try is due.
    pass(12).await;
    assert!(server.tries().len() >= NOTICES, "{}", server.tries().len());
    server.answer("a", &[Take]);
    pass(60).await;
    assert_eq!(world.shelf.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn each_try_is_saved_before_it_leaves() {
    let world = World::new();
    let server = world.server();
    world.post("mail", "x", &["a"]);
    world.shelf.failing.store(3, Ordering::SeqCst);
    let _courier = world.telling(&server);
    pass(6).await;
    assert_eq!(server.tries().len(), 0, "three saves failed, a second, two and four apart");
    pass(2).await;
    assert_eq!(server.heard(), ["at 7: n1"]);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_saved_is_saved_later_and_nothing_leaves_until_then() {
    let world = World::new();
    let server = Server::slow(world.born, Duration::from_secs(2));
    for budget in 0..6 {
        world.post("mail", &budget.to_string(), &["a"]);
    }
    let courier = world.telling(&server);
    pass(1).await;
    world.shelf.failing.store(4, Ordering::SeqCst);
    world.post("mail", "0", &["a"]);
    courier.wake();
    pass(6).await;
    // Two were begun and waited for a slot: one moment long they had one.
    assert_eq!(server.tries().len(), 6);
    assert_eq!(world.shelf.pending(), 7);
    pass(30).await;
    assert_eq!(world.shelf.pending(), 0);
    assert_eq!(server.tries().len(), 7, "nothing was sent twice");
}

#[tokio::test(start_paused = true)]
async fn what_is_begun_and_not_sent_is_free_again_after_a_failed_save() {
    let world = World::new();
    let server = Server::slow(world.born, Duration::from_secs(2));
    for budget in 0..20 {
        world.post("mail", &budget.to_string(), &["a"]);
    }
    let _courier = world.telling(&server);
    pass(1).await;
    world.shelf.failing.store(3, Ordering::SeqCst);
    pass(4).await;
    assert_eq!(server.tries().len(), 8, "the slots were refilled once before the save failed");
    pass(60).await;
    assert_eq!((world.shelf.pending(), server.tries().len()), (0, 20));
}

#[tokio::test(start_paused = true)]
async fn an_empty_outbox_costs_nothing() {
    let world = World::new();
    let server = world.server();
    server.answer("a", &[Later(None), Take]);
    world.post("mail", "x", &["a"]);
    let _courier = world.telling(&server);
    pass(10).await;
    let looks = world.shelf.looks.load(Ordering::SeqCst);
    assert!(looks <= 5, "{looks}");
    pass(24 * 3_600).await;
    let idle = world.shelf.looks.load(Ordering::SeqCst) - looks;
    assert!(idle <= 24 * 6, "one look in ten minutes, not {idle} a day");
    assert_eq!(world.shelf.saves.lock().unwrap().len(), 4);
}
