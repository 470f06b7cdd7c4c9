//! `serve`: the daemon.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Exit, Place};
use crate::app::daemon::Daemon;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    for problem in config.unreadable_secrets() {
        tracing::error!("{problem}; the other accounts are collected, this one when its secret can be read");
    }
    let stop = stop_on_signals()?;
    Daemon::bind(config).await?.run(stop).await?;
    Ok(Exit::Done)
}

/// Ends with SIGTERM or SIGINT; SIGHUP changes nothing, and says so.
pub(super) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => tracing::warn!("SIGHUP: this version does not reload; restart to apply a changed configuration"),
            }
        }
        token.cancel();
    });
    Ok(stop)
}
