//! The collectors by name, and the closed set of reasons for which one fails.

use std::fmt;

/// What is collected on a schedule; the label `collector`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collector {
    /// The account's own total.
    Account,
    /// The list of sub-users, with what each used.
    SubUsers,
    /// The plans with their validity.
    Subscriptions,
    /// Where each sub-user's traffic went.
    Targets,
}

impl Collector {
    /// Every collector, in the order of a first pass: targets need the sub-users.
    pub const ALL: [Self; 4] = [Self::Account, Self::SubUsers, Self::Subscriptions, Self::Targets];

    /// The label and the key in `schedule`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::SubUsers => "sub_users",
            Self::Subscriptions => "subscriptions",
            Self::Targets => "targets",
        }
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an answer was not accepted; the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureReason {
    /// Credentials or token refused (401), or no credential to be had.
    Auth,
    /// Allowed to log in, not to do this (403).
    Forbidden,
    /// 429.
    RateLimited,
    /// No whole answer in time.
    Timeout,
    /// No connection, or one that broke.
    Connect,
    /// No trusted connection.
    Tls,
    /// Another status than the contract knows.
    Status,
    /// More than the cap.
    BodyTooLarge,
    /// Not what the contract or the vendor's practice says.
    Decode,
    /// Believable in form, not in content.
    Suspect,
    /// Sent elsewhere, which is never followed.
    Redirect,
    /// The vendor's clock and ours differ too much.
    Clock,
}

impl FailureReason {
    /// Every reason, so that each counter starts at 0.
    pub const ALL: [Self; 12] = [
        Self::Auth,
        Self::Forbidden,
        Self::RateLimited,
        Self::Timeout,
        Self::Connect,
        Self::Tls,
        Self::Status,
        Self::BodyTooLarge,
        Self::Decode,
        Self::Suspect,
        Self::Redirect,
        Self::Clock,
    ];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Status => "status",
            Self::BodyTooLarge => "body_too_large",
            Self::Decode => "decode",
            Self::Suspect => "suspect",
            Self::Redirect => "redirect",
            Self::Clock => "clock",
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
