//! `[operator]`: who hears of what is wrong with proxymeter itself.

use std::sync::Arc;

use super::reader::Section;
use super::receivers::{self, Receivers};

/// The people who run proxymeter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The receivers told; empty: nobody, on purpose.
    pub notify: Vec<Arc<str>>,
}

pub(super) fn read(root: &Section<'_>, receivers: &Receivers) -> Operator {
    let section = root.section("operator");
    if !section.has("notify") {
        section.missing(
            "notify",
            "write: notify = [] under [operator]: nobody hears of trouble with proxymeter itself, on purpose",
        );
    }
    Operator { notify: receivers::notify(&section, receivers).unwrap_or_default() }
}
