//! `[receivers.NAME]`: who can be told, how and when.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::domain::digest_rule::DigestRule;
use crate::domain::quiet::QuietHours;

use super::accounts::time_zone;
use super::complaint::Complaint;
use super::field::Field;
use super::name;
use super::nearest::nearest;
use super::problem::{Problem, quote};
use super::reader::Section;

pub(super) mod alertmanager;
pub(super) mod authority;
pub(super) mod email;
pub(super) mod fallback;
pub(super) mod templates;
mod times;
pub(super) mod way;
pub(super) mod webhook;

use fallback::Fallback;
use templates::TemplateTexts;
use way::Way;

/// How long is tried to tell something when nothing is said.
pub const DEFAULT_GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 86_400);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// One who can be told.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// How.
    pub way: Way,
    /// Who is told instead, where this one cannot be.
    pub fallback: Option<Fallback>,
    /// How long is tried to tell something; 1 hour to 30 days.
    pub give_up_after: Duration,
    /// How long something stands open until it is told again; nothing: it is told once.
    pub remind: Option<Duration>,
    /// When this receiver is not disturbed.
    pub quiet: Option<QuietHours>,
    /// When all budgets are told, whether or not anything happened.
    pub digest: Option<DigestRule>,
    /// The zone of the quiet hours, of the digest, of charts, and of moments that templates write.
    pub time_zone: TimeZone,
    /// What stands instead of proxymeter's own texts.
    pub templates: TemplateTexts,
}

/// A receiver told in a way, with everything else as when nothing is said.
impl From<Way> for Receiver {
    fn from(way: Way) -> Self {
        Self {
            way,
            fallback: None,
            give_up_after: DEFAULT_GIVE_UP_AFTER,
            remind: None,
            quiet: None,
            digest: None,
            time_zone: TimeZone::UTC,
            templates: TemplateTexts::default(),
        }
    }
}

impl Receiver {
    /// What is wrong now with the files that its secrets stand in.
    pub(super) fn secret_problems(&self) -> Vec<Problem> {
        self.way.secret_problems()
    }
}

/// The receivers, and the names of all that are written, right or wrong.
pub(super) struct Receivers {
    pub(super) read: BTreeMap<Arc<str>, Receiver>,
    names: BTreeSet<String>,
    /// Whether mail is sent, as far as it is written.
    pub(super) has_email: bool,
}

pub(super) fn read(root: &Section<'_>, folder: &Path) -> Receivers {
    let named = root.named("receivers");
    let in_file = name::in_file(&named);
    let names = named.iter().map(|(name, _)| name.clone()).collect();
    let has_email = named.iter().any(|(_, section)| section.has("email"));
    let mut receivers = Receivers { read: BTreeMap::new(), names, has_email };
    let templates = templates::of_all(root, folder, has_email);
    for (name, section) in &named {
        if !section.is_in_file() && way::written(section).is_empty() {
            name::stranger(section, name, "receiver", "log", &in_file);
            continue;
        }
        let is_named_well = name::check(name, section, "receivers");
        let receiver = read_receiver(name, section, folder, &receivers, &templates);
        if let (true, Some(receiver)) = (is_named_well, receiver) {
            receivers.read.insert(name.as_str().into(), receiver);
        }
    }
    fallback::check_circles(&named);
    let is_wordless = |receiver: &Receiver| receiver.way.has_no_words().is_some();
    let is_useless = receivers.read.len() == named.len() && receivers.read.values().all(is_wordless);
    if is_useless && templates::has_words(root) {
        let complaint = Complaint::new("no receiver has texts that could be others").hiding();
        root.refuse("templates", complaint.advise("take it out; mails and the cards of chats have texts"));
    }
    receivers
}

fn read_receiver(
    name: &str,
    section: &Section<'_>,
    folder: &Path,
    receivers: &Receivers,
    of_all: &TemplateTexts,
) -> Option<Receiver> {
    let way = way::read(section, folder);
    let fallback = fallback::read(name, section, receivers);
    let give_up_after = section.duration("give_up_after", HOUR..=30 * DAY);
    let remind = section.duration("remind", Duration::from_secs(600)..=30 * DAY);
    let quiet = section.parse("quiet_hours", times::QUIET_HOURS, times::quiet_hours);
    let digest = section.parse("digest", times::DIGEST, times::digest);
    let zone = section.parse("time_zone", "a zone such as \"UTC\" or \"Europe/Berlin\"", time_zone);
    let own = templates::of_receiver(section, folder);
    if let [way] = way::written(section)[..] {
        way::check_rhythm(section, way);
    }
    if let Some(why) = way.as_ref().and_then(Way::has_no_words)
        && templates::has_words(section)
    {
        section.refuse("templates", Complaint::new(why).hiding().advise("take it out"));
    }
    Some(Receiver {
        way: way?,
        fallback,
        give_up_after: give_up_after.unwrap_or(DEFAULT_GIVE_UP_AFTER),
        remind,
        quiet,
        digest,
        time_zone: zone.unwrap_or(TimeZone::UTC),
        templates: own.over(of_all),
    })
}

impl Receivers {
    /// Whether there is a receiver of this name, right or wrong.
    pub(super) fn known(&self, name: &str) -> Result<Arc<str>, Complaint> {
        if self.names.contains(name) {
            return Ok(Arc::from(name));
        }
        let known: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {}?", quote(near)),
            None if known.is_empty() => {
                "write: [receivers.NAME] with log = true below, and NAME here".to_owned()
            }
            None => format!("receivers: {}", known.join(", ")),
        };
        Err(Complaint::new("there is no such receiver").advise(hint))
    }

    /// A list of receivers, each of which exists.
    pub(super) fn listed(&self, field: &Field<'_>) -> Option<Vec<Arc<str>>> {
        field.list(|name| self.known(name))
    }
}

/// A list of receivers, each of which exists; nothing where the list is absent or has a mistake.
pub(super) fn notify(section: &Section<'_>, receivers: &Receivers) -> Option<Vec<Arc<str>>> {
    receivers.listed(&section.field("notify")?)
}
