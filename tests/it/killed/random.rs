//! Killed at random moments, while receivers do at random what receivers do.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::laws::{Figures, Seen, hold};
use super::server::Act;
use super::*;
use crate::support::binary::{kill, pass};

/// Kills of one scenario, before all is looked at and begun anew.
const A_LIFE: usize = 10;

/// Scenarios at once.
const AT_ONCE: usize = 4;

#[test]
fn f29_killed_at_random_moments_nothing_is_lost_and_nothing_comes_by_another_name() {
    let kills: usize = std::env::var("PROXYMETER_TORTURE").map_or(8, |kills| kills.parse().unwrap());
    let seed =
        std::env::var("PROXYMETER_SEED").ok().map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("PROXYMETER_SEED={seed}");
    let lives: Vec<(u64, usize)> = (0..kills.div_ceil(A_LIFE))
        .map(|life| (seed.wrapping_add(life as u64), A_LIFE.min(kills - life * A_LIFE)))
        .collect();
    let mut all = Figures::default();
    for lives in lives.chunks(AT_ONCE) {
        let lives: Vec<_> =
            lives.iter().map(|&(seed, kills)| (seed, thread::spawn(move || live(seed, kills)))).collect();
        // All are waited for, so that no daemon is left where one failed.
        let ended: Vec<_> = lives.into_iter().map(|(seed, life)| (seed, life.join())).collect();
        for (seed, figures) in ended {
            let figures =
                figures.unwrap_or_else(|_| panic!("PROXYMETER_SEED={seed} PROXYMETER_TORTURE={A_LIFE}"));
            println!("{seed}: {figures:?}");
            all += figures;
        }
    }
    println!("{kills} kills: {all:?}");
}

/// Does at random one of these, each as often as its weight says; and ends a process at the request that is counted down
/// to, if there is one.
fn flaky(server: &Server, seed: u64, acts: &'static [(u32, Act)], countdown: &Arc<Countdown>) {
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let countdown = countdown.clone();
    server.plan(move || {
        let all: u32 = acts.iter().map(|(weight, _)| weight).sum();
        let mut left = random.lock().unwrap().u32(0..all);
        let is_it = |(weight, _): &&(u32, Act)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        };
        let act = acts.iter().find(is_it).unwrap().1;
        countdown.one();
        act
    });
}

/// Kills a process at a request.
#[derive(Default)]
struct Countdown {
    process: AtomicU32,
    /// Requests left; 0 where none is waited for.
    left: AtomicU32,
}

impl Countdown {
    fn one(&self) {
        let less = |left: u32| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) == Ok(1) {
            kill(self.process.load(Ordering::SeqCst));
        }
    }
}

const STEADY: &[(u32, Act)] = &[(9, Act::Take), (1, Act::TakeUnsaid)];

const FLAKY: &[(u32, Act)] = &[
    (10, Act::Take),
    (3, Act::TakeUnsaid),
    (3, Act::Refuse(500, "")),
    (3, Act::Refuse(429, "retry-after: 1\r\n")),
    (1, Act::Refuse(400, "")),
    (2, Act::Hang),
    (2, Act::Close),
];

/// One scenario: so many rounds, each of which ends with a kill.
fn live(seed: u64, kills: usize) -> Figures {
    let mut random = fastrand::Rng::with_seed(seed);
    let [steady, rough, spare] = [(); 3].map(|()| Server::start());
    let receivers = webhook("steady", &steady, 2, "")
        + &webhook("rough", &rough, 4, "fallback = \"spare\"\n")
        + &webhook("spare", &spare, 2, "")
        + "[receivers.ops]\nlog = true\n";
    let stage = Stage::new(12, &["steady", "rough", "ops"], &receivers);
    let countdown = Arc::new(Countdown::default());
    flaky(&steady, random.u64(..), STEADY, &countdown);
    flaky(&rough, random.u64(..), FLAKY, &countdown);
    flaky(&spare, random.u64(..), STEADY, &countdown);
    let mut daemon = stage.begin();
    for _ in 0..kills {
        countdown.process.store(daemon.id(), Ordering::SeqCst);
        if random.bool() {
            countdown.left.store(random.u32(1..12), Ordering::SeqCst);
        }
        assert!(stage.vendors.simulator.advance(SignedDuration::from_mins(random.i64(2..=12))));
        let grant = (random.u8(0..3) == 0).then(|| grant(&stage, &name(1 + 2 * random.usize(0..6))));
        pass(Duration::from_millis(random.u64(100..2_500)));
        countdown.left.store(0, Ordering::SeqCst);
        Stage::kill(daemon);
        // Whoever asks is killed as well: without a daemon it would own the store for a moment.
        if let Some(mut grant) = grant {
            grant.kill().unwrap();
            grant.wait().unwrap();
        }
        daemon = stage.again();
    }
    for server in [&steady, &rough, &spare] {
        server.plan(|| Act::Take);
    }
    // What was put off is due at once.
    Stage::kill(daemon);
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    let seen = [("steady", steady.seen()), ("rough", rough.seen()), ("spare", spare.seen())];
    let figures = hold(&rows, &Seen::from(seen));
    assert_eq!(daemon.stop(), Some(0));
    figures
}

/// Allows more: what was over ends.
fn grant(stage: &Stage, who: &str) -> Child {
    let mut command = stage.vendors.command(&["grant", who, who, "40GB"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
