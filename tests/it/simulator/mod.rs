//! The simulator speaks as the vendors do, and its answers agree with its books.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod answers;
mod contract;
mod decodo;
mod faults;
mod files;
mod frozen;
mod oxylabs;
mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{
    AccountSpec, Books, Dialect, Event, EventKind, Scenario, Shape, Simulator, SubUserSpec, Workload,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Saturday, the 21st of November 2026, noon.
const START: i64 = 1_795_262_400;

const USER: &str = "acme";
const SECRET: &str = "S3cret_pass_word";

/// A simulator whose time stands still until a test moves it.
pub(crate) struct Stand {
    simulator: Simulator,
    now: Arc<AtomicI64>,
}

/// An answer: its status, and its body as JSON, or as text where it is none.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply(u16, Value);

impl Stand {
    fn new(scenario: &Scenario) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&now);
        let read = move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap();
        Self { simulator: Simulator::new(scenario, Arc::new(read)), now }
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn books(&self) -> Books {
        self.simulator.books()
    }

    /// Sends `"METHOD /path"`.
    async fn send(&self, line: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path.replace(' ', "%20"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let response = self.simulator.router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let body = match serde_json::from_slice(&bytes) {
            _ if bytes.is_empty() => Value::Null,
            Ok(json) => json,
            Err(_) => Value::String(String::from_utf8(bytes.to_vec()).unwrap()),
        };
        Reply(status, body)
    }

    /// Logs in at `path` with a Basic header; user id and token.
    async fn log_in(&self, path: &str) -> (String, String) {
        let authorization = basic(USER, SECRET);
        let headers = [("authorization", authorization.as_str()), ("user-agent", "test")];
        let Reply(status, body) = self.send(&format!("POST {path}"), &headers, None).await;
        assert_eq!(status, 200, "{body}");
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        (text("user_id"), text("token"))
    }
}

fn basic(user: &str, password: &str) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {text}")
}

/// One account `a` with a sub-user that stands still at 92.456 GB, and one that sends a gigabyte an hour.
fn small(dialect: Dialect) -> Scenario {
    let still = Workload::new(Bytes(0), Shape::Idle, &[("still.example", 1, 1000)]);
    let busy = Workload::new(
        Bytes(24_000_000_000),
        Shape::Steady,
        &[("shop.example", 3, 100_000), ("cdn.example", 1, 50_000)],
    );
    let product = if dialect == Dialect::Oxylabs { "mobile" } else { "residential" };
    let mut account = AccountSpec::new("a", dialect, product, USER, SECRET);
    account.plan = Limit::Bytes(Bytes(5_000_000_000_000));
    account.whitelist = vec!["192.0.2.1".into()];
    account.sub_users = vec![
        SubUserSpec {
            lifetime: true,
            used_before: Bytes(92_456_000_000),
            ..SubUserSpec::new("still", Limit::Bytes(Bytes(1_000_500_000_000)), still.clone())
        },
        SubUserSpec::new("busy", Limit::Unlimited, busy),
        SubUserSpec { enabled: false, ..SubUserSpec::new("gone_quiet", Limit::Blocked, still) },
    ];
    Scenario { accounts: vec![account], ..Scenario::default() }
}

/// Gigabytes of an answer as bytes.
fn bytes(value: &Value) -> u64 {
    let gigabytes: f64 = value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap());
    (gigabytes * 1e9).round() as u64
}

#[tokio::test]
async fn every_dialect_reports_what_the_books_say_while_time_goes_on() {
    let scenario = Scenario::demo();
    let stand = Stand::new(&scenario);
    let mut before = 0;
    for minutes in [0, 1, 7, 60, 60 * 24 * 12] {
        stand.pass(minutes * 60);
        let books = stand.books();
        for access in scenario.access() {
            let book = &books.accounts[&access.account];
            let path = &access.base_path;
            let authorization = basic(&access.username, &access.secret);
            let login = match (access.provider, access.dialect) {
                ("oxylabs", _) => "login",
                _ => "auth",
            };
            let credentials = json!({ "username": access.username, "password": access.secret });
            let headers = [("authorization", authorization.as_str()), ("user-agent", "test")];
            let Reply(_, session) =
                stand.send(&format!("POST {path}/{login}"), &headers, Some(credentials)).await;
            let token = session["token"].as_str().unwrap_or(&access.secret);
            let (prefix, field) = match (access.provider, access.dialect) {
                ("oxylabs", _) => ("Bearer ", "traffic"),
                (_, "published") => ("", "traffic_used"),
                (_, "v1") => ("Token ", "traffic"),
                _ => ("", "traffic_bytes"),
            };
            let user = session["user_id"].as_str().map(|id| format!("/users/{id}")).unwrap_or_default();
            let authorization = format!("{prefix}{token}");
            let headers = [("authorization", authorization.as_str()), ("user-agent", "test")];
            let Reply(status, rows) =
                stand.send(&format!("GET {path}{user}/sub-users"), &headers, None).await;
            assert_eq!(status, 200, "{rows}");
            let said: Vec<_> = rows
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    let used = &row[field];
                    let used = if field == "traffic_bytes" { used.as_u64().unwrap() } else { bytes(used) };
                    (row["username"].as_str().unwrap().to_owned(), used)
                })
                .collect();
            let known: Vec<_> = book
                .sub_users
                .iter()
                .filter(|user| user.listed)
                .map(|user| (user.username.clone(), user.reported_bytes))
                .collect();
            assert_eq!(said, known, "{} after {minutes} minutes", access.account);
        }
        let total: u64 = books.accounts.values().map(|book| book.traffic_bytes).sum();
        // Twelve days later two of the four are in a new period, and the vendor has cut off who reached a limit.
        assert!(minutes == 0 || minutes > 60 || total > before, "{total} after {before}");
        before = total;
    }
}

#[tokio::test]
async fn two_simulators_agree_however_often_one_looks() {
    let (one, two) = (Stand::new(&Scenario::demo()), Stand::new(&Scenario::demo()));
    for _ in 0..50 {
        one.pass(97);
        one.books();
    }
    two.pass(50 * 97);
    assert_eq!(one.books(), two.books());
}

#[tokio::test]
async fn the_account_is_its_sub_users_and_its_targets() {
    let stand = Stand::new(&small(Dialect::Oxylabs));
    stand.pass(3600 * 30);
    let books = stand.books();
    let account = &books.accounts["a"];
    let busy = &account.sub_users[1];
    assert_eq!(account.traffic_bytes, busy.traffic_bytes);
    let from = account.period_start.as_str();
    let of_targets: u64 =
        busy.targets.iter().filter(|row| row.date.as_str() >= from).map(|row| row.traffic_bytes).sum();
    assert_eq!(of_targets, busy.traffic_bytes);
    assert_eq!(account.sub_users[0].traffic_bytes, 92_456_000_000);
}

#[tokio::test]
async fn the_clock_stops_and_is_moved_on() {
    let stand = Stand::new(&small(Dialect::Oxylabs));
    let paused = stand.send("POST /-/clock", &[], Some(json!({ "paused": true }))).await;
    assert_eq!(paused, Reply(200, json!({ "now": "2026-11-21T12:00:00Z", "paused": true, "speed": 1.0 })));
    let before = stand.books();
    stand.pass(600);
    assert_eq!(stand.books(), before);
    let moved = stand.send("POST /-/clock", &[], Some(json!({ "advance": "1h30m" }))).await;
    assert_eq!(moved, Reply(200, json!({ "now": "2026-11-21T13:30:00Z", "paused": true, "speed": 1.0 })));
    let busy = |books: &Books| books.accounts["a"].sub_users[1].traffic_bytes;
    assert!(busy(&stand.books()) > busy(&before) + 1_000_000_000);
    for wrong in [json!({ "advance": "-1h" }), json!({ "advance": "soon" }), json!({ "stop": true })] {
        let Reply(status, body) = stand.send("POST /-/clock", &[], Some(wrong)).await;
        assert_eq!(status, 400, "{body}");
    }
    let Reply(status, books) = stand.send("GET /-/books?days=0", &[], None).await;
    assert_eq!((status, &books["accounts"]["a"]["sub_users"][1]["targets"]), (200, &json!([])));
    assert_eq!(
        stand.send("GET /-/nothing", &[], None).await,
        Reply(404, json!({ "error": "no such control route" }))
    );
}

#[tokio::test]
async fn a_new_period_starts_at_zero_but_for_lifetime_counters() {
    let stand = Stand::new(&small(Dialect::Oxylabs));
    stand.simulator.advance(SignedDuration::from_hours(24 * 10 - 12));
    let books = stand.books();
    let account = &books.accounts["a"];
    assert_eq!((account.period_start.as_str(), account.period_end.as_str()), ("2026-12-01", "2026-12-31"));
    assert_eq!((account.traffic_bytes, account.sub_users[1].traffic_bytes), (0, 0));
    assert_eq!(account.sub_users[0].traffic_bytes, 92_456_000_000);
}

#[tokio::test]
async fn the_vendor_cuts_off_at_the_limit_until_the_period_ends() {
    let mut scenario = small(Dialect::Oxylabs);
    let account = &mut scenario.accounts[0];
    account.enforcement_lag = SignedDuration::from_mins(30);
    account.sub_users[1].limit = Limit::Bytes(Bytes(520_000_000_000));
    let stand = Stand::new(&scenario);
    stand.pass(3600 * 24 * 5);
    let state = || {
        let books = stand.books();
        let user = &books.accounts["a"].sub_users[1];
        (user.status, user.listed, user.traffic_bytes)
    };
    let (status, listed, used) = state();
    assert_eq!((status, listed), ("cut_off", false));
    assert!((520_300_000_000..520_700_000_000).contains(&used), "half an hour late: {used}");
    stand.pass(3600);
    assert_eq!(state(), ("cut_off", false, used));
    stand.simulator.advance(SignedDuration::from_hours(24 * 6));
    assert_eq!((state().0, state().1), ("active", true));
}

#[tokio::test]
async fn the_vendor_lags_freezes_corrects_and_tops_up() {
    let mut scenario = small(Dialect::DecodoV2);
    let account = &mut scenario.accounts[0];
    account.lag = SignedDuration::from_mins(15);
    let hours = SignedDuration::from_hours;
    let correction = EventKind::Correction { sub_user: "busy".into(), bytes: Bytes(5_000_000_000) };
    account.events = vec![
        Event { after: hours(9), kind: EventKind::TopUp(Bytes(1_000_000_000)) },
        Event { after: hours(1), kind: EventKind::Freeze(hours(6)) },
        Event { after: hours(8), kind: correction },
        Event {
            after: hours(10),
            kind: EventKind::Person {
                sub_user: "busy".into(),
                limit: Some(Limit::Blocked),
                enabled: Some(false),
            },
        },
    ];
    let stand = Stand::new(&scenario);
    let look = |hours: i64| {
        stand.now.store(START + hours * 3600, Ordering::SeqCst);
        let account = stand.books().accounts["a"].clone();
        (account.sub_users[1].traffic_bytes, account.sub_users[1].reported_bytes, account.plan_bytes.unwrap())
    };
    let (exact, reported, _) = look(0);
    assert!((100_000_000..400_000_000).contains(&(exact - reported)), "a quarter of an hour");
    let frozen = look(1).1;
    assert_eq!((look(3).1, look(6).1), (frozen, frozen));
    let (exact, reported, plan) = look(7);
    assert!(reported > frozen + 3_000_000_000 && reported < exact);
    assert!(look(8).0 < exact - 3_000_000_000, "usage goes backwards");
    assert_eq!(look(9).2, plan + 1_000_000_000);
    look(11);
    let busy = &stand.books().accounts["a"].sub_users[1];
    assert_eq!((busy.limit_bytes, busy.status), (Some(0), "disabled"));
}

#[tokio::test]
async fn the_server_answers_on_a_socket_and_stops() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let stand = Stand::new(&small(Dialect::DecodoV2));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = tokio_util::sync::CancellationToken::new();
    let serving =
        tokio::spawn(proxymeter::simulator::serve(listener, stand.simulator.clone(), cancel.clone()));
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /a/v2/sub-users HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 403 Forbidden\r\n") && answer.ends_with("error code: 1010"),
        "{answer}"
    );
    cancel.cancel();
    serving.await.unwrap().unwrap();
}
