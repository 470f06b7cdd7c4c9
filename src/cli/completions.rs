//! `completions`: what a shell offers while a command line is written.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, output};

#[derive(Args, Debug)]
#[command(
    after_help = "For bash: proxymeter completions bash > ~/.local/share/bash-completion/completions/proxymeter"
)]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "proxymeter", &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}
