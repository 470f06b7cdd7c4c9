//! `[owners]`: whose the sub-users are.

use crate::domain::owners::Owners;

use super::complaint::Complaint;
use super::pattern;
use super::reader::Section;
use super::receivers::Receivers;

pub(super) fn read(root: &Section<'_>, receivers: &Receivers) -> Owners {
    let mut rules = Vec::new();
    for (names, field) in root.named_values("owners", "[owners]") {
        let selector = match pattern::read(&names) {
            Ok(selector) => Some(selector),
            Err(complaint) => {
                let hint =
                    "write a regular expression that fits the sub-users' whole names, such as \"scraper_.*\"";
                field.refuse_name(&complaint.message.unwrap_or_default(), Some(hint.to_owned()));
                None
            }
        };
        let owners = receivers.listed(&field);
        if owners.as_ref().is_some_and(Vec::is_empty) {
            let complaint = Complaint::new("this names nobody").hiding();
            field.refuse(complaint.advise("write a receiver's name in it, or take it out"));
        }
        rules.extend(selector.zip(owners));
    }
    Owners::new(rules)
}
