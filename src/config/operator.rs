//! `[operator]`: who hears of what is wrong with proxymeter itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::complaint::Complaint;
use super::egress;
use super::problem::Problem;
use super::reader::Section;
use super::receivers::{self, Receivers};
use super::secret::{self, SecretKeys, SecretSource};

/// How often the watchdog is told when nothing is said.
pub const DEFAULT_WATCHDOG_EVERY: Duration = Duration::from_secs(60);

/// The people who run proxymeter.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// The receivers told; empty: nobody, on purpose.
    pub notify: Vec<Arc<str>>,
    /// Who notices that proxymeter is gone.
    pub watchdog: Option<Watchdog>,
}

/// A service that raises an alarm when it hears nothing any more.
#[derive(Clone, Debug)]
pub struct Watchdog {
    /// What is called while all is well; a secret by itself.
    pub url: SecretSource,
    /// How often; 10 seconds to 1 day.
    pub every: Duration,
    /// Whether the address may be `http`, and in a private network.
    pub allow_private: bool,
}

impl Watchdog {
    /// What is wrong now with the file that its address stands in.
    pub(super) fn secret_problem(&self) -> Option<Problem> {
        secret::problem(&self.url, |text| check(text, self.allow_private))
    }
}

const URL: SecretKeys = SecretKeys { inline: "watchdog_url", file: "watchdog_url_file" };

pub(super) fn read(root: &Section<'_>, receivers: &Receivers, folder: &Path) -> Operator {
    let section = root.section("operator");
    if !section.has("notify") {
        section.missing(
            "notify",
            "write: notify = [] under [operator]: nobody hears of trouble with proxymeter itself, on purpose",
        );
    }
    let notify = receivers::notify(&section, receivers).unwrap_or_default();
    Operator { notify, watchdog: watchdog(&section, folder) }
}

fn watchdog(section: &Section<'_>, folder: &Path) -> Option<Watchdog> {
    let allow_private = section.flag("watchdog_allow_private").unwrap_or_default();
    let every = section.duration("watchdog_every", Duration::from_secs(10)..=Duration::from_secs(86_400));
    let Some(url) = secret::optional(section, &URL, folder, |text| check(text, allow_private)) else {
        for key in ["watchdog_every", "watchdog_allow_private"] {
            let complaint = Complaint::new("there is no watchdog").hiding();
            section.refuse(
                key,
                complaint.advise("write: watchdog_url_file = \"/run/secrets/NAME\", or take it out"),
            );
        }
        return None;
    };
    Some(Watchdog { url: url?, every: every.unwrap_or(DEFAULT_WATCHDOG_EVERY), allow_private })
}

fn check(text: &str, allow_private: bool) -> Result<(), Complaint> {
    let complaint = match egress::read(text, allow_private) {
        Ok(_) => return Ok(()),
        Err(complaint) => complaint,
    };
    Err(complaint.in_words_of("allow_private", "watchdog_allow_private"))
}
