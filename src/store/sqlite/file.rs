//! One database file: whether it may be used, and its connections.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Sqlite, Transaction};

use super::{backup, schema};
use crate::store::error::StoreError;

/// How long to wait for somebody else's write.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that only read; the writer is one more.
const READERS: u32 = 2;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To check, migrate, read and write.
    Own {
        /// Whether it may begin empty.
        may_begin: bool,
    },
    /// To read and write what the owner has made.
    Write,
    /// To read.
    Read,
}

/// How a file is opened.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) synchronous: SqliteSynchronous,
    pub(super) schema: Migrator,
    pub(super) purpose: Purpose,
}

/// An open file.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    writer: Option<SqlitePool>,
    readers: SqlitePool,
}

/// An error where there is no file and none may begin.
pub(super) fn expect_there(path: &Path, may_begin: bool) -> Result<(), StoreError> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) if may_begin => Ok(()),
        Ok(false) => Err(StoreError::Missing { path: path.to_owned() }),
        Err(problem) => Err(StoreError::File { what: "look for", path: path.to_owned(), problem }),
    }
}

impl Database {
    /// Opens a file whose content was found good.
    pub(super) async fn open(path: &Path, opening: Opening) -> Result<Self, StoreError> {
        let may_begin = matches!(opening.purpose, Purpose::Own { may_begin: true });
        expect_there(path, may_begin)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .synchronous(opening.synchronous)
            .disable_statement_logging();
        let writing = options.clone().create_if_missing(may_begin).journal_mode(SqliteJournalMode::Wal);
        let (writer, readers) = (
            SqlitePoolOptions::new().max_connections(1).connect_lazy_with(writing),
            SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options.read_only(true)),
        );
        let writer = (opening.purpose != Purpose::Read).then_some(writer);
        let database = Self { path: path.to_owned(), writer, readers };
        let judged = match opening.purpose {
            Purpose::Own { .. } => database.take_over(&opening.schema, may_begin).await,
            Purpose::Write | Purpose::Read => database.expect_schema(&opening.schema).await,
        };
        match judged {
            Ok(()) => Ok(database),
            Err(problem) => {
                database.close().await;
                Err(problem)
            }
        }
    }

    /// Connections that only read.
    pub(super) const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// The connection that writes.
    pub(super) fn writer(&self) -> Result<&SqlitePool, StoreError> {
        self.writer.as_ref().ok_or(StoreError::NotOwner)
    }

    /// A transaction that writes; dropped before its commit, it never was.
    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        // Not the default, which would take the lock at the first write and could find the read state outdated.
        self.writer()?.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed())
    }

    /// A transaction that reads one state of the file.
    pub(super) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.readers.begin().await.map_err(self.failed())
    }

    /// What an error of the engine means for this file.
    pub(super) fn failed(&self) -> impl Fn(sqlx::Error) -> StoreError {
        |problem| meaning(&self.path, problem)
    }

    /// A row that nobody can have written.
    pub(super) fn damaged(&self, what: &str) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), problem: format!("{what} cannot be read") }
    }

    pub(super) async fn close(&self) {
        // The writer last: whoever closes last moves the write-ahead log into the file, which a reader may not.
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    /// What an owner does first: check, copy, migrate.
    async fn take_over(&self, known: &Migrator, may_begin: bool) -> Result<(), StoreError> {
        let newest = schema::newest(known);
        self.check().await?;
        match self.schema().await? {
            Some(found) if found > newest => {
                return Err(StoreError::Newer { path: self.path.clone(), found, known: newest });
            }
            Some(found) if found < newest => {
                backup::copy(self, &backup::free_name(&self.path, found)?).await?;
            }
            Some(_) => return Ok(()),
            // New, or begun and cut off; never somebody else's, nor a store that lost all it held unnoticed.
            None if may_begin && self.tables().await? == 0 => {}
            None => return Err(StoreError::NotAStore { path: self.path.clone() }),
        }
        known.run(self.writer()?).await.map_err(|problem| self.not_migrated(problem, newest))
    }

    async fn expect_schema(&self, known: &Migrator) -> Result<(), StoreError> {
        let known = schema::newest(known);
        let path = self.path.clone();
        match self.schema().await? {
            None => Err(StoreError::NotAStore { path }),
            Some(found) if found > known => Err(StoreError::Newer { path, found, known }),
            Some(found) if found < known => Err(StoreError::Older { path, found, known }),
            Some(_) => Ok(()),
        }
    }

    /// The engine's own look at the whole file.
    async fn check(&self) -> Result<(), StoreError> {
        let said: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(self.writer()?)
            .await
            .map_err(self.failed())?;
        if said == "ok" {
            return Ok(());
        }
        Err(StoreError::Corrupt { path: self.path.clone(), problem: said })
    }

    /// The newest step that was done here; nothing where the file is no store.
    async fn schema(&self) -> Result<Option<i64>, StoreError> {
        let connections = self.writer.as_ref().unwrap_or(&self.readers);
        let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
        let tables: i64 = sqlx::query_scalar(table).fetch_one(connections).await.map_err(self.failed())?;
        if tables == 0 {
            return Ok(None);
        }
        let newest = "SELECT max(version) FROM _sqlx_migrations";
        sqlx::query_scalar(newest).fetch_one(connections).await.map_err(self.failed())
    }

    async fn tables(&self) -> Result<i64, StoreError> {
        let count = "SELECT count(*) FROM sqlite_schema";
        sqlx::query_scalar(count).fetch_one(self.writer()?).await.map_err(self.failed())
    }

    fn not_migrated(&self, problem: MigrateError, known: i64) -> StoreError {
        let path = self.path.clone();
        match problem {
            MigrateError::Execute(problem) | MigrateError::ExecuteMigration(problem, _) => {
                meaning(&path, problem)
            }
            MigrateError::VersionMissing(found) => StoreError::Newer { path, found, known },
            other => StoreError::Corrupt { path, problem: other.to_string() },
        }
    }
}

/// Sorts the engine's errors; the numbers are SQLite's primary result codes.
pub(super) fn meaning(path: &Path, problem: sqlx::Error) -> StoreError {
    let path = path.to_owned();
    let code = problem.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => StoreError::Busy { path },
        Some(13) => StoreError::Full { path },
        Some(11 | 26) => StoreError::Corrupt { path, problem: problem.to_string() },
        _ => StoreError::Database { path, problem },
    }
}
