//! From a path and an environment to a checked configuration.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem, Problems, quote_path};
use super::reader::Reader;
use super::{Config, accounts, collect, document, environment, layers, log, operator, web};

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

/// The variables that are meant for proxymeter; other names may be of any kind.
fn ours(variables: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<String, OsString> {
    variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(environment::PREFIX))
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
    let config = read(&reader, file);
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
fn read(reader: &Reader, file: &Path) -> Option<Config> {
    let root = reader.root();
    let folder = file.parent().unwrap_or(Path::new(""));
    Some(Config {
        web: web::read(&root),
        collect: collect::read(&root),
        accounts: accounts::read(&root, folder),
        log: log::read(&root),
        operator: operator::read(&root),
        file: file.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The keys that a file names, commented or not: `[section]` and `key = …` at the start of a line.
    fn keys_named(text: &str) -> BTreeSet<String> {
        let mut section = String::new();
        let mut keys = BTreeSet::new();
        for line in text.lines() {
            let line = line.trim_start_matches("# ");
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.to_owned();
                if let Some((_, below)) = name.strip_prefix("accounts.").and_then(|name| name.split_once('.'))
                {
                    section = format!("accounts.*.{below}");
                } else if name.starts_with("accounts.") {
                    section = "accounts.*".to_owned();
                }
            } else if let Some((key, _)) = line.split_once(" = ")
                && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                keys.insert(format!("{section}.{key}"));
            }
        }
        keys
    }

    #[test]
    fn the_default_file_names_every_key_and_no_other() {
        let file = Path::new("config/default.toml");
        let text = std::fs::read_to_string(file).unwrap();
        let (reader, _) = layered(file, &text, &BTreeMap::new()).unwrap();
        read(&reader, file).unwrap();
        let tables = ["web", "operator", "collect", "log", "accounts", "accounts.*", "accounts.*.schedule"];
        let known: BTreeSet<String> = reader
            .known()
            .into_iter()
            .map(|path| path.join("."))
            .filter(|key| !tables.contains(&key.as_str()))
            .collect();
        assert_eq!(keys_named(&text), known);
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
