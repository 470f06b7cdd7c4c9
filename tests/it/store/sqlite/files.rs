//! Files that are missing, damaged, too new or somewhere else.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use proxymeter::domain::units::Bytes;
use proxymeter::store::request::{Asked, NewRequest};
use proxymeter::store::sqlite::history_path;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::super::contract::{account, pass, sub_user};
use super::*;

fn request() -> NewRequest {
    NewRequest { who: "alice".into(), account: None, kind: "pause".into(), body: "{}".into() }
}

/// A store with one request and one pass, closed.
async fn filled() -> Sqlite {
    let fixture = fixture();
    let store = fixture.own().await;
    store.ask(&request(), at("2026-11-21T20:00:00Z")).await.unwrap();
    store.save_pass(&account("acme"), &pass("2026-11-21T20:00:00Z", &[(&sub_user("a"), 5)])).await.unwrap();
    store.close().await;
    fixture
}

/// Changes a file behind the store's back.
async fn execute(path: &Path, sql: &'static str) {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
    sqlx::query(sql).execute(&pool).await.unwrap();
    pool.close().await;
}

/// What a later version leaves behind.
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (7, 'later', TRUE, x'00', 1)";

/// Overwrites everything after the first page.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

async fn refused(fixture: &Sqlite, access: Access) -> StoreError {
    let before = fs::read(fixture.path()).ok();
    let problem = fixture.open(access).await.unwrap_err();
    assert_eq!(fs::read(fixture.path()).ok(), before, "a refused start changes nothing");
    problem
}

#[tokio::test]
async fn f32_a_missing_store_is_an_error_unless_one_may_begin() {
    let fixture = fixture();
    for access in [owning(false), Access::Ask, Access::Read] {
        let problem = refused(&fixture, access).await;
        assert!(matches!(problem, StoreError::Missing { .. }), "{problem:?}");
    }
    assert_eq!(fs::read_dir(fixture.0.path()).unwrap().count(), 0, "a refused start leaves nothing behind");
    fixture.open(owning(true)).await.unwrap().close().await;
    fixture.open(owning(false)).await.unwrap().close().await;
    // Saying so again makes no new store of an old one.
    let store = fixture.open(owning(true)).await.unwrap();
    assert_eq!(store.next_request(Asked::OfAny).await.unwrap(), None);
}

#[tokio::test]
async fn f32_a_damaged_store_is_an_error() {
    let fixture = filled().await;
    damage(&fixture.path());
    for new_store in [false, true] {
        let problem = refused(&fixture, owning(new_store)).await;
        assert!(matches!(problem, StoreError::Corrupt { .. }), "{problem:?}");
    }
    fs::write(fixture.path(), "no database at all, but long enough to be looked at").unwrap();
    let problem = refused(&fixture, owning(true)).await;
    assert!(matches!(problem, StoreError::Corrupt { .. }), "{problem:?}");
}

#[tokio::test]
async fn f32_an_empty_file_or_somebody_elses_is_no_store() {
    let fixture = fixture();
    fs::write(fixture.path(), "").unwrap();
    for access in [owning(false), Access::Ask, Access::Read] {
        let problem = fixture.open(access).await.unwrap_err();
        assert!(matches!(problem, StoreError::NotAStore { .. }), "{problem:?}");
    }
    execute(&fixture.path(), "CREATE TABLE theirs (x)").await;
    let problem = refused(&fixture, owning(true)).await;
    assert!(matches!(problem, StoreError::NotAStore { .. }), "{problem:?}");
}

#[tokio::test]
async fn f32_a_newer_schema_is_an_error() {
    let fixture = filled().await;
    execute(&fixture.path(), NEWER).await;
    for access in [owning(false), owning(true), Access::Ask, Access::Read] {
        let problem = fixture.open(access).await.unwrap_err();
        assert!(matches!(problem, StoreError::Newer { found: 7, .. }), "{problem:?}");
    }
}

#[tokio::test]
async fn f32_a_damaged_history_is_told_and_endangers_no_decision() {
    let fixture = filled().await;
    damage(&history_path(&fixture.path()));
    let store = fixture.open(owning(false)).await.unwrap();
    let problem = store.history().unwrap_err();
    assert!(matches!(problem, StoreError::NoHistory { .. }), "{problem:?}");
    assert!(problem.to_string().contains("proxymeter.db.history is damaged"), "{problem}");
    let pass = pass("2026-11-21T20:00:00Z", &[]);
    assert!(matches!(store.save_pass(&account("acme"), &pass).await, Err(StoreError::NoHistory { .. })));
    assert!(store.next_request(Asked::OfAny).await.unwrap().is_some());
}

#[tokio::test]
async fn f32_a_history_of_a_newer_schema_is_told_and_left_alone() {
    let fixture = filled().await;
    execute(&history_path(&fixture.path()), NEWER).await;
    let store = fixture.open(owning(false)).await.unwrap();
    let problem = store.history().unwrap_err().to_string();
    assert!(problem.contains("proxymeter.db.history has schema 7, this proxymeter knows "), "{problem}");
    assert!(store.next_request(Asked::OfAny).await.unwrap().is_some());
}

#[tokio::test]
async fn a_history_that_is_lost_begins_anew() {
    let fixture = filled().await;
    fs::remove_file(history_path(&fixture.path())).unwrap();
    let reader = fixture.read().await;
    assert_eq!(reader.history().unwrap_err().to_string(), "the history cannot be used: there is none yet");
    let store = fixture.own().await;
    store.history().unwrap();
    let day = date(2026, 11, 21);
    assert_eq!(store.days(&account("acme"), &sub_user("a"), day, day).await.unwrap(), []);
    assert!(store.next_request(Asked::OfAny).await.unwrap().is_some());
}

#[tokio::test]
async fn a_folder_that_takes_no_file_is_told() {
    // Nobody may make files there, not even root.
    let place = Location::Sqlite("/sys/proxymeter.db".into());
    let problem = open(&place, owning(true)).await.unwrap_err();
    assert!(matches!(problem, StoreError::File { .. }), "{problem:?}");
    assert!(problem.to_string().starts_with("cannot open /sys/proxymeter.db.lock: "), "{problem}");
}

#[tokio::test]
async fn a_backup_is_a_whole_store_and_replaces_nothing() {
    let fixture = filled().await;
    let target = fixture.0.path().join("backup.db");
    let store = fixture.own().await;
    // What the write-ahead log alone holds is in the backup as well.
    store.ask(&request(), at("2026-11-21T20:00:01Z")).await.unwrap();
    fixture.read().await.backup(&target).await.unwrap();
    let before = fs::read(&target).unwrap();
    let problem = store.backup(&target).await.unwrap_err();
    assert!(matches!(problem, StoreError::Exists { .. }), "{problem:?}");
    assert_eq!(fs::read(&target).unwrap(), before);
    let nowhere = store.backup(&fixture.0.path().join("no/folder/backup.db")).await.unwrap_err();
    assert_eq!(nowhere.reason(), "io", "{nowhere:?}");

    let restored = super::fixture();
    fs::copy(&target, restored.path()).unwrap();
    let store = restored.own().await;
    let first = store.next_request(Asked::OfAny).await.unwrap().unwrap();
    store
        .answer(first.id, &proxymeter::store::request::Answer { exit: 0, text: String::new() }, first.at)
        .await
        .unwrap();
    assert!(store.next_request(Asked::OfAny).await.unwrap().is_some());
    assert!(!fixture.0.path().join("backup.db.partial").exists());
}

#[tokio::test]
async fn the_history_lies_beside_the_decisions() {
    let fixture = filled().await;
    assert_eq!(history_path(&fixture.path()), fixture.0.path().join("proxymeter.db.history"));
    let store = fixture.read().await;
    let day = date(2026, 11, 21);
    let days = store.days(&account("acme"), &sub_user("a"), day, day).await.unwrap();
    assert_eq!(days.iter().map(|day| day.usage.used).collect::<Vec<_>>(), [Bytes(5)]);
}

#[tokio::test]
async fn a_store_that_is_closed_is_whole_in_its_files() {
    let fixture = filled().await;
    let store = fixture.open(owning(false)).await.unwrap();
    store.save_pass(&account("acme"), &pass("2026-11-21T21:00:00Z", &[])).await.unwrap();
    // Reads from other connections than the one that writes.
    assert!(store.next_request(Asked::OfAny).await.unwrap().is_some());
    store.close().await;
    for path in [fixture.path(), history_path(&fixture.path())] {
        let log = std::path::PathBuf::from(format!("{}-wal", path.display()));
        assert!(
            !log.exists(),
            "{} is left behind: a backup put beside it would be damaged by it",
            log.display()
        );
    }
}
