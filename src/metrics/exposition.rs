//! What `/metrics` hands out: bytes that were encoded when the data last changed.
//!
//! A *segment* holds the samples of one family and one account: as text, and as raw deflate ended by a flush, so that
//! segments one after the other are one stream. A pass encodes the segments of its account anew; a scrape is a list of
//! pointers to all of them, whose checksums are combined into the trailer of one gzip member. Text 0.0.4 and
//! OpenMetrics differ in their headers alone and share every sample's bytes.

mod layout;
mod negotiate;
mod segment;
mod writer;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;

use self::layout::{Accounts, Layout};
pub use self::negotiate::{Encoding, Format};
pub use self::segment::Segment;
use self::segment::{GZIP_HEADER, Piece, gzip_trailer};
pub use self::writer::{SampleWriter, Value};
use crate::domain::account::AccountName;
use crate::metrics::catalog::FamilyId;

/// The answer to one scrape.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `Content-Encoding`, where there is one.
    pub content_encoding: Option<&'static str>,
    /// The body, piece by piece.
    pub chunks: Vec<Bytes>,
    /// The body's length in bytes.
    pub length: u64,
}

/// The segments of all accounts.
pub struct Exposition {
    now: ArcSwap<Layout>,
    /// Held while a changed layout is put together; scrapes never wait for it.
    change: Mutex<()>,
    max_series: usize,
}

impl Exposition {
    /// Without any account yet. Above `max_series` families are left out, see
    /// [`GIVEN_UP_FIRST`](super::catalog::GIVEN_UP_FIRST); proxymeter's own series do not count.
    #[must_use]
    pub fn new(max_series: usize) -> Self {
        let layout = Layout::new(Accounts::new(), max_series);
        Self { now: ArcSwap::from_pointee(layout), change: Mutex::new(()), max_series }
    }

    /// Puts these segments in the place of all that the account had.
    pub fn replace(&self, account: &AccountName, segments: Vec<(FamilyId, Segment)>) {
        for (family, segment) in segments.iter().filter(|(_, segment)| segment.duplicates() > 0) {
            tracing::warn!(
                %account,
                family = family.family().name,
                duplicates = segment.duplicates(),
                "samples with labels that were there already are left out"
            );
        }
        self.change(|accounts| {
            accounts.insert(account.clone(), segments.into());
        });
    }

    /// Takes all series of the account away.
    pub fn remove(&self, account: &AccountName) {
        self.change(|accounts| {
            accounts.remove(account);
        });
    }

    /// The whole page, with proxymeter's `own` metrics (as text in the same format) at its end.
    #[must_use]
    pub fn scrape(&self, format: Format, encoding: Encoding, own: String) -> Scrape {
        let layout = self.now.load();
        let page = layout.page(format);
        let mut own = own.into_bytes();
        if format == Format::OpenMetrics {
            own.extend_from_slice(b"# EOF\n");
        }
        let (chunks, length) = match encoding {
            Encoding::Identity => {
                let length = page.text_length + own.len() as u64;
                (joined(&[], &page.text, [own.into()]), length)
            }
            Encoding::Gzip => {
                let own = Piece::new(own);
                let mut crc = page.crc.clone();
                crc.combine(&own.crc);
                let trailer = gzip_trailer(&crc, page.text_length + own.text.len() as u64);
                let ends = GZIP_HEADER.len() + own.deflate.len() + trailer.len();
                let length = page.deflate_length + ends as u64;
                (joined(&[Bytes::from_static(GZIP_HEADER)], &page.deflate, [own.deflate, trailer]), length)
            }
        };
        Scrape { content_type: format.content_type(), content_encoding: encoding.header(), chunks, length }
    }

    fn change(&self, change: impl FnOnce(&mut Accounts)) {
        let _held = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.now.load_full();
        let mut accounts = before.accounts.clone();
        change(&mut accounts);
        let after = Layout::new(accounts, self.max_series);
        tell_of_dropped(&before.dropped, &after.dropped, self.max_series);
        self.now.store(Arc::new(after));
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").field("max_series", &self.max_series).finish_non_exhaustive()
    }
}

fn joined<const N: usize>(first: &[Bytes], middle: &[Bytes], last: [Bytes; N]) -> Vec<Bytes> {
    let mut chunks = Vec::with_capacity(first.len() + middle.len() + N);
    chunks.extend_from_slice(first);
    chunks.extend_from_slice(middle);
    chunks.extend(last.into_iter().filter(|chunk| !chunk.is_empty()));
    chunks
}

fn tell_of_dropped(before: &[(FamilyId, usize)], after: &[(FamilyId, usize)], max_series: usize) {
    for (&(family, was), &(_, is)) in before.iter().zip(after) {
        let family = family.family().name;
        if was == 0 && is > 0 {
            tracing::warn!(
                family,
                series = is,
                max_series,
                "too many series: the family is left out of /metrics"
            );
        } else if was > 0 && is == 0 {
            tracing::info!(family, "the family is back in /metrics");
        }
    }
}
