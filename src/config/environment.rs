//! The environment: variables with a double underscore, each value as raw text.

use std::collections::BTreeMap;
use std::ffi::OsString;

use figment::value::{Dict, Tag, Value};

use super::document::Path;
use super::problem::{Place, Problem, dotted};

/// What every variable begins with.
pub(super) const PREFIX: &str = "PROXYMETER__";

/// The variable that names the file instead of a key of it.
pub(super) const CONFIG: &str = "PROXYMETER__CONFIG";

/// The tables whose keys are names given by the operator, so that `-` in them is `_` here.
const NAMED: [&str; 3] = ["accounts", "budgets", "receivers"];

/// How deep a key may lie; what is deeper is no key of ours.
const DEEPEST: usize = 8;

/// The values that the environment gives, and the variable that each came from; never printed.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) values: Dict,
    pub(super) variables: BTreeMap<Path, String>,
}

/// Reads the variables that begin with the prefix.
///
/// `names` are the names in the file, table by table: they decide where a name ends that itself ends in `-`.
pub(super) fn read(
    variables: &BTreeMap<String, OsString>,
    names: &[(String, String)],
) -> (Environment, Vec<Problem>) {
    let mut environment = Environment::default();
    let mut problems = Vec::new();
    for (variable, value) in variables {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        if variable == CONFIG {
            continue;
        }
        let path = key_path(rest, names);
        let mut refuse = |key: String, message: &str, hint: Option<&str>| {
            problems.push(Problem {
                place: Place::Variable(variable.clone()),
                key,
                message: message.to_owned(),
                hint: hint.map(str::to_owned),
            });
        };
        let Some(value) = value.to_str() else {
            refuse(dotted(&path), "the value is not UTF-8", None);
            continue;
        };
        if path.len() > DEEPEST || path.iter().any(String::is_empty) {
            refuse(String::new(), "no key has such a name", Some("write: PROXYMETER__SECTION__KEY=value"));
            continue;
        }
        match insert(&mut environment.values, &path, value) {
            Ok(()) => {
                environment.variables.insert(path, variable.clone());
            }
            Err(Taken) => {
                let message = "another variable sets this key, a table above it or a key below it";
                refuse(dotted(&path), message, Some("unset one of them"));
            }
        }
    }
    (environment, problems)
}

/// The name of the variable for a key, fit for a message.
pub(super) fn variable(path: &[String]) -> String {
    let segments: Vec<String> = path.iter().map(|key| key.to_uppercase().replace('-', "_")).collect();
    format!("{PREFIX}{}", segments.join("__").escape_debug())
}

fn key_path(rest: &str, names: &[(String, String)]) -> Path {
    let rest = rest.to_lowercase();
    let folded = |name: &str| name.replace('-', "_");
    // The longest name first: `a-` would otherwise be taken for `a`.
    let in_file = names
        .iter()
        .filter_map(|(table, name)| {
            let start = format!("{table}__{}__", folded(name));
            rest.strip_prefix(&start).map(|keys| (start.len(), table, name, keys))
        })
        .max_by_key(|(length, ..)| *length);
    if let Some((_, table, name, keys)) = in_file {
        let start = [table.clone(), name.clone()].into_iter();
        return with_threshold(start.chain(keys.split("__").map(str::to_owned)).collect());
    }
    let mut path: Path = rest.split("__").map(str::to_owned).collect();
    if let [table, name, ..] = path.as_mut_slice()
        && NAMED.contains(&table.as_str())
    {
        *name = name.replace('_', "-");
    }
    with_threshold(path)
}

/// The names of a budget's thresholds are the operator's as well.
fn with_threshold(mut path: Path) -> Path {
    if let [table, _, thresholds, name, ..] = path.as_mut_slice()
        && table == "budgets"
        && thresholds == "thresholds"
    {
        *name = name.replace('_', "-");
    }
    path
}

/// Two variables want the same place.
struct Taken;

fn insert(values: &mut Dict, path: &[String], text: &str) -> Result<(), Taken> {
    let Some((key, below)) = path.split_first() else { return Err(Taken) };
    if below.is_empty() {
        if values.contains_key(key) {
            return Err(Taken);
        }
        values.insert(key.clone(), Value::String(Tag::Default, text.to_owned()));
        return Ok(());
    }
    match values.entry(key.clone()).or_insert_with(|| Value::Dict(Tag::Default, Dict::new())) {
        Value::Dict(_, dict) => insert(dict, below, text),
        _ => Err(Taken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_pairs(pairs: &[(&str, &str)], names: &[(&str, &str)]) -> (Environment, Vec<Problem>) {
        let variables =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        let names: Vec<_> =
            names.iter().map(|(table, name)| ((*table).to_owned(), (*name).to_owned())).collect();
        read(&variables, &names)
    }

    #[test]
    fn names_become_keys() {
        for (variable, names, key) in [
            ("PROXYMETER__WEB__LISTEN", &[][..], "web.listen"),
            ("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD_FILE", &[], "accounts.acme-mobile.password_file"),
            (
                "PROXYMETER__ACCOUNTS__A___PASSWORD",
                &[("accounts", "a"), ("accounts", "a-")],
                "accounts.a-.password",
            ),
            ("PROXYMETER__ACCOUNTS__A__B__PASSWORD", &[("accounts", "a--b")], "accounts.a--b.password"),
            (
                "PROXYMETER__ACCOUNTS__A_B__SCHEDULE__SUB_USERS",
                &[("accounts", "a-b")],
                "accounts.a-b.schedule.sub_users",
            ),
        ] {
            let (environment, problems) = read_pairs(&[(variable, "x")], names);
            assert_eq!(problems, []);
            assert_eq!(dotted(environment.variables.keys().next().unwrap()), key, "{variable}");
        }
    }

    #[test]
    fn only_double_underscores_are_read() {
        let pairs = [("PROXYMETER_PORT", "tcp://10.0.0.1:80"), ("PATH", "/bin"), ("PROXYMETER", "x")];
        let (environment, problems) = read_pairs(&pairs, &[]);
        assert!(environment.values.is_empty() && problems.is_empty());
    }

    #[test]
    fn the_name_of_a_variable_stays_on_its_line() {
        let path = ["log".to_owned(), "level\u{1b}\n".to_owned()];
        assert_eq!(variable(&path), r"PROXYMETER__LOG__LEVEL\u{1b}\n");
    }

    #[test]
    fn variables_that_exclude_one_another_are_refused() {
        for pairs in [
            [("PROXYMETER__LOG", "x"), ("PROXYMETER__LOG__LEVEL", "debug")],
            [("PROXYMETER__LOG__LEVEL", "x"), ("PROXYMETER__log__level", "debug")],
            [("PROXYMETER__LOG__LEVEL", "x"), ("PROXYMETER__LOG____LEVEL", "debug")],
        ] {
            assert_eq!(read_pairs(&pairs, &[]).1.len(), 1, "{pairs:?}");
        }
    }
}
