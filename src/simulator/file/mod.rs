//! Scenarios as TOML files; `docs/SIMULATOR.md` is their reference.
//!
//! Checked like the configuration: every mistake at once, each with its file, line, column and key.

mod accounts;
pub(crate) mod section;

use jiff::Timestamp;
use jiff::civil::Date;
use toml::de::DeTable;

pub use self::section::ScenarioError;
use self::section::{Problems, Section};
use super::built_in::{MONTH, MONTH_LASTS};
use super::fault_text::RawFault;
use super::faults::FaultRule;
use super::scenario::Scenario;

impl Scenario {
    /// Reads a scenario; `file` is the name that stands in problems.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let problems = Problems::new(file, text);
        let (table, mistakes) = DeTable::parse_recoverable(text);
        for mistake in &mistakes {
            problems.add(mistake.span().unwrap_or_default(), "", mistake.message());
        }
        let scenario = read(Section::new(&problems, String::new(), table.get_ref(), 0..0));
        problems.into_result()?;
        Ok(scenario)
    }
}

fn read(file: Section<'_>) -> Scenario {
    let accounts: Vec<_> =
        file.tables("accounts").into_iter().map(|(name, section)| accounts::read(name, section)).collect();
    if accounts.is_empty() && !file.has("accounts") {
        file.wrong("accounts", "at least one account is needed, such as [accounts.acme]");
    }
    let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
    let faults =
        file.tables("faults").into_iter().filter_map(|(_, section)| fault(section, &names)).collect();
    let scenario = Scenario {
        seed: file.whole("seed", 0..=i64::MAX.unsigned_abs()).unwrap_or(1),
        speed: file.number("speed", 0.0..=1e6).unwrap_or(1.0),
        boost: file.whole("boost", 1..=1_000_000).map_or(1, narrow),
        history_days: file.whole("history_days", 0..=400).map_or(35, narrow),
        start: start(&file).unwrap_or(MONTH),
        lasts: file.duration("lasts").unwrap_or(MONTH_LASTS),
        accounts,
        faults,
    };
    file.finish();
    scenario
}

/// A moment, or the midnight (UTC) with which a day begins.
fn start(file: &Section<'_>) -> Option<Timestamp> {
    file.read("start", |value| {
        let text = value.as_str().map(str::to_owned);
        let text = text.or_else(|| value.as_datetime().map(ToString::to_string)).unwrap_or_default();
        let day = || text.parse::<Date>().ok().map(super::wire::day_start);
        let wrong = || "must be a moment such as \"2026-01-01T00:00:00Z\", or a day".to_owned();
        text.parse::<Timestamp>().ok().or_else(day).ok_or_else(wrong)
    })
}

fn fault(section: Section<'_>, accounts: &[&str]) -> Option<FaultRule> {
    let raw = RawFault {
        fault: section.text("fault"),
        account: section.text("account"),
        operation: section.text("operation"),
        skip: section.whole("skip", 0..=u64::from(u32::MAX)),
        count: section.whole("count", 1..=u64::from(u32::MAX)),
        probability: section.number("probability", 0.0..=1.0),
        delay: section.text("delay"),
        offset: section.text("offset"),
        status: section.whole("status", 400..=599).and_then(|status| u16::try_from(status).ok()),
        retry_after: section.text("retry_after"),
        retry_after_date: section.flag("retry_after_date"),
        bytes: section.whole("bytes", 0..=i64::MAX.unsigned_abs()),
        depth: section.whole("depth", 0..=10_000_000).map(narrow),
        to: section.text("to"),
        share: section.number("share", 0.0..=1.0),
    };
    if let Some(account) = raw.account.as_deref().filter(|account| !accounts.contains(account)) {
        section.wrong("account", &super::fault_text::unknown(account, accounts.iter().copied()));
    }
    let rule = raw.check().map_err(|(key, problem)| section.wrong(key, &problem)).ok();
    section.finish();
    rule
}

/// A number that was checked to fit.
fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
