//! `[store]`: where decisions and history are kept.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::complaint::Complaint;
use super::reader::Section;

/// Where the store is when nothing is said.
const DEFAULT_URL: &str = "sqlite:proxymeter.db";

/// The variable by which systemd names the folder for a service's state.
pub(super) const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// The store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Where it is.
    pub location: StoreLocation,
    /// Whether the operator wrote that, rather than leaving the default.
    pub is_written: bool,
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// The decisions' file; the history lies beside it.
    Sqlite(PathBuf),
}

/// Reads the section; `folder` is the configuration's.
pub(super) fn read(root: &Section<'_>, folder: &Path, variables: &BTreeMap<String, OsString>) -> Store {
    let section = root.section("store");
    let base = state_directory(variables).unwrap_or_else(|| folder.to_owned());
    let is_written = section.has("url");
    let written = section.parse("url", "sqlite:FILE", |text| location(text, &base));
    let default = || StoreLocation::Sqlite(base.join(DEFAULT_URL.trim_start_matches("sqlite:")));
    Store { location: written.unwrap_or_else(default), is_written }
}

/// systemd may give several folders; the first is ours.
fn state_directory(variables: &BTreeMap<String, OsString>) -> Option<PathBuf> {
    let given = variables.get(STATE_DIRECTORY)?;
    std::env::split_paths(given).find(|folder| !folder.as_os_str().is_empty())
}

/// Reads `sqlite:FILE`, where a relative file is looked for below `base`.
///
/// No complaint repeats the text, which may hold a password.
fn location(url: &str, base: &Path) -> Result<StoreLocation, Complaint> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let complaint = Complaint::new("postgres:// is not supported yet").hiding();
        return Err(complaint.advise("write sqlite:FILE, and run one proxymeter"));
    }
    let refused = || {
        let complaint = Complaint::new("expected sqlite:FILE, of a file on this machine and without options");
        complaint.hiding().write(DEFAULT_URL)
    };
    let file = url.strip_prefix("sqlite:").ok_or_else(refused)?;
    let file = file.strip_prefix("//").unwrap_or(file);
    // A store in memory would be an empty start each time, and options are ours.
    if file.is_empty() || file.contains(['?', '\0']) || file == ":memory:" || file.ends_with('/') {
        return Err(refused());
    }
    Ok(StoreLocation::Sqlite(base.join(file)))
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
            let found = location(url, Path::new("/var/lib/proxymeter")).unwrap();
            assert_eq!(found, StoreLocation::Sqlite(file.into()), "{url}");
        }
    }

    #[test]
    fn what_is_no_store_is_refused_and_not_repeated() {
        for url in
            ["", "proxymeter.db", "sqlite:", "sqlite::memory:", "sqlite:p.db?mode=rwc", "mysql://u:pw@h"]
        {
            let complaint = location(url, Path::new("/")).unwrap_err();
            assert!(complaint.hides_value, "{url}: {complaint:?}");
            assert!(complaint.message.unwrap().starts_with("expected sqlite:FILE"), "{url}");
        }
        for url in ["postgres://u:hunter2@h/d", "postgresql://h/d"] {
            let complaint = location(url, Path::new("/")).unwrap_err();
            assert!(complaint.hides_value);
            assert_eq!(complaint.message.as_deref(), Some("postgres:// is not supported yet"));
        }
    }

    #[test]
    fn the_first_folder_of_systemd_is_taken() {
        for (given, folder) in [
            ("/var/lib/a:/var/lib/b", Some("/var/lib/a")),
            ("", None),
            (":/b", Some("/b")),
            ("/a", Some("/a")),
        ] {
            let variables = BTreeMap::from([(STATE_DIRECTORY.to_owned(), OsString::from(given))]);
            assert_eq!(state_directory(&variables).as_deref(), folder.map(Path::new), "{given:?}");
        }
    }
}
