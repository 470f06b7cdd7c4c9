//! `backfill`: the vendors' own history into the store.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Exit;
use super::check;
use super::context::Which;
use super::output::{self, Cell, Format, Listing, print_json};
use crate::app::backfill::{self, Options, Progress};
use crate::collect::clock::Clock;
use crate::config::AccountConfig;

/// An account that is seldom asked may be asked so often here.
const LEAST_CALLS: u64 = 1000;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Whole days before today
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
    /// Calls to make at each account at most [default: what its schedule makes a day, at least 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_calls: Option<u64>,
    /// Begin a store where there is none, though limits may be lowered here
    #[arg(long)]
    new_store: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.which.load()?;
    let now = Clock::new().now();
    let bar = progress();
    let calls = |account: &AccountConfig, sub_users| {
        let a_day = || check::calls_a_day(account, config.collect.lag, sub_users, now).max(LEAST_CALLS);
        arguments.max_calls.unwrap_or_else(a_day)
    };
    let options = Options {
        days: arguments.days,
        // A lost store would forget what was lowered, so that one is begun on purpose alone.
        new_store: arguments.new_store || !config.accounts.values().any(|account| account.account.writes),
        calls: &calls,
        progress: &|progress| match progress {
            Progress::More(questions) => bar.inc_length(questions),
            Progress::Asked => bar.inc(1),
        },
    };
    let filled = backfill::backfill(&config, &options).await?;
    bar.finish_and_clear();

    let mut done =
        Listing::new(&["account", "calls", "days_raised", "periods_closed", "target_days", "left", "note"]);
    let mut left = Listing::new(&["account", "what", "left", "why"]);
    for (name, filled) in &filled {
        let open = filled.left.values().sum();
        let note = filled.failed.as_deref().or(filled.note);
        done.add(vec![
            Cell::text(name.as_str()),
            Cell::count(Some(filled.calls)),
            Cell::count(Some(filled.days)),
            Cell::count(Some(filled.closed)),
            Cell::count(Some(filled.targets)),
            Cell::count(Some(open)),
            note.map_or_else(Cell::blank, Cell::text),
        ]);
        for ((what, why), count) in &filled.left {
            let (name, count) = (Cell::text(name.as_str()), Cell::count(Some(*count)));
            left.add(vec![name, Cell::text(what), count, Cell::text(why)]);
        }
    }
    match arguments.format {
        Format::Json => {
            print_json(&serde_json::json!({ "accounts": done.to_json(), "left": left.to_json() }))?;
        }
        Format::Table => {
            let mut text = done.to_table();
            if !left.is_empty() {
                text += &format!("\nNot everything was asked:\n{}", left.to_table());
            }
            output::print(&text)?;
        }
    }
    let failed = filled.values().filter(|filled| filled.failed.is_some()).count();
    Ok(match failed {
        0 if left.is_empty() => Exit::Done,
        failed if failed > 0 && failed == filled.len() => Exit::Failed,
        _ => Exit::Unknown,
    })
}

/// A bar on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} questions, {elapsed}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
