//! What a status means, and what of the vendor's words may be told.

use secrecy::{ExposeSecret, SecretString};

use super::request::ApiRequest;
use super::transport::Answer;
use crate::providers::error::ProviderError;

/// Characters kept of what a vendor says about an error.
const SAID_CHARS: usize = 200;

/// A status as an error, where it is one; 401 is the session's.
pub(super) fn judge(
    request: &ApiRequest,
    answer: &Answer,
    secrets: &[SecretString],
) -> Result<(), ProviderError> {
    let endpoint = request.endpoint;
    match answer.status {
        200..=299 => Ok(()),
        300..=399 => Err(ProviderError::Redirect { endpoint, status: answer.status }),
        403 => Err(ProviderError::Forbidden { endpoint, said: said(answer, secrets) }),
        404 => Err(ProviderError::NotFound { endpoint, said: said(answer, secrets) }),
        429 => Err(ProviderError::RateLimited { endpoint, retry_after: answer.retry_after }),
        400 if error_code(answer).as_deref() == Some("not_found") => {
            Err(ProviderError::NotFound { endpoint, said: said(answer, secrets) })
        }
        status => Err(ProviderError::Status { endpoint, status, said: said(answer, secrets) }),
    }
}

/// The vendor's own words about an error: one short field of its JSON, on one line, without our secrets.
pub(super) fn said(answer: &Answer, secrets: &[SecretString]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let words = ["message", "error", "error_code"].iter().find_map(|field| body.get(field)?.as_str())?;
    let mut words = words.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose_secret().is_empty()) {
        words = words.replace(secret.expose_secret(), "[redacted]");
    }
    Some(words.chars().take(SAID_CHARS).flat_map(char::escape_debug).collect())
}

fn error_code(answer: &Answer) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    body.get("error_code")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::domain::collector::FailureReason;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer { status, retry_after: None, clock_differs: None, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn statuses_have_their_reason() {
        let request = ApiRequest::get("sub_users", "/".to_owned());
        for (status, body, reason) in [
            (302, "", FailureReason::Redirect),
            (400, "{}", FailureReason::Status),
            (403, "", FailureReason::Forbidden),
            (404, "", FailureReason::Status),
            (429, "", FailureReason::RateLimited),
            (502, "<html>", FailureReason::Status),
        ] {
            assert_eq!(judge(&request, &answer(status, body), &[]).unwrap_err().reason(), reason, "{status}");
        }
        assert!(judge(&request, &answer(204, ""), &[]).is_ok());
        let unknown = judge(&request, &answer(400, r#"{"error_code":"not_found"}"#), &[]);
        assert!(matches!(unknown, Err(ProviderError::NotFound { .. })));
    }

    #[test]
    fn the_vendors_words_are_short_and_hold_no_secret() {
        let secret = [SecretString::from("hunter2")];
        let told = answer(400, r#"{"error":"password hunter2\nis <wrong>"}"#);
        assert_eq!(said(&told, &secret).as_deref(), Some("password [redacted]\\nis <wrong>"));
        assert_eq!(said(&answer(500, "<html>hunter2</html>"), &secret), None);
    }
}
