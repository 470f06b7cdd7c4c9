//! `collect`: one pass of every collector, printed.

use std::io::IsTerminal;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::output::{self, Cell, Listing, print_json};
use super::{Exit, Place};
use crate::app::once::{self, Brought};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For machines; bytes as whole numbers, `null` for what is not known
    Json,
    /// The exposition that `serve` would show
    Prometheus,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    let bar = progress(config.accounts.values().map(|account| account.schedule.len() as u64).sum());
    let brought = once::collect(&config, || bar.inc(1)).await?;
    bar.finish_and_clear();
    match arguments.format {
        Format::Table => output::print(&table(&brought))?,
        Format::Json => print_json(&json(&brought))?,
        Format::Prometheus => output::print(&brought.exposition)?,
    }
    Ok(match (brought.failures.len(), brought.passes) {
        (0, _) => Exit::Done,
        (failed, passes) if failed == passes => Exit::Failed,
        _ => Exit::Unknown,
    })
}

/// A bar on a terminal, nothing elsewhere.
fn progress(passes: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(passes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} passes, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn accounts(brought: &Brought) -> Listing {
    let columns = &["account", "provider", "used", "plan", "sub_users", "period_start", "period_end"];
    let mut listing = Listing::new(columns);
    for account in &brought.accounts {
        listing.add(vec![
            Cell::text(account.account.name.as_str()),
            Cell::text(account.account.provider),
            Cell::bytes(account.traffic()),
            Cell::bytes(account.plan()),
            Cell::count(account.snapshot.sub_users.as_ref().map(|list| list.value.len() as u64)),
            Cell::time(account.period().map(|period| period.start)),
            Cell::time(account.period().map(|period| period.end)),
        ]);
    }
    listing
}

fn sub_users(brought: &Brought) -> Listing {
    let mut listing =
        Listing::new(&["account", "product", "sub_user", "used", "limit", "share", "enforced", "targets"]);
    for account in &brought.accounts {
        let reads_targets = !account.snapshot.targets.is_empty();
        for row in account.snapshot.rows() {
            let used = row.usage.as_ref().map(|usage| usage.value.traffic);
            let sub_user = &row.sub_user;
            let days = account.snapshot.targets.get(&sub_user.key());
            let targets = days.map(|days| days.values().map(|day| day.value.len() as u64).sum());
            listing.add(vec![
                Cell::text(account.account.name.as_str()),
                Cell::text(sub_user.product.as_deref().unwrap_or(&account.account.product)),
                Cell::text(&sub_user.username),
                Cell::bytes(used),
                Cell::limit(sub_user.limit),
                Cell::share(used, sub_user.limit),
                Cell::yes_no(sub_user.limit_enforced),
                if reads_targets { Cell::count(targets) } else { Cell::blank() },
            ]);
        }
    }
    listing
}

fn failures(brought: &Brought) -> Listing {
    let mut listing = Listing::new(&["account", "collector", "reason", "message"]);
    for (account, collector, failure) in &brought.failures {
        listing.add(vec![
            Cell::text(account.as_str()),
            Cell::text(collector.as_str()),
            Cell::text(failure.reason.as_str()),
            Cell::text(&failure.message),
        ]);
    }
    listing
}

fn table(brought: &Brought) -> String {
    let mut text = format!("{}\n{}", accounts(brought).to_table(), sub_users(brought).to_table());
    let failures = failures(brought);
    if !failures.is_empty() {
        text += &format!("\nNot everything came:\n{}", failures.to_table());
    }
    text
}

fn json(brought: &Brought) -> serde_json::Value {
    json!({
        "accounts": accounts(brought).to_json(),
        "sub_users": sub_users(brought).to_json(),
        "failures": failures(brought).to_json(),
    })
}
