//! `pause` and `resume`: nothing is lowered meanwhile; the daemon need not run.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::{Exit, Misused, Place, kept, output, wish};
use crate::app::decide::{Wish, location, who};
use crate::config::Config;
use crate::domain::account::AccountName;
use crate::domain::act::action::{Action, ActionId, Stage};
use crate::store::error::StoreError;
use crate::store::records::NewPause;
use crate::store::{Access, Store, open};

/// The longest that is waited for writes that were let go before the pause stood.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often is looked whether there still are such.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Args, Debug)]
pub(super) struct Pause {
    #[command(flatten)]
    place: Place,
    /// One account; all where none is named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// For how long, such as 4h; until resume where nothing is said
    #[arg(long = "for", value_name = "TIME")]
    length: Option<String>,
    /// Why, for the others
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Resume {
    #[command(flatten)]
    place: Place,
    /// One account; all, and the pause of all, where none is named
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

pub(super) async fn pause(arguments: Pause) -> anyhow::Result<Exit> {
    let Pause { place, account, length, reason } = arguments;
    let config = place.load()?;
    let account = named(&config, account.as_deref())?;
    let now = kept::now();
    let until = length.as_deref().map(|text| until(text, now)).transpose()?;
    let store = open(&location(&config.store.location), Access::Ask).await?;
    let new = NewPause { account: account.clone(), until, reason, who: who() };
    let pause = store.pause(&new, now).await?;
    let left = under_way(&*store, account.as_ref()).await?;
    store.close().await;
    let until = pause.until.map_or_else(
        || "until proxymeter resume".to_owned(),
        |until| format!("until {}", until.strftime("%F %H:%M UTC")),
    );
    let mut text = format!(
        "nothing is lowered at {} {until}; what is to be put back still is\n",
        place_of(account.as_ref(), "any account")
    );
    for id in left {
        text +=
            &format!("action {id} had left before, and how it ended is not known: proxymeter actions list\n");
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Waits for writes that lower and were let go before the pause stood: they may be in line at the limiter.
///
/// Gives back those of which that is still not known, as where the process that wrote has crashed.
async fn under_way(store: &dyn Store, account: Option<&AccountName>) -> Result<Vec<ActionId>, StoreError> {
    let left = async || {
        let is_left = |action: &&Action| {
            action.stage == Stage::Intent
                && !action.what.is_restore()
                && account.is_none_or(|account| *account == action.account)
        };
        let books = store.acts().await?;
        Ok::<Vec<ActionId>, StoreError>(books.open().filter(is_left).map(|action| action.id).collect())
    };
    let none = async {
        while !left().await?.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
        Ok(Vec::new())
    };
    match tokio::time::timeout(PATIENCE, none).await {
        Ok(none) => none,
        Err(_) => left().await,
    }
}

pub(super) async fn resume(arguments: Resume) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    let account = named(&config, arguments.account.as_deref())?;
    let now = kept::now();
    let store = open(&location(&config.store.location), Access::Ask).await?;
    let ended = store.resume(account.as_ref(), now).await?;
    let left = match &account {
        Some(account) => store.paused(account, now).await?,
        None => None,
    };
    let has_breakers = !store.acts().await?.breakers.is_empty();
    store.close().await;
    let mut text = match ended.len() {
        0 => format!("nothing was paused at {}\n", place_of(account.as_ref(), "any account")),
        _ => format!("lowering goes on at {}\n", place_of(account.as_ref(), "every account")),
    };
    if left.is_some() {
        text += "all accounts are paused together: proxymeter resume, without --account, ends that\n";
    }
    if config.writes_off {
        text += "PROXYMETER__WRITES=off stands here, and stops lowering in whatever process has it\n";
    }
    output::print(&text)?;
    if has_breakers {
        let account = account.map(|account| account.as_str().to_owned());
        return wish::done(&config, &Wish::CloseBreakers { account }).await;
    }
    Ok(Exit::Done)
}

fn place_of(account: Option<&AccountName>, all: &str) -> String {
    account.map_or_else(|| all.to_owned(), ToString::to_string)
}

fn named(config: &Config, account: Option<&str>) -> anyhow::Result<Option<AccountName>> {
    let Some(name) = account else { return Ok(None) };
    let found = config.accounts.keys().find(|known| known.as_str() == name);
    found.cloned().map(Some).ok_or_else(|| {
        let names: Vec<&str> = config.accounts.keys().map(AccountName::as_str).collect();
        Misused(format!("no account {name:?}; the configuration has {}", names.join(", "))).into()
    })
}

fn until(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let told = || Misused(format!("--for {text:?}: expected a time such as 30m, 4h or 2d"));
    let length = crate::config::parse_duration(text).ok_or_else(told)?;
    now.checked_add(length).map_err(|_| told().into())
}
