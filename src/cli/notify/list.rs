//! `notify list`: was somebody told, when, and what did the server answer.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::super::output::{Cell, Format, Listing};
use super::super::{Exit, Misused, Place, kept};
use crate::config::parse_duration;
use crate::domain::outbox::Told;

/// Lines that are listed at most.
const AT_MOST: usize = 1_000;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Only what is for this receiver
    #[arg(long, value_name = "RECEIVER")]
    receiver: Option<String>,
    /// How far back, such as 2h or 7d
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    since: Duration,
    /// Only what waits
    #[arg(long)]
    waiting: bool,
    /// How the list looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a duration such as 2h or 7d".to_owned())
}

/// Ends with 4 where something waits that was tried before or was given up: somebody may not know.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { place, receiver, since, waiting, format } = arguments;
    let config = place.load()?;
    if let Some(name) = &receiver
        && !config.receivers.contains_key(name.as_str())
    {
        let known: Vec<&str> = config.receivers.keys().map(|name| &**name).collect();
        return Err(Misused(format!("there is no receiver {name:?}; receivers: {}", known.join(", "))).into());
    }
    let store = kept::to_read(&config).await?;
    let from = kept::now().checked_sub(since).context("--since is too long")?;
    let mut told = store.told(receiver.as_deref(), from, AT_MOST).await?;
    store.close().await;
    if waiting {
        told.retain(|told| told.state == "pending");
    }
    let mut listing = Listing::new(&[
        "at",
        "receiver",
        "recipient",
        "severity",
        "state",
        "tries",
        "moment",
        "answer",
        "title",
        "notice",
    ]);
    for told in &told {
        listing.add(row(told));
    }
    listing.print(format)?;
    let is_trouble = |told: &Told| told.state == "dead" || told.state == "pending" && told.tries > 0;
    Ok(if told.iter().any(is_trouble) { Exit::Unknown } else { Exit::Done })
}

fn row(told: &Told) -> Vec<Cell> {
    let state = if told.maybe_twice { format!("{} (perhaps twice)", told.state) } else { told.state.clone() };
    vec![
        Cell::time(Some(told.at)),
        Cell::text(&told.receiver),
        Cell::text(&told.recipient),
        Cell::text(told.severity.as_str()),
        Cell::text(&state),
        Cell::count(Some(u64::from(told.tries))),
        Cell::time(Some(told.moment)),
        told.answer.as_deref().map_or_else(Cell::blank, Cell::text),
        Cell::text(&told.title),
        Cell::text(&told.notice.0),
    ]
}
