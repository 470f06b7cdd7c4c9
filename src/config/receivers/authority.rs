//! `ca_file`: the authorities that vouch for a server, where they are not the usual ones: mail trusts these alone, webhooks and Alertmanager these as well.

use std::path::{Path, PathBuf};

use super::super::complaint::Complaint;
use super::super::problem::quote_path;
use super::super::reader::Section;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The file, seen from the configuration's folder, if it is there and holds a certificate; `unwanted` says why there
/// is to be none.
pub(in crate::config) fn read(
    section: &Section<'_>,
    folder: &Path,
    unwanted: Option<Complaint>,
) -> Option<PathBuf> {
    if let Some(complaint) = unwanted {
        section.refuse("ca_file", complaint.hiding());
        return None;
    }
    let path = folder.join(section.text("ca_file")?);
    let message = match std::fs::read(&path) {
        Ok(bytes) if bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes()) => {
            return Some(path);
        }
        Ok(_) => format!("{} has no certificate in PEM", quote_path(&path)),
        Err(error) => format!("{} cannot be read: {error}", quote_path(&path)),
    };
    section.refuse("ca_file", Complaint::new(message).hiding());
    None
}
