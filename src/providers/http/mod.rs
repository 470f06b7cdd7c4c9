//! HTTP towards the vendors: requests as values, one client for all accounts, a session a credential.

pub mod auth;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hold;
mod judge;
pub mod limiter;
pub mod request;
pub mod retry;
pub mod session;
pub mod token;
pub mod transport;
