//! The file: parsed once, with the position of every key and value.

use std::collections::BTreeMap;

use figment::value::{Dict, Empty, Num, Tag, Value};
use toml::de::{DeInteger, DeTable, DeValue};

use super::lines::Lines;
use super::problem::{Place, Problem};
use super::syntax;

/// The keys from the root to a value; an element of a list goes by its number.
pub(super) type Path = Vec<String>;

/// The byte offsets at which a key and its value begin.
#[derive(Clone, Copy, Debug)]
struct Spot {
    key: usize,
    value: usize,
}

/// The values of a file, and where each stands; never printed, as secrets are in it.
pub(super) struct Document {
    pub(super) values: Dict,
    pub(super) positions: Positions,
}

/// Where the keys and values of a file stand.
pub(super) struct Positions {
    lines: Lines,
    spots: BTreeMap<Path, Spot>,
    floats: BTreeMap<Path, String>,
}

impl Positions {
    /// A number with a point or an exponent by its digits, which the values have only as a float.
    pub(super) fn float(&self, path: &[String]) -> Option<&str> {
        self.floats.get(path).map(String::as_str)
    }

    /// The file as a whole.
    pub(super) fn file(&self) -> Place {
        self.lines.file()
    }

    /// Where a key stands, if it is in the file.
    pub(super) fn key(&self, path: &[String]) -> Option<Place> {
        self.spots.get(path).map(|spot| self.lines.place(spot.key))
    }

    /// Where a value stands, if it is in the file.
    pub(super) fn value(&self, path: &[String]) -> Option<Place> {
        self.spots.get(path).map(|spot| self.lines.place(spot.value))
    }
}

/// Reads a file's text.
///
/// # Errors
/// Every syntax error of it.
pub(super) fn parse(file: &str, text: &str) -> Result<Document, Vec<Problem>> {
    let lines = Lines::new(file, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax::problems(&lines, &errors));
    }
    let mut floats = BTreeMap::new();
    let mut spots = BTreeMap::new();
    let values = read_table(table.get_ref(), &mut Vec::new(), &mut spots);
    find_floats(table.get_ref(), &mut Vec::new(), &mut floats);
    Ok(Document { values, positions: Positions { lines, spots, floats } })
}

fn read_table(table: &DeTable<'_>, path: &mut Path, spots: &mut BTreeMap<Path, Spot>) -> Dict {
    let mut dict = Dict::new();
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        spots.insert(path.clone(), Spot { key: key.span().start, value: value.span().start });
        dict.insert(key.get_ref().to_string(), read_value(value.get_ref(), path, spots));
        path.pop();
    }
    dict
}

fn read_value(value: &DeValue<'_>, path: &mut Path, spots: &mut BTreeMap<Path, Spot>) -> Value {
    // figment puts the tag of the layer.
    let tag = Tag::Default;
    match value {
        DeValue::String(text) => Value::String(tag, text.to_string()),
        DeValue::Integer(integer) => {
            whole(integer).map_or(Value::Empty(tag, Empty::None), |num| Value::Num(tag, num))
        }
        DeValue::Float(float) => Value::Num(tag, Num::F64(float.as_str().parse().unwrap_or(f64::NAN))),
        DeValue::Boolean(flag) => Value::Bool(tag, *flag),
        // No key takes TOML's own times; those that take times take them as texts.
        DeValue::Datetime(time) => Value::String(tag, time.to_string()),
        DeValue::Array(items) => {
            let mut read = Vec::new();
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                spots.insert(path.clone(), Spot { key: item.span().start, value: item.span().start });
                read.push(read_value(item.get_ref(), path, spots));
                path.pop();
            }
            Value::Array(tag, read)
        }
        DeValue::Table(table) => Value::Dict(tag, read_table(table, path, spots)),
    }
}

fn find_floats(table: &DeTable<'_>, path: &mut Path, floats: &mut BTreeMap<Path, String>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Float(float) => {
                floats.insert(path.clone(), float.as_str().replace('_', ""));
            }
            DeValue::Table(below) => find_floats(below, path, floats),
            _ => {}
        }
        path.pop();
    }
}

/// A whole number, or nothing where it has more than 128 bits.
fn whole(integer: &DeInteger<'_>) -> Option<Num> {
    i128::from_str_radix(integer.as_str(), integer.radix()).ok().map(Num::I128)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(dotted: &str) -> Path {
        dotted.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn every_key_and_value_has_its_position() {
        let document = parse("f", "\u{feff}a = 1\n[b.c]\n\"ä\" = 'x' # \n d = [1,\n  2]\n").unwrap();
        for (key, key_at, value_at) in [
            ("a", "f:1:1: ", "f:1:5: "),
            ("b.c", "f:2:4: ", "f:2:1: "),
            ("b.c.ä", "f:3:1: ", "f:3:7: "),
            ("b.c.d.1", "f:5:3: ", "f:5:3: "),
        ] {
            let path = path(key);
            assert_eq!(document.positions.key(&path).unwrap().to_string(), key_at, "{key}");
            assert_eq!(document.positions.value(&path).unwrap().to_string(), value_at, "{key}");
        }
    }

    #[test]
    fn numbers_of_any_size_are_read() {
        for text in ["a = 9223372036854775808", "a = 0xffff_ffff_ffff_ffff_ffff", "a = -inf", "a = 1e999"] {
            assert!(parse("f", text).is_ok(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        for text in [format!("{}a = 1", "a.".repeat(100_000)), format!("a = {}", "[".repeat(100_000))] {
            assert!(parse("f", &text).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(?s).*", lines in "([\\[\\]a-c.=\"'#{}, 0-9\n\r-]|\\PC)*") {
            let _unused = parse("f", &text);
            let _unused = parse("f", &lines);
        }
    }
}
