//! `rehearse`: a scenario or the store's history through today's budgets, in virtual time.

mod list;
mod own;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::output::{self, Format, print_json};
use super::{Exit, Misused, Place};
use crate::collect::clock::Clock;
use crate::config::{Config, StoreLocation};
use crate::domain::account::Account;
use crate::domain::judgement::Rules;
use crate::domain::period::midnight;
use crate::rehearse::made_up::MadeUp;
use crate::rehearse::recorded::Recorded;
use crate::rehearse::source::Source;
use crate::rehearse::{Rehearsal, Report};
use crate::simulator::Scenario;
use crate::store::location::Location;
use crate::store::{Access, open};

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["scenario", "since"])))]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// A made-up month; docs/SIMULATOR.md tells how to write one. With no configuration at hand its own accounts are
    /// judged by usual budgets
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// The store's history from this day or moment on, such as 2026-01-15, or a span back from now, such as 30d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// How often is looked
    #[arg(long, value_name = "SPAN", default_value = "5m")]
    every: String,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let every = every(&arguments.every)?;
    let report = match (&arguments.scenario, &arguments.since) {
        (Some(file), _) => made_up(&arguments.place, file, every)?,
        (None, Some(since)) => recorded(&arguments.place, since, every).await?,
        (None, None) => return Err(Misused("write --scenario FILE or --since TIME".to_owned()).into()),
    };
    match arguments.format {
        Format::Table => output::print(&list::text(&report))?,
        Format::Json => print_json(&list::json(&report))?,
    }
    Ok(Exit::Done)
}

fn made_up(place: &Place, file: &Path, every: SignedDuration) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Misused(format!("the scenario {} cannot be read: {error}", file.display())))?;
    let scenario = Scenario::from_toml(&file.display().to_string(), &text)
        .map_err(|error| Misused(error.to_string()))?;
    let config = match place.load() {
        Ok(config) => config,
        Err(error) if own::is_absent(place, &error) => {
            let told = "no configuration: the scenario's own accounts, judged by usual budgets; name yours by --config FILE";
            tell(told);
            own::configuration(file, &scenario)?
        }
        Err(error) => return Err(error),
    };
    let until = scenario.start.checked_add(scenario.lasts).context("the scenario lasts too long")?;
    let mut rehearsal = rehearsal(&config, every, (scenario.start, until));
    let is_there =
        |account: &Account| scenario.accounts.iter().any(|spec| spec.name == account.name.as_str());
    let (there, absent): (Vec<_>, Vec<_>) = rehearsal.accounts.into_iter().partition(is_there);
    rehearsal.accounts = there;
    if rehearsal.accounts.is_empty() {
        let names: Vec<_> = scenario.accounts.iter().map(|spec| spec.name.as_str()).collect();
        let told = format!(
            "the scenario has no account of the configuration {}: its accounts are {}",
            config.file.display(),
            names.join(", ")
        );
        return Err(Misused(told).into());
    }
    if !absent.is_empty() {
        let names: Vec<_> = absent.iter().map(|account| account.name.as_str()).collect();
        tell(&format!("not in the scenario, and left out: {}", names.join(", ")));
    }
    let names: Vec<_> = rehearsal.accounts.iter().map(|account| account.name.clone()).collect();
    let mut source = MadeUp::new(&scenario, &names)
        .map_err(|name| Misused(format!("the scenario has no account {name}")))?;
    Ok(with_progress(&rehearsal, &mut source))
}

async fn recorded(place: &Place, since: &str, every: SignedDuration) -> anyhow::Result<Report> {
    let config = place.load()?;
    let now = Clock::new().now();
    let since = moment(since, now)?;
    let StoreLocation::Sqlite(path) = &config.store.location;
    let store = open(&Location::Sqlite(path.clone()), Access::Read).await?;
    let rehearsal = rehearsal(&config, every, (since, now));
    let read = Recorded::read(&*store, &rehearsal.accounts, since, now).await;
    store.close().await;
    let mut source = read?;
    if source.is_empty() {
        anyhow::bail!("the store {} knows of no traffic since {since:.0}", path.display());
    }
    if source.nameless() > 0 {
        tell(&format!(
            "{} sub-users go by the vendor's id, since serve never saw them in a list; budgets that choose them by name do not find them",
            source.nameless()
        ));
    }
    Ok(with_progress(&rehearsal, &mut source))
}

fn rehearsal(config: &Config, every: SignedDuration, (from, until): (Timestamp, Timestamp)) -> Rehearsal {
    Rehearsal {
        rules: rules(config),
        accounts: config.accounts.values().map(|account| account.account.clone()).collect(),
        from,
        until,
        every,
        lag: config.collect.lag,
        stale_after: config.collect.stale_after,
    }
}

/// What is judged, by the configuration.
pub(super) fn rules(config: &Config) -> Rules {
    let operator = config.operator.notify.to_vec();
    Rules { budgets: config.budgets.clone(), operator, owners: config.owners.clone() }
}

fn with_progress(rehearsal: &Rehearsal, source: &mut dyn Source) -> Report {
    let bar = if std::io::stderr().is_terminal() {
        let bar = ProgressBar::with_draw_target(Some(rehearsal.looks()), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} looks, {elapsed}");
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    } else {
        ProgressBar::hidden()
    };
    let report = rehearsal.run(source, || bar.inc(1));
    bar.finish_and_clear();
    report
}

/// A remark for whoever reads along.
fn tell(text: &str) {
    use std::io::Write as _;
    // Where standard error is closed, nobody reads along.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

fn every(text: &str) -> Result<SignedDuration, Misused> {
    let every = text.parse::<SignedDuration>().ok();
    every
        .filter(|every| *every >= SignedDuration::from_secs(1))
        .ok_or_else(|| Misused(format!("--every {text:?}: expected a span of at least a second, such as 5m")))
}

/// A day (UTC), a moment, or a span back from now.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Misused> {
    let wrong = || {
        Misused(format!(
            "--since {text:?}: expected a day or a moment such as 2026-01-15, or a span such as 30d"
        ))
    };
    let day = || midnight(text.parse::<Date>().ok()?, &TimeZone::UTC);
    let back = || {
        let days = text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok());
        let days = days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        now.checked_sub(days.or_else(|| text.parse().ok())?).ok()
    };
    let at = text.parse().ok().or_else(day).or_else(back).ok_or_else(wrong)?;
    if at >= now {
        return Err(Misused(format!("--since {text}: that time has not come")));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_a_moment_or_a_span() {
        let now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        for (text, at) in [
            ("2026-01-02", "2026-01-02T00:00:00Z"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("30d", "2025-12-16T12:00:00Z"),
            ("36h", "2026-01-14T00:00:00Z"),
        ] {
            assert_eq!(moment(text, now).unwrap().to_string(), at, "{text}");
        }
        for wrong in ["", "d", "-3d", "yesterday", "2026-01-16", "-5m"] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
        assert!(every("5m").is_ok() && every("0s").is_err() && every("often").is_err());
    }
}
