//! `explain`: what a budget thinks of its targets, and why.

use clap::Args;

use super::Place;
use super::wish::{self, Exit};
use crate::app::decide::Wish;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The budget
    #[arg(value_name = "BUDGET")]
    budget: String,
    /// The sub-user, domain, plan or account [default: those that used the largest share]
    #[arg(value_name = "TARGET")]
    target: Option<String>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { place, budget, target } = arguments;
    wish::done(&place.load()?, &Wish::Explain { budget, target }).await
}
