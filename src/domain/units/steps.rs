//! Limits as the vendors keep them: in steps of 0.01 of their gigabyte.

use rust_decimal::Decimal;

use super::{Bytes, Gigabyte};

/// Places of a gigabyte in which limits are written; both vendors count in these steps.
const PLACES: u32 = 2;

impl Gigabyte {
    /// The least limit that is one: 0.01 GB, as whole bytes.
    #[must_use]
    pub fn step(self) -> Bytes {
        self.of_steps(1)
    }

    /// Whole steps of 0.01 GB in `bytes`.
    ///
    /// Half a byte is added first, since a figure of the vendor was rounded to whole bytes when it was read: without, a
    /// limit of a binary gigabyte would be put back one step lower than it was.
    #[must_use]
    pub fn whole_steps(self, bytes: Bytes) -> u64 {
        let steps = (2 * u128::from(bytes.0) + 1) * 10_u128.pow(PLACES) / (2 * u128::from(self.bytes()));
        // A hundred steps have more than 10⁹ bytes, so that the steps are fewer than the bytes.
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// `steps` as gigabytes, as they are written.
    #[must_use]
    pub fn gigabytes_of_steps(steps: u64) -> Decimal {
        Decimal::new(i64::try_from(steps).unwrap_or(i64::MAX), PLACES)
    }

    /// What a vendor makes of a limit of `bytes`: rounded down to 0.01 GB, and as whole bytes when it is read back.
    ///
    /// Less than a step is 0, which is never written.
    #[must_use]
    pub fn in_steps(self, bytes: Bytes) -> Bytes {
        self.of_steps(self.whole_steps(bytes))
    }

    fn of_steps(self, steps: u64) -> Bytes {
        // Steps of whole bytes are no more than these bytes.
        self.to_bytes(Self::gigabytes_of_steps(steps)).unwrap_or(Bytes(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f20_limits_are_kept_in_steps() {
        for (gigabyte, bytes, kept) in [
            (Gigabyte::Decimal, 92_459_999_999, 92_450_000_000),
            (Gigabyte::Decimal, 10_000_000, 10_000_000),
            (Gigabyte::Decimal, 9_999_999, 0),
            (Gigabyte::Binary, 1_610_612_736, 1_610_612_736),
            // 0.03 of a binary gigabyte are 32,212,254.72 bytes, which are read as one more than the whole of them.
            (Gigabyte::Binary, 32_212_255, 32_212_255),
            (Gigabyte::Binary, 32_212_254, 21_474_836),
            (Gigabyte::Decimal, u64::MAX, 18_446_744_073_700_000_000),
        ] {
            assert_eq!(gigabyte.in_steps(Bytes(bytes)), Bytes(kept), "{gigabyte:?} {bytes}");
        }
        assert_eq!(Gigabyte::ALL.map(Gigabyte::step), [Bytes(10_000_000), Bytes(10_737_418)]);
    }

    proptest! {
        #[test]
        fn steps_are_at_most_the_bytes_and_stay_what_they_are(bytes: u64, binary: bool) {
            let gigabyte = if binary { Gigabyte::Binary } else { Gigabyte::Decimal };
            let kept = gigabyte.in_steps(Bytes(bytes));
            prop_assert!(kept.0 <= bytes);
            prop_assert!(bytes - kept.0 <= gigabyte.step().0 + 1);
            prop_assert_eq!(gigabyte.in_steps(kept), kept);
        }
    }
}
