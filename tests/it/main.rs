//! All integration tests, in one binary.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test as the test itself would")]

mod alerts;
mod cli;
mod collect;
mod config;
mod dashboards;
mod deploy;
mod docs;
mod exposition;
mod metric_names;
mod packaging;
mod scripted;
mod session;
mod simulator;
mod support;
mod web;
