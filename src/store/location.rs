//! `store.url`: where the store is.

use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The decisions' file; the history lies beside it.
    Sqlite(PathBuf),
}

impl Location {
    /// Reads `sqlite:FILE`, where a relative file is looked for below `base`.
    ///
    /// # Errors
    /// `postgres://`, or what is no address of a store; no error repeats the text, which may hold a password.
    pub fn parse(url: &str, base: &Path) -> Result<Self, StoreError> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return Err(StoreError::Postgres);
        }
        let file = url.strip_prefix("sqlite:").ok_or(StoreError::NotALocation)?;
        let file = file.strip_prefix("//").unwrap_or(file);
        // A store in memory would be an empty start each time, and options are ours.
        if file.is_empty() || file.contains(['?', '\0']) || file == ":memory:" || file.ends_with('/') {
            return Err(StoreError::NotALocation);
        }
        Ok(Self::Sqlite(base.join(file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_looked_for_below_the_base() {
        for (url, file) in [
            ("sqlite:proxymeter.db", "/var/lib/proxymeter/proxymeter.db"),
            ("sqlite://proxymeter.db", "/var/lib/proxymeter/proxymeter.db"),
            ("sqlite:///data/p.db", "/data/p.db"),
            ("sqlite:/data/p.db", "/data/p.db"),
        ] {
            let location = Location::parse(url, Path::new("/var/lib/proxymeter")).unwrap();
            assert_eq!(location, Location::Sqlite(file.into()), "{url}");
        }
    }

    #[test]
    fn what_is_no_store_is_refused_and_not_repeated() {
        for url in
            ["", "proxymeter.db", "sqlite:", "sqlite::memory:", "sqlite:p.db?mode=rwc", "mysql://u:pw@h"]
        {
            let error = Location::parse(url, Path::new("/")).unwrap_err();
            assert!(matches!(error, StoreError::NotALocation), "{url}: {error}");
        }
        for url in ["postgres://u:hunter2@h/d", "postgresql://h/d"] {
            let error = Location::parse(url, Path::new("/")).unwrap_err();
            assert_eq!(
                error.to_string(),
                "postgres:// is not supported yet: write sqlite:FILE and run one proxymeter"
            );
        }
    }
}
