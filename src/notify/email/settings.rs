//! What a receiver by mail has to be told, and what of it cannot be.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};

use super::MailWords;
use crate::notify::SecretReader;

/// How long a whole send may take where nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// How many mails may be under way at once where nothing else is said.
pub const WIDTH: usize = 4;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// By STARTTLS, which the server has to offer; usually port 587.
    Starttls,
    /// From the first byte on; usually port 465.
    Implicit,
    /// Not at all.
    None,
}

/// Where mails go, and by which server.
#[derive(Clone)]
pub struct Settings {
    /// The receiver's name.
    pub name: Arc<str>,
    /// The server's name or address, which its certificate has to be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// User name, and the password, read anew for each connection.
    pub credentials: Option<(String, SecretReader)>,
    /// PEM of the only signers to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long a whole send may take, [`TIMEOUT`] by default.
    pub timeout: Duration,
    /// How many mails may be under way at once, [`WIDTH`] by default.
    pub width: usize,
    /// The sender, `a@example.com` or `Name <a@example.com>`; its domain ends our Message-IDs.
    pub from: String,
    /// The recipients, likewise; a delivery's recipient is one of them.
    pub to: Vec<String>,
    /// The name to greet the server by; the address literal `[127.0.0.1]` where there is none.
    pub hello: Option<String>,
    /// The words.
    pub words: Arc<dyn MailWords>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("has_credentials", &self.credentials.is_some())
            .field("ca_file", &self.ca_file)
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// Settings by which no mail can be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A text that is no mailbox.
    #[error(
        "{key} {value:?} is no mail address: {why}; write a@example.com or Name <a@example.com>, in ASCII (a domain as xn--…)"
    )]
    Address {
        /// `from` or `to`.
        key: &'static str,
        /// What it says.
        value: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody to send to.
    #[error("to names nobody: write at least one address")]
    Nobody,
    /// A name that would break the greeting.
    #[error("hello {0:?} is no host name: letters, digits, dots and hyphens")]
    Hello(String),
    /// The password would cross the network for everybody to read.
    #[error(
        "tls = \"none\" sends username and password of {host} readable over the network: set tls = \"starttls\" or \"implicit\", or leave out username"
    )]
    PlainAuth {
        /// The server.
        host: String,
    },
    /// A file of certificates that cannot be used.
    #[error("ca_file {}: {why}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No way to check a certificate.
    #[error("no certificate can be checked: {0}; install the system's ca-certificates or set ca_file")]
    Trust(String),
}

/// Whether the password would cross the network unencrypted; to this machine itself it may.
#[must_use]
pub fn refuses_plain_auth(settings: &Settings) -> bool {
    let host = settings.host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    settings.tls == Tls::None && settings.credentials.is_some() && !is_loopback
}

/// A mailbox in ASCII, as which every server takes it.
pub(super) fn mailbox(key: &'static str, value: &str) -> Result<Mailbox, SetupError> {
    let wrong = |why: String| SetupError::Address { key, value: value.to_owned(), why };
    let mailbox: Mailbox =
        value.parse().map_err(|error: lettre::address::AddressError| wrong(error.to_string()))?;
    if !AsRef::<str>::as_ref(&mailbox.email).is_ascii() {
        return Err(wrong("it is not ASCII".to_owned()));
    }
    Ok(mailbox)
}

/// Whether a text is fit for the greeting.
pub(super) fn is_host_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
}

/// Whose certificates hold.
pub(super) fn trust(settings: &Settings) -> Result<TlsParameters, SetupError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let wrong = |why: String| SetupError::CaFile { file: file.clone(), why };
        let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
        if !pem.windows(27).any(|text| text == b"-----BEGIN CERTIFICATE-----") {
            return Err(wrong("it has no certificate in PEM".to_owned()));
        }
        let signers = Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(signers);
        return builder.build().map_err(|error| wrong(error.to_string()));
    }
    builder.build().map_err(|error| SetupError::Trust(error.to_string()))
}
