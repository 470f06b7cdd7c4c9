//! `pause` and `resume`: nothing is lowered meanwhile; the daemon need not run.

use clap::Args;
use jiff::Timestamp;

use super::{Exit, Misused, Place, kept, output, wish};
use crate::app::decide::{Wish, location, who};
use crate::config::Config;
use crate::domain::account::AccountName;
use crate::store::records::NewPause;
use crate::store::{Access, open};

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
    store.close().await;
    let until = pause.until.map_or_else(
        || "until proxymeter resume".to_owned(),
        |until| format!("until {}", until.strftime("%F %H:%M UTC")),
    );
    output::print(&format!(
        "nothing is lowered at {} {until}; what is to be put back still is\n",
        place_of(account.as_ref(), "any account")
    ))?;
    Ok(Exit::Done)
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
