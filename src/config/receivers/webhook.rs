//! `webhook`: a request to a service that takes messages.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::super::complaint::Complaint;
use super::super::egress;
use super::super::reader::Section;
use super::super::secret::{self, SecretKeys, SecretSource};
use super::authority;
use super::way::{DEFAULT_TIMEOUT, TIMEOUTS, Way};

/// Where PagerDuty takes events.
pub const PAGERDUTY_URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// How many tries may be under way to one webhook when nothing is said.
pub const DEFAULT_CONNECTIONS: usize = 8;

/// How many tries may be under way at once.
pub(in crate::config) const MOST_CONNECTIONS: u64 = 64;

/// How many bytes a key that signs has: Standard Webhooks.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What is sent to a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookFormat {
    /// The message as JSON, signed where there is a secret.
    #[default]
    Generic,
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// Microsoft Teams.
    Teams,
    /// PagerDuty's events; the secret is the routing key.
    PagerDuty,
    /// ntfy; the secret is an access token.
    Ntfy,
}

impl WebhookFormat {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Generic, Self::Slack, Self::Discord, Self::Teams, Self::PagerDuty, Self::Ntfy];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::PagerDuty => "pagerduty",
            Self::Ntfy => "ntfy",
        }
    }
}

const URL: SecretKeys = SecretKeys { inline: "url", file: "url_file" };
const SECRET: SecretKeys = SecretKeys { inline: "secret", file: "secret_file" };

pub(super) fn read(receiver: &Section<'_>, folder: &Path) -> Option<Way> {
    let section = &receiver.section("webhook");
    let formats = WebhookFormat::ALL.map(|format| (format.as_str(), format));
    let format = section.choice("format", &formats);
    let has_wrong_format = section.has("format") && format.is_none();
    let format = format.unwrap_or_default();
    if format == WebhookFormat::PagerDuty {
        let complaint = Complaint::new("PagerDuty takes incidents, and a digest is none").hiding();
        receiver.refuse("digest", complaint.advise("take it out"));
    }
    let allow_private = section.flag("allow_private").unwrap_or_default();
    // Of a format that is none nobody knows what it wants.
    let check = |text: &str| {
        if has_wrong_format { Ok(()) } else { check_url(text, format, allow_private) }
    };
    let url = match secret::optional(section, &URL, folder, check) {
        None if format == WebhookFormat::PagerDuty => {
            Some(SecretSource::Inline(SecretString::from(PAGERDUTY_URL)))
        }
        None => {
            secret::missing(section, &URL);
            None
        }
        Some(url) => url,
    };
    let secret = if has_wrong_format {
        secret::optional(section, &SECRET, folder, |_| Ok(()))
    } else {
        read_secret(section, folder, format)
    };
    let timeout = section.duration("timeout", TIMEOUTS);
    let connections = section.whole("connections", 1..=MOST_CONNECTIONS);
    let ca_file = authority::read(section, folder, None);
    Some(Way::Webhook {
        url: url?,
        format,
        secret: secret.flatten(),
        allow_private,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        connections: connections.and_then(|count| count.try_into().ok()).unwrap_or(DEFAULT_CONNECTIONS),
        ca_file,
    })
}

fn read_secret(section: &Section<'_>, folder: &Path, format: WebhookFormat) -> Option<Option<SecretSource>> {
    let secret = secret::optional(section, &SECRET, folder, |text| check_secret(text, format));
    match format {
        WebhookFormat::Slack | WebhookFormat::Discord | WebhookFormat::Teams => {
            for key in [SECRET.inline, SECRET.file] {
                let message = format!("with format \"{}\" the address is the secret", format.as_str());
                section.refuse(key, Complaint::new(message).hiding().advise("take it out"));
            }
            None
        }
        WebhookFormat::PagerDuty if secret.is_none() => {
            let hint = "write: secret_file = \"/run/secrets/NAME\", or secret = \"…\": the integration's routing key";
            section.missing(SECRET.inline, hint);
            None
        }
        _ => secret,
    }
}

/// What is wrong with an address; never shown.
pub(super) fn check_url(text: &str, format: WebhookFormat, allow_private: bool) -> Result<(), Complaint> {
    let url = egress::read(text, allow_private)?;
    let topic = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    if format == WebhookFormat::Ntfy && topic.is_empty() {
        let complaint = Complaint::new("an address of ntfy ends with its topic").hiding();
        return Err(complaint.advise("write it as https://ntfy.sh/TOPIC"));
    }
    Ok(())
}

/// What is wrong with a secret; never shown.
pub(super) fn check_secret(text: &str, format: WebhookFormat) -> Result<(), Complaint> {
    if format == WebhookFormat::Generic {
        return check_keys(text);
    }
    // It goes where a line break would end a line.
    if text.chars().any(|c| !c.is_ascii_graphic()) {
        let complaint = Complaint::new("this secret is one word without spaces").hiding();
        return Err(complaint.advise("write it as the service shows it"));
    }
    Ok(())
}

fn check_keys(text: &str) -> Result<(), Complaint> {
    let lines = || text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let is_key = |line: &str| {
        let bytes = line.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
        bytes.is_some_and(|bytes| KEY_BYTES.contains(&bytes.len()))
    };
    let message = match lines().find(|(_, line)| !is_key(line)) {
        None if lines().next().is_some() => return Ok(()),
        Some((index, _)) if lines().count() > 1 => format!("line {} is no key that signs", index + 1),
        _ => "this is no key that signs".to_owned(),
    };
    let hint = "a key is \"whsec_\" and the base64 of 24 to 64 random bytes, one a line; make one: echo whsec_$(openssl rand -base64 32)";
    Err(Complaint::new(message).hiding().advise(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_sign_are_told_from_what_is_none() {
        let key = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for (text, is_right) in [
            (key(24), true),
            (key(64), true),
            (format!("{}\n{}", key(32), key(32)), true),
            (format!("{}\r\n\n{}\n", key(32), key(24)), true),
            (key(23), false),
            (key(65), false),
            (key(32).replace("whsec_", ""), false),
            (format!("{}\nhunter2", key(32)), false),
            ("\n".to_owned(), false),
            ("hunter2".to_owned(), false),
        ] {
            let checked = check_secret(&text, WebhookFormat::Generic);
            assert_eq!(checked.is_ok(), is_right, "{text}");
            assert!(!format!("{checked:?}").contains("hunter2"));
        }
        assert!(check_secret("a b", WebhookFormat::Ntfy).is_err());
        assert!(check_secret("tk_abc", WebhookFormat::Ntfy).is_ok());
    }

    #[test]
    fn ntfy_wants_a_topic() {
        for (text, is_right) in
            [("https://ntfy.sh/ops", true), ("https://ntfy.sh/", false), ("https://ntfy.sh", false)]
        {
            assert_eq!(check_url(text, WebhookFormat::Ntfy, false).is_ok(), is_right, "{text}");
            assert!(check_url(text, WebhookFormat::Generic, false).is_ok(), "{text}");
        }
    }
}
