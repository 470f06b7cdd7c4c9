//! One owner at a time.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// Tells the child which store to own.
const STORE: &str = "PROXYMETER_TEST_OWNED_STORE";

/// In the child of the test below: owns a store until its input ends. Otherwise nothing.
#[tokio::test]
async fn child_that_owns_a_store() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let store = open(&Location::Sqlite(path.into()), owning(true)).await.unwrap();
    println!("\nowned");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(store);
}

/// Another process that owns the store.
fn process_that_owns(path: &Path) -> Child {
    let test = "store::sqlite::lock::child_that_owns_a_store";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(STORE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "owned"), "the child does not own the store");
    child
}

#[tokio::test]
async fn f11_a_second_process_is_refused_and_told_who_owns_the_store() {
    let fixture = fixture();
    let mut child = process_that_owns(&fixture.path());
    let problem = fixture.open(owning(false)).await.unwrap_err();
    let StoreError::Owned { owner, .. } = &problem else { panic!("{problem:?}") };
    assert_eq!(owner.pid, Some(child.id()));
    assert_eq!(owner.since, Some(at("2026-11-21T20:00:00Z")));
    let text = format!("process {} on {} since 2026-11-21T20:00:00Z", child.id(), owner.host);
    assert!(problem.to_string().ends_with(&text), "{problem}");
    assert_eq!(problem.reason(), "owned");

    // To read and to ask needs no lock.
    fixture.read().await.close().await;
    let command = fixture.ask().await;
    let request = proxymeter::store::request::NewRequest {
        who: "alice".into(),
        account: None,
        kind: "pause".into(),
        body: "{}".into(),
    };
    let id = command.ask(&request, at("2026-11-21T20:01:00Z")).await.unwrap();

    // Killed, not asked: the lock goes with the process, and what was saved stays.
    child.kill().unwrap();
    child.wait().unwrap();
    let owner = fixture.own().await;
    let next = owner.next_request(proxymeter::store::request::Asked::OfAny).await.unwrap();
    assert_eq!(next.map(|next| next.id), Some(id));
}

#[tokio::test]
async fn f11_closing_gives_up_ownership() {
    let fixture = fixture();
    let first = fixture.own().await;
    let problem = fixture.open(owning(false)).await.unwrap_err();
    assert!(matches!(problem, StoreError::Owned { .. }), "{problem:?}");
    first.close().await;
    fixture.open(owning(false)).await.unwrap();
}
