//! Several budgets and a person on one sub-user, in every order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::*;
use crate::domain::act::action::{ActionId, Stage};
use crate::domain::act::ask;
use crate::domain::act::record::Record;
use crate::domain::budget::threshold::Mode;
use crate::domain::units::{Bytes, Limit};

/// What happens to the sub-user.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// A budget of these four asks for its action: limits of 55, 60 and 70 GB, and a freeze.
    Lowers(usize),
    /// A person undoes what a budget did.
    Undone(usize),
    /// A person writes a limit at the vendor, where the record can be seen.
    PersonLimits(u64),
    /// A look.
    Look,
}

const BUDGETS: [(&str, &str); 4] =
    [("c55", "limit 55GB"), ("c60", "limit 60GB"), ("c70", "limit 70GB"), ("f", "freeze")];

/// A second, simple idea of the same: who holds what, and what the person wants.
#[derive(Debug)]
struct Model {
    own: Limit,
    holds: BTreeMap<usize, u64>,
    frozen: bool,
    cuts_off: bool,
}

impl Model {
    fn lowest(&self) -> Limit {
        let lowest = self.holds.values().min().map(|gigabytes| gigabytes * GB);
        match (self.own, lowest) {
            (Limit::Bytes(Bytes(own)), Some(lowest)) if lowest < own => Limit::Bytes(Bytes(lowest)),
            (own, _) => own,
        }
    }

    fn person(&mut self, limit: Limit) {
        let (Limit::Bytes(Bytes(new)), shown) = (limit, self.lowest()) else { return };
        if shown == limit {
            return;
        }
        let was_lowered = shown != self.own;
        // Whoever raises it means it, whoever had lowered it before.
        if shown.bytes().is_some_and(|Bytes(shown)| new > shown) {
            self.holds.retain(|_, held| *held * GB >= new);
        }
        self.own = limit;
        // Whoever sets the limit has seen the flag.
        self.cuts_off |= was_lowered && self.lowest() == limit;
    }
}

fn world() -> World {
    let budgets = BUDGETS.map(|(name, what)| {
        let mut budget = budget(name, what, Mode::Observe);
        budget.thresholds[0].action.as_mut().unwrap().mode = Mode::Observe;
        budget
    });
    let mut world = World::calm(budgets.to_vec(), &["a"]);
    world.row("a").used = 51;
    world.look();
    world
}

fn lower(world: &mut World, name: &str) -> Option<ActionId> {
    let delta = ask::propose(&world.books, name, None, "ann", world.now);
    let action = delta.actions.first()?.clone();
    world.take(&delta);
    let approved = ask::approve(&world.books, action.id, (&action.hash, false), "ann", world.now).ok()?;
    world.take(&approved);
    world.act();
    Some(action.id)
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0_usize..4).prop_map(Happens::Lowers),
        (0_usize..4).prop_map(Happens::Undone),
        prop_oneof![Just(52_u64), Just(58), Just(65), Just(80), Just(130)].prop_map(Happens::PersonLimits),
        Just(Happens::Look),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_vendor_has_the_lowest_and_everything_can_be_put_back(all in prop::collection::vec(happens(), 1..14)) {
        let mut world = world();
        let mut model = Model { own: gigabytes(100), holds: BTreeMap::new(), frozen: false, cuts_off: false };
        for one in all {
            // A person's change is seen a minute after the last write.
            world.look();
            match one {
                Happens::Lowers(which) => {
                    let before = world.books.throttles.values().flat_map(|throttle| &throttle.holds).count();
                    lower(&mut world, BUDGETS[which].0);
                    world.act();
                    let after = world.books.throttles.values().flat_map(|throttle| &throttle.holds).count();
                    if after > before {
                        match which {
                            3 => model.frozen = true,
                            _ => drop(model.holds.insert(which, [55, 60, 70][which])),
                        }
                    }
                }
                Happens::Undone(which) => {
                    let holds = world.books.throttles.values().flat_map(|throttle| &throttle.holds);
                    let held = holds.filter(|hold| *hold.by.budget == *BUDGETS[which].0).map(|hold| hold.action).next();
                    if let Some(id) = held {
                        let (_, delta) = ask::undo(&world.books, id, "ann", world.now).unwrap();
                        world.take(&delta);
                        world.act();
                        match which {
                            3 => model.frozen = false,
                            _ => drop(model.holds.remove(&which)),
                        }
                    }
                }
                Happens::PersonLimits(limit) if world.record("a").active => {
                    world.row("a").record.limit = Some(gigabytes(limit));
                    model.person(gigabytes(limit));
                    world.look();
                }
                Happens::PersonLimits(_) | Happens::Look => world.look(),
            }
            prop_assert_eq!(world.record("a").active, !model.frozen, "{:?}", &world.log);
            if !model.frozen {
                prop_assert_eq!(world.record("a").limit, Some(model.lowest()), "{:?} {:?}", &world.log, &model);
            }
        }
        let everything = ask::standing(&world.books);
        for id in everything {
            world.look();
            if let Ok((_, delta)) = ask::undo(&world.books, id, "ann", world.now) {
                world.take(&delta);
                world.act();
            }
        }
        let own = Record { active: true, limit: Some(model.own), auto_disable: Some(model.cuts_off) };
        prop_assert_eq!(world.record("a"), own, "{:?}", &world.log);
        prop_assert!(world.books.throttles.is_empty(), "{:?}", &world.books.throttles);
        prop_assert!(!world.books.actions.values().any(|action| matches!(action.stage, Stage::Intent | Stage::Sent)));
    }
}
