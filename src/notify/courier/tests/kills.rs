//! F29: the process ends between any two steps, and another goes on with what is saved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;

use super::outbox::Fuse;
use super::server::Answer::{self, Break, Later, Take, TakeAndBreak};
use super::server::{Server, keys};
use super::world::{World, pass, receiver};

/// What was posted: recipient and key, in order, by budget.
type Posted = Vec<(&'static str, String, String)>;

/// What holds whenever nothing is pending any more.
fn check_laws(world: &World, server: &Server, posted: &Posted) -> Result<(), String> {
    let fail = |what: &str| Err(format!("{what}\n{:#?}\n{:#?}", server.tries(), world.shelf.ends()));
    if world.shelf.pending() > 0 {
        return fail("something is pending");
    }
    let mut heard: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    let mut first: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in server.taken() {
        for key in keys(&one.body) {
            let as_sent = (one.id.clone(), one.body.clone());
            let told = (one.recipient.clone(), key.to_owned());
            if let Some(before) = heard.get(&told) {
                if *before != as_sent {
                    return fail("what was taken went again under another id or with other bytes");
                }
            } else {
                heard.insert(told, as_sent);
                first.entry(one.recipient.clone()).or_default().push(key.to_owned());
            }
        }
    }
    for (recipient, budget, key) in posted {
        if !heard.contains_key(&((*recipient).to_owned(), key.clone())) {
            return fail(&format!("{key} was lost"));
        }
        let lane = posted.iter().filter(|(other, about, _)| other == recipient && about == budget);
        let lane: Vec<&String> = lane.map(|(.., key)| key).collect();
        let order: Vec<&String> = first[*recipient].iter().filter(|key| lane.contains(key)).collect();
        if lane != order {
            return fail("a lane is out of order");
        }
    }
    let bodies: BTreeSet<(String, String, String)> =
        server.tries().into_iter().map(|one| (one.id, one.recipient, one.body)).collect();
    let ids: BTreeSet<(&String, &String)> = bodies.iter().map(|(id, recipient, _)| (id, recipient)).collect();
    if ids.len() < bodies.len() {
        return fail("one id had several bodies");
    }
    Ok(())
}

async fn until_nothing_is_pending(world: &World, server: &Arc<Server>) {
    let courier = world.telling(server);
    for _ in 0..50 {
        pass(1_000).await;
        if world.shelf.pending() == 0 {
            break;
        }
    }
    courier.close().await;
}

#[tokio::test(start_paused = true)]
async fn f29_a_kill_between_any_two_steps_loses_nothing_and_repeats_nothing_by_another_name() {
    let mut kills = 0;
    for steps in 0.. {
        let world = World::new();
        let server = world.server();
        server.answer("a", &[Later(None), TakeAndBreak, Take]);
        server.answer("b", &[Take, Break, Later(None), Take]);
        let mut posted = Posted::new();
        let fuse = Fuse::after(steps);
        let courier = world.courier(&fuse);
        courier.start(receiver("mail", &server, &fuse));
        for _ in 0..3 {
            let key = world.post("mail", "x", &["a", "b"]);
            posted.extend(["a", "b"].map(|recipient| (recipient, "x".to_owned(), key.clone())));
            courier.wake();
            pass(3).await;
        }
        tokio::select! {
            () = fuse.blown.cancelled() => kills += 1,
            () = pass(300) => {}
        }
        let is_over = !fuse.blown.is_cancelled();
        drop(courier);
        tokio::task::yield_now().await;
        if is_over {
            check_laws(&world, &server, &posted).unwrap();
            break;
        }
        until_nothing_is_pending(&world, &server).await;
        check_laws(&world, &server, &posted).unwrap_or_else(|error| panic!("after {steps} steps: {error}"));
    }
    assert!(kills > 30, "{kills}");
}

#[derive(Clone, Debug)]
enum Step {
    Post { budget: u8, recipients: &'static [&'static str] },
    Answers(&'static str, Vec<Answer>),
    Kill { after: i64 },
    Stop,
    Wait(u64),
    SavesFail(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        3 => Just(Take),
        2 => Just(Later(None)),
        1 => Just(Later(Some(30))),
        2 => Just(TakeAndBreak),
        2 => Just(Break),
        1 => Just(Answer::Hang),
        1 => Just(Answer::Panic),
    ];
    let recipients: &[&'static [&'static str]] = &[&["a"], &["b"], &["a", "b"]];
    prop_oneof![
        5 => (0_u8..3, prop::sample::select(recipients))
            .prop_map(|(budget, recipients)| Step::Post { budget, recipients }),
        3 => (prop::sample::select(&["a", "b"][..]), prop::collection::vec(answer, 1..4))
            .prop_map(|(recipient, answers)| Step::Answers(recipient, answers)),
        3 => (0_i64..40).prop_map(|after| Step::Kill { after }),
        1 => Just(Step::Stop),
        4 => (0_u64..200).prop_map(Step::Wait),
        1 => (1_usize..4).prop_map(Step::SavesFail),
    ]
}

async fn play(steps: Vec<Step>) -> Result<(), String> {
    let world = World::new();
    let server = Server::slow(world.born, Duration::from_millis(300));
    let mut posted = Posted::new();
    let mut fuse = Fuse::never();
    let mut courier = world.courier(&fuse);
    courier.start(receiver("mail", &server, &fuse));
    for step in steps {
        match step {
            Step::Post { budget, recipients } => {
                let key = world.post("mail", &budget.to_string(), recipients);
                posted.extend(recipients.iter().map(|to| (*to, budget.to_string(), key.clone())));
                courier.wake();
            }
            Step::Answers(recipient, answers) => server.answer(recipient, &answers),
            Step::Kill { after } => {
                // The old process lives on for some steps of the outbox and the server.
                fuse.blow_after(after);
                pass(5).await;
                drop(courier);
                tokio::task::yield_now().await;
                fuse = Fuse::never();
                courier = world.courier(&fuse);
                courier.start(receiver("mail", &server, &fuse));
            }
            Step::Stop => {
                courier.close().await;
                courier.start(receiver("mail", &server, &fuse));
            }
            Step::Wait(seconds) => pass(seconds).await,
            Step::SavesFail(times) => world.shelf.failing.store(times, Ordering::SeqCst),
        }
    }
    courier.close().await;
    for recipient in ["a", "b"] {
        server.answer(recipient, &[Take]);
    }
    until_nothing_is_pending(&world, &server).await;
    check_laws(&world, &server, &posted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn f29_nothing_is_lost_nor_repeated_by_another_name_whatever_happens(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let result = runtime.block_on(play(steps));
        prop_assert!(result.is_ok(), "{}", result.unwrap_err());
    }
}
