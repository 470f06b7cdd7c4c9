//! The known name that a misspelt one was meant to be.

/// The nearest of the known names, if one is near enough to be meant.
pub(super) fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long names would cost a square of their length, and none is meant by them.
    if found.len() > 64 {
        return None;
    }
    let found = found.to_lowercase().replace('-', "_");
    let distance = |name: &str| {
        let name = name.replace('-', "_");
        let is_start =
            found.len().min(name.len()) > 2 && (name.starts_with(&found) || found.starts_with(&name));
        let distance = strsim::damerau_levenshtein(&found, &name);
        (is_start || distance <= name.len().div_ceil(4)).then_some(distance)
    };
    known.into_iter().filter_map(|name| Some((distance(name)?, name))).min().map(|(_, name)| name)
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
            ("pass", Some("password")),
            ("listen_address", Some("listen")),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, known), meant, "{found}");
        }
    }
}
