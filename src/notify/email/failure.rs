//! What a failure means, by where it occurred and what the server had to say.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use rustls::CertificateError;

use super::line;
use crate::notify::error::NotifyError;

/// The most characters of an answer.
const MOST_OF_AN_ANSWER: usize = 160;

/// Codes by which a server asks for another user name or password, or for one at all (RFC 4954).
const ABOUT_CREDENTIALS: [u16; 5] = [530, 532, 534, 535, 538];

/// The server closes the connection, whatever was asked.
pub(super) const CLOSING: u16 = 421;

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// TCP, TLS from the start, greeting and EHLO.
    Connect,
    /// STARTTLS.
    Encrypt,
    /// AUTH.
    Authenticate,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// The mail without its last dot: a server that has not seen the dot takes nothing.
    Text,
    /// The last dot, and the answer to it.
    End,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Connect,
        Self::Encrypt,
        Self::Authenticate,
        Self::Sender,
        Self::Recipient,
        Self::Data,
        Self::Text,
        Self::End,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Encrypt => "starting TLS",
            Self::Authenticate => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "announcing the mail",
            Self::Text => "sending the mail",
            Self::End => "waiting for the answer to the mail",
        }
    }
}

/// The stage of a try, read where its time is up.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicUsize);

impl Progress {
    /// A stage begins.
    pub(super) fn reach(&self, stage: Stage) {
        self.0.store(stage as usize, Ordering::Relaxed);
    }

    /// The stage that has begun last.
    pub(super) fn stage(&self) -> Stage {
        Stage::ALL.get(self.0.load(Ordering::Relaxed)).copied().unwrap_or(Stage::End)
    }
}

/// The server, as people look for it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its name.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// Whose certificates are trusted, if not the system's.
    pub(super) ca_file: Option<PathBuf>,
}

/// A try that failed.
#[derive(Debug)]
pub(super) struct Failure {
    stage: Stage,
    what: What,
}

#[derive(Debug)]
enum What {
    /// The server refused, with a code.
    Answered { code: u16, text: String },
    /// The server's certificate does not hold.
    Untrusted(CertificateError),
    /// The connection ended or never was, or what came makes no sense.
    Broken(String),
    /// Something stands in the way that is not the connection's.
    Unable(String),
}

impl Failure {
    /// What lettre says; `secret` is taken out of the texts.
    pub(super) fn new(stage: Stage, error: &Error, secret: &dyn Fn(&str) -> String) -> Self {
        let words = cause(error).map_or_else(|| error.to_string(), ToString::to_string);
        let what = match (error.status(), certificate_error(error)) {
            (Some(code), _) => What::Answered { code: code.into(), text: clean(&secret(&words)) },
            (None, Some(why)) => What::Untrusted(why),
            (None, None) => What::Broken(clean(&secret(&words))),
        };
        Self { stage, what }
    }

    /// An answer that has no place here.
    pub(super) fn broken(stage: Stage, why: impl Into<String>) -> Self {
        Self { stage, what: What::Broken(why.into()) }
    }

    /// Something that stands in the way.
    pub(super) fn unable(stage: Stage, why: impl Into<String>) -> Self {
        Self { stage, what: What::Unable(why.into()) }
    }

    /// The time was up.
    pub(super) fn silent(stage: Stage, after: Duration) -> Self {
        Self::broken(stage, format!("no answer within {} s", after.as_secs_f64()))
    }

    /// Whether the connection is of no use any more, and another may be.
    pub(super) fn is_of_the_connection(&self) -> bool {
        match &self.what {
            What::Answered { code, .. } => *code == CLOSING,
            What::Untrusted(_) | What::Broken(_) | What::Unable(_) => true,
        }
    }

    /// Whether nothing of the mail itself was sent.
    pub(super) fn is_before_the_text(&self) -> bool {
        self.stage < Stage::Text
    }

    /// Whether the mail may have been taken all the same (F26).
    fn may_have_arrived(&self) -> bool {
        self.stage == Stage::End && !matches!(self.what, What::Answered { .. })
    }

    /// What may be done about it.
    pub(super) fn judge(self, peer: &Peer) -> NotifyError {
        let may_have_arrived = self.may_have_arrived();
        let (stage, at) = (self.stage, format!("{}:{}", peer.host, peer.port));
        let doing = stage.words();
        match self.what {
            What::Answered { code, text }
                if ABOUT_CREDENTIALS.contains(&code) || stage == Stage::Authenticate =>
            {
                NotifyError::later(format!(
                    "{at} does not accept the login: {code} {text}; check username and password_file of [smtp]"
                ))
            }
            What::Answered { code: code @ 500.., text } if stage >= Stage::Sender => {
                NotifyError::Refused(format!("{code} {text}"))
            }
            What::Answered { code, text } if stage >= Stage::Sender => {
                NotifyError::later(format!("{code} {text}"))
            }
            What::Answered { code, text } => {
                NotifyError::later(format!("{at} answered while {doing}: {code} {text}"))
            }
            What::Untrusted(why) => NotifyError::later(certificate(&at, &why, peer)),
            What::Broken(why) if may_have_arrived => NotifyError::Unknown(format!("{at}, {doing}: {why}")),
            What::Broken(why) | What::Unable(why) => NotifyError::later(format!("{at}, {doing}: {why}")),
        }
    }
}

fn certificate(at: &str, why: &CertificateError, peer: &Peer) -> String {
    let trusted = peer.ca_file.as_ref().map(|file| file.display().to_string());
    match (why, trusted) {
        // A bad signature is that of another signer by the same name.
        (CertificateError::UnknownIssuer | CertificateError::BadSignature, None) => format!(
            "the certificate of {at} is signed by nobody whom the system trusts: name its signer's certificate in ca_file"
        ),
        (CertificateError::UnknownIssuer | CertificateError::BadSignature, Some(file)) => {
            format!("the certificate of {at} is not signed by what ca_file {file} holds")
        }
        (CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }, _) => format!(
            "the certificate of {at} is for another name than {}: set host to a name that is in it",
            peer.host
        ),
        (CertificateError::Expired | CertificateError::ExpiredContext { .. }, _) => {
            format!("the certificate of {at} has expired: renew it at the server")
        }
        (why, _) => format!("the certificate of {at} does not hold: {}", clean(&why.to_string())),
    }
}

/// What is below lettre's own errors, of which one may hold another.
fn cause(error: &Error) -> Option<&(dyn std::error::Error + 'static)> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.downcast_ref::<Error>().and_then(std::error::Error::source) {
        cause = deeper;
    }
    Some(cause)
}

/// The certificate's fault, if it is one.
fn certificate_error(error: &Error) -> Option<CertificateError> {
    let io = cause(error)?.downcast_ref::<io::Error>()?;
    match io.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(why) => Some(why.clone()),
        _ => None,
    }
}

/// An answer, in one line of bounded length.
pub(super) fn clean(text: &str) -> String {
    line::cut(&line::single(text), MOST_OF_AN_ANSWER)
}

#[cfg(test)]
mod tests;
