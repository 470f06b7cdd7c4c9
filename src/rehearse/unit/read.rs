//! Files of tests, as `docs/REHEARSAL.md` has them: every mistake at once, with file, line, column and key.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use toml::de::DeTable;

use super::readings::{Row, Step};
use super::{Case, Configured, Expected, File, Followed};
use crate::domain::account::Account;
use crate::domain::units::{Bytes, Gigabyte};
use crate::simulator::ScenarioError;
use crate::simulator::file::section::{Problems, Section};

/// The most readings that one shorthand may stand for: a month of minutes.
const MOST: u64 = 45_000;

/// The configuration that a file of tests names, as it names it.
///
/// # Errors
/// The file is no TOML, or names none.
pub fn configuration(file: &str, text: &str) -> Result<PathBuf, ScenarioError> {
    let mut config = None;
    whole(file, text, |section| {
        config = section.text("config").map(PathBuf::from);
        if !section.has("config") {
            section.wrong("config", "is missing: the configuration, relative to this file");
        }
    })?;
    Ok(config.unwrap_or_default())
}

impl File {
    /// Reads a file of tests for a configuration; `file` is the name that stands in problems.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn from_toml(file: &str, text: &str, configured: &Configured) -> Result<Self, ScenarioError> {
        let mut read = None;
        whole(file, text, |section| read = Some(self::read(section, configured)))?;
        Ok(read.unwrap_or_else(|| Self { budgets: None, cases: Vec::new() }))
    }
}

/// Parses a text and reads it from its top.
fn whole(file: &str, text: &str, read: impl FnOnce(Section<'_>)) -> Result<(), ScenarioError> {
    let problems = Problems::new(file, text);
    let (table, mistakes) = DeTable::parse_recoverable(text);
    for mistake in &mistakes {
        problems.add(mistake.span().unwrap_or_default(), "", mistake.message());
    }
    if mistakes.is_empty() {
        read(Section::new(&problems, String::new(), table.get_ref(), 0..0));
    }
    problems.into_result()
}

fn read(file: Section<'_>, configured: &Configured) -> File {
    // Whoever loaded it has read it; here it is a known key.
    file.text("config");
    let budgets = file.texts("budgets");
    let known = || configured.rules.budgets.iter().map(|budget| &*budget.name);
    for name in budgets.iter().flatten() {
        if !known().any(|other| other == name) {
            file.wrong("budgets", &format!("the configuration has no budget {name:?}"));
        }
    }
    let cases: Vec<_> =
        file.tables("tests").into_iter().map(|(_, section)| case(section, configured)).collect();
    if cases.is_empty() && !file.has("tests") {
        file.wrong("tests", "at least one test is needed: [[tests]]");
    }
    file.finish();
    File { budgets, cases }
}

fn case(section: Section<'_>, configured: &Configured) -> Case {
    let name = section.required("name");
    let account = section.required("account");
    let own = configured.accounts.iter().find(|own| own.name.as_str() == account);
    if own.is_none() && section.has("account") {
        let names: Vec<_> = configured.accounts.iter().map(|own| own.name.as_str()).collect();
        section
            .wrong("account", &format!("the configuration has no such account; it has {}", names.join(", ")));
    }
    let mut steps = Vec::new();
    for (_, below) in section.tables("readings") {
        add_readings(&mut steps, below, own);
    }
    if steps.is_empty() && !section.has("readings") {
        section.wrong("readings", "at least one reading is needed: [[tests.readings]]");
    }
    let notices = section.tables("notices").into_iter().map(|(_, below)| notice(below, configured));
    let mut expected: Vec<_> = notices.collect();
    expected.extend(section.tables("writes").into_iter().map(|(_, below)| write(below, configured)));
    section.finish();
    Case { name, account, steps, expected }
}

/// One reading, or `repeat` of them, each `every` later and with what `grows` added.
fn add_readings(steps: &mut Vec<Step>, section: Section<'_>, account: Option<&Account>) {
    let gigabyte = account.map_or(Gigabyte::Decimal, |account| account.gigabyte);
    let at = moment(&section, "at");
    if at.is_none() && !section.has("at") {
        section.wrong("at", "is missing: a moment such as \"2026-01-03T10:00:00Z\"");
    }
    let before = steps.last().cloned();
    if before.as_ref().zip(at).is_some_and(|(before, at)| at <= before.at) {
        section.wrong("at", "must be later than the reading before");
    }
    let total = section.size("total", gigabyte);
    let plan = section.limit("plan", gigabyte).or(before.as_ref().and_then(|before| before.plan));
    let repeat = section.whole("repeat", 1..=MOST).unwrap_or(1);
    let every = section.duration("every");
    let failed = section.flag("failed").unwrap_or_default();
    if repeat > 1 && every.is_none_or(|every| every <= SignedDuration::ZERO) {
        section.wrong("every", "repeat needs the time from one reading to the next, such as every = \"5m\"");
    }
    // Those that are not named stay as they were.
    let mut rows = before.map(|before| before.rows).unwrap_or_default();
    let (mut growing, mut silent) = (Vec::new(), Vec::new());
    for (name, below) in section.tables("sub_users") {
        let held = rows.get(&name).copied().unwrap_or_default();
        let row = Row {
            used: below.size("used", gigabyte).unwrap_or(held.used),
            limit: below.limit("limit", gigabyte).or(held.limit),
            enforced: below.flag("enforced").or(held.enforced),
            ..held
        };
        if below.flag("silent") == Some(true) {
            silent.push(name.clone());
        }
        growing.push((name.clone(), below.size("grows", gigabyte).unwrap_or_default()));
        below.finish();
        rows.insert(name, row);
    }
    let Some(mut at) = at else { return section.finish() };
    section.finish();
    let growth: Bytes = growing.iter().map(|(_, grows)| *grows).sum();
    let mut total = total;
    for _ in 0..repeat {
        for (_, row) in rows.iter_mut().filter(|(name, _)| !failed && !silent.contains(name)) {
            row.observed = at;
        }
        steps.push(Step { at, failed, total, plan, rows: rows.clone() });
        at = every.and_then(|every| at.checked_add(every).ok()).unwrap_or(at);
        total = total.map(|total| total.saturating_add(growth));
        for (name, grows) in &growing {
            if let Some(row) = rows.get_mut(name) {
                row.used = row.used.saturating_add(*grows);
            }
        }
    }
}

fn moment(section: &Section<'_>, key: &'static str) -> Option<Timestamp> {
    section.read(key, |value| {
        let text = value.as_str().map(str::to_owned);
        let text = text.or_else(|| value.as_datetime().map(ToString::to_string)).unwrap_or_default();
        text.parse().map_err(|_| "must be a moment such as \"2026-01-03T10:00:00Z\"".to_owned())
    })
}

fn notice(section: Section<'_>, configured: &Configured) -> Expected {
    let at = moment(&section, "at");
    let receiver = name(&section, "receiver").unwrap_or_default();
    let (budget, threshold) = threshold(&section, configured);
    for (key, name) in [("budget", &budget), ("threshold", &threshold), ("receiver", &receiver)] {
        if name.is_empty() && !section.has(key) {
            section.wrong(key, "is missing");
        }
    }
    let own = configured.rules.budgets.iter().find(|other| other.name == budget);
    let own = own.and_then(|budget| budget.thresholds.iter().find(|other| other.name == threshold));
    if own.is_some_and(|threshold| !receiver.is_empty() && !threshold.notify.contains(&receiver)) {
        section.wrong("receiver", "is not told of this threshold");
    }
    let is_over = section.flag("over").unwrap_or_default();
    let target = target(&section);
    section.finish();
    Expected { at, what: Followed::Notice { receiver, budget, threshold, target, is_over } }
}

fn write(section: Section<'_>, configured: &Configured) -> Expected {
    let at = moment(&section, "at");
    let (budget, threshold) = threshold(&section, configured);
    let action = section.required("action");
    let target = target(&section);
    section.finish();
    Expected { at, what: Followed::Write { budget, threshold, target, action } }
}

/// A budget and one of its thresholds, both by name and both optional here.
fn threshold(section: &Section<'_>, configured: &Configured) -> (Arc<str>, Arc<str>) {
    let budget = name(section, "budget").unwrap_or_default();
    let threshold = name(section, "threshold").unwrap_or_default();
    let own = configured.rules.budgets.iter().find(|other| other.name == budget);
    if own.is_none() && section.has("budget") {
        section.wrong("budget", "the configuration has no such budget");
    }
    if let Some(own) = own
        && !threshold.is_empty()
        && !own.thresholds.iter().any(|other| other.name == threshold)
    {
        let names: Vec<_> = own.thresholds.iter().map(|other| &*other.name).collect();
        section.wrong("threshold", &format!("the budget has no such threshold; it has {}", names.join(", ")));
    }
    (budget, threshold)
}

fn target(section: &Section<'_>) -> Arc<str> {
    if !section.has("target") {
        section.wrong("target", "is missing: a sub-user, the account's name, or \"unattributed\"");
    }
    name(section, "target").unwrap_or_default()
}

fn name(section: &Section<'_>, key: &'static str) -> Option<Arc<str>> {
    section.text(key).map(Into::into)
}
