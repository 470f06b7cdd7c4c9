//! Which keys are no keys of ours: unknown, misspelt, at home elsewhere, or not there yet.

use figment::value::{Dict, Value};

use super::super::document::Path;
use super::super::environment::variable;
use super::super::later;
use super::super::nearest::nearest;
use super::super::problem::{Place, dotted};
use super::{ANY, Reader};

impl Reader {
    pub(super) fn check_names(&self, values: &Dict, path: &mut Path, pattern: &mut Path) {
        for (key, value) in values {
            path.push(key.clone());
            pattern.push(key.clone());
            if !self.is_known(pattern) {
                pattern.pop();
                pattern.push(ANY.to_owned());
            }
            if later::is_later(path) {
                self.push(path, self.key_place(path), later::message(), Some(later::HINT.to_owned()));
            } else if !self.is_known(pattern) {
                pattern.pop();
                self.unknown_key(path, value, pattern);
                pattern.push(key.clone());
            } else if let Value::Dict(_, below) = value
                && self.is_table(pattern)
                && !self.settled.borrow().contains(path)
            {
                self.check_names(below, path, pattern);
            }
            path.pop();
            pattern.pop();
        }
    }

    fn is_known(&self, pattern: &[String]) -> bool {
        self.known.borrow().contains(pattern)
    }

    fn is_table(&self, pattern: &[String]) -> bool {
        self.known.borrow().iter().any(|known| known.len() > pattern.len() && known.starts_with(pattern))
    }

    /// One problem where the file has the key, and one for each variable that sets it or a key below it.
    fn unknown_key(&self, path: &Path, value: &Value, section: &Path) {
        let known = self.known.borrow();
        let depth = section.len();
        let here: Vec<&str> = known
            .iter()
            .filter(|known| known.len() == depth + 1 && known.starts_with(section) && known[depth] != ANY)
            .map(|known| known[depth].as_str())
            .collect();
        let key = &path[depth];
        let near = nearest(key, here.iter().copied());
        if let Some(near) = near {
            self.found_misspelt(&path[..depth], near);
        }
        let elsewhere: Vec<&Path> =
            known.iter().filter(|known| known.last() == Some(key) && known.len() > 1).collect();
        if let Some(place) = self.positions.key(path) {
            let hint = match (near, elsewhere.as_slice()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, [one]) => {
                    format!("it belongs under [{}]", dotted(&one[..one.len() - 1]).replace("\"*\"", "NAME"))
                }
                (None, _) => format!("known here: {}", here.join(", ")),
            };
            self.push(path, place, unknown(value).to_owned(), Some(hint));
        }
        for (variable_path, name) in self.variables.iter().filter(|(below, _)| below.starts_with(path)) {
            let hint = near.map(|near| {
                let mut meant = variable_path.clone();
                near.clone_into(&mut meant[depth]);
                format!("did you mean {}?", variable(&meant))
            });
            let hint =
                hint.or_else(|| (!here.is_empty()).then(|| format!("known here: {}", here.join(", "))));
            self.push(path, Place::Variable(name.clone()), "names no key".to_owned(), hint);
        }
    }

    /// What is there under a wrong name is not missing as well.
    fn found_misspelt(&self, section: &[String], name: &str) {
        let is_meant = |key: &String| key == name || name.strip_suffix("_file") == Some(key);
        self.missing.borrow_mut().retain(|(path, _)| {
            !(path.starts_with(section) && path.get(section.len()).is_some_and(is_meant))
        });
    }
}

fn unknown(value: &Value) -> &'static str {
    match value {
        Value::Dict(..) => "unknown table",
        _ => "unknown key",
    }
}
