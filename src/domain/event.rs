//! What happened in an evaluation: what people are told, and what actions are planned, is made of these.

use std::sync::Arc;

use jiff::Timestamp;

use super::account::AccountName;
use super::incident::{End, Latches, Part, Target};
use super::truth::Unknown;
use super::units::Bytes;

/// Something that happened; what is to be told is made of these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A threshold fired: one event for all of its kind that were passed at once, naming the highest.
    Fired {
        /// Whose.
        of: Subject,
        /// The highest threshold, by its place in the budget.
        threshold: u8,
        /// All that were passed now, the highest with them.
        latched: Latches,
        /// What was used, where that is known.
        used: Option<Bytes>,
        /// Of how much.
        amount: Option<Bytes>,
        /// Whether this is the first judgement of the target or threshold, which acts on nothing.
        at_first_look: bool,
    },
    /// An incident is over.
    Ended {
        /// Whose.
        of: Subject,
        /// The threshold by name: the budget may no longer have it.
        threshold: Arc<str>,
        /// Why.
        end: End,
    },
    /// More or less is allowed than before, for a target of which something was told.
    AllowanceChanged {
        /// Whose.
        of: Subject,
        /// How much it was.
        from: Bytes,
        /// How much it is.
        to: Bytes,
        /// What was used.
        used: Option<Bytes>,
    },
    /// The vendor took back some of what it had counted.
    Corrected {
        /// At which account.
        account: AccountName,
        /// Whose figure.
        target: Target,
        /// What it had counted.
        from: Bytes,
        /// What it counts now.
        to: Bytes,
    },
    /// Some targets of a budget cannot be judged.
    Unjudged {
        /// The budget.
        budget: Arc<str>,
        /// The account.
        account: AccountName,
        /// Why, of several the last in order.
        reason: Unknown,
        /// How many.
        targets: usize,
        /// The first of them.
        first: Vec<Target>,
    },
    /// They can be judged again.
    JudgedAgain {
        /// The budget.
        budget: Arc<str>,
        /// The account.
        account: AccountName,
        /// The word of the reason that is no more.
        reason: &'static str,
    },
    /// A vendor no longer answers for an account: for the operator, once.
    Outage {
        /// The account.
        account: AccountName,
        /// The oldest figure.
        since: Timestamp,
        /// Judgements that cannot be made for it, and are not told one by one.
        suppressed: usize,
    },
    /// It answers again.
    Recovered {
        /// The account.
        account: AccountName,
        /// Since when it had not.
        since: Timestamp,
    },
    /// Figures stand still that should not: for the operator.
    Stuck {
        /// The account.
        account: AccountName,
        /// Which figures.
        part: Part,
        /// Since when.
        since: Timestamp,
    },
    /// They move again.
    Moving {
        /// The account.
        account: AccountName,
        /// Which had stood still.
        part: Part,
    },
    /// The vendor shows a new period; the old one is to be closed by one bounded query.
    PeriodBegan {
        /// The account.
        account: AccountName,
        /// When the old one started.
        old: Timestamp,
        /// When the new one did.
        new: Timestamp,
    },
    /// The plan is another than before.
    PlanChanged {
        /// The account.
        account: AccountName,
        /// What it was.
        from: Bytes,
        /// What it is.
        to: Bytes,
    },
}

impl Event {
    /// One of a closed set of words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fired { .. } => "fired",
            Self::Ended { .. } => "ended",
            Self::AllowanceChanged { .. } => "allowance_changed",
            Self::Corrected { .. } => "corrected",
            Self::Unjudged { .. } => "unjudged",
            Self::JudgedAgain { .. } => "judged_again",
            Self::Outage { .. } => "outage",
            Self::Recovered { .. } => "recovered",
            Self::Stuck { .. } => "stuck",
            Self::Moving { .. } => "moving",
            Self::PeriodBegan { .. } => "period_began",
            Self::PlanChanged { .. } => "plan_changed",
        }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &AccountName {
        match self {
            Self::Fired { of, .. } | Self::Ended { of, .. } | Self::AllowanceChanged { of, .. } => {
                &of.account
            }
            Self::Corrected { account, .. }
            | Self::Unjudged { account, .. }
            | Self::JudgedAgain { account, .. }
            | Self::Outage { account, .. }
            | Self::Recovered { account, .. }
            | Self::Stuck { account, .. }
            | Self::Moving { account, .. }
            | Self::PeriodBegan { account, .. }
            | Self::PlanChanged { account, .. } => account,
        }
    }

    /// The budget, where it concerns one.
    #[must_use]
    pub fn budget(&self) -> Option<&str> {
        match self {
            Self::Fired { of, .. } | Self::Ended { of, .. } | Self::AllowanceChanged { of, .. } => {
                Some(&of.budget)
            }
            Self::Unjudged { budget, .. } | Self::JudgedAgain { budget, .. } => Some(budget),
            _ => None,
        }
    }
}

/// A target of a budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The budget.
    pub budget: Arc<str>,
    /// The account.
    pub account: AccountName,
    /// What of it.
    pub target: Target,
}
