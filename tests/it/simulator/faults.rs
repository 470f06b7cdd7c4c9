//! Every way in which a vendor can lie, be late or say nothing.

use std::io::Read as _;

use axum::body::to_bytes;
use axum::http::{HeaderMap, Request};
use proxymeter::simulator::{Dialect, Fault, FaultRule};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use super::{Reply, SECRET, Stand, small};

struct Faulty {
    stand: Stand,
}

impl Faulty {
    /// A v2 account with this rule.
    async fn with(rule: Value) -> Self {
        let stand = Stand::new(&small(Dialect::DecodoV2));
        let Reply(status, body) = stand.send("POST /-/faults", &[], Some(rule.clone())).await;
        assert_eq!((status, &body[0]["fault"]), (201, &rule["fault"]), "{body}");
        Self { stand }
    }

    async fn get(&self) -> (u16, HeaderMap, Vec<u8>) {
        let request =
            Request::get("/a/v2/sub-users").header("authorization", SECRET).header("user-agent", "test");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = self.stand.simulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status.as_u16(), parts.headers, to_bytes(body, 1 << 24).await.unwrap().to_vec())
    }

    async fn json(&self) -> Value {
        serde_json::from_slice(&self.get().await.2).unwrap()
    }

    async fn put(&self, body: Value) -> Reply {
        let id = self.busy().id;
        let headers = [("authorization", SECRET), ("user-agent", "test")];
        self.stand.send(&format!("PUT /a/v2/sub-users/{id}"), &headers, Some(body)).await
    }

    fn busy(&self) -> proxymeter::simulator::SubUserBooks {
        self.stand.books().accounts["a"].sub_users[1].clone()
    }

    /// What comes over a socket until the connection ends, or nothing where it does not.
    async fn over_a_socket(&self, request: &str) -> Option<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cancel = tokio_util::sync::CancellationToken::new();
        let _stop = cancel.clone().drop_guard();
        tokio::spawn(proxymeter::simulator::serve(listener, self.stand.simulator.clone(), cancel));
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("host: a\r\nauthorization: {SECRET}\r\nuser-agent: test\r\nconnection: close\r\n");
        socket.write_all(request.replace("HEAD", &head).as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = socket.read_to_string(&mut answer);
        let ended = tokio::time::timeout(std::time::Duration::from_millis(300), read).await;
        ended.ok().map(|_| answer)
    }
}

const LIST: &str = "GET /a/v2/sub-users HTTP/1.1\r\nHEAD\r\n";

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn statuses_carry_retry_after_in_both_forms() {
    let rule = json!({ "fault": "status", "status": 429, "retry_after": "90s", "count": 1 });
    let faulty = Faulty::with(rule).await;
    let (status, headers, _) = faulty.get().await;
    assert_eq!((status, header(&headers, "retry-after")), (429, "90"));
    assert_eq!(faulty.get().await.0, 200);
    let rule = json!({ "fault": "status", "status": 503, "retry_after": "1h", "retry_after_date": true });
    let (status, headers, body) = Faulty::with(rule).await.get().await;
    assert_eq!((status, header(&headers, "retry-after")), (503, "Sat, 21 Nov 2026 13:00:00 GMT"));
    assert_eq!(body, br#"{"error":"Service Unavailable"}"#);
}

#[tokio::test]
async fn calls_above_the_accounts_rate_are_refused() {
    let mut scenario = small(Dialect::DecodoV2);
    scenario.accounts[0].requests_per_second = Some(2);
    let faulty = Faulty { stand: Stand::new(&scenario) };
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(faulty.get().await.0);
    }
    faulty.stand.pass(1);
    seen.push(faulty.get().await.0);
    assert_eq!(seen, [200, 200, 429, 429, 200]);
    assert_eq!(faulty.stand.books().accounts["a"].busiest_second, 4);
}

#[tokio::test]
async fn the_date_is_the_simulators_own_and_can_be_off() {
    let right = Faulty::with(json!({ "fault": "latency", "delay": "1ms" })).await.get().await;
    assert_eq!(header(&right.1, "date"), "Sat, 21 Nov 2026 12:00:00 GMT");
    let wrong = Faulty::with(json!({ "fault": "date", "offset": "-2h" })).await.get().await;
    assert_eq!((wrong.0, header(&wrong.1, "date")), (200, "Sat, 21 Nov 2026 10:00:00 GMT"));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_late() {
    let faulty = Faulty::with(json!({ "fault": "latency", "delay": "20s" })).await;
    let before = tokio::time::Instant::now();
    assert_eq!(faulty.get().await.0, 200);
    assert_eq!(before.elapsed().as_secs(), 20);
}

#[tokio::test]
async fn lists_shrink_and_figures_vanish() {
    assert_eq!(Faulty::with(json!({ "fault": "empty" })).await.json().await, json!([]));
    assert_eq!(Faulty::with(json!({ "fault": "halve" })).await.json().await, json!([]), "0 of 2 rows");
    let cut = |share: f64| async move {
        Faulty::with(json!({ "fault": "cut", "share": share })).await.json().await.as_array().unwrap().len()
    };
    assert_eq!([cut(0.49).await, cut(0.5).await, cut(1.0).await], [0, 1, 2]);
    let zeros = Faulty::with(json!({ "fault": "zeros" })).await.json().await;
    let row = &zeros[0];
    assert_eq!(
        (&row["traffic"], &row["traffic_bytes"], &row["traffic_limit"]),
        (&json!(0), &json!(0), &json!(1000.5))
    );
}

#[tokio::test]
async fn bodies_are_html_cut_deep_huge_or_bombs() {
    let (status, headers, body) = Faulty::with(json!({ "fault": "html" })).await.get().await;
    assert_eq!((status, header(&headers, "content-type")), (200, "text/html; charset=utf-8"));
    assert!(body.starts_with(b"<!doctype html>"));

    let (status, _, body) = Faulty::with(json!({ "fault": "truncate" })).await.get().await;
    assert!(status == 200 && body.starts_with(b"[{") && serde_json::from_slice::<Value>(&body).is_err());

    let nested = Faulty::with(json!({ "fault": "nested", "depth": 5 })).await.get().await;
    assert_eq!(nested.2, b"[[[[[]]]]]");

    let huge = Faulty::with(json!({ "fault": "huge", "bytes": 3 << 20 })).await.get().await;
    assert_eq!((huge.2.len(), huge.2[0]), ((3 << 20) + 1, b'['));

    let (_, headers, body) =
        Faulty::with(json!({ "fault": "gzip-bomb", "bytes": 100 << 20 })).await.get().await;
    assert_eq!(header(&headers, "content-encoding"), "gzip");
    assert!(body.len() < 1 << 20, "{} bytes", body.len());
    let mut unpacked = 0;
    let mut decoder = flate2::read::GzDecoder::new(body.as_slice());
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = decoder.read(&mut buffer) {
        unpacked += read;
    }
    assert_eq!(unpacked, 100 << 20, "its checksum holds as well");
}

#[tokio::test]
async fn redirects_lead_elsewhere() {
    let rule = json!({ "fault": "redirect", "to": "http://elsewhere.example/" });
    let (status, headers, _) = Faulty::with(rule).await.get().await;
    assert_eq!((status, header(&headers, "location")), (302, "http://elsewhere.example/"));
}

#[tokio::test]
async fn writes_are_ignored_rounded_or_their_answers_lost() {
    let limit = json!({ "traffic_limit": 900.6 });
    let ignored = Faulty::with(json!({ "fault": "ignore-write" })).await;
    assert_eq!(ignored.put(limit.clone()).await, Reply(201, json!({})));
    assert_eq!(ignored.busy().limit_bytes, None);
    let write = &ignored.stand.books().accounts["a"].writes[0];
    assert!(!write.applied && write.before.is_some() && write.before == write.after);
    assert_eq!(ignored.busy().changes, 0);
    assert_eq!(ignored.get().await.0, 200);

    let rounded = Faulty::with(json!({ "fault": "round-write" })).await;
    rounded.put(limit.clone()).await;
    assert_eq!(rounded.busy().limit_bytes, Some(901_000_000_000));

    let lost = Faulty::with(json!({ "fault": "lose-answer", "operation": "writes" })).await;
    let body = limit.to_string();
    let request = format!(
        "PUT /a/v2/sub-users/{} HTTP/1.1\r\nHEADcontent-length: {}\r\n\r\n{body}",
        lost.busy().id,
        body.len()
    );
    assert_eq!(lost.over_a_socket(&request).await.as_deref(), Some(""));
    assert_eq!(lost.busy().limit_bytes, Some(900_600_000_000));
    let answers = &lost.stand.books().accounts["a"].answers;
    assert_eq!(answers["update-sub-user"], [(0, 1)].into());
}

#[tokio::test]
async fn lists_know_of_a_write_late() {
    let faulty = Faulty::with(json!({ "fault": "late", "delay": "30s", "count": 2 })).await;
    let lists = async |seconds| {
        faulty.stand.pass(seconds);
        let rows = faulty.json().await;
        let limits = rows.as_array().unwrap().iter().map(|row| row["traffic_limit"].clone());
        limits.collect::<Vec<_>>()
    };
    let limit = json!(1000.5);
    faulty.put(json!({ "traffic_limit": 900 })).await;
    assert_eq!(faulty.busy().limit_bytes, Some(900_000_000_000), "the vendor has done it");
    assert_eq!(lists(20).await, [limit.clone(), Value::Null]);
    faulty.put(json!({ "status": "disabled" })).await;
    assert_eq!(faulty.busy().status, "disabled");
    assert_eq!(lists(9).await, [limit.clone(), Value::Null]);
    assert_eq!(lists(1).await, [limit.clone(), json!(900)]);
    let id = faulty.busy().id;
    let headers = [("authorization", SECRET), ("user-agent", "test")];
    let Reply(_, one) = faulty.stand.send(&format!("GET /a/v2/sub-users/{id}"), &headers, None).await;
    assert_eq!(one["status"], json!("active"), "so does the single record");
    assert_eq!(lists(20).await, [limit]);
    assert_eq!(faulty.busy().changes, 2);
}

#[tokio::test]
async fn connections_break_stall_or_stay_silent() {
    let broken = Faulty::with(json!({ "fault": "break" })).await.over_a_socket(LIST).await.unwrap();
    assert!(broken.starts_with("HTTP/1.1 200 OK\r\n") && !broken.ends_with("0\r\n\r\n"), "{broken}");
    assert_eq!(Faulty::with(json!({ "fault": "hang" })).await.over_a_socket(LIST).await, None);
    assert_eq!(Faulty::with(json!({ "fault": "silent" })).await.over_a_socket(LIST).await, None);
}

#[tokio::test]
async fn the_server_stops_though_a_connection_hangs() {
    let stand = Stand::new(&small(Dialect::DecodoV2));
    stand.simulator.add_fault(FaultRule::always(Fault::Silent));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = tokio_util::sync::CancellationToken::new();
    let serving =
        tokio::spawn(proxymeter::simulator::serve(listener, stand.simulator.clone(), cancel.clone()));
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /a/v2/endpoints HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    while stand.books().accounts["a"].calls.is_empty() {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    serving.await.unwrap().unwrap();
    assert_eq!(socket.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn rules_are_told_listed_and_ended() {
    let stand = Stand::new(&small(Dialect::DecodoV2));
    let rules = json!([{ "fault": "html", "account": "b" }, { "fault": "status", "status": 401 }]);
    assert_eq!(stand.send("POST /-/faults", &[], Some(rules)).await.0, 201);
    let headers = [("authorization", SECRET), ("user-agent", "test")];
    assert_eq!(stand.send("GET /a/v2/sub-users", &headers, None).await.0, 401);
    let told = json!([{ "fault": "html", "happened": 0 }, { "fault": "status", "happened": 1 }]);
    assert_eq!(stand.send("GET /-/faults", &[], None).await, Reply(200, told));
    assert_eq!(stand.send("DELETE /-/faults", &[], None).await.0, 204);
    assert_eq!(stand.send("GET /a/v2/sub-users", &headers, None).await.0, 200);
    for (rule, problem) in [
        (json!({}), "fault: is missing"),
        (json!({ "fault": "trunkate" }), "fault: \"trunkate\" is not known; did you mean \"truncate\"?"),
        (json!({ "fault": "status" }), "status: must be a number from 400 to 599"),
        (json!({ "fault": "html", "status": 500 }), "status: is not a parameter of html"),
        (
            json!({ "fault": "latency", "delay": "soon" }),
            "delay: must be a duration such as \"90s\", \"5m\" or \"1h30m\"",
        ),
        (
            json!({ "fault": "html", "operation": "list-subusers" }),
            "operation: \"list-subusers\" is not known; did you mean \"list-sub-users\"?",
        ),
        (json!({ "fault": "html", "probability": 2 }), "probability: must be from 0 to 1"),
        (json!({ "fault": "cut", "share": 1.5 }), "share: must be from 0 to 1"),
        (json!({ "fault": "cut" }), "share: must be from 0 to 1"),
        (json!({ "fault": "late" }), "delay: is missing"),
    ] {
        let reply = stand.send("POST /-/faults", &[], Some(rule)).await;
        assert_eq!(reply, Reply(400, json!({ "error": problem })));
    }
    assert_eq!(stand.send("POST /-/faults", &[], Some(json!({ "falt": "html" }))).await.0, 400);
}
