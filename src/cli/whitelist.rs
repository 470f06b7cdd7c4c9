//! `whitelist`: the addresses that need no password at the proxies.

use std::collections::BTreeSet;
use std::net::IpAddr;

use clap::{Args, Subcommand};

use super::context::{Context, Which, of};
use super::output::{self, Cell, Format, Listing};
use super::writing::{Asking, Desk, Note, told};
use super::{Exit, Misused, Refused};
use crate::domain::act::gate::Gate;
use crate::domain::act::settle::Found;
use crate::domain::traffic::WhitelistedIp;
use crate::enforce::Sent;
use crate::providers::Writer;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the addresses
    List {
        #[command(flatten)]
        which: Which,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Let addresses in without a password
    Add {
        /// The addresses
        #[arg(value_name = "IP", required = true)]
        addresses: Vec<IpAddr>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asking: Asking,
    },
    /// Let an address in no more without a password
    Remove {
        /// The record's id, or the address
        #[arg(value_name = "ID|IP")]
        record: String,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asking: Asking,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.what {
        What::List { which, format } => list(&Context::new(&which)?, format).await,
        What::Add { addresses, which, asking } => {
            let context = Context::new(&which)?;
            let writer = context.one_with_whitelist()?;
            let desk = Desk::open(&context).await?;
            let done = add(&desk, writer, addresses.into_iter().collect(), asking).await;
            desk.close().await;
            done
        }
        What::Remove { record, which, asking } => {
            let context = Context::new(&which)?;
            let writer = context.one_with_whitelist()?;
            let desk = Desk::open(&context).await?;
            let done = remove(&desk, writer, &record, asking).await;
            desk.close().await;
            done
        }
    }
}

async fn list(context: &Context, format: Format) -> anyhow::Result<Exit> {
    let mut listing = Listing::new(&["account", "id", "address", "enabled", "created"]);
    for provider in context.decodos()? {
        for address in of(provider, provider.whitelist(&Context::ask()).await)? {
            listing.add(vec![
                Cell::text(provider.account().name.as_str()),
                Cell::text(&address.id),
                Cell::text(&address.address),
                Cell::yes_no(address.enabled),
                Cell::maybe(address.created.as_deref()),
            ]);
        }
    }
    listing.print(format)?;
    Ok(Exit::Done)
}

/// The journal's word where it has the name of a sub-user.
const NAME: &str = "the whitelist";

async fn records(writer: &dyn Writer) -> anyhow::Result<Vec<WhitelistedIp>> {
    of(writer, writer.whitelist(&Context::ask()).await)
}

/// Those of the addresses that are in the list.
fn among(addresses: &BTreeSet<IpAddr>, records: &[WhitelistedIp]) -> BTreeSet<IpAddr> {
    let listed: BTreeSet<IpAddr> = records.iter().filter_map(|record| record.address.parse().ok()).collect();
    addresses.intersection(&listed).copied().collect()
}

fn in_words(addresses: &BTreeSet<IpAddr>) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

async fn add(
    desk: &Desk<'_>,
    writer: &dyn Writer,
    wanted: BTreeSet<IpAddr>,
    asking: Asking,
) -> anyhow::Result<Exit> {
    let account = &writer.account().name;
    let there = among(&wanted, &records(writer).await?);
    let new: BTreeSet<IpAddr> = wanted.difference(&there).copied().collect();
    if new.is_empty() {
        output::print(&format!("{NAME} at {account}: nothing to change\n"))?;
        return Ok(Exit::Done);
    }
    let mut lines = vec![format!("{NAME} at {account}, to be changed at the vendor:")];
    lines.extend(new.iter().map(|address| format!("  {address}: added, and needs no password")));
    if !there.is_empty() {
        lines.push(format!("there already: {}", in_words(&there)));
    }
    if !desk.agrees(asking, lines)? {
        return Ok(Exit::Failed);
    }
    let meanwhile = among(&new, &records(writer).await?);
    if !meanwhile.is_empty() {
        let words = format!("somebody has added {} meanwhile; nothing was written", in_words(&meanwhile));
        return Err(Refused { gate: Gate::Person, words }.into());
    }
    let what = format!("whitelist add, {}", in_words(&new));
    let note = Note { account, name: NAME, what, before: None, after: None };
    desk.intend(&note).await?;
    let addresses: Vec<IpAddr> = new.iter().copied().collect();
    let lost = match Sent::of(writer.add_to_whitelist(&addresses, &Context::ask()).await) {
        Sent::Maybe { lost } => lost,
        Sent::Not(found) => {
            return desk.end(&note, &found, told(&found, None, String::new(), "")).await;
        }
    };
    let (found, seen) = match records(writer).await {
        Err(error) => (Found::Unknown(format!("{error:#}")), String::new()),
        Ok(records) => {
            let there = among(&new, &records);
            let missing: BTreeSet<IpAddr> = new.difference(&there).copied().collect();
            let found = match (missing.is_empty(), there.is_empty(), lost.is_none()) {
                (true, _, _) => Found::Confirmed,
                (false, true, true) => Found::Ignored,
                (false, true, false) => Found::NotApplied,
                (false, false, _) => Found::Unknown(format!("{} is not there", in_words(&missing))),
            };
            (found, format!("{} is not there", in_words(&missing)))
        }
    };
    let confirmed = format!("added and read back: {}", in_words(&new));
    desk.end(&note, &found, told(&found, lost.as_ref(), confirmed, &seen)).await
}

/// The one record that is meant, by its id or its address.
fn meant(records: Vec<WhitelistedIp>, text: &str) -> anyhow::Result<Option<WhitelistedIp>> {
    let address: Option<IpAddr> = text.parse().ok();
    let is_meant = |record: &WhitelistedIp| {
        record.id == text
            || record.address == text
            || address.is_some() && record.address.parse().ok() == address
    };
    let mut found: Vec<_> = records.into_iter().filter(is_meant).collect();
    if found.len() > 1 {
        let ids: Vec<_> = found.iter().map(|record| record.id.as_str()).collect();
        return Err(Misused(format!(
            "{text:?} is there several times: name one by its id: {}",
            ids.join(", ")
        ))
        .into());
    }
    Ok(found.pop())
}

async fn remove(desk: &Desk<'_>, writer: &dyn Writer, text: &str, asking: Asking) -> anyhow::Result<Exit> {
    let account = &writer.account().name;
    let record = meant(records(writer).await?, text)?.ok_or_else(|| {
        anyhow::anyhow!("no {text:?} in {NAME} at {account}; see proxymeter whitelist list")
    })?;
    let lines = vec![
        format!("{NAME} at {account}, to be changed at the vendor:"),
        format!("  {} (id {}): removed, and needs a password", record.address, record.id),
    ];
    if !desk.agrees(asking, lines)? {
        return Ok(Exit::Failed);
    }
    let is_there = |records: &[WhitelistedIp]| {
        records.iter().any(|one| one.id == record.id && one.address == record.address)
    };
    if !is_there(&records(writer).await?) {
        let words = format!("somebody has changed {} meanwhile; nothing was written", record.address);
        return Err(Refused { gate: Gate::Person, words }.into());
    }
    let what = format!("whitelist remove, {} (id {})", record.address, record.id);
    let note = Note { account, name: NAME, what, before: None, after: None };
    desk.intend(&note).await?;
    let lost = match Sent::of(writer.remove_from_whitelist(&record.id, &Context::ask()).await) {
        Sent::Maybe { lost } => lost,
        Sent::Not(found) => {
            return desk.end(&note, &found, told(&found, None, String::new(), "")).await;
        }
    };
    let found = match records(writer).await {
        Err(error) => Found::Unknown(format!("{error:#}")),
        Ok(records) => match (is_there(&records), lost.is_none()) {
            (false, _) => Found::Confirmed,
            (true, true) => Found::Ignored,
            (true, false) => Found::NotApplied,
        },
    };
    let confirmed = format!("{} removed, and no longer there", record.address);
    desk.end(&note, &found, told(&found, lost.as_ref(), confirmed, "it is still there")).await
}
