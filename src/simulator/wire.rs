//! Figures as the vendors write them: gigabytes with so many places, rounded down; dates without a zone.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Number, Value};

use crate::domain::units::{Bytes, Gigabyte, Limit};

/// Places of all figures but an account's total.
pub(super) const STEP: u32 = 2;

/// Places of Oxylabs' client-stats; source: its page shows `1.2354839`.
pub(super) const FINE: u32 = 7;

/// Bytes as the vendor's gigabytes with at most `places`, rounded down.
pub(super) fn gigabytes(bytes: u64, gigabyte: Gigabyte, places: u32) -> Decimal {
    let steps = u128::from(bytes) * 10_u128.pow(places) / u128::from(gigabyte.bytes());
    // 2⁶⁴ gigabytes of 10⁹ bytes in steps of 10⁻⁷ have 18 digits.
    Decimal::new(i64::try_from(steps).unwrap_or(i64::MAX), places).normalize()
}

/// What a client makes of the figure on the wire.
pub(super) fn reported(bytes: u64, gigabyte: Gigabyte, places: u32) -> u64 {
    if gigabyte == Gigabyte::Decimal && places <= 9 {
        // The way of every row of a rehearsal, without a decimal.
        return bytes - bytes % 10_u64.pow(9 - places);
    }
    gigabyte.to_bytes(gigabytes(bytes, gigabyte, places)).map_or(u64::MAX, |Bytes(bytes)| bytes)
}

/// A JSON number, without places where it is whole.
pub(super) fn number(value: Decimal) -> Value {
    match value.to_i64() {
        Some(whole) if value.fract().is_zero() => Value::from(whole),
        _ => value.to_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
    }
}

/// A figure of traffic in the usual steps.
pub(super) fn traffic(bytes: u64, gigabyte: Gigabyte) -> Value {
    number(gigabytes(bytes, gigabyte, STEP))
}

/// A cap in gigabytes, where `null` is none.
pub(super) fn limit(limit: Limit, gigabyte: Gigabyte) -> Value {
    limit.bytes().map_or(Value::Null, |bytes| number(gigabyte.from_bytes(bytes).normalize()))
}

/// The UTC date of a moment.
pub(super) fn date(at: Timestamp) -> Date {
    utc(at).date()
}

/// The UTC date and time of a moment.
pub(super) fn utc(at: Timestamp) -> DateTime {
    at.to_zoned(TimeZone::UTC).datetime()
}

/// `2019-03-23 13:08`.
pub(super) fn minute(at: Timestamp) -> String {
    utc(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-08-12 23:21:56`.
pub(super) fn second(at: Timestamp) -> String {
    utc(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first moment of a UTC day.
pub(super) fn day_start(date: Date) -> Timestamp {
    crate::domain::period::midnight(date, &TimeZone::UTC).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_ways_to_a_reported_figure_agree(bytes in 0..=u64::from(u32::MAX) << 30, places in 0_u32..=7) {
            let gigabyte = Gigabyte::Decimal;
            let slow = gigabyte.to_bytes(gigabytes(bytes, gigabyte, places)).unwrap();
            prop_assert_eq!(Bytes(reported(bytes, gigabyte, places)), slow);
        }
    }
}
