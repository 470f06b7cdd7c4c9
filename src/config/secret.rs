//! Secrets: in the configuration itself, or in a file that is read when it is needed.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::complaint::{Complaint, Hint};
use super::problem::{Place, Problem};
use super::reader::Section;

/// How many bytes a secret has at most; whatever is longer is another file.
const LONGEST: u64 = 64 << 10;

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// It stands in the configuration or in the environment.
    Inline(SecretString),
    /// It stands in a file.
    File(SecretFile),
}

impl SecretSource {
    /// The secret as it is now: a file is read anew.
    ///
    /// # Errors
    /// The file cannot be read, or does not hold a secret.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(file) => file.read(),
        }
    }
}

/// A file with a secret, and the key that names it.
#[derive(Clone)]
pub struct SecretFile {
    /// The file; a relative path in the configuration is seen from the configuration's folder.
    pub path: PathBuf,
    /// The dotted key, such as `accounts.acme.password_file`.
    pub key: String,
    place: Place,
}

impl SecretFile {
    fn read(&self) -> Result<SecretString, SecretError> {
        let error = |reason| SecretError { key: self.key.clone(), path: self.path.clone(), reason };
        read_file(&self.path).map_err(error)
    }
}

/// The path alone; where the key stands is no part of what it means.
impl fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretFile").field(&self.path).finish()
    }
}

/// A secret that cannot be had, by its key and its file; the text never holds contents.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {}", .reason.of(.path))]
pub struct SecretError {
    /// The dotted key of the configuration.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub reason: SecretFault,
}

/// What is wrong with a secret's file.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// The operating system refuses.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// Nothing in it, or a line break alone.
    #[error("is empty")]
    Empty,
    /// Not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// Longer than any secret.
    #[error("has more than 64 KiB, so it is no secret's file")]
    TooLong,
}

impl SecretFault {
    fn of(&self, path: &Path) -> String {
        format!("{} {self}", super::problem::quote_path(path))
    }
}

fn read_file(path: &Path) -> Result<SecretString, SecretFault> {
    read_secret(std::fs::File::open(path).map_err(SecretFault::Unreadable)?)
}

/// A secret from a file or from standard input; one line break at its end is cut.
///
/// # Errors
/// What cannot be read, or is no secret.
pub fn read_secret(from: impl Read) -> Result<SecretString, SecretFault> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1).read_to_end(&mut bytes).map_err(SecretFault::Unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(SecretFault::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| SecretFault::NotText)?;
    let secret =
        text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if secret.is_empty() { Err(SecretFault::Empty) } else { Ok(SecretString::from(secret)) }
}

/// The keys of one secret: as it is, and by a file.
pub(super) struct SecretKeys {
    pub(super) inline: &'static str,
    pub(super) file: &'static str,
}

/// Reads a secret that must be there in exactly one way.
pub(super) fn required(section: &Section<'_>, keys: &SecretKeys, folder: &Path) -> Option<SecretSource> {
    let secret = optional(section, keys, folder, |_| Ok(()));
    if secret.is_none() {
        missing(section, keys);
    }
    secret.flatten()
}

/// Notes that a secret is not there.
pub(super) fn missing(section: &Section<'_>, keys: &SecretKeys) {
    let SecretKeys { inline, file } = *keys;
    section.missing(inline, &format!("write: {file} = \"/run/secrets/NAME\", or {inline} = \"…\""));
}

/// Reads a secret that may be there: nothing where it is not, and nothing within where it has a mistake.
///
/// What stands in the configuration is held against `check`; what stands in a file, by [`problem`].
pub(super) fn optional(
    section: &Section<'_>,
    keys: &SecretKeys,
    folder: &Path,
    check: impl Fn(&str) -> Result<(), Complaint>,
) -> Option<Option<SecretSource>> {
    let SecretKeys { inline, file } = *keys;
    match (section.has(inline), section.has(file)) {
        (false, false) => None,
        (true, true) => {
            let other = section.field(inline)?.place().to_string();
            let message = format!("`{inline}` is set as well ({})", other.trim_end_matches(": "));
            section.refuse(file, Complaint::new(message).hiding().advise("take one of the two out"));
            Some(None)
        }
        (true, false) => Some(section.parse(inline, "a text", |text| match text {
            "" => Err(Complaint::new("this secret is empty").hiding()),
            text => check(text).map(|()| SecretSource::Inline(SecretString::from(text))),
        })),
        (false, true) => Some(in_file(section, inline, file, folder)),
    }
}

fn in_file(
    section: &Section<'_>,
    inline: &'static str,
    file: &'static str,
    folder: &Path,
) -> Option<SecretSource> {
    let path = section.parse(file, "a file", |text| {
        // The secret itself is no file's name, and would be told as one.
        if text.contains("://") || text.starts_with("whsec_") {
            let complaint = Complaint::new("this is no file, but seems to be the secret itself").hiding();
            return Err(
                complaint.advise(format!("write it as {inline}, or the name of the file that holds it"))
            );
        }
        Ok(())
    });
    path?;
    let path = folder.join(section.text(file)?);
    let place = section.field(file)?.place();
    Some(SecretSource::File(SecretFile { path, key: section.dotted(file), place }))
}

/// Reads a name with its password, of which neither is of use without the other.
pub(super) fn with_name(
    section: &Section<'_>,
    name: &'static str,
    keys: &SecretKeys,
    folder: &Path,
) -> Option<(String, SecretSource)> {
    let secret = optional(section, keys, folder, |_| Ok(()));
    match (section.has(name), secret.is_some()) {
        (true, false) => missing(section, keys),
        (false, true) => {
            section.missing(
                name,
                &format!("write: {name} = \"…\", the name that goes with the {}", keys.inline),
            );
        }
        _ => {}
    }
    let name = section.parse(name, "a text", |text| match text {
        "" => Err(Complaint::new("this text is empty").hiding()),
        text if text.chars().any(char::is_control) => {
            Err(Complaint::new("this text has a control character").hiding())
        }
        text => Ok(text.to_owned()),
    });
    name.zip(secret.flatten())
}

/// What is wrong with a secret's file now, if anything: it cannot be read, or what is in it does not pass `check`.
pub(super) fn problem(
    source: &SecretSource,
    check: impl FnOnce(&str) -> Result<(), Complaint>,
) -> Option<Problem> {
    let SecretSource::File(file) = source else { return None };
    let of_file = |message: String, hint: Option<String>| {
        Some(Problem { place: file.place.clone(), key: file.key.clone(), message, hint })
    };
    match file.read() {
        Ok(secret) => {
            let complaint = check(secret.expose_secret()).err()?;
            let path = super::problem::quote_path(&file.path);
            let message = complaint.message.unwrap_or_else(|| "another secret was expected".to_owned());
            let hint = match complaint.hint {
                Some(Hint::Do(text)) => Some(text),
                // A value to write would be made of the secret.
                Some(Hint::Value { .. }) | None => None,
            };
            of_file(format!("{path}: {message}"), hint)
        }
        Err(error) => {
            let is_denied = matches!(&error.reason, SecretFault::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied);
            let hint = is_denied.then(|| "let the user that proxymeter runs as read it".to_owned());
            of_file(error.reason.of(&error.path), hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_is_cut_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (written, secret) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" 0012 #\n", " 0012 #"),
            ("a\r", "a\r"),
        ] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(read_file(&path).unwrap().expose_secret(), secret, "{written:?}");
        }
    }

    #[test]
    fn a_fault_never_shows_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (written, fault) in [
            (&b""[..], "is empty"),
            (b"\r\n", "is empty"),
            (b"hunter2\xff", "is not UTF-8 text"),
            (&[b'x'; 70_000], "has more than 64 KiB, so it is no secret's file"),
        ] {
            std::fs::write(&path, written).unwrap();
            let error = read_file(&path).unwrap_err();
            assert_eq!(error.to_string(), fault);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(matches!(read_file(folder.path()), Err(SecretFault::Unreadable(_))));
    }
}
