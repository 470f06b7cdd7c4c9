//! Writes of which nobody heard, that did nothing, or that a dying process left behind.

use super::fixture::*;
use crate::domain::act::action::{ActionId, End, Outcome, Stage, What};
use crate::domain::act::ask;
use crate::domain::act::books::Delta;
use crate::domain::act::carry::under_way;
use crate::domain::act::record::Record;
use crate::domain::act::settle::{Found, intent};
use crate::domain::budget::threshold::Mode;

fn over(what: &str) -> World {
    let mut world = World::calm(vec![budget("b", what, Mode::Enforce)], &["a", "b"]);
    world.row("a").used = 51;
    world.look();
    world
}

#[test]
fn f4_one_that_is_deleted_before_the_write_ends_gone_and_is_not_tried_again() {
    let mut world = over("freeze");
    let writes = world.plan();
    world.row("a").is_there = false;
    for write in writes {
        world.take(&intent(&write, world.now));
        let found = world.write(&write);
        world.settle(&write, &found);
    }
    assert_eq!(world.stage(1), Stage::Ended(End::Gone));
    assert_eq!(world.outcomes, [(What::Freeze, Outcome::Gone)]);
    assert!(world.books.throttles.is_empty());
    for _ in 0..3 {
        world.turn();
    }
    assert_eq!(world.outcomes.len(), 1);
}

#[test]
fn f7_a_lost_answer_is_read_back_and_sent_again_with_the_same_value() {
    let mut world = over("limit 55GB");
    world.does = Does::Unheard;
    world.act();
    assert_eq!(world.outcomes, [(What::Limit(crate::domain::units::Bytes(55 * GB)), Outcome::Confirmed)]);

    let mut world = over("freeze");
    world.does = Does::Silence;
    world.act();
    assert_eq!(world.outcomes, [(What::Freeze, Outcome::Ambiguous)]);
    assert_eq!(world.stage(1), Stage::Due);
    world.does = Does::AsTold;
    world.turn();
    assert_eq!(world.outcomes[1..], [(What::Freeze, Outcome::Confirmed)]);
    assert_eq!(world.writes.len(), 1);

    // For ever: bounded, and then said.
    let mut world = over("freeze");
    world.does = Does::Silence;
    for _ in 0..20 {
        world.turn();
    }
    let ambiguous = (What::Freeze, Outcome::Ambiguous);
    assert_eq!(world.outcomes, [ambiguous, ambiguous, (What::Freeze, Outcome::VerifyFailed)]);
    assert!(world.books.breakers.contains_key(&world.account.name));
}

#[test]
fn f8_a_vendor_that_says_yes_and_does_nothing_stops_lowering_and_never_is_called_done() {
    for (does, what) in
        [(Does::Nothing, "freeze"), (Does::Nothing, "limit 55GB"), (Does::Rounds, "limit 55GB")]
    {
        let mut world = over(what);
        world.does = does;
        world.act();
        assert_eq!(world.outcomes.len(), 1);
        assert_eq!(world.outcomes[0].1, Outcome::VerifyFailed);
        assert_eq!(world.stage(1), Stage::Due);
        assert!(
            world
                .told
                .iter()
                .any(|told| told.starts_with("operator: action 1, a at acme: the vendor took a write"))
        );
        // Nobody else is lowered there either.
        world.does = Does::AsTold;
        world.row("b").used = 51;
        let written = world.writes.len();
        for _ in 0..4 {
            world.turn();
        }
        assert_eq!(world.writes.len(), written);
        // What stands there all the same can be put back, breaker or not.
        if does == Does::Rounds {
            let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
            world.take(&delta);
            world.act();
            assert_eq!(world.record("a").limit, Some(gigabytes(100)));
        }
        // A person lets it go on.
        let breakers = vec![(world.account.name.clone(), None)];
        world.take(&Delta { breakers, ..Delta::default() });
        world.turn();
        world.turn();
        assert!(world.record("b").limit != Some(gigabytes(100)) || !world.record("b").active);
    }
}

#[test]
fn f10_what_a_dying_process_left_is_settled_by_reading_back() {
    for (reached, what) in [(true, "freeze"), (false, "freeze"), (true, "limit 55GB"), (false, "limit 55GB")]
    {
        let mut world = over(what);
        let write = world.plan().remove(0);
        world.take(&intent(&write, world.now));
        if reached {
            world.write(&write);
        }
        // The process is gone; another begins with the books.
        let actions: Vec<_> = world.books.open().cloned().collect();
        assert_eq!(actions.len(), 1);
        let stands = world.books.throttles.values().next().unwrap();
        let again = under_way(actions, stands).unwrap();
        assert_eq!((again.change, again.before, again.after), (write.change, write.before, write.after));
        assert_eq!(
            (&again.throttle.holds, &again.throttle.own),
            (&write.throttle.holds, &write.throttle.own)
        );
        assert_eq!(again.stood, write.stood);
        let found = if reached { Found::Confirmed } else { Found::NotApplied };
        world.settle(&again, &found);
        world.turn();
        world.turn();
        assert_eq!(world.writes.len(), 1, "one effective change: {:?}", world.writes);
        assert_eq!(world.stage(1), Stage::Ended(End::Confirmed));
        let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
        world.take(&delta);
        world.act();
        assert_eq!(world.record("a"), world.record("b"), "put back as it was");
        assert!(world.books.throttles.is_empty());
    }
}

#[test]
fn f10_one_whom_the_vendor_cut_off_is_switched_on_after_a_crash_as_well() {
    let mut world = over("limit 55GB");
    world.act();
    assert_eq!(world.stage(1), Stage::Ended(End::Confirmed));
    // The vendor cuts it off at our limit.
    (world.row("a").used, world.row("a").record.active) = (55, false);
    world.look();
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    for _ in 0..2 {
        let writes = world.plan();
        let [write] = &*writes else { panic!("{writes:?}") };
        assert_eq!((write.change.active, write.before.active), (Some(true), false));
        world.take(&intent(write, world.now));
        let actions = world.books.open().cloned().collect();
        let again = under_way(actions, world.books.throttles.values().next().unwrap()).unwrap();
        assert_eq!(again.change, write.change);
        world.settle(&again, &Found::NotApplied);
        world.look();
    }
    world.act();
    assert_eq!(world.record("a"), world.record("b"), "put back as it was");
    assert!(world.books.throttles.is_empty());
}

#[test]
fn an_undo_ends_what_was_to_be_tried_again() {
    let mut world = over("limit 55GB");
    let write = world.plan().remove(0);
    world.take(&intent(&write, world.now));
    // The vendor rounds.
    world.row("a").record = Record { limit: Some(gigabytes(54)), ..write.after };
    world.settle(&write, &Found::Other(world.vendor["a"].record));
    assert_eq!(world.stage(1), Stage::Due);
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    assert_eq!(world.stage(1), Stage::Ended(End::Declined));
    world.books.breakers.clear();
    world.act();
    for _ in 0..5 {
        world.turn();
    }
    assert_eq!(world.record("a"), world.record("b"), "put back, and left so");
    assert!(world.books.throttles.is_empty());
}

#[test]
fn f8_a_write_that_shows_later_than_it_was_looked_for_is_known_and_can_be_put_back() {
    for what in ["freeze", "limit 55GB"] {
        let mut world = over(what);
        let write = world.plan().remove(0);
        world.take(&intent(&write, world.now));
        world.settle(&write, &Found::Ignored);
        assert!(
            world.books.throttles.values().all(|throttle| throttle.holds.iter().all(|hold| !hold.confirmed))
        );
        // The list was late: it did come to stand.
        world.does = Does::AsTold;
        world.write(&write);
        for _ in 0..4 {
            world.turn();
        }
        assert!(!world.told.iter().any(|told| told.contains("changed at the vendor")), "{:?}", world.told);
        let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
        world.take(&delta);
        world.act();
        assert_eq!(world.record("a"), world.record("b"), "put back as it was");
        assert!(world.books.throttles.is_empty());
    }
}

#[test]
fn f9_a_person_who_lowers_it_between_write_and_read_back_is_never_raised() {
    let mut world = over("limit 55GB");
    let write = world.plan().remove(0);
    world.take(&intent(&write, world.now));
    world.write(&write);
    world.row("a").record.limit = Some(gigabytes(40));
    let seen = world.record("a");
    world.settle(&write, &Found::Other(seen));
    assert_eq!(world.outcomes[0].1, Outcome::VerifyFailed);
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!(world.record("a").limit, Some(gigabytes(40)));
    assert!(world.books.throttles.is_empty());
}

#[test]
fn f8_what_was_ignored_is_not_confirmed_by_a_list_that_is_cut() {
    let mut world = over("freeze");
    world.does = Does::Nothing;
    world.act();
    world.books.breakers.clear();
    world.look();
    world.look();
    // The list that is compared with lacks the row, which says nothing of the record.
    world.row("a").is_there = false;
    let writes = world.plan();
    world.row("a").is_there = true;
    let [write] = &*writes else { panic!("{writes:?}") };
    assert_eq!((write.change.active, write.before.active, write.lowers), (Some(false), true, true));
    assert!(!world.log.contains(&"a confirmed".to_owned()), "{:?}", world.log);
    // So is what puts it back.
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.row("a").is_there = false;
    let writes = world.plan();
    world.row("a").is_there = true;
    let restores: Vec<_> = writes.iter().map(|write| (write.change.active, write.lowers)).collect();
    assert!(restores.is_empty() || restores == [(Some(true), false)], "{restores:?}");
}

#[test]
fn what_was_tried_and_never_came_to_stand_is_nobodys_change() {
    let mut world = over("limit 55GB");
    world.does = Does::Nothing;
    world.act();
    for _ in 0..4 {
        world.look();
    }
    assert!(!world.told.iter().any(|told| told.contains("changed at the vendor")), "{:?}", world.told);
    world.does = Does::AsTold;
    world.books.breakers.clear();
    world.turn();
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(55)), "{:?}", world.open());
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert_eq!(world.record("a"), world.record("b"));
    assert!(world.books.throttles.is_empty());
}

#[test]
fn what_the_vendor_refuses_stays_due_and_stops_nobody() {
    let mut world = over("freeze");
    world.does = Does::Refuses;
    world.act();
    assert_eq!(world.outcomes, [(What::Freeze, Outcome::Rejected)]);
    assert!(world.books.breakers.is_empty());
    world.does = Does::AsTold;
    world.turn();
    assert_eq!(world.stage(1), Stage::Ended(End::Confirmed));
}

#[test]
fn what_cannot_be_read_back_stays_open_and_is_not_written_again() {
    let mut world = over("freeze");
    let write = world.plan().remove(0);
    world.take(&intent(&write, world.now));
    world.write(&write);
    world.settle(&write, &Found::Unknown("the list is not complete".to_owned()));
    assert_eq!(world.stage(1), Stage::Sent);
    world.turn();
    assert_eq!(world.writes.len(), 1);
    world.settle(&write, &Found::Confirmed);
    assert_eq!(world.stage(1), Stage::Ended(End::Confirmed));
}

#[test]
fn usage_that_goes_on_rising_below_a_ceiling_is_told() {
    let mut world = over("freeze");
    world.act();
    // The vendor's delay, one look, and then it must not rise.
    for used in [52, 53, 53, 53, 53] {
        world.row("a").used = used;
        world.look();
    }
    assert!(!world.told.iter().any(|told| told.contains("does not hold")), "{:?}", world.told);
    world.row("a").used = 55;
    world.look();
    world.look();
    let told: Vec<&String> = world.told.iter().filter(|told| told.contains("does not hold")).collect();
    assert_eq!(
        told,
        [
            "operator: a at acme is lowered to nothing and has used 2.00 GB since: the vendor does not hold it; change its \
          password, or ask the vendor"
        ]
    );
}
