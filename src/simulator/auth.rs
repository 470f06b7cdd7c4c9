//! Logins and tokens: what a request must carry to be answered.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};

use super::workload::mix;

/// The tokens that an account has given out.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    ends: HashMap<String, Timestamp>,
    issued: u64,
}

impl Tokens {
    /// A new token in the shape of a JWT, good until `life` from `now`.
    pub(super) fn issue(&mut self, user_id: &str, seed: u64, now: Timestamp, life: SignedDuration) -> String {
        self.issued += 1;
        self.ends.retain(|_, end| now < *end);
        let end = now.checked_add(life).unwrap_or(Timestamp::MAX);
        let claims = serde_json::json!({
            "sub": user_id, "iat": now.as_second(), "exp": end.as_second(), "jti": self.issued,
        });
        let signature: Vec<u8> =
            (0..4).flat_map(|part| mix(seed ^ self.issued, part).to_be_bytes()).collect();
        let token = [br#"{"alg":"HS256","typ":"JWT"}"#.as_slice(), claims.to_string().as_bytes(), &signature]
            .map(|part| URL_SAFE_NO_PAD.encode(part))
            .join(".");
        self.ends.insert(token.clone(), end);
        token
    }

    /// Whether a token was given out and still lives.
    pub(super) fn is_good(&self, token: &str, now: Timestamp) -> bool {
        self.ends.get(token).is_some_and(|end| now < *end)
    }

    /// Ends every token.
    pub(super) fn revoke(&mut self) {
        self.ends.clear();
    }
}

/// The whole header `Authorization`.
pub(super) fn raw(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()
}

/// What follows a scheme, whose letter case does not matter, in `Authorization`.
pub(super) fn after<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (found, rest) = raw(headers)?.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// User and password of a Basic header.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let bytes = STANDARD.decode(after(headers, "Basic")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
