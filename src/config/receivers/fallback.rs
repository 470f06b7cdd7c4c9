//! Who is told where a receiver cannot be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::complaint::Complaint;
use super::super::problem::shown;
use super::super::reader::Section;
use super::{DAY, Receivers};

/// How long is tried until the fallback is told, when nothing is said.
pub const DEFAULT_FALLBACK_AFTER: Duration = Duration::from_secs(15 * 60);

/// Another receiver, told where this one cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Its name.
    pub to: Arc<str>,
    /// How long the first is tried before; 1 minute to 24 hours.
    pub after: Duration,
}

pub(super) fn read(name: &str, section: &Section<'_>, receivers: &Receivers) -> Option<Fallback> {
    let to = section.parse("fallback", "the name of a receiver", |to| {
        let known = receivers.known(to)?;
        if to == name {
            let complaint = Complaint::new("a receiver cannot stand in for itself").hiding();
            return Err(complaint.advise("name another receiver, or take it out"));
        }
        Ok(known)
    });
    let after = section.duration("fallback_after", Duration::from_secs(60)..=DAY);
    if !section.has("fallback") {
        let complaint = Complaint::new("this says when the fallback is told, and there is none").hiding();
        section.refuse("fallback_after", complaint.advise("write: fallback = \"NAME\", or take it out"));
    }
    Some(Fallback { to: to?, after: after.unwrap_or(DEFAULT_FALLBACK_AFTER) })
}

/// Notes each circle of fallbacks once, where the first of its names says who stands in for it.
pub(super) fn check_circles(named: &[(String, Section<'_>)]) {
    let sections: BTreeMap<&str, &Section<'_>> =
        named.iter().map(|(name, section)| (name.as_str(), section)).collect();
    // Read again as a text alone: what is wrong with it has been told.
    let next = |name: &str| sections.get(name).and_then(|section| section.field("fallback")?.as_text());
    for (&name, section) in &sections {
        let mut circle = vec![name];
        let mut at = next(name);
        // A circle is told at the first of its names in their order, so a lesser one ends the search.
        while let Some(to) = at.filter(|to| *to > name && !circle.contains(to)) {
            circle.push(to);
            at = next(to);
        }
        if at == Some(name) && circle.len() > 1 {
            circle.push(name);
            let names: Vec<String> = circle.into_iter().map(shown).collect();
            let message = format!("these stand in for one another: {}", names.join(" → "));
            let hint = "take one of the fallbacks out: the last to be told has none";
            section.refuse("fallback", Complaint::new(message).hiding().advise(hint));
        }
    }
}
