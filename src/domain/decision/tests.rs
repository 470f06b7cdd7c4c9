//! What is saved of an evaluation: little, and enough to go on from.

use super::*;
use crate::domain::budget::amount::{Amount, Share};
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::selector::Selectors;
use crate::domain::budget::threshold::{Condition, Threshold};
use crate::domain::budget::{OnUnknown, Per};
use crate::domain::incident::{Latches, Matter, SubUserIdentity, Tracks};
use crate::domain::snapshot::SubUserKey;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minute * 60).unwrap()
}

fn budget() -> Budget {
    let used = |name, percent| Threshold::new(name, Condition::Used(Share::percent(percent)));
    Budget {
        name: "b".into(),
        selectors: Selectors::default(),
        per: Per::SubUser,
        amount: Amount::parse("50GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: vec![used("warn", 80), used("stop", 100)],
    }
}

fn acme() -> AccountName {
    AccountName::new("acme").unwrap()
}

fn target(id: &str) -> Target {
    Target::SubUser(Arc::new(SubUserIdentity {
        key: SubUserKey(id.into()),
        product: "mobile".into(),
        name: id.into(),
    }))
}

fn subject(id: &str) -> Subject {
    Subject { budget: "b".into(), account: acme(), target: target(id) }
}

/// A target at a threshold, or with nothing the matter.
fn track(id: &str, threshold: Option<u8>, borne_out: bool) -> Track {
    let incident = |threshold| Incident { threshold, state: State::Firing, since: at(1), borne_out };
    let matter = threshold
        .map(|threshold| Arc::new(Matter { incidents: vec![incident(threshold)], ..Matter::default() }));
    Track {
        target: target(id),
        first_judged: at(0),
        period: Some(at(0)),
        highest: Bytes(1),
        last: Bytes(1),
        settles_below: Bytes(0),
        amount: Some(Bytes(50)),
        granted: Bytes(0),
        latched: threshold.map_or(Latches::default(), |threshold| Latches((2 << threshold) - 1)),
        matter,
    }
}

fn incidents(tracks: Vec<Track>) -> Incidents {
    let state = BudgetState {
        thresholds: vec![("warn".into(), at(0)), ("stop".into(), at(0))],
        per: Per::SubUser,
        amount: Amount::parse("50GB", None).unwrap(),
        period: PeriodRule::Vendor,
        accounts: [(acme(), Tracks { tracks, unknown: BTreeMap::new() })].into(),
    };
    Incidents { budgets: [("b".into(), state)].into(), accounts: BTreeMap::new() }
}

fn decide(before: &Incidents, after: Incidents, events: Vec<Event>) -> Decision {
    Decision::of(&[budget()], before, &Evaluation { incidents: after, events }, at(2))
}

#[test]
fn a_look_that_changes_nothing_saves_nothing() {
    let before = incidents(vec![track("a", None, false), track("c", Some(0), true)]);
    let mut after = before.clone();
    for track in &mut after.budgets.get_mut("b").unwrap().accounts.get_mut(&acme()).unwrap().tracks {
        (track.highest, track.last) = (Bytes(7), Bytes(7));
    }
    let decision = decide(&before, after, vec![]);
    assert!(decision.is_empty(), "{decision:?}");
}

#[test]
fn an_incident_is_opened_with_its_figures() {
    let fired = Event::Fired {
        of: subject("a"),
        threshold: 0,
        latched: Latches(1),
        used: Some(Bytes(40)),
        amount: Some(Bytes(50)),
        at_first_look: false,
    };
    let before = incidents(vec![track("a", None, false)]);
    let decision = decide(&before, incidents(vec![track("a", Some(0), false)]), vec![fired]);
    let [Opened { of, threshold, used, amount, .. }] = &decision.opened[..] else { panic!("{decision:?}") };
    assert_eq!((of, &**threshold), (&subject("a"), "warn"));
    assert_eq!((*used, *amount), (Some(Bytes(40)), Some(Bytes(50))));
    assert_eq!(decision.tracks.len(), 1);
    assert_eq!((decision.changed, decision.ended, decision.heads), (vec![], vec![], None));
}

#[test]
fn one_that_rises_to_another_threshold_changes_and_is_no_second_one() {
    let before = incidents(vec![track("a", Some(0), false)]);
    let decision = decide(&before, incidents(vec![track("a", Some(1), true)]), vec![]);
    let [Changed { from, threshold, incident, .. }] = &decision.changed[..] else { panic!("{decision:?}") };
    assert_eq!((&**from, &**threshold, incident.borne_out), ("warn", "stop", true));
    assert_eq!(decision.opened, []);
}

#[test]
fn what_is_over_ends_with_its_reason_and_is_forgotten() {
    let before = incidents(vec![track("a", Some(0), true)]);
    let ended = Event::Ended { of: subject("a"), threshold: "warn".into(), end: End::Below };
    let decision = decide(&before, incidents(vec![track("a", None, true)]), vec![ended]);
    assert_eq!(decision.ended, [Ended { of: subject("a"), threshold: "warn".into(), end: End::Below }]);
    assert_eq!(decision.forgotten, [subject("a")]);
}

#[test]
fn states_are_counted_for_every_threshold() {
    let counts = count(&incidents(vec![track("a", Some(1), true), track("b", Some(1), true)]));
    let of = |threshold: &str, state| counts[&("b".into(), threshold.into(), state)];
    assert_eq!((of("stop", State::Firing), of("warn", State::Firing)), (2, 0));
    assert_eq!(counts.len(), 8);
}
