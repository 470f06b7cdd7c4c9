//! `notify`: whether people are told: a test of the way, who was told what, and how it looks.

mod list;
mod render;

use clap::{Args, Subcommand};

use super::Place;
use super::wish::{self, Exit};
use crate::app::decide::Wish;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a test, marked [DRILL], the way that real news go, and say what each server answered
    Test(Test),
    /// List who was told what, when, and what the server answered
    List(list::Arguments),
    /// Write to a file what a receiver would be sent
    Render(render::Arguments),
}

#[derive(Args, Debug)]
struct Test {
    #[command(flatten)]
    place: Place,
    /// The receivers; none: all
    #[arg(value_name = "RECEIVER")]
    receivers: Vec<String>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Test(Test { place, receivers }) => {
            wish::told(&place.load()?, &Wish::Drill { receivers }).await
        }
        Command::List(arguments) => list::run(arguments).await,
        Command::Render(arguments) => render::run(arguments),
    }
}
