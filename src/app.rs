//! The composition root: the only place that knows every edge, and hands each to the middle.
//!
//! `accounts` makes providers of the configuration; `daemon` starts and stops everything in order; `watch` is told of
//! each pass and keeps `publisher` and proxymeter's own metrics up to date; `source` is what the web server asks.

pub mod accounts;
pub mod daemon;
pub mod demo;
mod entry;
pub mod logging;
pub mod once;
mod publisher;
mod source;
mod watch;

/// Installs the one provider of cryptography; the first thing that a process does.
pub fn install_cryptography() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a provider of cryptography was installed before");
    }
}
