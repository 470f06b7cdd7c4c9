//! An account: one login at a provider, and what the operator says of it.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::units::{Bytes, Gigabyte};

/// The operator's name of an account: `[a-z][a-z0-9-]*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// A name, if it follows the rule.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let mut chars = name.chars();
        let starts_well = chars.next().is_some_and(|c| c.is_ascii_lowercase());
        let goes_on_well = chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        (starts_well && goes_on_well).then(|| Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is known of an account without asking the vendor.
#[derive(Clone, Debug)]
pub struct Account {
    /// The label `provider`.
    pub provider: &'static str,
    /// The label `account`.
    pub name: AccountName,
    /// The label `product` where the vendor does not say; empty where nobody does.
    pub product: Arc<str>,
    /// Which of the vendor's dialects is spoken.
    pub dialect: &'static str,
    /// The size of the vendor's gigabyte.
    pub gigabyte: Gigabyte,
    /// Whether budgets may lower limits here.
    pub writes: bool,
    /// The plan, where the vendor does not say.
    pub plan: Option<Bytes>,
    /// The day of the month (1 to 31) on which a period starts, where the vendor does not say.
    pub billing_day: Option<i8>,
    /// The zone of the vendor's dates.
    pub time_zone: TimeZone,
}

/// How a vendor can be told that a sub-user gets no more traffic, while its own limit can be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeBy {
    /// Its status is `disabled`, and nothing else of it changes.
    Status,
    /// Its limit is what the vendor has counted, and the vendor cuts off there.
    LimitAtCounter,
    /// Not at all.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        for good in ["a", "acme-mobile", "x1", "a-"] {
            assert!(AccountName::new(good).is_some(), "{good}");
        }
        for bad in ["", "1a", "-a", "Acme", "a_b", "ä", "a b"] {
            assert!(AccountName::new(bad).is_none(), "{bad}");
        }
    }
}
