//! Requests of commands.

use std::time::Duration;

use proxymeter::store::error::StoreError;
use proxymeter::store::request::{Answer, Asked, NewRequest, RequestId, wait_for_answer};

use super::{Fixture, account, at};

fn request(kind: &str, of: Option<&str>) -> NewRequest {
    NewRequest {
        who: "alice".into(),
        account: of.map(account),
        kind: kind.into(),
        body: "{\"bytes\":5,\"note\":\"für Ä\"}".into(),
    }
}

fn done() -> Answer {
    Answer { exit: 5, text: "refused by a gate: paused".into() }
}

pub(crate) async fn a_request_is_answered_once_and_in_order(fixture: &dyn Fixture) {
    let (owner, command) = (fixture.own().await, fixture.ask().await);
    let (asked, answered) = (at("2026-11-21T20:00:00.123Z"), at("2026-11-21T20:00:01Z"));
    assert_eq!(owner.next_request(Asked::OfAny).await.unwrap(), None);
    let first = command.ask(&request("grant", Some("acme")), asked).await.unwrap();
    let second = command.ask(&request("pause", None), asked).await.unwrap();
    assert!(first < second);

    let next = owner.next_request(Asked::OfAny).await.unwrap().unwrap();
    assert_eq!((next.id, next.asked, next.at), (first, request("grant", Some("acme")), asked));
    assert_eq!(command.answer_to(first).await.unwrap(), None);
    owner.answer(first, &done(), answered).await.unwrap();
    assert_eq!(command.answer_to(first).await.unwrap(), Some(done()));
    assert_eq!(owner.next_request(Asked::OfAny).await.unwrap().map(|next| next.id), Some(second));

    let again = owner.answer(first, &done(), answered).await.unwrap_err();
    assert!(matches!(again, StoreError::AlreadyAnswered(id) if id == first), "{again:?}");
    let unknown = owner.answer(RequestId(99), &done(), answered).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NoSuchRequest(RequestId(99))), "{unknown:?}");
}

pub(crate) async fn an_owner_finds_the_requests_of_its_account(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let now = at("2026-11-21T20:00:00Z");
    let acme = owner.ask(&request("grant", Some("acme")), now).await.unwrap();
    let none = owner.ask(&request("pause", None), now).await.unwrap();
    let (known, unknown) = (account("acme"), account("other"));
    for (asked, expected) in [
        (Asked::OfAny, Some(acme)),
        (Asked::Of(&known), Some(acme)),
        (Asked::Of(&unknown), None),
        (Asked::OfNone, Some(none)),
    ] {
        let next = owner.next_request(asked).await.unwrap();
        assert_eq!(next.map(|next| next.id), expected, "{asked:?}");
    }
}

pub(crate) async fn requests_and_answers_survive_a_crash(fixture: &dyn Fixture) {
    let now = at("2026-11-21T20:00:00Z");
    let owner = fixture.own().await;
    let first = owner.ask(&request("grant", None), now).await.unwrap();
    let second = owner.ask(&request("undo", None), now).await.unwrap();
    owner.answer(first, &done(), now).await.unwrap();
    // Not closed: as if killed.
    drop(owner);
    let owner = fixture.own().await;
    assert_eq!(owner.answer_to(first).await.unwrap(), Some(done()));
    assert_eq!(owner.next_request(Asked::OfAny).await.unwrap().map(|next| next.id), Some(second));
    // A number is never given twice.
    assert!(owner.ask(&request("undo", None), now).await.unwrap() > second);
}

pub(crate) async fn a_command_waits_for_its_answer(fixture: &dyn Fixture) {
    let (owner, command) = (fixture.own().await, fixture.ask().await);
    let now = at("2026-11-21T20:00:00Z");
    let id = command.ask(&request("grant", None), now).await.unwrap();
    let waiting = tokio::spawn(async move { wait_for_answer(&*command, id).await });
    tokio::task::yield_now().await;
    owner.answer(id, &done(), now).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(answer, done());
    let unknown = wait_for_answer(&*owner, RequestId(99)).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NoSuchRequest(_)), "{unknown:?}");
}

pub(crate) async fn who_reads_changes_nothing(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let now = at("2026-11-21T20:00:00Z");
    let id = owner.ask(&request("grant", None), now).await.unwrap();
    let reader = fixture.read().await;
    assert_eq!(reader.next_request(Asked::OfAny).await.unwrap().map(|next| next.id), Some(id));
    let refused = [
        reader.ask(&request("grant", None), now).await.map(|_| ()).unwrap_err(),
        reader.answer(id, &done(), now).await.unwrap_err(),
        reader.save_pass(&account("acme"), &super::pass("2026-11-21T20:00:00Z", &[])).await.unwrap_err(),
        reader.roll_up(&account("acme")).await.unwrap_err(),
        reader.drop_old(now, 400).await.map(|_| ()).unwrap_err(),
    ];
    for problem in refused {
        assert!(matches!(problem, StoreError::NotOwner), "{problem:?}");
    }
}

pub(crate) async fn many_who_ask_at_once_are_all_heard(fixture: &dyn Fixture) {
    let owner = fixture.own().await;
    let now = at("2026-11-21T20:00:00Z");
    let commands = [fixture.ask().await, fixture.ask().await, fixture.ask().await];
    let asking = commands.into_iter().map(|command| {
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..20 {
                ids.push(command.ask(&request("pause", None), now).await.unwrap());
            }
            ids
        })
    });
    let mut ids = Vec::new();
    for asking in asking.collect::<Vec<_>>() {
        ids.extend(asking.await.unwrap());
    }
    ids.sort();
    ids.dedup();
    let mut heard = Vec::new();
    while let Some(next) = owner.next_request(Asked::OfAny).await.unwrap() {
        owner.answer(next.id, &done(), now).await.unwrap();
        heard.push(next.id);
    }
    assert_eq!((heard.len(), &heard), (60, &ids));
}
