//! Amounts of traffic: bytes, the vendors' gigabytes, limits, and sizes as people write them.

mod steps;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// The sum, or the largest value where it would not fit.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Whether both differ by at most 1 % of `other`, which rounding and reporting delay explain and a gigabyte of another
    /// size, 7 %, does not.
    #[must_use]
    pub const fn is_within_a_hundredth_of(self, other: Self) -> bool {
        self.0.abs_diff(other.0) <= other.0 / 100
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), Self::saturating_add)
    }
}

/// Bytes for people: three significant places in decimal units, `1.23 GB`.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        let mut power = 0;
        while power + 1 < UNITS.len() && self.0 >= 1000_u64.pow(power as u32 + 1) {
            power += 1;
        }
        if power == 0 {
            return f.pad(&format!("{} B", self.0));
        }
        let unit = 1000_u64.pow(power as u32);
        let hundredths = u128::from(self.0) * 100 / u128::from(unit);
        f.pad(&format!("{}.{:02} {}", hundredths / 100, hundredths % 100, UNITS[power]))
    }
}

/// The size of one gigabyte at a vendor, which neither contract states.
///
/// Source: one public client divides by 1000³, another by 1024³ (providers' review, section 2.3), so an operator pins it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gigabyte {
    /// 1,000,000,000 bytes; what is read where nobody has pinned it.
    #[default]
    Decimal,
    /// 1,073,741,824 bytes.
    Binary,
}

impl Gigabyte {
    /// Both sizes in use.
    pub const ALL: [Self; 2] = [Self::Decimal, Self::Binary];

    /// Bytes in one gigabyte.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Decimal => 1_000_000_000,
            Self::Binary => 1 << 30,
        }
    }

    /// The word used in configuration and as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decimal => "decimal",
            Self::Binary => "binary",
        }
    }

    /// Converts gigabytes to whole bytes, half a byte up.
    ///
    /// # Errors
    /// A negative amount, or one of more than `u64::MAX` bytes.
    pub fn to_bytes(self, gigabytes: Decimal) -> Result<Bytes, UnitError> {
        if gigabytes.is_sign_negative() && !gigabytes.is_zero() {
            return Err(UnitError::Negative);
        }
        let bytes = gigabytes.checked_mul(Decimal::from(self.bytes())).ok_or(UnitError::TooLarge)?;
        bytes
            .round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
            .to_u64()
            .map(Bytes)
            .ok_or(UnitError::TooLarge)
    }

    /// Bytes as gigabytes, exact to 9 places.
    #[must_use]
    pub fn from_bytes(self, bytes: Bytes) -> Decimal {
        (Decimal::from(bytes.0) / Decimal::from(self.bytes())).round_dp(9)
    }
}

/// One amount that a vendor gives twice, in gigabytes and in bytes: evidence of what it calls a gigabyte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GigabyteEvidence {
    /// The sub-user whose limit it is.
    pub sub_user: Arc<str>,
    /// The limit in the vendor's gigabytes.
    pub gigabytes: Decimal,
    /// The same limit in bytes.
    pub bytes: Bytes,
}

impl GigabyteEvidence {
    /// The gigabyte with which both amounts are the same, give or take 1 %; nothing where neither does it.
    #[must_use]
    pub fn implies(&self) -> Option<Gigabyte> {
        let fits = |gigabyte: &Gigabyte| {
            gigabyte.to_bytes(self.gigabytes).is_ok_and(|bytes| bytes.is_within_a_hundredth_of(self.bytes))
        };
        Gigabyte::ALL.into_iter().find(|gigabyte| self.bytes > Bytes(0) && fits(gigabyte))
    }
}

/// Why an amount is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Less than nothing.
    #[error("an amount of traffic cannot be negative")]
    Negative,
    /// More than 2⁶⁴ − 1 bytes.
    #[error("more than 18,446,744 TB cannot be counted")]
    TooLarge,
    /// Not a number with a unit.
    #[error("expected a number and a unit, such as \"50GB\", \"1.5TB\", \"50GiB\" or \"1000 bytes\"")]
    NotASize,
}

/// What a vendor lets a sub-user or a plan use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The vendor says that there is no limit (`null`).
    Unlimited,
    /// The vendor says 0: no more traffic.
    Blocked,
    /// So many bytes, never 0.
    Bytes(Bytes),
}

impl Limit {
    /// A limit of `bytes`, where 0 is `Blocked`.
    #[must_use]
    pub const fn of(bytes: Bytes) -> Self {
        match bytes {
            Bytes(0) => Self::Blocked,
            some => Self::Bytes(some),
        }
    }

    /// The number of bytes, or nothing where there is no limit.
    #[must_use]
    pub const fn bytes(self) -> Option<Bytes> {
        match self {
            Self::Unlimited => None,
            Self::Blocked => Some(Bytes(0)),
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// A limit for people.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.pad("unlimited"),
            Self::Blocked => f.pad("blocked"),
            Self::Bytes(bytes) => bytes.fmt(f),
        }
    }
}

/// An amount as an operator writes it; how many bytes that is depends on the account's gigabyte.
///
/// `MB GB TB PB` are the account's own, the number on the invoice; `MiB GiB TiB PiB` and `bytes` are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    number: Decimal,
    unit: SizeUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SizeUnit {
    /// A thousandth, one, a thousand … of the account's gigabyte.
    OfGigabyte(Decimal),
    /// Exactly so many bytes.
    Exactly(u64),
}

impl Size {
    /// The bytes of this size at an account with this gigabyte, half a byte up.
    ///
    /// # Errors
    /// More than `u64::MAX` bytes.
    pub fn bytes(self, gigabyte: Gigabyte) -> Result<Bytes, UnitError> {
        match self.unit {
            SizeUnit::OfGigabyte(factor) => {
                gigabyte.to_bytes(self.number.checked_mul(factor).ok_or(UnitError::TooLarge)?)
            }
            SizeUnit::Exactly(unit) => self
                .number
                .checked_mul(Decimal::from(unit))
                .and_then(|bytes| bytes.round().to_u64())
                .map(Bytes)
                .ok_or(UnitError::TooLarge),
        }
    }
}

/// The size as an operator writes it.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.normalize();
        let unit = match self.unit {
            SizeUnit::OfGigabyte(factor) if factor < Decimal::ONE => "MB",
            SizeUnit::OfGigabyte(factor) if factor == Decimal::ONE => "GB",
            SizeUnit::OfGigabyte(factor) if factor == Decimal::ONE_THOUSAND => "TB",
            SizeUnit::OfGigabyte(_) => "PB",
            SizeUnit::Exactly(1) => " bytes",
            SizeUnit::Exactly(unit) => match unit.trailing_zeros() {
                10 => "KiB",
                20 => "MiB",
                30 => "GiB",
                40 => "TiB",
                _ => "PiB",
            },
        };
        f.pad(&format!("{number}{unit}"))
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: Decimal = number.parse().map_err(|_| UnitError::NotASize)?;
        if number.is_sign_negative() {
            return Err(UnitError::Negative);
        }
        let unit = match unit.trim_start() {
            "MB" => SizeUnit::OfGigabyte(Decimal::new(1, 3)),
            "GB" => SizeUnit::OfGigabyte(Decimal::ONE),
            "TB" => SizeUnit::OfGigabyte(Decimal::ONE_THOUSAND),
            "PB" => SizeUnit::OfGigabyte(Decimal::new(1_000_000, 0)),
            "KiB" => SizeUnit::Exactly(1 << 10),
            "MiB" => SizeUnit::Exactly(1 << 20),
            "GiB" => SizeUnit::Exactly(1 << 30),
            "TiB" => SizeUnit::Exactly(1 << 40),
            "PiB" => SizeUnit::Exactly(1 << 50),
            "bytes" | "byte" | "B" => SizeUnit::Exactly(1),
            _ => return Err(UnitError::NotASize),
        };
        Ok(Self { number, unit })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gigabytes(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn gigabytes_become_exact_bytes() {
        for (gigabyte, text, bytes) in [
            (Gigabyte::Decimal, "92.45", 92_450_000_000),
            (Gigabyte::Decimal, "1.2354839", 1_235_483_900),
            (Gigabyte::Decimal, "0.0000000005", 1),
            (Gigabyte::Decimal, "0.0000000004", 0),
            (Gigabyte::Decimal, "-0.0", 0),
            (Gigabyte::Binary, "1.5", 1_610_612_736),
        ] {
            assert_eq!(gigabyte.to_bytes(gigabytes(text)), Ok(Bytes(bytes)), "{text}");
        }
        assert_eq!(Gigabyte::Decimal.to_bytes(gigabytes("-0.1")), Err(UnitError::Negative));
        assert_eq!(Gigabyte::Decimal.to_bytes(gigabytes("18446744074")), Err(UnitError::TooLarge));
    }

    #[test]
    fn sizes_follow_the_accounts_gigabyte_unless_exact() {
        for (text, decimal, binary) in [
            ("50GB", 50_000_000_000, 50 << 30),
            ("1.5TB", 1_500_000_000_000, 1_610_612_736_000),
            ("250 MB", 250_000_000, 268_435_456),
            ("50GiB", 50 << 30, 50 << 30),
            ("1000 bytes", 1000, 1000),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size.bytes(Gigabyte::Decimal), Ok(Bytes(decimal)), "{text}");
            assert_eq!(size.bytes(Gigabyte::Binary), Ok(Bytes(binary)), "{text}");
        }
    }

    #[test]
    fn f19_an_amount_given_twice_implies_its_gigabyte() {
        for (text, bytes, implied) in [
            ("250", 250_000_000_000, Some(Gigabyte::Decimal)),
            ("250", 268_435_456_000, Some(Gigabyte::Binary)),
            ("232.83", 250_000_000_000, Some(Gigabyte::Binary)),
            ("250", 260_000_000_000, None),
            ("250", 250, None),
            ("0", 0, None),
        ] {
            let evidence =
                GigabyteEvidence { sub_user: "a".into(), gigabytes: gigabytes(text), bytes: Bytes(bytes) };
            assert_eq!(evidence.implies(), implied, "{text} {bytes}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "50", "GB", "50gb", "1e3GB", "5 0GB", "50 G", "٣GB", "--1GB"] {
            assert_eq!(text.parse::<Size>(), Err(UnitError::NotASize), "{text:?}");
        }
        assert_eq!("-1GB".parse::<Size>(), Err(UnitError::Negative));
        assert_eq!(
            "99999999999TB".parse::<Size>().unwrap().bytes(Gigabyte::Decimal),
            Err(UnitError::TooLarge)
        );
    }

    #[test]
    fn bytes_read_well() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (92_456_000_000, "92.45 GB"),
            (u64::MAX, "18.44 EB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_the_way_to_gigabytes_and_back(bytes in 0..=u64::from(u32::MAX) * 1_000_000) {
            let there = Gigabyte::Decimal.from_bytes(Bytes(bytes));
            prop_assert_eq!(Gigabyte::Decimal.to_bytes(there), Ok(Bytes(bytes)));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _unused = text.parse::<Size>();
        }
    }
}
