//! `actions list`: what stands at the vendors, what waits, and the whole audit.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::cli::output::{Cell, Format, Listing, print, print_json};
use crate::cli::{Exit, Place, kept};
use crate::domain::act::action::Action;
use crate::domain::act::books::Books;
use crate::store::records::{EntryRecord, Pause};

/// Lines of the audit at most.
const ENTRIES: usize = 100_000;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The whole audit: everything that was proposed, written, read back, refused and said, newest first
    #[arg(long)]
    all: bool,
    /// The audit of the last so many days
    #[arg(long, value_name = "DAYS", default_value_t = 400, value_parser = clap::value_parser!(u16).range(1..=4000))]
    days: u16,
    /// How the list looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    let store = kept::to_read(&config).await?;
    let now = kept::now();
    if arguments.all {
        let ago = SignedDuration::from_hours(i64::from(arguments.days) * 24);
        let entries = store.journal(now.checked_sub(ago).unwrap_or(Timestamp::MIN), ENTRIES).await?;
        store.close().await;
        audit(&entries).print(arguments.format)?;
        return Ok(Exit::Done);
    }
    let books = store.acts().await?;
    let pauses = store.pauses(now).await?;
    store.close().await;
    let (open, stands) = (open(&books), standing(&books));
    let (paused, concerns) = (paused(&pauses), concerns(&books));
    match arguments.format {
        Format::Table => {
            let mut text = format!("Waiting, due or shown\n{}", open.to_table());
            text += &format!("\nStanding at the vendors\n{}", stands.to_table());
            for (title, listing) in [("Lowering is paused", &paused), ("To be looked at", &concerns)] {
                if !listing.is_empty() {
                    text += &format!("\n{title}\n{}", listing.to_table());
                }
            }
            for (account, breaker) in &books.breakers {
                text += &format!(
                    "\nNothing is lowered at {account} since {:.0}: {}; look, then proxymeter resume --account {account}\n",
                    breaker.since, breaker.words
                );
            }
            print(&text)?;
        }
        Format::Json => print_json(&serde_json::json!({
            "actions": open.to_json(),
            "standing": stands.to_json(),
            "pauses": paused.to_json(),
            "concerns": concerns.to_json(),
            "breakers": books.breakers.iter().map(|(account, breaker)| serde_json::json!({
                "account": account.as_str(),
                "since": breaker.since.to_string(),
                "action": breaker.action.0,
                "words": breaker.words,
            })).collect::<Vec<_>>(),
        }))?,
    }
    Ok(Exit::Done)
}

/// Actions that are not over, in as few columns as one screen has.
pub(in crate::cli) fn pending(books: &Books) -> Listing {
    let mut listing =
        Listing::new(&["id", "action", "sub_user", "account", "budget", "threshold", "stage", "blocked_by"]);
    for action in books.open() {
        listing.add(vec![
            Cell::count(Some(action.id.0.unsigned_abs())),
            Cell::text(&action.what.to_string()),
            Cell::text(&action.who.name),
            Cell::text(action.account.as_str()),
            Cell::text(&action.by.budget),
            Cell::text(action.by.threshold()),
            Cell::text(action.stage.as_str()),
            action.blocked.map_or_else(Cell::blank, |gate| Cell::text(gate.as_str())),
        ]);
    }
    listing
}

/// Who is held lower, in as few columns as one screen has.
pub(in crate::cli) fn throttled(books: &Books) -> Listing {
    let mut listing = Listing::new(&["id", "action", "sub_user", "account", "budget", "threshold", "since"]);
    for throttle in books.throttles.values() {
        for hold in &throttle.holds {
            listing.add(vec![
                Cell::count(Some(hold.action.0.unsigned_abs())),
                Cell::text(&hold.what.to_string()),
                Cell::text(&throttle.who.name),
                Cell::text(throttle.account.as_str()),
                Cell::text(&hold.by.budget),
                Cell::text(hold.by.threshold()),
                Cell::time(Some(hold.since)),
            ]);
        }
    }
    listing
}

/// What people have to look at.
pub(in crate::cli) fn concerns(books: &Books) -> Listing {
    let mut listing = Listing::new(&["what", "account", "sub_user", "since"]);
    for (concern, since) in &books.concerns {
        let name = concern.key.as_ref().map(|key| {
            let place = (concern.account.clone(), key.clone());
            books.throttles.get(&place).map_or(&*key.0, |throttle| &*throttle.who.name)
        });
        listing.add(vec![
            Cell::text(concern.kind.as_str()),
            Cell::text(concern.account.as_str()),
            name.map_or_else(Cell::blank, Cell::text),
            Cell::time(Some(*since)),
        ]);
    }
    listing
}

/// Actions that are not over.
fn open(books: &Books) -> Listing {
    let mut listing = Listing::new(&[
        "id",
        "action",
        "sub_user",
        "account",
        "budget",
        "threshold",
        "mode",
        "stage",
        "blocked_by",
        "before",
        "after",
        "until",
        "plan",
    ]);
    for action in books.open() {
        listing.add(row(action));
    }
    listing
}

fn row(action: &Action) -> Vec<Cell> {
    let maybe = |text: Option<String>| text.map_or_else(Cell::blank, |text| Cell::text(&text));
    vec![
        Cell::count(Some(action.id.0.unsigned_abs())),
        Cell::text(&action.what.to_string()),
        Cell::text(&action.who.name),
        Cell::text(action.account.as_str()),
        Cell::text(&action.by.budget),
        Cell::text(action.by.threshold()),
        Cell::text(action.mode.as_str()),
        Cell::text(action.stage.as_str()),
        maybe(action.blocked.map(|gate| gate.to_string())),
        maybe(action.before.map(|record| record.to_string())),
        maybe(action.after.map(|record| record.to_string())),
        action.expires.or(action.not_before).map_or_else(Cell::blank, |at| Cell::time(Some(at))),
        Cell::text(&action.hash),
    ]
}

/// What stands at the vendors.
fn standing(books: &Books) -> Listing {
    let mut listing = Listing::new(&[
        "id",
        "action",
        "sub_user",
        "account",
        "budget",
        "threshold",
        "since",
        "now",
        "own",
        "orphaned",
    ]);
    for throttle in books.throttles.values() {
        for hold in &throttle.holds {
            listing.add(vec![
                Cell::count(Some(hold.action.0.unsigned_abs())),
                Cell::text(&hold.what.to_string()),
                Cell::text(&throttle.who.name),
                Cell::text(throttle.account.as_str()),
                Cell::text(&hold.by.budget),
                Cell::text(hold.by.threshold()),
                Cell::time(Some(hold.since)),
                Cell::text(&throttle.set.on(throttle.own).to_string()),
                Cell::text(&throttle.own.to_string()),
                Cell::yes_no(Some(hold.orphaned)),
            ]);
        }
    }
    listing
}

/// The pauses that stand.
pub(in crate::cli) fn paused(pauses: &[Pause]) -> Listing {
    let mut listing = Listing::new(&["account", "since", "until", "by", "reason"]);
    for pause in pauses {
        listing.add(vec![
            Cell::text(pause.account.as_ref().map_or("all", |account| account.as_str())),
            Cell::time(Some(pause.since)),
            pause.until.map_or_else(|| Cell::text("resume"), |until| Cell::time(Some(until))),
            Cell::text(&pause.who),
            Cell::text(pause.reason.as_deref().unwrap_or_default()),
        ]);
    }
    listing
}

fn audit(entries: &[EntryRecord]) -> Listing {
    let mut listing =
        Listing::new(&["at", "id", "sub_user", "account", "by", "step", "what", "before", "after"]);
    let record = |record: Option<crate::domain::act::record::Record>| {
        record.map_or_else(Cell::blank, |record| Cell::text(&record.to_string()))
    };
    for entry in entries {
        listing.add(vec![
            Cell::time(Some(entry.at)),
            entry.action.map_or_else(Cell::blank, |id| Cell::count(Some(id.0.unsigned_abs()))),
            Cell::text(&entry.name),
            Cell::text(entry.account.as_str()),
            Cell::text(&entry.by),
            Cell::text(&entry.step),
            Cell::text(&entry.words),
            record(entry.before),
            record(entry.after),
        ]);
    }
    listing
}
