//! What can go wrong between a request and its decoded answer.

use std::time::Duration;

use crate::domain::collector::FailureReason;

/// Why a provider gave no usable answer; the text says what an operator may do.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The secret cannot be read, so there is nothing to log in with.
    #[error("{0}")]
    NoSecret(String),
    /// The vendor refused the login.
    #[error("the login was refused (HTTP {status}){}. {hint}", quoted(.said))]
    LoginRefused {
        /// The vendor's status.
        status: u16,
        /// What its documentation advises.
        hint: &'static str,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// The vendor refused a token that it had just given, or a key.
    #[error("{endpoint}: the token was refused (HTTP 401){}. {hint}", quoted(.said))]
    TokenRefused {
        /// What was asked for.
        endpoint: &'static str,
        /// What its documentation advises.
        hint: &'static str,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// Not asked: the credential was refused a while ago and is tried again only now and then.
    #[error("not asked: the credential was refused, it is tried again in {} s, or when it changes", .again_in.as_secs())]
    OnHold {
        /// Time until the next try.
        again_in: Duration,
    },
    /// Logged in, but not allowed to do this.
    #[error("{endpoint}: not allowed (HTTP 403){}. Check that the account's product is covered by the vendor's API", quoted(.said))]
    Forbidden {
        /// What was asked for.
        endpoint: &'static str,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// Too many requests.
    #[error("{endpoint}: the vendor asks to wait (HTTP 429){}. Lower requests_per_second or the schedule", wait(.retry_after))]
    RateLimited {
        /// What was asked for.
        endpoint: &'static str,
        /// How long, where the vendor said so.
        retry_after: Option<Duration>,
    },
    /// No whole answer in time.
    #[error("{endpoint}: no whole answer within {:.1} s", .after.as_secs_f64())]
    Timeout {
        /// What was asked for.
        endpoint: &'static str,
        /// The time that it had.
        after: Duration,
    },
    /// No connection, or one that broke.
    #[error("{endpoint}: no connection: {problem}")]
    Connect {
        /// What was asked for.
        endpoint: &'static str,
        /// The operating system's or the library's words.
        problem: String,
    },
    /// No trusted connection.
    #[error("{endpoint}: no trusted connection: {problem}")]
    Tls {
        /// What was asked for.
        endpoint: &'static str,
        /// The library's words.
        problem: String,
    },
    /// A status that the contract does not know here.
    #[error("{endpoint}: unexpected HTTP {status}{}", quoted(.said))]
    Status {
        /// What was asked for.
        endpoint: &'static str,
        /// The vendor's status.
        status: u16,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// The thing asked for is not there.
    #[error("{endpoint}: not found{}", quoted(.said))]
    NotFound {
        /// What was asked for.
        endpoint: &'static str,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// An answer larger than the cap.
    #[error("{endpoint}: the answer is larger than max_body ({cap} bytes)")]
    BodyTooLarge {
        /// What was asked for.
        endpoint: &'static str,
        /// The cap in bytes, after decompression.
        cap: u64,
    },
    /// An answer that is not what the contract or practice says.
    #[error("{endpoint}: the answer could not be read: {problem}")]
    Decode {
        /// What was asked for.
        endpoint: &'static str,
        /// The field and what is wrong there.
        problem: String,
    },
    /// Sent elsewhere.
    #[error("{endpoint}: sent elsewhere (HTTP {status}), which is not followed. Check base_url")]
    Redirect {
        /// What was asked for.
        endpoint: &'static str,
        /// The vendor's status.
        status: u16,
    },
    /// The vendor, or this dialect of it, has no such thing.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl ProviderError {
    /// The member of the closed set, as the label `reason`.
    #[must_use]
    pub const fn reason(&self) -> FailureReason {
        match self {
            Self::NoSecret(_)
            | Self::LoginRefused { .. }
            | Self::TokenRefused { .. }
            | Self::OnHold { .. } => FailureReason::Auth,
            Self::Forbidden { .. } => FailureReason::Forbidden,
            Self::RateLimited { .. } => FailureReason::RateLimited,
            Self::Timeout { .. } => FailureReason::Timeout,
            Self::Connect { .. } => FailureReason::Connect,
            Self::Tls { .. } => FailureReason::Tls,
            Self::Status { .. } | Self::NotFound { .. } | Self::Unsupported(_) => FailureReason::Status,
            Self::BodyTooLarge { .. } => FailureReason::BodyTooLarge,
            Self::Decode { .. } => FailureReason::Decode,
            Self::Redirect { .. } => FailureReason::Redirect,
        }
    }

    /// Whether the same read may succeed when it is asked again soon.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Timeout { .. } | Self::Connect { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }
}

fn quoted(words: &Option<String>) -> String {
    words.as_ref().map_or_else(String::new, |words| format!(": \"{words}\""))
}

fn wait(duration: &Option<Duration>) -> String {
    duration.map_or_else(String::new, |duration| format!(" for {} s", duration.as_secs()))
}
