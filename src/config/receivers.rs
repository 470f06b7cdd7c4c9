//! `[receivers.NAME]`: who can be told, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::complaint::Complaint;
use super::name;
use super::nearest::nearest;
use super::problem::quote;
use super::reader::Section;

/// One who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// How.
    pub kind: ReceiverKind,
}

/// How a receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverKind {
    /// Each notice is a line in proxymeter's own log.
    Log,
}

/// The receivers, and the names of all that are written, right or wrong.
pub(super) struct Receivers {
    pub(super) read: BTreeMap<Arc<str>, Receiver>,
    names: BTreeSet<String>,
}

pub(super) fn read(root: &Section<'_>) -> Receivers {
    let named = root.named("receivers");
    let in_file = name::in_file(&named);
    let mut receivers = BTreeMap::new();
    for (name, section) in &named {
        let kind = kind(section);
        if kind.is_none() && !section.is_in_file() && !section.has("log") {
            name::stranger(section, name, "receiver", "log", &in_file);
            continue;
        }
        if let (true, Some(kind)) = (name::check(name, section, "receivers"), kind) {
            receivers.insert(name.as_str().into(), Receiver { kind });
        }
    }
    Receivers { read: receivers, names: named.into_iter().map(|(name, _)| name).collect() }
}

fn kind(section: &Section<'_>) -> Option<ReceiverKind> {
    let log = section.flag("log");
    if log == Some(true) {
        return Some(ReceiverKind::Log);
    }
    // A kind that comes later is told by its name, and a value that is no flag by its place.
    let is_told = section.has("log") && log.is_none() || section.has_later();
    if !is_told && section.is_in_file() {
        let hint = "write: log = true, and each notice is a line in proxymeter's own log";
        section.refuse_whole("this receiver has no way to be told".to_owned(), Some(hint.to_owned()));
    }
    None
}

/// A list of receivers, each of which exists; nothing where the list is absent or has a mistake.
pub(super) fn notify(section: &Section<'_>, receivers: &Receivers) -> Option<Vec<Arc<str>>> {
    section.list("notify", |name| {
        if receivers.names.contains(name) {
            return Ok(Arc::from(name));
        }
        let known: Vec<&str> = receivers.names.iter().map(String::as_str).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {}?", quote(near)),
            None if known.is_empty() => {
                "write: [receivers.NAME] with log = true below, and NAME here".to_owned()
            }
            None => format!("receivers: {}", known.join(", ")),
        };
        Err(Complaint::new("there is no such receiver").advise(hint))
    })
}
