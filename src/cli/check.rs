//! `check`: every mistake at once, and what the configuration costs; online, a login and a read of each account.

mod budgets;
mod estimate;
mod online;
mod standing;
mod write_test;

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::context::{Context, Place, of_account};
use super::output::{self, Cell, Listing};
use super::writing::Asking;
use super::{Exit, Misused};
use crate::app::logging;
use crate::app::rendering::template_problems;
use crate::collect::clock::Clock;
use crate::config::{self, AccountConfig, Config, Problem, Problems};
use crate::domain::collector::Collector;
use estimate::{Amount, Load};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Also log in to each account and read once
    #[arg(long)]
    online: bool,
    /// Also log in, write a sub-user's present values back, and compare the whole list before and after
    #[arg(long, value_name = "SUB_USER")]
    write_test: Option<String>,
    /// The account of the sub-user
    #[arg(long, value_name = "NAME", requires = "write_test")]
    account: Option<String>,
    /// Do not ask before the write; for scripts
    #[arg(long, requires = "write_test")]
    yes: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = config::load(arguments.place.config.as_deref(), std::env::vars_os())?;
    let unreadable = config.unreadable_secrets();
    if !unreadable.is_empty() {
        return Err(Problems::from(unreadable).into());
    }
    let broken = template_problems(&config);
    if !broken.is_empty() {
        return Err(Misused(broken.join("\n")).into());
    }
    let now = Clock::new().now();
    if !arguments.online && arguments.write_test.is_none() {
        let (known, unknown) = standing::by_store(&config).await;
        refuse(known.iter().filter_map(|caps| caps.problem(&config)).collect())?;
        let caps: Vec<_> = known.iter().map(standing::Caps::told).chain(unknown).collect();
        output::print(&offline(&config, now, caps))?;
        return Ok(Exit::Done);
    }
    logging::start(&config.log)?;
    if arguments.online {
        // The vendors say who has a cap today.
        output::print(&offline(&config, now, Vec::new()))?;
        let exit = online::run(&Context::of(config.clone())?).await?;
        if arguments.write_test.is_none() || exit == Exit::Failed {
            return Ok(exit);
        }
    }
    let Arguments { write_test, account, yes, .. } = arguments;
    let context = Context::of(of_account(config, account.as_deref())?)?;
    write_test::run(&context, &write_test.unwrap_or_default(), Asking::unless(yes)).await
}

/// An error where there is any problem.
fn refuse(problems: Vec<Problem>) -> Result<(), Problems> {
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// The calls that an account's schedule makes a day.
pub(super) fn calls_a_day(account: &AccountConfig, lag: Duration, sub_users: u64, from: Timestamp) -> u64 {
    let loads = estimate::loads(account, lag, 0, from);
    loads.into_iter().map(|load| load.a_day).sum::<Amount>().of(sub_users)
}

/// What can be said without asking anyone; `caps` is what there is to say of standing caps.
fn offline(config: &Config, now: Timestamp, caps: Vec<String>) -> String {
    let mut text = format!("{}: no mistake found\n", config.file.display());
    let loads: Vec<_> = config
        .accounts
        .iter()
        .map(|(name, account)| (name, account, estimate::loads(account, config.collect.lag, 0, now)))
        .collect();
    let mut calls = Listing::new(&[
        "account",
        "provider",
        "dialect",
        "collector",
        "schedule_(UTC)",
        "passes_a_day",
        "calls_a_day",
        "more_a_sub_user",
    ]);
    let mut warnings = Vec::new();
    for (name, account, loads) in &loads {
        for load in loads {
            calls.add(vec![
                Cell::text(name.as_str()),
                Cell::text(account.account.provider),
                Cell::text(account.account.dialect),
                Cell::text(load.collector.as_str()),
                Cell::text(account.schedule.get(&load.collector).map_or("", |cron| cron.as_str())),
                Cell::count(Some(load.passes)),
                Cell::count(Some(load.a_day.fixed)),
                Cell::count(Some(load.a_day.each)),
            ]);
            if let Some(most) = load.most_sub_users(account.requests_per_second.get()) {
                warnings.push(format!(
                    "accounts.{name}.schedule.{} can be kept with up to {most} sub-users, with half of requests_per_second = {}, which is what targets get.",
                    load.collector, account.requests_per_second
                ));
            }
        }
        warnings.extend(not_kept(name.as_str(), account, loads, 0));
    }
    text += &format!("\nCalls to the vendors, at most, without logins and retries:\n{}", calls.to_table());
    text += &format!(
        "\nSeries in /metrics, at most, of collect.max_series = {} for all:\n{}",
        config.collect.max_series,
        series(config).to_table()
    );
    if !config.budgets.is_empty() {
        text += &format!("\nBudgets:\n{}", budgets::listing(config).to_table());
    }
    warnings.extend(caps);
    warnings.extend(writes_off(config));
    warnings.extend(gigabyte_not_set(config));
    for warning in warnings {
        text += &format!("\n{warning}\n");
    }
    text
}

/// The switch for all accounts, where it stops any.
fn writes_off(config: &Config) -> Option<String> {
    let stopped = config.accounts.values().any(|account| account.account.writes);
    let told = "writes = \"off\", here or by PROXYMETER__WRITES: no limit is lowered at any account.";
    (config.writes_off && stopped).then(|| told.to_owned())
}

/// The accounts whose gigabyte nobody has pinned.
fn gigabyte_not_set(config: &Config) -> Option<String> {
    let open = config.accounts.iter().filter(|(_, account)| !account.gigabyte_pinned);
    let open: Vec<_> = open.map(|(name, _)| name.as_str()).collect();
    (!open.is_empty()).then(|| {
        format!(
            "gigabyte is not set for {}: the vendors say nowhere how large theirs is, so 1,000,000,000 bytes are read. \
             Compare with an invoice (proxymeter reconcile --invoice SIZE), and write \"decimal\" or \"binary\".",
            open.join(", ")
        )
    })
}

fn series(config: &Config) -> Listing {
    let mut listing = Listing::new(&["account", "series", "more_a_sub_user", "with_100_sub_users"]);
    for (name, account) in &config.accounts {
        let subscriptions = account.schedule.contains_key(&Collector::Subscriptions).into();
        let series = estimate::series(account, &config.budgets, config.collect.targets_top, subscriptions);
        let count = |count| Cell::count(Some(count));
        listing.add(vec![
            Cell::text(name.as_str()),
            count(series.fixed),
            count(series.each),
            count(series.of(100)),
        ]);
    }
    listing
}

/// What the vendor's rate limit makes impossible for so many sub-users.
fn not_kept(name: &str, account: &AccountConfig, loads: &[Load], sub_users: u64) -> Vec<String> {
    let rate = account.requests_per_second.get();
    let too_long = |load: &Load| {
        let takes = load.too_long(sub_users, rate)?;
        Some(format!(
            "accounts.{name}.schedule.{} cannot be kept: a pass of {} calls takes {} at requests_per_second = {rate}, \
             and the next is due after {}. Look less often, or raise requests_per_second.",
            load.collector,
            load.a_pass.of(sub_users),
            for_people(takes),
            for_people(load.shortest())
        ))
    };
    let mut told: Vec<String> = loads.iter().filter_map(too_long).collect();
    let needed = share(account, loads, sub_users);
    if told.is_empty() && needed > 1.0 {
        told.push(format!(
            "accounts.{name}.schedule cannot be kept: together its collectors need {:.1} calls a second, and \
             requests_per_second = {rate}. Look less often, or raise requests_per_second.",
            needed * f64::from(rate)
        ));
    }
    told
}

/// How much of what the rate limit allows in a day is used.
fn share(account: &AccountConfig, loads: &[Load], sub_users: u64) -> f64 {
    let calls = loads.iter().map(|load| load.a_day).sum::<Amount>().of(sub_users);
    calls as f64 / (f64::from(account.requests_per_second.get()) * 86_400.0)
}

/// A span in as much detail as matters, rounded up.
fn for_people(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match seconds {
        ..120.0 => format!("{} s", seconds.ceil()),
        ..7200.0 => format!("{} min", (seconds / 60.0).ceil()),
        _ => format!("{} h", (seconds / 3600.0).ceil()),
    }
}
