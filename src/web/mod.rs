//! The HTTP server: metrics, health, a page.
//!
//! It knows neither collectors nor the exposition: the composition root gives it a [`Source`]. `routes` answers,
//! `server` accepts and bounds, `connection` cuts off who does not read, `status` and `page` say how things are.

mod body;
mod connection;
mod page;
mod routes;
mod server;
mod status;

use bytes::Bytes;

pub use self::server::{Limits, Listener, Options, WebError, bind, serve};
pub use self::status::{AccountStatus, ActionStatus, CollectorStatus, Failure, IncidentStatus, Status};

/// What is served.
///
/// Called on the runtime's own threads for every request, so it waits for nothing.
pub trait Source: Send + Sync + 'static {
    /// The metrics, in the format and packing that these headers prefer.
    fn scrape(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape;

    /// How proxymeter and its accounts are.
    fn status(&self) -> Status;
}

/// A page of metrics.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `Content-Encoding`, where there is one.
    pub content_encoding: Option<&'static str>,
    /// The body, piece by piece; shared, never copied.
    pub chunks: Vec<Bytes>,
}
