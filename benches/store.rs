//! What a pass, a month and 400 days cost, against a row a reading by prepared statements in one transaction;
//! and what a decision costs beside a full outbox.
//!
//! The store first gets a week of passes every five minutes, rolled up each hour, as the daemon leaves it.
//! Times are medians; each peer's pass follows one of ours, so that a slow machine slows both.
//! `cargo bench --bench store`; for a shorter run, `… -- SUB_USERS PASSES`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

#[path = "store/outbox.rs"]
mod outbox;

use std::path::Path;
use std::time::Duration;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::account::AccountName;
use proxymeter::domain::consumed::Consumed;
use proxymeter::domain::figure::Standing;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::traffic::{Usage, Window};
use proxymeter::domain::units::Bytes;
use proxymeter::store::owner::Owner;
use proxymeter::store::readings::{Figure, PassReadings, Subject};
use proxymeter::store::sqlite::{SqliteStore, history_path};
use proxymeter::store::{Access, Store};
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use tokio::time::Instant;

/// Passes of each kind that are measured.
const MEASURED: i64 = 5;

/// Counters that grow by amounts of no common divisor, which deflate cannot shorten either.
struct Books {
    subjects: Vec<Subject>,
    counters: Vec<u64>,
    random: fastrand::Rng,
}

impl Books {
    fn new(sub_users: usize) -> Self {
        let subject = |number| Subject::SubUser(SubUserKey(format!("sub-user-{number:06}").into()));
        let random = fastrand::Rng::with_seed(7);
        Self { subjects: (0..sub_users).map(subject).collect(), counters: vec![0; sub_users], random }
    }

    fn pass(&mut self, observed: Timestamp) -> PassReadings {
        let figure = |(subject, counter): (&Subject, &mut u64)| {
            let used = self.random.u64(1..50_000_000);
            *counter += used;
            let requests = Some(*counter / 40_000);
            let usage = Usage { traffic: Bytes(*counter), requests, window: Window::Period };
            Figure { subject: subject.clone(), usage, used: Bytes(used) }
        };
        let changed = self.subjects.iter().zip(&mut self.counters).map(figure).collect();
        let stands = |(subject, counter): (&Subject, &u64)| {
            let consumed = Consumed { total: Bytes(*counter), highest: Bytes(*counter), period: Some(at(0)) };
            (
                subject.clone(),
                Standing { consumed, observed, known_from: at(0), seen_from: at(0), closing: None },
            )
        };
        let standing = self.subjects.iter().zip(&self.counters).map(stands).collect();
        PassReadings { observed, changed, standing }
    }
}

fn account() -> AccountName {
    AccountName::new("acme").unwrap()
}

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minute)
}

async fn open(path: &Path) -> SqliteStore {
    let owner = Owner::this_process(at(0));
    SqliteStore::open(path, Access::Own { owner, new_store: true }).await.unwrap()
}

fn size(path: &Path) -> f64 {
    path.metadata().map_or(0.0, |file| file.len() as f64 / 1e6)
}

fn wal(path: &Path) -> f64 {
    size(Path::new(&format!("{}-wal", path.display())))
}

fn milliseconds(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |median| median.as_secs_f64() * 1e3)
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let sub_users = arguments.next().unwrap_or(100_000);
    let passes = arguments.next().unwrap_or(2016);
    let folder = tempfile::tempdir().unwrap();
    outbox::full(folder.path(), 100_000).await;
    year(folder.path()).await;
    week(folder.path(), sub_users, passes as i64).await;
}

/// A store that holds a week of everybody.
async fn week(folder: &Path, sub_users: usize, passes: i64) {
    let path = folder.join("week.db");
    let mut books = Books::new(sub_users);
    let store = open(&path).await;
    for pass in 0..passes {
        store.save_pass(&account(), &books.pass(at(5 * pass))).await.unwrap();
        if pass % 12 == 11 {
            store.roll_up(&account()).await.unwrap();
        }
    }
    store.close().await;
    println!("{sub_users} sub-users, {passes} passes: history of {:.0} MB", size(&history_path(&path)));
    measure_week(folder, &path, &mut books, passes).await;
}

async fn measure_week(folder: &Path, path: &Path, books: &mut Books, passes: i64) {
    let began = Instant::now();
    let store = open(path).await;
    println!("  opened and checked whole   {:8.1} ms", began.elapsed().as_secs_f64() * 1e3);
    store.save_pass(&account(), &books.pass(at(5 * passes))).await.unwrap();
    println!("  WAL of one pass            {:8.1} MB", wal(&history_path(path)));

    let mut peer = peer(&folder.join("peer.db"), books.subjects.len()).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for pass in passes + 1..=passes + MEASURED {
        let readings = books.pass(at(5 * pass));
        let began = Instant::now();
        store.save_pass(&account(), &readings).await.unwrap();
        ours.push(began.elapsed());
        let began = Instant::now();
        peer_pass(&mut peer, &readings).await;
        theirs.push(began.elapsed());
    }
    println!("  a pass saved               {:8.1} ms", milliseconds(ours));
    println!("  a pass by the peer         {:8.1} ms", milliseconds(theirs));
    println!("  WAL of the peer's passes   {:8.1} MB", wal(&folder.join("peer.db")));

    let month = (date(2026, 11, 1), date(2026, 11, 30));
    let (mut days, mut points) = (Vec::new(), Vec::new());
    for subject in books.subjects.iter().step_by(books.subjects.len() / 21 + 1) {
        let began = Instant::now();
        let found = store.days(&account(), subject, month.0, month.1).await.unwrap();
        days.push(began.elapsed());
        assert!(!found.is_empty());
        let began = Instant::now();
        store.points(&account(), subject, at(5 * passes - 24 * 60), at(5 * passes)).await.unwrap();
        points.push(began.elapsed());
    }
    println!(
        "  a sub-user's month         {:8.1} ms, {MEASURED} passes not yet rolled up",
        milliseconds(days)
    );
    println!("  a sub-user's day of points {:8.1} ms", milliseconds(points));

    let began = Instant::now();
    store.roll_up(&account()).await.unwrap();
    println!("  {} passes rolled up        {:8.1} ms", MEASURED + 1, began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    let mut count = 0_u64;
    let mut each = |_: &_, _, _: &_| count += 1;
    store.each_day(&account(), month.0, month.1, &mut each).await.unwrap();
    println!("  {count} days of all read   {:8.1} ms", began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    let dropped = store.drop_old(at(5 * passes + 24 * 60), 400).await.unwrap();
    let took = began.elapsed().as_secs_f64() * 1e3;
    println!("  {} blocks of a day dropped {took:8.1} ms", dropped.blocks);
    store.close().await;
}

/// 400 days of 1,000 sub-users, kept and dropped as the daemon does.
async fn year(folder: &Path) {
    let path = folder.join("year.db");
    let store = open(&path).await;
    let mut books = Books::new(1_000);
    for day in 0..400 {
        // Every hour is used, so that days with hours have their full length.
        for hour in 0..24 {
            store.save_pass(&account(), &books.pass(at((24 * day + hour) * 60))).await.unwrap();
        }
        store.roll_up(&account()).await.unwrap();
        store.drop_old(at(24 * 60 * (day + 1)), 400).await.unwrap();
    }
    // A week at five minutes at the end, which is when the journal is longest.
    for pass in 0..2016 {
        store.save_pass(&account(), &books.pass(at(24 * 60 * 393 + 5 * pass))).await.unwrap();
    }
    store.close().await;
    println!("1000 sub-users, 400 days: history of {:.1} MB", size(&history_path(&path)));
}

/// The peer: the engine's usual way, a row a reading keyed by sub-user and time.
async fn peer(path: &Path, sub_users: usize) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    let mut peer = options.disable_statement_logging().connect().await.unwrap();
    let table = "CREATE TABLE readings (sub_user INTEGER, observed INTEGER, traffic INTEGER, used INTEGER, \
                 requests INTEGER, PRIMARY KEY (sub_user, observed)) WITHOUT ROWID";
    sqlx::query(table).execute(&mut peer).await.unwrap();
    // A day of history, without the time that its own inserts would take.
    let day = "WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < ? - 1), \
               t (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < 287) \
               INSERT INTO readings SELECT s.n, t.n * 300000, s.n * t.n * 7919, 25000000, t.n * 25 FROM s, t";
    sqlx::query(day).bind(sub_users as i64).execute(&mut peer).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut peer).await.unwrap();
    peer
}

async fn peer_pass(peer: &mut SqliteConnection, pass: &PassReadings) {
    sqlx::query("BEGIN").execute(&mut *peer).await.unwrap();
    for (number, figure) in (0_i64..).zip(&pass.changed) {
        sqlx::query("INSERT INTO readings VALUES (?, ?, ?, ?, ?)")
            .bind(number)
            .bind(pass.observed.as_millisecond())
            .bind(figure.usage.traffic.0 as i64)
            .bind(figure.used.0 as i64)
            .bind(figure.usage.requests.unwrap_or_default() as i64)
            .execute(&mut *peer)
            .await
            .unwrap();
    }
    sqlx::query("COMMIT").execute(&mut *peer).await.unwrap();
}
