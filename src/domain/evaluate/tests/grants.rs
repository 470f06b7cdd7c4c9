//! What people grant: it raises the amount, is no news of the vendor's, and passes to nobody else.

use jiff::ToSpan;

use super::*;
use crate::domain::account::AccountName;
use crate::domain::grant::{Grant, Until};
use crate::domain::incident::SubUserIdentity;

/// Given on the 3rd of January to the sub-user with this id and name.
fn grant(id: &str, name: &str, gigabytes: u64, until: Until) -> Grant {
    let key = SubUserKey(id.into());
    Grant {
        id: 1,
        budget: "b".into(),
        account: AccountName::new("acme").unwrap(),
        who_for: SubUserIdentity { key, product: "mobile".into(), name: name.into() },
        bytes: Bytes(gigabytes * GB),
        given: at(3, 0),
        by: "ann".into(),
        until,
    }
}

const JANUARY: fn() -> Until = || Until::PeriodEnd { started: Some(at(0, 0)) };

#[test]
fn a_grant_ends_what_it_lifts_as_more_is_allowed_and_keeps_the_latch() {
    let mut month = Month::new(vec![ladder(&[80, 100])]);
    month.look(at(2, 0), &[("1", "a", 90), ("2", "b", 90)]);
    month.grants = vec![grant("1", "a", 50, JANUARY())];
    month.look(at(3, 0), &[("1", "a", 90), ("2", "b", 90)]);
    assert_eq!(
        told(&month.events),
        ["ended a t80 allowance_changed"],
        "not below, and the vendor changed nothing"
    );
    assert_eq!((month.open("a"), month.open("b")), (vec![], vec!["t80 firing".to_owned()]));
    month.look(at(4, 0), &[("1", "a", 125), ("2", "b", 90)]);
    assert_eq!(told(&month.events), NOTHING, "told once a period");
    assert_eq!(month.open("a"), ["t80 firing"]);
    month.look(at(5, 0), &[("1", "a", 150), ("2", "b", 90)]);
    assert_eq!(told(&month.events), ["fired a t100 [t100]"]);

    month.starts_on("2026-02-01");
    month.look(at(32, 0), &[("1", "a", 3), ("2", "b", 1)]);
    let ended = ["ended a t100 period_end", "ended b t80 period_end", "period began"];
    assert_eq!(told(&month.events), ended);
    month.look(at(40, 0), &[("1", "a", 85), ("2", "b", 1)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80]"], "it ended with its period");
}

#[test]
fn a_grant_that_ends_at_a_moment_is_no_smaller_plan() {
    let mut month = Month::new(vec![ladder(&[80, 100])]);
    month.grants = vec![grant("1", "a", 100, Until::At(at(5, 0)))];
    month.look(at(4, 0), &[("1", "a", 165)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80] at first look"]);
    month.look(at(5, 0), &[("1", "a", 166)]);
    assert_eq!(told(&month.events), ["fired a t100 [t100]"], "of 100 GB again");
    assert_eq!(month.open("a"), ["t100 firing"]);
}

#[test]
fn f6_a_grant_does_not_pass_to_the_same_name_with_a_new_id() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.grants = vec![grant("1", "a", 100, JANUARY())];
    month.look(at(3, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(4, 0), &[("2", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80] at first look"]);
}

#[test]
fn a_grant_raises_one_budget_at_one_account_alone() {
    let mut elsewhere = grant("1", "a", 100, JANUARY());
    elsewhere.account = AccountName::new("other").unwrap();
    let mut of_another = grant("1", "a", 100, JANUARY());
    of_another.budget = "c".into();
    let mut of_a_product = grant("1", "a", 100, JANUARY());
    of_a_product.who_for.product = "residential".into();
    let mut month = Month::new(vec![ladder(&[80])]);
    month.grants = vec![elsewhere, of_another, of_a_product];
    month.look(at(3, 0), &[("1", "a", 90)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80] at first look"]);
}

#[test]
fn f24_the_vendors_change_is_told_beside_a_grant_and_by_itself() {
    let mut month = Month::new(vec![with_amount("100% of plan", &[80])]);
    month.account.plan = Some(Bytes(50 * GB));
    month.grants = vec![grant("1", "a", 5, JANUARY())];
    month.look(at(3, 0), &[("1", "a", 50)]);
    month.account.plan = Some(Bytes(75 * GB));
    month.grants.push(grant("1", "a", 2, Until::At(at(20, 12))));
    month.look(at(4, 0), &[("1", "a", 50)]);
    let allowance = "allowance of a from 57.00 GB to 82.00 GB";
    let plan = "plan from 50.00 GB to 75.00 GB";
    assert_eq!(told(&month.events), ["ended a t80 allowance_changed", allowance, plan]);
    let words = "50.00 GB of 75.00 GB and 5.00 GB granted until the period's end and 2.00 GB granted until \
        2026-01-21 12:00 UTC used, 60.97 %; the threshold is 80 %";
    assert_eq!(month.explained(at(4, 0)), [words]);
}

#[test]
fn f24_what_is_allowed_during_an_outage_is_told_with_the_next_reading() {
    let mut month = Month::new(vec![with_amount("100% of plan", &[80])]);
    month.account.plan = Some(Bytes(50 * GB));
    month.look(at(2, 0), &[("1", "a", 45)]);
    month.account.plan = Some(Bytes(75 * GB));
    month.evaluate(at(2, 0) + 21.minutes());
    assert_eq!(told(&month.events), ["outage, 1 suppressed", "plan from 50.00 GB to 75.00 GB"]);
    month.look(at(2, 1), &[("1", "a", 45)]);
    let allowance = "allowance of a from 50.00 GB to 75.00 GB";
    assert_eq!(told(&month.events), ["ended a t80 allowance_changed", allowance, "recovered"], "not below");
}
