//! `metrics --list`: every metric with its kind, labels and meaning.

use clap::Args;

use super::output::{Cell, Format, Listing};
use super::{Exit, Misused};
use crate::metrics::catalog::FAMILIES;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// List every metric of proxymeter
    #[arg(long)]
    list: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if !arguments.list {
        return Err(Misused("write `proxymeter metrics --list`".to_owned()).into());
    }
    let mut listing = Listing::new(&["metric", "type", "labels", "help"]);
    for family in FAMILIES {
        listing.add(vec![
            Cell::text(family.name),
            Cell::text(family.kind.as_str()),
            Cell::text(&family.labels.join(", ")),
            Cell::text(family.help),
        ]);
    }
    listing.print(arguments.format)?;
    Ok(Exit::Done)
}
