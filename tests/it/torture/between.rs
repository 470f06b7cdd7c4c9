//! What lies between the daemon and the simulated vendors: it sees every call, may stop it at an exact moment, and keeps
//! a log of every change of a record.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::DATE;
use axum::http::{HeaderValue, Method, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::clock::Clock;
use proxymeter::domain::act::record::{Change as Lowers, Record};
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::Simulator;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// What a call is for, as far as the one who acts makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Write,
    /// One record, or its statistics.
    Record,
    Other,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// It has not reached the vendor.
    Arrived,
    /// The vendor has carried it out, and not answered.
    Applied,
    /// The answer has left.
    Answered,
}

/// A call at a moment.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) account: String,
    pub(super) kind: Kind,
    pub(super) moment: Moment,
    /// The last segment of the path: whom a write is for.
    pub(super) id: String,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    /// The connection ends.
    Cut,
}

/// A write that the vendor carried out, and what it found and left.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) account: String,
    pub(super) id: String,
    /// When it reached the vendor.
    pub(super) at: Timestamp,
    pub(super) before: Record,
    pub(super) after: Record,
}

impl Change {
    pub(super) fn is_effective(&self) -> bool {
        self.before != self.after
    }

    pub(super) fn lowers(&self) -> bool {
        Lowers::between(&self.before, &self.after).lowers(&self.before)
    }
}

/// An answer with all of its body.
type Whole = (axum::http::response::Parts, axum::body::Bytes);

type Hook = Box<dyn FnMut(&Seen) -> Then + Send>;

struct State {
    simulator: Simulator,
    clock: Clock,
    hook: Mutex<Option<Hook>>,
    changes: Mutex<Vec<Change>>,
    /// How far the vendors' clocks are off.
    off: Mutex<SignedDuration>,
    /// One write at a time, so that each change is told from the next.
    writing: tokio::sync::Mutex<()>,
}

/// A server in front of the simulated vendors.
pub(super) struct Between {
    pub(super) address: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

impl Between {
    pub(super) fn start(simulator: Simulator) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            simulator,
            clock: Clock::new(),
            hook: Mutex::default(),
            changes: Mutex::default(),
            off: Mutex::new(SignedDuration::ZERO),
            writing: tokio::sync::Mutex::default(),
        });
        runtime.spawn(serve(listener, state.clone()));
        Self { address, state, _runtime: runtime }
    }

    /// Looks at every call from now on.
    pub(super) fn at_each(&self, hook: impl FnMut(&Seen) -> Then + Send + 'static) {
        *self.state.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Looks at no call any more.
    pub(super) fn let_pass(&self) {
        *self.state.hook.lock().unwrap() = None;
    }

    /// How far the vendors' clocks are off from now on.
    pub(super) fn clocks_off(&self, by: SignedDuration) {
        *self.state.off.lock().unwrap() = by;
    }

    /// Every write that the vendors carried out, in order.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.state.changes.lock().unwrap().clone()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state.clock.now()
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let state = state.clone();
        let service = service_fn(move |request| state.clone().pass(request));
        let connection = hyper::server::conn::http1::Builder::new();
        tokio::spawn(connection.serve_connection(TokioIo::new(socket), service));
    }
}

impl State {
    fn look(&self, seen: &Seen) -> Result<(), std::io::Error> {
        let then = self.hook.lock().unwrap().as_mut().map_or(Then::GoOn, |hook| hook(seen));
        match then {
            Then::GoOn => Ok(()),
            Then::Cut => Err(std::io::Error::other("cut")),
        }
    }

    async fn pass(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
        let seen = seen(request.method(), request.uri().path());
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        self.look(&seen)?;
        let request = Request::from_parts(parts, Body::from(body));
        // In a task of its own: whoever asked may be killed meanwhile, and what was carried out is logged all the same.
        let carried_out = tokio::spawn(self.clone().carry_out(seen.clone(), request));
        let (mut parts, body) = carried_out.await.map_err(std::io::Error::other)??;
        self.look(&Seen { moment: Moment::Applied, ..seen.clone() })?;
        let now = self.clock.now() + *self.off.lock().unwrap();
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap();
        parts.headers.insert(DATE, HeaderValue::from_str(&date).unwrap());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            // Nothing is left to cut.
            self.look(&Seen { moment: Moment::Answered, ..seen }).ok();
        });
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    /// Has a call carried out, and logs what it changed.
    async fn carry_out(self: Arc<Self>, seen: Seen, request: Request<Body>) -> Result<Whole, std::io::Error> {
        if seen.kind != Kind::Write {
            return self.forward(request).await;
        }
        let _one = self.writing.lock().await;
        let (before, at) = (self.writes(&seen.account).await.0, self.clock.now());
        let answer = self.forward(request).await;
        let (after, last) = self.writes(&seen.account).await;
        if let Some(write) = last.filter(|_| after > before)
            && let (Some(before), Some(after)) = (record(&write["before"]), record(&write["after"]))
        {
            let Seen { account, id, .. } = seen;
            self.changes.lock().unwrap().push(Change { account, id, at, before, after });
        }
        answer
    }

    /// The simulator's answer, whole; none where it breaks off.
    async fn forward(&self, request: Request<Body>) -> Result<Whole, std::io::Error> {
        let Ok(answer) = self.simulator.router().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        Ok((parts, body))
    }

    /// How many writes an account had, and the last.
    async fn writes(&self, account: &str) -> (usize, Option<Value>) {
        let request = Request::get("/-/books?days=0").body(Body::empty()).unwrap();
        let (_, body) = self.forward(request).await.unwrap();
        let mut books: Value = serde_json::from_slice(&body).unwrap();
        let Value::Array(mut writes) = books["accounts"][account]["writes"].take() else {
            return (0, None);
        };
        (writes.len(), writes.pop())
    }
}

fn seen(method: &Method, path: &str) -> Seen {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let last = segments.last().copied().unwrap_or_default();
    let kind = match *method {
        Method::PATCH | Method::PUT | Method::DELETE => Kind::Write,
        Method::GET if last == "sub-users" => Kind::List,
        Method::GET if segments.contains(&"sub-users") && last != "target-stats" => Kind::Record,
        _ => Kind::Other,
    };
    Seen { account: segments[0].to_owned(), kind, moment: Moment::Arrived, id: last.to_owned() }
}

/// A record of the books, as proxymeter would tell it; whom the vendor cut off itself is active by its state.
fn record(books: &Value) -> Option<Record> {
    let status = books["status"].as_str()?;
    Some(record_of(status, books["limit_bytes"].as_u64(), books["auto_disable"].as_bool()?))
}

pub(super) fn record_of(status: &str, limit: Option<u64>, auto_disable: bool) -> Record {
    let limit = limit.map_or(Limit::Unlimited, |bytes| Limit::of(Bytes(bytes)));
    Record { active: status != "disabled", limit: Some(limit), auto_disable: Some(auto_disable) }
}
