//! One request and its answer, away from any socket.

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

/// A request to one account, below its base address.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Decoded segments.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The time in which tokens grow old.
    pub(super) now: Timestamp,
}

impl Call {
    /// The first value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Rounds a limit in the body to whole gigabytes.
    pub(super) fn round_limit(&mut self) {
        let Some(mut body) = self.object() else { return };
        if let Some(limit) = body.get_mut("traffic_limit")
            && let Some(number) = limit.as_f64()
        {
            *limit = Value::from(number.round());
            self.body = Value::from(body).to_string().into_bytes();
        }
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Option<serde_json::Map<String, Value>> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What the vendor says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    pub(super) allow: Option<String>,
}

/// What an answer carries.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Nothing,
    Json(Value),
    Text(&'static str),
}

impl Answer {
    pub(super) fn json(status: StatusCode, value: Value) -> Self {
        Self { status, content: Content::Json(value), allow: None }
    }

    pub(super) fn ok(value: Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, content: Content::Nothing, allow: None }
    }

    pub(super) fn text(status: StatusCode, text: &'static str) -> Self {
        Self { status, content: Content::Text(text), allow: None }
    }

    /// The answer on its way out.
    pub(super) fn into_response(self) -> Response {
        let (kind, body) = match self.content {
            Content::Nothing => (None, Body::empty()),
            Content::Json(value) => (Some("application/json"), Body::from(value.to_string())),
            Content::Text(text) => (Some("text/plain; charset=utf-8"), Body::from(text)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if let Some(kind) = kind {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(allow) = self.allow.and_then(|methods| HeaderValue::from_str(&methods).ok()) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response
    }
}

/// Segments of a path with their escapes undone; nothing where they are no UTF-8.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    path.trim_start_matches('/').split('/').map(unescape).collect()
}

fn unescape(segment: &str) -> Option<String> {
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex =
            segment.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(escaped) if byte == b'%' => {
                out.push(escaped);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(segments("/users/a%2Fb/x%zz%4").unwrap(), ["users", "a/b", "x%zz%4"]);
        assert_eq!(segments("/%FF"), None);
    }
}
