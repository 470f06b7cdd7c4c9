//! From a path and an environment to a checked configuration.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem, Problems, quote_path};
use super::reader::Reader;
use super::{
    Config, accounts, budgets, collect, document, environment, guard, layers, log, operator, owners,
    receivers, smtp, store, switch, web,
};

/// Where the file is looked for, when neither the command nor the environment names one.
const PLACES: [&str; 2] = ["proxymeter.toml", "/etc/proxymeter/proxymeter.toml"];

/// Loads the configuration: the file, then the variables `PROXYMETER__…` over it.
///
/// The file is `path`, else what `PROXYMETER__CONFIG` names, else `proxymeter.toml` here, else the one in `/etc/proxymeter`.
/// Secrets' files are not read: see [`Config::unreadable_secrets`].
///
/// # Errors
/// Every mistake at once.
pub fn load(
    path: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    let variables = ours(variables);
    let named = path.map(Path::to_owned).or_else(|| variables.get(environment::CONFIG).map(PathBuf::from));
    let (file, text) = match named {
        Some(file) => {
            let text = read_file(&file).map_err(|problem| Problems::from(vec![problem]))?;
            (file, text)
        }
        None => find(&PLACES.map(PathBuf::from)).map_err(|problem| Problems::from(vec![problem]))?,
    };
    load_layers(&file, &text, &variables)
}

/// Loads a text as though it stood in `file`, which need not exist.
///
/// # Errors
/// Every mistake at once.
pub fn load_text(
    file: &Path,
    text: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Config, Problems> {
    load_layers(file, text, &ours(variables))
}

/// The variables that are meant for proxymeter, and systemd's for its state; other names may be of any kind.
fn ours(variables: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<String, OsString> {
    variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(environment::PREFIX) || name == store::STATE_DIRECTORY)
        .collect()
}

fn find(places: &[PathBuf]) -> Result<(PathBuf, String), Problem> {
    for place in places {
        // Anything but absence is told: a file that cannot be read is not passed over.
        if place.symlink_metadata().is_ok() {
            return read_file(place).map(|text| (place.clone(), text));
        }
    }
    let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    Err(Problem {
        place: Place::Nowhere,
        key: String::new(),
        message: format!("no configuration found; looked for {}", looked.join(" and ")),
        hint: Some(format!("name one by --config FILE or {}=FILE", environment::CONFIG)),
    })
}

fn read_file(file: &Path) -> Result<String, Problem> {
    let refuse = |place, message: String| Problem { place, key: String::new(), message, hint: None };
    let bytes = std::fs::read(file).map_err(|error: io::Error| {
        let message = format!("the configuration {} cannot be read: {error}", quote_path(file));
        refuse(Place::Nowhere, message)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&valid[start..]).chars().count() + 1;
        let place = Place::Position { file: file.display().to_string().into(), line, column };
        refuse(place, "this is not UTF-8 text".to_owned())
    })
}

fn load_layers(file: &Path, text: &str, variables: &BTreeMap<String, OsString>) -> Result<Config, Problems> {
    let (reader, mut problems) = layered(file, text, variables)?;
    let config = read(&reader, file, variables);
    problems.extend(reader.finish());
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(Problems::from(problems)),
    }
}

/// Both layers, merged; with the problems of the environment, which stop nothing else from being read.
fn layered(
    file: &Path,
    text: &str,
    variables: &BTreeMap<String, OsString>,
) -> Result<(Reader, Vec<Problem>), Problems> {
    let document = document::parse(&file.display().to_string(), text).map_err(Problems::from)?;
    let names = names_by_operator(&document.values);
    let (environment, problems) = environment::read(variables, &names);
    let (figment, values) = layers::merge(document.values, environment.values);
    Ok((Reader::new(values, figment, document.positions, environment.variables), problems))
}

/// The names in the file of every table in a table.
fn names_by_operator(values: &figment::value::Dict) -> Vec<(String, String)> {
    let tables = values.iter().filter_map(|(table, value)| Some((table, value.as_dict()?)));
    tables
        .flat_map(|(table, below)| {
            let names = below.iter().filter(|(_, value)| value.as_dict().is_some());
            names.map(move |(name, _)| (table.clone(), name.clone()))
        })
        .collect()
}

/// Reads every section; what comes out is whole only if no problem was noted.
fn read(reader: &Reader, file: &Path, variables: &BTreeMap<String, OsString>) -> Option<Config> {
    let root = reader.root();
    let folder = file.parent().unwrap_or(Path::new(""));
    let receivers = receivers::read(&root, folder);
    let collect = collect::read(&root);
    let guard = guard::read(&root);
    let accounts = accounts::read(&root, folder, &guard);
    let around = budgets::Around {
        accounts: &accounts,
        has_all: !accounts.is_empty() && accounts.len() == root.count("accounts"),
        receivers: &receivers,
        lag: collect.lag,
    };
    let budgets = budgets::read(&root, &around);
    Some(Config {
        web: web::read(&root),
        collect,
        writes_off: switch::read(&root),
        accounts,
        budgets: budgets.read,
        standing_caps: budgets.standing_caps,
        store: store::read(&root, folder, variables),
        log: log::read(&root),
        operator: operator::read(&root, &receivers, folder),
        smtp: smtp::read(&root, folder, receivers.has_email),
        owners: owners::read(&root, &receivers),
        receivers: receivers.read,
        file: file.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A table's name with `*` for what the operator names.
    fn pattern(table: &str) -> String {
        let mut keys: Vec<&str> = table.split('.').collect();
        for at in [1, 3] {
            let is_named = ["accounts", "budgets", "receivers", "thresholds"];
            if at < keys.len() && is_named.contains(&keys[at - 1]) {
                keys[at] = "*";
            }
        }
        keys.join(".")
    }

    /// The keys that a file names, commented or not: `[section]` and `key = …` at the start of a line.
    fn keys_named(text: &str) -> BTreeSet<String> {
        let mut section = String::new();
        let mut keys = BTreeSet::new();
        for line in text.lines() {
            let line = line.trim_start_matches("# ");
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = pattern(name);
            } else if let Some((key, _)) = line.split_once(" = ")
                && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                keys.insert(format!("{section}.{key}").trim_start_matches('.').to_owned());
            }
        }
        keys
    }

    /// The file with its examples of receivers, budgets and mail live; what is commented twice stays a comment.
    fn with_examples(text: &str) -> String {
        let mut is_example = false;
        let lines = text.lines().map(|line| {
            let table = line.trim_start_matches("# ");
            if table.starts_with('[') {
                let live = ["[receivers.", "[budgets.", "[templates]", "[owners]", "[smtp]"];
                is_example = live.iter().any(|start| table.starts_with(start));
            }
            let bare = line.strip_prefix("# ").filter(|bare| {
                let key = bare.split_once(" = ").map(|(key, _)| key);
                bare.starts_with('[') || key.is_some_and(|key| !key.contains([' ', '#']))
            });
            bare.filter(|_| is_example).unwrap_or(line).to_owned() + "\n"
        });
        lines.collect()
    }

    #[test]
    fn the_default_file_names_every_key_and_no_other() {
        let file = Path::new("config/default.toml");
        let text = with_examples(&std::fs::read_to_string(file).unwrap());
        let (reader, _) = layered(file, &text, &BTreeMap::new()).unwrap();
        let config = read(&reader, file, &BTreeMap::new()).unwrap();
        assert!(config.budgets.len() > 1 && config.receivers.len() == 4 && config.smtp.is_some());
        let known = reader.known();
        let is_table = |path: &Vec<String>| {
            path.last().is_some_and(|last| last == "*")
                || path != &["budgets", "*", "labels"]
                    && known.iter().any(|other| other.len() > path.len() && other.starts_with(path))
        };
        let tables =
            ["web", "operator", "collect", "store", "log", "guard", "receivers", "budgets", "accounts"];
        let keys: BTreeSet<String> = known
            .iter()
            .filter(|path| !is_table(path) && !tables.contains(&path.join(".").as_str()))
            .map(|path| path.join("."))
            .collect();
        assert_eq!(keys_named(&text), keys);
        assert_eq!(Problems::from(reader.finish()).to_string(), "", "the examples load");
    }

    #[test]
    fn the_first_place_that_has_a_file_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let places = ["here.toml", "there.toml"].map(|name| folder.path().join(name));
        let said = find(&places).unwrap_err().to_string();
        let expected = format!(
            "no configuration found; looked for {} and {}\n    name one by --config FILE or PROXYMETER__CONFIG=FILE",
            places[0].display(),
            places[1].display()
        );
        assert_eq!(said, expected);
        for place in places.iter().rev() {
            std::fs::write(place, "").unwrap();
            assert_eq!(&find(&places).unwrap().0, place);
        }
    }
}
