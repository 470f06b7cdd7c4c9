//! Text that is compressed once and joined often.

use std::io::Write;

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// The samples of one family and one account, encoded.
#[derive(Clone, Debug)]
pub struct Segment {
    pub(super) piece: Piece,
    series: usize,
    duplicates: usize,
}

impl Segment {
    pub(super) fn new(text: Vec<u8>, series: usize, duplicates: usize) -> Self {
        Self { piece: Piece::new(text), series, duplicates }
    }

    /// How many series it holds.
    #[must_use]
    pub fn series(&self) -> usize {
        self.series
    }

    /// How many samples were left out because their labels were there already.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// The sample lines.
    #[must_use]
    pub fn text(&self) -> &Bytes {
        &self.piece.text
    }
}

/// A text and the same as raw deflate that more deflate may follow.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) text: Bytes,
    pub(super) deflate: Bytes,
    pub(super) crc: Hasher,
}

impl Piece {
    pub(super) fn new(text: Vec<u8>) -> Self {
        let mut crc = Hasher::new();
        crc.update(&text);
        let deflate = deflate(&text);
        // Held until the next pass: without what growing by doubling left over.
        Self { text: exactly(text), deflate: exactly(deflate), crc }
    }
}

fn exactly(mut bytes: Vec<u8>) -> Bytes {
    bytes.shrink_to_fit();
    Bytes::from(bytes)
}

/// Level 1: five times as fast as level 6 for a sixth more bytes. The flush ends on a whole byte and leaves the
/// stream open, so that streams one after the other are one stream.
fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 8 + 64), Compression::fast());
    let written = encoder.write_all(text).and_then(|()| encoder.flush());
    debug_assert!(written.is_ok(), "a Vec takes every write");
    std::mem::take(encoder.get_mut())
}

/// Ten bytes: magic number, deflate, no flags, no time, fastest, system unknown (RFC 1952).
pub(super) const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// The empty last block that ends the deflate stream, then checksum and length of the text (RFC 1951, 1952).
pub(super) fn gzip_trailer(crc: &Hasher, text_length: u64) -> Bytes {
    const LAST_BLOCK: [u8; 2] = [3, 0];
    let crc = crc.clone().finalize().to_le_bytes();
    // The format keeps the length modulo 2³².
    let length = (text_length as u32).to_le_bytes();
    Bytes::from([&LAST_BLOCK[..], &crc, &length].concat())
}
