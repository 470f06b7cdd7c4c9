//! The order in which segments stand on the page, and which are left out when there are too many.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use crc32fast::Hasher;

use super::negotiate::Format;
use super::segment::{Piece, Segment};
use super::writer::SampleWriter;
use crate::domain::account::AccountName;
use crate::metrics::catalog::{FAMILIES, Family, FamilyId, GIVEN_UP_FIRST, Kind};

/// The segments of each account.
pub(super) type Accounts = BTreeMap<AccountName, Arc<[(FamilyId, Segment)]>>;

/// All segments in the order of the page, ready to be handed out in every format and packing.
pub(super) struct Layout {
    pub(super) accounts: Accounts,
    /// How many series of which family are left out, for each that may be.
    pub(super) dropped: Vec<(FamilyId, usize)>,
    text: Page,
    open_metrics: Page,
}

impl Layout {
    pub(super) fn new(accounts: Accounts, max_series: usize) -> Self {
        let dropped = left_out(&accounts, max_series);
        let dropped_samples = dropped_samples(&dropped);
        let mut layout = Self { accounts, dropped, text: Page::default(), open_metrics: Page::default() };
        for &id in FamilyId::ALL {
            if layout.dropped.iter().any(|&(family, series)| family == id && series > 0) {
                continue;
            }
            let all = layout.accounts.values().flat_map(|segments| segments.iter());
            let mut samples: Vec<&Piece> = all
                .filter(|(family, segment)| *family == id && segment.series() > 0)
                .map(|(_, segment)| &segment.piece)
                .collect();
            if id == FamilyId::SeriesDropped {
                samples.push(&dropped_samples);
            }
            if samples.is_empty() {
                continue;
            }
            layout.text.push(&HEADERS[id as usize].text);
            layout.open_metrics.push(&HEADERS[id as usize].open_metrics);
            for piece in samples {
                layout.text.push(piece);
                layout.open_metrics.push(piece);
            }
        }
        layout
    }

    pub(super) fn page(&self, format: Format) -> &Page {
        match format {
            Format::Text => &self.text,
            Format::OpenMetrics => &self.open_metrics,
        }
    }
}

/// Pieces one after the other, in both packings.
#[derive(Clone, Default)]
pub(super) struct Page {
    pub(super) text: Vec<Bytes>,
    pub(super) text_length: u64,
    pub(super) deflate: Vec<Bytes>,
    pub(super) deflate_length: u64,
    pub(super) crc: Hasher,
}

impl Page {
    pub(super) fn push(&mut self, piece: &Piece) {
        self.text.push(piece.text.clone());
        self.text_length += piece.text.len() as u64;
        self.deflate.push(piece.deflate.clone());
        self.deflate_length += piece.deflate.len() as u64;
        self.crc.combine(&piece.crc);
    }
}

/// Whole families are left out, in their order, until the rest is few enough or nothing more may go.
fn left_out(accounts: &Accounts, max_series: usize) -> Vec<(FamilyId, usize)> {
    let mut series = vec![0; FAMILIES.len()];
    for (family, segment) in accounts.values().flat_map(|segments| segments.iter()) {
        series[*family as usize] += segment.series();
    }
    let mut left: usize = series.iter().sum();
    let give_up = |&family: &FamilyId| {
        let gone = if left > max_series { series[family as usize] } else { 0 };
        left -= gone;
        (family, gone)
    };
    GIVEN_UP_FIRST.iter().map(give_up).collect()
}

fn dropped_samples(dropped: &[(FamilyId, usize)]) -> Piece {
    let mut writer = SampleWriter::global(FamilyId::SeriesDropped);
    for (family, series) in dropped {
        writer.sample(&[family.family().name], *series);
    }
    writer.finish().1.piece
}

struct Header {
    text: Piece,
    open_metrics: Piece,
}

static HEADERS: LazyLock<Vec<Header>> = LazyLock::new(|| {
    let piece = |header: String| Piece::new(header.into_bytes());
    let both = |family| Header {
        text: piece(text_header(family)),
        open_metrics: piece(open_metrics_header(family)),
    };
    FAMILIES.iter().map(both).collect()
});

fn text_header(family: &Family) -> String {
    let Family { name, kind, help, .. } = family;
    format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str())
}

fn open_metrics_header(family: &Family) -> String {
    let Family { name, kind, unit, help, .. } = family;
    crate::metrics::own::openmetrics::header(name, *kind == Kind::Counter, kind.as_str(), *unit, help)
}
