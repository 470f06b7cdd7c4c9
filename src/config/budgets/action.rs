//! What a threshold does at the vendor, and how far it goes.

use std::time::Duration;

use crate::domain::budget::Per;
use crate::domain::budget::threshold::{Action, ActionKind, Mode};
use crate::domain::units::{Bytes, Gigabyte, Size};

use super::super::accounts::size_meant;
use super::scope::Scope;
use super::{Complaint, Section};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The vendors take limits in steps of a hundredth of a gigabyte; the smaller gigabyte decides.
const LEAST_LIMIT: Bytes = Bytes(10_000_000);

/// Reads `action` with `mode`, `approve_within` and `countdown`.
pub(super) fn read(section: &Section<'_>) -> Option<Action> {
    let what = section.parse("action", "\"freeze\" or a limit such as \"limit 55GB\"", kind);
    let mode = section.choice("mode", &Mode::ALL.map(|mode| (mode.as_str(), mode)));
    let approve_within = section.duration("approve_within", MINUTE..=7 * DAY);
    let countdown = section.duration("countdown", MINUTE..=DAY);
    if !section.has("action") {
        for key in ["mode", "approve_within", "countdown"] {
            let complaint = Complaint::new("there is no action here that this could be for").hiding();
            section.refuse(key, complaint.advise("write: action = \"freeze\" beside it, or take it out"));
        }
        return None;
    }
    // A mode with a mistake may be the one that the other keys want.
    if mode.is_some() || !section.has("mode") {
        let mode = mode.unwrap_or_default();
        for (key, wanted) in [("approve_within", Mode::Approve), ("countdown", Mode::Enforce)] {
            if mode != wanted {
                let message = format!("this is for mode = \"{wanted}\", and the mode is \"{mode}\"");
                section.refuse(key, Complaint::new(message).hiding().advise("take it out"));
            }
        }
    }
    Some(Action { what: what?, mode: mode.unwrap_or_default(), approve_within, countdown })
}

fn kind(text: &str) -> Result<ActionKind, Complaint> {
    let text = text.trim();
    if text == "freeze" {
        return Ok(ActionKind::Freeze);
    }
    let Some(size) = text.strip_prefix("limit ") else {
        let limit = size_meant(text.trim_start_matches("limit")).filter(|_| !text.is_empty());
        return Err(match (text.to_lowercase().as_str(), limit) {
            ("freeze" | "disable" | "block" | "stop", _) => Complaint::shape().write("freeze"),
            (_, Some(size)) => Complaint::shape().write(format!("limit {size}")),
            _ => Complaint::shape(),
        });
    };
    let size: Size = size.parse().map_err(|_| match size_meant(size) {
        Some(meant) => Complaint::shape().write(format!("limit {meant}")),
        None => Complaint::shape(),
    })?;
    if size.bytes(Gigabyte::Binary).is_err() {
        return Err(Complaint::new("this is more than can be counted"));
    }
    if size.bytes(Gigabyte::Decimal).is_ok_and(|bytes| bytes < LEAST_LIMIT) {
        return Err(Complaint::new("a limit has at least 0.01GB").write("freeze"));
    }
    Ok(ActionKind::Limit(size))
}

/// What an action needs of its budget and of the accounts that it fits.
pub(super) fn check(
    section: &Section<'_>,
    action: Option<&Action>,
    budget: &Section<'_>,
    per: Option<Per>,
    scope: &Scope<'_>,
) {
    if !section.has("action") {
        return;
    }
    scope.check_whom(section, "action", "an action", budget, per);
    let Some(action) = action else { return };
    let of_published = scope.accounts().find(|account| account.account.dialect == "published");
    if let Some(account) = of_published.filter(|_| action.what == ActionKind::Freeze) {
        let message =
            format!("accounts.{} has dialect \"published\", which cannot freeze", account.account.name);
        section.refuse("action", Complaint::new(message).hiding().advise("write: action = \"limit 55GB\""));
    }
    if action.mode != Mode::Observe {
        scope.check_writable(section, "mode");
    }
}
