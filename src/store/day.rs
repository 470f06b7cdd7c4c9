//! A day's row: pairs of an hour and what was used in it, so that later figures are appended and never rewritten.
//!
//! One byte 0 to 23 is an hour, 24 stands for the whole day; pairs of the same hour add up.

use super::readings::DayUse;
use super::varint::{Numbers, put};
use crate::domain::units::Bytes;

/// In place of an hour: what is known of the day alone.
const WHOLE_DAY: u8 = 24;

/// Appends what was used in an hour, 0 to 23.
pub(super) fn put_hour(out: &mut Vec<u8>, hour: u8, used: Bytes) {
    out.push(hour.min(WHOLE_DAY - 1));
    put(out, used.0);
}

/// A row that knows of the whole day alone.
pub(super) fn whole_day(used: Bytes) -> Vec<u8> {
    let mut out = vec![WHOLE_DAY];
    put(&mut out, used.0);
    out
}

/// Reads a row; nothing where it is no such row.
pub(super) fn decode(row: &[u8]) -> Option<DayUse> {
    let mut day = DayUse { used: Bytes(0), hours: Some([Bytes(0); 24]) };
    let mut read = Numbers(row);
    while !read.is_empty() {
        let hour = read.byte()?;
        let used = Bytes(read.next()?);
        if hour > WHOLE_DAY {
            return None;
        }
        add(&mut day, hour, used);
    }
    Some(day)
}

/// Adds what was used in an hour, or in no hour that is known.
pub(super) fn add(day: &mut DayUse, hour: u8, used: Bytes) {
    day.used = day.used.saturating_add(used);
    match day.hours.as_mut().and_then(|hours| hours.get_mut(usize::from(hour))) {
        Some(of_hour) => *of_hour = of_hour.saturating_add(used),
        None => day.hours = None,
    }
}

/// Adds another part of the same day.
pub(super) fn join(day: &mut DayUse, other: &DayUse) {
    match &other.hours {
        Some(hours) => {
            for (hour, used) in (0..WHOLE_DAY).zip(hours).filter(|(_, used)| used.0 > 0) {
                add(day, hour, *used);
            }
        }
        None => add(day, WHOLE_DAY, other.used),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_add_up() {
        let mut row = Vec::new();
        for (hour, used) in [(0, 5), (23, 7), (0, 1)] {
            put_hour(&mut row, hour, Bytes(used));
        }
        let day = decode(&row).unwrap();
        assert_eq!(
            (day.used, day.hours.unwrap()[0], day.hours.unwrap()[23]),
            (Bytes(13), Bytes(6), Bytes(7))
        );
    }

    #[test]
    fn a_part_without_hours_leaves_none() {
        let mut row = whole_day(Bytes(100));
        put_hour(&mut row, 3, Bytes(5));
        assert_eq!(decode(&row), Some(DayUse { used: Bytes(105), hours: None }));
    }

    #[test]
    fn what_is_no_row_is_told() {
        for row in [&[25, 1][..], &[3], &[3, 0x80]] {
            assert_eq!(decode(row), None, "{row:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_of_a_day_join_in_any_order(a: [u32; 24], b: [u32; 24]) {
            let row = |hours: &[u32; 24]| {
                let mut row = Vec::new();
                for (hour, used) in (0..24).zip(hours) {
                    put_hour(&mut row, hour, Bytes(u64::from(*used)));
                }
                row
            };
            let (mut one, mut other) = (decode(&row(&a)).unwrap(), decode(&row(&b)).unwrap());
            let appended = decode(&[row(&a), row(&b)].concat()).unwrap();
            let held = other.clone();
            join(&mut other, &one);
            join(&mut one, &held);
            prop_assert_eq!(&one, &other);
            prop_assert_eq!(one, appended);
        }

        #[test]
        fn no_row_panics(row: Vec<u8>) {
            let _unused = decode(&row);
        }
    }
}
