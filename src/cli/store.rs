//! `store`: a copy of the decisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, Place, kept, output};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Copy the decisions to a file that is not there yet; the daemon may run meanwhile
    Backup(Backup),
}

#[derive(Args, Debug)]
struct Backup {
    #[command(flatten)]
    place: Place,
    /// The copy
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Command::Backup(Backup { place, file }) = arguments.command;
    let config = place.load()?;
    let store = kept::to_read(&config).await?;
    let copied = store.backup(&file).await;
    store.close().await;
    copied?;
    output::print(&format!(
        "the decisions are in {}; to use them, stop the daemon, put that file where store.url says, \
         and remove what lies beside it with -wal and -shm at the end of its name\n",
        file.display()
    ))?;
    Ok(Exit::Done)
}
