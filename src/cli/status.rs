//! `status`: one screen of how things are, from the store.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::output::{Cell, Format, Listing, print, print_json};
use super::{Exit, Place, actions, incidents, kept};
use crate::config::Config;
use crate::domain::incident::State;
use crate::domain::outbox::Backlog;
use crate::domain::units::{Bytes, Limit};
use crate::store::records::{IncidentRecord, Overview, ReceiverOff, Which};

/// Events that are shown.
const EVENTS: usize = 10;

/// A daemon writes this often at least while anything moves; older, it may be stopped.
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// How it looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    let store = kept::to_read(&config).await?;
    let now = kept::now();
    let open = store.incidents(Which::Open).await?;
    let grants = store.grants().await?;
    let books = store.acts().await?;
    let pauses = store.pauses(now).await?;
    let (backlog, off) = (store.backlog().await?, store.receivers_off().await?);
    let events = store.events(now.checked_sub(DAY).unwrap_or(now)).await?;
    // Without a history there are no ages to show.
    let overviews = store.overviews().await.unwrap_or_default();
    store.close().await;

    let accounts = accounts(&config, &overviews, now);
    let over = over(&open);
    let mut granted = Listing::new(&["grant", "budget", "account", "sub_user", "more", "ends", "by"]);
    for grant in &grants {
        granted.add(vec![
            Cell::count(Some(grant.id.unsigned_abs())),
            Cell::text(&grant.budget),
            Cell::text(grant.account.as_str()),
            Cell::text(&grant.who_for.name),
            Cell::bytes(Some(grant.bytes)),
            Cell::text(&grant.until.to_string()),
            Cell::text(&grant.by),
        ]);
    }
    let mut happened = Listing::new(&["at", "account", "what"]);
    for event in events.iter().take(EVENTS) {
        happened.add(vec![
            Cell::time(Some(event.at)),
            Cell::text(event.account.as_str()),
            Cell::text(&event.words),
        ]);
    }
    let (pending, throttled) = (actions::pending(&books), actions::throttled(&books));
    let (paused, concerns) = (actions::paused(&pauses), actions::concerns(&books));
    let waiting = waiting(&backlog, &off);
    match arguments.format {
        Format::Table => {
            let mut text = format!("Accounts\n{}", accounts.to_table());
            text += &format!("\nOver, or not known\n{}", over.to_table());
            let sections = [
                ("Actions that wait, are due or are shown", &pending),
                ("Lowered at the vendors", &throttled),
                ("Lowering is paused", &paused),
                ("To be looked at", &concerns),
                ("Notices that wait, and receivers that are gone", &waiting),
                ("Grants", &granted),
                ("In the last 24 hours", &happened),
            ];
            for (title, listing) in sections {
                if !listing.is_empty() {
                    text += &format!("\n{title}\n{}", listing.to_table());
                }
            }
            print(&text)?;
        }
        Format::Json => print_json(&json!({
            "accounts": accounts.to_json(),
            "incidents": over.to_json(),
            "actions": pending.to_json(),
            "throttled": throttled.to_json(),
            "pauses": paused.to_json(),
            "concerns": concerns.to_json(),
            "notices": waiting.to_json(),
            "grants": granted.to_json(),
            "events": happened.to_json(),
        }))?,
    }
    Ok(exit(&config, &open, &overviews, now))
}

/// What people were not told yet: `proxymeter notify list` says why.
fn waiting(backlog: &[Backlog], off: &[ReceiverOff]) -> Listing {
    let mut listing = Listing::new(&["receiver", "waiting", "oldest", "gone_since", "answer"]);
    for Backlog { receiver, pending, oldest } in backlog {
        listing.add(vec![
            Cell::text(receiver),
            Cell::count(Some(*pending)),
            Cell::time(Some(*oldest)),
            Cell::blank(),
            Cell::blank(),
        ]);
    }
    for ReceiverOff { receiver, since, answer, .. } in off {
        listing.add(vec![
            Cell::text(receiver),
            Cell::blank(),
            Cell::blank(),
            Cell::time(Some(*since)),
            Cell::text(answer),
        ]);
    }
    listing
}

fn accounts(config: &Config, overviews: &[Overview], now: Timestamp) -> Listing {
    let mut listing = Listing::new(&[
        "account",
        "provider",
        "traffic",
        "plan",
        "share",
        "sub_users",
        "period_ends",
        "age",
        "trouble",
    ]);
    for (name, account) in &config.accounts {
        let Some(overview) = overviews.iter().find(|one| one.account == name.as_str()) else {
            let never = || Cell::maybe(None);
            listing.add(vec![
                Cell::text(name.as_str()),
                Cell::text(account.account.provider),
                never(),
                never(),
                Cell::blank(),
                never(),
                never(),
                never(),
                Cell::text("never looked at"),
            ]);
            continue;
        };
        let (traffic, plan) = (overview.traffic.map(Bytes), overview.plan.map(Bytes));
        listing.add(vec![
            Cell::text(name.as_str()),
            Cell::text(&overview.provider),
            Cell::bytes(traffic),
            Cell::bytes(plan),
            Cell::share(traffic, plan.map(Limit::Bytes)),
            Cell::count(overview.sub_users.map(|count| count as u64)),
            Cell::time(overview.period.map(|(_, end)| end)),
            Cell::maybe(oldest(overview).map(|at| age(now, at)).as_deref()),
            Cell::text(&trouble(overview, now).unwrap_or_default()),
        ]);
    }
    listing
}

/// The oldest of what is held.
fn oldest(overview: &Overview) -> Option<Timestamp> {
    overview.collectors.iter().filter_map(|collector| collector.observed).min()
}

fn trouble(overview: &Overview, now: Timestamp) -> Option<String> {
    overview.collectors.iter().find_map(|collector| {
        let is_stale = collector.observed.is_some_and(|at| {
            now.duration_since(at).as_secs()
                > i64::try_from(collector.stale_after_seconds).unwrap_or(i64::MAX)
        });
        match (&collector.failure, is_stale) {
            (Some(failure), _) => Some(format!("{}: {failure}", collector.collector)),
            (None, true) => Some(format!("{}: too old; is the daemon running?", collector.collector)),
            (None, false) => None,
        }
    })
}

fn over(open: &[IncidentRecord]) -> Listing {
    let mut listing =
        Listing::new(&["id", "state", "budget", "threshold", "target", "account", "since", "used", "of"]);
    for incident in open {
        listing.add(vec![
            Cell::count(Some(incident.id.0.unsigned_abs())),
            Cell::text(incident.state.as_str()),
            Cell::text(&incident.of.budget),
            Cell::text(&incident.threshold),
            Cell::text(incidents::name(&incident.of.target)),
            Cell::text(incident.of.account.as_str()),
            Cell::time(Some(incident.since)),
            Cell::bytes(incident.used),
            Cell::bytes(incident.amount),
        ]);
    }
    listing
}

fn exit(config: &Config, open: &[IncidentRecord], overviews: &[Overview], now: Timestamp) -> Exit {
    if open.iter().any(|incident| incident.state == State::Firing) {
        return Exit::Over;
    }
    let is_known = |name: &str| {
        let overview = overviews.iter().find(|one| one.account == name);
        overview.is_some_and(|overview| trouble(overview, now).is_none())
    };
    let all_known = config.accounts.keys().all(|name| is_known(name.as_str()));
    if all_known && open.is_empty() { Exit::Done } else { Exit::Unknown }
}

/// An age in as much detail as matters.
fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
