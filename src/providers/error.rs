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
    /// A thing of that name is there already.
    #[error("{endpoint}: there already (HTTP {status}){}", quoted(.said))]
    Conflict {
        /// What was asked for.
        endpoint: &'static str,
        /// The vendor's status.
        status: u16,
        /// The vendor's own words, cut and without secrets.
        said: Option<String>,
    },
    /// A new sub-user was taken by the vendor, and its id is not known.
    #[error(
        "create_sub_user: the vendor named no id, and {problem}: {username:?} may exist. Look for it with `proxymeter \
         sub-users list` in some minutes, and make it again only if it is not there"
    )]
    MayExist {
        /// Its name.
        username: String,
        /// Why the id is not known.
        problem: String,
    },
    /// Not sent: the vendor's own rules, or ours, forbid it. Says the rule, and never a secret.
    #[error("{0}")]
    Invalid(String),
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
            Self::Status { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Invalid(_)
            | Self::Unsupported(_) => FailureReason::Status,
            Self::BodyTooLarge { .. } => FailureReason::BodyTooLarge,
            Self::Decode { .. } | Self::MayExist { .. } => FailureReason::Decode,
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

    /// Whether a write that ended so may have been carried out all the same, so that only reading back can tell.
    ///
    /// `false` is certain: nothing was sent, or the vendor refused. `true` also stands where it cannot be told apart,
    /// as with a connection of which it is not known whether it broke before or after the request.
    #[must_use]
    pub fn may_have_applied(&self) -> bool {
        match self {
            Self::Timeout { endpoint, .. }
            | Self::Connect { endpoint, .. }
            | Self::Tls { endpoint, .. }
            | Self::BodyTooLarge { endpoint, .. }
            | Self::Decode { endpoint, .. }
            | Self::Redirect { endpoint, .. } => !is_login(endpoint),
            // 408: the vendor waited for the rest of a request that it may have seen enough of.
            Self::Status { endpoint, status, .. } => {
                (*status >= 500 || *status == 408) && !is_login(endpoint)
            }
            Self::MayExist { .. } => true,
            Self::NoSecret(_)
            | Self::LoginRefused { .. }
            | Self::TokenRefused { .. }
            | Self::OnHold { .. }
            | Self::Forbidden { .. }
            | Self::RateLimited { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Invalid(_)
            | Self::Unsupported(_) => false,
        }
    }
}

/// Whether it is a vendor's login, which comes before a write and changes nothing.
fn is_login(endpoint: &str) -> bool {
    matches!(endpoint, "login" | "auth")
}

fn quoted(words: &Option<String>) -> String {
    words.as_ref().map_or_else(String::new, |words| format!(": \"{words}\""))
}

fn wait(duration: &Option<Duration>) -> String {
    duration.map_or_else(String::new, |duration| format!(" for {} s", duration.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f7_what_may_have_applied_is_told_from_what_did_not() {
        let after = Duration::ZERO;
        let problem = String::new;
        let status = |status| ProviderError::Status { endpoint: "update_sub_user", status, said: None };
        for (error, expected) in [
            (ProviderError::Timeout { endpoint: "update_sub_user", after }, true),
            (ProviderError::Connect { endpoint: "update_sub_user", problem: problem() }, true),
            (ProviderError::Decode { endpoint: "update_sub_user", problem: problem() }, true),
            (ProviderError::Redirect { endpoint: "update_sub_user", status: 302 }, true),
            (status(500), true),
            (status(504), true),
            (status(408), true),
            (status(400), false),
            (status(405), false),
            (ProviderError::Timeout { endpoint: "login", after }, false),
            (ProviderError::Status { endpoint: "auth", status: 503, said: None }, false),
            (ProviderError::RateLimited { endpoint: "update_sub_user", retry_after: None }, false),
            (ProviderError::Forbidden { endpoint: "update_sub_user", said: None }, false),
            (ProviderError::NotFound { endpoint: "update_sub_user", said: None }, false),
            (ProviderError::Conflict { endpoint: "create_sub_user", status: 409, said: None }, false),
            (ProviderError::Invalid(problem()), false),
            (ProviderError::Unsupported(""), false),
            (ProviderError::OnHold { again_in: after }, false),
        ] {
            assert_eq!(error.may_have_applied(), expected, "{error}");
        }
    }
}
