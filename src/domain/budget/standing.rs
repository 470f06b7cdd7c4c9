//! A standing cap: the vendor's own limit is kept at what a budget still allows, and moves with each new period.

use std::num::NonZeroU32;
use std::time::Duration;

use super::period::PeriodRule;

/// The lists around the writes: compared before, read back after.
const LISTS: u64 = 2;

/// The part of a period that moving may take: until a cap has moved, it is that of the period before.
const PART: u32 = 10;

/// How long all caps of a budget take to move, and may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving {
    /// How many sub-users have one.
    pub sub_users: u64,
    /// How long moving takes at the account's rate, a write each and two lists.
    pub takes: Duration,
    /// How long it may take: a tenth of the period.
    pub at_most: Duration,
    /// The least rate that keeps it in time, in requests a second.
    pub least_rate: u64,
}

impl Moving {
    /// How it is for so many sub-users at so many requests a second; nothing where a period never begins anew.
    #[must_use]
    pub fn of(sub_users: u64, requests_per_second: NonZeroU32, period: PeriodRule) -> Option<Self> {
        let at_most = shortest(period)? / PART;
        let calls = sub_users.saturating_add(LISTS);
        let millis = (u128::from(calls) * 1_000).div_ceil(requests_per_second.get().into());
        Some(Self {
            sub_users,
            takes: Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)),
            at_most,
            least_rate: calls.div_ceil(at_most.as_secs().max(1)),
        })
    }

    /// Whether it is done in time.
    #[must_use]
    pub fn is_in_time(&self) -> bool {
        self.takes <= self.at_most
    }
}

/// The shortest that a period may be, give or take the hour of a clock change; nothing for rolling ones.
const fn shortest(period: PeriodRule) -> Option<Duration> {
    let days = match period {
        PeriodRule::Day => 1,
        PeriodRule::Week => 7,
        PeriodRule::Month | PeriodRule::Vendor => 28,
        PeriodRule::Rolling(_) => return None,
    };
    Some(Duration::from_secs(days * 86_400))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moving(sub_users: u64, rate: u32, period: PeriodRule) -> Option<Moving> {
        Moving::of(sub_users, NonZeroU32::new(rate).unwrap(), period)
    }

    #[test]
    fn a_write_each_and_two_lists_fit_into_a_tenth_of_the_period() {
        for (sub_users, rate, period, takes, is_in_time, least_rate) in [
            (1_200, 5, PeriodRule::Day, 240_400, true, 1),
            (0, 5, PeriodRule::Day, 400, true, 1),
            (43_198, 5, PeriodRule::Day, 8_640_000, true, 5),
            (43_199, 5, PeriodRule::Day, 8_640_200, false, 6),
            (100_000, 5, PeriodRule::Day, 20_000_400, false, 12),
            (100_000, 5, PeriodRule::Week, 20_000_400, true, 2),
            (1_000_000, 1, PeriodRule::Vendor, 1_000_002_000, false, 5),
            (1_000_000, 5, PeriodRule::Month, 200_000_400, true, 5),
        ] {
            let found = moving(sub_users, rate, period).unwrap();
            let expected = (Duration::from_millis(takes), is_in_time, least_rate);
            assert_eq!((found.takes, found.is_in_time(), found.least_rate), expected, "{sub_users} {period}");
        }
        assert_eq!(moving(1, 5, PeriodRule::Rolling(7)), None);
    }

    proptest! {
        #[test]
        fn the_least_rate_is_just_enough(sub_users in 0_u64..10_000_000, rate in 1_u32..=1_000) {
            let found = moving(sub_users, rate, PeriodRule::Day).unwrap();
            prop_assert_eq!(found.is_in_time(), u64::from(rate) >= found.least_rate);
        }

        #[test]
        fn no_number_is_too_large(sub_users in any::<u64>(), rate in 1_u32..) {
            let _unused = moving(sub_users, rate, PeriodRule::Vendor).unwrap();
        }
    }
}
