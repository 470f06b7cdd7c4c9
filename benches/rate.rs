//! How often a vendor hears from us at `requests_per_second = R`, at the server's own socket, with always more to ask.
//!
//! Ours is a whole session: limiter, retries, HTTP client. Beside it in the same run, over the same client, goes what is
//! usual elsewhere: a bucket of R tokens that fills with R a second, in a few lines below.
//! `cargo bench --bench rate`; for another number of runs, `… -- RUNS`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use jiff::{SignedDuration, Timestamp};
use proxymeter::providers::Ask;
use proxymeter::providers::decodo;
use proxymeter::providers::http::auth::AuthScheme;
use proxymeter::providers::http::limiter::Limiter;
use proxymeter::providers::http::request::ApiRequest;
use proxymeter::providers::http::session::Session;
use proxymeter::providers::http::transport::{CallObserver, Exchange, Transport};
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

const RATES: [u32; 4] = [1, 5, 50, 500];

/// Who asks at once.
const CALLERS: usize = 64;

/// The longest that a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5);
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut seen = Vec::new();
    for run in 1..=runs {
        println!("run {run} of {runs}");
        for rates in [&RATES[..2], &RATES[2..3], &RATES[3..]] {
            // The slow ones disturb nobody and go side by side; else ours goes first, then the bucket.
            let rates: Vec<_> = rates.iter().map(|rate| NonZeroU32::new(*rate).unwrap()).collect();
            if rates.len() == 1 {
                for who in Who::ALL {
                    seen.push(runtime.block_on(measure(rates[0], who)));
                }
            } else {
                let all = rates.iter().flat_map(|rate| Who::ALL.map(|who| measure(*rate, who)));
                seen.extend(runtime.block_on(futures_util::future::join_all(all)));
            }
        }
    }
    println!("\nmedian of {runs} runs (worst), in % of R");
    println!("{:>5}  {:<8}  {:>26}  {:>18}", "R", "limiter", "fullest second at socket", "overall");
    for rate in RATES {
        for who in Who::ALL {
            let of = || seen.iter().filter(|seen| (seen.rate, seen.who) == (rate, who));
            let mut fullest: Vec<_> = of().map(|seen| seen.fullest).collect();
            let mut overall: Vec<_> = of().map(|seen| seen.overall).collect();
            fullest.sort_by(f64::total_cmp);
            overall.sort_by(f64::total_cmp);
            let middle = fullest.len() / 2;
            println!(
                "{rate:>5}  {:<8}  {:>15.1} ({:>8.1})  {:>8.1} ({:>7.1})",
                who.name(),
                fullest[middle],
                fullest[fullest.len() - 1],
                overall[middle],
                overall[0],
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Ours,
    Bucket,
}

impl Who {
    const ALL: [Self; 2] = [Self::Ours, Self::Bucket];

    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Bucket => "bucket",
        }
    }
}

/// What a server saw, in % of the rate.
struct Seen {
    rate: u32,
    who: Who,
    /// The most arrivals in any second, wherever it begins.
    fullest: f64,
    /// Arrivals a second from the first to the last.
    overall: f64,
}

async fn measure(rate: NonZeroU32, who: Who) -> Seen {
    let server = Server::start();
    let ends = Instant::now() + Duration::from_secs(if rate.get() < 50 { 20 } else { 10 });
    let transport = Transport::new(1 << 20, Arc::new(|| Timestamp::UNIX_EPOCH)).unwrap();
    match who {
        Who::Ours => {
            let key = Arc::new(|| Ok(SecretString::from("example")));
            let settings =
                decodo::session_settings(server.base(), None, key, AuthScheme::Raw, Duration::from_secs(20));
            let session = Session::new(settings, Arc::new(transport), Limiter::new(rate), Arc::new(Unseen));
            let ask = || async {
                session.call(|_| get(), &Ask::until(Instant::now() + PATIENCE)).await.unwrap();
            };
            crowd(ask, ends).await;
        }
        Who::Bucket => {
            let bucket = Bucket::full(rate);
            let base = server.base();
            let ask = || async {
                bucket.take().await;
                transport.send(&base, &get(), None, Instant::now() + PATIENCE).await.unwrap();
            };
            crowd(ask, ends).await;
        }
    }
    let arrivals = server.arrivals();
    let share = |count: f64| 100.0 * count / f64::from(rate.get());
    let (first, last) = (arrivals[0], arrivals[arrivals.len() - 1]);
    let overall = (arrivals.len() - 1) as f64 / (last - first).as_secs_f64();
    Seen { rate: rate.get(), who, fullest: share(fullest_second(&arrivals) as f64), overall: share(overall) }
}

fn get() -> ApiRequest {
    ApiRequest::get("sub_users", "/sub-users".to_owned())
}

/// Many who ask again as soon as they are answered; who waits for a turn at the end leaves.
async fn crowd<F: Future<Output = ()>>(ask: impl Fn() -> F, ends: Instant) {
    let caller = async |ask: &dyn Fn() -> F| loop {
        ask().await;
    };
    let callers = (0..CALLERS).map(|_| caller(&ask));
    let _left = tokio::time::timeout_at(ends, futures_util::future::join_all(callers)).await;
}

fn fullest_second(arrivals: &[Instant]) -> usize {
    let second = Duration::from_secs(1);
    let after = |start: usize| arrivals.partition_point(|at| *at < arrivals[start] + second);
    (0..arrivals.len()).map(|start| after(start) - start).max().unwrap_or_default()
}

/// The peer: R tokens at first and at most, R more a second.
struct Bucket {
    rate: f64,
    state: tokio::sync::Mutex<(f64, Instant)>,
}

impl Bucket {
    fn full(rate: NonZeroU32) -> Self {
        let rate = f64::from(rate.get());
        Self { rate, state: tokio::sync::Mutex::new((rate, Instant::now())) }
    }

    async fn take(&self) {
        // Who waits holds the lock, and so the first come is the first served.
        let (tokens, filled) = &mut *self.state.lock().await;
        loop {
            let now = Instant::now();
            *tokens = (*tokens + (now - *filled).as_secs_f64() * self.rate).min(self.rate);
            *filled = now;
            if *tokens >= 1.0 {
                *tokens -= 1.0;
                return;
            }
            tokio::time::sleep(Duration::from_secs_f64((1.0 - *tokens) / self.rate)).await;
        }
    }
}

/// A vendor that answers everything with an empty list and writes down when it was asked; a thread of its own.
struct Server {
    address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Server {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let log = arrivals.clone();
        let app = Router::new().fallback(move |_: Request| {
            log.lock().unwrap().push(Instant::now());
            async { "[]" }
        });
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { address, arrivals }
    }

    fn base(&self) -> Url {
        format!("http://{}/v2", self.address).parse().unwrap()
    }

    fn arrivals(&self) -> Vec<Instant> {
        let mut arrivals = self.arrivals.lock().unwrap().clone();
        arrivals.sort();
        arrivals
    }
}

struct Unseen;

impl CallObserver for Unseen {
    fn called(&self, _endpoint: &'static str, _status: Option<u16>, _took: Duration) {}
    fn clock_differs(&self, _by: SignedDuration) {}
}
