//! Results on standard output: a table for people, JSON or CSV for machines.

use std::io::Write;

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::units::{Bytes, Limit};

/// How results look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Table,
    /// For machines; bytes as whole numbers, `null` for what is not known
    Json,
}

/// One value: how it reads, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    text: String,
    value: Value,
    is_number: bool,
}

/// What is not known.
const UNKNOWN: &str = "?";

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self { text: on_one_line(text), value: json!(text), is_number: false }
    }

    pub(super) fn maybe(text: Option<&str>) -> Self {
        text.map_or_else(Self::unknown, Self::text)
    }

    pub(super) fn bytes(bytes: Option<Bytes>) -> Self {
        bytes.map_or_else(Self::unknown_number, |bytes| Self {
            text: bytes.to_string(),
            value: json!(bytes.0),
            is_number: true,
        })
    }

    /// A difference, which may be below nothing.
    pub(super) fn difference(bytes: Option<i128>) -> Self {
        let number = bytes.and_then(|bytes| i64::try_from(bytes).ok());
        bytes.map_or_else(Self::unknown_number, |bytes| Self {
            text: signed(bytes),
            value: json!(number),
            is_number: true,
        })
    }

    pub(super) fn count(count: Option<u64>) -> Self {
        count.map_or_else(Self::unknown_number, |count| Self {
            text: count.to_string(),
            value: json!(count),
            is_number: true,
        })
    }

    /// A limit: `"unlimited"` is no number, and not the same as unknown.
    pub(super) fn limit(limit: Option<Limit>) -> Self {
        let value = match limit {
            None => return Self::unknown_number(),
            Some(Limit::Unlimited) => json!("unlimited"),
            Some(Limit::Blocked) => json!(0),
            Some(Limit::Bytes(bytes)) => json!(bytes.0),
        };
        Self { text: limit.map_or_else(String::new, |limit| limit.to_string()), value, is_number: true }
    }

    /// How much of a limit is used, in whole percent; nothing where there is no number to compare with.
    pub(super) fn share(used: Option<Bytes>, limit: Option<Limit>) -> Self {
        let Some((Bytes(used), Limit::Bytes(Bytes(limit)))) = used.zip(limit) else {
            return Self::blank();
        };
        let percent = u128::from(used) * 100 / u128::from(limit.max(1));
        Self { text: format!("{percent} %"), value: json!(percent as u64), is_number: true }
    }

    pub(super) fn yes_no(yes: Option<bool>) -> Self {
        yes.map_or_else(Self::unknown, |yes| Self {
            text: if yes { "yes" } else { "no" }.to_owned(),
            value: json!(yes),
            is_number: false,
        })
    }

    pub(super) fn time(at: Option<Timestamp>) -> Self {
        at.map_or_else(Self::unknown, |at| Self::text(&format!("{at:.0}")))
    }

    pub(super) fn display(what: Option<impl std::fmt::Display>) -> Self {
        Self::maybe(what.map(|what| what.to_string()).as_deref())
    }

    /// A number that there cannot be here.
    pub(super) fn blank() -> Self {
        Self { text: String::new(), value: Value::Null, is_number: true }
    }

    fn unknown() -> Self {
        Self { text: UNKNOWN.to_owned(), value: Value::Null, is_number: false }
    }

    fn unknown_number() -> Self {
        Self { is_number: true, ..Self::unknown() }
    }
}

/// A difference for people: `-1.23 GB`.
pub(super) fn signed(bytes: i128) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", Bytes(u64::try_from(bytes.unsigned_abs()).unwrap_or(u64::MAX)))
}

/// Rows under named columns; the names are the keys in JSON.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    columns: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Listing {
    pub(super) fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{:?}", self.columns);
        self.rows.push(row);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows as objects.
    pub(super) fn to_json(&self) -> Value {
        let object = |row: &Vec<Cell>| {
            let pairs =
                self.columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.value.clone()));
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The rows as comma-separated values with a line of names; bytes as whole numbers, empty for what is not known.
    pub(super) fn to_csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| match &cell.value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }))?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    /// The rows as a table, numbers to the right.
    pub(super) fn to_table(&self) -> String {
        if self.is_empty() {
            return "nothing\n".to_owned();
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(self.columns.iter().map(|name| name.replace('_', " ").to_uppercase()));
        table.add_rows(self.rows.iter().map(|row| row.iter().map(|cell| cell.text.clone())));
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if self.rows.iter().all(|row| row[index].is_number) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
        lines.concat()
    }

    /// Prints the rows.
    pub(super) fn print(&self, format: Format) -> anyhow::Result<()> {
        match format {
            Format::Table => print(&self.to_table()),
            Format::Json => print_json(&self.to_json()),
        }
    }
}

/// Prints a text.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints a value.
pub(super) fn print_json(value: &Value) -> anyhow::Result<()> {
    print(&format!("{value:#}\n"))
}

/// A vendor's name with what would move a terminal's cursor, or turn the line round, escaped.
pub(super) fn on_one_line(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if moves(c) { line.extend(c.escape_unicode()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let mut listing = Listing::new(&["sub_user", "used", "limit", "share"]);
        let (used, limit) = (Some(Bytes(92_450_000_000)), Some(Limit::Bytes(Bytes(100_000_000_000))));
        listing.add(vec![
            Cell::text("a,\"b\""),
            Cell::bytes(used),
            Cell::limit(limit),
            Cell::share(used, limit),
        ]);
        let open = Some(Limit::Unlimited);
        listing.add(vec![
            Cell::text("c\u{202e}\n"),
            Cell::bytes(None),
            Cell::limit(open),
            Cell::share(None, open),
        ]);
        listing
    }

    #[test]
    fn f39_a_table_for_people() {
        insta::assert_snapshot!(listing().to_table(), @r#"
        SUB USER            USED      LIMIT  SHARE
        a,"b"           92.45 GB  100.00 GB   92 %
        c\u{202e}\u{a}         ?  unlimited
        "#);
    }

    #[test]
    fn the_same_for_machines() {
        let csv = "sub_user,used,limit,share\n\"a,\"\"b\"\"\",92450000000,100000000000,92\n\"c\u{202e}\n\",,unlimited,\n";
        assert_eq!(listing().to_csv().unwrap(), csv);
        let rows = json!([
            { "sub_user": "a,\"b\"", "used": 92_450_000_000_u64, "limit": 100_000_000_000_u64, "share": 92 },
            { "sub_user": "c\u{202e}\n", "used": null, "limit": "unlimited", "share": null },
        ]);
        assert_eq!(listing().to_json(), rows);
        assert_eq!(Listing::new(&["x"]).to_table(), "nothing\n");
    }
}
