//! What an answer by HTTP means for a notice.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use serde::Deserialize;

use super::veil::Veil;
use crate::notify::error::NotifyError;
use crate::notify::escape::PLAIN;

/// So many characters of what was answered are told.
const TOLD: usize = 120;

/// An answer, cut.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// What was answered, in words, or what may be done about it.
pub(super) fn judge(answer: &Answer, veil: &Veil) -> Result<String, NotifyError> {
    let status = answer.status;
    let said = said(answer, veil);
    match status.as_u16() {
        200..=299 => Ok(said),
        300..=399 => Err(NotifyError::Refused(format!(
            "{said}; redirects are not followed: configure the address that it leads to"
        ))),
        408 | 425 | 429 | 500..=599 => Err(NotifyError::Later { answer: said, retry_after: asked(answer) }),
        410 => Err(NotifyError::Gone(format!("{said}; configure the address that has come in its place"))),
        401 | 403 => Err(NotifyError::Refused(format!("{said}; check the url and the secret"))),
        404 => {
            Err(NotifyError::Refused(format!("{said}; check that the url is whole, and still exists there")))
        }
        _ => Err(NotifyError::Refused(said)),
    }
}

/// "400 Bad Request: invalid_payload".
fn said(answer: &Answer, veil: &Veil) -> String {
    let status = answer.status;
    let status = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    let body = String::from_utf8_lossy(&answer.body);
    let words: Vec<&str> = body.split_whitespace().collect();
    // Before it is cut, as half a secret is not recognised at the end.
    let whole = words.join(" ");
    let body = PLAIN.line(&whole, TOLD);
    if body.is_empty() || veil.is_told_by(&whole) { status } else { format!("{status}: {body}") }
}

/// How long to wait: by the header, or as Discord says it in the body, whichever is more.
fn asked(answer: &Answer) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Throttled {
        retry_after: f64,
    }
    let told = serde_json::from_slice::<Throttled>(&answer.body).ok();
    let told = told.and_then(|told| Duration::try_from_secs_f64(told.retry_after).ok());
    answer.retry_after.max(told)
}

/// What `Retry-After` asks for at `now`: seconds or an HTTP date; nothing where it cannot be read.
///
/// Source: RFC 9110, section 10.2.3.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Result<String, NotifyError> {
        let status = StatusCode::from_u16(status).unwrap();
        judge(&Answer { status, retry_after: None, body: body.into() }, &Veil::default())
    }

    #[test]
    fn an_answer_is_told_short_and_in_one_line() {
        assert_eq!(judged(200, " ok\r\n\u{1b}[31m ").unwrap(), "200 OK: ok [31m");
        assert_eq!(judged(204, "").unwrap(), "204 No Content");
        assert_eq!(judged(299, "").unwrap(), "299");
        assert_eq!(judged(200, &"é".repeat(500)).unwrap(), format!("200 OK: {}…", "é".repeat(119)));
    }

    #[test]
    fn discord_says_in_the_body_how_long_to_wait() {
        let body = r#"{"message":"You are being rate limited.","retry_after":64.5,"global":false}"#;
        let Err(NotifyError::Later { retry_after, .. }) = judged(429, body) else { panic!() };
        assert_eq!(retry_after, Some(Duration::from_millis(64_500)));
        for nonsense in
            [r#"{"retry_after":-1}"#, r#"{"retry_after":1e300}"#, r#"{"retry_after":"soon"}"#, "["]
        {
            let Err(NotifyError::Later { retry_after, .. }) = judged(429, nonsense) else { panic!() };
            assert_eq!(retry_after, None, "{nonsense}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sat, 21 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }
}
