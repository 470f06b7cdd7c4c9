//! What proxymeter talks about: pure values and rules, without I/O, clock or serialisation.

pub mod account;
pub mod act;
pub mod budget;
pub mod burn;
pub mod cause;
pub mod collector;
pub mod consumed;
pub mod cron;
pub mod decision;
pub mod digest_rule;
pub mod evaluate;
pub mod event;
#[cfg(test)]
pub(crate) mod example;
pub mod figure;
pub mod forecast;
pub mod grant;
pub mod guard;
pub mod history;
pub mod incident;
pub mod judgement;
pub mod ledger;
pub mod notice;
pub mod outbox;
pub mod owners;
pub mod period;
pub mod plan;
pub mod quiet;
pub mod snapshot;
pub mod suspicion;
pub mod totals;
pub mod traffic;
pub mod truth;
pub mod units;
