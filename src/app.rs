//! The composition root: the only place that knows every edge, and hands each to the middle.
//!
//! `state` makes what is watched of a configuration, by way of `accounts`; `daemon` starts and stops everything in order,
//! a `generation` of collectors a configuration; `watch` is told of each pass and keeps `publisher` and proxymeter's own
//! metrics up to date; `source` is what the web server asks; `telling` hands on to people what `decide` posts.

pub mod accounts;
pub mod backfill;
mod calls;
pub mod daemon;
pub mod decide;
pub mod demo;
mod entry;
mod generation;
pub mod logging;
pub mod once;
mod publisher;
pub mod rendering;
mod source;
mod state;
mod telling;
mod watch;

/// Installs the one provider of cryptography; the first thing that a process does.
pub fn install_cryptography() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a provider of cryptography was installed before");
    }
}
