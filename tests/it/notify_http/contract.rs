//! The one contract that every receiver passes: what an answer, a fault, or a silence means.

use std::time::Duration;

use proxymeter::notify::Notifier;

use super::samples::firing;
use super::server::{Act, Server, reply};
use super::{now, receivers, render};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Every receiver, and the server that they tell.
struct Stand {
    server: Server,
    receivers: Vec<(&'static str, Box<dyn Notifier>)>,
}

impl Stand {
    async fn new(timeout: Duration) -> Self {
        let server = Server::start(Act::Close).await;
        let receivers = receivers(&server.url(), timeout);
        Self { server, receivers }
    }

    /// What each receiver makes of what the server does; the address is taken out.
    async fn told(&self, act: Act) -> Vec<(&'static str, String)> {
        let before = self.server.connections();
        self.server.set(act.clone());
        let mut all = Vec::new();
        for (name, receiver) in &self.receivers {
            let saved = render(&**receiver, &firing(), &self.server.url());
            let told = saved.send(&**receiver, now()).await;
            all.push((*name, format!("{told:?}").replace(&self.server.address.to_string(), "SERVER")));
        }
        let connections = self.server.connections() - before;
        assert_eq!(connections, all.len() as u64, "{act:?}: one request for one send");
        all
    }
}

#[tokio::test]
async fn f28_every_receiver_reads_a_status_the_same_way() {
    let table = [
        (reply(200, "", "ok"), "Ok(\"200 OK: ok\")"),
        (reply(204, "", ""), "Ok(\"204 No Content\")"),
        (
            reply(301, "location: http://127.0.0.1:9/else\r\n", ""),
            "Err(Refused(\"301 Moved Permanently; redirects are not followed: configure the address that it leads to\"))",
        ),
        (
            reply(307, "location: /else\r\n", ""),
            "Err(Refused(\"307 Temporary Redirect; redirects are not followed: configure the address that it leads to\"))",
        ),
        (reply(400, "", "bad\r\n\tcard"), "Err(Refused(\"400 Bad Request: bad card\"))"),
        (reply(401, "", ""), "Err(Refused(\"401 Unauthorized; check the url and the secret\"))"),
        (reply(403, "", ""), "Err(Refused(\"403 Forbidden; check the url and the secret\"))"),
        (
            reply(404, "", ""),
            "Err(Refused(\"404 Not Found; check that the url is whole, and still exists there\"))",
        ),
        (reply(408, "", ""), "Err(Later { answer: \"408 Request Timeout\", retry_after: None })"),
        (reply(410, "", ""), "Err(Gone(\"410 Gone; configure the address that has come in its place\"))"),
        (reply(413, "", ""), "Err(Refused(\"413 Payload Too Large\"))"),
        (reply(425, "", ""), "Err(Later { answer: \"425 Too Early\", retry_after: None })"),
        (reply(429, "", ""), "Err(Later { answer: \"429 Too Many Requests\", retry_after: None })"),
        (
            reply(429, "retry-after: 90\r\n", ""),
            "Err(Later { answer: \"429 Too Many Requests\", retry_after: Some(90s) })",
        ),
        (
            reply(429, "retry-after: Sat, 21 Nov 2026 10:02:00 GMT\r\n", ""),
            "Err(Later { answer: \"429 Too Many Requests\", retry_after: Some(120s) })",
        ),
        (reply(500, "", ""), "Err(Later { answer: \"500 Internal Server Error\", retry_after: None })"),
        (reply(502, "", ""), "Err(Later { answer: \"502 Bad Gateway\", retry_after: None })"),
        (
            reply(503, "retry-after: 5\r\n", ""),
            "Err(Later { answer: \"503 Service Unavailable\", retry_after: Some(5s) })",
        ),
        (reply(504, "", ""), "Err(Later { answer: \"504 Gateway Timeout\", retry_after: None })"),
    ];
    let stand = Stand::new(TIMEOUT).await;
    for (act, wanted) in table {
        for (receiver, told) in stand.told(act).await {
            assert_eq!(told, wanted, "{receiver}");
        }
    }
}

#[tokio::test]
async fn f28_what_may_have_been_taken_is_unknown() {
    let silent = "Err(Unknown(\"http://SERVER took the connection and did not answer within 300ms\"))";
    let broken = "Err(Unknown(\"http://SERVER broke off before it answered: ";
    let (hasty, patient) = (Stand::new(Duration::from_millis(300)).await, Stand::new(TIMEOUT).await);
    for (stand, act, wanted) in [
        (&hasty, Act::HangAtOnce, silent),
        (&hasty, Act::HangAfterwards, silent),
        (&patient, Act::Close, broken),
        (&patient, Act::CloseInHead, broken),
        // The status has arrived, and says that it is taken.
        (&patient, Act::CloseInBody, "Ok(\"200 OK: half of\")"),
        (&hasty, Act::HangInBody, "Ok(\"200 OK\")"),
    ] {
        for (receiver, told) in stand.told(act.clone()).await {
            assert!(told.starts_with(wanted), "{receiver}, {act:?}: {told}");
        }
    }
}

#[tokio::test]
async fn f28_of_two_gigabytes_little_is_read() {
    let server = Server::start(Act::Flood).await;
    let url = server.url();
    for (name, receiver) in receivers(&url, TIMEOUT) {
        let before = server.written();
        let told = render(&*receiver, &firing(), &url).send(&*receiver, now()).await.unwrap();
        assert_eq!(told, format!("200 OK: {}…", "x".repeat(119)), "{name}");
        // What the system's buffers hold between the two is no memory of ours.
        let taken = server.written() - before;
        assert!(taken < 32 * 1024 * 1024, "{name}: {taken} bytes");
    }
}

#[tokio::test]
async fn f28_a_try_again_has_the_same_bytes_and_the_same_id() {
    let server = Server::start(reply(500, "", "")).await;
    let url = server.url();
    for (name, receiver) in receivers(&url, TIMEOUT) {
        if name == "alertmanager" {
            // It is told what stands open at the moment, which is another at each try.
            continue;
        }
        let saved = render(&*receiver, &firing(), &url);
        let later = now() + jiff::SignedDuration::from_secs(5);
        saved.send(&*receiver, now()).await.unwrap_err();
        saved.send(&*receiver, later).await.unwrap_err();
        let seen = server.seen();
        let [.., first, second] = seen.as_slice() else { panic!("{name}") };
        assert_eq!(first.body, second.body, "{name}");
        let id = |head: &str| head.lines().find(|line| line.starts_with("webhook-id: ")).map(str::to_owned);
        assert_eq!(id(&first.head), id(&second.head), "{name}");
        assert_eq!(id(&first.head).is_some(), name == "generic");
    }
}

#[tokio::test]
async fn f28_a_receiver_that_hangs_holds_up_no_other() {
    let (hangs, answers) = (Server::start(Act::HangAtOnce).await, Server::start(reply(200, "", "")).await);
    let timeout = Duration::from_secs(600);
    let (slow, quick) = (receivers(&hangs.url(), timeout), receivers(&answers.url(), timeout));
    for ((_, slow), (name, quick)) in slow.iter().zip(&quick) {
        let waits = render(&**slow, &firing(), &hangs.url());
        let arrives = render(&**quick, &firing(), &answers.url());
        tokio::select! {
            told = waits.send(&**slow, now()) => panic!("{name}: {told:?}"),
            told = arrives.send(&**quick, now()) => assert_eq!(told.unwrap(), "200 OK", "{name}"),
        }
    }
}
