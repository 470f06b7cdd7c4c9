//! What happens at the worst moment: a person, a pause, a cut list, a full disk, a second process, a clock that is off.

use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proxymeter::simulator::{ByHand, Fault, FaultRule};

use super::between::{Kind, Moment, Then};
use super::*;
use crate::support::binary::{Serving, proxymeter};
use crate::support::require;

/// Does something once, when the first write to an account is at this moment; whether that was.
fn at_the_write(
    torture: &Torture,
    place: Place,
    moment: Moment,
    act: impl Fn() + Send + 'static,
) -> Arc<Mutex<bool>> {
    let is_done = Arc::new(Mutex::new(false));
    let done = is_done.clone();
    torture.between.at_each(move |seen| {
        let mut done = done.lock().unwrap();
        if seen.account == place.name && seen.kind == Kind::Write && seen.moment == moment && !*done {
            *done = true;
            act();
        }
        Then::GoOn
    });
    is_done
}

/// A person changes the first sub-user when the write that lowers it is at this moment; then all is put back.
fn a_person_changes(place: Place, moment: Moment, change: ByHand) -> (Torture, Serving) {
    let torture = Torture::new(&[place], 3);
    let daemon = torture.begin();
    let (simulator, who) = (torture.vendors.simulator.clone(), name(&place, 0));
    at_the_write(&torture, place, moment, move || {
        assert!(simulator.change_by_hand(place.name, &who, change));
    });
    torture.turn(0);
    (torture, daemon)
}

fn undone(torture: &Torture, daemon: &Serving, place: Place) -> Record {
    torture.quiet(daemon);
    torture.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    torture.quiet(daemon);
    torture.records()[&(place.name.to_owned(), name(&place, 0))]
}

#[test]
fn f9_a_limit_that_a_person_sets_between_the_list_and_the_write_stays() {
    let limit = Some(Limit::Bytes(Bytes(70 * GB)));
    let (torture, daemon) = a_person_changes(OXYLABS, Moment::Arrived, ByHand { limit, ..ByHand::default() });
    torture.wait(&daemon, "frozen", || torture.steps(&name(&OXYLABS, 0), "confirmed") == 1);
    let after = undone(&torture, &daemon, OXYLABS);
    assert_eq!((after.active, after.limit), (true, limit), "{}", daemon.log());
    assert_eq!(torture.between.changes().len(), 2);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f9_one_whom_a_person_switches_off_between_the_list_and_the_write_is_not_switched_on() {
    let off = ByHand { enabled: Some(false), ..ByHand::default() };
    let (torture, daemon) = a_person_changes(KEYED, Moment::Arrived, off);
    let who = name(&KEYED, 0);
    torture.wait(&daemon, "limited", || torture.steps(&who, "confirmed") == 1);
    let undone = torture.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(5);
    assert!(undone.stdout.contains("is refused, person"), "{}", undone.told());
    torture.looked(&daemon, 3);
    assert!(!torture.records()[&(KEYED.name.to_owned(), who.clone())].active);
    // Switched on again, the rest is put back.
    let on = ByHand { enabled: Some(true), ..ByHand::default() };
    assert!(torture.vendors.simulator.change_by_hand(KEYED.name, &who, on));
    torture.quiet(&daemon);
    assert_eq!(torture.records(), torture.start);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f9_what_a_person_switches_on_before_it_is_read_back_is_never_called_confirmed() {
    let on = ByHand { enabled: Some(true), ..ByHand::default() };
    let (torture, daemon) = a_person_changes(OXYLABS, Moment::Applied, on);
    let who = name(&OXYLABS, 0);
    torture.wait(&daemon, "found out", || torture.steps(&who, "verify_failed") == 1);
    torture.looked(&daemon, 20);
    assert_eq!(torture.steps(&who, "confirmed"), 0);
    assert_eq!(torture.between.changes().len(), 1, "nothing more is written until a person has looked");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f5_a_freeze_is_not_confirmed_by_lists_that_are_cut() {
    let torture = Torture::new(&[OXYLABS], 4);
    let daemon = torture.begin();
    let simulator = torture.vendors.simulator.clone();
    at_the_write(&torture, OXYLABS, Moment::Applied, move || {
        let operation = Some("list-sub-users".to_owned());
        simulator.add_fault(FaultRule { operation, ..FaultRule::always(Fault::Cut(0.7)) });
    });
    torture.turn(0);
    let who = name(&OXYLABS, 0);
    torture.wait(&daemon, "written", || torture.steps(&who, "ambiguous") > 0);
    torture.looked(&daemon, 4);
    assert_eq!(torture.steps(&who, "confirmed"), 0);
    torture.vendors.simulator.clear_faults();
    torture.wait(&daemon, "confirmed", || torture.steps(&who, "confirmed") == 1);
    assert_eq!(torture.between.changes().len(), 1);
    torture.finish(Some(daemon));
}

#[test]
fn once_pause_has_returned_nothing_is_lowered() {
    // Slow, so that writes wait for their turn while somebody pauses.
    let torture = Torture::with(&[OXYLABS], 8, SignedDuration::ZERO, "requests_per_second = 4\n");
    let daemon = torture.begin();
    let is_writing = at_the_write(&torture, OXYLABS, Moment::Arrived, || {});
    torture.turn(7);
    torture.wait(&daemon, "the first write", || *is_writing.lock().unwrap());
    torture.vendors.run(&["pause"]).ended_with(0);
    let since = torture.between.now();
    torture.looked(&daemon, 5);
    let late = torture.between.changes();
    let late: Vec<_> = late.iter().filter(|change| change.at > since).collect();
    assert!(late.is_empty(), "paused since {since}: {late:#?}\n{}", daemon.log());
    torture.finish(Some(daemon));
}

#[test]
fn f11_a_second_process_is_refused_and_writes_nothing() {
    let torture = Torture::new(&[OXYLABS], 3);
    let daemon = torture.begin();
    let refused = torture.vendors.run(&["serve"]);
    assert_ne!(refused.code(), Some(0));
    assert!(refused.stderr.contains(&format!("process {}", daemon.id())), "{}", refused.told());
    torture.turn(0);
    let refused = torture.vendors.run(&["serve"]);
    assert_ne!(refused.code(), Some(0));
    torture.quiet(&daemon);
    assert_eq!(torture.between.changes().len(), 1);
    torture.finish(Some(daemon));
}

#[test]
fn f13_while_the_vendors_clock_is_off_no_period_ends() {
    let now = proxymeter::collect::clock::Clock::new().now().to_zoned(TimeZone::UTC);
    let boundary = now.date().first_of_month().to_zoned(TimeZone::UTC).unwrap().timestamp();
    let before = SignedDuration::from_hours(36);
    let torture = Torture::with(&[OXYLABS], 2, now.timestamp().duration_since(boundary) + before, "");
    let daemon = torture.begin();
    torture.turn(0);
    torture.quiet(&daemon);
    let who = (OXYLABS.name.to_owned(), name(&OXYLABS, 0));
    assert!(!torture.records()[&who].active);
    torture.between.clocks_off(SignedDuration::from_mins(2));
    torture.looked(&daemon, 2);
    // To the first minute of the next period.
    assert!(torture.vendors.simulator.advance(before));
    torture.looked(&daemon, 6);
    assert!(!torture.records()[&who].active, "held\n{}", daemon.log());
    torture.between.clocks_off(SignedDuration::ZERO);
    torture.wait(&daemon, "put back", || torture.records()[&who].active);
    assert_eq!(daemon.stop(), Some(0));
}

/// From now on the process finds no room for another byte in any file, or finds room again.
fn room(id: u32, is_there: bool) {
    let size = if is_there { "--fsize=unlimited:unlimited" } else { "--fsize=0:unlimited" };
    let status = Command::new("prlimit").args(["--pid", &id.to_string(), size]).status().unwrap();
    assert!(status.success());
}

/// A daemon that can be told that there is no room.
fn begin_without_room(torture: &Torture) -> Serving {
    let serve = proxymeter(torture.vendors.folder(), &["serve", "--new-store"]);
    let mut command = Command::new("sh");
    // The signal that comes with the error would end it.
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
    command.current_dir(torture.vendors.folder()).env_clear();
    let daemon = Serving::start(command);
    torture.looked(&daemon, 3);
    daemon
}

#[test]
fn f32_without_room_for_the_intent_nothing_is_written() {
    if require("prlimit").is_none() {
        return;
    }
    let torture = Torture::new(&[OXYLABS], 3);
    let daemon = begin_without_room(&torture);
    room(daemon.id(), false);
    torture.turn(0);
    torture.looked(&daemon, 5);
    assert!(torture.between.changes().is_empty());
    let page = daemon.get("/metrics").1;
    assert!(page.contains("proxymeter_sub_user_traffic_bytes{"), "metrics go on");
    room(daemon.id(), true);
    torture.wait(&daemon, "frozen", || torture.steps(&name(&OXYLABS, 0), "confirmed") == 1);
    torture.finish(Some(daemon));
}

#[test]
fn f32_without_room_for_the_outcome_it_is_read_back_later() {
    if require("prlimit").is_none() {
        return;
    }
    let torture = Torture::new(&[OXYLABS], 3);
    let daemon = begin_without_room(&torture);
    let id = daemon.id();
    let is_written = at_the_write(&torture, OXYLABS, Moment::Applied, move || room(id, false));
    torture.turn(0);
    torture.wait(&daemon, "written", || *is_written.lock().unwrap());
    torture.looked(&daemon, 5);
    assert_eq!(torture.steps(&name(&OXYLABS, 0), "confirmed"), 0);
    room(id, true);
    torture.wait(&daemon, "confirmed", || torture.steps(&name(&OXYLABS, 0), "confirmed") == 1);
    assert_eq!(torture.between.changes().len(), 1);
    torture.finish(Some(daemon));
}

/// At the vendors that freeze by a limit, traffic goes on up to it: who reaches it just before the limit is raised is off,
/// and no higher limit alone switches anybody on.
#[test]
fn f23_one_whom_the_vendor_cuts_off_between_the_list_and_the_restore_is_switched_on() {
    let torture = Torture::new(&[CLASSIC], 3);
    let daemon = torture.begin();
    torture.turn(0);
    torture.quiet(&daemon);
    let simulator = torture.vendors.simulator.clone();
    at_the_write(&torture, CLASSIC, Moment::Arrived, move || {
        assert!(simulator.advance(SignedDuration::from_mins(1)));
    });
    torture.vendors.run(&["actions", "undo", "--all", "--yes"]);
    torture.finish(Some(daemon));
}
