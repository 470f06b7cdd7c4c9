//! Secrets: in the configuration itself, or in a file that is read when it is needed.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::complaint::Complaint;
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
    let SecretKeys { inline, file } = *keys;
    match (section.has(inline), section.has(file)) {
        (false, false) => {
            section.missing(inline, &format!("write: {file} = \"/run/secrets/NAME\", or {inline} = \"…\""));
            None
        }
        (true, true) => {
            let other = section.field(inline)?.place().to_string();
            let message = format!("`{inline}` is set as well ({})", other.trim_end_matches(": "));
            section.refuse(file, Complaint::new(message).hiding().advise("take one of the two out"));
            None
        }
        (true, false) => section.parse(inline, "a text", |text| match text {
            "" => Err(Complaint::new("this secret is empty").hiding()),
            text => Ok(SecretSource::Inline(SecretString::from(text))),
        }),
        (false, true) => {
            let path = folder.join(section.text(file)?);
            let place = section.field(file)?.place();
            Some(SecretSource::File(SecretFile { path, key: section.dotted(file), place }))
        }
    }
}

/// What is wrong with a secret's file now, if anything.
pub(super) fn problem(source: &SecretSource) -> Option<Problem> {
    let SecretSource::File(file) = source else { return None };
    let error = file.read().err()?;
    Some(Problem {
        place: file.place.clone(),
        key: error.key,
        message: error.reason.of(&error.path),
        hint: match error.reason {
            SecretFault::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Some("let the user that proxymeter runs as read it".to_owned())
            }
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

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
