use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;

use super::*;

fn entry(seat: u32, traffic: u64, used: u64) -> Entry {
    let usage = Usage { traffic: Bytes(traffic), requests: Some(traffic / 1000), window: Window::Period };
    Entry { seat, usage, used: Bytes(used) }
}

fn any_date() -> impl Strategy<Value = Date> {
    (-9999_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
}

fn any_moment() -> impl Strategy<Value = DateTime> {
    (any_date(), 0_i8..24, 0_i8..60, 0_i8..60, 0..1_000_000_000)
        .prop_map(|(date, hour, minute, second, nano)| date.at(hour, minute, second, nano))
}

fn any_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::Period),
        Just(Window::CalendarMonth),
        Just(Window::Lifetime),
        any_moment().prop_map(Window::Since),
        (any_date(), any_date()).prop_map(|(first, last)| Window::Dates(first, last)),
        Just(Window::Unknown),
    ]
}

prop_compose! {
    fn any_entry()(
        seat: u32,
        traffic in prop_oneof![any::<u64>(), (0_u64..1000).prop_map(|steps| steps * 10_000_000)],
        requests in prop::option::of(0..u64::MAX),
        window in any_window(),
        used: u64,
    ) -> Entry {
        Entry { seat, usage: Usage { traffic: Bytes(traffic), requests, window }, used: Bytes(used) }
    }
}

fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(any_entry(), 0..60).prop_map(|mut entries| {
        entries.sort_by_key(|entry| entry.seat);
        entries
    })
}

#[test]
fn the_first_version_is_read_for_ever() {
    // Version 1 as written on the first day; a later version must still read it.
    let block = [1, 99, 100, 96, 98, 100, 98, 96, 16, 97, 96, 228, 98, 96, 100, 100, 4, 0];
    assert_eq!(decode(&block), Ok(vec![entry(1, 0, 0), entry(3, 20, 10)]));
}

#[test]
fn steps_of_a_hundredth_of_a_gigabyte_take_few_bytes() {
    let count = SEATS;
    let coarse: Vec<Entry> = (0..count)
        .map(|seat| entry(seat, u64::from(seat * 7919 % 9000) * 10_000_000, u64::from(seat % 5) * 10_000_000))
        .collect();
    let length = encode(&coarse).len();
    assert!(length < count as usize * 10, "{length}");
}

#[test]
fn the_longest_block_is_read_back() {
    let first = DateTime::MIN;
    let entries: Vec<Entry> = (0..SEATS)
        .map(|seat| {
            let window = Window::Since(first.saturating_add(jiff::SignedDuration::from_nanos(seat.into())));
            let usage =
                Usage { traffic: Bytes(u64::MAX - u64::from(seat)), requests: Some(u64::MAX - 1), window };
            Entry { seat: u32::MAX - SEATS + seat, usage, used: Bytes(u64::MAX) }
        })
        .collect();
    assert!(decode(&encode(&entries)) == Ok(entries));
}

#[test]
fn what_inflates_without_end_is_refused() {
    let bomb = deflated(&vec![0; 16 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(decode(&bomb), Err(Malformed));
}

#[test]
fn another_version_is_refused() {
    let mut block = encode(&[entry(1, 2, 3)]);
    block[0] = 2;
    assert_eq!(decode(&block), Err(Malformed));
    assert_eq!(decode(&[]), Err(Malformed));
}

proptest! {
    #[test]
    fn entries_come_back(entries in any_entries()) {
        prop_assert_eq!(decode(&encode(&entries)), Ok(entries));
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _unused = decode(&bytes);
        let _unused = decode(&[&[VERSION], &bytes[..]].concat());
        let _unused = decode_payload(&bytes);
        let _unused = decode(&deflated(&bytes));
    }

    #[test]
    fn no_damage_panics(
        entries in any_entries(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end: prop::sample::Index,
    ) {
        let mut block = encode(&entries);
        let mut payload = inflated(&block).unwrap();
        for bytes in [&mut block, &mut payload] {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.truncate(end.index(bytes.len() + 1));
        }
        let _unused = decode(&block);
        let _unused = decode_payload(&payload);
    }
}
