//! What is signed is accepted by the reference library of Standard Webhooks.
//!
//! Needs Python's `standardwebhooks` (PyPI); without it the test says so and passes, and under `tests/run`
//! fails.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::require_python;
use proxymeter::collect::clock::Clock;
use proxymeter::notify::webhook::{Format, Settings, Webhook};
use tokio::process::Command;

use super::server::{Server, reply};
use super::{KEY, render, samples, secret, settings};

const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FOREIGN: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Reads the body; the key and the three headers are arguments. Ends with 3 where the signature is not accepted.
const VERIFY: &str = "
import sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
key, id, timestamp, signature = sys.argv[1:]
headers = {'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature}
try:
    Webhook(key).verify(sys.stdin.buffer.read(), headers)
except WebhookVerificationError:
    sys.exit(3)
";

async fn verify(python: &Path, key: &str, head: &str, body: &[u8]) -> Option<i32> {
    ask(python, VERIFY, key, head, body).await
}

/// What a script ends with.
async fn ask(python: &Path, script: &str, key: &str, head: &str, body: &[u8]) -> Option<i32> {
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        lines.next().unwrap_or_default().to_owned()
    };
    let mut child = Command::new(python)
        .args(["-c", script, key])
        .args(["webhook-id", "webhook-timestamp", "webhook-signature"].map(header))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut input, body).await.unwrap();
    drop(input);
    tokio::time::timeout(Duration::from_secs(60), child.wait()).await.unwrap().unwrap().code()
}

#[tokio::test]
async fn the_reference_library_accepts_either_key_and_nothing_else() {
    let Some(python) = require_python("standardwebhooks") else { return };
    let server = Server::start(reply(200, "", "")).await;
    let keys = format!("{KEY}\n{OTHER}\n");
    let settings = Settings { secret: Some(secret(&keys)), ..settings(Format::Generic, &server.url()) };
    let webhook = Webhook::new(settings).unwrap();
    // The library refuses what is older than five minutes.
    let now = Clock::new().now();
    for (_, message) in samples::all().into_iter().chain([("ugly", samples::ugly())]) {
        let saved = render(&webhook, &message, &server.url());
        saved.send(&webhook, now).await.unwrap();
    }
    let requests = server.seen();
    assert_eq!(requests.len(), 7);
    for request in &requests {
        assert_eq!(verify(&python, KEY, &request.head, &request.body).await, Some(0), "{}", request.head);
        assert_eq!(verify(&python, OTHER, &request.head, &request.body).await, Some(0), "{}", request.head);
    }
    let request = &requests[0];
    assert_eq!(verify(&python, FOREIGN, &request.head, &request.body).await, Some(3));
    assert_eq!(verify(&python, KEY, &request.head, b"{\"type\":\"drill\"}").await, Some(3));
}

/// What follows a `verify` of docs/RECEIVERS.md: keys and headers are arguments, the body is read.
const ASK: &str = "
import sys
keys, id, timestamp, signature = sys.argv[1:]
headers = {'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature}
sys.exit(0 if verify(keys.split(), headers, sys.stdin.buffer.read()) else 3)
";

#[tokio::test]
async fn the_examples_of_the_page_accept_what_is_signed_and_nothing_else() {
    let examples = crate::receivers::blocks("python");
    assert_eq!(examples.len(), 2);
    let server = Server::start(reply(200, "", "")).await;
    let settings = Settings {
        secret: Some(secret(&format!("{KEY}\n{OTHER}\n"))),
        ..settings(Format::Generic, &server.url())
    };
    let webhook = Webhook::new(settings).unwrap();
    let saved = render(&webhook, &samples::firing(), &server.url());
    let now = Clock::new().now();
    saved.send(&webhook, now).await.unwrap();
    saved.send(&webhook, now - jiff::SignedDuration::from_mins(6)).await.unwrap();
    let [request, old] = &server.seen()[..] else { panic!("two requests") };
    for example in examples {
        let module = if example.contains("standardwebhooks") { "standardwebhooks" } else { "hmac" };
        let Some(python) = require_python(module) else { continue };
        let script = format!("{example}{ASK}");
        for (keys, request, body, code) in [
            (KEY, request, &*request.body, 0),
            (OTHER, request, &*request.body, 0),
            (&*format!("{FOREIGN} {KEY}"), request, &*request.body, 0),
            (FOREIGN, request, &*request.body, 3),
            (KEY, request, b"{}", 3),
            (KEY, old, &*old.body, 3),
        ] {
            let ended = ask(&python, &script, keys, &request.head, body).await;
            assert_eq!(ended, Some(code), "{module}, {keys}");
        }
    }
}

#[tokio::test]
async fn without_a_secret_it_is_not_signed() {
    let server = Server::start(reply(200, "", "")).await;
    let settings = Settings { secret: None, ..settings(Format::Generic, &server.url()) };
    let webhook = Webhook::new(settings).unwrap();
    render(&webhook, &samples::firing(), &server.url()).send(&webhook, super::now()).await.unwrap();
    let head = server.seen().pop().unwrap().head;
    assert!(head.contains("webhook-id: msg_0123456789abcdef0123456789abcdef\r\n"), "{head}");
    assert!(head.contains("webhook-timestamp: 1795255200\r\n"), "{head}");
    assert!(!head.contains("webhook-signature"), "{head}");
}
