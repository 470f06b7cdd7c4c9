//! Where the store is; what an operator writes for it is read in `config`.

use std::path::PathBuf;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The decisions' file; the history lies beside it.
    Sqlite(PathBuf),
}
