//! All integration tests, in one binary.

mod collect;
mod config;
mod exposition;
mod scripted;
mod session;
mod simulator;
