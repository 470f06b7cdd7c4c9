//! Killed at random moments, at vendors that lie at random.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use proxymeter::simulator::{Fault, FaultRule, RetryAfter};

use super::*;
use crate::support::binary::kill;

/// Kills of one scenario, before all is looked at and begun anew.
const A_LIFE: usize = 10;

/// Scenarios at once.
const AT_ONCE: usize = 10;

#[test]
fn f10_killed_at_random_moments_it_does_nothing_twice_and_forgets_nothing() {
    let kills = asked().unwrap_or(5);
    let seed =
        std::env::var("PROXYMETER_SEED").ok().map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("PROXYMETER_SEED={seed}");
    let lives: Vec<(u64, usize)> = (0..kills.div_ceil(A_LIFE))
        .map(|life| (seed.wrapping_add(life as u64), A_LIFE.min(kills - life * A_LIFE)))
        .collect();
    let mut all = laws::Figures::default();
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

/// One scenario: so many rounds, each of which ends with a kill.
fn live(seed: u64, kills: usize) -> laws::Figures {
    let mut random = fastrand::Rng::with_seed(seed);
    let torture = Torture::new(&[OXYLABS, CLASSIC, KEYED], 8);
    let mut daemon = torture.begin();
    let paused = random.usize(0..kills);
    for round in 0..kills {
        lie(&torture, &mut random);
        let after = Duration::from_millis(random.u64(100..4_000));
        let id = daemon.id();
        let killer = thread::spawn(move || {
            pass(after);
            kill(id);
        });
        torture.vendors.simulator.advance(TURN * random.i32(1..=2));
        if round == paused {
            pause(&torture);
        }
        let mut commands = vec![spawn(&torture, &["resume"])];
        for command in wishes(&torture, &mut random) {
            let command: Vec<&str> = command.iter().map(String::as_str).collect();
            commands.push(spawn(&torture, &command));
        }
        killer.join().unwrap();
        drop(daemon);
        // Whoever asks is killed as well, some before they have asked.
        for command in &mut commands {
            command.kill().unwrap();
            command.wait().unwrap();
        }
        daemon = torture.again();
    }
    torture.finish(Some(daemon))
}

/// From when `pause` has returned until `resume` is called nothing is lowered.
fn pause(torture: &Torture) {
    torture.vendors.run(&["pause", "--reason", "torture"]).ended_with(0);
    let since = torture.between.now();
    Torture::rest(500);
    for change in torture.between.changes() {
        assert!(change.at < since || !change.lowers(), "lowered while it was paused: {change:?}");
    }
}

/// Faults of this round, besides those of the rounds before; every other one begins with none.
fn lie(torture: &Torture, random: &mut fastrand::Rng) {
    if random.bool() {
        torture.vendors.simulator.clear_faults();
    }
    let seconds = SignedDuration::from_secs;
    for (fault, operation, most) in [
        (Fault::LoseAnswer, "writes", 0.6),
        (Fault::Status(429, Some(RetryAfter::Seconds(seconds(1)))), "writes", 0.5),
        (Fault::Status(503, None), "writes", 0.3),
        (Fault::IgnoreWrite, "writes", 0.3),
        (Fault::RoundWrite, "writes", 0.3),
        (Fault::Late(SignedDuration::from_millis(700)), "writes", 0.4),
        (Fault::Cut(0.6), "list-sub-users", 0.3),
        (Fault::Status(503, None), "list-sub-users", 0.2),
        (Fault::LoseAnswer, "reads", 0.1),
    ] {
        if random.f64() < 0.5 {
            let probability = random.f64() * most;
            let rule =
                FaultRule { operation: Some(operation.to_owned()), probability, ..FaultRule::always(fault) };
            torture.vendors.simulator.add_fault(rule);
        }
    }
}

/// What people ask for in a round: some is undone, and some get more.
fn wishes(torture: &Torture, random: &mut fastrand::Rng) -> Vec<Vec<String>> {
    let mut wishes = Vec::new();
    for stands in torture.actions()["standing"].as_array().unwrap() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let name = stands["sub_user"].as_str().unwrap();
        match random.u8(0..10) {
            0 => wishes.push(words(&["actions", "undo", &stands["id"].to_string(), "--yes"])),
            1..4 => wishes.push(words(&["grant", &budget(name), name, "20GB"])),
            _ => {}
        }
    }
    wishes
}

fn spawn(torture: &Torture, arguments: &[&str]) -> std::process::Child {
    let mut command: Command = torture.vendors.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
