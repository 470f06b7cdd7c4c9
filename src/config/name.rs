//! Names that the operator gives: of accounts, receivers, budgets and thresholds.

use super::environment::variable;
use super::nearest::nearest;
use super::reader::Section;

/// Whether a name is a small letter, then small letters, digits and `-`.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Notes a name that does not follow the rule; `table` is what stands before it.
pub(super) fn check(name: &str, section: &Section<'_>, table: &str) -> bool {
    if is_name(name) {
        return true;
    }
    let meant: String = name.to_lowercase().replace(['_', ' ', '.'], "-");
    let hint = is_name(&meant).then(|| format!("write: [{table}.{meant}]"));
    let message = "a name is a small letter, then small letters, digits and \"-\"";
    section.refuse_whole(message.to_owned(), hint);
    false
}

/// Notes a table that only the environment names, and without the key that each has to have.
pub(super) fn stranger(section: &Section<'_>, name: &str, what: &str, key: &str, in_file: &[&str]) {
    let table = format!("{what}s");
    let path = |name: &str, key: &str| variable(&[table.clone(), name.to_owned(), key.to_owned()]);
    let hint = match nearest(name, in_file.iter().copied()) {
        Some(near) => format!("did you mean {}…?", path(near, "")),
        None if in_file.is_empty() => format!("set {} too, or put it into the file", path("name", key)),
        None => format!("{table} in the file: {}", in_file.join(", ")),
    };
    section.refuse_whole(format!("no such {what} in the file"), Some(hint));
    section.settle();
}

/// The names of those that are in the file.
pub(super) fn in_file<'a>(named: &'a [(String, Section<'_>)]) -> Vec<&'a str> {
    named.iter().filter(|(_, section)| section.is_in_file()).map(|(name, _)| name.as_str()).collect()
}
