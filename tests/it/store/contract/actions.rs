//! Actions and what stands at the vendors: saved together, and read back as they were.

pub(super) mod dice;

use std::collections::BTreeMap;
use std::slice::from_ref;

use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::act::action::{Action, ActionId, End, Stage, What, Why};
use proxymeter::domain::act::books::{Books, Delta, Entry};
use proxymeter::domain::act::gate::Gate;
use proxymeter::domain::act::hold::Throttle;
use proxymeter::domain::budget::threshold::Mode;
use proxymeter::domain::decision::Decision;
use proxymeter::domain::incident::AccountState;
use proxymeter::domain::units::Bytes;
use proxymeter::store::Store;
use proxymeter::store::error::StoreError;
use proxymeter::store::records::{EntryRecord, NewPause, Pause};

use super::{Fixture, account, at};
use dice::Dice;

/// A decision in which nothing but an account changed.
pub(super) fn decision() -> Decision {
    Decision {
        at: at("2026-11-21T10:00:00Z"),
        heads: None,
        tracks: vec![],
        forgotten: vec![],
        opened: vec![],
        changed: vec![],
        ended: vec![],
        accounts: vec![(account("acme"), AccountState::default())],
        accounts_gone: vec![],
        events: vec![],
    }
}

fn of_actions(actions: &[Action]) -> Delta {
    Delta { actions: actions.to_vec(), ..Delta::default() }
}

/// What the journal says of these, oldest first; the numbers are the store's.
fn records(entries: &[Entry], found: &[EntryRecord]) -> Vec<EntryRecord> {
    let record = |(entry, found): (&Entry, &EntryRecord)| EntryRecord {
        id: found.id,
        at: entry.at,
        action: entry.action,
        account: entry.account.clone(),
        name: entry.name.clone(),
        by: entry.by.clone(),
        step: entry.step.to_owned(),
        words: entry.words.clone(),
        before: entry.before,
        after: entry.after,
    };
    entries.iter().zip(found).map(record).collect()
}

async fn whole_journal(store: &dyn Store) -> Vec<EntryRecord> {
    store.journal(Timestamp::MIN, usize::MAX).await.unwrap()
}

pub(crate) async fn books_are_what_the_changes_make_of_them(fixture: &dyn Fixture) {
    let mut store = fixture.own().await;
    let (mut books, mut entries) = (Books::default(), Vec::new());
    let acme = account("acme");
    for seed in 0..150 {
        let delta = Dice::new(seed).delta();
        match seed % 3 {
            0 => store.save_acts(&delta, &[]).await.unwrap(),
            1 => store.save_decision(&decision(), &delta, &[]).await.unwrap(),
            _ => {
                assert_eq!(
                    store.save_intents(&acme, &delta, &[], at("2026-11-21T10:00:00Z")).await.unwrap(),
                    None
                )
            }
        }
        books.take(&delta);
        entries.extend(delta.entries);
        assert_eq!(store.acts().await.unwrap(), books, "after the changes of seed {seed}");
        if seed == 75 {
            // Not closed: as if killed.
            drop(store);
            store = fixture.own().await;
        }
    }
    assert!(
        books.actions.len() > 5 && books.throttles.len() > 2,
        "something has to stand for this to say much"
    );
    assert!(books.breakers.len() + books.concerns.len() > 2);
    assert_eq!(fixture.read().await.acts().await.unwrap(), books);

    entries.sort_by_key(|entry| entry.at);
    let mut found = whole_journal(&*store).await;
    found.reverse();
    assert_eq!(found.len(), entries.len());
    assert_eq!(found, records(&entries, &found));
}

pub(crate) async fn every_word_of_an_action_is_read_back(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let restores = Why::ALL.map(What::Restore);
    let whats: Vec<_> = [What::Freeze, What::Limit(Bytes(7)), What::Cap(Bytes(u64::MAX))]
        .into_iter()
        .chain(restores)
        .collect();
    let gates: Vec<_> = Gate::ALL.map(Some).into_iter().chain([None]).collect();
    let action = |(id, stage): (i64, Stage)| {
        let place = usize::try_from(id).unwrap();
        Action {
            stage,
            what: whats[place % whats.len()],
            mode: Mode::ALL[place % Mode::ALL.len()],
            blocked: gates[place % gates.len()],
            // What is over is remembered as long as it latches or counts.
            latched: place.is_multiple_of(2),
            written: (!place.is_multiple_of(2)).then(|| at("2026-11-21T10:00:00.123Z")),
            ..Dice::new(u64::MAX).action(id)
        }
    };
    let stages: Vec<_> = Stage::all().collect();
    let actions: Vec<_> = (1..60).zip(stages.into_iter().cycle()).map(action).collect();
    store.save_acts(&of_actions(&actions), &[]).await.unwrap();
    let found: Vec<_> = store.acts().await.unwrap().actions.into_values().collect();
    assert_eq!(found, actions);
}

pub(crate) async fn a_decision_and_its_actions_are_saved_together(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let delta = of_actions(&[Action { stage: Stage::Due, ..Dice::new(1).action(1) }]);
    store.save_decision(&decision(), &delta, &[]).await.unwrap();
    let mut books = Books::default();
    books.take(&delta);
    assert_eq!(store.acts().await.unwrap(), books);
    assert_eq!(store.remembered().await.unwrap().accounts.len(), 1);
}

pub(crate) async fn what_is_forgotten_stays_in_the_journal(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let now = at("2026-11-21T10:00:00Z");
    let action = Action { stage: Stage::Due, written: None, latched: false, ..Dice::new(2).action(41) };
    let entry = Entry::of(&action, "due", "the threshold is crossed", now);
    let delta = Delta { entries: vec![entry.clone()], ..of_actions(from_ref(&action)) };
    store.save_acts(&delta, &[]).await.unwrap();
    store.save_acts(&Delta { forgotten: vec![ActionId(41)], ..Delta::default() }, &[]).await.unwrap();
    let nothing_but_the_number = Books { newest: 41, ..Books::default() };
    assert_eq!(store.acts().await.unwrap(), nothing_but_the_number);
    let found = whole_journal(&*store).await;
    assert_eq!((found.len(), &found), (1, &records(&[entry], &found)));

    // What is over is remembered until whoever decides forgets it, however old it is.
    let action = Action { id: ActionId(42), ..action };
    let over = Action { stage: Stage::Ended(End::Expired), ended: Some(now), ..action };
    store.save_acts(&of_actions(from_ref(&over)), &[]).await.unwrap();
    let kept = Books { actions: [(over.id, over)].into(), newest: 42, ..Books::default() };
    assert_eq!(store.acts().await.unwrap(), kept);
    store.drop_decisions(at("2026-12-21T10:00:00Z")).await.unwrap();
    assert_eq!(store.acts().await.unwrap(), kept);
}

fn pause(of: Option<&str>, until: Option<&str>) -> NewPause {
    NewPause {
        account: of.map(account),
        until: until.map(at),
        reason: of.map(|_| "the invoice is wrong: für Ä".to_owned()),
        who: "cli:root@db1".into(),
    }
}

/// What is given back when it begins.
fn begun(new: &NewPause, pause: &Pause, since: Timestamp) -> Pause {
    let NewPause { account, until, reason, who } = new.clone();
    Pause { id: pause.id, account, until, reason, who, since }
}

pub(crate) async fn pauses_stand_until_they_are_over(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, beta) = (account("acme"), account("beta"));
    let (now, later) = (at("2026-11-21T10:00:00.500Z"), at("2026-11-21T14:00:00Z"));
    let just_before = later.checked_sub(SignedDuration::from_millis(1)).unwrap();
    assert_eq!(store.pauses(now).await.unwrap(), []);
    assert_eq!(store.resume(None, now).await.unwrap(), []);

    let new = [
        pause(Some("acme"), Some("2026-11-21T14:00:00Z")),
        pause(None, Some("2026-11-21T12:00:00Z")),
        pause(Some("acme"), None),
    ];
    let mut all = Vec::new();
    for new in &new {
        let saved = store.pause(new, now).await.unwrap();
        assert_eq!(saved, begun(new, &saved, now));
        all.push(saved);
    }
    let [short, everywhere, open] = <[Pause; 3]>::try_from(all.clone()).unwrap();
    assert_eq!(fixture.read().await.pauses(now).await.unwrap(), all);
    assert_eq!(store.pauses(just_before).await.unwrap(), [short.clone(), open.clone()]);
    assert_eq!(store.pauses(later).await.unwrap(), from_ref(&open), "at its end it stands no more");
    assert_eq!(store.paused(&acme, now).await.unwrap(), Some(open.clone()), "the one that stands longest");
    assert_eq!(fixture.read().await.paused(&beta, now).await.unwrap(), Some(everywhere.clone()));
    assert_eq!(store.paused(&beta, later).await.unwrap(), None);

    assert_eq!(
        store.resume(Some(&beta), now).await.unwrap(),
        [],
        "what stands everywhere is not of one account"
    );
    assert_eq!(store.resume(Some(&acme), just_before).await.unwrap(), [short, open]);
    assert_eq!(store.paused(&acme, now).await.unwrap(), Some(everywhere.clone()));
    assert_eq!(store.resume(Some(&acme), just_before).await.unwrap(), [], "once");
    assert_eq!(store.resume(None, now).await.unwrap(), [everywhere]);
    assert_eq!(store.pauses(now).await.unwrap(), []);

    let [first, second] = [pause(Some("acme"), None), pause(None, None)];
    let both = [store.pause(&first, now).await.unwrap(), store.pause(&second, now).await.unwrap()];
    assert!(both[0].id > all[2].id, "a number is never given twice");
    store.drop_decisions(at("2027-11-21T10:00:00Z")).await.unwrap();
    assert_eq!(store.resume(None, later).await.unwrap(), both, "what stands is not dropped by age");
}

pub(crate) async fn nothing_is_intended_where_lowering_is_paused(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, beta) = (account("acme"), account("beta"));
    let now = at("2026-11-21T10:00:00Z");
    let action = Action { stage: Stage::Intent, ..Dice::new(3).action(1) };
    let delta = Delta {
        entries: vec![Entry::of(&action, "intent", "is about to be written", now)],
        ..of_actions(&[action])
    };
    let mut books = Books::default();
    books.take(&delta);
    for (of, stopped, free) in [(Some("acme"), vec![&acme], vec![&beta]), (None, vec![&acme, &beta], vec![])]
    {
        let pause = store.pause(&pause(of, Some("2026-11-21T12:00:00Z")), now).await.unwrap();
        for name in stopped {
            let before = store.acts().await.unwrap();
            assert_eq!(store.save_intents(name, &delta, &[], now).await.unwrap(), Some(pause.clone()));
            // Nor does it stand in the way of anybody else's write.
            store.append(&[]).await.unwrap();
            assert_eq!(store.acts().await.unwrap(), before);
        }
        for name in free {
            assert_eq!(store.save_intents(name, &delta, &[], now).await.unwrap(), None);
            assert_eq!(store.acts().await.unwrap(), books);
        }
        store.resume(None, now).await.unwrap();
    }
    assert_eq!(whole_journal(&*store).await.len(), 1);
    store.pause(&pause(None, Some("2026-11-21T12:00:00Z")), now).await.unwrap();
    let over = at("2026-11-21T12:00:00Z");
    assert_eq!(
        store.save_intents(&acme, &delta, &[], over).await.unwrap(),
        None,
        "a pause that is over stops nothing"
    );
    assert_eq!(whole_journal(&*store).await.len(), 2);
}

pub(crate) async fn what_happened_is_read_newest_first_and_dropped_by_age(fixture: &dyn Fixture) {
    let (owner, command) = (fixture.own().await, fixture.ask().await);
    let moment = |minute: i8| at(&format!("2026-11-21T10:{minute:02}:00Z"));
    let entry = |minute, step| Entry { at: moment(minute), step, ..Dice::new(4).entry() };
    let by_hand = Entry { action: None, before: None, after: None, ..entry(2, "by_hand") };
    let entries = [entry(0, "due"), entry(1, "intent"), by_hand, entry(3, "confirmed")];
    owner.append(&entries[..2]).await.unwrap();
    command.append(&entries[2..]).await.unwrap();

    let mut found = fixture.read().await.journal(moment(1), 10).await.unwrap();
    assert!(found.iter().map(|one| one.id).is_sorted_by(|one, next| one > next));
    let steps = |found: &[EntryRecord]| found.iter().map(|one| one.step.clone()).collect::<Vec<_>>();
    assert_eq!(steps(&found), ["confirmed", "by_hand", "intent"]);
    found.reverse();
    assert_eq!(found, records(&entries[1..], &found));
    assert_eq!(steps(&owner.journal(moment(0), 1).await.unwrap()), ["confirmed"], "no more than asked for");
    owner.drop_decisions(moment(2)).await.unwrap();
    assert_eq!(steps(&whole_journal(&*owner).await), ["confirmed", "by_hand"]);
}

pub(crate) async fn thousands_of_actions_are_saved_at_once(fixture: &dyn Fixture) {
    const MANY: i64 = 12_000;
    let store = fixture.own().await;
    let mut dice = Dice::new(5);
    let mut throttles: BTreeMap<_, Throttle> = BTreeMap::new();
    let mut delta = Delta::default();
    for id in 1..=MANY {
        let action = Action { who: dice::sub_user(id), stage: Stage::Due, ..dice.action(id) };
        let throttle = Throttle { who: action.who.clone(), account: account("acme"), ..dice.throttle() };
        delta.entries.push(Entry::of(&action, "due", "the threshold is crossed", action.proposed));
        delta.actions.push(action);
        throttles.insert(throttle.key(), throttle);
    }
    delta.throttles = throttles.into_values().collect();
    store.save_acts(&delta, &[]).await.unwrap();
    let mut books = Books::default();
    books.take(&delta);
    assert!(store.acts().await.unwrap() == books, "all stand");
    assert_eq!(whole_journal(&*store).await.len(), delta.entries.len());

    let forgotten = delta.actions.iter().map(|action| action.id).collect();
    let freed = delta.throttles.iter().map(Throttle::key).collect();
    store.save_acts(&Delta { forgotten, freed, ..Delta::default() }, &[]).await.unwrap();
    assert_eq!(store.acts().await.unwrap(), Books { newest: MANY, ..Books::default() });
}

pub(crate) async fn who_reads_changes_no_action(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let now = at("2026-11-21T10:00:00Z");
    let (reader, delta, acme) = (fixture.read().await, Dice::new(6).delta(), account("acme"));
    let refused = [
        reader.save_acts(&delta, &[]).await.unwrap_err(),
        reader.save_decision(&decision(), &delta, &[]).await.unwrap_err(),
        reader.save_intents(&acme, &delta, &[], now).await.unwrap_err(),
        reader.append(&delta.entries).await.unwrap_err(),
        reader.pause(&pause(None, None), now).await.unwrap_err(),
        reader.resume(None, now).await.unwrap_err(),
    ];
    for problem in refused {
        assert!(matches!(problem, StoreError::NotOwner), "{problem:?}");
    }
    assert_eq!(owner.acts().await.unwrap(), Books::default());
}
