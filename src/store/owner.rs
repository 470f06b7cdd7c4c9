//! Who owns a store on one machine: an operating-system lock on a file beside it, gone with the process.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::StoreError;

/// No more of the lock's text than this is read, whatever stands there.
const LONGEST_TEXT: u64 = 4096;

/// A process that owns a store, by what it wrote of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The process, on its host.
    pub pid: Option<u32>,
    /// The host.
    pub host: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Owner {
    /// This process, from `now` on.
    #[must_use]
    pub fn this_process(now: Timestamp) -> Self {
        let host = ["/proc/sys/kernel/hostname", "/etc/hostname"]
            .into_iter()
            .find_map(|file| std::fs::read_to_string(file).ok())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty());
        Self {
            pid: Some(std::process::id()),
            host: host.unwrap_or_else(|| "this host".into()),
            since: Some(now),
        }
    }

    fn to_text(&self) -> String {
        let pid = self.pid.map(|pid| pid.to_string()).unwrap_or_default();
        let since = self.since.map(|since| since.to_string()).unwrap_or_default();
        format!("pid={pid}\nhost={}\nsince={since}\n", self.host)
    }

    fn from_text(text: &str) -> Self {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let host = value("host=").to_owned();
        Self { pid: value("pid=").parse().ok(), host, since: value("since=").parse().ok() }
    }
}

/// `process 12 on db1 since 2026-11-21T20:00:00Z`.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}")?,
            None => f.write_str("another process")?,
        }
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        self.since.map_or(Ok(()), |since| write!(f, " since {since}"))
    }
}

/// Ownership, until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    /// Takes the lock beside `store`, or tells who has it.
    pub(super) fn take(store: &Path, owner: &Owner) -> Result<Self, StoreError> {
        let path = lock_path(store);
        let failed = |what| {
            let path = path.clone();
            move |problem| StoreError::File { what, path, problem }
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                // What cannot be read leaves the owner without a name, and the store owned all the same.
                let _unread = file.take(LONGEST_TEXT).read_to_end(&mut text);
                let owner = Owner::from_text(&String::from_utf8_lossy(&text));
                return Err(StoreError::Owned { path: store.to_owned(), owner });
            }
            Err(TryLockError::Error(problem)) => return Err(failed("lock")(problem)),
        }
        file.set_len(0).map_err(failed("write"))?;
        file.rewind().map_err(failed("write"))?;
        file.write_all(owner.to_text().as_bytes()).map_err(failed("write"))?;
        Ok(Self { _file: file })
    }
}

/// The file that is locked; it stays when the lock is gone, since removing it would let two processes own it.
pub(super) fn lock_path(store: &Path) -> PathBuf {
    let mut name = OsString::from(store);
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_owner_survives_the_way_through_the_file() {
        let owner =
            Owner { pid: Some(12), host: "db1".into(), since: Some("2026-11-21T20:00:00Z".parse().unwrap()) };
        assert_eq!(Owner::from_text(&owner.to_text()), owner);
        assert_eq!(owner.to_string(), "process 12 on db1 since 2026-11-21T20:00:00Z");
        assert_eq!(Owner::from_text("").to_string(), "another process");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _unused = Owner::from_text(&text).to_string();
        }
    }
}
