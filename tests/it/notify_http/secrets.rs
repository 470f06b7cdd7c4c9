//! No receiver tells a secret: not in an answer, an error, a log, what is saved, or its own description.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::server::{Act, Server, reply};
use super::{Saved, now, receivers, render, samples};

/// All that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every part of it but scheme and host is a secret of its own.
fn url_at(address: std::net::SocketAddr) -> String {
    format!("http://canaryuser:canarypass@{address}/canaryfirst/canary%74opic?sig=canaryquery&canaryflag")
}

/// What a canary looks like after any of the ways that it may have been written.
fn assert_no_canary(what: &str, text: &str) {
    let text = text.to_lowercase();
    // "canarybasic00" and "canaryuser:canarypass" as basic authentication writes them.
    for trace in ["canary", "anaryp", "y2fuyxj5", "cHJveDpjYW5hcnliYXNpYzAw".to_lowercase().as_str()] {
        assert!(!text.contains(trace), "{what} tells {trace}: {text}");
    }
}

#[tokio::test]
async fn no_receiver_leaks_a_secret() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is kept");

    // The other side gives back all that it was asked.
    let acts = [200, 302, 400, 404, 410, 429, 500].map(Act::Echo);
    for act in acts.into_iter().chain([Act::Close, Act::HangAfterwards]) {
        let server = Server::start(act.clone()).await;
        let url = url_at(server.address);
        let timeout = Duration::from_millis(if matches!(act, Act::HangAfterwards) { 100 } else { 10_000 });
        for (name, receiver) in receivers(&url, timeout) {
            for (_, message) in samples::all() {
                assert_no_canary(name, &String::from_utf8(render(&*receiver, &message, &url).body).unwrap());
            }
            let saved = render(&*receiver, &samples::firing(), &url);
            let told = saved.send(&*receiver, now()).await;
            assert_no_canary(name, &format!("{told:?}"));
            if let Err(error) = told {
                assert_no_canary(name, &error.to_string());
            }
        }
        // A test that sends no canary would find none.
        for request in server.seen() {
            let sent = format!("{}{}", request.head, String::from_utf8_lossy(&request.body));
            assert!(sent.contains("canary") || sent.to_lowercase().contains("y2fuyxj5"), "{sent}");
        }
    }
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (name, receiver) in receivers(&url_at(free), Duration::from_secs(10)) {
        let told = render(&*receiver, &samples::firing(), &url_at(free)).send(&*receiver, now()).await;
        assert_no_canary(name, &format!("{told:?}"));
        assert!(told.unwrap_err().is_retryable());
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is kept"));
    assert_no_canary("the log", &log);
}

#[tokio::test]
async fn what_describes_itself_tells_no_secret() {
    use proxymeter::notify::alertmanager::Pusher;
    use proxymeter::notify::webhook::{Format, Webhook};

    let url = url_at("127.0.0.1:9".parse().unwrap());
    for format in Format::ALL {
        let webhook = Webhook::new(super::settings(format, &url)).unwrap();
        assert_eq!(format!("{webhook:?}"), format!("Webhook {{ name: \"ops\", format: {format:?}, .. }}"));
    }
    let pusher = Pusher::new(super::pusher_settings(&url, Duration::from_secs(1))).unwrap();
    assert_eq!(format!("{pusher:?}"), "Pusher { name: \"pager\", recipients: [\"127.0.0.1:9\"], .. }");
}

#[tokio::test]
async fn the_secrets_are_put_in_when_it_is_sent() {
    let server = Server::start(reply(200, "", "")).await;
    let url = format!("http://{}/base/canarytopic", server.address);
    for (name, receiver) in receivers(&url, Duration::from_secs(10)) {
        let saved: Saved = render(&*receiver, &samples::firing(), &url);
        saved.send(&*receiver, now()).await.unwrap();
        let request = server.seen().pop().unwrap();
        let sent: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let first = request.head.lines().next().unwrap();
        match name {
            "pagerduty" => assert_eq!(sent["routing_key"], "canaryroutingkey0000000000000000"),
            "ntfy" => {
                assert_eq!(sent["topic"], "canarytopic");
                assert_eq!(first, "POST /base/ HTTP/1.1");
                assert!(
                    request.head.contains("authorization: Bearer tk_canarytoken00\r\n"),
                    "{}",
                    request.head
                );
            }
            "alertmanager" => {
                assert_eq!(first, "POST /base/canarytopic/api/v2/alerts HTTP/1.1");
                assert!(request.head.contains("authorization: Basic cHJveDpjYW5hcnliYXNpYzAw\r\n"));
            }
            _ => {
                assert_eq!(request.body, saved.body, "{name}");
                assert_eq!(first, "POST /base/canarytopic HTTP/1.1");
            }
        }
        assert!(request.head.contains("user-agent: proxymeter/"), "{}", request.head);
        assert!(request.head.contains("content-type: application/json"), "{}", request.head);
    }
}
