//! What people do at the vendor while something of ours stands, or is about to.

use super::fixture::*;
use crate::domain::act::action::{ActionId, End, Stage};
use crate::domain::act::ask;
use crate::domain::act::gate::Gate;
use crate::domain::budget::threshold::Mode;

#[test]
fn f9_a_person_who_lowers_is_never_raised() {
    let mut world = World::calm(vec![budget("b", "limit 55GB", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.look();
    // Between the look and the write.
    world.row("a").record.limit = Some(gigabytes(52));
    world.act();
    world.turn();
    world.turn();
    assert_eq!(world.writes, [""; 0]);
    assert_eq!(world.record("a").limit, Some(gigabytes(52)));
    assert!(world.blocked.contains(&Gate::Person) && world.blocked.contains(&Gate::NotLower));
}

#[test]
fn a_change_between_look_and_write_is_compared_anew_and_then_lowered() {
    let mut world = World::calm(vec![budget("b", "limit 55GB", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.look();
    world.row("a").record.limit = Some(gigabytes(120));
    world.act();
    assert_eq!(world.writes, [""; 0], "not on the list that it was planned by");
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(55)));
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert_eq!(world.record("a").limit, Some(gigabytes(120)), "the person's newest value");
}

#[test]
fn a_person_who_raises_what_we_lowered_is_respected_for_the_period() {
    let mut world = World::calm(vec![budget("b", "limit 55GB", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").record.limit = Some(gigabytes(90));
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!(world.record("a").limit, Some(gigabytes(90)));
    let told: Vec<&String> =
        world.told.iter().filter(|told| told.contains("changed at the vendor")).collect();
    assert_eq!(
        told,
        [
            "operator: a at acme: changed at the vendor: limit 90.00 GB instead of limit 55.00 GB; no longer held by b/stop"
        ]
    );
}

#[test]
fn a_person_who_lowers_below_ours_keeps_that_after_the_restore() {
    let mut world = World::calm(vec![budget("b", "limit 60GB", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").record.limit = Some(gigabytes(57));
    world.turn();
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(57)), "not raised to ours");
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert_eq!(world.record("a").limit, Some(gigabytes(57)), "what a person changed meanwhile stays");
}

#[test]
fn a_person_who_switches_on_what_we_froze_is_respected() {
    let mut world = World::calm(vec![budget("b", "freeze", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").record.active = true;
    for _ in 0..4 {
        world.turn();
    }
    assert!(world.record("a").active);
    assert!(world.books.throttles.is_empty());
    assert_eq!(world.writes.len(), 1);
}

#[test]
fn a_limit_that_a_person_changed_during_a_freeze_stays() {
    let mut world = World::calm(vec![budget("b", "freeze", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").record.limit = Some(gigabytes(10));
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert!(world.record("a").active);
    assert_eq!(world.record("a").limit, Some(gigabytes(10)));
}

#[test]
fn a_change_during_a_countdown_ends_it_for_the_period() {
    let mut budgets = vec![budget("b", "freeze", Mode::Enforce)];
    budgets[0].thresholds[0].action.as_mut().unwrap().countdown = Some(std::time::Duration::from_secs(900));
    let mut world = World::calm(budgets, &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").record.limit = Some(gigabytes(60));
    for _ in 0..6 {
        world.turn();
    }
    assert_eq!(world.stage(1), Stage::Ended(End::Person));
    assert!(world.record("a").active && world.open().is_empty());
}
