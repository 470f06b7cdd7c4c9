//! The known name that a misspelt one was meant to be.

/// The nearest of the known names, if one is near enough to be meant.
pub(super) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long names would cost a square of their length, and none is meant by them.
    if found.len() > 64 {
        return None;
    }
    let found = found.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &name.replace('-', "_")), name))
        .filter(|(distance, name)| *distance <= name.len().div_ceil(4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["listen", "open", "password", "password_file", "stale_after"];
        for (found, meant) in [
            ("lsiten", Some("listen")),
            ("Listen", Some("listen")),
            ("passwrod", Some("password")),
            ("password-file", Some("password_file")),
            ("stale_afer", Some("stale_after")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, known), meant, "{found}");
        }
    }
}
