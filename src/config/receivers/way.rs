//! The one way in which a receiver is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::super::complaint::Complaint;
use super::super::problem::Problem;
use super::super::reader::Section;
use super::super::secret::{self, SecretSource};
use super::email::Mailbox;
use super::webhook::WebhookFormat;
use super::{alertmanager, email, webhook};

/// How a receiver is told.
#[derive(Clone, Debug)]
pub enum Way {
    /// Each notice is a line in proxymeter's own log.
    Log,
    /// Mail, by way of `[smtp]`.
    Email {
        /// To whom; at least one, none twice.
        to: Vec<Mailbox>,
        /// From whom.
        from: Mailbox,
    },
    /// A request to an address that takes messages.
    Webhook {
        /// The address, which is a secret by itself at most services.
        url: SecretSource,
        /// What is sent there.
        format: WebhookFormat,
        /// What signs it, or says who sends; several keys one a line.
        secret: Option<SecretSource>,
        /// Whether the address may be `http`, and in a private network.
        allow_private: bool,
        /// How long one try may take; 1 second to 5 minutes.
        timeout: Duration,
        /// How many tries may be under way at once; 1 to 64.
        connections: usize,
        /// The authorities to trust beside the usual ones, as a PEM file.
        ca_file: Option<PathBuf>,
    },
    /// Alerts in an Alertmanager, whose grouping, silences and routing stay its own.
    Alertmanager {
        /// Its instances, each without a slash behind its path; every one is told.
        urls: Vec<Url>,
        /// How often what stands open is sent again; 10 seconds to 10 minutes.
        resend: Duration,
        /// How long one try may take; 1 second to 5 minutes.
        timeout: Duration,
        /// The name and password of basic authentication.
        basic: Option<(String, SecretSource)>,
        /// The authorities to trust beside the usual ones, as a PEM file.
        ca_file: Option<PathBuf>,
    },
}

/// The keys of the ways.
const WAYS: [&str; 4] = ["email", "webhook", "alertmanager", "log"];

/// How long a try may take.
pub(super) const TIMEOUTS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(300);

/// How long a try may take when nothing is said.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

impl Way {
    /// Why texts of the operator's own are of no use to it; nothing where they are.
    pub(super) fn has_no_words(&self) -> Option<&'static str> {
        match self {
            Self::Log => Some("a line of the log has no texts of one's own"),
            Self::Alertmanager { .. } => {
                Some("an alert has no texts of ours: its templates are Alertmanager's")
            }
            Self::Webhook { format: WebhookFormat::Generic, .. } => {
                Some("what a generic webhook gets is data, and no text of ours")
            }
            Self::Webhook { .. } | Self::Email { .. } => None,
        }
    }

    /// What is wrong now with the files that its secrets stand in.
    pub(super) fn secret_problems(&self) -> Vec<Problem> {
        match self {
            Self::Log | Self::Email { .. } => Vec::new(),
            Self::Webhook { url, format, secret, allow_private, .. } => {
                let url = secret::problem(url, |text| webhook::check_url(text, *format, *allow_private));
                let check = |text: &str| webhook::check_secret(text, *format);
                let secret = secret.as_ref().and_then(|secret| secret::problem(secret, check));
                url.into_iter().chain(secret).collect()
            }
            Self::Alertmanager { basic, .. } => {
                let password = basic.as_ref().map(|(_, password)| password);
                password.and_then(|password| secret::problem(password, |_| Ok(()))).into_iter().collect()
            }
        }
    }
}

/// The ways that are written for a receiver; there is to be one.
pub(super) fn written(section: &Section<'_>) -> Vec<&'static str> {
    // Each is asked for, so that each is known.
    WAYS.into_iter().filter(|way| section.has(way)).collect()
}

pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<Way> {
    let written = written(section);
    let [first, others @ ..] = written.as_slice() else {
        no_way(section);
        return None;
    };
    for other in others {
        let place = section.field(first)?.place().to_string();
        let message = format!("`{first}` is set as well ({})", place.trim_end_matches(": "));
        let hint = "a receiver has one way to be told: make two of it, and name both";
        section.refuse(other, Complaint::new(message).hiding().advise(hint));
    }
    // What is below each is read all the same, for its problems.
    let ways = written.iter().map(|way| match *way {
        "email" => email::read(&section.section("email")),
        "webhook" => webhook::read(section, folder),
        "alertmanager" => alertmanager::read(&section.section("alertmanager"), folder),
        _ => log(section, others.is_empty()),
    });
    let ways: Vec<Option<Way>> = ways.collect();
    if others.is_empty() { ways.into_iter().next().flatten() } else { None }
}

fn log(section: &Section<'_>, is_alone: bool) -> Option<Way> {
    let is_on = section.flag("log")?;
    if !is_on && is_alone {
        no_way(section);
    }
    is_on.then_some(Way::Log)
}

fn no_way(section: &Section<'_>) {
    let hint = "write one of: email = { to = [\"…\"], from = \"…\" }, webhook = { url_file = \"…\" }, alertmanager = { url = \"…\" }, log = true";
    section.refuse_whole("this receiver has no way to be told".to_owned(), Some(hint.to_owned()));
}

/// What is said of when a receiver is told, where its way has another notion of that.
pub(super) fn check_rhythm(section: &Section<'_>, way: &str) {
    let refuse = |key: &'static str, message: &str| {
        section.refuse(key, Complaint::new(message).hiding().advise("take it out"));
    };
    if way == "alertmanager" {
        refuse("digest", "an Alertmanager takes alerts, and a digest is none");
        refuse("quiet_hours", "when an Alertmanager is quiet is said there: by silences and time intervals");
        refuse("remind", "an Alertmanager repeats by itself what stands open: by its repeat_interval");
    }
}
