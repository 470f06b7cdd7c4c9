//! What the vendor does not say, says too late, or no longer lists.

use jiff::ToSpan;

use super::*;

#[test]
fn f5_what_we_froze_stays_open_though_the_list_no_longer_holds_it() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90), ("2", "b", 1)]);
    month.holds.insert(SubUserKey("1".into()), Limit::Unlimited);
    for day in 3..9 {
        month.look(at(day, 0), &[("2", "b", 1)]);
        assert_eq!(told(&month.events), NOTHING);
    }
    assert_eq!(month.open("a"), ["t80 unknown"]);
    month.look(at(9, 0), &[("1", "a", 91), ("2", "b", 1)]);
    assert_eq!((told(&month.events), month.open("a")), (vec![], vec!["t80 firing".to_owned()]));
}

#[test]
fn what_two_lists_lack_is_gone() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90), ("2", "b", 1)]);
    month.look(at(3, 0), &[("2", "b", 1)]);
    assert_eq!((told(&month.events), month.open("a")), (vec![], vec!["t80 unknown".to_owned()]));
    month.look(at(4, 0), &[("2", "b", 1)]);
    assert_eq!(told(&month.events), ["ended a t80 gone"]);
    assert_eq!(month.open("a"), NOTHING);
}

#[test]
fn f17_what_was_rejected_resolves_nothing_and_ages_to_unknown() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 90), ("2", "b", 10)]);
    // A list that is suspect leaves the snapshot as it was: the same figures, older.
    month.evaluate(at(2, 0) + 10.minutes());
    assert_eq!((told(&month.events), month.open("a")), (vec![], vec!["t80 firing".to_owned()]));
    month.evaluate(at(2, 0) + 25.minutes());
    assert_eq!(
        (told(&month.events), month.open("a")),
        (vec!["outage, 2 suppressed".to_owned()], vec!["t80 unknown".to_owned()])
    );
    month.look(at(2, 0) + 30.minutes(), &[("1", "a", 91), ("2", "b", 11)]);
    assert_eq!(
        (told(&month.events), month.open("a")),
        (vec!["recovered".to_owned()], vec!["t80 firing".to_owned()])
    );
}

#[test]
fn f16_who_did_not_answer_is_unknown_and_the_others_are_judged() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 10), ("2", "b", 90)]);
    month.silent.push("b");
    month.look(at(2, 0) + 25.minutes(), &[("1", "a", 90), ("2", "b", 95)]);
    let stale = "unjudged 1 [b]: the newest figure is of 2026-01-03 00:00 UTC and too old";
    assert_eq!(told(&month.events), ["fired a t80 [t80]", stale], "b with its age");
    assert_eq!(
        (month.open("a"), month.open("b")),
        (vec!["t80 firing".to_owned()], vec!["t80 unknown".to_owned()])
    );
}

#[test]
fn f30_an_outage_is_one_incident_for_the_operator() {
    let mut month = Month::new(vec![ladder(&[80])]);
    let rows: Vec<_> = (0..200).map(|at| (format!("{at}"), format!("u{at}"), 90)).collect();
    let rows: Vec<_> = rows.iter().map(|(id, name, used)| (&**id, &**name, *used)).collect();
    month.look(at(2, 0), &rows);
    assert_eq!(month.events.len(), 200);
    month.evaluate(at(2, 0) + 21.minutes());
    assert_eq!(told(&month.events), ["outage, 200 suppressed"]);
    assert_eq!(month.open("u7"), ["t80 unknown"]);
    month.evaluate(at(2, 5));
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(2, 6), &rows);
    assert_eq!(told(&month.events), ["recovered"]);
    assert_eq!(month.open("u7"), ["t80 firing"]);
}

#[test]
fn f16_a_sum_with_an_old_part_is_unknown_and_the_accounts_total_goes_on() {
    let total = Budget { per: Per::Account, name: "total".into(), ..ladder(&[80]) };
    let mut sum = Budget { name: "sum".into(), ..total.clone() };
    sum.selectors.sub_user = Some(selector("a|b"));
    let mut month = Month::new(vec![total, sum]);
    month.total = Some(200);
    month.look(at(2, 0), &[("1", "a", 10), ("2", "b", 10)]);
    assert_eq!(told(&month.events), ["fired account t80 [t80] at first look"]);
    month.total = Some(400);
    month.silent.push("b");
    month.look(at(2, 0) + 5.minutes(), &[("1", "a", 100), ("2", "b", 100)]);
    assert_eq!(told(&month.events), ["unjudged 1 [account]: 1 part of the sum is old or missing"]);
    month.silent.clear();
    month.look(at(2, 0) + 10.minutes(), &[("1", "a", 100), ("2", "b", 100)]);
    assert_eq!(told(&month.events), ["fired account t80 [t80]", "judged again: parts_missing"]);
}

#[test]
fn a_figure_of_another_span_judges_nothing() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.window = Window::Lifetime;
    month.look(at(2, 0), &[("1", "a", 900)]);
    let reason = "the vendor counts another span, and the history does not reach back to the period's start";
    assert_eq!(told(&month.events), [format!("unjudged 1 [a]: {reason}")]);
    month.rolled = Some(Bytes(85 * GB));
    month.look(at(3, 0), &[("1", "a", 900)]);
    assert_eq!(told(&month.events), ["fired a t80 [t80]", "judged again: another_span"]);
}

#[test]
fn f29_a_restart_changes_nothing_until_somebody_has_looked() {
    for per in [Per::SubUser, Per::Account] {
        let mut month = Month::new(vec![Budget { per, ..ladder(&[80]) }]);
        month.total = Some(90);
        month.look(at(2, 0), &[("1", "a", 90)]);
        month.look(at(2, 1), &[("1", "a", 91)]);
        let before = month.incidents.clone();
        month.snapshot = Snapshot::default();
        month.evaluate(at(2, 2));
        assert_eq!(told(&month.events), NOTHING, "{per:?}");
        let tracks = |incidents: &Incidents| incidents.budgets["b"].accounts.clone();
        let of =
            |incidents| tracks(incidents).into_values().flat_map(|tracks| tracks.tracks).collect::<Vec<_>>();
        assert_eq!(of(&month.incidents), of(&before), "{per:?}");
    }
}

#[test]
fn f30_an_outage_before_a_restart_is_not_told_as_over_by_it() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.look(at(2, 0), &[("1", "a", 10)]);
    month.evaluate(at(3, 0));
    assert!(told(&month.events).iter().any(|event| event.starts_with("outage")), "{:?}", told(&month.events));
    month.snapshot = Snapshot::default();
    month.evaluate(at(3, 1));
    assert_eq!(told(&month.events), NOTHING);
}

#[test]
fn f30_a_vendor_that_never_answered_since_the_start_is_an_outage_once() {
    let mut month = Month::new(vec![ladder(&[80])]);
    month.looks_since = Some(at(2, 0));
    month.evaluate(at(2, 0));
    assert_eq!(told(&month.events), NOTHING);
    month.evaluate(at(2, 1));
    assert_eq!(told(&month.events), ["outage, 0 suppressed"]);
    month.evaluate(at(2, 2));
    assert_eq!(told(&month.events), NOTHING);
    month.look(at(2, 3), &[("1", "a", 10)]);
    assert_eq!(told(&month.events), ["recovered"]);
}
