//! `grant`: more for one sub-user of a budget, for a while.

use clap::Args;
use jiff::Timestamp;

use super::wish::{self, Exit};
use super::{Misused, Place};
use crate::app::decide::Wish;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The budget
    #[arg(value_name = "BUDGET")]
    budget: String,
    /// The sub-user by name
    #[arg(value_name = "SUB_USER")]
    sub_user: String,
    /// How much more, such as 5GB
    #[arg(value_name = "SIZE")]
    size: String,
    /// When it ends: period-end, or a time such as 2026-12-01T00:00:00Z
    #[arg(long, value_name = "WHEN", default_value = "period-end")]
    until: String,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { place, budget, sub_user, size, until } = arguments;
    let until = match until.as_str() {
        "period-end" => None,
        time => Some(time.parse::<Timestamp>().map_err(|_| {
            Misused(format!("--until {time:?}: expected period-end or a time such as 2026-12-01T00:00:00Z"))
        })?),
    };
    wish::done(&place.load()?, &Wish::Grant { budget, sub_user, size, until }).await
}
