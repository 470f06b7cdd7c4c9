//! `[guard]` and `[accounts.NAME.guard]`: what bounds lowering.

use crate::domain::budget::amount::Share;
use crate::domain::guard::Guard;

use super::budgets::share;
use super::complaint::Complaint;
use super::pattern;
use super::reader::Section;

/// More than anybody counts.
const MOST_ACTIONS: u64 = 1_000_000;

/// What holds for all accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    guard: Guard,
    /// Whether the count of an hour was written; where not, it goes with that of a day.
    has_hour: bool,
}

/// Reads `[guard]`.
pub(super) fn read(root: &Section<'_>) -> Written {
    over(&root.section("guard"), &Written::default())
}

/// Reads an account's own guard over that of all: key by key, and whoever is protected there is protected here as well.
pub(super) fn of_account(account: &Section<'_>, all: &Written) -> Guard {
    over(&account.section("guard"), all).guard
}

fn over(section: &Section<'_>, below: &Written) -> Written {
    let protect = section.list("protect", |text| {
        pattern::read(text).map_err(|complaint| match text {
            "" => complaint.advise("take it out"),
            _ => complaint,
        })
    });
    let hour = count(section, "max_actions_per_hour");
    let day = count(section, "max_actions_per_day");
    let max_change = section.parse("max_change", "a factor such as \"3x\"", factor);
    let max_actions_per_day = day.unwrap_or(below.guard.max_actions_per_day);
    let has_hour = section.has("max_actions_per_hour");
    let has_day = section.has("max_actions_per_day");
    let max_actions_per_hour = match hour {
        Some(hour) => hour,
        None if has_hour || below.has_hour => below.guard.max_actions_per_hour,
        None => Guard::MAX_ACTIONS_PER_HOUR.min(max_actions_per_day),
    };
    let guard = Guard {
        protect: below.guard.protect.iter().cloned().chain(protect.unwrap_or_default()).collect(),
        max_actions_per_hour,
        max_actions_per_day,
        max_change: max_change.unwrap_or(below.guard.max_change),
    };
    // Where one of the two was refused, that is enough.
    let are_right = (hour.is_some() || !has_hour) && (day.is_some() || !has_day);
    if are_right && guard.max_actions_per_hour > guard.max_actions_per_day {
        hour_above_day(section, &guard);
    }
    Written { guard, has_hour: has_hour || below.has_hour }
}

/// How many limits may be lowered; without any, the operator wants something else.
fn count(section: &Section<'_>, key: &'static str) -> Option<u32> {
    if section.field(key)?.number() == Some(0) {
        let complaint = Complaint::new("with 0 nothing would ever be lowered").hiding();
        let hint =
            "to stop for a while: proxymeter pause; to be told only: mode = \"observe\" in the budgets";
        section.refuse(key, complaint.advise(hint));
        return None;
    }
    section.whole(key, 1..=MOST_ACTIONS).and_then(|count| u32::try_from(count).ok())
}

/// An hour that allows more than its day.
fn hour_above_day(section: &Section<'_>, guard: &Guard) {
    let Guard { max_actions_per_hour: hour, max_actions_per_day: day, .. } = guard;
    let (key, hint) = if section.has("max_actions_per_hour") {
        (
            "max_actions_per_hour",
            format!("write: max_actions_per_day = {hour} beside it, or at most {day} here"),
        )
    } else {
        (
            "max_actions_per_day",
            format!("write: max_actions_per_hour = {day} beside it, or at least {hour} here"),
        )
    };
    let message = format!("{hour} an hour are more than {day} a day");
    section.refuse(key, Complaint::new(message).hiding().advise(hint));
}

fn factor(text: &str) -> Result<Share, Complaint> {
    match share::factor(text) {
        Some(factor) if factor < Share::WHOLE => {
            Err(Complaint::new("a limit that is lowered changes by at least 1x"))
        }
        Some(factor) => Ok(factor),
        // People leave the letter out, or write a space before it.
        None => {
            let meant = format!("{}x", text.trim().trim_end_matches(['x', 'X']).trim_end());
            match share::factor(&meant) {
                Some(factor) if factor >= Share::WHOLE => Err(Complaint::shape().write(meant)),
                _ => Err(Complaint::shape()),
            }
        }
    }
}
