//! A vendor whose answers are drawn at random from the simulator's list of faults, in paused time and without sockets:
//! nothing panics, no bad answer changes a value, the rate is kept, and memory stays flat.
//!
//! `PROXYMETER_LIES=10000` makes so many passes a collector, and then looks at the memory, which asks for a process of
//! its own: `just lies`.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::clock::Clock;
use proxymeter::collect::holder::Holder;
use proxymeter::collect::observer::{Observer, Outcome};
use proxymeter::collect::pass::{Memory, Pass};
use proxymeter::domain::account::{Account, AccountName};
use proxymeter::domain::collector::{Collector, FailureReason};
use proxymeter::domain::units::Gigabyte;
use proxymeter::providers::decodo::{self, Decodo};
use proxymeter::providers::http::auth::AuthScheme;
use proxymeter::providers::http::limiter::Limiter;
use proxymeter::providers::http::request::ApiRequest;
use proxymeter::providers::http::retry;
use proxymeter::providers::http::session::Session;
use proxymeter::providers::http::transport::{Answer, CallObserver, Exchange};
use proxymeter::providers::oxylabs::{self, Oxylabs};
use proxymeter::providers::{Provider, ProviderError};
use proxymeter::simulator::{Access, Fault, FaultRule, RetryAfter, Scenario, Simulator};
use secrecy::SecretString;
use tokio::time::Instant;
use tower::ServiceExt as _;
use url::Url;

/// Calls a second, and so in any second.
const RATE: u32 = 5;

/// Answers are cut at this size.
const MAX_BODY: usize = 1 << 20;

/// The simulator without a socket, as the transport would carry it.
struct InMemory {
    router: Router,
    clock: Arc<Clock>,
    calls: Mutex<Vec<Instant>>,
}

#[async_trait]
impl Exchange for InMemory {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn send(
        &self,
        base: &Url,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, ProviderError> {
        self.calls.lock().unwrap().push(Instant::now());
        let endpoint = request.endpoint;
        let asked = tokio::time::timeout_at(deadline, self.exchange(base, request, authorization));
        asked.await.unwrap_or(Err(ProviderError::Timeout { endpoint, after: Duration::ZERO }))
    }
}

impl InMemory {
    async fn exchange(
        &self,
        base: &Url,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
    ) -> Result<Answer, ProviderError> {
        let endpoint = request.endpoint;
        let mut url = base.clone();
        url.set_path(&format!("{}{}", base.path(), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut call = Request::builder().method(request.method.clone()).uri(url.as_str());
        call = call.header("user-agent", "proxymeter").header("accept-encoding", "gzip");
        call = call.header("content-type", "application/json");
        if let Some(authorization) = authorization {
            call = call.header("authorization", authorization);
        }
        let body = request.body.clone().map_or_else(Body::empty, Body::from);
        let response = self.router.clone().oneshot(call.body(body).unwrap()).await.unwrap();
        let (parts, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let broken = |_| ProviderError::Connect { endpoint, problem: "broken".to_owned() };
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            bytes.extend_from_slice(&data);
            if bytes.len() > MAX_BODY {
                return Err(ProviderError::BodyTooLarge { endpoint, cap: MAX_BODY as u64 });
            }
        }
        if parts.headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
            let mut unpacked = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&*bytes).take(MAX_BODY as u64 + 1);
            decoder.read_to_end(&mut unpacked).ok();
            if unpacked.len() > MAX_BODY {
                return Err(ProviderError::BodyTooLarge { endpoint, cap: MAX_BODY as u64 });
            }
            bytes = unpacked;
        }
        let retry_after = parts.headers.get("retry-after");
        let retry_after = retry_after.and_then(|value| retry::retry_after(value.to_str().ok()?, self.now()));
        Ok(Answer { status: parts.status.as_u16(), retry_after, clock_differs: None, body: bytes.into() })
    }
}

struct Unseen;

impl CallObserver for Unseen {
    fn called(&self, _endpoint: &'static str, _status: Option<u16>, _took: Duration) {}
    fn clock_differs(&self, _by: SignedDuration) {}
}

/// Counts what was not accepted.
#[derive(Default)]
struct Rejections(Mutex<BTreeMap<FailureReason, u64>>);

impl Observer for Rejections {
    fn began(&self, _holder: &Holder, _collector: Collector, _at: Timestamp) {}
    fn rejected(&self, _holder: &Holder, _collector: Collector, reason: FailureReason) {
        *self.0.lock().unwrap().entry(reason).or_default() += 1;
    }
    fn changed(&self, _holder: &Holder, _collector: Collector) {}
    fn ended(&self, _: &Holder, _: Collector, _: &Outcome, _: Timestamp, _: Duration) {}
}

/// Everything that a read can meet; each of some calls in a hundred, so that about half of them go wrong.
///
/// What is believed when it comes three times in a row is so rare that it does not.
fn faults() -> Vec<FaultRule> {
    let seconds = SignedDuration::from_secs;
    let all = [
        Fault::Latency(seconds(1)),
        Fault::Date(seconds(86400)),
        Fault::Status(401, None),
        Fault::Status(403, None),
        Fault::Status(404, None),
        Fault::Status(429, Some(RetryAfter::Seconds(seconds(2)))),
        Fault::Status(429, Some(RetryAfter::Date(seconds(3)))),
        Fault::Status(429, None),
        Fault::Status(500, None),
        Fault::Status(503, None),
        Fault::Hang,
        Fault::Silent,
        Fault::Break,
        Fault::Truncate,
        Fault::LoseAnswer,
        Fault::Html,
        Fault::Empty,
        Fault::Halve,
        Fault::Zeros,
        Fault::Huge(2 << 30),
        Fault::GzipBomb(64 << 20),
        Fault::Nested(100_000),
        Fault::Redirect("http://127.0.0.1:1/".to_owned()),
    ];
    // With nothing held an answer is accepted, so the first of each account are good.
    let rule = |fault: Fault| {
        let is_believed_in_the_end = matches!(fault, Fault::Empty | Fault::Halve | Fault::Zeros);
        let probability = if is_believed_in_the_end { 0.004 } else { 0.03 };
        FaultRule { skip: 60, probability, ..FaultRule::always(fault) }
    };
    all.into_iter().map(rule).collect()
}

fn provider(access: &Access, exchange: Arc<dyn Exchange>) -> Arc<dyn Provider> {
    let base: Url = format!("http://simulator{}", access.base_path).parse().unwrap();
    let secret = access.secret.clone();
    let read: proxymeter::providers::http::auth::ReadSecret =
        Arc::new(move || Ok(SecretString::from(secret.clone())));
    let timeout = Duration::from_secs(2);
    let account = Account {
        provider: access.provider,
        name: AccountName::new(&access.account).unwrap(),
        product: "".into(),
        dialect: access.dialect,
        gigabyte: Gigabyte::Decimal,
        writes: false,
        plan: None,
        billing_day: None,
        time_zone: jiff::tz::TimeZone::UTC,
    };
    let limiter = Limiter::new(NonZeroU32::new(RATE).unwrap());
    let session = |settings| Session::new(settings, exchange, limiter, Arc::new(Unseen));
    let username = access.username.clone();
    let decodo = |login, scheme| decodo::session_settings(base.clone(), login, read.clone(), scheme, timeout);
    match (access.provider, access.dialect) {
        ("oxylabs", _) => {
            let settings = oxylabs::session_settings(base, username, read, timeout);
            Arc::new(Oxylabs::new(account, session(settings)))
        }
        (_, "v1") => {
            let settings = decodo(Some((decodo::Login::Basic, username)), AuthScheme::Token);
            Arc::new(Decodo::new(account, decodo::Dialect::V1, session(settings)))
        }
        (_, "v2") => {
            Arc::new(Decodo::new(account, decodo::Dialect::V2, session(decodo(None, AuthScheme::Raw))))
        }
        _ => {
            let settings = decodo(Some((decodo::Login::Json, username)), AuthScheme::Raw);
            Arc::new(Decodo::new(account, decodo::Dialect::Published, session(settings)))
        }
    }
}

/// Every figure of a snapshot by name.
fn figures(holder: &Holder) -> BTreeMap<String, u64> {
    let snapshot = holder.snapshot();
    let mut figures = BTreeMap::new();
    if let Some(traffic) = snapshot.account.as_ref().and_then(|reading| reading.value.traffic) {
        figures.insert("account".to_owned(), traffic.0);
    }
    for plan in snapshot.subscriptions.iter().flat_map(|reading| &reading.value) {
        figures.insert(format!("plan {}", plan.name), plan.traffic.unwrap().0);
    }
    for row in snapshot.rows() {
        figures
            .insert(format!("user {}", row.sub_user.username), row.usage.as_ref().unwrap().value.traffic.0);
    }
    for (key, days) in &snapshot.targets {
        for (day, reading) in &**days {
            let sum = reading.value.iter().map(|target| target.traffic.0).sum();
            figures.insert(format!("targets {} {day}", key.0), sum);
        }
    }
    figures
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test(start_paused = true)]
async fn f38_a_vendor_that_lies_at_random_changes_no_value() {
    let asked = std::env::var("PROXYMETER_LIES").ok().map(|passes| passes.parse::<u64>().unwrap());
    let passes = asked.unwrap_or(300);
    let clock = Arc::new(Clock::starting_at("2026-01-16T00:00:00Z".parse().unwrap()));
    let time = clock.clone();
    let mut scenario = Scenario { faults: faults(), ..Scenario::default() };
    for account in &mut scenario.accounts {
        // Counters reset with the period, and none begins while the test runs.
        account.billing_day = 16;
    }
    let simulator = Simulator::new(&scenario, Arc::new(move || time.now()));
    let rejections = Arc::<Rejections>::default();
    let mut accounts = Vec::new();
    for access in scenario.access() {
        let (router, calls) = (simulator.router(), Mutex::default());
        let exchange = Arc::new(InMemory { router, clock: clock.clone(), calls });
        let provider = provider(&access, exchange.clone());
        let collectors = provider.collectors();
        let holder = Arc::new(Holder::new(provider));
        let observer = rejections.clone();
        let (lag, target_calls) = (Duration::ZERO, usize::MAX);
        let pass = Pass { holder, observer, clock: clock.clone(), lag, target_calls };
        let memories: BTreeMap<_, _> =
            collectors.iter().map(|collector| (*collector, Memory::default())).collect();
        accounts.push((pass, memories, exchange, BTreeMap::new()));
    }
    let mut settled = None;
    for number in 0..passes {
        let under_way = accounts.iter_mut().map(|(pass, memories, _, _)| async move {
            for (collector, memory) in memories {
                pass.run(*collector, memory, Instant::now() + Duration::from_secs(60)).await;
            }
        });
        futures_util::future::join_all(under_way).await;
        for (pass, _, exchange, before) in &mut accounts {
            let now = figures(&pass.holder);
            for (name, was) in &*before {
                let (is, account) = (now.get(name), &pass.holder.account().name);
                assert!(is.is_some_and(|is| is >= was), "{number}: {account} {name} was {was} and is {is:?}");
            }
            *before = now;
            let mut calls = exchange.calls.lock().unwrap();
            for window in calls.windows(RATE as usize + 1) {
                let span = window[RATE as usize] - window[0];
                assert!(span >= Duration::from_secs(1), "{number}: {} calls within {span:?}", RATE + 1);
            }
            let last = calls.len().saturating_sub(RATE as usize);
            calls.drain(..last);
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        if number == passes / 10 {
            settled = Some(resident());
        }
    }
    let rejections = rejections.0.lock().unwrap();
    let reasons: Vec<_> = rejections.keys().map(|reason| reason.as_str()).collect();
    let expected = [
        "auth",
        "forbidden",
        "rate_limited",
        "timeout",
        "connect",
        "status",
        "body_too_large",
        "decode",
        "suspect",
        "redirect",
    ];
    assert_eq!(reasons, expected, "{rejections:?}");
    if asked.is_some() {
        let grown = resident().saturating_sub(settled.unwrap());
        assert!(grown < 16 << 20, "memory grew by {grown} bytes");
    }
}
