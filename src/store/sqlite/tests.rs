use sqlx::sqlite::SqlitePoolOptions;
use tempfile::TempDir;

use super::*;
use crate::domain::act::books::{Concern, ConcernKind};
use crate::domain::budget::threshold::Severity;
use crate::domain::incident::AccountState;
use crate::domain::traffic::{Usage, Window};
use crate::domain::units::Bytes;
use crate::store::owner::Owner;
use crate::store::readings::Figure;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn acme() -> AccountName {
    AccountName::new("acme").unwrap()
}

async fn own(folder: &TempDir) -> SqliteStore {
    let owner = Owner::this_process(at("2026-11-21T20:00:00Z"));
    let path = folder.path().join("p.db");
    SqliteStore::open(&path, Access::Own { owner, new_store: true }).await.unwrap()
}

fn request(body: String) -> NewRequest {
    NewRequest { who: "alice".into(), account: None, kind: "grant".into(), body }
}

/// A decision in which nothing but an account changed.
fn decision(at: Timestamp) -> Decision {
    Decision {
        at,
        heads: None,
        tracks: vec![],
        forgotten: vec![],
        opened: vec![],
        changed: vec![],
        ended: vec![],
        accounts: vec![(acme(), AccountState::default())],
        accounts_gone: vec![],
        events: vec![],
    }
}

/// A notice that is told to `ops`.
fn posting(id: &str, message: &str) -> Posting {
    let (id, at) = (NoticeId(id.into()), at("2026-11-21T20:00:00Z"));
    Posting {
        episode: id.clone(),
        id,
        at,
        receiver: "ops".into(),
        thread: "budget:b".into(),
        leaves_open: true,
        severity: Severity::Warning,
        title: "b is over".into(),
        message: message.into(),
        recipients: vec!["a".into()],
        due: at,
        gathers: false,
        stands_for: None,
    }
}

/// From here on the file may grow by no page, as on a full disk.
async fn fill_up(database: &Database) {
    let writer = database.writer().unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(writer).await.unwrap();
    let set = format!("PRAGMA max_page_count = {pages}");
    sqlx::query(sqlx::AssertSqlSafe(set)).execute(writer).await.unwrap();
}

#[tokio::test]
async fn f32_a_full_disk_is_told_and_leaves_nothing_half_written() {
    let folder = TempDir::new().unwrap();
    let store = own(&folder).await;
    let now = at("2026-11-21T20:00:00Z");
    let first = store.ask(&request("{}".into()), now).await.unwrap();
    fill_up(&store.decisions).await;
    let problem = store.ask(&request("x".repeat(100_000)), now).await.unwrap_err();
    assert!(matches!(problem, StoreError::Full { .. }), "{problem:?}");
    assert!(problem.is_retryable());
    let saved = store.next_request(Asked::OfAny).await.unwrap().unwrap();
    assert_eq!((saved.id, saved.asked), (first, request("{}".into())));
}

#[tokio::test]
async fn f32_a_pass_that_found_no_room_is_saved_whole_later() {
    let folder = TempDir::new().unwrap();
    let store = own(&folder).await;
    let history = store.usable_history().unwrap();
    let figure = |number: u64| Figure {
        subject: Subject::SubUser(crate::domain::snapshot::SubUserKey(format!("sub-user-{number}").into())),
        usage: Usage { traffic: Bytes(number * 7), requests: None, window: Window::Period },
        used: Bytes(number),
    };
    let observed = at("2026-11-21T20:00:00Z");
    let pass = PassReadings { observed, changed: (1..9000).map(figure).collect(), standing: vec![] };
    fill_up(history.file()).await;
    let problem = store.save_pass(&acme(), &pass).await.unwrap_err();
    assert!(matches!(problem, StoreError::Full { .. }), "{problem:?}");
    let subject = &pass.changed[8000].subject;
    let until = at("2026-11-22T00:00:00Z");
    assert_eq!(store.points(&acme(), subject, observed, until).await.unwrap(), []);

    let writer = history.file().writer().unwrap();
    sqlx::query("PRAGMA max_page_count = 1000000").execute(writer).await.unwrap();
    store.save_pass(&acme(), &pass).await.unwrap();
    let points = store.points(&acme(), subject, observed, until).await.unwrap();
    assert_eq!(points.iter().map(|point| point.used).collect::<Vec<_>>(), [Bytes(8001)]);
}

#[tokio::test]
async fn f32_a_decision_and_its_actions_that_found_no_room_are_saved_whole_later() {
    let folder = TempDir::new().unwrap();
    let store = own(&folder).await;
    let at = at("2026-11-21T20:00:00Z");
    let decision = decision(at);
    let concern = |number: u64| {
        let key = Some(SubUserKey(format!("sub-user-{number}").into()));
        (Concern { kind: ConcernKind::NotHolding, account: acme(), key }, Some(at))
    };
    let entry = |number: u64| Entry {
        at,
        action: None,
        account: acme(),
        name: format!("user {number}").into(),
        by: "vendor".into(),
        step: "person",
        words: "a person changed the limit".into(),
        before: None,
        after: None,
    };
    let delta = Delta {
        concerns: (0..9000).map(concern).collect(),
        entries: (0..9000).map(entry).collect(),
        ..Delta::default()
    };
    let told = [posting("n1", "x"), posting("n2", &"x".repeat(100_000))];
    fill_up(&store.decisions).await;
    for problem in [
        store.save_decision(&decision, &delta, &[]).await.unwrap_err(),
        // What is told is the last of a transaction.
        store.save_decision(&decision, &Delta::default(), &told).await.unwrap_err(),
        store.save_acts(&delta, &[]).await.unwrap_err(),
        store.save_acts(&Delta::default(), &told).await.unwrap_err(),
        store.save_intents(&acme(), &delta, &[], at).await.unwrap_err(),
        store.save_intents(&acme(), &Delta::default(), &told, at).await.unwrap_err(),
        store.post(&told).await.unwrap_err(),
        store.append(&delta.entries).await.unwrap_err(),
    ] {
        assert!(matches!(problem, StoreError::Full { .. }), "{problem:?}");
    }
    assert_eq!(store.remembered().await.unwrap(), Incidents::default());
    assert_eq!(store.acts().await.unwrap(), Books::default());
    assert_eq!(store.journal(Timestamp::MIN, 1).await.unwrap(), []);
    assert_eq!(store.due("ops", Timestamp::MAX, 9, &[]).await.unwrap(), Vec::<Vec<Delivery>>::new());
    assert_eq!(store.threads().await.unwrap(), []);

    let writer = store.decisions.writer().unwrap();
    sqlx::query("PRAGMA max_page_count = 1000000").execute(writer).await.unwrap();
    store.save_decision(&decision, &delta, &told).await.unwrap();
    assert_eq!(store.due("ops", Timestamp::MAX, 9, &[]).await.unwrap().concat().len(), 2);
    let mut books = Books::default();
    books.take(&delta);
    assert!(store.acts().await.unwrap() == books, "all stand");
    assert_eq!(store.remembered().await.unwrap().accounts.len(), 1);
    assert_eq!(store.journal(Timestamp::MIN, usize::MAX).await.unwrap().len(), 9000);
}

#[tokio::test]
async fn a_store_from_before_there_were_actions_keeps_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("p.db");
    let steps: Vec<_> = schema::decisions().iter().filter(|step| step.version < 3).cloned().collect();
    let before = sqlx::migrate::Migrator::with_migrations(steps);
    let opening = Opening { purpose: Purpose::Own { may_begin: true }, ..opening(before) };
    let old = Database::open(&path, opening).await.unwrap();
    let now = at("2026-11-21T20:00:00Z");
    let id = requests::ask(&old, &request("{}".into()), now).await.unwrap();
    old.close().await;

    let store = own(&folder).await;
    assert_eq!(store.next_request(Asked::OfAny).await.unwrap().map(|next| next.id), Some(id));
    assert_eq!(store.acts().await.unwrap(), Books::default());
    assert_eq!(store.pauses(now).await.unwrap(), []);
    assert!(folder.path().join("p.db.schema-2").exists(), "copied before it was migrated");
}

#[tokio::test]
async fn a_store_from_before_there_was_an_outbox_keeps_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("p.db");
    let steps: Vec<_> = schema::decisions().iter().filter(|step| step.version < 4).cloned().collect();
    let before = sqlx::migrate::Migrator::with_migrations(steps);
    let opening = Opening { purpose: Purpose::Own { may_begin: true }, ..opening(before) };
    let old = Database::open(&path, opening).await.unwrap();
    let now = at("2026-11-21T20:00:00Z");
    let concern = Concern { kind: ConcernKind::NotHolding, account: acme(), key: None };
    let delta = Delta { concerns: vec![(concern, Some(now))], ..Delta::default() };
    decisions::save(&old, &decision(now), &delta, &[]).await.unwrap();
    let pause = NewPause { account: None, until: None, reason: None, who: "alice".into() };
    let pause = decisions::pause(&old, &pause, now).await.unwrap();
    old.close().await;

    let store = own(&folder).await;
    let mut books = Books::default();
    books.take(&delta);
    assert_eq!(store.acts().await.unwrap(), books);
    assert_eq!(store.pauses(now).await.unwrap(), [pause]);
    assert_eq!(store.remembered().await.unwrap().accounts.len(), 1);
    assert!(folder.path().join("p.db.schema-3").exists(), "copied before it was migrated");
    assert_eq!(store.told(None, Timestamp::MIN, 9).await.unwrap(), []);
    assert_eq!(store.receivers_off().await.unwrap(), []);
    store.post(&[posting("n1", "x")]).await.unwrap();
    assert_eq!(store.next_due("ops", &[]).await.unwrap(), Some(now));
}

/// The schema that is known, and one step more.
fn one_more(sql: &'static str) -> (sqlx::migrate::Migrator, i64) {
    let known = schema::decisions();
    let version = schema::newest(&known) + 1;
    let mut steps: Vec<_> = known.iter().cloned().collect();
    steps.extend(schema::migrator(&[(version, "more", sql)]).iter().cloned());
    (sqlx::migrate::Migrator::with_migrations(steps), version)
}

fn with_more() -> (sqlx::migrate::Migrator, i64) {
    one_more("ALTER TABLE requests ADD COLUMN more TEXT")
}

fn opening(schema: sqlx::migrate::Migrator) -> Opening {
    Opening { synchronous: SqliteSynchronous::Full, schema, purpose: Purpose::Own { may_begin: false } }
}

async fn columns(path: &Path) -> i64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true);
    let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
    let count = "SELECT count(*) FROM pragma_table_info('requests')";
    let columns = sqlx::query_scalar(count).fetch_one(&pool).await.unwrap();
    pool.close().await;
    columns
}

#[tokio::test]
async fn a_migration_copies_the_file_first() {
    let folder = TempDir::new().unwrap();
    let store = own(&folder).await;
    store.ask(&request("{}".into()), at("2026-11-21T20:00:00Z")).await.unwrap();
    store.close().await;
    let path = folder.path().join("p.db");
    let newer = with_more().1;
    let copy = folder.path().join(format!("p.db.schema-{}", newer - 1));
    let migrated = Database::open(&path, opening(with_more().0)).await.unwrap();
    migrated.close().await;
    assert_eq!((columns(&path).await, columns(&copy).await), (10, 9));

    let problem = Database::open(&path, opening(schema::decisions())).await.unwrap_err();
    let is_newer =
        matches!(problem, StoreError::Newer { found, known, .. } if (found, known) == (newer, newer - 1));
    assert!(is_newer, "{problem:?}");
    // The copy can be put back, and the next migration takes another name for its own.
    std::fs::copy(&copy, &path).unwrap();
    Database::open(&path, opening(with_more().0)).await.unwrap().close().await;
    assert_eq!(columns(&folder.path().join(format!("p.db.schema-{}.2", newer - 1))).await, 9);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let folder = TempDir::new().unwrap();
    own(&folder).await.close().await;
    let path = folder.path().join("p.db");
    let (broken, _) = one_more("ALTER TABLE requests ADD COLUMN more TEXT; SELECT * FROM nowhere");
    Database::open(&path, opening(broken)).await.unwrap_err();
    assert_eq!(columns(&path).await, 9);
    Database::open(&path, opening(schema::decisions())).await.unwrap().close().await;
}

#[tokio::test]
async fn who_reads_needs_the_schema_that_it_knows() {
    let folder = TempDir::new().unwrap();
    own(&folder).await.close().await;
    let path = folder.path().join("p.db");
    let opening = Opening { purpose: Purpose::Read, ..opening(with_more().0) };
    let problem = Database::open(&path, opening).await.unwrap_err();
    assert!(matches!(problem, StoreError::Older { found, known, .. } if known == found + 1), "{problem:?}");
}

#[tokio::test]
async fn pauses_that_are_over_go_by_age() {
    let folder = TempDir::new().unwrap();
    let store = own(&folder).await;
    let (begun, over, long_after) =
        (at("2026-11-21T20:00:00Z"), at("2026-11-21T22:00:00Z"), at("2026-11-21T22:00:01Z"));
    for until in [None, None, Some(over)] {
        let new = NewPause { account: until.map(|_| acme()), until, reason: None, who: "alice".into() };
        store.pause(&new, begun).await.unwrap();
        store.resume(None, begun).await.unwrap();
    }
    let until = Some(over);
    store.pause(&NewPause { account: None, until, reason: None, who: "alice".into() }, begun).await.unwrap();
    let open = NewPause { account: None, until: None, reason: None, who: "alice".into() };
    store.pause(&open, begun).await.unwrap();
    let writer = store.decisions.writer().unwrap();
    let counts = "SELECT count(*) FROM pauses";
    for (before, left) in [(begun, 5), (over, 2), (long_after, 1)] {
        store.drop_decisions(before).await.unwrap();
        let found: i64 = sqlx::query_scalar(counts).fetch_one(writer).await.unwrap();
        assert_eq!(found, left, "before {before}");
    }
}
