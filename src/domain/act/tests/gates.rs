//! What stands in the way, each with its word.

use super::fixture::*;
use crate::domain::account::FreezeBy;
use crate::domain::act::action::What;
use crate::domain::act::gate::Gate;
use crate::domain::budget::threshold::Mode;
use crate::domain::traffic::Window;
use crate::domain::units::{Bytes, Limit};

/// What stops a limit of 55 GB, or a freeze, once 51 GB are used.
fn stopped(what: &str, prepare: impl FnOnce(&mut World)) -> (Vec<Gate>, usize) {
    let mut world = World::calm(vec![budget("b", what, Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    prepare(&mut world);
    for _ in 0..3 {
        world.turn();
    }
    (world.blocked, world.writes.len())
}

#[test]
fn each_gate_stops_and_is_told_once() {
    let once = |gate| (vec![gate], 0);
    assert_eq!(stopped("freeze", |_| {}), (vec![], 1));
    assert_eq!(stopped("limit 55GB", |_| {}), (vec![], 1));
    for what in ["freeze", "limit 55GB"] {
        assert_eq!(stopped(what, |world| world.terms.writes = false), once(Gate::WritesOff));
        assert_eq!(stopped(what, |world| world.terms.unit_pinned = false), once(Gate::Unit), "F19");
        assert_eq!(stopped(what, |world| world.is_paused = true), once(Gate::Paused));
        assert_eq!(stopped(what, |world| world.terms.own_users = vec!["a".into()]), once(Gate::MainUser));
        let protect = |world: &mut World| {
            world.terms.guard.protect = vec![crate::domain::budget::selector::Selector::new("a").unwrap()];
        };
        assert_eq!(stopped(what, protect), once(Gate::Protected));
    }
    let limit = "limit 55GB";
    for window in [Window::Lifetime, Window::Unknown] {
        let other = |world: &mut World| world.window = window;
        // Without a span that it counts, nothing is known to be over either.
        assert_eq!(stopped(limit, other).1, 0);
    }
    assert_eq!(stopped(limit, |world| world.counter_is_trusted = false), once(Gate::CounterOrigin));
    assert_eq!(stopped(limit, |world| world.row("a").used = 56), once(Gate::BelowCounter));
    let has = |limit| move |world: &mut World| world.row("a").record.limit = limit;
    assert_eq!(stopped(limit, has(Some(gigabytes(55)))), once(Gate::NotLower));
    assert_eq!(stopped(limit, has(Some(Limit::Blocked))), once(Gate::NotLower), "F20");
    assert_eq!(stopped(limit, has(None)), once(Gate::NotRestorable));
    assert_eq!(stopped(limit, has(Some(Limit::Unlimited))), (vec![], 1), "F20: null is no number");
    let published = |world: &mut World| {
        world.row("a").record.limit = Some(Limit::Unlimited);
        world.terms.can_lift = false;
    };
    assert_eq!(stopped(limit, published), once(Gate::NotRestorable));
    assert_eq!(stopped(limit, has(Some(gigabytes(166)))), once(Gate::Guard), "F19: more than three times");
    assert_eq!(stopped(limit, has(Some(gigabytes(165)))), (vec![], 1));
}

#[test]
fn f21_what_is_over_at_the_first_look_waits_for_a_whole_further_one() {
    let mut world = World::new(vec![budget("b", "freeze", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    assert_eq!(world.open(), ["1 a freeze due (first_pass)"]);
    assert_eq!(world.writes, [""; 0]);
    world.turn();
    assert_eq!(world.writes.len(), 1);
}

#[test]
fn stale_figures_act_on_nothing() {
    let mut world = World::calm(vec![budget("b", "freeze", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.is_paused = true;
    world.turn();
    world.is_paused = false;
    // Nobody answers for hours: what is judged is too old.
    world.now += jiff::ToSpan::hours(3);
    world.judge();
    assert_eq!(world.open(), ["1 a freeze due (stale)"]);
    world.act();
    assert_eq!(world.writes, [""; 0]);
}

#[test]
fn the_guard_lets_the_fastest_burner_go_first_and_bounds_no_restore() {
    let names = ["a", "b", "c", "d", "e"];
    let mut world = World::calm(vec![budget("b", "freeze", Mode::Enforce)], &names);
    world.terms.guard.max_actions_per_hour = 2;
    for name in names {
        world.row(name).used = 51;
    }
    world.look();
    // What the history would say of their pace.
    let fast: Vec<_> = world.books.actions.values().cloned().collect();
    for (place, mut action) in fast.into_iter().enumerate() {
        action.pace = [1, 5, 2, 9, 3][place];
        world.books.actions.insert(action.id, action);
    }
    world.act();
    let frozen =
        |world: &World| names.into_iter().filter(|name| !world.record(name).active).collect::<Vec<_>>();
    assert_eq!(frozen(&world), ["b", "d"]);
    assert_eq!(world.blocked, [Gate::Guard; 3]);
    assert_eq!(world.told[0], "ops: b: 3 wait");
    for _ in 0..11 {
        world.turn();
    }
    assert_eq!(frozen(&world), ["b", "d"], "within the hour");
    world.turn();
    world.turn();
    assert_eq!(frozen(&world), ["b", "c", "d", "e"]);
    world.starts = "2026-02-01";
    world.now = "2026-02-01T00:00:00Z".parse().unwrap();
    for name in names {
        world.row(name).used = 0;
    }
    world.turn();
    world.turn();
    assert_eq!(frozen(&world), [""; 0], "all at once");
}

#[test]
fn decodo_v1_is_frozen_by_a_limit_at_its_counter() {
    let mut world = World::calm(vec![budget("b", "freeze", Mode::Enforce)], &["a"]);
    world.terms.freeze_by = FreezeBy::LimitAtCounter;
    world.row("a").used = 51;
    world.turn();
    let record = world.record("a");
    assert_eq!((record.active, record.limit, record.auto_disable), (true, Some(gigabytes(51)), Some(true)));
    // A counter of nothing is still one step.
    let action = What::Freeze;
    let ceiling = crate::domain::act::carry::ceiling(
        action,
        Some(Bytes(0)),
        FreezeBy::LimitAtCounter,
        crate::domain::units::Gigabyte::Decimal,
    );
    assert_eq!(ceiling, Some(crate::domain::act::hold::Ceiling::Limit(Bytes(10_000_000))));
}
