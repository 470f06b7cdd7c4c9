//! What is true, not true, or not known and why.

use std::fmt;

use jiff::Timestamp;

/// A judgement; what is not known is neither over nor in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It cannot be said.
    Unknown(Unknown),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl From<Result<bool, Unknown>> for Truth {
    fn from(judged: Result<bool, Unknown>) -> Self {
        judged.map_or_else(Self::Unknown, Self::from)
    }
}

/// Why something cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unknown {
    /// Nobody has looked yet.
    FirstLook,
    /// The vendor has never said how much was used.
    NeverRead,
    /// What the vendor said last is too old.
    Stale {
        /// When it said so.
        observed: Timestamp,
    },
    /// A sum of which some parts are old or missing.
    PartsMissing {
        /// How many.
        parts: usize,
    },
    /// It is not in the vendor's list.
    NotListed,
    /// Nobody says when the period starts.
    NoPeriod,
    /// The vendor's figure counts another span, and the history does not reach back.
    AnotherSpan,
    /// The figure is from before the period started.
    BeforePeriod,
    /// The period has just started, and the vendor may still show the old one's figure.
    Settling,
    /// The vendor says that there is no limit.
    NoVendorCap,
    /// The vendor does not say whether there is a limit.
    LimitUnsaid,
    /// Nobody says how large the plan is.
    NoPlan,
    /// There are not enough days or hours to judge by.
    TooLittleHistory,
    /// The amount cannot be counted in bytes.
    TooLarge,
}

impl Unknown {
    /// Whether its cause is that nobody answers, which is one incident for all that it touches.
    #[must_use]
    pub const fn is_outage(self) -> bool {
        matches!(self, Self::Stale { .. } | Self::NeverRead)
    }

    /// Whether it passes by itself and is no reason to tell anybody.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(
            self,
            Self::FirstLook | Self::NotListed | Self::BeforePeriod | Self::Settling | Self::TooLittleHistory
        )
    }

    /// The closed set of words, so that reasons with figures are one reason.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FirstLook => "first_look",
            Self::NeverRead => "never_read",
            Self::Stale { .. } => "stale",
            Self::PartsMissing { .. } => "parts_missing",
            Self::NotListed => "not_listed",
            Self::NoPeriod => "no_period",
            Self::AnotherSpan => "another_span",
            Self::BeforePeriod => "before_period",
            Self::Settling => "settling",
            Self::NoVendorCap => "no_vendor_cap",
            Self::LimitUnsaid => "limit_unsaid",
            Self::NoPlan => "no_plan",
            Self::TooLittleHistory => "too_little_history",
            Self::TooLarge => "too_large",
        }
    }
}

/// A word of the closed set, as it is read back; nothing for any other.
#[must_use]
pub fn word(text: &str) -> Option<&'static str> {
    let words = [
        Unknown::FirstLook,
        Unknown::NeverRead,
        Unknown::Stale { observed: Timestamp::MIN },
        Unknown::PartsMissing { parts: 0 },
        Unknown::NotListed,
        Unknown::NoPeriod,
        Unknown::AnotherSpan,
        Unknown::BeforePeriod,
        Unknown::Settling,
        Unknown::NoVendorCap,
        Unknown::LimitUnsaid,
        Unknown::NoPlan,
        Unknown::TooLittleHistory,
        Unknown::TooLarge,
    ];
    words.map(Unknown::word).into_iter().find(|word| *word == text)
}

/// The reason in words for who pays the bill.
impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstLook => f.write_str("the first look is still to come"),
            Self::NeverRead => f.write_str("the vendor has not said yet how much was used"),
            Self::Stale { observed } => {
                write!(f, "the newest figure is of {} and too old", observed.strftime("%F %H:%M UTC"))
            }
            Self::PartsMissing { parts: 1 } => f.write_str("1 part of the sum is old or missing"),
            Self::PartsMissing { parts } => write!(f, "{parts} parts of the sum are old or missing"),
            Self::NotListed => f.write_str("the vendor's list no longer holds it"),
            Self::NoPeriod => f.write_str("nobody says when the period starts; set billing_day"),
            Self::AnotherSpan => f.write_str(
                "the vendor counts another span, and the history does not reach back to the period's start",
            ),
            Self::BeforePeriod => f.write_str("the newest figure is from before the period started"),
            Self::Settling => {
                f.write_str("the period has just started, and the vendor still shows the old figure")
            }
            Self::NoVendorCap => f.write_str("no vendor cap: a share of no limit is nothing"),
            Self::LimitUnsaid => f.write_str("the vendor does not say whether there is a limit"),
            Self::NoPlan => f.write_str("nobody says how large the plan is; set plan"),
            Self::TooLittleHistory => f.write_str("there is too little history to judge by"),
            Self::TooLarge => f.write_str("the amount is too large to be counted"),
        }
    }
}
