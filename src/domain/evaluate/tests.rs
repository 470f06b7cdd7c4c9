//! The failure table by its numbers, and laws.

mod fixture;
mod grants;
mod laws;
mod missing;
mod others;
mod periods;
mod words;

use fixture::*;
use jiff::ToSpan;

use super::*;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::{Condition, Mode, Threshold};
use crate::domain::budget::{Budget, Per};
use crate::domain::traffic::Window;
use crate::domain::units::Bytes;

#[test]
fn f1_a_new_period_ends_what_was_open_and_arms_again_once() {
    let mut month = Month::new(vec![ladder(&[80, 100])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80] at first look"]);
    month.look(at(30, 0), &[("1", "a", 95)]);
    assert_eq!(told(&month.events), NOTHING);

    month.starts_on("2026-02-01");
    month.look(at(32, 0), &[("1", "a", 3)]);
    assert_eq!(told(&month.events), ["ended a t80 period_end", "period began"]);
    month.look(at(40, 0), &[("1", "a", 85)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80]"]);
    month.look(at(41, 0), &[("1", "a", 86)]);
    assert_eq!(told(&month.events), NOTHING, "armed once");
}

#[test]
fn a_budget_without_thresholds_is_looked_at_and_tells_nothing() {
    let capped = Budget { standing_cap: Some(Mode::Enforce), ..ladder(&[]) };
    let mut month = Month::new(vec![capped]);
    month.look(at(2, 0), &[("1", "a", 120)]);
    month.starts_on("2026-02-01");
    month.look(at(32, 0), &[("1", "a", 3)]);
    assert_eq!(told(&month.events), ["period began"]);
}

#[test]
fn f1_oxylabs_period_goes_on_until_the_vendor_shows_a_new_start() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    month.look(at(33, 0), &[("1", "a", 91)]);
    assert_eq!(told(&month.events), NOTHING, "two days late");
    assert_eq!(month.open("a"), ["t80 firing"]);
}

#[test]
fn f1_the_old_figure_just_after_a_boundary_is_not_the_new_periods() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(30, 0), &[("1", "a", 90)]);
    month.starts_on("2026-02-01");
    month.look(at(31, 0) + 5.minutes(), &[("1", "a", 91)]);
    assert_eq!(told(&month.events), ["ended a t80 period_end", "period began"]);
    month.look(at(31, 0) + 10.minutes(), &[("1", "a", 1)]);
    assert_eq!(told(&month.events), NOTHING, "settled");
    month.look(at(31, 0) + 12.minutes(), &[("1", "a", 95)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80]"]);
}

#[test]
fn f2_a_correction_is_not_a_reset() {
    let mut month = Month::new(vec![ladder(&[80, 100])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    month.look(at(3, 0), &[("1", "a", 40)]);
    assert_eq!(told(&month.events), ["corrected a from 90.00 GB to 40.00 GB"]);
    assert_eq!(month.open("a"), ["t80 firing"], "nothing is resolved");
    month.look(at(4, 0), &[("1", "a", 40)]);
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(5, 0), &[("1", "a", 85)]);
    assert_eq!(told(&month.events), NOTHING, "latched");
    month.look(at(6, 0), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), ["fired a t100 [t100]"]);
}

#[test]
fn f6_a_name_with_a_new_id_is_a_new_target() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    month.look(at(3, 0), &[("2", "a", 1)]);
    assert_eq!(told(&month.events), ["ended a t80 gone"]);
    month.look(at(4, 0), &[("2", "a", 85)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80]"], "no latch is inherited");
}

#[test]
fn f2_a_correction_lifts_no_hold_and_arms_nothing_in_any_order_of_looks() {
    let mut month = Month::new(vec![ladder(&[50, 80])]);
    for (hour, used) in [(0, 85), (1, 30), (2, 60), (3, 85), (4, 10), (5, 84)] {
        month.look(at(2, hour), &[("1", "a", used)]);
        assert!(!told(&month.events).iter().any(|event| event.starts_with("ended")), "{hour}");
        let fires = told(&month.events).iter().filter(|event| event.starts_with("fired")).count();
        assert_eq!(fires, usize::from(hour == 0), "{hour}");
        assert_eq!(month.open("a"), ["t80 firing"], "{hour}");
    }
}

#[test]
fn f18_a_jump_over_three_thresholds_is_one_event_and_all_are_latched() {
    let mut month = Month::new(vec![ladder(&[50, 80, 100, 120])]);
    month.look(at(2, 0), &[("1", "a", 10)]);
    month.look(at(3, 0), &[("1", "a", 110)]);
    assert_eq!(told(&month.events), ["fired a t100 [t50 t80 t100]"]);
    month.look(at(4, 0), &[("1", "a", 119)]);
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(5, 0), &[("1", "a", 120)]);
    assert_eq!(told(&month.events), ["fired a t120 [t120]"]);
    assert_eq!(month.open("a"), ["t120 firing"], "one row, at the highest");
}

#[test]
fn f20_a_share_of_no_limit_is_unknown_and_said_once() {
    let mut month = Month::new(vec![with_amount("80% of limit", &[100])]);
    month.limit = Some(Limit::Unlimited);
    month.look(at(2, 0), &[("1", "a", 900), ("2", "b", 900)]);
    let reason = "no vendor cap: a share of no limit is nothing";
    assert_eq!(told(&month.events), [format!("unjudged 2 [a b]: {reason}")]);
    month.look(at(3, 0), &[("1", "a", 990), ("2", "b", 990)]);
    assert_eq!(told(&month.events), NOTHING);
    month.limit = Some(Limit::Bytes(Bytes(2_000 * GB)));
    month.look(at(4, 0), &[("1", "a", 990), ("2", "b", 990)]);
    assert_eq!(told(&month.events), ["judged again: no_vendor_cap"]);
}

#[test]
fn f20_a_limit_of_nothing_is_reached_by_anything_and_not_by_nothing() {
    let mut month = Month::new(vec![with_amount("100% of limit", &[80])]);
    month.limit = Some(Limit::Blocked);
    month.look(at(2, 0), &[("1", "a", 0), ("2", "b", 1)]);
    assert_eq!(told(&month.events), ["fired b t80 [t80] at first look"]);
}

#[test]
fn a_share_of_the_limit_is_of_the_persons_and_not_of_ours() {
    let mut month = Month::new(vec![with_amount("80% of limit", &[100])]);
    month.limit = Some(Limit::Bytes(Bytes(50 * GB)));
    month.holds.insert(SubUserKey("1".into()), Limit::Bytes(Bytes(100 * GB)));
    month.look(at(2, 0), &[("1", "a", 50)]);
    assert_eq!(told(&month.events), NOTHING);
}

#[test]
fn f21_what_was_over_before_the_first_look_waits_for_a_further_one() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80] at first look"]);
    assert!(!month.borne_out("a"));
    month.evaluate(at(2, 0) + 1.minute());
    assert!(!month.borne_out("a"), "the same look");
    month.look(at(2, 0) + 5.minutes(), &[("1", "a", 90)]);
    assert_eq!((told(&month.events), month.borne_out("a")), (vec![], true));

    month.budgets = vec![ladder(&[80, 85])];
    month.look(at(2, 0) + 10.minutes(), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t85 [t85] at first look"], "a threshold that was added");
}

#[test]
fn f22_what_swings_round_a_threshold_fires_once_and_clears_at_its_level() {
    let mut rolling = Month::new(vec![rolling(&[80])]);
    for (minute, used, expected) in [
        (0, 90, vec!["fired a t80 [t80] at first look"]),
        (5, 79, vec![]),
        (10, 81, vec![]),
        (15, 76, vec![]),
        (20, 75, vec!["ended a t80 below"]),
        (25, 79, vec![]),
        (30, 80, vec!["fired a t80 [t80]"]),
    ] {
        rolling.rolled = Some(Bytes(used * GB));
        rolling.look(at(2, 0) + i64::from(minute).minutes(), &[("1", "a", 500)]);
        assert_eq!(told(&rolling.events), expected, "{minute}");
    }
    let mut limit = Month::new(vec![with_amount("100% of limit", &[80])]);
    for (minute, gigabytes, expected) in [
        (0, 100, vec!["fired a t80 [t80] at first look"]),
        (5, 200, vec!["ended a t80 allowance_changed", "allowance of a from 100.00 GB to 200.00 GB"]),
        (10, 100, vec!["allowance of a from 200.00 GB to 100.00 GB"]),
        (15, 200, vec!["ended a t80 allowance_changed", "allowance of a from 100.00 GB to 200.00 GB"]),
    ] {
        limit.limit = Some(Limit::Bytes(Bytes(gigabytes * GB)));
        limit.look(at(2, 0) + i64::from(minute).minutes(), &[("1", "a", 90)]);
        assert_eq!(told(&limit.events), expected, "{minute}");
    }
}

#[test]
fn f22_an_incident_ends_below_the_level_that_clear_says() {
    let mut budget = rolling(&[80, 100]);
    budget.thresholds[0].clear = Share::percent(50);
    budget.thresholds[1].clear = Share::percent(90);
    let mut month = Month::new(vec![budget]);
    for (minute, used, told_now, open) in [
        (0, 105, vec!["fired a t100 [t80 t100] at first look"], "t100"),
        (5, 90, vec![], "t100"),
        (10, 89, vec![], "t80"),
        (15, 100, vec!["fired a t100 [t100]"], "t100"),
        (20, 85, vec![], "t80"),
        (25, 40, vec![], "t80"),
        (30, 39, vec!["ended a t80 below"], ""),
    ] {
        month.rolled = Some(Bytes(used * GB));
        month.look(at(2, 0) + i64::from(minute).minutes(), &[("1", "a", 500)]);
        assert_eq!(told(&month.events), told_now, "{minute}");
        let firing: Vec<String> =
            [open].iter().filter(|name| !name.is_empty()).map(|name| format!("{name} firing")).collect();
        assert_eq!(month.open("a"), firing, "{minute}");
    }
}

#[test]
fn f22_a_threshold_with_for_must_hold_so_long() {
    let mut budget = ladder(&[80]);
    budget.thresholds[0].hold = std::time::Duration::from_secs(600);
    let mut month = Month::new(vec![Budget { period: rolling(&[80]).period, ..budget }]);
    for (minute, used, expected) in [
        (0, 90, vec![]),
        (5, 70, vec![]),
        (10, 90, vec![]),
        (15, 90, vec![]),
        (20, 90, vec!["fired a t80 [t80]"]),
    ] {
        month.rolled = Some(Bytes(used * GB));
        month.look(at(2, 0) + i64::from(minute).minutes(), &[("1", "a", 500)]);
        assert_eq!(told(&month.events), expected, "{minute}");
    }
}

#[test]
fn f24_a_larger_plan_is_an_event_and_no_resolution() {
    let mut month = Month::new(vec![with_amount("100% of plan", &[80])]);
    month.account.plan = Some(Bytes(50 * GB));
    month.look(at(2, 0), &[("1", "a", 45)]);
    month.account.plan = Some(Bytes(75 * GB));
    month.look(at(3, 0), &[("1", "a", 46)]);
    assert_eq!(
        told(&month.events),
        [
            "ended a t80 allowance_changed",
            "allowance of a from 50.00 GB to 75.00 GB",
            "plan from 50.00 GB to 75.00 GB"
        ]
    );
    month.look(at(4, 0), &[("1", "a", 70)]);
    assert_eq!(told(&month.events), NOTHING, "the latch is kept");
    assert_eq!(month.open("a"), ["t80 firing"]);
}

#[test]
fn f34_traffic_that_no_sub_user_explains_has_a_rule_of_its_own() {
    let mut month = Month::new(vec![Budget { per: Per::Unattributed, ..with_amount("10% of plan", &[100]) }]);
    month.account.plan = Some(Bytes(500 * GB));
    month.total = Some(140);
    month.look(at(2, 0), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), NOTHING);
    month.total = Some(155);
    month.look(at(2, 1), &[("1", "a", 100)]);
    assert_eq!(told(&month.events), ["fired unattributed t100 [t100]"]);
}

#[test]
fn a_threshold_or_budget_that_is_taken_out_ends_by_config() {
    let mut month = Month::new(vec![ladder(&[50, 80])]);
    month.look(at(2, 0), &[("1", "a", 90)]);
    month.budgets = vec![ladder(&[40, 50])];
    month.look(at(3, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t40 [t40] at first look", "ended a t80 config"]);
    assert_eq!(month.open("a"), ["t50 firing"], "the highest that is left");
    month.budgets.clear();
    month.look(at(4, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["ended a t50 config"]);
}

#[test]
fn a_sub_user_that_appears_later_is_caught() {
    let mut budget = ladder(&[80]);
    budget.selectors.sub_user = Some(selector("scraper_.*"));
    let mut month = Month::new(vec![budget]);
    month.look(at(2, 0), &[("1", "other", 900)]);
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(3, 0), &[("2", "scraper_9", 90), ("1", "other", 900)]);
    assert_eq!(told(&month.events), ["fired scraper_9 t80 [t80] at first look"]);
}

#[test]
fn no_cap_and_one_that_is_not_enforced_are_uncapped() {
    let uncapped = Budget { thresholds: vec![Threshold::new("open", Condition::Uncapped)], ..ladder(&[]) };
    let mut month = Month::new(vec![uncapped]);
    (month.limit, month.enforced) = (Some(Limit::Bytes(Bytes(GB))), Some(true));
    month.look(at(2, 0), &[("1", "a", 1)]);
    assert_eq!(told(&month.events), NOTHING);
    month.enforced = Some(false);
    month.look(at(3, 0), &[("1", "a", 1)]);
    assert_eq!(told(&month.events), ["fired a open [open]"]);
    (month.limit, month.enforced) = (Some(Limit::Bytes(Bytes(GB))), Some(true));
    month.look(at(4, 0), &[("1", "a", 1)]);
    assert_eq!(told(&month.events), ["ended a open below"]);
}
