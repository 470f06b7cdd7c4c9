//! Where readings come from: what a vendor would answer at each look, and what was really used.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::domain::units::Bytes;

/// What was used on days, by sub-user.
pub type Days = Vec<(SubUserKey, Vec<(Date, Bytes)>)>;

/// Readings of several accounts, by their place; time only goes on.
pub trait Source {
    /// Puts what the account's vendor answers at `now` into its snapshot, which holds the answers before.
    fn look(&mut self, account: usize, now: Timestamp, snapshot: &mut Snapshot);

    /// Lets time pass until the end, at which no look is made.
    fn end(&mut self, until: Timestamp);

    /// What a sub-user really used between two moments.
    fn used(&self, account: usize, key: &SubUserKey, from: Timestamp, to: Timestamp) -> Bytes;

    /// The part of it that somebody wanted; nothing where nobody says.
    fn wanted(&self, account: usize, key: &SubUserKey, from: Timestamp, to: Timestamp) -> Option<Bytes>;

    /// The days before the first look that the vendor's own history tells of.
    fn days_before(&self, account: usize) -> Days;
}
