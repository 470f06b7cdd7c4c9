//! `simulate`: the two vendors' APIs as a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;

use super::serve::stop_on_signals;
use super::{Exit, Misused, output};
use crate::app::logging;
use crate::collect::clock::Clock;
use crate::config::Log;
use crate::simulator::{self, Access, Scenario, Simulator};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The address and port to serve on; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:10761")]
    listen: SocketAddr,
    /// What is simulated; docs/SIMULATOR.md tells how to write it [default: a few accounts of both vendors]
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Seconds of traffic in one second
    #[arg(long, value_name = "FACTOR")]
    speed: Option<f64>,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    logging::start(&Log::default())?;
    let stop = stop_on_signals()?;
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| {
        format!("cannot listen on {}; choose another address by --listen", arguments.listen)
    })?;
    let address = listener.local_addr()?;
    let scenario = scenario(&arguments)?;
    let clock = Clock::new();
    let simulator = Simulator::new(&scenario, Arc::new(move || clock.now()));
    output::print(&configuration(address, &scenario.access()))?;
    simulator::serve(listener, simulator, stop).await?;
    Ok(Exit::Done)
}

fn scenario(arguments: &Arguments) -> anyhow::Result<Scenario> {
    let mut scenario = match &arguments.scenario {
        None => Scenario::default(),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Misused(format!("the scenario {} cannot be read: {error}", file.display()))
            })?;
            Scenario::from_toml(&file.display().to_string(), &text)
                .map_err(|error| Misused(error.to_string()))?
        }
    };
    match arguments.speed {
        None => {}
        Some(speed) if speed.is_finite() && speed > 0.0 => scenario.speed = speed,
        Some(speed) => return Err(Misused(format!("--speed {speed}: expected a number above 0")).into()),
    }
    Ok(scenario)
}

/// A configuration that reads the simulated accounts, for `proxymeter serve`.
fn configuration(address: SocketAddr, accounts: &[Access]) -> String {
    let mut text = format!(
        "# Both vendors are simulated on http://{address}; their books are at /-/books.\n\
         # This is a configuration for them, their passwords are made up:\n\
         operator.notify = []\n"
    );
    for access in accounts {
        let Access { account, provider, dialect, product, base_path, username, secret } = access;
        text += &format!(
            "\n[accounts.{account}]\nprovider = \"{provider}\"\nbase_url = \"http://{address}{base_path}\"\n"
        );
        match (*provider, *dialect) {
            ("decodo", "v2") => text += &format!("dialect = \"v2\"\napi_key = \"{secret}\"\n"),
            ("decodo", dialect) => {
                text +=
                    &format!("dialect = \"{dialect}\"\nusername = \"{username}\"\npassword = \"{secret}\"\n");
            }
            _ => {
                text +=
                    &format!("product = \"{product}\"\nusername = \"{username}\"\npassword = \"{secret}\"\n")
            }
        }
        if *provider == "oxylabs" {
            text += "schedule.targets = \"30 * * * * *\"\n";
        }
    }
    text + "\n# Serving; Ctrl-C ends it.\n"
}
