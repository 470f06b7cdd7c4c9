//! How an account logs in.

use std::path::Path;

use super::super::secret::{SecretKeys, SecretSource, required};
use super::vendor::Vendor;
use super::{Complaint, Section};

/// What an account logs in with.
#[derive(Clone, Debug)]
pub enum CredentialSource {
    /// A name and a password, which become a token.
    Login {
        /// The name.
        username: String,
        /// The password.
        password: SecretSource,
    },
    /// A static key, which is the token.
    ApiKey(SecretSource),
}

impl CredentialSource {
    /// Where the secret of it comes from.
    #[must_use]
    pub const fn secret(&self) -> &SecretSource {
        match self {
            Self::Login { password: secret, .. } | Self::ApiKey(secret) => secret,
        }
    }
}

const PASSWORD: SecretKeys = SecretKeys { inline: "password", file: "password_file" };
const API_KEY: SecretKeys = SecretKeys { inline: "api_key", file: "api_key_file" };

pub(super) fn read(
    section: &Section<'_>,
    vendor: Option<&Vendor>,
    folder: &Path,
) -> Option<CredentialSource> {
    let [username, password, password_file] = ["username", "password", "password_file"];
    let keys = [username, password, password_file, API_KEY.inline, API_KEY.file];
    // Without a vendor nobody knows which of the keys are wanted; they are known all the same.
    let present: Vec<&'static str> = keys.into_iter().filter(|key| section.has(key)).collect();
    let vendor = vendor?;
    let refuse = |unwanted: &[&str], message: &str, hint: &str| {
        for key in present.iter().filter(|key| unwanted.contains(key)) {
            section.refuse(key, Complaint::new(message).hiding().advise(hint));
        }
    };
    if vendor.has_static_key() {
        let message = "with dialect \"v2\" (or login \"none\") a static key stands instead of this";
        refuse(&[username, password, password_file], message, "take it out, and set api_key_file");
        let is_login_meant = !present.is_empty() && !present.iter().any(|key| is_of(&API_KEY, key));
        // One mistake, told once: the key is not missing beside the login that stands for it.
        return if is_login_meant {
            None
        } else {
            required(section, &API_KEY, folder).map(CredentialSource::ApiKey)
        };
    }
    if matches!(vendor, Vendor::Decodo { .. }) {
        let message = "this account logs in; a static key is for dialect \"v2\"";
        refuse(&[API_KEY.inline, API_KEY.file], message, "write: dialect = \"v2\", or take the key out");
        if !present.is_empty() && present.iter().all(|key| is_of(&API_KEY, key)) {
            return None;
        }
    }
    if !section.has(username) {
        section.missing(username, "write: username = \"…\", the name that logs in at the vendor's API");
    }
    let username = section.text(username);
    let password = required(section, &PASSWORD, folder);
    Some(CredentialSource::Login { username: username?, password: password? })
}

fn is_of(keys: &SecretKeys, key: &str) -> bool {
    keys.inline == key || keys.file == key
}
