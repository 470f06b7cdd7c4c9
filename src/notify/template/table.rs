//! A digest as lines of text in columns.

use super::{clean, filters};
use crate::notify::message::{Digest, DigestRow};

/// Characters of a name in a column.
const LONGEST: usize = 36;

/// Characters of a name in a line.
const LONGEST_IN_LINE: usize = 100;

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

/// The rows, each in a line that may wrap, for where letters have different widths.
pub(super) fn in_lines(digest: &Digest) -> Vec<String> {
    digest.rows.iter().map(in_line).collect()
}

fn in_line(row: &DigestRow) -> String {
    let share = filters::share(row.used_bytes, row.amount_bytes);
    let mut parts = Vec::new();
    if !share.is_empty() {
        parts.push(share);
    }
    parts.push(match (row.used_bytes, row.amount_bytes) {
        (used, Some(amount)) => format!("{} of {}", filters::bytes(used), filters::bytes(Some(amount))),
        (used, None) => filters::bytes(used),
    });
    parts.extend(row.forecast_bytes.map(|bytes| format!("forecast {}", filters::bytes(Some(bytes)))));
    parts.extend(row.over.as_deref().map(|over| format!("over: {}", clean::line(over, LONGEST))));
    let target = clean::line(&row.target, LONGEST_IN_LINE);
    format!("{target} ({}): {}", clean::line(&row.budget, LONGEST), parts.join(", "))
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
