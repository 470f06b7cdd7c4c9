//! What proxymeter talks about: pure values and rules, without I/O, clock or serialisation.

pub mod account;
pub mod collector;
pub mod cron;
pub mod period;
pub mod snapshot;
pub mod suspicion;
pub mod totals;
pub mod traffic;
pub mod units;
