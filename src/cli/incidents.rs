//! `incidents`: what is over and was over, and that somebody knows.

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::output::{Cell, Format, Listing};
use super::wish::{self, Exit};
use super::{Place, kept};
use crate::app::decide::Wish;
use crate::domain::incident::{State, Target};
use crate::store::records::{IncidentRecord, Which};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is open, with --days also what ended
    List(List),
    /// Say that you know of an incident: it stops reminders and nothing else
    Ack(Ack),
}

#[derive(Args, Debug)]
struct List {
    #[command(flatten)]
    place: Place,
    /// Also what ended in the last so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(0..=400))]
    days: Option<u16>,
    /// How the list looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Args, Debug)]
struct Ack {
    #[command(flatten)]
    place: Place,
    /// The incident's number
    #[arg(value_name = "ID")]
    id: i64,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List(list) => self::list(list).await,
        Command::Ack(ack) => wish::done(&ack.place.load()?, &Wish::Acknowledge { incident: ack.id }).await,
    }
}

async fn list(arguments: List) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    let store = kept::to_read(&config).await?;
    let now = kept::now();
    let which = arguments.days.map_or(Which::Open, |days| {
        let ago = SignedDuration::from_hours(i64::from(days) * 24);
        Which::EndedSince(now.checked_sub(ago).unwrap_or(now))
    });
    let incidents = store.incidents(which).await?;
    store.close().await;
    let mut listing = Listing::new(&[
        "id",
        "state",
        "budget",
        "threshold",
        "account",
        "target",
        "since",
        "used",
        "amount",
        "ended",
        "end",
        "acknowledged_by",
    ]);
    for incident in &incidents {
        listing.add(row(incident));
    }
    listing.print(arguments.format)?;
    Ok(exit(&incidents))
}

/// Whether anything is over, or cannot be judged.
pub(super) fn exit(incidents: &[IncidentRecord]) -> Exit {
    let any = |state| incidents.iter().any(|incident| incident.state == state);
    match (any(State::Firing), any(State::Unknown)) {
        (true, _) => Exit::Over,
        (false, true) => Exit::Unknown,
        (false, false) => Exit::Done,
    }
}

fn row(incident: &IncidentRecord) -> Vec<Cell> {
    vec![
        Cell::count(Some(incident.id.0.unsigned_abs())),
        Cell::text(incident.state.as_str()),
        Cell::text(&incident.of.budget),
        Cell::text(&incident.threshold),
        Cell::text(incident.of.account.as_str()),
        Cell::text(name(&incident.of.target)),
        Cell::time(Some(incident.since)),
        Cell::bytes(incident.used),
        Cell::bytes(incident.amount),
        incident.ended.map_or_else(Cell::blank, |(at, _)| Cell::time(Some(at))),
        incident.ended.map_or_else(Cell::blank, |(_, end)| Cell::text(end.as_str())),
        incident.acked.as_ref().map_or_else(Cell::blank, |(_, who)| Cell::text(who)),
    ]
}

/// A target by its name alone.
pub(super) fn name(target: &Target) -> &str {
    match target {
        Target::Account => "the account",
        Target::Unattributed => "unattributed",
        Target::SubUser(who) => &who.name,
        Target::Domain(name) | Target::Subscription(name) => name,
    }
}
