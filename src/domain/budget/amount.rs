//! How much a budget allows: a size, a share of a limit or plan, or money.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::truth::Unknown;
use crate::domain::units::{Bytes, Gigabyte, Limit, Size, UnitError};

/// A share in hundredths of a percent, `80%` or `12.5%`; above 100 % where it is written so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(10_000);

    /// A share of so many percent.
    #[must_use]
    pub const fn percent(percent: u16) -> Self {
        Self(percent as u32 * 100)
    }

    /// This share of an amount, rounded down; the largest amount where it would not fit.
    #[must_use]
    pub fn of(self, whole: Bytes) -> Bytes {
        let part = u128::from(whole.0) * u128::from(self.0) / 10_000;
        Bytes(u64::try_from(part).unwrap_or(u64::MAX))
    }

    /// Whether `part` is at least this share of `whole`, exactly.
    #[must_use]
    pub fn is_reached(self, part: Bytes, whole: Bytes) -> bool {
        u128::from(part.0) * 10_000 >= u128::from(whole.0) * u128::from(self.0)
    }

    /// The least part of `whole` that reaches this share; nothing where no number of bytes does.
    #[must_use]
    pub fn least(self, whole: Bytes) -> Option<Bytes> {
        let part = (u128::from(whole.0) * u128::from(self.0)).div_ceil(10_000);
        u64::try_from(part).ok().map(Bytes)
    }

    /// This share of another share, rounded down.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let product = u64::from(self.0) * u64::from(other.0) / 10_000;
        Self(u32::try_from(product).unwrap_or(u32::MAX))
    }

    /// What `part` is of `whole`, rounded down; nothing where the whole is nothing.
    #[must_use]
    pub fn between(part: Bytes, whole: Bytes) -> Option<Self> {
        let share = (u128::from(part.0) * 10_000).checked_div(u128::from(whole.0))?;
        Some(Self(u32::try_from(share).unwrap_or(u32::MAX)))
    }

    /// As a ratio, for a gauge.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

/// A share for people, with as many places as it needs.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} %", Decimal::new(i64::from(self.0), 2).normalize()))
    }
}

/// Why an amount is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a share.
    #[error("expected a share such as \"80%\" or \"12.5%\", of at most 10000%")]
    NotAShare,
    /// Not a size.
    #[error(transparent)]
    Size(#[from] UnitError),
    /// A share of something that has no size.
    #[error("expected \"of limit\" or \"of plan\" after the share")]
    ShareOfWhat,
    /// Money cannot be counted in bytes without a price.
    #[error("an amount of money needs price_per_gb, in the same currency and above 0")]
    NoPrice,
    /// A price that prices nothing.
    #[error("price_per_gb belongs to an amount of money, such as \"400 USD\"")]
    PriceForNothing,
    /// Money of less than nothing.
    #[error("an amount of money cannot be negative")]
    Negative,
}

impl FromStr for Share {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let number = text.trim().strip_suffix('%').ok_or(AmountError::NotAShare)?.trim_end();
        if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(AmountError::NotAShare);
        }
        let percent: Decimal = number.parse().map_err(|_| AmountError::NotAShare)?;
        let parts = percent.checked_mul(Decimal::ONE_HUNDRED).ok_or(AmountError::NotAShare)?;
        let whole = parts.is_integer() && parts <= Decimal::from(1_000_000);
        whole.then(|| parts.to_u32()).flatten().map(Self).ok_or(AmountError::NotAShare)
    }
}

/// How much may be used; how many bytes that is depends on the account and on what it is a share of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// A size, in the account's own gigabyte where it says gigabytes.
    Size(Size),
    /// A share of the limit that a person set at the vendor.
    ShareOfLimit(Share),
    /// A share of the plan.
    ShareOfPlan(Share),
    /// Money at a price for a gigabyte.
    Money {
        /// How much.
        amount: Decimal,
        /// The currency as written; proxymeter converts none.
        currency: Box<str>,
        /// The price of one of the account's gigabytes, above 0.
        price_per_gb: Decimal,
    },
}

impl Amount {
    /// Reads `50GB`, `80% of limit`, `10% of plan` or, with a price, `400 USD`.
    ///
    /// # Errors
    /// What is none of these, and a price without money or money without a price.
    pub fn parse(text: &str, price_per_gb: Option<Decimal>) -> Result<Self, AmountError> {
        let text = text.trim();
        if let Some((amount, currency)) = money(text) {
            let price = price_per_gb.filter(|price| *price > Decimal::ZERO).ok_or(AmountError::NoPrice)?;
            if amount.is_sign_negative() {
                return Err(AmountError::Negative);
            }
            return Ok(Self::Money { amount, currency: currency.into(), price_per_gb: price });
        }
        if price_per_gb.is_some() {
            return Err(AmountError::PriceForNothing);
        }
        let Some(at) = text.find('%') else { return Ok(Self::Size(text.parse()?)) };
        let (share, what) = text.split_at(at + 1);
        let share = share.parse()?;
        match what.split_whitespace().collect::<Vec<_>>()[..] {
            ["of", "limit"] => Ok(Self::ShareOfLimit(share)),
            ["of", "plan"] => Ok(Self::ShareOfPlan(share)),
            _ => Err(AmountError::ShareOfWhat),
        }
    }

    /// The amount in bytes, with the account's gigabyte, the person's limit and the plan.
    ///
    /// # Errors
    /// What it is a share of is not known, or is without end.
    pub fn bytes(
        &self,
        gigabyte: Gigabyte,
        limit: Option<Limit>,
        plan: Option<Bytes>,
    ) -> Result<Bytes, Unknown> {
        match self {
            Self::Size(size) => size.bytes(gigabyte).map_err(|_| Unknown::TooLarge),
            Self::ShareOfLimit(share) => match limit {
                None => Err(Unknown::LimitUnsaid),
                Some(Limit::Unlimited) => Err(Unknown::NoVendorCap),
                Some(Limit::Blocked) => Ok(Bytes(0)),
                Some(Limit::Bytes(bytes)) => Ok(share.of(bytes)),
            },
            Self::ShareOfPlan(share) => plan.map(|plan| share.of(plan)).ok_or(Unknown::NoPlan),
            Self::Money { amount, price_per_gb, .. } => {
                let gigabytes = amount.checked_div(*price_per_gb).ok_or(Unknown::TooLarge)?;
                gigabyte.to_bytes(gigabytes).map_err(|_| Unknown::TooLarge)
            }
        }
    }
}

/// The amount as it is written, money with its price: what [`Amount::read_back`] takes.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => size.fmt(f),
            Self::ShareOfLimit(share) => write!(f, "{share} of limit"),
            Self::ShareOfPlan(share) => write!(f, "{share} of plan"),
            Self::Money { amount, currency, price_per_gb } => {
                write!(f, "{amount} {currency} at {price_per_gb} per GB")
            }
        }
    }
}

impl Amount {
    /// Reads what the amount was displayed as.
    ///
    /// # Errors
    /// Any other text.
    pub fn read_back(text: &str) -> Result<Self, AmountError> {
        let Some((money, price)) = text.split_once(" at ") else { return Self::parse(text, None) };
        let price = price.strip_suffix(" per GB").and_then(|price| price.parse().ok());
        Self::parse(money, Some(price.ok_or(AmountError::NoPrice)?))
    }
}

/// A number and three capital letters.
fn money(text: &str) -> Option<(Decimal, &str)> {
    let (number, currency) = text.split_once(' ')?;
    let currency = currency.trim_start();
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    Some((number.parse().ok().filter(|_| is_code)?, currency))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str, limit: Option<Limit>, plan: Option<u64>) -> Result<Bytes, Unknown> {
        let price = text.ends_with("USD").then(|| Decimal::new(35, 1));
        let plan = plan.map(Bytes);
        Amount::parse(text, price).unwrap().bytes(Gigabyte::Decimal, limit, plan)
    }

    #[test]
    fn amounts_become_bytes() {
        let limit = Some(Limit::Bytes(Bytes(1_000)));
        assert_eq!(bytes("50GB", None, None), Ok(Bytes(50_000_000_000)));
        assert_eq!(bytes("80% of limit", limit, None), Ok(Bytes(800)));
        assert_eq!(bytes("12.5% of plan", None, Some(1_000)), Ok(Bytes(125)));
        assert_eq!(bytes("7 USD", None, None), Ok(Bytes(2_000_000_000)));
        assert_eq!(
            Amount::parse("1GB", None).unwrap().bytes(Gigabyte::Binary, None, None),
            Ok(Bytes(1 << 30)),
            "a gigabyte is the account's own"
        );
    }

    #[test]
    fn a_share_of_what_is_not_known_is_not_known() {
        assert_eq!(bytes("80% of limit", None, Some(1)), Err(Unknown::LimitUnsaid));
        assert_eq!(bytes("80% of limit", Some(Limit::Unlimited), Some(1)), Err(Unknown::NoVendorCap));
        assert_eq!(bytes("80% of plan", Some(Limit::Unlimited), None), Err(Unknown::NoPlan));
        assert_eq!(bytes("80% of limit", Some(Limit::Blocked), None), Ok(Bytes(0)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for (text, price, error) in [
            ("80%", None, AmountError::ShareOfWhat),
            ("80% of quota", None, AmountError::ShareOfWhat),
            ("-8% of limit", None, AmountError::NotAShare),
            ("0.001% of limit", None, AmountError::NotAShare),
            ("400 USD", None, AmountError::NoPrice),
            ("400 USD", Some(Decimal::ZERO), AmountError::NoPrice),
            ("-4 USD", Some(Decimal::ONE), AmountError::Negative),
            ("50GB", Some(Decimal::ONE), AmountError::PriceForNothing),
            ("fifty", None, AmountError::Size(UnitError::NotASize)),
        ] {
            assert_eq!(Amount::parse(text, price), Err(error), "{text}");
        }
    }

    #[test]
    fn an_amount_is_read_back_from_its_words() {
        for (text, price, words) in [
            ("50GB", None, "50GB"),
            ("1.5 TB", None, "1.5TB"),
            ("2GiB", None, "2GiB"),
            ("7 bytes", None, "7 bytes"),
            ("12.5% of limit", None, "12.5 % of limit"),
            ("80% of plan", None, "80 % of plan"),
            ("400 USD", Some(Decimal::new(35, 1)), "400 USD at 3.5 per GB"),
        ] {
            let amount = Amount::parse(text, price).unwrap();
            assert_eq!(amount.to_string(), words);
            assert_eq!(Amount::read_back(words), Ok(amount));
        }
        assert_eq!(Amount::read_back("400 USD at x"), Err(AmountError::NoPrice));
    }

    proptest! {
        #[test]
        fn a_share_is_reached_just_where_its_part_is(
            whole in any::<u64>(), part in any::<u64>(), share in 0_u32..=20_000,
        ) {
            let share = Share(share);
            let exact = u128::from(part) * 10_000 >= u128::from(whole) * u128::from(share.0);
            prop_assert_eq!(share.is_reached(Bytes(part), Bytes(whole)), exact);
            let least = share.least(Bytes(whole));
            prop_assert_eq!(least.is_some_and(|least| Bytes(part) >= least), exact);
            if let Some(least) = least {
                prop_assert!(share.is_reached(least, Bytes(whole)), "the least itself");
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9.%a-zA-Z -]*|\\PC*", price in any::<Option<i64>>()) {
            if let Ok(amount) = Amount::parse(&text, price.map(|price| Decimal::new(price, 3))) {
                let _unused = amount.bytes(Gigabyte::Binary, None, Some(Bytes(u64::MAX)));
            }
            let _unused = text.parse::<Share>();
        }
    }
}
