//! What bounds lowering, whatever budgets say; restoring is never bounded.

use super::budget::amount::Share;
use super::budget::selector::Selector;
use super::units::Bytes;

/// The bounds of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Whose limits are never lowered.
    pub protect: Vec<Selector>,
    /// How many limits are lowered within an hour at most; at least 1, and no more than within a day.
    pub max_actions_per_hour: u32,
    /// How many limits are lowered within a day at most; at least 1.
    pub max_actions_per_day: u32,
    /// The most times that a limit may be as large as what it is lowered to, as a share; at least all of it.
    pub max_change: Share,
}

impl Guard {
    /// The count of an hour where the operator says nothing, and no more than that of a day.
    pub const MAX_ACTIONS_PER_HOUR: u32 = 10;

    /// The count of a day where the operator says nothing.
    pub const MAX_ACTIONS_PER_DAY: u32 = 50;

    /// The change where the operator says nothing: three times.
    pub const MAX_CHANGE: Share = Share::percent(300);

    /// Whether this sub-user's limit is never lowered.
    #[must_use]
    pub fn protects(&self, sub_user: &str) -> bool {
        self.protect.iter().any(|pattern| pattern.fits(sub_user))
    }

    /// Whether a limit may be lowered from one number to another: the old one is at most so many times the new one.
    ///
    /// Raising is always allowed.
    #[must_use]
    pub fn allows_change(&self, from: Bytes, to: Bytes) -> bool {
        // A part is rounded down and `from` is whole, so that nothing is lost.
        from <= to || from <= self.max_change.of(to)
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            protect: Vec::new(),
            max_actions_per_hour: Self::MAX_ACTIONS_PER_HOUR,
            max_actions_per_day: Self::MAX_ACTIONS_PER_DAY,
            max_change: Self::MAX_CHANGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_names_are_protected() {
        let protect = ["billing_.*", "main"].map(|text| Selector::new(text).unwrap()).to_vec();
        let guard = Guard { protect, ..Guard::default() };
        for (name, is_protected) in
            [("billing_1", true), ("main", true), ("my_billing_1", false), ("mai", false)]
        {
            assert_eq!(guard.protects(name), is_protected, "{name}");
        }
        assert!(!Guard::default().protects("billing_1"));
    }

    #[test]
    fn f19_a_change_beyond_the_factor_is_not_allowed() {
        let guard = Guard { max_change: "250%".parse().unwrap(), ..Guard::default() };
        for (from, to, is_allowed) in [
            (25, 10, true),
            (26, 10, false),
            (10, 10, true),
            (10, 1_000, true),
            (1, 0, false),
            (0, 0, true),
            (u64::MAX, u64::MAX / 2, true),
            (u64::MAX, u64::MAX / 3, false),
        ] {
            assert_eq!(guard.allows_change(Bytes(from), Bytes(to)), is_allowed, "{from} to {to}");
        }
        // Gigabytes taken for bytes, and the other way round.
        assert!(!Guard::default().allows_change(Bytes(50_000_000_000), Bytes(50)));
    }

    proptest! {
        #[test]
        fn a_change_is_allowed_just_where_its_factor_is(
            from in any::<u64>(), to in any::<u64>(), percent in 100_u16..=10_000,
        ) {
            let guard = Guard { max_change: Share::percent(percent), ..Guard::default() };
            let exact = u128::from(from) * 100 <= u128::from(to) * u128::from(percent);
            prop_assert_eq!(guard.allows_change(Bytes(from), Bytes(to)), exact);
        }
    }
}
