//! What a login gives, and when it is to be renewed.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

/// What a vendor's login answers.
#[derive(Debug)]
pub struct Login {
    /// The id that goes into paths; nothing where there is no login.
    pub user_id: Option<String>,
    /// What goes into `Authorization`.
    pub token: SecretString,
}

/// The claims of a token that tell its life.
#[derive(Deserialize)]
struct Claims {
    exp: Option<i64>,
    iat: Option<i64>,
}

/// How long a token lives that does not say, as Oxylabs documents for its own.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

/// The time after which a token got at `now` is renewed: eleven twelfths of its life, 55 minutes of an hour.
///
/// The life is `exp − iat`, so that a wrong clock here or there does not matter, else `exp − now`, else an hour.
#[must_use]
pub fn renew_after(token: &str, now: Timestamp) -> Duration {
    let life = claims(token)
        .and_then(|claims| {
            let exp = claims.exp?;
            let seconds = exp.checked_sub(claims.iat.unwrap_or(now.as_second()))?;
            u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
        })
        .map_or(USUAL_LIFE, Duration::from_secs)
        // A token for years is renewed every day all the same.
        .min(Duration::from_secs(24 * 3600));
    life / 12 * 11
}

fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let json = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (token, seconds) in [
            (token(r#"{"iat":5,"exp":3605}"#), 3300),
            (token(r#"{"exp":1000120}"#), 110),
            (token(r#"{"exp":999000}"#), 3300),
            (token(r#"{"iat":0,"exp":999999999}"#), 79200),
            (token("{}"), 3300),
            ("example token".to_owned(), 3300),
            ("a.b.c".to_owned(), 3300),
        ] {
            assert_eq!(renew_after(&token, now), Duration::from_secs(seconds), "{token}");
        }
    }
}
