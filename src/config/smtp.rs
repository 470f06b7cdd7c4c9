//! `[smtp]`: the server that sends mail on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::accounts::address::host_name;
use super::complaint::Complaint;
use super::egress::is_this_machine;
use super::reader::Section;
use super::receivers::authority;
use super::receivers::webhook::MOST_CONNECTIONS;
use super::secret::{self, SecretKeys, SecretSource};

/// How long handing over one mail may take when nothing is said.
pub const DEFAULT_SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections there may be at once when nothing is said.
pub const DEFAULT_SMTP_CONNECTIONS: usize = 4;

/// The server that sends mail on.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// The name and password that log in.
    pub credentials: Option<(String, SecretSource)>,
    /// The only authorities to trust, instead of the usual ones, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// How long handing over one mail may take; 1 second to 5 minutes.
    pub timeout: Duration,
    /// How many connections there may be at once; 1 to 64.
    pub connections: usize,
    /// The name by which proxymeter greets; nothing: `[127.0.0.1]`.
    pub hello: Option<String>,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// It begins bare, and nothing is said until it is encrypted.
    #[default]
    StartTls,
    /// From the first byte.
    Implicit,
    /// Not at all.
    None,
}

impl SmtpTls {
    /// The port that goes with it.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

const PASSWORD: SecretKeys = SecretKeys { inline: "password", file: "password_file" };

pub(super) fn read(root: &Section<'_>, folder: &Path, has_email: bool) -> Option<Smtp> {
    if !root.has("smtp") {
        if has_email {
            root.missing(
                "smtp",
                "write: [smtp] with host = \"mail.example.com\" below: the receivers with email need it",
            );
        }
        return None;
    }
    let section = root.section("smtp");
    if !has_email {
        let hint = "write: email = { to = [\"…\"], from = \"…\" } in a receiver, or take it out";
        section.refuse_whole("no receiver has email, so this does nothing".to_owned(), Some(hint.to_owned()));
    }
    if !section.has("host") {
        section.missing("host", "write: host = \"mail.example.com\"");
    }
    let host = section.parse("host", "a host such as \"mail.example.com\", without scheme and port", host);
    let words = [("starttls", SmtpTls::StartTls), ("implicit", SmtpTls::Implicit), ("none", SmtpTls::None)];
    let tls = section.choice("tls", &words);
    let has_wrong_tls = section.has("tls") && tls.is_none();
    let tls = tls.unwrap_or_default();
    let port = section.whole("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    if port == Some(465) && tls == SmtpTls::StartTls && !has_wrong_tls {
        let complaint =
            Complaint::new("at port 465 a server expects encryption from the first byte").hiding();
        section.refuse("port", complaint.advise("write: tls = \"implicit\" beside it"));
    }
    let credentials = secret::with_name(&section, "username", &PASSWORD, folder);
    let has_login = ["username", "password", "password_file"].into_iter().any(|key| section.has(key));
    if tls == SmtpTls::None && has_login && host.as_deref().is_some_and(|host| !is_this_machine(host)) {
        let complaint = Complaint::new("the password would travel unencrypted").hiding();
        section.refuse(
            "tls",
            complaint.advise("write: tls = \"starttls\" or \"implicit\", or take the login out"),
        );
    }
    let unwanted = (tls == SmtpTls::None).then(|| {
        let complaint = Complaint::new("with tls = \"none\" nobody shows a certificate");
        complaint.advise("take it out")
    });
    let ca_file = authority::read(&section, folder, unwanted);
    let timeout = section.duration("timeout", Duration::from_secs(1)..=Duration::from_secs(300));
    let connections = section.whole("connections", 1..=MOST_CONNECTIONS);
    let hello = section.parse("hello", "a host name such as \"proxymeter.example.com\"", host_name);
    Some(Smtp {
        host: host?,
        port: port.unwrap_or(tls.port()),
        tls,
        credentials,
        ca_file,
        timeout: timeout.unwrap_or(DEFAULT_SMTP_TIMEOUT),
        connections: connections.and_then(|count| count.try_into().ok()).unwrap_or(DEFAULT_SMTP_CONNECTIONS),
        hello,
    })
}

/// A name, or an address in digits.
fn host(text: &str) -> Result<String, Complaint> {
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>() {
        return Ok(address.to_string());
    }
    // A login may stand in what is meant as an address.
    let quiet = |complaint: Complaint| {
        if text.contains(['@', '/', '?', '#']) { complaint.hiding() } else { complaint }
    };
    match text.rsplit_once(':') {
        Some((host, port)) if host_name(host).is_ok() && port.parse::<u16>().is_ok() => {
            Err(quiet(Complaint::shape()).advise(format!("write: host = \"{host}\" and port = {port}")))
        }
        _ => host_name(text).map_err(quiet),
    }
}
