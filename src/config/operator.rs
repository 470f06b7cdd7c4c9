//! `[operator]`: who hears of what is wrong with proxymeter itself.

use super::field::Complaint;
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
            "write: [operator]\n           notify = []      # nobody hears of trouble with proxymeter itself, on purpose",
        );
    }
    let notify = section.texts("notify").unwrap_or_default();
    if !notify.is_empty() {
        let message = later::message("telling receivers");
        section.refuse("notify", Complaint::new(message).hiding().advise("write: notify = []"));
    }
    Operator { notify }
}
