//! Keys that the documentation names and this version does not have yet: refused by name, as they would do nothing.
//!
//! Whoever builds one of them takes its line out.

/// The keys; `*` stands for a name given by the operator.
const LATER: [&[&str]; 2] = [&["web", "admins"], &["web", "config_file"]];

/// What to say of a key that comes with a later version.
pub(super) fn message() -> String {
    format!("not in version {} yet", env!("CARGO_PKG_VERSION"))
}

/// What to do about it.
pub(super) const HINT: &str = "take it out: it would silently do nothing";

/// Whether a key comes with a later version.
pub(super) fn is_later(path: &[String]) -> bool {
    LATER.iter().any(|later| {
        later.len() == path.len() && later.iter().zip(path).all(|(name, key)| *name == "*" || name == key)
    })
}
