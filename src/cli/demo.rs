//! `demo`: both vendors simulated and read in this process.

use std::net::SocketAddr;

use clap::Args;

use super::serve::stop_on_signals;
use super::{Exit, output};
use crate::app::daemon::Reload;
use crate::app::demo::{self, Demo};
use crate::app::logging;
use crate::config::{DEFAULT_LISTEN, Log};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The address and port to serve on
    #[arg(long, value_name = "ADDR", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    logging::start(&Log::default())?;
    let stop = stop_on_signals()?;
    let Demo { daemon, folder } = demo::start(arguments.listen, stop.clone()).await?;
    let address = daemon.address();
    output::print(&format!(
        "proxymeter demo: Oxylabs and Decodo simulated in this process, with fast traffic.\n\
         \n  \
           page     http://{address}/\n  \
           metrics  http://{address}/metrics\n  \
           ready    http://{address}/-/ready\n\
         \nOne sub-user runs away: within a minute it crosses its budget, which is told here.\n\
         Ctrl-C ends it.\n"
    ))?;
    daemon.run(stop, Reload::never()).await?;
    folder.close()?;
    Ok(Exit::Done)
}
