//! Credentials, and what they become in `Authorization`.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::request::ApiRequest;
use super::token::Login;
use crate::providers::error::ProviderError;

/// Reads the secret anew, since its file may have changed; an error is told as it stands.
pub type ReadSecret = Arc<dyn Fn() -> Result<SecretString, String> + Send + Sync>;

/// How a token or key stands in `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    /// Alone.
    Raw,
    /// After `Token`.
    Token,
    /// After `Bearer`.
    Bearer,
}

/// How a credential becomes what goes into `Authorization`.
#[derive(Clone)]
pub enum Credential {
    /// Logged in with for a token.
    Login {
        /// The login's name.
        username: String,
        /// Its password.
        password: ReadSecret,
        /// The vendor's login, as a value.
        flow: LoginFlow,
    },
    /// A key that goes with every call.
    Key(ReadSecret),
}

/// A vendor's login: how it is asked and read.
#[derive(Clone, Copy)]
pub struct LoginFlow {
    /// Whether name and password go as basic authentication; else `request` holds them.
    pub basic: bool,
    /// The request, from name and password.
    pub request: fn(&str, &SecretString) -> ApiRequest,
    /// What the answer says.
    pub decode: fn(&[u8]) -> Result<Login, ProviderError>,
}

/// Who is logged in.
#[derive(Debug)]
pub(super) struct Identity {
    /// The id that goes into paths.
    pub(super) user_id: Option<String>,
    /// What goes into `Authorization`.
    pub(super) authorization: HeaderValue,
    /// The credential, then the token: what no message may hold.
    pub(super) secrets: Vec<SecretString>,
    /// When to log in again; nothing for a key.
    pub(super) renew_at: Option<Instant>,
    /// Tells this identity from the one before.
    pub(super) generation: u64,
}

impl Identity {
    /// A key that needs no login.
    pub(super) fn of_key(
        scheme: AuthScheme,
        key: SecretString,
        generation: u64,
    ) -> Result<Self, ProviderError> {
        let authorization = scheme.header(&key)?;
        Ok(Self { user_id: None, authorization, secrets: vec![key], renew_at: None, generation })
    }

    /// A token that a login with `password` gave.
    pub(super) fn of_login(
        scheme: AuthScheme,
        login: Login,
        password: SecretString,
        renew_at: Instant,
        generation: u64,
    ) -> Result<Self, ProviderError> {
        let authorization = scheme.header(&login.token)?;
        let secrets = vec![password, login.token];
        Ok(Self { user_id: login.user_id, authorization, secrets, renew_at: Some(renew_at), generation })
    }

    /// What it was made of, by which a refusal is remembered.
    pub(super) fn credential(&self) -> &SecretString {
        &self.secrets[0]
    }
}

impl AuthScheme {
    fn header(self, token: &SecretString) -> Result<HeaderValue, ProviderError> {
        let token = token.expose_secret();
        match self {
            Self::Raw => sensitive(token),
            Self::Token => sensitive(&format!("Token {token}")),
            Self::Bearer => sensitive(&format!("Bearer {token}")),
        }
    }
}

/// Name and password as basic authentication.
pub(super) fn basic(username: &str, password: &SecretString) -> Result<HeaderValue, ProviderError> {
    let pair = SecretString::from(format!("{username}:{}", password.expose_secret()));
    sensitive(&format!("Basic {}", BASE64_STANDARD.encode(pair.expose_secret())))
}

fn sensitive(text: &str) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        ProviderError::NoSecret("the token or key holds a character that no HTTP header can carry".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}
