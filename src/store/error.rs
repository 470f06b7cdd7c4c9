//! What can go wrong between proxymeter and its store.

use std::io;
use std::path::PathBuf;

use super::owner::Owner;
use super::request::RequestId;

/// Why the store did not do what was asked; the text says what an operator may do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file, and none is to be made.
    #[error("there is no store at {}: start proxymeter serve --new-store if it is to begin anew, or put the backup there", .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A file that proxymeter did not make, or an empty one.
    #[error("{} is empty or not a store of proxymeter's: put the backup there", .path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged: {problem}. Put the backup there", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The engine's words.
        problem: String,
    },
    /// A newer proxymeter has written it.
    #[error("{} has schema {found}, this proxymeter knows {known}: run the newer version, or put the copy from before there", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// An older proxymeter has written it, and only the owner may change that.
    #[error("{} has schema {found}, this proxymeter needs {known}: start the daemon in this version first", .path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The schema that this program needs.
        known: i64,
    },
    /// Another process owns the store.
    #[error("{} belongs to {owner}", .path.display())]
    Owned {
        /// The file.
        path: PathBuf,
        /// Who that is.
        owner: Owner,
    },
    /// Only the owner may do this.
    #[error("opened without owning the store, which this needs")]
    NotOwner,
    /// The disk is full.
    #[error("no room to write {}", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else wrote for longer than we wait.
    #[error("{} is being written by somebody else", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {what} {}: {problem}{}", .path.display(), advice(.problem))]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        problem: io::Error,
    },
    /// What is to be written is there already.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The engine refused for another reason.
    #[error("{}: {problem}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The engine's words.
        problem: sqlx::Error,
    },
    /// The history cannot be used; decisions can.
    #[error("the history cannot be used: {problem}")]
    NoHistory {
        /// Why not.
        problem: String,
    },
    /// No request has this number.
    #[error("there is no request {0}")]
    NoSuchRequest(RequestId),
    /// A request is answered once.
    #[error("request {0} is answered already")]
    AlreadyAnswered(RequestId),
}

/// What an operator may do where it is plain.
fn advice(problem: &io::Error) -> &'static str {
    match problem.kind() {
        io::ErrorKind::NotFound => "; make that folder, or write another store.url",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; let proxymeter write there, or write another store.url"
        }
        _ => "",
    }
}

impl StoreError {
    /// Every reason, so that each counter starts at 0.
    pub const REASONS: [&str; 8] = ["missing", "corrupt", "schema", "owned", "full", "busy", "io", "request"];

    /// The label.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::NotAStore { .. } | Self::Corrupt { .. } => "corrupt",
            Self::Newer { .. } | Self::Older { .. } => "schema",
            Self::Owned { .. } | Self::NotOwner => "owned",
            Self::Full { .. } => "full",
            Self::Busy { .. } => "busy",
            Self::File { .. } | Self::Database { .. } | Self::NoHistory { .. } | Self::Exists { .. } => "io",
            Self::NoSuchRequest(_) | Self::AlreadyAnswered(_) => "request",
        }
    }

    /// Whether the same may succeed a while later, without anybody changing the file.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Busy { .. } | Self::Owned { .. })
    }
}
