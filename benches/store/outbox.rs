//! What a decision with three notices costs beside 100,000 deliveries that wait, and what the courier asks.

use std::path::Path;
use std::time::Duration;

use proxymeter::domain::act::books::Delta;
use proxymeter::domain::budget::threshold::Severity;
use proxymeter::domain::decision::Decision;
use proxymeter::domain::incident::AccountState;
use proxymeter::domain::outbox::{Change, Delivery, NoticeId, Posting};
use proxymeter::store::Store;
use proxymeter::store::sqlite::SqliteStore;
use tokio::time::Instant;

/// Decisions that are measured.
const DECISIONS: i64 = 400;

/// Lanes among which what waits is spread.
const LANES: i64 = 2_000;

fn posting(number: i64) -> Posting {
    let id = NoticeId(format!("{number:032x}").into());
    Posting {
        at: super::at(number / 100),
        receiver: "hook".into(),
        thread: format!("budget:team-{}", number % LANES),
        episode: id.clone(),
        id,
        leaves_open: true,
        severity: Severity::Warning,
        title: "team-7 has used 80% of 400 GB".into(),
        message: format!("{{\"version\":1,\"items\":\"{}\"}}", "x".repeat(1_500)),
        recipients: vec!["hook".into()],
        due: super::at(number / 100),
        gathers: false,
        stands_for: None,
    }
}

fn decision(minute: i64) -> Decision {
    Decision {
        at: super::at(minute),
        heads: None,
        tracks: vec![],
        forgotten: vec![],
        opened: vec![],
        changed: vec![],
        ended: vec![],
        accounts: vec![(super::account(), AccountState::default())],
        accounts_gone: vec![],
        events: vec![],
    }
}

async fn decide(store: &SqliteStore, number: i64) -> Duration {
    let told: Vec<_> = (3 * number..3 * number + 3).map(|number| posting(1_000_000 + number)).collect();
    let decision = decision(number);
    let began = Instant::now();
    store.save_decision(&decision, &Delta::default(), &told).await.unwrap();
    began.elapsed()
}

fn begun(lane: &[Delivery]) -> Vec<Change> {
    let (newest, older) = lane.split_last().unwrap();
    let begin = Change::Begin {
        id: newest.id,
        body: vec![7; 1_500],
        message: None,
        replaces: older.iter().map(|one| one.id).collect(),
        waits_since: lane[0].waits_since,
        tries: 0,
    };
    vec![begin]
}

fn delivered(lane: &[Delivery]) -> Vec<Change> {
    let id = lane[lane.len() - 1].id;
    vec![Change::Deliver { id, at: super::at(0), answer: "200 OK".into() }]
}

/// Decisions beside an empty outbox and a full one by turns, so that a slow disk slows both.
pub(crate) async fn full(folder: &Path, waiting: i64) {
    let (empty, full) =
        (super::open(&folder.join("empty.db")).await, super::open(&folder.join("full.db")).await);
    let began = Instant::now();
    for first in (0..waiting).step_by(10_000) {
        let some: Vec<_> = (first..(first + 10_000).min(waiting)).map(posting).collect();
        full.post(&some).await.unwrap();
    }
    println!("{waiting} deliveries wait, posted in {:.1} s", began.elapsed().as_secs_f64());

    let (mut beside_none, mut beside_many) = (Vec::new(), Vec::new());
    for number in 0..DECISIONS {
        beside_none.push(decide(&empty, number).await);
        // What waits there is told at once, as where everything is well.
        let lanes = empty.due("hook", super::at(1_000_000), 9, &[]).await.unwrap();
        let told: Vec<_> = lanes.iter().flat_map(|lane| [begun(lane), delivered(lane)].concat()).collect();
        empty.save_outbox(&told).await.unwrap();
        beside_many.push(decide(&full, number).await);
    }
    println!("  a decision, empty outbox   {:8.3} ms", super::milliseconds(beside_none));
    println!("  a decision, full outbox    {:8.3} ms", super::milliseconds(beside_many));
    asked(&full).await;
    empty.close().await;
    full.close().await;
}

/// What the courier asks and saves.
async fn asked(store: &SqliteStore) {
    let now = super::at(1_000_000);
    let [mut due, mut next, mut backlog, mut began_tries, mut ended] = [const { Vec::new() }; 5];
    for _ in 0..50 {
        let began = Instant::now();
        let lanes = store.due("hook", now, 8, &[]).await.unwrap();
        due.push(began.elapsed());
        let began = Instant::now();
        store.next_due("hook", &[]).await.unwrap();
        next.push(began.elapsed());
        let began = Instant::now();
        store.backlog().await.unwrap();
        backlog.push(began.elapsed());
        for (changes, times) in
            [(begun as fn(&[Delivery]) -> Vec<Change>, &mut began_tries), (delivered, &mut ended)]
        {
            let changes: Vec<_> = lanes.iter().flat_map(|lane| changes(lane)).collect();
            let began = Instant::now();
            store.save_outbox(&changes).await.unwrap();
            times.push(began.elapsed());
        }
    }
    println!("  8 lanes of 50 due          {:8.3} ms", super::milliseconds(due));
    println!("  when the next is due       {:8.3} ms", super::milliseconds(next));
    println!("  the backlog counted        {:8.3} ms", super::milliseconds(backlog));
    println!("  8 tries begun for 400      {:8.3} ms", super::milliseconds(began_tries));
    println!("  8 tries ended              {:8.3} ms", super::milliseconds(ended));
}
