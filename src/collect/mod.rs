//! Collectors: when they look, what one pass does, and how its answers join the account's snapshot.
//!
//! tokio-cron-scheduler is the trigger and no more: it overlaps jobs, loses ticks where many are due together, and
//! its shutdown leaves jobs running. The overlap guard, the deadline, the drain and the detection of a lost tick
//! are in [`worker`].

pub mod clock;
pub mod holder;
mod kept;
pub mod observer;
pub mod pacing;
pub mod pass;
pub mod past;
pub mod schedule;
mod targets;
pub mod worker;
