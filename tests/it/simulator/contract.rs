//! The published half of Decodo against its own contract, by schemathesis.
//!
//! Needs `schemathesis` (PyPI) on the path; without it the test says so and passes.

use std::process::Stdio;

use proxymeter::simulator::{Dialect, Scenario, SubUserSpec};
use serde_json::json;

use super::{Reply, SECRET, Stand, USER, small};

const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/decodo/decodo-v1.openapi.yml");

#[tokio::test]
async fn schemathesis_finds_nothing_in_the_published_half() {
    let installed = tokio::process::Command::new("schemathesis").arg("--version").output().await;
    if !installed.is_ok_and(|output| output.status.success()) {
        eprintln!("left out: schemathesis is not installed (pip install schemathesis)");
        return;
    }
    run(&["--mode", "positive", "--exclude-checks", "ignored_auth"]).await;
    // The contract names neither 401 nor 400 at most operations: what is refused has no code to match.
    run(&["--mode", "negative", "--exclude-checks", "status_code_conformance"]).await;
}

async fn run(arguments: &[&str]) {
    let stand = Stand::new(&crowded());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = tokio_util::sync::CancellationToken::new();
    let serving =
        tokio::spawn(proxymeter::simulator::serve(listener, stand.simulator.clone(), cancel.clone()));
    let body = json!({ "username": USER, "password": SECRET });
    let Reply(_, session) = stand.send("POST /a/v1/auth", &[("user-agent", "test")], Some(body)).await;

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    // The account exists once: its id is not to be invented.
    let text = format!("[parameters]\n\"path.userId\" = {}\n", session["user_id"]);
    tokio::fs::write(&config, text).await.unwrap();
    let output = tokio::process::Command::new("schemathesis")
        .arg("--config-file")
        .arg(&config)
        .args(["run", CONTRACT, "--url", &format!("http://{address}/a/v1")])
        .args(["-H", &format!("Authorization: {}", session["token"].as_str().unwrap())])
        .args(["--checks", "all", "--max-examples", "40", "--seed", "1", "--no-shrink"])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stdout));
    let called = stand.books().accounts["a"].calls.len();
    assert!(called >= 12, "{called} operations of the contract's 13 were called");
    cancel.cancel();
    serving.await.unwrap().unwrap();
}

/// So many sub-users that no run deletes them all: the contract's PUT has no answer for an empty account.
fn crowded() -> Scenario {
    let mut scenario = small(Dialect::DecodoPublished);
    scenario.accounts[0].update_by_id = false;
    let users = &mut scenario.accounts[0].sub_users;
    let still = users[0].clone();
    users.extend((0..500).map(|n| SubUserSpec { username: format!("user_{n}"), ..still.clone() }));
    scenario
}
