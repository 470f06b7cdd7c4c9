//! Regular expressions over names, as the operator writes them.

use crate::domain::budget::selector::Selector;

use super::complaint::Complaint;

/// Reads a pattern that fits whole names.
pub(super) fn read(text: &str) -> Result<Selector, Complaint> {
    match text {
        "" => Err(Complaint::new("this fits no name").hiding()),
        text => Selector::new(text).map_err(|error| Complaint::new(error.to_string())),
    }
}
