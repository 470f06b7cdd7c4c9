//! proxymeter: a Prometheus exporter and budget guard for metered proxy traffic.
//!
//! The way data takes: a cron tick wakes a collector, which asks a provider; the vendor's JSON becomes domain
//! values with fixed units; they join the account's snapshot, which is swapped whole; the snapshot is encoded
//! once per change, and `GET /metrics` hands out those bytes.
//! `docs/ARCHITECTURE.md` is the map.

pub mod app;
pub mod cli;
pub mod collect;
pub mod config;
pub mod domain;
pub mod enforce;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod metrics;
pub mod notify;
pub mod providers;
pub mod rehearse;
pub mod simulator;
pub mod store;
pub mod web;
