//! `[budgets.NAME.thresholds.NAME]`: when something follows, and who is told.

use std::time::Duration;

use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::{Action, Severity, Threshold};

use super::super::receivers::{self, Receivers};
use super::{Section, action, condition, name, share};

/// The longest time that a condition may be asked to hold.
const LONGEST_HOLD: Duration = Duration::from_secs(7 * 86_400);

/// A threshold with where it stands, read or not.
pub(super) struct ReadThreshold<'a> {
    pub(super) name: String,
    pub(super) section: Section<'a>,
    pub(super) action: Option<Action>,
    /// Nothing where it has a mistake.
    pub(super) read: Option<Threshold>,
}

impl ReadThreshold<'_> {
    /// Whether anything can follow from it; what has a mistake is taken to be meant well.
    pub(super) fn does_anything(&self) -> bool {
        let tells = self.read.as_ref().is_none_or(|read| !read.notify.is_empty());
        tells || self.section.has("action")
    }
}

pub(super) fn read_all<'a>(
    budget: &str,
    section: &Section<'a>,
    receivers: &Receivers,
) -> Vec<ReadThreshold<'a>> {
    let table = format!("budgets.{budget}.thresholds");
    let named = section.section("thresholds").into_named();
    let read = |(name, section): (String, Section<'a>)| {
        let is_named_well = name::check(&name, &section, &table);
        let action = action::read(&section);
        let read = read(&name, &section, action, receivers);
        ReadThreshold { name, action, read: read.filter(|_| is_named_well), section }
    };
    named.into_iter().map(read).collect()
}

fn read(
    name: &str,
    section: &Section<'_>,
    action: Option<Action>,
    receivers: &Receivers,
) -> Option<Threshold> {
    let when = condition::read(section);
    let notify = if section.has("notify") { receivers::notify(section, receivers) } else { Some(Vec::new()) };
    let severity = section.choice("severity", &Severity::ALL.map(|severity| (severity.as_str(), severity)));
    let hold = section.duration("for", Duration::ZERO..=LONGEST_HOLD).unwrap_or_default();
    let clear = share::read(section, "clear", Some(Share::WHOLE)).unwrap_or(Threshold::CLEAR);
    let severity = severity.unwrap_or_default();
    let base = Threshold::new(name, when?);
    Some(Threshold { hold, clear, severity, notify: notify?, action, ..base })
}
