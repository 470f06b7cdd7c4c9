//! A call as a value, built without a socket.

use std::fmt;

use reqwest::Method;
use secrecy::SecretString;

/// One call of a vendor's API, without address and credential.
#[derive(Clone, PartialEq, Eq)]
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

    /// A change, as JSON where it has a body.
    #[must_use]
    pub fn write(method: Method, endpoint: &'static str, path: String, body: Option<String>) -> Self {
        Self { method, body, ..Self::get(endpoint, path) }
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

    /// The password that the body holds: what no message may repeat.
    #[must_use]
    pub fn password(&self) -> Option<SecretString> {
        let body: serde_json::Value = serde_json::from_str(self.body.as_ref()?).ok()?;
        body.get("password")?.as_str().map(SecretString::from)
    }
}

/// Everything but the body, which may hold a password.
impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_ref().map(|body| format!("{} bytes", body.len()));
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("body", &body)
            .field("endpoint", &self.endpoint)
            .finish()
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
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_password_is_known_and_not_shown() {
        let body = r#"{"username":"name","password":"can\"ary"}"#.to_owned();
        let request =
            ApiRequest::write(Method::PUT, "update_sub_user", "/sub-users/1".to_owned(), Some(body));
        assert_eq!(request.password().unwrap().expose_secret(), "can\"ary");
        assert_eq!(
            format!("{request:?}"),
            r#"ApiRequest { method: PUT, path: "/sub-users/1", query: [], body: Some("41 bytes"), endpoint: "update_sub_user" }"#
        );
        assert!(ApiRequest::get("sub_users", "/".to_owned()).password().is_none());
    }

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
