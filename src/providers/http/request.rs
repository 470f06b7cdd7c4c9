//! A call as a value, built without a socket.

use reqwest::Method;

/// One call of a vendor's API, without address and credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path below the account's base address, starting with `/`, segments escaped.
    pub path: String,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// A JSON body.
    pub body: Option<String>,
    /// What is asked for, as the label `endpoint`.
    pub endpoint: &'static str,
}

impl ApiRequest {
    /// A read.
    #[must_use]
    pub fn get(endpoint: &'static str, path: String) -> Self {
        Self { method: Method::GET, path, query: Vec::new(), body: None, endpoint }
    }

    /// A call that is no read.
    #[must_use]
    pub fn post(endpoint: &'static str, path: String) -> Self {
        Self { method: Method::POST, ..Self::get(endpoint, path) }
    }

    /// The same with a query parameter more.
    #[must_use]
    pub fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Whether asking twice does no more than asking once.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// A piece of a path, with everything escaped that would change the path's meaning.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    // A lone dot or two climbs the path even when escaped once (URL standard, "double-dot path segment");
    // escaped twice it names nothing.
    match escaped.as_str() {
        "." | ".." => escaped.replace('.', "%252E"),
        _ => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        for (name, escaped) in [
            ("test_username_123", "test_username_123"),
            ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
            ("..", "%252E%252E"),
            ("ü %", "%C3%BC%20%25"),
        ] {
            assert_eq!(segment(name), escaped);
        }
    }
}
