//! Killed at every call of an action: before it reached the vendor, after it was carried out, and after it was answered.

use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

use super::between::{Kind, Moment, Then};
use super::*;
use crate::support::binary::{Serving, kill};

/// The calls of one action, counted from its first write; those before it are counted from the crossing on.
///
/// A collector's calls come in between, and are met as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// The so many-eth list after the crossing.
    Before(u32),
    /// The write, and the so many-eth call after it.
    After(u32),
}

const ALL: [Call; 9] = [
    Call::Before(1),
    Call::Before(2),
    Call::Before(3),
    Call::After(0),
    Call::After(1),
    Call::After(2),
    Call::After(3),
    Call::After(4),
    Call::After(5),
];

/// In the short form one moment a step is enough: one that differs by the place.
const FEW: [Call; 4] = [Call::Before(3), Call::After(0), Call::After(1), Call::After(4)];

const MOMENTS: [Moment; 3] = [Moment::Arrived, Moment::Applied, Moment::Answered];

/// Has the daemon killed at a call; whether it was.
fn set(torture: &Torture, place: Place, (call, moment): (Call, Moment), id: u32) -> Arc<Mutex<bool>> {
    let (mut before, mut after) = (0, None);
    let is_met = Arc::new(Mutex::new(false));
    let met = is_met.clone();
    torture.between.at_each(move |seen| {
        if seen.account != place.name || seen.kind == Kind::Other || *met.lock().unwrap() {
            return Then::GoOn;
        }
        if seen.moment == Moment::Arrived {
            match (seen.kind, &mut after) {
                (_, Some(after)) => *after += 1,
                (Kind::Write, none) => *none = Some(0),
                (Kind::List, None) => before += 1,
                _ => {}
            }
        }
        let is_it = match call {
            Call::Before(so_many) => after.is_none() && seen.kind == Kind::List && before == so_many,
            Call::After(so_many) => after == Some(so_many),
        };
        if !is_it || seen.moment != moment {
            return Then::GoOn;
        }
        *met.lock().unwrap() = true;
        kill(id);
        Then::Cut
    });
    is_met
}

/// One sub-user after the other goes over its budget, and the daemon is killed at the next step of each; then all are put
/// back, and it is killed again.
fn at_each(place: Place, moment: Moment, calls: &[Call]) {
    let torture = Torture::new(&[place], calls.len());
    let mut daemon = torture.begin();
    for (turn, call) in calls.iter().enumerate() {
        let is_met = set(&torture, place, (*call, moment), daemon.id());
        torture.turn(turn);
        daemon = until_killed(&torture, daemon, &is_met, None);
        let who = name(&place, turn);
        torture.wait(&daemon, &format!("{call:?} {moment:?}"), || torture.steps(&who, "confirmed") == 1);
    }
    for (turn, call) in calls.iter().enumerate() {
        let who = name(&place, turn);
        let standing = torture.actions()["standing"].clone();
        let stands = standing.as_array().unwrap().iter().find(|stands| stands["sub_user"] == *who).unwrap();
        let is_met = set(&torture, place, (*call, moment), daemon.id());
        let arguments = ["actions", "undo", &stands["id"].to_string(), "--yes"].map(str::to_owned);
        let mut undo = torture.vendors.command(&arguments.each_ref().map(String::as_str));
        let mut undo =
            undo.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        // Until it is asked for nobody knows of it, so that it is killed at a step of the restore or not at all.
        daemon = until_killed(&torture, daemon, &is_met, Some(&mut undo));
        torture.wait(&daemon, &format!("undo {call:?} {moment:?}"), || {
            let stands = torture.actions()["standing"].clone();
            stands.as_array().unwrap().iter().all(|stands| stands["sub_user"] != *who)
                || torture.steps(&who, "proposed") == 1
        });
        end(&mut undo);
    }
    torture.finish(Some(daemon));
}

/// Waits for the kill, or for a moment in which there was no such step, and starts again.
///
/// A command that asked is killed with the daemon: with nobody there it would own the store itself.
fn until_killed(
    torture: &Torture,
    daemon: Serving,
    is_met: &Mutex<bool>,
    asking: Option<&mut Child>,
) -> Serving {
    for _ in 0..100 {
        if *is_met.lock().unwrap() {
            if let Some(asking) = asking {
                end(asking);
            }
            torture.between.let_pass();
            drop(daemon);
            return torture.again();
        }
        Torture::rest(50);
    }
    torture.between.let_pass();
    daemon
}

fn end(asking: &mut Child) {
    // It may have ended by itself.
    drop(asking.kill());
    asking.wait().unwrap();
}

fn at_every(place: Place) {
    let (calls, moments): (&[Call], &[Moment]) = match asked() {
        Some(_) => (&ALL, &MOMENTS),
        None => (&FEW, &MOMENTS[1..2]),
    };
    let moments = moments.iter().map(|moment| thread::spawn(move || at_each(place, *moment, calls)));
    for moment in moments.collect::<Vec<_>>() {
        moment.join().unwrap();
    }
}

#[test]
fn f10_a_freeze_at_oxylabs() {
    at_every(OXYLABS);
}

#[test]
fn f10_a_freeze_by_a_limit_at_decodo_v1() {
    at_every(CLASSIC);
}

#[test]
fn f10_a_limit_at_decodo_v2() {
    at_every(KEYED);
}
