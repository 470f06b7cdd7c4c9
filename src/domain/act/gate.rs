//! Why an action is not carried out now; a closed set, the label `reason` of `actions_blocked_total`.

use std::fmt;

/// What stands in an action's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// The operator lets nothing be written at this account.
    WritesOff,
    /// Nobody has said what a gigabyte is at this account.
    Unit,
    /// A person has paused lowering.
    Paused,
    /// The sub-user is the login itself.
    MainUser,
    /// The operator protects this sub-user.
    Protected,
    /// More would be done, or more at once, than the operator allows.
    Guard,
    /// A write at this account was not what the vendor's record then said.
    Breaker,
    /// The figures are too old, or what they say is not known.
    Stale,
    /// No whole further look has borne the incident out.
    FirstPass,
    /// Another process owns the account.
    NotOwner,
    /// What stands at the vendor is as low already.
    NotLower,
    /// The vendor's counter is there already: a limit would be a freeze.
    BelowCounter,
    /// It is not known since when the vendor counts against the limit, or since before the period.
    CounterOrigin,
    /// What stands at the vendor could not be put back.
    NotRestorable,
    /// A person has changed the record since it was read.
    Person,
    /// The plan that was approved is not what would be done now.
    PlanMoved,
    /// Nobody approved in time.
    Expired,
}

impl Gate {
    /// Every gate, in the order of the contract.
    pub const ALL: [Self; 17] = [
        Self::WritesOff,
        Self::Unit,
        Self::Paused,
        Self::MainUser,
        Self::Protected,
        Self::Guard,
        Self::Breaker,
        Self::Stale,
        Self::FirstPass,
        Self::NotOwner,
        Self::NotLower,
        Self::BelowCounter,
        Self::CounterOrigin,
        Self::NotRestorable,
        Self::Person,
        Self::PlanMoved,
        Self::Expired,
    ];

    /// The word, as label and in the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WritesOff => "writes_off",
            Self::Unit => "unit",
            Self::Paused => "paused",
            Self::MainUser => "main_user",
            Self::Protected => "protected",
            Self::Guard => "guard",
            Self::Breaker => "breaker",
            Self::Stale => "stale",
            Self::FirstPass => "first_pass",
            Self::NotOwner => "not_owner",
            Self::NotLower => "not_lower",
            Self::BelowCounter => "below_counter",
            Self::CounterOrigin => "counter_origin",
            Self::NotRestorable => "not_restorable",
            Self::Person => "person",
            Self::PlanMoved => "plan_moved",
            Self::Expired => "expired",
        }
    }

    /// What it means and what an operator may do, as a sentence's end.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::WritesOff => "writes = false at this account: nothing is lowered there",
            Self::Unit => "gigabyte is not set at this account, so that a limit could be wrong by 7 %",
            Self::Paused => "lowering is paused: proxymeter resume lets it go on",
            Self::MainUser => "this is the account's own login, which is never lowered",
            Self::Protected => "guard.protect names it",
            Self::Guard => "the guard allows no more for now, or no change as large as this one",
            Self::Breaker => {
                "a write here was not what the vendor's record said after it: look at `proxymeter actions list`, then \
                 proxymeter resume"
            }
            Self::Stale => "the figures are too old, or not known",
            Self::FirstPass => "the next whole look has to bear it out",
            Self::NotOwner => "another process owns the store",
            Self::NotLower => "what stands at the vendor is as low already",
            Self::BelowCounter => {
                "the vendor's counter is there already: action = \"freeze\" says what is meant"
            }
            Self::CounterOrigin => {
                "the vendor counts against the limit since before the period, or does not say since when"
            }
            Self::NotRestorable => "what stands at the vendor now could not be put back",
            Self::Person => "a person changed it at the vendor meanwhile, which is respected",
            Self::PlanMoved => "the plan is not what would be done now; see the new one",
            Self::Expired => "nobody approved in time; it is proposed anew while the threshold holds",
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
