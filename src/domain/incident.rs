//! A threshold's life for one target in one period, and what of it is remembered from one evaluation to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::account::AccountName;
use super::budget::amount::Amount;
use super::budget::period::PeriodRule;
use super::budget::{Budget, Per};
use super::snapshot::SubUserKey;
use super::units::Bytes;

/// A sub-user as labels and messages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubUserIdentity {
    /// What tells it apart: the same name with a new id is another sub-user.
    pub key: SubUserKey,
    /// The label `product`.
    pub product: Arc<str>,
    /// The label `sub_user`.
    pub name: Arc<str>,
}

/// What an incident is about, within its account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The account.
    Account,
    /// What no sub-user explains; limits of sub-users do not bind it.
    Unattributed,
    /// A sub-user.
    SubUser(Arc<SubUserIdentity>),
    /// A domain.
    Domain(Arc<str>),
    /// A plan.
    Subscription(Arc<str>),
}

/// Where an incident stands; the label `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The condition is met, not yet for long enough.
    Pending,
    /// It has fired.
    Firing,
    /// It has fired, and whether it still holds is not known.
    Unknown,
    /// It is over.
    Ended,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Firing, Self::Unknown, Self::Ended];

    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
        }
    }
}

/// Why an incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// It is below the level at which it clears.
    Below,
    /// A new period has begun.
    PeriodEnd,
    /// More is allowed than before; nothing was resolved.
    AllowanceChanged,
    /// What it was about is no longer there.
    Gone,
    /// A person ended it.
    ByHand,
    /// The budget no longer says so.
    Config,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 6] =
        [Self::Below, Self::PeriodEnd, Self::AllowanceChanged, Self::Gone, Self::ByHand, Self::Config];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::PeriodEnd => "period_end",
            Self::AllowanceChanged => "allowance_changed",
            Self::Gone => "gone",
            Self::ByHand => "by_hand",
            Self::Config => "config",
        }
    }
}

/// A set of a budget's thresholds, by their place in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Latches(pub u64);

impl Latches {
    /// The set of one; places beyond the last bit are in no set.
    #[must_use]
    pub const fn one(at: usize) -> Self {
        Self(if at < 64 { 1 << at } else { 0 })
    }

    /// Whether a place is in it.
    #[must_use]
    pub const fn has(self, at: usize) -> bool {
        self.0 & Self::one(at).0 != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in the other as well.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The places, lowest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (at < 64).then_some(at)
        })
    }
}

/// An open incident: the highest threshold of its kind that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The threshold, by its place in the budget.
    pub threshold: u8,
    /// Firing or unknown.
    pub state: State,
    /// When it fired.
    pub since: Timestamp,
    /// Whether a whole further look has borne it out since the target and the threshold were first judged.
    /// An action waits for that.
    pub borne_out: bool,
}

/// What is remembered of a target only while something is the matter with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matter {
    /// The open incidents, one a kind.
    pub incidents: Vec<Incident>,
    /// Thresholds that are met and wait for their `for`, with the moment since which they are.
    pub pending: Vec<(u8, Timestamp)>,
    /// The list in which it was first missing, by the moment of its observation.
    pub missing: Option<Timestamp>,
}

/// What is remembered of one target of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// What it is about.
    pub target: Target,
    /// When it was first judged.
    pub first_judged: Timestamp,
    /// When the period judged last started; nothing for rolling spans and while nobody says.
    pub period: Option<Timestamp>,
    /// The highest reading of the period.
    pub highest: Bytes,
    /// The newest reading.
    pub last: Bytes,
    /// The highest reading of the period before, until a reading shows that the vendor counts anew.
    pub settles_below: Bytes,
    /// The amount judged against last, with what was granted.
    pub amount: Option<Bytes>,
    /// What of it was granted.
    pub granted: Bytes,
    /// The thresholds that were told in this period.
    pub latched: Latches,
    /// What is the matter, if anything; shared from pass to pass while it stays the same.
    pub matter: Option<Arc<Matter>>,
}

impl Track {
    /// The open incidents.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        self.matter.as_ref().map_or(&[], |matter| &matter.incidents)
    }
}

/// What is remembered of one budget at one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracks {
    /// The targets, in the order of the vendor's newest list.
    pub tracks: Vec<Track>,
    /// The reasons for which something could not be judged, and for how many targets.
    pub unknown: BTreeMap<&'static str, usize>,
}

/// What is remembered of one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetState {
    /// The thresholds in the order of the bits, and when each was first judged.
    pub thresholds: Vec<(Arc<str>, Timestamp)>,
    /// What it was about.
    pub per: Per,
    /// How much it allowed.
    pub amount: Amount,
    /// In which span.
    pub period: PeriodRule,
    /// What is remembered, by account.
    pub accounts: BTreeMap<AccountName, Tracks>,
}

impl BudgetState {
    pub(super) fn of(budget: &Budget, now: Timestamp) -> Self {
        Self {
            thresholds: budget.thresholds.iter().map(|threshold| (threshold.name.clone(), now)).collect(),
            per: budget.per,
            amount: budget.amount.clone(),
            period: budget.period,
            accounts: BTreeMap::new(),
        }
    }
}

/// A figure, and the look at which it last moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The figure.
    pub figure: u128,
    /// When it was first seen so.
    pub moved: Timestamp,
    /// When it was last looked at.
    pub looked: Timestamp,
}

/// What is remembered of an account as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// When the vendor's period started.
    pub period: Option<Timestamp>,
    /// The plan.
    pub plan: Option<Bytes>,
    /// Since when nobody answers, by the oldest figure.
    pub outage: Option<Timestamp>,
    /// The account's total.
    pub total: Option<Movement>,
    /// The sum of its sub-users.
    pub sub_users: Option<Movement>,
    /// What stands still, and since when.
    pub stuck: Option<(Part, Timestamp)>,
}

/// A part of an account's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The account's total, while sub-users move.
    Total,
    /// The sub-users, while the total moves.
    SubUsers,
    /// Everything, for longer than it ever rested in the remembered hours.
    Everything,
}

/// Everything that is remembered from one evaluation to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// By budget.
    pub budgets: BTreeMap<Arc<str>, BudgetState>,
    /// By account.
    pub accounts: BTreeMap<AccountName, AccountState>,
}
