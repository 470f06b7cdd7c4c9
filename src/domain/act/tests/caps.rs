//! Standing caps: put there, moved with the period, let go.

use super::fixture::*;
use crate::domain::act::record::Record;
use crate::domain::budget::Budget;
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::threshold::Mode;
use crate::domain::units::{Bytes, Limit};

fn capped(period: PeriodRule) -> Budget {
    let mut budget = budget("b", "freeze", Mode::Observe);
    budget.thresholds.clear();
    budget.standing_cap = Some(Mode::Enforce);
    budget.period = period;
    budget
}

#[test]
fn a_cap_is_put_where_the_counter_may_come_to_and_stays_there() {
    let mut world = World::calm(vec![capped(PeriodRule::Vendor)], &["a", "b"]);
    world.row("b").record.limit = Some(gigabytes(40));
    world.act();
    for used in [3, 20, 49] {
        world.row("a").used = used;
        world.turn();
    }
    let expected = Record { active: true, limit: Some(gigabytes(50)), auto_disable: Some(true) };
    assert_eq!(world.record("a"), expected);
    assert_eq!(world.writes.len(), 1, "{:?}", world.writes);
    assert_eq!(world.record("b").limit, Some(gigabytes(40)), "a person's lower one does the same");
    assert_eq!(world.told, [""; 0], "caps tell nobody");
}

#[test]
fn a_cap_that_a_person_raises_is_theirs_for_the_period() {
    let mut world = World::calm(vec![capped(PeriodRule::Vendor)], &["a"]);
    world.act();
    world.row("a").record.limit = Some(gigabytes(90));
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!(world.record("a").limit, Some(gigabytes(90)));
    assert_eq!(world.writes.len(), 1);
    world.starts = "2026-02-01";
    world.now = "2026-02-01T00:00:00Z".parse().unwrap();
    world.row("a").used = 0;
    world.turn();
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(50)), "a new period");
}

#[test]
fn a_cap_is_let_go_when_a_person_goes_below_it() {
    let mut world = World::calm(vec![capped(PeriodRule::Vendor)], &["a"]);
    world.act();
    world.row("a").record.limit = Some(gigabytes(30));
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!(world.record("a").limit, Some(gigabytes(30)));
    assert!(world.books.throttles.values().all(|throttle| throttle.own.limit == Some(gigabytes(30))));
}

#[test]
fn what_was_cut_off_at_a_cap_is_switched_on_again_with_the_next_one() {
    let mut world = World::calm(vec![capped(PeriodRule::Vendor)], &["a"]);
    world.act();
    // The vendor cuts off at the cap.
    world.row("a").used = 50;
    world.row("a").record.active = false;
    world.turn();
    world.budgets[0].amount = crate::domain::budget::amount::Amount::parse("60GB", None).unwrap();
    world.turn();
    world.turn();
    assert!(world.record("a").active);
    assert_eq!(world.record("a").limit, Some(Limit::Bytes(Bytes(60 * GB))));
}
