//! The log: to standard error, as text or JSON.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Libraries that tell at the level `info` what only their authors want to know.
const QUIETER: &str = "tokio_cron_scheduler=warn";

/// Starts the log.
///
/// # Errors
/// Directives that are none, which the configuration has checked, or a log that was started before.
pub fn start(log: &Log) -> anyhow::Result<()> {
    // The operator's directives come last, so that they win.
    let directives = format!("{QUIETER},{}", log.level);
    let filter = EnvFilter::try_new(directives).with_context(|| format!("log.level {:?}", log.level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
