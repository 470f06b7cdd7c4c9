//! Decodo, formerly Smartproxy: the published v1 contract, v1 as it really answers, and v2 with a static key.
//!
//! The dialects differ in login, paths and parameters; answers of all forms are read in each.

mod client;
mod dialect;
#[cfg(fuzzing)]
pub mod fuzzing;
mod request;
mod rules;
mod wire;
mod write;

pub use client::{Decodo, session_settings};
pub use dialect::{Dialect, Login, UpdateRoute};

/// The label `provider`.
pub const ID: &str = "decodo";

/// The base address of v1, published or real.
pub const BASE_URL_V1: &str = "https://api.decodo.com/v1";

/// The base address of v2.
pub const BASE_URL_V2: &str = "https://api.decodo.com/v2";
