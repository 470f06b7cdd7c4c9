//! The server over real sockets, with clients that behave and clients that do not.

#![cfg(test)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::collector::{Collector, FailureReason};
use proxymeter::domain::units;
use proxymeter::metrics::catalog::FamilyId;
use proxymeter::metrics::exposition::{Encoding, Exposition, Format, SampleWriter};
use proxymeter::web::{
    AccountStatus, CollectorStatus, Failure, Limits, Options, Scrape, Source, Status, bind, serve,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Longer than anything here may take, so that a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(20);
const MIB: usize = 1 << 20;
/// More than the sockets of both ends hold.
const LARGE: usize = 64;
const METRICS: &str = "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";

/// One small account, as the composition root would serve it.
struct Small(Exposition);

impl Small {
    fn new() -> Self {
        let exposition = Exposition::new(1000);
        let mut writer = SampleWriter::new(FamilyId::AccountTraffic, "oxylabs", "acme");
        writer.sample(&[], 7_u64);
        exposition.replace(&AccountName::new("acme").unwrap(), vec![writer.finish()]);
        Self(exposition)
    }
}

impl Source for Small {
    fn scrape(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
        let (format, encoding) = (Format::negotiate(accept), Encoding::negotiate(accept_encoding));
        let scrape = self.0.scrape(format, encoding, String::new());
        Scrape {
            content_type: scrape.content_type,
            content_encoding: scrape.content_encoding,
            chunks: scrape.chunks,
        }
    }

    fn status(&self) -> Status {
        let failure = Failure {
            reason: FailureReason::Auth,
            detail: "the login is refused for <b>\"acme\"</b>".into(),
            age: Duration::from_secs(5),
        };
        let collector = CollectorStatus {
            collector: Collector::Account,
            is_attempted: true,
            data_age: None,
            is_stale: false,
            failure: Some(failure),
        };
        let account = AccountStatus {
            provider: "oxylabs".into(),
            name: "acme".into(),
            traffic: Some(units::Bytes(7)),
            collectors: vec![collector],
            ..AccountStatus::default()
        };
        Status {
            version: "1.2.3".into(),
            waiting_for: vec!["the store".into()],
            accounts: vec![account],
            ..Status::default()
        }
    }
}

/// 64 MiB of metrics, all of them pointers to one.
struct Large(Bytes);

impl Source for Large {
    fn scrape(&self, _: Option<&str>, _: Option<&str>) -> Scrape {
        Scrape { content_type: "text/plain", content_encoding: None, chunks: vec![self.0.clone(); LARGE] }
    }

    fn status(&self) -> Status {
        Status::default()
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(source: impl Source, limits: Limits) -> Self {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop) = (listener.address(), CancellationToken::new());
        let options = Options { open: false, limits };
        Self { address, task: tokio::spawn(serve(listener, Arc::new(source), options, stop.clone())), stop }
    }

    async fn small() -> Self {
        Self::start(Small::new(), Limits::default()).await
    }

    async fn large(limits: Limits) -> Self {
        Self::start(Large(vec![b'x'; MIB].into()), limits).await
    }

    async fn connect(&self) -> TcpStream {
        timeout(PATIENCE, TcpStream::connect(self.address)).await.unwrap().unwrap()
    }

    /// All that comes back until the server closes.
    async fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        answer
    }

    /// The answer to one request on a connection of its own, without the date.
    async fn once(&self, method: &str, path: &str, headers: &str) -> String {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\r\n");
        let answer = String::from_utf8_lossy(&self.ask(request.as_bytes()).await).into_owned();
        answer
            .lines()
            .filter(|line| !line.starts_with("date: "))
            .fold(String::new(), |all, line| all + line + "\n")
    }

    /// A client whose answer has begun and which reads no further.
    async fn stalled(&self) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(METRICS.as_bytes()).await.unwrap();
        stream.read_exact(&mut [0; 15]).await.unwrap();
        stream
    }

    /// A scrape by a client that behaves.
    async fn scrape_is_whole(&self) -> bool {
        let request = METRICS.replace("host: x", "host: x\r\nconnection: close");
        self.ask(request.as_bytes()).await.len() > LARGE * MIB
    }

    async fn ends(self) -> bool {
        timeout(PATIENCE, self.task).await.is_ok_and(|ended| ended.is_ok())
    }
}

/// Whether the server closes it, gracefully or not.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn routes_answer_with_what_they_are() {
    let server = Server::small().await;
    let mut all = String::new();
    for (method, path, headers) in [
        ("GET", "/metrics", ""),
        ("GET", "/-/healthy", ""),
        ("GET", "/-/ready", ""),
        ("GET", "/metric%0as", ""),
        ("POST", "/metrics", "content-length: 5\r\n"),
    ] {
        let answer = server.once(method, path, headers).await;
        let shown = answer.split("# HELP proxymeter_series_dropped").next().unwrap();
        all += &format!("> {method} {path}\n{shown}\n");
    }
    insta::assert_snapshot!(all, @r#"
    > GET /metrics
    HTTP/1.1 200 OK
    content-type: text/plain; version=0.0.4; charset=utf-8
    vary: accept, accept-encoding
    x-content-type-options: nosniff
    cache-control: no-store
    content-length: 1030
    connection: close

    # HELP proxymeter_account_traffic_bytes Bytes that the account used in its current period by the vendor's own total, collected on a schedule because the vendors meter and limit their APIs.
    # TYPE proxymeter_account_traffic_bytes gauge
    proxymeter_account_traffic_bytes{provider="oxylabs",account="acme"} 7

    > GET /-/healthy
    HTTP/1.1 200 OK
    content-type: text/plain; charset=utf-8
    x-content-type-options: nosniff
    cache-control: no-store
    content-length: 22
    connection: close

    proxymeter is healthy

    > GET /-/ready
    HTTP/1.1 503 Service Unavailable
    content-type: text/plain; charset=utf-8
    x-content-type-options: nosniff
    cache-control: no-store
    content-length: 138
    connection: close

    not ready
    waiting for the store

    acme (oxylabs)
      account        failing (auth, 5 s ago), no data: the login is refused for <b>"acme"</b>

    > GET /metric%0as
    HTTP/1.1 404 Not Found
    content-type: text/plain; charset=utf-8
    x-content-type-options: nosniff
    cache-control: no-store
    content-length: 186
    connection: close

    nothing at "/metric%0as"; there is
      /           how the accounts are
      /metrics    for Prometheus
      /-/healthy  always 200
      /-/ready    200 once started, with each collector's trouble

    > POST /metrics
    HTTP/1.1 405 Method Not Allowed
    content-type: text/plain; charset=utf-8
    x-content-type-options: nosniff
    cache-control: no-store
    allow: GET,HEAD
    content-length: 33
    connection: close

    only GET and HEAD are known here
    "#);
}

#[tokio::test]
async fn the_page_shows_the_accounts_and_escapes_their_texts() {
    let server = Server::small().await;
    let page = server.once("GET", "/", "").await;
    let (head, html) = page.split_once("\n\n").unwrap();
    insta::assert_snapshot!(head.lines().filter(|line| !line.starts_with("content-length")).collect::<Vec<_>>().join("\n"), @r#"
    HTTP/1.1 200 OK
    content-type: text/html; charset=utf-8
    content-security-policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    cache-control: no-store
    connection: close
    "#);
    assert!(html.contains("the login is refused for &lt;b&gt;&quot;acme&quot;&lt;&#x2f;b&gt;"), "{html}");
    assert!(html.contains("waiting for <bdi>the store</bdi>") && html.contains("<b>7 B</b>"), "{html}");
}

#[tokio::test]
async fn f40_odd_headers_head_and_http_1_0_are_answered() {
    let server = Server::small().await;
    let type_of = |answer: String| -> String {
        let mut lines = answer.lines();
        let status = lines.next().unwrap().to_owned();
        status + " " + lines.find_map(|line| line.strip_prefix("content-type: ")).unwrap()
    };
    for (accept, format) in [
        ("accept: application/openmetrics-text; version=1.0.0\r\n", Format::OpenMetrics),
        ("accept: text/plain;q=0.1\r\naccept: application/openmetrics-text\r\n", Format::OpenMetrics),
        ("accept: ;;,=;q=\"\r\n", Format::Text),
        ("accept: \u{fc}\r\n", Format::Text),
        ("accept:\r\n", Format::Text),
    ] {
        let answer = server.once("GET", "/metrics", accept).await;
        assert_eq!(type_of(answer), format!("HTTP/1.1 200 OK {}", format.content_type()), "{accept}");
    }

    let get = server.once("GET", "/metrics", "").await;
    let (head, body) = get.split_once("\n\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    assert_eq!(server.once("HEAD", "/metrics", "").await.trim_end(), head);
    for path in ["/", "/-/healthy", "/-/ready"] {
        let answer = server.once("HEAD", path, "").await;
        assert!(answer.ends_with("\n\n") && !answer.contains("content-length: 0\n"), "{answer}");
    }

    let old = String::from_utf8(server.ask(b"GET /metrics HTTP/1.0\r\n\r\n").await).unwrap();
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n") && old.ends_with(body), "{old}");
    let packed = server.ask(b"GET /metrics HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n").await;
    let at = packed.windows(4).position(|found| found == b"\r\n\r\n").unwrap() + 4;
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[at..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, body);

    let server =
        Server::start(Small::new(), Limits { header: Duration::from_millis(100), ..Limits::default() }).await;
    for garbage in [&b"\r\n\r\n\r\n"[..], b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"] {
        let answer = server.ask(garbage).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{garbage:?}");
    }
    let long = format!("GET /metrics HTTP/1.1\r\nx: {}", "y".repeat(100_000));
    let mut stream = server.connect().await;
    drop(stream.write_all(long.as_bytes()).await);
    assert!(is_closed(&mut stream).await, "a head without end is refused");
}

#[tokio::test]
async fn f40_a_thousand_silent_connections_keep_no_scraper_out() {
    let limits = Limits { connections: 16, header: PATIENCE, ..Limits::default() };
    let server = Server::start(Small::new(), limits).await;
    let mut silent = Vec::new();
    // Each end of a connection is an open file; a machine may allow no more than 1,024.
    for connection in 0..1000 {
        let stream = server.connect().await;
        if connection % 2 == 0 {
            silent.push(stream);
        }
    }
    let answer = timeout(PATIENCE / 2, server.once("GET", "/-/healthy", "")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(is_closed(&mut silent[0]).await, "the longest idle made room");
}

#[tokio::test]
async fn f40_whoever_reads_a_byte_at_a_time_is_cut_while_others_go_on() {
    let short = Duration::from_millis(300);
    for limits in [
        Limits { stall: short, ..Limits::default() },
        Limits { answer: short, stall: PATIENCE, ..Limits::default() },
    ] {
        let server = Server::large(limits).await;
        let mut slow = server.stalled().await;
        let drip = tokio::spawn(async move {
            // What has arrived can still be read; that the server is gone shows when something is sent to it.
            while slow.read_u8().await.is_ok() && slow.write_all(b"\n").await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(server.scrape_is_whole().await, "beside the slow one");
        assert!(timeout(PATIENCE, drip).await.is_ok(), "{limits:?}");
        assert!(server.scrape_is_whole().await, "after the slow one");
    }
}

#[tokio::test]
async fn f40_silent_half_spoken_and_idle_connections_are_closed() {
    let limits = Limits { header: Duration::from_millis(100), ..Limits::default() };
    let server = Server::start(Small::new(), limits).await;
    for said in ["", "GET /metr", "GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        assert!(is_closed(&mut stream).await, "{said:?}");
    }
}

#[tokio::test]
async fn f40_where_all_connections_are_at_work_the_newcomer_is_told() {
    let server = Server::large(Limits { connections: 2, ..Limits::default() }).await;
    let at_work = [server.stalled().await, server.stalled().await];
    let refused = String::from_utf8(server.ask(b"").await).unwrap();
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: "), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    drop(at_work);
}

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let server = Server::small().await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nproxymeter is healthy\n") {
            answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
    }
}

#[tokio::test]
async fn a_stop_lets_a_running_scrape_end_and_waits_for_nobody_idle() {
    let server = Server::large(Limits { drain: PATIENCE, ..Limits::default() }).await;
    let mut running = server.stalled().await;
    let mut idle = server.connect().await;
    server.stop.cancel();
    assert!(is_closed(&mut idle).await);
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is taken");
    let mut rest = Vec::new();
    timeout(PATIENCE, running.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.len() > LARGE * MIB, "the running scrape is whole");
    assert!(server.ends().await);
}

#[tokio::test]
async fn a_stop_waits_for_the_slow_no_longer_than_its_deadline() {
    let server = Server::large(Limits { drain: Duration::from_millis(100), ..Limits::default() }).await;
    let mut slow = server.stalled().await;
    server.stop.cancel();
    assert!(server.ends().await);
    assert!(is_closed(&mut slow).await);
}

#[tokio::test]
async fn an_address_that_cannot_be_had_says_what_to_do() {
    let taken = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let error = bind(taken.address()).await.unwrap_err().to_string();
    let port = taken.address().port().to_string();
    insta::assert_snapshot!(error.replace(&port, "PORT"), @"cannot listen on 127.0.0.1:PORT: another program does (`ss -ltnp 'sport = :PORT'` names it); stop it, or choose another address as web.listen");
    let elsewhere = bind("192.0.2.1:0".parse().unwrap()).await.unwrap_err();
    insta::assert_snapshot!(elsewhere, @"cannot listen on 192.0.2.1:0: this machine has no such address; write 0.0.0.0 or [::] as web.listen for all that it has");
}
