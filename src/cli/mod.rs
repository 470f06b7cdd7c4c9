//! The command line: one file a command, each a few lines over the library.
//!
//! Results go to standard output, everything else to standard error.

mod actions;
mod backfill;
mod check;
mod collect;
mod completions;
mod context;
mod demo;
mod endpoints;
mod explain;
mod findings;
mod grant;
mod incidents;
mod init;
mod kept;
mod man;
mod metrics;
mod notify;
mod output;
mod pause;
mod reconcile;
mod rehearse;
mod serve;
mod simulate;
mod status;
mod store;
mod sub_users;
mod subscriptions;
mod test;
mod traffic;
mod whitelist;
mod wish;
mod writing;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::context::Place;
use crate::config::Problems;
use crate::domain::act::gate::Gate;

/// Prometheus exporter and budget guard for metered proxy traffic from Oxylabs and Decodo.
#[derive(Debug, Parser)]
#[command(name = "proxymeter", version, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate both vendors in this process and serve their metrics; needs no file, account or network
    Demo(demo::Arguments),
    /// Log in, read, and print a commented configuration with what was found
    Init(init::Arguments),
    /// Collect and serve
    Serve(serve::Arguments),
    /// Tell every mistake in the configuration at once; --online also logs in and reads
    Check(check::Arguments),
    /// Show how the accounts are, what is over, and what was granted
    Status(status::Arguments),
    /// Explain what a budget thinks of its targets, and why
    Explain(explain::Arguments),
    /// Allow one sub-user of a budget more, for a while
    Grant(grant::Arguments),
    /// List what is over and was over, or say that you know
    Incidents(incidents::Arguments),
    /// List what was lowered and what waits; approve, reject, undo
    Actions(actions::Arguments),
    /// Stop every lowering, at once and with no daemon; what is to be put back still is
    Pause(pause::Pause),
    /// Let lowering go on
    Resume(pause::Resume),
    /// Test the ways to receivers, list who was told what, show how it looks
    Notify(notify::Arguments),
    /// Copy the decisions
    Store(store::Arguments),
    /// Make one pass of every collector and print what it brought
    Collect(collect::Arguments),
    /// Read the vendors' own history into the store; goes on where it ended
    Backfill(backfill::Arguments),
    /// Compare the account's total with its sub-users, and with an invoice
    Reconcile(reconcile::Arguments),
    /// Run a made-up month, or the store's history, through today's budgets: every notice and every write, and nothing done
    Rehearse(rehearse::Arguments),
    /// Run unit tests of budgets: readings in, expected notices and writes out
    Test(test::Arguments),
    /// List the sub-users, show one, make, change or delete one
    SubUsers(sub_users::Arguments),
    /// Show usage: of all, or of one sub-user by day or by target
    Traffic(traffic::Arguments),
    /// List the subscriptions (Decodo)
    Subscriptions(subscriptions::Arguments),
    /// List, add or remove addresses that need no password at the proxies (Decodo)
    Whitelist(whitelist::Arguments),
    /// List the ways into the proxies, all or of one TYPE (Decodo)
    Endpoints(endpoints::Arguments),
    /// Tell about proxymeter's metrics
    Metrics(metrics::Arguments),
    /// Serve the two vendors' APIs as a simulation
    Simulate(simulate::Arguments),
    /// Print what a shell completes on the command line
    Completions(completions::Arguments),
    /// Print the manual page
    #[command(after_help = "To read it: proxymeter man | man -l -")]
    Man,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Over = 3,
    Unknown = 4,
    Refused = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A mistake of whoever wrote the command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Misused(String);

/// What a gate does not let through.
#[derive(Debug, thiserror::Error)]
#[error("{gate}: {words}")]
struct Refused {
    gate: Gate,
    words: String,
}

/// Parses, runs, prints the error chain once, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    crate::app::install_cryptography();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // Help and version are no errors.
            let exit = if told.use_stderr() { Exit::Usage } else { Exit::Done };
            return match told.print() {
                Err(error) if !is_gone(&error) => Exit::Failed.into(),
                _ => exit.into(),
            };
        }
    };
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => fail(&error),
    }
}

fn run(command: Command) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::Init(arguments) => init::run(arguments).await,
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Check(arguments) => check::run(arguments).await,
            Command::Status(arguments) => status::run(arguments).await,
            Command::Explain(arguments) => explain::run(arguments).await,
            Command::Grant(arguments) => grant::run(arguments).await,
            Command::Incidents(arguments) => incidents::run(arguments).await,
            Command::Notify(arguments) => notify::run(arguments).await,
            Command::Actions(arguments) => actions::run(arguments).await,
            Command::Pause(arguments) => pause::pause(arguments).await,
            Command::Resume(arguments) => pause::resume(arguments).await,
            Command::Store(arguments) => store::run(arguments).await,
            Command::Collect(arguments) => collect::run(arguments).await,
            Command::Backfill(arguments) => backfill::run(arguments).await,
            Command::Reconcile(arguments) => reconcile::run(arguments).await,
            Command::Rehearse(arguments) => rehearse::run(arguments).await,
            Command::Test(arguments) => test::run(&arguments),
            Command::SubUsers(arguments) => sub_users::run(arguments).await,
            Command::Traffic(arguments) => traffic::run(arguments).await,
            Command::Subscriptions(arguments) => subscriptions::run(arguments).await,
            Command::Whitelist(arguments) => whitelist::run(arguments).await,
            Command::Endpoints(arguments) => endpoints::run(arguments).await,
            Command::Metrics(arguments) => metrics::run(&arguments),
            Command::Simulate(arguments) => simulate::run(arguments).await,
            Command::Completions(arguments) => completions::run(&arguments),
            Command::Man => man::run(),
        }
    })
}

/// A reader that has enough, such as `head`, is no failure.
fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

fn fail(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(|cause| cause.downcast_ref().is_some_and(is_gone)) {
        return Exit::Done.into();
    }
    let mut stderr = std::io::stderr().lock();
    let (told, exit) = match error.downcast_ref::<Problems>() {
        Some(problems) => (writeln!(stderr, "{problems}"), Exit::Usage),
        None if error.is::<Refused>() => (writeln!(stderr, "error: {error}"), Exit::Refused),
        None if error.is::<Misused>() => (writeln!(stderr, "error: {error}"), Exit::Usage),
        None => (writeln!(stderr, "error: {error:#}"), Exit::Failed),
    };
    // Where standard error is closed, the exit code has to do.
    drop(told);
    exit.into()
}
