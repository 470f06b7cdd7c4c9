//! All integration tests, in one binary.

mod alerts;
mod collect;
mod config;
mod dashboards;
mod deploy;
mod exposition;
mod metric_names;
mod packaging;
mod scripted;
mod session;
mod simulator;
mod support;
mod web;
