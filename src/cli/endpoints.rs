//! `endpoints`: the ways into the proxies.

use clap::Args;

use super::Exit;
use super::context::{Context, Which, of};
use super::output::{Cell, Format, Listing};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// random, sticky, datacenter or mobile; all where nothing is said
    #[arg(value_name = "TYPE")]
    kind: Option<String>,
    #[command(flatten)]
    which: Which,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let context = Context::new(&arguments.which)?;
    let mut listing =
        Listing::new(&["account", "type", "host", "ports", "location", "protocol", "available_locations"]);
    for provider in context.decodos()? {
        let endpoints = provider.endpoints(arguments.kind.as_deref(), &Context::ask()).await;
        for endpoint in of(provider, endpoints)? {
            listing.add(vec![
                Cell::text(provider.account().name.as_str()),
                Cell::maybe(endpoint.kind.as_deref().or(arguments.kind.as_deref())),
                Cell::maybe(endpoint.host.as_deref()),
                Cell::maybe(endpoint.ports.as_deref()),
                Cell::maybe(endpoint.location.as_deref()),
                Cell::maybe(endpoint.protocol.as_deref()),
                Cell::count(endpoint.available_locations),
            ]);
        }
    }
    listing.print(arguments.format)?;
    Ok(Exit::Done)
}
