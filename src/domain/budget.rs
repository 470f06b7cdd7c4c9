//! A budget: whom it concerns, how much, for which span, and at which thresholds something follows.

pub mod amount;
pub mod period;
pub mod selector;
pub mod standing;
pub mod threshold;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amount::{Amount, Share};
use period::PeriodRule;
use selector::Selectors;
use threshold::{Condition, Mode, Threshold};

use super::history::HOURS;

/// The most thresholds that one budget may have: a latch is one bit of 64.
pub const MAX_THRESHOLDS: usize = 64;

/// What one incident is about; the key `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// The account's total; with a selector for sub-users or products, the sum of those that fit.
    Account,
    /// Each sub-user.
    SubUser,
    /// Each domain, over the sub-users that fit.
    Target,
    /// Each plan.
    Subscription,
    /// What no sub-user explains.
    Unattributed,
}

impl Per {
    /// Every value, for messages.
    pub const ALL: [Self; 5] =
        [Self::Account, Self::SubUser, Self::Target, Self::Subscription, Self::Unattributed];

    /// The word in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::SubUser => "sub_user",
            Self::Target => "target",
            Self::Subscription => "subscription",
            Self::Unattributed => "unattributed",
        }
    }
}

/// What becomes of a judgement that cannot be made; the key `unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// It is told, once for all targets with the same reason.
    #[default]
    Notify,
    /// It is shown and not told.
    Ignore,
}

/// A budget as the operator wrote it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The key in configuration; the label `budget`.
    pub name: Arc<str>,
    /// Whom it concerns.
    pub selectors: Selectors,
    /// What one incident is about.
    pub per: Per,
    /// How much may be used.
    pub amount: Amount,
    /// In which span.
    pub period: PeriodRule,
    /// What the operator says of it, handed on in messages.
    pub labels: BTreeMap<String, String>,
    /// Whether a judgement that cannot be made is told.
    pub unknown: OnUnknown,
    /// Whether the vendor's own limit is kept at what is still allowed; never [`Mode::Approve`], as it moves with each look.
    pub standing_cap: Option<Mode>,
    /// When something follows, at most [`MAX_THRESHOLDS`].
    pub thresholds: Vec<Threshold>,
}

/// Why a budget can never judge as it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetProblem {
    /// Nothing can follow from it.
    #[error("has no threshold")]
    NoThreshold,
    /// More than the latch has bits.
    #[error("has more than {MAX_THRESHOLDS} thresholds")]
    TooManyThresholds,
    /// Two thresholds share a name, which is the latch.
    #[error("has two thresholds named {0}")]
    DoubleThreshold(Arc<str>),
    /// Only sub-users have a cap.
    #[error("threshold {0}: only sub-users have a cap: needs per = \"sub_user\"")]
    UncappedNeedsSubUsers(Arc<str>),
    /// History is kept a sub-user and an account.
    #[error("threshold {threshold}: no hourly history is kept per {}: needs per = \"sub_user\" or \"account\"", per.as_str())]
    NoHistory {
        /// The threshold.
        threshold: Arc<str>,
        /// What the budget is about.
        per: Per,
    },
    /// A rolling span has no end to look ahead to.
    #[error("threshold {0}: a rolling period has no end to forecast")]
    ForecastOfRolling(Arc<str>),
    /// Neither accounts nor remainders have a limit.
    #[error("a share of the limit needs per = \"sub_user\" or \"subscription\"")]
    ShareOfNoLimit,
    /// No limit of a vendor's rolls.
    #[error("a standing cap needs a period that begins anew")]
    CapOfRolling,
    /// The person's own limit is as low already, whatever was used.
    #[error("a standing cap at the whole limit never lowers it in the vendor's own period")]
    CapOfWholeLimit,
    /// Windows beyond the remembered hours.
    #[error("threshold {threshold}: a window of {} s is longer than the remembered {} hours", window.as_secs(), HOURS - 1)]
    WindowTooLong {
        /// The threshold.
        threshold: Arc<str>,
        /// What was written.
        window: Duration,
    },
    /// Windows that would judge between two looks.
    #[error("threshold {threshold}: a window of {} s is shorter than the reporting delay and three looks, {} s", window.as_secs(), at_least.as_secs())]
    WindowTooShort {
        /// The threshold.
        threshold: Arc<str>,
        /// What was written.
        window: Duration,
        /// The least that is judged.
        at_least: Duration,
    },
}

impl BudgetProblem {
    /// The threshold that it is about; nothing where it is about the budget.
    #[must_use]
    pub const fn threshold(&self) -> Option<&Arc<str>> {
        match self {
            Self::NoThreshold
            | Self::TooManyThresholds
            | Self::ShareOfNoLimit
            | Self::CapOfRolling
            | Self::CapOfWholeLimit => None,
            Self::DoubleThreshold(threshold)
            | Self::UncappedNeedsSubUsers(threshold)
            | Self::NoHistory { threshold, .. }
            | Self::ForecastOfRolling(threshold)
            | Self::WindowTooLong { threshold, .. }
            | Self::WindowTooShort { threshold, .. } => Some(threshold),
        }
    }
}

impl Budget {
    /// Everything that makes this budget unable to judge, with the vendors' delay and the interval of collection.
    #[must_use]
    pub fn problems(&self, lag: Duration, interval: Duration) -> Vec<BudgetProblem> {
        let mut found = Vec::new();
        if self.thresholds.is_empty() && self.standing_cap.is_none() {
            found.push(BudgetProblem::NoThreshold);
        }
        if self.thresholds.len() > MAX_THRESHOLDS {
            found.push(BudgetProblem::TooManyThresholds);
        }
        if matches!(self.amount, Amount::ShareOfLimit(_))
            && !matches!(self.per, Per::SubUser | Per::Subscription)
        {
            found.push(BudgetProblem::ShareOfNoLimit);
        }
        if self.standing_cap.is_some() {
            self.check_cap(&mut found);
        }
        for (at, threshold) in self.thresholds.iter().enumerate() {
            if self.thresholds[..at].iter().any(|other| other.name == threshold.name) {
                found.push(BudgetProblem::DoubleThreshold(threshold.name.clone()));
            }
            self.check_condition(threshold, lag, interval, &mut found);
        }
        found
    }

    fn check_cap(&self, found: &mut Vec<BudgetProblem>) {
        if self.period.is_rolling() {
            found.push(BudgetProblem::CapOfRolling);
        }
        // There the vendor counts what the budget does, so that its own limit is reached no later.
        let is_vendors = self.period == PeriodRule::Vendor;
        if is_vendors && matches!(self.amount, Amount::ShareOfLimit(share) if share >= Share::WHOLE) {
            found.push(BudgetProblem::CapOfWholeLimit);
        }
    }

    fn check_condition(
        &self,
        threshold: &Threshold,
        lag: Duration,
        interval: Duration,
        found: &mut Vec<BudgetProblem>,
    ) {
        let name = || threshold.name.clone();
        // Of some sub-users together nothing is remembered.
        let has_history = match self.per {
            Per::SubUser => true,
            Per::Account => !self.selectors.chooses_sub_users(),
            Per::Target | Per::Subscription | Per::Unattributed => false,
        };
        match &threshold.when {
            Condition::Used(_) => {}
            Condition::Uncapped if self.per != Per::SubUser => {
                found.push(BudgetProblem::UncappedNeedsSubUsers(name()));
            }
            Condition::Uncapped => {}
            Condition::Forecast(_) | Condition::Burn(_) | Condition::Silent(_) if !has_history => {
                found.push(BudgetProblem::NoHistory { threshold: name(), per: self.per });
            }
            Condition::Forecast(_) if matches!(self.period, PeriodRule::Rolling(_)) => {
                found.push(BudgetProblem::ForecastOfRolling(name()));
            }
            Condition::Forecast(_) => {}
            Condition::Silent(window) => {
                found.extend(too_short(threshold, *window, lag, interval));
                found.extend(too_long(threshold, *window));
            }
            Condition::Burn(rule) => {
                found.extend(too_short(threshold, rule.long, lag, interval));
                found.extend(too_short(threshold, rule.short, lag, interval));
                found.extend(too_long(threshold, rule.long.max(rule.short)));
            }
        }
    }
}

/// A window that the remembered hours do not fill would never be judged.
fn too_long(threshold: &Threshold, window: Duration) -> Option<BudgetProblem> {
    let remembered = Duration::from_secs((HOURS as u64 - 1) * 3_600);
    (window > remembered).then(|| BudgetProblem::WindowTooLong { threshold: threshold.name.clone(), window })
}

/// A window is judged from the third look after the vendor's delay on; a shorter one sees noise.
fn too_short(
    threshold: &Threshold,
    window: Duration,
    lag: Duration,
    interval: Duration,
) -> Option<BudgetProblem> {
    let at_least = lag.saturating_add(interval.saturating_mul(3));
    (window < at_least).then(|| BudgetProblem::WindowTooShort {
        threshold: threshold.name.clone(),
        window,
        at_least,
    })
}

#[cfg(test)]
mod tests;
