//! `writes`: the switch for all accounts at once.

use super::complaint::Complaint;
use super::reader::Section;

/// Reads whether no limit is lowered anywhere; mostly by `PROXYMETER__WRITES=off`.
pub(super) fn read(root: &Section<'_>) -> bool {
    let off = root.parse("writes", "\"on\" or \"off\"", |text| match text {
        "on" => Ok(false),
        "off" => Ok(true),
        // A variable may hold anything, so that nothing of it is shown.
        "true" | "yes" | "1" => Err(Complaint::shape().hiding().write("on")),
        _ => Err(Complaint::shape().hiding().write("off")),
    });
    // With a mistake nothing is started; should anything be, it is what was meant most likely.
    off.unwrap_or(root.has("writes"))
}
