//! All integration tests, in one binary.

mod collect;
mod scripted;
mod session;
mod simulator;
