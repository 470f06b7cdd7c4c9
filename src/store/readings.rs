//! What the history keeps: figures of a pass as a journal, and how much was used by hour and day.

use jiff::Timestamp;
use jiff::civil::Date;

pub use crate::domain::figure::{Figure, PassReadings, Standing, Subject};
use crate::domain::traffic::Usage;
use crate::domain::units::Bytes;

/// A figure of one subject, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// When it was observed, to the millisecond.
    pub observed: Timestamp,
    /// The vendor's counter and what it counts.
    pub usage: Usage,
    /// What was used since the figure before.
    pub used: Bytes,
}

/// What one subject used on one day (UTC): it counts for the hour in which it was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayUse {
    /// The whole day's.
    pub used: Bytes,
    /// By hour (UTC); nothing once the hours are no longer kept.
    pub hours: Option<[Bytes; 24]>,
}

/// What one subject used, by day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day (UTC).
    pub date: Date,
    /// What was used.
    pub usage: DayUse,
}

/// How much was dropped because it is old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Blocks of the journal, after 7 days.
    pub blocks: u64,
    /// Days that lost their hours, after 60 days.
    pub hours: u64,
    /// Days, after 400 days.
    pub days: u64,
}
