//! A digest as lines of text in columns.

use super::{clean, filters};
use crate::notify::message::{Digest, DigestRow};

/// Characters of a name in a column.
const LONGEST: usize = 36;

/// The lines, with a head; none where there are no rows.
pub(super) fn of(digest: &Digest) -> Vec<String> {
    if digest.rows.is_empty() {
        return Vec::new();
    }
    let head = ["target", "used", "of", "share", "forecast", "over", "budget"].map(str::to_owned);
    let cells: Vec<[String; 7]> = std::iter::once(head).chain(digest.rows.iter().map(cells)).collect();
    let mut widths = [0; 7];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 7]| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Figures stand at the right of their columns.
            line += &if (1..=4).contains(&column) {
                format!("{cell:>width$}  ")
            } else {
                format!("{cell:<width$}  ")
            };
        }
        line.trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

fn cells(row: &DigestRow) -> [String; 7] {
    let figure =
        |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |bytes| filters::bytes(Some(bytes)));
    [
        clean::line(&row.target, LONGEST),
        figure(row.used_bytes),
        figure(row.amount_bytes),
        filters::share(row.used_bytes, row.amount_bytes),
        figure(row.forecast_bytes),
        row.over.as_deref().map_or_else(String::new, |over| clean::line(over, LONGEST)),
        clean::line(&row.budget, LONGEST),
    ]
}
