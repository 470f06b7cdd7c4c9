//! `serve`: the daemon.

use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use super::{Exit, Misused, Place};
use crate::app::daemon::{Daemon, Reload};
use crate::config;
use crate::store::error::StoreError;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Begin a new store where there is none, though accounts are written to
    #[arg(long)]
    new_store: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let config = arguments.place.load()?;
    for problem in config.unreadable_secrets() {
        if problem.key.starts_with("accounts.") {
            tracing::error!(
                "{problem}; the other accounts are collected, this one when its secret can be read"
            );
        } else {
            tracing::error!(
                "{problem}; everything else goes on, this when its secret can be read and is right"
            );
        }
    }
    let stop = stop_on_signals()?;
    let reload = on_hangup(arguments.place.config)?;
    let daemon = match Daemon::bind(config, arguments.new_store).await {
        Ok(daemon) => daemon,
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::Missing { .. })) => {
            return Err(Misused(format!("{error:#}")).into());
        }
        Err(error) => return Err(error),
    };
    daemon.run(stop, reload).await?;
    Ok(Exit::Done)
}

/// Ends with SIGTERM or SIGINT.
pub(super) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        token.cancel();
    });
    Ok(stop)
}

/// Reloads on SIGHUP; several while one is under way are one.
fn on_hangup(file: Option<PathBuf>) -> anyhow::Result<Reload> {
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, asked) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if let Err(TrySendError::Closed(())) = sender.try_send(()) {
                return;
            }
        }
    });
    Ok(Reload { asked, load: Box::new(move || config::load(file.as_deref(), std::env::vars_os())) })
}
