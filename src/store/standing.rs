//! How the counters of 4,096 seats stand, as few bytes.
//!
//! Byte 0 is the version, 1; the rest is raw deflate of: how many entries, then entry by entry, as variable-length
//! numbers: the step from the seat before, what was consumed, the highest reading, and moments in milliseconds, where
//! what may be missing is one more than it is, or 0.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;

use super::block::{Malformed, SEATS};
use super::varint::{Numbers, put};
use crate::domain::consumed::Consumed;
use crate::domain::figure::{Closing, Standing};
use crate::domain::units::Bytes;

const VERSION: u8 = 1;

/// No valid block is longer once inflated: eleven numbers of at most 10 bytes an entry.
const LONGEST: u64 = SEATS as u64 * 110 + 10;

/// Encodes how counters stand, in the order of their seats.
pub(super) fn encode(entries: &[(u32, Standing)]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(entries.len() * 40);
    put(&mut payload, entries.len() as u64);
    let mut before = 0;
    for (seat, standing) in entries {
        put(&mut payload, u64::from(seat.saturating_sub(before)));
        before = *seat;
        let Standing { consumed, observed, known_from, seen_from, closing } = standing;
        put(&mut payload, consumed.total.0);
        put(&mut payload, consumed.highest.0);
        put_moment(&mut payload, consumed.period);
        put_moment(&mut payload, Some(*observed));
        // The beginning of time stands for "ever", and is in no range of a vendor's.
        for from in [known_from, seen_from] {
            put_moment(&mut payload, Some(*from).filter(|from| *from > Timestamp::MIN));
        }
        put_moment(&mut payload, closing.map(|closing| closing.start));
        if let Some(closing) = closing {
            put_moment(&mut payload, Some(closing.end));
            put(&mut payload, closing.highest.0);
        }
    }
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::fast());
    // A vector takes every byte.
    encoder.write_all(&payload).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Reads them back.
///
/// # Errors
/// Anything but what [`encode`] makes; no input panics or takes memory without bound.
pub(super) fn decode(block: &[u8]) -> Result<Vec<(u32, Standing)>, Malformed> {
    let [VERSION, deflated @ ..] = block else { return Err(Malformed) };
    let mut payload = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated).take(LONGEST + 1);
    let length = decoder.read_to_end(&mut payload).map_err(|_| Malformed)?;
    if length as u64 > LONGEST {
        return Err(Malformed);
    }
    decode_payload(&payload).ok_or(Malformed)
}

fn decode_payload(payload: &[u8]) -> Option<Vec<(u32, Standing)>> {
    let mut read = Numbers(payload);
    let count = usize::try_from(read.next()?).ok().filter(|count| *count <= SEATS as usize)?;
    let mut entries = Vec::with_capacity(count);
    let mut seat = 0_u32;
    for _ in 0..count {
        seat = seat.checked_add(u32::try_from(read.next()?).ok()?)?;
        let (total, highest) = (Bytes(read.next()?), Bytes(read.next()?));
        let consumed = Consumed { total, highest, period: moment(&mut read)? };
        let observed = moment(&mut read)??;
        let known_from = moment(&mut read)?.unwrap_or(Timestamp::MIN);
        let seen_from = moment(&mut read)?.unwrap_or(Timestamp::MIN);
        let closing = match moment(&mut read)? {
            Some(start) => Some(Closing { start, end: moment(&mut read)??, highest: Bytes(read.next()?) }),
            None => None,
        };
        entries.push((seat, Standing { consumed, observed, known_from, seen_from, closing }));
    }
    read.is_empty().then_some(entries)
}

fn put_moment(payload: &mut Vec<u8>, at: Option<Timestamp>) {
    // Folded so that moments before 1970 are small numbers too.
    let folded = |ms: i64| ((ms << 1) ^ (ms >> 63)).cast_unsigned();
    put(payload, at.map_or(0, |at| folded(at.as_millisecond()) + 1));
}

/// A moment or none; nothing where the bytes are no moment.
#[expect(clippy::option_option, reason = "what is not there is not what cannot be read")]
fn moment(read: &mut Numbers<'_>) -> Option<Option<Timestamp>> {
    let Some(folded) = read.next()?.checked_sub(1) else { return Some(None) };
    let ms = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
    Timestamp::from_millisecond(ms).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> impl Strategy<Value = Timestamp> {
        (-300_000_000_000_i64..250_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    fn standing() -> impl Strategy<Value = Standing> {
        let closing = (at(), at(), any::<u64>());
        let closing =
            closing.prop_map(|(start, end, highest)| Closing { start, end, highest: Bytes(highest) });
        let known_from = || prop_oneof![Just(Timestamp::MIN), at()];
        let froms = (known_from(), known_from());
        let parts =
            (any::<u64>(), any::<u64>(), prop::option::of(at()), at(), froms, prop::option::of(closing));
        parts.prop_map(|(total, highest, period, observed, (known_from, seen_from), closing)| Standing {
            consumed: Consumed { total: Bytes(total), highest: Bytes(highest), period },
            observed,
            known_from,
            seen_from,
            closing,
        })
    }

    proptest! {
        #[test]
        fn what_stands_comes_back(standings in prop::collection::vec(standing(), 0..20)) {
            let entries: Vec<_> = (7..).step_by(3).zip(standings).collect();
            prop_assert_eq!(decode(&encode(&entries)), Ok(entries));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _unused = decode(&bytes);
            let _unused = decode_payload(&bytes);
        }
    }
}
