//! Copies of a file that is in use.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::file::Database;
use crate::store::error::StoreError;

/// No store is migrated so often from one schema.
const COPIES: u32 = 1000;

/// Copies one state of `database` to `to`, which must not be there; what could not be finished is not left behind.
pub(super) async fn copy(database: &Database, to: &Path) -> Result<(), StoreError> {
    // A relative name may look like an address to the engine, such as `file:copy`.
    let failed = |problem| StoreError::File { what: "look for", path: to.to_owned(), problem };
    let to = &std::path::absolute(to).map_err(failed)?;
    let partial = with_ending(to, ".partial");
    // What a backup left that was cut off.
    match std::fs::remove_file(&partial) {
        Err(problem) if problem.kind() != ErrorKind::NotFound => {
            return Err(StoreError::File { what: "remove", path: partial, problem });
        }
        _ => {}
    }
    expect_free(to)?;
    let copied = write(database, &partial).await.and_then(|()| {
        expect_free(to)?;
        let failed = |problem| StoreError::File { what: "write", path: to.to_owned(), problem };
        std::fs::rename(&partial, to).map_err(failed)
    });
    if copied.is_err() {
        // The error that is told is the first one.
        let _left = std::fs::remove_file(&partial);
    }
    copied
}

/// A free name beside `path` for a copy from before its migration from `schema`.
pub(super) fn free_name(path: &Path, schema: i64) -> Result<PathBuf, StoreError> {
    let first = with_ending(path, &format!(".schema-{schema}"));
    let names = (2..COPIES).map(|number| with_ending(&first, &format!(".{number}")));
    let free = std::iter::once(first.clone()).chain(names).find(|name| expect_free(name).is_ok());
    free.ok_or(StoreError::Exists { path: first })
}

async fn write(database: &Database, partial: &Path) -> Result<(), StoreError> {
    let failed = |problem| StoreError::File { what: "write", path: partial.to_owned(), problem };
    let text = partial.to_str().ok_or_else(|| failed(ErrorKind::InvalidFilename.into()))?;
    let vacuum = sqlx::query("VACUUM INTO ?").bind(text);
    let connections = database.writer().unwrap_or_else(|_| database.readers());
    vacuum.execute(connections).await.map_err(|problem| super::file::meaning(partial, problem))?;
    // The engine does not wait for the disk here.
    File::open(partial).and_then(|file| file.sync_all()).map_err(failed)
}

/// An error if anything has that name, be it a link to nowhere.
fn expect_free(path: &Path) -> Result<(), StoreError> {
    match path.symlink_metadata() {
        Ok(_) => Err(StoreError::Exists { path: path.to_owned() }),
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(()),
        Err(problem) => Err(StoreError::File { what: "look for", path: path.to_owned(), problem }),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
