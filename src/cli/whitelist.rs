//! `whitelist`: the addresses that need no password at the proxies.

use clap::{Args, Subcommand};

use super::Exit;
use super::context::{Context, Which, of};
use super::output::{Cell, Format, Listing};

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
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let What::List { which, format } = arguments.what;
    let context = Context::new(&which)?;
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
