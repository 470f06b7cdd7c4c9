//! What proxymeter talks about: pure values and rules, without I/O, clock or serialisation.

pub mod account;
pub mod budget;
pub mod burn;
pub mod cause;
pub mod collector;
pub mod consumed;
pub mod cron;
pub mod evaluate;
pub mod event;
pub mod forecast;
pub mod grant;
pub mod history;
pub mod incident;
pub mod period;
pub mod snapshot;
pub mod suspicion;
pub mod totals;
pub mod traffic;
pub mod truth;
pub mod units;
