//! `subscriptions`: the plans and their validity.

use clap::Args;

use super::Exit;
use super::context::{Context, Which, of};
use super::output::{Cell, Format, Listing};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let context = Context::new(&arguments.which)?;
    let mut listing = Listing::new(&[
        "account",
        "product",
        "subscription",
        "status",
        "used",
        "limit",
        "share",
        "valid_from",
        "valid_until",
    ]);
    for provider in context.decodos()? {
        for plan in of(provider, provider.subscriptions(&Context::ask()).await)? {
            listing.add(vec![
                Cell::text(provider.account().name.as_str()),
                Cell::maybe(plan.product.as_deref()),
                Cell::text(&plan.name),
                Cell::maybe(plan.status.as_deref()),
                Cell::bytes(plan.traffic),
                Cell::limit(plan.limit),
                Cell::share(plan.traffic, plan.limit),
                Cell::display(plan.valid_from),
                Cell::display(plan.valid_until),
            ]);
        }
    }
    listing.print(arguments.format)?;
    Ok(Exit::Done)
}
