//! Syntax errors in an operator's words.

use std::collections::BTreeSet;

use super::lines::Lines;
use super::problem::{Problem, quote};

/// One problem a line: what else the parser finds on it follows from the first.
pub(super) fn problems(lines: &Lines, errors: &[toml::de::Error]) -> Vec<Problem> {
    let headers: BTreeSet<usize> =
        (1..=lines.count()).filter(|number| lines.line(*number).trim_start().starts_with('[')).collect();
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    let mut doubled_table = None;
    for error in errors {
        let offset = error.span().map(|span| span.start);
        if let Some(offset) = offset {
            let line = lines.number(offset);
            let table = headers.range(..=line).next_back().copied();
            // Every key below a doubled table is doubled with it.
            let follows = is_double(error) && table.is_some() && table == doubled_table;
            if follows || !told.insert(line) {
                continue;
            }
            if is_double(error) && table == Some(line) {
                doubled_table = table;
            }
        }
        let place = offset.map_or_else(|| lines.file(), |offset| lines.place(offset));
        let (message, hint) = words(lines, error);
        problems.push(Problem { place, key: String::new(), message, hint: hint.map(str::to_owned) });
    }
    problems
}

fn is_double(error: &toml::de::Error) -> bool {
    error.message().starts_with("duplicate key")
}

/// The parser's own words where they are plain enough; they name no values.
fn words(lines: &Lines, error: &toml::de::Error) -> (String, Option<&'static str>) {
    let message = error.message();
    let starts = |start| message.starts_with(start);
    let (message, hint) = if is_double(error) {
        let name = quote(lines.slice(error.span().unwrap_or_default()));
        return (format!("{name} stands a second time here"), Some("put both together, or take one out"));
    } else if starts("string values must be quoted") {
        ("expected a value: a text in quotes, a number, true or false", Some("write: key = \"text\""))
    } else if starts("invalid basic string") || starts("invalid literal string") {
        ("this text has no closing quote on its line", None)
    } else if starts("unclosed table") {
        ("the name of a table has no closing bracket", Some("write: [name]"))
    } else if starts("unclosed array") {
        ("this list has no closing bracket", None)
    } else if starts("key with no value") {
        ("expected \"=\" after the key", Some("write: key = value"))
    } else if starts("missing escaped value") {
        ("this character cannot follow a backslash", Some("double the backslash, or use 'single quotes'"))
    } else if starts("invalid float") || starts("unexpected leading zero") {
        ("this is no number; a text needs quotes", Some("write: key = \"text\""))
    } else {
        (message, None)
    };
    (message.to_owned(), hint)
}
