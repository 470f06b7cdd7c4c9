//! `[collect]`: how old readings may be, and how much of them is kept.

use std::time::Duration;

use crate::domain::units::{Gigabyte, Size};

use super::complaint::Complaint;
use super::reader::Section;

/// The vendors' reporting delay that is assumed when nothing is said.
pub const DEFAULT_LAG: Duration = Duration::from_secs(15 * 60);

/// How many targets a sub-user has of its own when nothing is said.
pub const DEFAULT_TARGETS_TOP: usize = 10;

/// How many series there may be when nothing is said.
pub const DEFAULT_MAX_SERIES: usize = 1_000_000;

/// How many bytes a vendor's answer may have when nothing is said.
pub const DEFAULT_MAX_BODY: u64 = 64 << 20;

/// The least time between two looks at one account, when nothing is said.
pub const DEFAULT_LOOK_AGAIN_FLOOR: Duration = Duration::from_secs(20);

/// How many days of history are kept when nothing is said.
pub const DEFAULT_RETENTION_DAYS: u16 = 400;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What holds for the collectors of all accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    /// The age at which a reading is no longer shown; nothing: each collector's own, max(3 × interval, 20 min).
    pub stale_after: Option<Duration>,
    /// How far the vendors' figures are behind.
    pub lag: Duration,
    /// How many targets a sub-user has of its own; the rest is one, `_other`.
    pub targets_top: usize,
    /// How many series `/metrics` has at most.
    pub max_series: usize,
    /// How many bytes a vendor's answer has at most, after decompression.
    pub max_body: u64,
    /// The least time from one look to one that it asks for; 1 second to 1 hour.
    pub look_again_floor: Duration,
    /// How many calls of an account a day looking again may bring it to; nothing: twice what its schedule makes.
    pub max_calls_per_day: Option<u32>,
    /// Whether the vendors' own history is read into a store that has none.
    pub backfill: bool,
    /// How many days of history are kept; 60 to 400.
    pub retention_days: u16,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            stale_after: None,
            lag: DEFAULT_LAG,
            targets_top: DEFAULT_TARGETS_TOP,
            max_series: DEFAULT_MAX_SERIES,
            max_body: DEFAULT_MAX_BODY,
            look_again_floor: DEFAULT_LOOK_AGAIN_FLOOR,
            max_calls_per_day: None,
            backfill: false,
            retention_days: DEFAULT_RETENTION_DAYS,
        }
    }
}

pub(super) fn read(root: &Section<'_>) -> Collect {
    let section = root.section("collect");
    let count = |key, most, default| {
        let found = section.whole(key, 1..=most).and_then(|found| usize::try_from(found).ok());
        found.unwrap_or(default)
    };
    Collect {
        stale_after: section.duration("stale_after", SECOND..=400 * DAY),
        lag: section.duration("lag", Duration::ZERO..=7 * DAY).unwrap_or(DEFAULT_LAG),
        targets_top: count("targets_top", 10_000, DEFAULT_TARGETS_TOP),
        max_series: count("max_series", 100_000_000, DEFAULT_MAX_SERIES),
        max_body: section
            .parse("max_body", "an exact size such as \"64MiB\" or \"1000000 bytes\"", max_body)
            .unwrap_or(DEFAULT_MAX_BODY),
        look_again_floor: section
            .duration("look_again_floor", SECOND..=HOUR)
            .unwrap_or(DEFAULT_LOOK_AGAIN_FLOOR),
        max_calls_per_day: section
            .whole("max_calls_per_day", 1..=10_000_000)
            .and_then(|calls| u32::try_from(calls).ok()),
        backfill: section.flag("backfill").unwrap_or_default(),
        retention_days: retention_days(&section).unwrap_or(DEFAULT_RETENTION_DAYS),
    }
}

/// Days that are dropped are dropped whole.
fn retention_days(section: &Section<'_>) -> Option<u16> {
    let kept = section.duration("retention", 60 * DAY..=400 * DAY)?.as_secs();
    let days = kept / DAY.as_secs();
    if kept % DAY.as_secs() != 0 {
        section.refuse("retention", Complaint::new("expected whole days").write(format!("{days}d")));
        return None;
    }
    u16::try_from(days).ok()
}

/// A size that is the same whatever a vendor's gigabyte is.
fn max_body(text: &str) -> Result<u64, Complaint> {
    const LEAST: u64 = 64 << 10;
    const MOST: u64 = 4 << 30;
    let size: Size = text.parse().map_err(|_| match text.parse::<u64>() {
        Ok(bytes) => Complaint::shape().write(format!("{bytes} bytes")),
        Err(_) => Complaint::shape(),
    })?;
    let bytes = |gigabyte| size.bytes(gigabyte).map_err(|error| Complaint::new(error.to_string()));
    let (decimal, binary) = (bytes(Gigabyte::Decimal)?.0, bytes(Gigabyte::Binary)?.0);
    if decimal != binary {
        let exact = text.replace('B', "iB");
        return Err(
            Complaint::new("this unit is an account's own, and no account is meant here").write(exact)
        );
    }
    if !(LEAST..=MOST).contains(&decimal) {
        return Err(Complaint::new("expected a size from 64KiB to 4GiB"));
    }
    Ok(decimal)
}
