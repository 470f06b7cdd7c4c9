//! The `used` thresholds of a budget as numbers of bytes, worked out once for each amount and not for each sub-user.

use crate::domain::budget::Budget;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::Condition;
use crate::domain::incident::Latches;
use crate::domain::units::Bytes;

/// One `used` threshold at one amount.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// Its place.
    pub(super) at: usize,
    met: Option<Bytes>,
    kept: Option<Bytes>,
}

impl Level {
    /// The set of this threshold alone.
    pub(super) fn bit(&self) -> Latches {
        Latches::one(self.at)
    }

    pub(super) fn is_met(&self, used: Bytes) -> bool {
        self.met.is_some_and(|least| used >= least)
    }

    /// Whether it is below the level at which an incident clears.
    pub(super) fn is_clear(&self, used: Bytes) -> bool {
        self.kept.is_none_or(|least| used < least)
    }
}

/// The levels of the amount that was asked for last: neighbours in a list mostly share theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    amount: Option<Bytes>,
    levels: Vec<Level>,
}

impl Levels {
    pub(super) fn of(&mut self, budget: &Budget, amount: Bytes) -> &[Level] {
        if self.amount != Some(amount) {
            self.amount = Some(amount);
            self.levels.clear();
            for (at, threshold) in budget.thresholds.iter().enumerate() {
                if let Condition::Used(share) = threshold.when {
                    let kept = least_over(share.times(threshold.clear), amount);
                    self.levels.push(Level { at, met: least_over(share, amount), kept });
                }
            }
        }
        &self.levels
    }
}

/// The least that is over a share: of an amount of nothing, anything is too much and nothing is not.
pub(super) fn least_over(share: Share, amount: Bytes) -> Option<Bytes> {
    let least = share.least(amount)?;
    Some(if share == Share::percent(0) { least } else { least.max(Bytes(1)) })
}
