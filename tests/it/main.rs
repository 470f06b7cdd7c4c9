//! All integration tests, in one binary.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test as the test itself would")]

mod alerts;
mod arrows;
mod backfill;
mod cli;
mod collect;
mod config;
mod dashboards;
mod deciding;
mod deploy;
mod docs;
mod end_to_end;
mod enforcing;
mod entry;
mod exposition;
mod killed;
mod lies;
mod metric_names;
mod notify_http;
mod notify_mail;
mod packaging;
mod providers_writes;
mod readme;
mod receivers;
mod rehearse;
mod reload;
mod scripted;
mod session;
mod simulator;
mod store;
mod support;
mod telling;
mod torture;
mod web;
