//! What of a sub-user's past a vendor can be asked for, so that nobody asks what it cannot answer.

/// What a vendor tells of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// What is told from a first to a last day.
    pub dates: Dates,
    /// So many days before today have targets; nothing: none has.
    pub target_days: Option<u16>,
}

/// What a vendor tells from a first to a last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// Nothing: it takes no dates.
    Nothing,
    /// One total; single days take a call each.
    Total,
    /// The total, and the same by day.
    ByDay,
}

impl Past {
    /// Of a vendor that tells what is now and no more.
    pub const NOTHING: Self = Self { dates: Dates::Nothing, target_days: None };
}
