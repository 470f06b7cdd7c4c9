//! Decisions: saved whole, and read back as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proxymeter::domain::act::books::Delta;
use proxymeter::domain::budget::Per;
use proxymeter::domain::budget::amount::Amount;
use proxymeter::domain::budget::period::PeriodRule;
use proxymeter::domain::consumed::Consumed;
use proxymeter::domain::decision::{Changed, Decision, Ended, Head, Opened};
use proxymeter::domain::event::{Event, Subject as Of};
use proxymeter::domain::figure::{Closing, Standing};
use proxymeter::domain::grant::{Grant, Until};
use proxymeter::domain::incident::{
    AccountState, BudgetState, End, Incident, Incidents, Latches, Matter, Movement, Part, State,
    SubUserIdentity, Target, Track, Tracks,
};
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::store::error::StoreError;
use proxymeter::store::readings::{PassReadings, Subject};
use proxymeter::store::records::{IncidentId, Named, Which};

use super::{Fixture, account, at, pass, sub_user};

fn who(id: &str) -> SubUserIdentity {
    SubUserIdentity {
        key: SubUserKey(id.into()),
        product: "mobile".into(),
        name: format!("user {id}").into(),
    }
}

fn of(target: Target) -> Of {
    Of { budget: "b".into(), account: account("acme"), target }
}

fn incident(threshold: u8, state: State, borne_out: bool) -> Incident {
    Incident { threshold, state, since: at("2026-11-21T10:00:00Z"), borne_out }
}

fn track(target: Target, matter: Matter) -> Track {
    Track {
        target,
        first_judged: at("2026-11-20T00:00:00Z"),
        period: Some(at("2026-11-01T00:00:00Z")),
        highest: Bytes(90),
        last: Bytes(80),
        settles_below: Bytes(7),
        amount: Some(Bytes(100)),
        granted: Bytes(5),
        // The last bit is the sign of the engine's number.
        latched: Latches(1 << 63 | 3),
        matter: (matter != Matter::default()).then(|| Arc::new(matter)),
    }
}

fn state() -> BudgetState {
    BudgetState {
        thresholds: vec![
            ("warn".into(), at("2026-11-01T00:00:00Z")),
            ("stop".into(), at("2026-11-02T00:00:00Z")),
        ],
        per: Per::SubUser,
        amount: Amount::parse("400 USD", Some("3.50".parse().unwrap())).unwrap(),
        period: PeriodRule::Rolling(7),
        accounts: BTreeMap::new(),
    }
}

/// An account with every field, and one with none.
fn accounts() -> Vec<(proxymeter::domain::account::AccountName, AccountState)> {
    let movement =
        |figure| Movement { figure, moved: at("2026-11-21T09:00:00Z"), looked: at("2026-11-21T10:00:00Z") };
    let full = AccountState {
        period: Some(at("2026-11-01T00:00:00Z")),
        plan: Some(Bytes(500)),
        outage: Some(at("2026-11-21T08:00:00Z")),
        total: Some(movement(u128::MAX)),
        sub_users: Some(movement(1)),
        stuck: Some((Part::Everything, at("2026-11-21T07:00:00Z"))),
    };
    vec![(account("acme"), full), (account("beta"), AccountState::default())]
}

fn nothing() -> Decision {
    Decision {
        at: at("2026-11-21T10:00:00Z"),
        heads: None,
        tracks: vec![],
        forgotten: vec![],
        opened: vec![],
        changed: vec![],
        ended: vec![],
        accounts: vec![],
        accounts_gone: vec![],
        events: vec![],
    }
}

/// Two targets at a threshold, one that waits, and reasons for which something is not judged.
fn first() -> (Decision, Incidents) {
    let target = |id| Target::SubUser(Arc::new(who(id)));
    let firing = Matter { incidents: vec![incident(0, State::Firing, false)], ..Matter::default() };
    let waiting = Matter {
        pending: vec![(0, at("2026-11-21T09:30:00Z")), (1, at("2026-11-21T09:40:00Z"))],
        missing: Some(at("2026-11-21T09:50:00Z")),
        ..Matter::default()
    };
    let tracks = vec![
        track(target("1"), firing.clone()),
        track(target("2"), waiting),
        track(target("3"), Matter::default()),
        track(Target::Unattributed, firing),
    ];
    let unknown: BTreeMap<&'static str, usize> = [("stale", 3)].into();
    let head = BudgetState {
        accounts: [(account("acme"), Tracks { tracks: vec![], unknown: unknown.clone() })].into(),
        ..state()
    };
    let opened = |target| Opened {
        of: of(target),
        threshold: "warn".into(),
        incident: incident(0, State::Firing, false),
        used: Some(Bytes(u64::MAX)),
        amount: None,
    };
    let corrected = Event::Corrected {
        account: account("acme"),
        target: target("1"),
        from: Bytes(9_000_000_000),
        to: Bytes(8_000_000_000),
    };
    let decision = Decision {
        heads: Some(vec![Head { budget: "b".into(), state: head }]),
        tracks: tracks.iter().map(|track| ("b".into(), account("acme"), track.clone())).collect(),
        opened: vec![opened(target("1")), opened(Target::Unattributed)],
        accounts: accounts(),
        events: vec![corrected],
        ..nothing()
    };
    let whole = BudgetState { accounts: [(account("acme"), Tracks { tracks, unknown })].into(), ..state() };
    (
        decision,
        Incidents { budgets: [("b".into(), whole)].into(), accounts: accounts().into_iter().collect() },
    )
}

fn sorted(mut incidents: Incidents) -> Incidents {
    for tracks in incidents.budgets.values_mut().flat_map(|state| state.accounts.values_mut()) {
        tracks.tracks.sort_by(|one, other| one.target.cmp(&other.target));
    }
    incidents
}

pub(crate) async fn what_was_decided_is_remembered(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (decision, incidents) = first();
    store.save_decision(&decision, &Delta::default(), &[]).await.unwrap();
    assert_eq!(sorted(store.remembered().await.unwrap()), sorted(incidents));

    let reader = fixture.read().await;
    let open = reader.incidents(Which::Open).await.unwrap();
    assert_eq!(open.iter().map(|one| &*one.threshold).collect::<Vec<_>>(), ["warn", "warn"]);
    assert_eq!(open[0].used, Some(Bytes(i64::MAX as u64)), "more cannot be counted");
    let events = reader.events(at("2026-11-21T00:00:00Z")).await.unwrap();
    assert_eq!((events.len(), &*events[0].kind), (1, "corrected"));
    assert_eq!(events[0].words, "user 1 at acme: the vendor corrected 9.00 GB to 8.00 GB");
}

pub(crate) async fn incidents_change_end_and_are_acknowledged(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    store.save_decision(&first().0, &Delta::default(), &[]).await.unwrap();
    let target = || of(Target::SubUser(Arc::new(who("1"))));
    let changed = Changed {
        of: target(),
        from: "warn".into(),
        threshold: "stop".into(),
        was: incident(0, State::Firing, false),
        incident: incident(1, State::Unknown, true),
        used: Some(Bytes(99)),
        amount: Some(Bytes(98)),
    };
    store
        .save_decision(&Decision { changed: vec![changed], ..nothing() }, &Delta::default(), &[])
        .await
        .unwrap();
    let open = store.incidents(Which::Open).await.unwrap();
    assert_eq!((&*open[0].threshold, open[0].state), ("stop", State::Unknown));
    assert_eq!((open[0].used, open[0].amount), (Some(Bytes(99)), Some(Bytes(98))));
    assert_eq!((&*open[1].threshold, open[1].state), ("warn", State::Firing), "the other stays");
    let remembered = store.remembered().await.unwrap();
    let track = &remembered.budgets["b"].accounts[&account("acme")].tracks;
    let of_one = track.iter().find(|track| track.target == target().target).unwrap();
    assert_eq!(of_one.incidents(), [incident(1, State::Unknown, true)]);

    let now = at("2026-11-21T11:00:00Z");
    assert!(store.acknowledge(open[0].id, "alice", now).await.unwrap());
    assert!(!store.acknowledge(IncidentId(999), "alice", now).await.unwrap());
    let ended = Ended { of: target(), threshold: "stop".into(), end: End::PeriodEnd };
    let reopened = Opened {
        of: target(),
        threshold: "stop".into(),
        incident: incident(1, State::Firing, false),
        used: None,
        amount: Some(Bytes(1)),
    };
    let decision = Decision { at: now, ended: vec![ended], opened: vec![reopened], ..nothing() };
    store.save_decision(&decision, &Delta::default(), &[]).await.unwrap();
    assert!(!store.acknowledge(open[0].id, "bob", now).await.unwrap(), "it is over");
    let all = store.incidents(Which::EndedSince(now)).await.unwrap();
    let over = &all[0];
    assert_eq!((over.ended, over.state), (Some((now, End::PeriodEnd)), State::Ended));
    assert_eq!(over.acked, Some((now, "alice".to_owned())));
    assert_eq!(all[2].state, State::Firing, "one that ends and begins in one decision is two");
    let counts = store.ended_since(now).await.unwrap();
    assert_eq!(counts, [(("b".into(), "stop".into()), 1)].into());
    assert_eq!(store.ended_since(at("2026-11-21T12:00:00Z")).await.unwrap(), BTreeMap::new());
}

pub(crate) async fn what_is_forgotten_is_forgotten(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    store.save_decision(&first().0, &Delta::default(), &[]).await.unwrap();
    let forgotten = vec![of(Target::SubUser(Arc::new(who("2")))), of(Target::Unattributed)];
    let decision = Decision { forgotten, accounts_gone: vec![account("beta")], ..nothing() };
    store.save_decision(&decision, &Delta::default(), &[]).await.unwrap();
    let remembered = store.remembered().await.unwrap();
    let tracks = &remembered.budgets["b"].accounts[&account("acme")].tracks;
    assert_eq!(tracks.len(), 2);
    assert_eq!(remembered.accounts.keys().collect::<Vec<_>>(), [&account("acme")]);
    store
        .save_decision(&Decision { heads: Some(vec![]), ..nothing() }, &Delta::default(), &[])
        .await
        .unwrap();
    assert_eq!(store.remembered().await.unwrap().budgets, BTreeMap::new(), "a budget that is gone");
}

pub(crate) async fn thousands_that_fire_at_once_are_saved(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let ids: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    let target = |id: &String| Target::SubUser(Arc::new(who(id)));
    let firing = || Matter { incidents: vec![incident(0, State::Firing, false)], ..Matter::default() };
    let opened = |id| Opened {
        of: of(target(id)),
        threshold: "warn".into(),
        incident: incident(0, State::Firing, false),
        used: None,
        amount: None,
    };
    let decision = Decision {
        heads: Some(vec![Head { budget: "b".into(), state: state() }]),
        tracks: ids.iter().map(|id| ("b".into(), account("acme"), track(target(id), firing()))).collect(),
        opened: ids.iter().map(opened).collect(),
        ..nothing()
    };
    store.save_decision(&decision, &Delta::default(), &[]).await.unwrap();
    assert_eq!(store.incidents(Which::Open).await.unwrap().len(), ids.len());
    let ended = |id| Ended { of: of(target(id)), threshold: "warn".into(), end: End::Below };
    let decision = Decision { ended: ids.iter().map(ended).collect(), ..nothing() };
    store.save_decision(&decision, &Delta::default(), &[]).await.unwrap();
    assert_eq!(store.incidents(Which::Open).await.unwrap(), []);
}

pub(crate) async fn grants_are_kept_until_they_are_over(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let grant = |until| Grant {
        id: 0,
        budget: "b".into(),
        account: account("acme"),
        who_for: who("1"),
        bytes: Bytes(5),
        given: at("2026-11-21T10:00:00Z"),
        by: "alice".into(),
        until,
    };
    let all = [
        grant(Until::At(at("2026-12-01T00:00:00Z"))),
        grant(Until::PeriodEnd { started: Some(at("2026-11-01T00:00:00Z")) }),
        grant(Until::PeriodEnd { started: None }),
    ];
    let mut saved = Vec::new();
    for grant in all {
        let id = store.add_grant(&grant).await.unwrap();
        saved.push(Grant { id, ..grant });
    }
    assert_eq!(store.grants().await.unwrap(), saved);
    store.end_grant(saved[1].id).await.unwrap();
    saved.remove(1);
    assert_eq!(store.grants().await.unwrap(), saved);
}

pub(crate) async fn counters_stand_as_they_were(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let acme = account("acme");
    let standing = |total: u64| Standing {
        consumed: Consumed {
            total: Bytes(total),
            highest: Bytes(total + 1),
            period: Some(at("2026-11-01T00:00:00Z")),
        },
        observed: at("2026-11-21T10:00:00Z"),
        known_from: at("2026-11-05T00:00:00Z"),
        seen_from: at("2026-11-06T00:00:00Z"),
        closing: Some(Closing {
            start: at("2026-10-01T00:00:00Z"),
            end: at("2026-11-01T00:00:00Z"),
            highest: Bytes(3),
        }),
    };
    let (one, two) = (sub_user("1"), sub_user("2"));
    let first = pass("2026-11-21T10:00:00Z", &[(&one, 5), (&two, 6)]);
    let stands =
        vec![(one.clone(), standing(1)), (two.clone(), standing(2)), (Subject::Account, standing(3))];
    store.save_pass(&acme, &PassReadings { standing: stands, ..first }).await.unwrap();
    let second = pass("2026-11-21T10:05:00Z", &[(&two, 7)]);
    store
        .save_pass(&acme, &PassReadings { standing: vec![(two.clone(), standing(9))], ..second })
        .await
        .unwrap();
    let days = [(at("2026-11-20T00:00:00Z").to_zoned(jiff::tz::TimeZone::UTC).date(), Bytes(44))];
    store.raise_days(&acme, &one, &days, Some(standing(8))).await.unwrap();

    let mut found = BTreeMap::new();
    store
        .each_standing(&acme, &mut |subject, standing| {
            found.insert(subject.clone(), standing);
        })
        .await
        .unwrap();
    let expected = [(one.clone(), standing(8)), (two, standing(9)), (Subject::Account, standing(3))];
    assert_eq!(found, expected.into());
    let read = store.days(&acme, &one, days[0].0, days[0].0).await.unwrap();
    assert_eq!((read.len(), read[0].usage.used, read[0].usage.hours), (1, Bytes(44), None));
    store.raise_days(&acme, &sub_user("new"), &days, None).await.unwrap();
    assert_eq!(store.days(&acme, &sub_user("new"), days[0].0, days[0].0).await.unwrap().len(), 1);
}

pub(crate) async fn only_the_owner_decides(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    owner.save_decision(&first().0, &Delta::default(), &[]).await.unwrap();
    let reader = fixture.read().await;
    for refused in [
        reader.save_decision(&first().0, &Delta::default(), &[]).await.unwrap_err(),
        reader.acknowledge(IncidentId(1), "x", at("2026-11-21T10:00:00Z")).await.unwrap_err(),
        reader.end_grant(1).await.unwrap_err(),
    ] {
        assert!(matches!(refused, StoreError::NotOwner), "{refused:?}");
    }
}

pub(crate) async fn names_and_limits_are_those_of_the_newest_list(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let acme = account("acme");
    let named =
        |id: &str, name: &str, limit| Named { who: SubUserIdentity { name: name.into(), ..who(id) }, limit };
    let all = [
        named("1", "a", Some(Limit::Bytes(Bytes(5)))),
        named("2", "b", Some(Limit::Unlimited)),
        named("3", "c", Some(Limit::Blocked)),
        named("4", "d", None),
    ];
    store.save_names(&acme, &all).await.unwrap();
    assert_eq!(store.names(&acme).await.unwrap(), all);
    let renamed = named("2", "other", Some(Limit::Bytes(Bytes(9))));
    store.save_names(&acme, std::slice::from_ref(&renamed)).await.unwrap();
    assert_eq!(store.names(&acme).await.unwrap()[1], renamed);
    assert_eq!(store.names(&account("beta")).await.unwrap(), []);
    assert_eq!(fixture.read().await.names(&acme).await.unwrap().len(), 4);
}

pub(crate) async fn what_ended_long_ago_is_dropped_and_what_is_open_stays(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    store.save_decision(&first().0, &Delta::default(), &[]).await.unwrap();
    let now = at("2026-11-21T11:00:00Z");
    let ended = Ended { of: of(Target::Unattributed), threshold: "warn".into(), end: End::Below };
    store
        .save_decision(&Decision { at: now, ended: vec![ended], ..nothing() }, &Delta::default(), &[])
        .await
        .unwrap();
    let ever = Which::EndedSince(Timestamp::MIN);
    store.drop_decisions(now).await.unwrap();
    assert_eq!(store.incidents(ever).await.unwrap().len(), 2, "it ended at that moment");
    assert_eq!(store.events(Timestamp::MIN).await.unwrap(), [], "what happened an hour before is gone");
    store.drop_decisions(at("2026-11-21T11:00:01Z")).await.unwrap();
    let left = store.incidents(ever).await.unwrap();
    assert_eq!(left.iter().map(|one| one.ended).collect::<Vec<_>>(), [None]);
    assert_eq!(store.remembered().await.unwrap().accounts.len(), 2, "and what is remembered stays");
}
