//! Oxylabs' Public API v2, for residential and mobile proxies.
//!
//! Source of the contract: <https://developers.oxylabs.io/proxies/residential-proxies/public-api>; what it leaves open
//! follows the vendor's own Swagger page and public clients of it.

mod client;
pub mod entry;
#[cfg(fuzzing)]
pub mod fuzzing;
mod request;
mod stats;
mod wire;
mod write;

pub use client::{Oxylabs, session_settings};
pub use stats::{Statistics, StatsType};

/// The label `provider`.
pub const ID: &str = "oxylabs";

/// The base address of the real thing.
pub const BASE_URL: &str = "https://residential-api.oxylabs.io/v2";
