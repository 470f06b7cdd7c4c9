//! `check`: every mistake at once; online, a login and a read of each account.

use clap::Args;
use futures_util::future::join_all;

use super::Exit;
use super::context::{Context, Place, Which};
use super::output::{self, Cell, Format, Listing};
use crate::config::{self, Config, Problems};
use crate::domain::collector::Collector;
use crate::providers::{Provider, ProviderError};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Also log in to each account and read once
    #[arg(long)]
    online: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = config::load(arguments.place.config.as_deref(), std::env::vars_os())?;
    let unreadable = config.unreadable_secrets();
    if !unreadable.is_empty() {
        return Err(Problems::from(unreadable).into());
    }
    output::print(&summary(&config))?;
    if arguments.online { online(arguments.place).await } else { Ok(Exit::Done) }
}

fn summary(config: &Config) -> String {
    let mut text = format!("{}: no mistake found\n\n", config.file.display());
    let mut listing = Listing::new(&["account", "provider", "dialect", "collector", "schedule_(UTC)"]);
    for (name, account) in &config.accounts {
        for (collector, cron) in &account.schedule {
            listing.add(vec![
                Cell::text(name.as_str()),
                Cell::text(account.account.provider),
                Cell::text(account.account.dialect),
                Cell::text(collector.as_str()),
                Cell::text(cron.as_str()),
            ]);
        }
    }
    text += &listing.to_table();
    for (name, account) in config.accounts.iter().filter(|(_, account)| !account.gigabyte_pinned) {
        text += &format!(
            "\naccounts.{name}.gigabyte is not set: {} says nowhere what a gigabyte is, so 1,000,000,000 bytes are read. \
             Compare with an invoice and write \"decimal\" or \"binary\".\n",
            account.account.provider
        );
    }
    text
}

async fn online(place: Place) -> anyhow::Result<Exit> {
    let context = Context::new(&Which { place, account: None })?;
    let checks = context.providers.iter().map(|provider| async move { (provider, read(&**provider).await) });
    let mut listing = Listing::new(&["account", "answer"]);
    let mut failed = false;
    for (provider, result) in join_all(checks).await {
        let answer = match result {
            Ok(brought) => brought,
            Err(error) => {
                failed = true;
                format!("{}: {error}", error.reason())
            }
        };
        listing.add(vec![Cell::text(provider.account().name.as_str()), Cell::text(&answer)]);
    }
    output::print("\n")?;
    listing.print(Format::Table)?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Logs in and reads what the collectors read, but for one call a sub-user.
async fn read(provider: &dyn Provider) -> Result<String, ProviderError> {
    let ask = Context::ask();
    let usage = provider.account_usage(&ask).await?;
    let sub_users = provider.sub_users(&ask).await?;
    let mut brought = vec![format!("{} sub-users", sub_users.len())];
    if let Some(traffic) = usage.traffic {
        brought.insert(0, format!("{traffic} used"));
    }
    if provider.collectors().contains(&Collector::Subscriptions) {
        brought.push(format!("{} subscriptions", provider.subscriptions(&ask).await?.len()));
    }
    Ok(format!("ok: {}", brought.join(", ")))
}
