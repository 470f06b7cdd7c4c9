//! A block of the journal: what one pass found changed, as few bytes.
//!
//! Byte 0 is the version, 1; the rest is raw deflate of: how many windows and each of them; how many entries; then
//! column by column, as variable-length numbers: steps between seats, the window's number, the counter, what was
//! used, and requests plus one (0: not said). Counters and amounts are divided by what divides them all, since one
//! vendor counts in steps of 0.01 GB.

mod window;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::varint::{Numbers, put};
use crate::domain::traffic::{Usage, Window};
use crate::domain::units::Bytes;

/// Seats of one block; a pass with more makes more blocks, so that one subject is read without all others.
pub(super) const SEATS: u32 = 4096;

/// No valid block is longer once inflated: five columns of at most 10 bytes, and a window an entry.
const LONGEST: u64 = SEATS as u64 * 96;

const VERSION: u8 = 1;

/// A figure of the subject that sits there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The subject, by its number within the account.
    pub(super) seat: u32,
    /// The counter.
    pub(super) usage: Usage,
    /// What was used since the figure before.
    pub(super) used: Bytes,
}

/// Bytes that are no block of a version that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Encodes entries in the order of their seats, at most [`SEATS`] of them.
pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(entries.len() * 16);
    let windows = windows(entries);
    put(&mut payload, windows.len() as u64);
    for window in &windows {
        window::put(&mut payload, window);
    }
    put(&mut payload, entries.len() as u64);
    let mut before = 0;
    for entry in entries {
        put(&mut payload, u64::from(entry.seat.saturating_sub(before)));
        before = entry.seat;
    }
    for entry in entries {
        let number = windows.iter().position(|window| **window == entry.usage.window).unwrap_or_default();
        put(&mut payload, number as u64);
    }
    put_amounts(&mut payload, entries, |entry| entry.usage.traffic);
    put_amounts(&mut payload, entries, |entry| entry.used);
    for entry in entries {
        // The largest count would be the same as the one before it; no vendor gets there.
        put(&mut payload, entry.usage.requests.map_or(0, |requests| requests.saturating_add(1)));
    }
    deflated(&payload)
}

/// Reads a block back.
///
/// # Errors
/// Anything but what [`encode`] makes; no input panics or takes memory without bound.
pub(super) fn decode(block: &[u8]) -> Result<Vec<Entry>, Malformed> {
    decode_payload(&inflated(block)?).ok_or(Malformed)
}

fn decode_payload(payload: &[u8]) -> Option<Vec<Entry>> {
    let mut read = Numbers(payload);
    let windows = (0..count(&mut read)?).map(|_| window::read(&mut read)).collect::<Option<Vec<_>>>()?;
    let count = count(&mut read)?;
    let mut seat = 0_u32;
    let mut seats = Vec::with_capacity(count);
    for _ in 0..count {
        seat = seat.checked_add(u32::try_from(read.next()?).ok()?)?;
        seats.push(seat);
    }
    let mut of_windows = Vec::with_capacity(count);
    for _ in 0..count {
        of_windows.push(windows.get(usize::try_from(read.next()?).ok()?)?);
    }
    let counters = amounts(&mut read, count)?;
    let used = amounts(&mut read, count)?;
    let mut entries = Vec::with_capacity(count);
    for (index, seat) in seats.into_iter().enumerate() {
        let requests = read.next()?.checked_sub(1);
        let usage = Usage { traffic: counters[index], requests, window: of_windows[index].clone() };
        entries.push(Entry { seat, usage, used: used[index] });
    }
    read.is_empty().then_some(entries)
}

/// How many follow; never more than there are bytes left.
fn count(read: &mut Numbers<'_>) -> Option<usize> {
    let count = usize::try_from(read.next()?).ok()?;
    (count <= read.0.len()).then_some(count)
}

fn windows(entries: &[Entry]) -> Vec<&Window> {
    let mut windows: Vec<&Window> = Vec::new();
    for entry in entries {
        if !windows.contains(&&entry.usage.window) {
            windows.push(&entry.usage.window);
        }
    }
    windows
}

fn put_amounts(payload: &mut Vec<u8>, entries: &[Entry], amount: impl Fn(&Entry) -> Bytes) {
    let step = entries.iter().map(|entry| amount(entry).0).fold(0, greatest_common_divisor).max(1);
    put(payload, step);
    for entry in entries {
        put(payload, amount(entry).0 / step);
    }
}

fn amounts(read: &mut Numbers<'_>, count: usize) -> Option<Vec<Bytes>> {
    let step = read.next()?;
    (0..count).map(|_| read.next()?.checked_mul(step).map(Bytes)).collect()
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::fast());
    let written = encoder.write_all(payload).and_then(|()| encoder.finish());
    // A vector takes every byte.
    written.unwrap_or_default()
}

fn inflated(block: &[u8]) -> Result<Vec<u8>, Malformed> {
    let [VERSION, deflated @ ..] = block else { return Err(Malformed) };
    let mut payload = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated).take(LONGEST + 1);
    let length = decoder.read_to_end(&mut payload).map_err(|_| Malformed)?;
    if length as u64 > LONGEST { Err(Malformed) } else { Ok(payload) }
}

#[cfg(test)]
mod tests;
