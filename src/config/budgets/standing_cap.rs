//! `standing_cap`: the vendor's own limit is kept at what the budget still allows.

use crate::domain::budget::Per;
use crate::domain::budget::threshold::Mode;

use super::super::nearest::nearest;
use super::super::problem::quote;
use super::scope::Scope;
use super::{Complaint, Section};

/// The key.
pub(super) const KEY: &str = "standing_cap";

/// Reads how far the cap goes; one with a mistake counts as there, so that nothing else is said for its lack.
pub(super) fn read(section: &Section<'_>) -> Option<Mode> {
    let modes = [Mode::Observe, Mode::Enforce];
    let read = section.parse(KEY, "\"observe\" or \"enforce\"", |text| {
        if text == Mode::Approve.as_str() {
            let message = "a cap moves with each look, which is more than anybody can approve";
            return Err(Complaint::new(message)
                .hiding()
                .advise("write: standing_cap = \"enforce\", or \"observe\""));
        }
        modes.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            match nearest(text, modes.map(Mode::as_str)) {
                Some(near) => Complaint::shape().advise(format!("did you mean {}?", quote(near))),
                None => Complaint::shape(),
            }
        })
    });
    read.or(section.has(KEY).then_some(Mode::Observe))
}

/// What a cap needs of its budget and of the accounts that it fits, as an action does.
pub(super) fn check(section: &Section<'_>, mode: Option<Mode>, per: Option<Per>, scope: &Scope<'_>) {
    let Some(mode) = mode else { return };
    scope.check_whom(section, KEY, "a standing cap", section, per);
    if mode != Mode::Observe {
        scope.check_writable(section, KEY);
    }
}
