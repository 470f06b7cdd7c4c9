//! `actions`: what was lowered, what waits for a person, and what a person says of it.

mod list;

pub(super) use list::{concerns, paused, pending, throttled};

use clap::{Args, Subcommand};

use super::wish::{self, Exit};
use super::{Place, kept, writing};
use crate::app::decide::Wish;
use crate::domain::act::action::{Action, Stage};
use crate::domain::act::books::Books;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what stands, what waits and what is due; --all is the whole audit
    List(list::Arguments),
    /// Make plans, for approval, of what a budget in observe only shows
    Propose(Propose),
    /// Carry out plans that wait for a person
    Approve(Approve),
    /// Do not carry out what is not done yet; its threshold acts no more in this period
    Reject(Chosen),
    /// Put back what actions lowered
    Undo(Undo),
    /// Leave what stands as it is though its budget is in the configuration no more
    Keep(Chosen),
}

#[derive(Args, Debug)]
struct Propose {
    #[command(flatten)]
    place: Place,
    /// The budget
    #[arg(value_name = "BUDGET")]
    budget: String,
    /// One of its sub-users by name; all where none is named
    #[arg(value_name = "SUB_USER")]
    sub_user: Option<String>,
}

#[derive(Args, Debug)]
struct Approve {
    #[command(flatten)]
    chosen: Asking,
    /// The numbers of the actions
    #[arg(value_name = "ID", required_unless_present = "budget")]
    ids: Vec<i64>,
    /// Every plan of a budget that waits
    #[arg(long, value_name = "BUDGET", conflicts_with = "ids")]
    budget: Option<String>,
}

#[derive(Args, Debug)]
struct Undo {
    #[command(flatten)]
    chosen: Asking,
    /// The numbers of the actions that lowered
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<i64>,
    /// Everything that stands
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

#[derive(Args, Debug)]
struct Chosen {
    #[command(flatten)]
    chosen: Asking,
    /// The numbers of the actions
    #[arg(value_name = "ID", required = true)]
    ids: Vec<i64>,
}

#[derive(Args, Debug)]
struct Asking {
    #[command(flatten)]
    place: Place,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::List(arguments) => list::run(arguments).await,
        Command::Propose(Propose { place, budget, sub_user }) => {
            wish::done(&place.load()?, &Wish::Propose { budget, sub_user }).await
        }
        Command::Approve(Approve { chosen, ids, budget }) => approve(chosen, ids, budget).await,
        Command::Reject(Chosen { chosen, ids }) => {
            let shown = |books: &Books| actions(books, &ids);
            ask(chosen, "Not to be done in this period", shown, Wish::Reject { actions: ids.clone() }).await
        }
        Command::Undo(Undo { chosen, ids, all: _ }) => {
            let shown = |books: &Books| standing(books, &ids);
            ask(chosen, "To be put back", shown, Wish::Undo { actions: ids.clone() }).await
        }
        Command::Keep(Chosen { chosen, ids }) => {
            let shown = |books: &Books| standing(books, &ids);
            ask(chosen, "To be left as it is", shown, Wish::Keep { actions: ids.clone() }).await
        }
    }
}

/// Shows plans, asks, and has those very plans carried out.
async fn approve(chosen: Asking, ids: Vec<i64>, budget: Option<String>) -> anyhow::Result<Exit> {
    let config = chosen.place.load()?;
    let store = kept::to_read(&config).await?;
    let books = store.acts().await?;
    store.close().await;
    let ids = match &budget {
        None => ids,
        Some(budget) => {
            let waits = |action: &&Action| action.stage == Stage::Waiting && *action.by.budget == **budget;
            let ids: Vec<i64> = books.open().filter(waits).map(|action| action.id.0).collect();
            if ids.is_empty() {
                anyhow::bail!("nothing of budget {budget} waits for approval; see proxymeter actions list");
            }
            ids
        }
    };
    let hash = |id: i64| {
        books.actions.get(&crate::domain::act::action::ActionId(id)).map(|action| action.hash.to_string())
    };
    // One that is not known any more is the owner's to refuse, with its reason.
    let plans = ids.iter().map(|id| (*id, hash(*id).unwrap_or_default())).collect();
    if !agreed("To be done at the vendor", &actions(&books, &ids), chosen.yes)? {
        return Ok(Exit::Failed);
    }
    wish::done(&config, &Wish::Approve { plans }).await
}

async fn ask(
    chosen: Asking,
    title: &str,
    shown: impl Fn(&Books) -> Vec<String>,
    wish: Wish,
) -> anyhow::Result<Exit> {
    let config = chosen.place.load()?;
    let store = kept::to_read(&config).await?;
    let books = store.acts().await?;
    store.close().await;
    if !agreed(title, &shown(&books), chosen.yes)? {
        return Ok(Exit::Failed);
    }
    wish::done(&config, &wish).await
}

/// Prints what is about to happen, and asks.
fn agreed(title: &str, lines: &[String], yes: bool) -> anyhow::Result<bool> {
    if lines.is_empty() {
        // Whoever answers says what is wrong.
        return Ok(true);
    }
    let mut shown = vec![format!("{title}:")];
    shown.extend(lines.iter().map(|line| format!("  {line}")));
    writing::Asking::unless(yes).agreed(&shown)
}

fn actions(books: &Books, ids: &[i64]) -> Vec<String> {
    let of = ids.iter().filter_map(|id| books.actions.get(&crate::domain::act::action::ActionId(*id)));
    of.map(line).collect()
}

fn line(action: &Action) -> String {
    let Action { id, what, who, account, by, hash, .. } = action;
    let records = match (action.before, action.after) {
        (Some(before), Some(after)) => format!(": {before} → {after}"),
        (Some(before), None) => format!(": now {before}"),
        _ => String::new(),
    };
    let plan = if hash.is_empty() { String::new() } else { format!(" (plan {hash})") };
    format!("{id}  {what} of {} at {account}, by {by}{records}{plan}", who.name)
}

fn standing(books: &Books, ids: &[i64]) -> Vec<String> {
    let mut lines = Vec::new();
    for throttle in books.throttles.values() {
        for hold in &throttle.holds {
            if ids.is_empty() || ids.contains(&hold.action.0) {
                let now = throttle.set.on(throttle.own);
                lines.push(format!(
                    "{}  {} of {} at {}, by {}: now {now}, a person's own is {}",
                    hold.action, hold.what, throttle.who.name, throttle.account, hold.by, throttle.own
                ));
            }
        }
    }
    lines
}
