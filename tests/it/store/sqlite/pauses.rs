//! Pauses by another process than the one that writes at the vendors.

use proxymeter::domain::act::action::ActionId;
use proxymeter::domain::act::books::{Books, Breaker, Delta};
use proxymeter::store::records::NewPause;

use super::super::contract::account;
use super::*;

#[tokio::test]
async fn a_command_pauses_what_the_owner_is_about_to_write() {
    let fixture = fixture();
    let (owner, command) = (fixture.own().await, fixture.ask().await);
    let (acme, now) = (account("acme"), at("2026-11-21T20:00:00Z"));
    let breaker = Breaker { since: now, action: ActionId(1), words: "active, no limit".into() };
    let delta = Delta { breakers: vec![(acme.clone(), Some(breaker))], ..Delta::default() };
    let new = NewPause { account: None, until: None, reason: None, who: "alice".into() };

    let pause = command.pause(&new, now).await.unwrap();
    assert_eq!(owner.save_intents(&acme, &delta, &[], now).await.unwrap(), Some(pause.clone()));
    assert_eq!(owner.acts().await.unwrap(), Books::default());
    // What a pause does not stop, such as what is put back.
    owner.save_acts(&Delta::default(), &[]).await.unwrap();

    assert_eq!(command.resume(None, now).await.unwrap(), [pause]);
    assert_eq!(owner.save_intents(&acme, &delta, &[], now).await.unwrap(), None);
    let mut books = Books::default();
    books.take(&delta);
    assert_eq!(command.acts().await.unwrap(), books);
}

#[tokio::test]
async fn once_a_pause_is_saved_nothing_is_intended() {
    let fixture = fixture();
    let (owner, command) = (fixture.own().await, fixture.ask().await);
    let (acme, now) = (account("acme"), at("2026-11-21T20:00:00Z"));
    let new = NewPause { account: Some(acme.clone()), until: None, reason: None, who: "alice".into() };
    let delta = Delta::default();
    for _ in 0..20 {
        let intents = async {
            let mut until_paused = 0;
            while owner.save_intents(&acme, &delta, &[], now).await.unwrap().is_none() {
                until_paused += 1;
            }
            until_paused
        };
        let paused = async {
            let pause = command.pause(&new, now).await.unwrap();
            assert_eq!(owner.save_intents(&acme, &delta, &[], now).await.unwrap(), Some(pause));
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), async { tokio::join!(intents, paused) })
            .await
            .unwrap();
        assert_eq!(command.resume(Some(&acme), now).await.unwrap().len(), 1);
    }
}
