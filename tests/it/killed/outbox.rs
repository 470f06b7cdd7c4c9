//! The outbox as its file has it, read beside the daemon; and a lock under which the daemon can save nothing.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::runtime::Runtime;

/// A delivery and its notice.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Grows with every notice.
    pub(super) number: i64,
    pub(super) notice: String,
    pub(super) receiver: String,
    pub(super) recipient: String,
    pub(super) thread: String,
    pub(super) message: String,
    /// `pending`, `delivered`, `dead` or `superseded`.
    pub(super) state: String,
    pub(super) tries: i64,
    /// Whether a try was saved as begun, and no end of it.
    pub(super) is_trying: bool,
    pub(super) fell_back: bool,
    pub(super) stands_in: bool,
}

impl Row {
    pub(super) fn waits(&self) -> bool {
        self.state == "pending"
    }

    /// The lane.
    pub(super) fn lane(&self) -> (&str, &str, &str) {
        (&self.receiver, &self.recipient, &self.thread)
    }
}

/// The file of the decisions.
pub(super) struct Outbox {
    path: PathBuf,
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Outbox {
    pub(super) fn of(folder: &Path) -> Self {
        Self { path: folder.join("proxymeter.db") }
    }

    fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new().filename(&self.path);
        options.busy_timeout(Duration::from_secs(30)).disable_statement_logging()
    }

    /// Every delivery, in the order of the notices.
    pub(super) fn rows(&self) -> Vec<Row> {
        let sql = "SELECT number, notices.id AS id, deliveries.receiver AS receiver, recipient, thread, \
                   coalesce(deliveries.message, notices.message) AS message, state, tries, trying, fell_back, \
                   stands_for IS NOT NULL AS stands_in \
                   FROM notices JOIN deliveries ON deliveries.notice = notices.number ORDER BY number, deliveries.id";
        let read = async {
            let mut on = self.options().read_only(true).connect().await.unwrap();
            sqlx::query(sql).fetch_all(&mut on).await.unwrap()
        };
        // On a thread of its own: who waits for something does so within a runtime.
        let rows = thread::scope(|scope| scope.spawn(|| runtime().block_on(read)).join()).unwrap();
        let row = |row: &sqlx::sqlite::SqliteRow| Row {
            number: row.get("number"),
            notice: row.get("id"),
            receiver: row.get("receiver"),
            recipient: row.get("recipient"),
            thread: row.get("thread"),
            message: row.get("message"),
            state: row.get("state"),
            tries: row.get("tries"),
            is_trying: row.get("trying"),
            fell_back: row.get("fell_back"),
            stands_in: row.get("stands_in"),
        };
        rows.iter().map(row).collect()
    }

    /// From now on nobody else saves anything, until this is dropped.
    pub(super) fn lock(&self) -> Lock {
        let runtime = runtime();
        let connection = runtime.block_on(async {
            let mut on = self.options().connect().await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut on).await.unwrap();
            on
        });
        Lock { connection: Some(connection), runtime }
    }
}

/// A transaction that saves nothing.
pub(super) struct Lock {
    connection: Option<SqliteConnection>,
    runtime: Runtime,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let connection = self.connection.take().unwrap();
        // Without a commit it never was.
        self.runtime.block_on(sqlx::Connection::close(connection)).ok();
    }
}
