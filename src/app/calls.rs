//! Sees the calls to the vendors: counts them, and compares clocks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;

use crate::domain::account::AccountName;
use crate::metrics::own::{OwnMetrics, Owner};
use crate::providers::http::transport::CallObserver;

/// Counts the calls of one account, and compares its vendor's clock with ours.
pub(super) struct Calls {
    own: OwnMetrics,
    provider: &'static str,
    account: AccountName,
    skew_told: AtomicBool,
}

/// The difference of clocks from which on dates of the vendor and ours cannot be compared at a period's boundary.
const SKEW_TOLD: SignedDuration = SignedDuration::from_secs(60);

impl Calls {
    pub(super) fn new(own: OwnMetrics, provider: &'static str, account: AccountName) -> Self {
        Self { own, provider, account, skew_told: AtomicBool::new(false) }
    }

    fn owner(&self) -> Owner<'_> {
        Owner { provider: self.provider, account: self.account.as_str() }
    }
}

impl CallObserver for Calls {
    fn called(&self, endpoint: &'static str, status: Option<u16>, took: Duration) {
        self.own.call(self.owner(), endpoint, status, took);
    }

    fn clock_differs(&self, by: SignedDuration) {
        self.own.clock_skew(self.owner(), by);
        let differs = by.abs() > SKEW_TOLD;
        let (account, difference_seconds) = (&self.account, by.as_secs_f64());
        match (differs, self.skew_told.swap(differs, Ordering::Relaxed)) {
            (true, false) => tracing::warn!(
                %account,
                difference_seconds,
                "the vendor's clock and this machine's differ; check that this machine's is set by NTP"
            ),
            (false, true) => tracing::info!(%account, difference_seconds, "the clocks agree again"),
            _ => {}
        }
    }
}
