//! How fast the courier drains a full outbox over eight connections, what it holds of memory meanwhile, and what a pass
//! costs beside 100,000 deliveries that wait for a receiver that is down.
//!
//! The real store, the real courier and webhook, and HTTP over loopback to a server in a process of its own.
//! `cargo bench --bench courier`; for a shorter run, `… -- NOTICES WAITING PASSES`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

#[path = "courier/drain.rs"]
mod drain;
#[path = "courier/pass.rs"]
mod pass;
#[path = "courier/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use proxymeter::collect::clock::Clock;
use proxymeter::domain::outbox::{Change, Delivery, NoticeId, Outcome, Posting};
use proxymeter::notify::courier::{Courier, Observer, Receiver};
use proxymeter::notify::message::Message;
use proxymeter::notify::webhook::{Format, Settings, Webhook};
use proxymeter::notify::words::PlainWords;
use proxymeter::notify::{Lane, Outbox};
use proxymeter::store::owner::Owner;
use proxymeter::store::sqlite::SqliteStore;
use proxymeter::store::{Access, Store};
use secrecy::SecretString;

/// Connections to the receiver.
const WIDTH: usize = 8;

const RECEIVER: &str = "hook";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if arguments.first().is_some_and(|word| word == server::WORD) {
        runtime.block_on(server::serve());
        return;
    }
    let number = |at: usize, or: usize| arguments.get(at).and_then(|word| word.parse().ok()).unwrap_or(or);
    runtime.block_on(async {
        drain::measure(number(0, 10_000)).await;
        pass::measure(number(1, 100_000), number(2, 200)).await;
    });
}

/// The outbox as the daemon gives it to the courier.
struct OfStore(Arc<SqliteStore>);

fn pairs(busy: &[Lane]) -> Vec<(Arc<str>, String)> {
    busy.iter().map(|lane| (lane.recipient.clone(), lane.thread.clone())).collect()
}

#[async_trait]
impl Outbox for OfStore {
    async fn due(&self, receiver: &str, now: Timestamp, lanes: usize, busy: &[Lane]) -> Vec<Vec<Delivery>> {
        self.0.due(receiver, now, lanes, &pairs(busy)).await.unwrap()
    }

    async fn next_due(&self, receiver: &str, busy: &[Lane]) -> Option<Timestamp> {
        self.0.next_due(receiver, &pairs(busy)).await.unwrap()
    }

    async fn save(&self, changes: Vec<Change>) -> bool {
        self.0.save_outbox(&changes).await.unwrap();
        true
    }
}

struct Nobody;

impl Observer for Nobody {
    fn ended(&self, _: &str, _: Outcome) {}
    fn failing(&self, _: &str, _: Option<Timestamp>, _: &str) {}
    fn gone(&self, _: &str, _: &str) {}
}

async fn open(folder: &Path, name: &str) -> Arc<SqliteStore> {
    let owner = Owner::this_process(Clock::new().now());
    let access = Access::Own { owner, new_store: true };
    Arc::new(SqliteStore::open(&folder.join(name), access).await.unwrap())
}

/// A courier that tells the one receiver by a signed webhook at this port.
fn courier(store: &Arc<SqliteStore>, port: u16) -> Courier {
    let clock = Clock::new();
    let courier =
        Courier::new(Arc::new(OfStore(store.clone())), Arc::new(move || clock.now()), Arc::new(Nobody));
    let url = format!("http://127.0.0.1:{port}/hook");
    let webhook = Webhook::new(Settings {
        name: RECEIVER.into(),
        url: Arc::new(move || Ok(SecretString::from(url.clone()))),
        format: Format::Generic,
        secret: Some(Arc::new(|| Ok(SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))),
        allow_private: true,
        timeout: Duration::from_secs(20),
        width: WIDTH,
        ca_file: None,
        words: Arc::new(PlainWords),
    })
    .unwrap();
    courier.start(Receiver {
        name: RECEIVER.into(),
        notifier: Arc::new(webhook),
        fallback: None,
        give_up_after: Duration::from_secs(3 * 86_400),
        is_off: false,
    });
    courier
}

/// A notice in a thread of its own.
fn posting(number: usize, thread: String, message: &Message, now: Timestamp) -> Posting {
    let id = NoticeId(format!("{number:032x}").into());
    Posting {
        at: now,
        receiver: RECEIVER.into(),
        thread,
        episode: id.clone(),
        id,
        leaves_open: true,
        severity: message.severity.into(),
        title: message.title.clone(),
        message: message.to_json(),
        recipients: vec!["webhook".into()],
        due: now,
        gathers: false,
        stands_for: None,
    }
}

/// Saves so many notices, each in a thread of its own.
async fn fill(store: &SqliteStore, notices: usize) {
    let samples = proxymeter::notify::message::samples::samples();
    let now = Clock::new().now();
    let all: Vec<usize> = (0..notices).collect();
    for some in all.chunks(10_000) {
        let some: Vec<Posting> = some
            .iter()
            .map(|number| {
                let (_, message) = &samples[number % samples.len()];
                posting(*number, format!("budget:team-{number}"), message, now)
            })
            .collect();
        store.post(&some).await.unwrap();
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}
