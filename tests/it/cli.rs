//! The real binary, run as a user would, against both vendors simulated in every dialect.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test as the test itself would")]

mod by_hand;
mod estimate;
mod init;
mod mistakes;
mod reading;
mod reconcile;
mod serve;
mod writing;
