//! `[operator]`: who hears of what is wrong with proxymeter itself.

use super::complaint::Complaint;
use super::later;
use super::reader::Section;

/// The people who run proxymeter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The receivers told; empty: nobody, on purpose.
    pub notify: Vec<String>,
}

pub(super) fn read(root: &Section<'_>) -> Operator {
    let section = root.section("operator");
    if !section.has("notify") {
        section.missing(
            "notify",
            "write: notify = [] under [operator]: nobody hears of trouble with proxymeter itself, on purpose",
        );
    }
    let notify = section.texts("notify").unwrap_or_default();
    if !notify.is_empty() {
        let message = later::message("nobody can be told");
        section.refuse("notify", Complaint::new(message).hiding().write_bare("[]", ""));
    }
    Operator { notify }
}
