//! Sees the calls to the vendors: counts them, and compares clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
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
    skew: Skew,
}

/// The difference of clocks beyond which dates of the vendor and ours cannot be compared at a period's boundary.
const MOST_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The vendor's clock less ours, as the last call told it; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Skew {
    milliseconds: Arc<AtomicI64>,
}

impl Skew {
    /// The difference; none where no call has told one.
    pub(super) fn get(&self) -> SignedDuration {
        SignedDuration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// Whether dates of the vendor and ours can be compared.
    pub(super) fn agrees(&self) -> bool {
        agree(self.get())
    }

    /// Takes a newer difference, and gives the one before.
    pub(super) fn set(&self, by: SignedDuration) -> SignedDuration {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        SignedDuration::from_millis(self.milliseconds.swap(by, Ordering::Relaxed))
    }
}

fn agree(by: SignedDuration) -> bool {
    by.abs() <= MOST_SKEW
}

impl Calls {
    pub(super) fn new(own: OwnMetrics, provider: &'static str, account: AccountName, skew: Skew) -> Self {
        Self { own, provider, account, skew }
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
        let before = self.skew.set(by);
        let (account, difference_seconds) = (&self.account, by.as_secs_f64());
        match (agree(before), self.skew.agrees()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_clocks_agree_up_to_a_minute_either_way() {
        let own = OwnMetrics::new("0").unwrap();
        let skew = Skew::default();
        let calls = Calls::new(own, "oxylabs", AccountName::new("acme").unwrap(), skew.clone());
        assert!(skew.agrees(), "nothing is known against it");
        for (by, agrees) in
            [("59.9s", true), ("60s", true), ("60.1s", false), ("2h ago", false), ("60s ago", true)]
        {
            let by: SignedDuration = by.parse().unwrap();
            calls.clock_differs(by);
            assert_eq!((skew.get(), skew.agrees()), (by, agrees));
        }
    }
}
