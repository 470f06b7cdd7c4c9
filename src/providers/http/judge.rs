//! What a status means, and what of the vendor's words may be told.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::request::ApiRequest;
use super::transport::Answer;
use crate::providers::error::ProviderError;
use crate::providers::wire::one_line;

/// Characters kept of what a vendor says about an error.
const SAID_CHARS: usize = 200;

/// Words by which vendors say that a name is taken, in lower case; no source documents them, Symfony's and Django's own
/// are among them.
const TAKEN: [&str; 7] = [
    "already taken",
    "already used",
    "already in use",
    "already exist",
    "been taken",
    "duplicate",
    "not unique",
];

/// A status as an error, where it is one; 401 is the session's.
pub(super) fn judge(
    request: &ApiRequest,
    answer: &Answer,
    secrets: &[SecretString],
) -> Result<(), ProviderError> {
    let endpoint = request.endpoint;
    let status = answer.status;
    if (200..=299).contains(&status) {
        return Ok(());
    }
    let words = Words::read(answer);
    let said = words.tell(secrets.iter().chain(&request.password()));
    Err(match status {
        300..=399 => ProviderError::Redirect { endpoint, status },
        403 => ProviderError::Forbidden { endpoint, said },
        404 => ProviderError::NotFound { endpoint, said },
        409 => ProviderError::Conflict { endpoint, status, said },
        429 => ProviderError::RateLimited { endpoint, retry_after: answer.retry_after },
        // Source: the vendor's v2 specification, for Decodo.
        400 if words.code.as_deref() == Some("not_found") => ProviderError::NotFound { endpoint, said },
        // Both vendors answer 400 to a name that is taken (source: Decodo's v2 specification; a mock of Oxylabs).
        400 | 422 if request.method == Method::POST && words.say_taken() => {
            ProviderError::Conflict { endpoint, status, said }
        }
        _ => ProviderError::Status { endpoint, status, said },
    })
}

/// The vendor's own words about an error: short fields of its JSON, on one line, without our secrets.
pub(super) fn said<'a>(
    answer: &Answer,
    secrets: impl IntoIterator<Item = &'a SecretString>,
) -> Option<String> {
    Words::read(answer).tell(secrets)
}

/// What an error's JSON says, in the forms of both vendors.
#[derive(Default)]
struct Words {
    /// `error_code`.
    code: Option<String>,
    /// `message`, or `error` where it is a text.
    message: Option<String>,
    /// `error` where it is an object: a field of the request, and what is wrong with it.
    fields: Vec<(String, String)>,
}

impl Words {
    fn read(answer: &Answer) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else { return Self::default() };
        let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::to_owned);
        let problems = ["error", "errors"].iter().find_map(|field| body.get(*field)?.as_object());
        let fields = problems.into_iter().flatten().filter_map(|(field, problem)| {
            let problem = problem.as_str().or_else(|| problem.get(0)?.as_str())?;
            Some((field.clone(), problem.to_owned()))
        });
        Self {
            code: text("error_code"),
            message: text("message").or_else(|| text("error")),
            fields: fields.collect(),
        }
    }

    /// Whether they say that the name is taken; what is said of a password is not said of the name.
    fn say_taken(&self) -> bool {
        let of_fields =
            self.fields.iter().filter(|(field, _)| field != "password").map(|(_, problem)| problem);
        let texts = self.code.iter().chain(&self.message).chain(of_fields);
        texts
            .map(|text| text.to_lowercase().replace('_', " "))
            .any(|text| text == "conflict" || TAKEN.iter().any(|taken| text.contains(taken)))
    }

    /// On one line, cut, without `secrets`.
    fn tell<'a>(&self, secrets: impl IntoIterator<Item = &'a SecretString>) -> Option<String> {
        let fields: Vec<_> =
            self.fields.iter().map(|(field, problem)| format!("{field}: {problem}")).collect();
        let fields = (!fields.is_empty()).then(|| fields.join("; "));
        let mut words = match (self.message.clone().or_else(|| self.code.clone()), fields) {
            (Some(message), Some(fields)) => format!("{message} ({fields})"),
            (message, fields) => message.or(fields)?,
        };
        for secret in secrets.into_iter().filter(|secret| !secret.expose_secret().is_empty()) {
            words = words.replace(secret.expose_secret(), "[redacted]");
        }
        Some(one_line(&words, SAID_CHARS))
    }
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
        let body = format!(r#"{{"error":"{}"}}"#, "\u{7f}".repeat(300));
        let long = Answer { body: Bytes::from(body), ..answer(500, "") };
        assert!(said(&long, &secret).unwrap().len() <= SAID_CHARS, "escapes count as well");
    }

    fn create() -> ApiRequest {
        let body = r#"{"username":"fresh","password":"canary"}"#.to_owned();
        ApiRequest::write(Method::POST, "create_sub_user", "/sub-users".to_owned(), Some(body))
    }

    #[test]
    fn a_taken_name_is_a_conflict_in_every_form() {
        for (status, body, told) in [
            (409, "", None),
            (
                409,
                r#"{"error_code":"conflict","message":"Username already exists"}"#,
                Some("Username already exists"),
            ),
            (400, r#"{"error":"username is already taken"}"#, Some("username is already taken")),
            (400, r#"{"error_code":"already_exists"}"#, Some("already_exists")),
            (
                400,
                r#"{"error_code":"bad_request","message":"Can not process request","error":{"username":"This value is already used."}}"#,
                Some("Can not process request (username: This value is already used.)"),
            ),
            (
                422,
                r#"{"errors":{"username":["has already been taken"]}}"#,
                Some("username: has already been taken"),
            ),
        ] {
            let error = judge(&create(), &answer(status, body), &[]).unwrap_err();
            assert!(
                matches!(&error, ProviderError::Conflict { said, .. } if said.as_deref() == told),
                "{body}: {error}"
            );
        }
    }

    #[test]
    fn other_refusals_are_no_conflict() {
        for body in [
            "",
            r#"{"error":"Invalid parameters, or user has reached the maximum number of sub users"}"#,
            r#"{"error_code":"bad_request","message":"Can not process request","error":{"password":"This password was already used."}}"#,
        ] {
            let error = judge(&create(), &answer(400, body), &[]).unwrap_err();
            assert!(matches!(error, ProviderError::Status { status: 400, .. }), "{error}");
            assert!(!error.may_have_applied());
        }
        let change = ApiRequest { method: Method::PUT, ..create() };
        let error = judge(&change, &answer(400, r#"{"error":"already used"}"#), &[]).unwrap_err();
        assert!(matches!(error, ProviderError::Status { .. }), "{error}");
    }

    #[test]
    fn a_password_that_is_sent_is_not_told_back() {
        let echo = r#"{"error":{"password":"canary is too weak"},"message":"canary?"}"#;
        let error = judge(&create(), &answer(400, echo), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "create_sub_user: unexpected HTTP 400: \"[redacted]? (password: [redacted] is too weak)\""
        );
        assert!(!format!("{error:?}").contains("canary"));
    }
}
