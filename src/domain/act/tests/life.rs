//! An action's life: modes, periods, grants, and what latches it.

use jiff::ToSpan;

use super::fixture::*;
use crate::domain::act::action::{ActionId, End, Outcome, Stage, What, Why};
use crate::domain::act::ask;
use crate::domain::act::gate::Gate;
use crate::domain::act::pick::{is_as_picked, pick};
use crate::domain::act::record::Record;
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Mode, Severity};
use crate::domain::grant::{Grant, Until};
use crate::domain::incident::SubUserIdentity;
use crate::domain::notice::{Content, Said};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

fn freeze(mode: Mode) -> Vec<Budget> {
    vec![budget("b", "freeze", mode)]
}

/// So many gigabytes more for "a" in this period.
fn granted(world: &World, gigabytes: u64) -> Grant {
    let who_for = SubUserIdentity { key: SubUserKey("a".into()), product: "mobile".into(), name: "a".into() };
    Grant {
        id: 1,
        budget: "b".into(),
        account: world.account.name.clone(),
        who_for,
        bytes: Bytes(gigabytes * GB),
        given: world.now,
        by: "ann".into(),
        until: Until::PeriodEnd { started: Some(at(0)) },
    }
}

#[test]
fn a_freeze_is_written_once_and_put_back_with_the_new_period() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a", "b"]);
    world.row("a").used = 51;
    for _ in 0..5 {
        world.turn();
    }
    assert_eq!(
        world.writes,
        ["a: active, limit 100.00 GB, does not cut off → disabled, limit 100.00 GB, does not cut off"]
    );
    assert_eq!(world.outcomes, [(What::Freeze, Outcome::Confirmed)]);
    assert_eq!(
        world.told,
        [
            "ops: b: a at acme is frozen (active, limit 100.00 GB, does not cut off → disabled, limit 100.00 GB, does not \
          cut off): its requests fail at the proxy; proxymeter actions undo 1 puts it back"
        ]
    );
    assert_eq!(world.open(), [""; 0]);

    world.starts = "2026-02-01";
    world.now = "2026-02-01T00:00:00Z".parse().unwrap();
    world.row("a").used = 0;
    for _ in 0..3 {
        world.turn();
    }
    assert_eq!(world.writes.len(), 2);
    assert_eq!(world.record("a"), world.record("b"), "as it was");
    assert!(world.books.throttles.is_empty());
    assert_eq!(world.outcomes[1], (What::Restore(Why::PeriodEnd), Outcome::Confirmed));
}

#[test]
fn f13_nothing_is_put_back_at_a_boundary_while_the_clocks_differ() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.starts = "2026-02-01";
    world.now = "2026-02-01T00:00:00Z".parse().unwrap();
    world.row("a").used = 0;
    world.terms.clocks_agree = false;
    world.turn();
    assert_eq!(world.writes.len(), 1);
    world.terms.clocks_agree = true;
    world.turn();
    assert_eq!(world.writes.len(), 2);
}

#[test]
fn f22_usage_round_a_threshold_acts_once_a_period() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    for used in [51, 40, 51, 39, 60, 45] {
        world.row("a").used = used;
        world.turn();
    }
    assert_eq!(world.writes.len(), 1, "{:?}", world.writes);
    assert!(!world.record("a").active, "a correction puts nothing back");
}

#[test]
fn observe_shows_before_and_after_and_writes_nothing() {
    let mut world = World::calm(freeze(Mode::Observe), &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.turn();
    assert_eq!(world.writes, [""; 0]);
    assert_eq!(world.open(), ["1 a freeze observed"]);
    let action = world.action(1);
    assert_eq!(action.before.map(|record| record.active), Some(true));
    assert_eq!(action.after.map(|record| record.active), Some(false));
    // A person may make a plan of it.
    let delta = ask::propose(&world.books, "b", None, "cli:ann", world.now);
    world.take(&delta);
    let hash = world.action(1).hash.clone();
    let approved = ask::approve(&world.books, ActionId(1), (&hash, false), "cli:ann", world.now).unwrap();
    world.take(&approved);
    world.turn();
    assert_eq!(world.writes.len(), 1);
}

#[test]
fn approval_runs_that_very_plan_or_none() {
    let mut world = World::calm(freeze(Mode::Approve), &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.turn();
    assert_eq!(world.writes, [""; 0]);
    assert_eq!(world.open(), ["1 a freeze waiting"]);
    let hash = world.action(1).hash.clone();
    let refused =
        ask::approve(&world.books, ActionId(1), ("000000000000", false), "cli:ann", world.now).unwrap_err();
    assert_eq!(refused.gate, Some(Gate::PlanMoved));
    // Usage moves with each look, and is no other plan.
    world.row("a").used = 53;
    world.look();
    assert_eq!(world.action(1).hash, hash);
    // The person's limit is.
    world.row("a").record.limit = Some(gigabytes(80));
    world.look();
    assert_eq!(world.stage(1), Stage::Ended(End::Moved));
    assert_eq!(world.open(), ["2 a freeze waiting"]);
    let refused = ask::approve(&world.books, ActionId(1), (&hash, false), "cli:ann", world.now).unwrap_err();
    assert_eq!(refused.gate, Some(Gate::PlanMoved));
    let hash = world.action(2).hash.clone();
    let approved = ask::approve(&world.books, ActionId(2), (&hash, false), "cli:ann", world.now).unwrap();
    world.take(&approved);
    // Between approval and write the world moves once more: nothing is written.
    world.row("a").record.limit = Some(gigabytes(70));
    world.act();
    assert_eq!(world.writes, [""; 0]);
    assert!(world.blocked.ends_with(&[Gate::PlanMoved]), "{:?}", world.blocked);
}

#[test]
fn a_plan_that_a_pause_refuses_keeps_its_number_and_hash_and_waits_to_be_approved_again() {
    let mut world = World::calm(freeze(Mode::Approve), &["a"]);
    world.row("a").used = 51;
    world.turn();
    let hash = world.action(1).hash.clone();
    let refused = ask::approve(&world.books, ActionId(1), (&hash, true), "cli:ann", world.now).unwrap_err();
    assert_eq!(refused.gate, Some(Gate::Paused));
    // A pause that comes between the approval and the write.
    let approved = ask::approve(&world.books, ActionId(1), (&hash, false), "cli:ann", world.now).unwrap();
    world.take(&approved);
    world.is_paused = true;
    world.act();
    world.is_paused = false;
    world.turn();
    assert_eq!((world.open(), world.writes.len()), (vec!["1 a freeze waiting (paused)".to_owned()], 0));
    assert_eq!(world.action(1).hash, hash);
    let approved = ask::approve(&world.books, ActionId(1), (&hash, false), "cli:ann", world.now).unwrap();
    world.take(&approved);
    world.act();
    assert_eq!(world.writes.len(), 1);
}

#[test]
fn a_plan_that_nobody_approves_expires_and_is_proposed_anew() {
    let mut budgets = freeze(Mode::Approve);
    budgets[0].thresholds[0].action.as_mut().unwrap().approve_within =
        Some(std::time::Duration::from_secs(600));
    let mut world = World::calm(budgets, &["a"]);
    world.row("a").used = 51;
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!(world.open(), ["2 a freeze waiting"]);
    assert!(world.blocked.contains(&Gate::Expired));
    // A reject latches it.
    let rejected = ask::reject(&world.books, ActionId(2), "cli:ann", world.now).unwrap();
    world.take(&rejected);
    for _ in 0..4 {
        world.turn();
    }
    assert_eq!((world.open(), world.writes.len()), (vec![], 0));
}

#[test]
fn f29_a_countdown_keeps_its_deadline_and_is_stopped_by_a_reject() {
    let mut budgets = freeze(Mode::Enforce);
    budgets[0].thresholds[0].action.as_mut().unwrap().countdown = Some(std::time::Duration::from_secs(840));
    let mut world = World::calm(budgets, &["a", "b"]);
    world.row("a").used = 51;
    world.row("b").used = 51;
    world.turn();
    let due = world.action(1).not_before.unwrap();
    assert_eq!(due, world.now + 14.minutes());
    let rejected = ask::reject(&world.books, ActionId(2), "cli:ann", world.now).unwrap();
    world.take(&rejected);
    // A restart or a reload: the same books, nothing else remembered.
    world.turn();
    assert_eq!(world.action(1).not_before, Some(due));
    assert_eq!(world.writes, [""; 0]);
    world.turn();
    world.turn();
    assert_eq!(world.writes.len(), 1, "{:?}", world.writes);
    assert!(world.record("b").active);
}

#[test]
fn a_raise_ends_a_countdown_and_what_stands_and_the_threshold_acts_again() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    assert!(!world.record("a").active);
    world.grants.push(granted(&world, 20));
    world.turn();
    assert!(world.record("a").active, "{:?} {:?}", world.log, world.open());
    assert_eq!(world.outcomes.last(), Some(&(What::Restore(Why::Raised), Outcome::Confirmed)));
    world.row("a").used = 69;
    world.turn();
    assert!(world.record("a").active);
    world.row("a").used = 71;
    world.turn();
    assert!(!world.record("a").active, "of 70 GB by now");
    assert_eq!(world.writes.len(), 3);
}

#[test]
fn a_grant_raises_the_limit_that_is_written_as_well() {
    let mut world = World::calm(vec![budget("b", "limit 55GB", Mode::Enforce)], &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.grants.push(granted(&world, 20));
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(100)), "of 70 GB nothing is over");
    world.row("a").used = 71;
    world.turn();
    assert_eq!(world.record("a").limit, Some(gigabytes(75)));
}

#[test]
fn f33_what_is_done_is_never_told_as_a_breach_and_the_operators_news_carry_no_budget() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.does = Does::Nothing;
    world.act();
    world.does = Does::AsTold;
    world.turn();
    world.turn();
    let notices = world.notices;
    assert!(notices.len() >= 3, "{notices:#?}");
    for notice in notices {
        match &notice.content {
            Content::Operation(operation) => assert!(!operation.troubles.is_empty(), "{notice:?}"),
            Content::Digest(_) | Content::Drill { .. } => panic!("{notice:?}"),
            Content::Budget(news) => {
                assert_eq!(&*news.budget, "b");
                assert!(news.items.iter().all(|item| matches!(item.said, Said::Acted(_))), "{notice:?}");
                let is_restore = notice.title.contains("is put back");
                assert_eq!(is_restore, notice.severity == Severity::Info, "{}", notice.title);
                assert!(
                    !notice.title.contains("over") && !notice.title.contains("used ="),
                    "{}",
                    notice.title
                );
            }
        }
    }
}

#[test]
fn what_is_rejected_after_it_was_picked_is_not_as_it_was_picked() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.look();
    let picked = pick(&world.books, &world.account.name, &world.terms, (50, false), world.now);
    let [work] = &*picked.work else { panic!("{picked:?}") };
    assert!(is_as_picked(&world.books, &world.account.name, work));
    let rejected = ask::reject(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&rejected);
    assert!(!is_as_picked(&world.books, &world.account.name, work));
}

#[test]
fn an_approval_is_held_against_what_the_newest_figures_would_change() {
    let mut world = World::calm(freeze(Mode::Approve), &["a"]);
    world.row("a").used = 51;
    world.turn();
    assert_eq!(ask::still(&world.news(), ActionId(1)), Ok(()));
    // A new period has begun, and nobody has looked since.
    world.starts = "2026-02-01";
    world.now = "2026-02-01T00:00:00Z".parse().unwrap();
    world.row("a").used = 0;
    let books = world.books.clone();
    let incidents = world.incidents.clone();
    world.look();
    (world.books, world.incidents) = (books, incidents);
    let refused = ask::still(&world.news(), ActionId(1)).unwrap_err();
    assert_eq!(refused.words, "action 1 does not wait for approval: it is over");
}

#[test]
fn an_undo_puts_back_and_latches() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    let (restore, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert_eq!(world.books.actions[&restore].stage, Stage::Ended(End::Confirmed));
    assert!(world.record("a").active);
    for _ in 0..4 {
        world.turn();
    }
    assert!(world.record("a").active, "no more in this period");
    let refused = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap_err();
    assert_eq!(refused.words, "nothing of action 1 stands at the vendor now; see proxymeter actions list");
}

#[test]
fn a_limit_is_written_with_the_cut_off_and_both_are_put_back() {
    let mut world = World::calm(vec![budget("b", "limit 55GB", Mode::Enforce)], &["a"]);
    let own = world.record("a");
    world.row("a").used = 51;
    world.turn();
    let expected = Record { active: true, limit: Some(gigabytes(55)), auto_disable: Some(true) };
    assert_eq!(world.record("a"), expected);
    let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    world.act();
    assert_eq!(world.record("a"), own);
    assert!(world.books.throttles.is_empty());
}

#[test]
fn f31_what_a_budget_lowered_that_is_gone_stands_until_a_person_says() {
    for keep in [false, true] {
        let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
        world.row("a").used = 51;
        world.turn();
        world.budgets[0].name = "renamed".into();
        // Under its new name it is another budget, and would freeze anew.
        world.budgets[0].thresholds[0].action = None;
        world.turn();
        world.turn();
        assert!(!world.record("a").active, "never forgotten, never put back unasked");
        let orphaned = world.told.iter().filter(|told| told.starts_with("operator: a at acme is held lower"));
        assert_eq!(orphaned.count(), 1, "{:?}", world.told);
        if keep {
            let delta = ask::keep(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
            world.take(&delta);
        } else {
            let (_, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
            world.take(&delta);
        }
        world.turn();
        assert_eq!(world.record("a").active, !keep);
        assert!(world.books.throttles.is_empty());
        world.look();
        assert!(world.books.concerns.is_empty());
    }
}

#[test]
fn f31_what_stands_at_an_account_that_is_configured_no_more_is_told_once_and_may_be_kept() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    let terms = std::collections::BTreeMap::new();
    for _ in 0..2 {
        let rules = crate::domain::act::step::Rules { budgets: &world.budgets, terms: &terms };
        let delta = crate::domain::act::step::step(&world.books, rules, &[], &world.incidents, world.now);
        world.take(&delta);
    }
    let told: Vec<&String> = world.told.iter().filter(|told| told.starts_with("operator")).collect();
    assert_eq!(
        told,
        [
            "operator: account acme is in the configuration no more, and 1 of its sub-users are held lower: put it back, \
          then proxymeter actions undo 1; or proxymeter actions keep leaves them so"
        ]
    );
    let delta = ask::keep(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    assert!(world.books.throttles.is_empty());
}

#[test]
fn f6_a_name_that_comes_back_with_another_id_is_not_acted_on_for_the_old_one() {
    let mut world = World::calm(freeze(Mode::Approve), &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.row("a").is_there = false;
    world.look();
    world.look();
    world.look();
    assert_eq!(world.open(), [""; 0], "what asked for it is gone");
}

#[test]
fn f23_a_restore_is_tried_until_it_is_read_back_and_told_when_it_is_late() {
    let mut world = World::calm(freeze(Mode::Enforce), &["a"]);
    world.row("a").used = 51;
    world.turn();
    world.does = Does::Nothing;
    let (restore, delta) = ask::undo(&world.books, ActionId(1), "cli:ann", world.now).unwrap();
    world.take(&delta);
    for _ in 0..12 {
        world.turn();
    }
    assert!(world.books.actions[&restore].tries >= 5);
    assert!(world.books.breakers.is_empty(), "a restore stops nobody");
    let late = world.told.iter().filter(|told| told.contains("is still throttled")).count();
    assert_eq!(late, 1, "{:?}", world.told);
    world.does = Does::AsTold;
    world.turn();
    world.turn();
    world.turn();
    assert!(world.record("a").active);
    world.look();
    assert!(world.books.concerns.is_empty());
}
