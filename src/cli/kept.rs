//! The store for commands that read it; the daemon need not run.

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use crate::app::decide::location;
use crate::collect::clock::Clock;
use crate::config::Config;
use crate::store::{Access, Store, open};

/// Opens the configured store for reading.
pub(super) async fn to_read(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let store = open(&location(&config.store.location), Access::Read).await;
    // A relative store is below a folder that systemd names to the daemon alone.
    let elsewhere = if config.store.is_written {
        ""
    } else {
        ", and under systemd or in the image STATE_DIRECTORY=/var/lib/proxymeter says where"
    };
    store.with_context(|| {
        format!("the store cannot be read; it begins when proxymeter serve starts{elsewhere}")
    })
}

/// The time.
pub(super) fn now() -> Timestamp {
    Clock::new().now()
}
