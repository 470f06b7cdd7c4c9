//! All integration tests, in one binary.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers too")]

mod alerts;
mod dashboards;
mod deploy;
mod metric_names;
mod packaging;
mod support;
