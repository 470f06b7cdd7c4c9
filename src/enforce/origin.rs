//! Whether the vendor's counter counts since when it says, checked once a period.
//!
//! At Oxylabs a sub-user without `lifetime` is taken to count from client-stats' `date_from`; one window query of the
//! largest sub-user shows whether it does.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::Due;
use super::batch::ask;
use crate::domain::account::AccountName;
use crate::domain::totals;
use crate::domain::traffic::{SubUser, Window};
use crate::domain::units::Bytes;
use crate::providers::{ProviderError, Span, Writer};

/// What was found, by account and period.
#[derive(Debug, Default)]
pub struct Origins(Mutex<BTreeMap<AccountName, (Timestamp, bool)>>);

impl Origins {
    /// Whether limits may be set by the counters of `list`; asks the vendor at most once a period.
    pub(super) async fn is_trusted(
        &self,
        writer: &dyn Writer,
        due: &Due,
        list: &[SubUser],
        now: Timestamp,
    ) -> bool {
        let account = &due.account;
        let counted = |row: &&SubUser| row.usage.as_ref().is_some_and(|usage| usage.window == Window::Period);
        let traffic = |row: &SubUser| row.usage.as_ref().map_or(Bytes(0), |usage| usage.traffic);
        let Some(largest) = list.iter().filter(counted).max_by_key(|row| traffic(row)) else { return true };
        let Some(period) = totals::period(account, &due.snapshot, now) else { return false };
        if let Some((start, trusted)) = self.found(&account.name)
            && start == period.start
        {
            return trusted;
        }
        let date = |at: Timestamp| at.to_zoned(account.time_zone.clone()).date();
        let span = Span::Dates(date(period.start), date(now));
        let trusted = match writer.usage(largest, span, &ask()).await {
            Ok(report) => agrees(traffic(largest), report.usage.traffic, account.gigabyte.step()),
            // A vendor that has no such query tells the counter's origin in the row.
            Err(ProviderError::Unsupported(_)) => true,
            Err(error) => {
                tracing::warn!(account = %account.name, "the counter's origin cannot be checked, so no limit is set: {error}");
                return false;
            }
        };
        if !trusted {
            tracing::warn!(
                account = %account.name, sub_user = %largest.username,
                "the vendor's counter and its statistics since the period's start differ by more than 5 %, so no limit is set"
            );
        }
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(account.name.clone(), (period.start, trusted));
        trusted
    }

    fn found(&self, account: &AccountName) -> Option<(Timestamp, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied()
    }
}

/// Whether two figures differ by at most 5 %, or by so little that steps explain it.
fn agrees(counter: Bytes, window: Bytes, step: Bytes) -> bool {
    let difference = counter.0.abs_diff(window.0);
    difference <= counter.0.max(window.0) / 20 || difference <= 2 * step.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_hundredths_or_two_steps_agree() {
        let step = Bytes(10_000_000);
        for (counter, window, is_so) in [
            (100_000_000_000, 95_000_000_000, true),
            (100_000_000_000, 94_999_999_999, false),
            (95_000_000_000, 100_000_000_000, true),
            (20_000_000, 0, true),
            (20_000_001, 0, false),
            (0, 0, true),
        ] {
            assert_eq!(agrees(Bytes(counter), Bytes(window), step), is_so, "{counter} {window}");
        }
    }
}
