use super::{DROP, change, lanes, read, told};
use crate::store::owner::Owner;
use crate::store::sqlite::SqliteStore;
use crate::store::{Access, Store};

/// So many deliveries wait, in a thousand lanes of two receivers, beside as many that have ended.
const MANY: i64 = 100_000;

/// A store whose outbox is full.
async fn full(folder: &tempfile::TempDir) -> SqliteStore {
    let owner = Owner::this_process("2026-11-21T20:00:00Z".parse().unwrap());
    let path = folder.path().join("p.db");
    let store = SqliteStore::open(&path, Access::Own { owner, new_store: true }).await.unwrap();
    let writer = store.decisions.writer().unwrap();
    for sql in [
        "CREATE TEMP TABLE numbers AS \
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ? - 1) SELECT n FROM n",
        "INSERT INTO notices (number, id, at, receiver, thread, episode, leaves_open, severity, title, message) \
         SELECT n + 1, 'id' || n, n, 'r' || n % 2, 'budget:' || n % 1000, 'id', 1, 'warning', 't', '{}' \
         FROM numbers WHERE ?",
        "INSERT INTO lanes (id, receiver, recipient, thread, due) \
         SELECT n + 1, 'r' || n % 2, 'a', 'budget:' || n, n FROM numbers WHERE n < 1000 AND ?",
        "INSERT INTO deliveries (notice, lane, receiver, recipient, state, waits_since, due, gathers, tries, \
         trying, maybe, fell_back, ended) SELECT n + 1, n % 1000 + 1, 'r' || n % 2, 'a', \
         iif(ended, 'delivered', 'pending'), n, n, 0, 0, 0, 0, 0, iif(ended, n, NULL) \
         FROM numbers, (SELECT 0 AS ended UNION ALL SELECT 1) WHERE ?",
    ] {
        sqlx::query(sql).bind(MANY).execute(writer).await.unwrap();
    }
    store
}

/// How the engine goes about a statement, a line a step.
async fn plan(store: &SqliteStore, sql: &str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explain).fetch_all(store.decisions.writer().unwrap()).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get(row, "detail")).collect()
}

#[tokio::test]
async fn nothing_that_a_pass_or_the_courier_asks_reads_the_whole_outbox() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = full(&folder).await;
    let searches: [(&str, &str, &[&str]); 12] = [
        ("due, next_due", lanes::FIRST_DUE, &["SEARCH lanes USING INDEX lanes_due (receiver=? AND due<?)"]),
        (
            "due",
            read::WAITING,
            &[
                "SEARCH deliveries USING INDEX deliveries_waiting (lane=?)",
                "SEARCH notices USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        (
            "a lane is left",
            lanes::LEAVE,
            &[
                "SEARCH lanes USING INTEGER PRIMARY KEY (rowid=?)",
                "SCALAR SUBQUERY 1",
                "SEARCH deliveries USING INDEX deliveries_waiting (lane=?)",
            ],
        ),
        (
            "a lane is due",
            lanes::REFRESH,
            &[
                "SEARCH lanes USING INTEGER PRIMARY KEY (rowid=?)",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH deliveries USING INDEX deliveries_due (lane=?)",
            ],
        ),
        ("release", change::RELEASE, &["SEARCH deliveries USING INDEX deliveries_gathering (gathers=?)"]),
        (
            "supersede",
            change::SUPERSEDE,
            &[
                "SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)",
                "LIST SUBQUERY 2",
                "SCAN json_each VIRTUAL TABLE INDEX 1:",
                "CREATE BLOOM FILTER",
                "SCALAR SUBQUERY 1",
                "SEARCH newer USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH notices USING INTEGER PRIMARY KEY (rowid=?)",
            ],
        ),
        // Counted in the index of what waits alone: what has ended is not looked at.
        ("backlog", read::BACKLOG, &["SCAN deliveries USING COVERING INDEX deliveries_backlog"]),
        (
            "told",
            told::SINCE,
            &[
                "SEARCH notices USING INDEX notices_by_time (at>?)",
                "SEARCH deliveries USING INDEX deliveries_of_notice (notice=?)",
                "USE TEMP B-TREE FOR LAST TERM OF ORDER BY",
            ],
        ),
        (
            "told, of a receiver",
            told::SINCE_OF,
            &[
                "SEARCH notices USING INDEX notices_by_receiver (receiver=? AND at>?)",
                "SEARCH deliveries USING INDEX deliveries_of_notice (notice=?)",
                "USE TEMP B-TREE FOR LAST TERM OF ORDER BY",
            ],
        ),
        (
            "told, of a notice",
            told::OF,
            &[
                "SEARCH notices USING INDEX sqlite_autoindex_notices_1 (id=?)",
                "SEARCH deliveries USING INDEX deliveries_of_notice (notice=?)",
            ],
        ),
        ("drop", DROP[0], &["SEARCH deliveries USING INDEX deliveries_by_end (ended<?)"]),
        (
            "drop",
            DROP[1],
            &[
                "SEARCH notices USING INDEX notices_by_time (at<?)",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH deliveries USING COVERING INDEX deliveries_of_notice (notice=?)",
                "CORRELATED SCALAR SUBQUERY 2",
                "SEARCH newer USING INDEX notices_by_thread (receiver=? AND thread=? AND rowid>?)",
                "CORRELATED SCALAR SUBQUERY 3",
                "SEARCH older USING INDEX notices_by_thread (receiver=? AND thread=? AND rowid<?)",
            ],
        ),
    ];
    for (what, sql, expected) in searches {
        assert_eq!(plan(&store, sql).await, expected, "{what}");
    }
    assert_eq!(store.backlog().await.unwrap().iter().map(|one| one.pending).sum::<u64>(), MANY as u64);
}
