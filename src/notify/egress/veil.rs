//! What of an answer may be told: nothing that repeats a part of a secret.

use url::{Url, form_urlencoded};

/// So many characters of a secret in a row are a part of it.
const TELLING: usize = 8;

/// A shorter one is looked for whole; below this it is no secret, and would be found everywhere.
const SHORTEST: usize = 4;

/// What may not be told.
#[derive(Default)]
pub(super) struct Veil {
    secrets: Vec<String>,
}

impl Veil {
    /// All of a URL but scheme, host and port.
    pub(super) fn of(url: &Url) -> Self {
        let mut veil = Self::default();
        for part in url.path().split('/').chain([url.username(), url.password().unwrap_or_default()]) {
            veil.add(part);
            veil.add(&decoded(part));
        }
        for (name, value) in url.query_pairs() {
            veil.add(&name);
            veil.add(&value);
        }
        for part in [url.path(), url.query().unwrap_or_default(), url.fragment().unwrap_or_default()] {
            veil.add(part);
        }
        veil
    }

    pub(super) fn add(&mut self, secret: &str) {
        for line in secret.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST) {
            self.secrets.push(line.to_lowercase());
        }
    }

    /// Whether a text repeats a part of a secret.
    pub(super) fn is_told_by(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.secrets.iter().any(|secret| {
            let starts = secret.char_indices().map(|(at, _)| at);
            let mut parts = starts.filter_map(|start| {
                let rest = secret.get(start..)?;
                let mut ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
                ends.nth(TELLING - 1).and_then(|end| rest.get(..end))
            });
            text.contains(secret.as_str()) || parts.any(|part| text.contains(part))
        })
    }
}

/// A part of a path as it was before it was percent-encoded.
fn decoded(part: &str) -> String {
    form_urlencoded::parse(part.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_held_back_for_any_part_of_a_secret() {
        let url = "https://user:pa55word@chat.example/services/T0AB/b%20c%20d/Xyz12345678?sig=k3y-of-it&v=1#end-part";
        let mut veil = Veil::of(&Url::parse(url).unwrap());
        veil.add("whsec_AAAABBBBCCCC\nwhsec_DDDDEEEEFFFF");
        for text in [
            "no team T0AB",
            "t0ab",
            "'b c d' is unknown",
            "b%20c%20d",
            "token xyz12345…",
            "Z1234567",
            "k3y-of-it",
            "bad pa55word",
            "end-part",
            "key AAAABBBB",
            "eeeeffff",
        ] {
            assert!(veil.is_told_by(text), "{text}");
        }
        for text in ["ok", "invalid_payload", "no_service", "chat.example", "v1", "1"] {
            assert!(!veil.is_told_by(text), "{text}");
        }
    }
}
