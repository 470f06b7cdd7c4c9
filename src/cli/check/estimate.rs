//! What a configuration costs: series in `/metrics`, and calls to the vendors a day.

use std::time::Duration;

use jiff::Timestamp;

use crate::collect::pass::TARGETS_SHARE;
use crate::config::{AccountConfig, DecodoDialect, Vendor};
use crate::domain::budget::threshold::Kind;
use crate::domain::budget::{Budget, Per};
use crate::domain::collector::Collector;
use crate::domain::cron::Cron;
use crate::metrics::catalog::{FAMILIES, Family};
use crate::metrics::own::OF_ACCOUNTS;

const DAY: Duration = Duration::from_secs(86_400);

/// So much, and so much more for each sub-user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) fixed: u64,
    pub(super) each: u64,
}

impl Amount {
    pub(super) const fn of(self, sub_users: u64) -> u64 {
        self.fixed.saturating_add(self.each.saturating_mul(sub_users))
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, more| Self {
            fixed: sum.fixed.saturating_add(more.fixed),
            each: sum.each.saturating_add(more.each),
        })
    }
}

/// The series of an account that count against `collect.max_series`, at most; open incidents and actions that stand are
/// one more each.
pub(super) fn series(
    account: &AccountConfig,
    budgets: &[Budget],
    targets_top: usize,
    subscriptions: u64,
) -> Amount {
    let count = |is: fn(&Family) -> bool| {
        FAMILIES.iter().filter(|family| !has(family, "budget") && is(family)).count() as u64
    };
    let targets = if account.schedule.contains_key(&Collector::Targets) { targets_top as u64 + 1 } else { 0 };
    let of_subscriptions = count(|family| has(family, "subscription")) * subscriptions;
    let own = Amount {
        fixed: count(is_of_account) + of_subscriptions,
        each: count(|family| has(family, "sub_user") && !has(family, "target") && !has(family, "action"))
            + count(|family| has(family, "target")) * targets,
    };
    let name = account.account.name.as_str();
    let fitting =
        budgets.iter().filter(|budget| budget.selectors.fits_account(account.account.provider, name));
    let of_budgets = fitting.map(|budget| of_budget(budget, targets, subscriptions));
    [own].into_iter().chain(of_budgets).sum()
}

/// The series of one budget, as if it meant every sub-user.
fn of_budget(budget: &Budget, targets: u64, subscriptions: u64) -> Amount {
    let with = |label: &str, is: bool| {
        FAMILIES
            .iter()
            .filter(|family| has(family, "budget") && has(family, "account"))
            .filter(|family| has(family, label) == is && !has(family, "threshold"))
            .count() as u64
    };
    let burns =
        budget.thresholds.iter().filter(|threshold| threshold.when.kind() == Kind::Burn).count() as u64;
    let one = with("window", false) + with("window", true) * 2 * burns;
    match budget.per {
        Per::SubUser => Amount { fixed: 0, each: one },
        Per::Account | Per::Unattributed => Amount { fixed: one, each: 0 },
        Per::Subscription => Amount { fixed: one * subscriptions, each: 0 },
        Per::Target => Amount { fixed: 0, each: one * targets },
    }
}

fn is_of_account(family: &Family) -> bool {
    let is_instrument = OF_ACCOUNTS.iter().any(|id| id.family().name == family.name);
    family.name.starts_with("proxymeter_account_") && !is_instrument
}

fn has(family: &Family, label: &str) -> bool {
    family.labels.contains(&label)
}

/// What one collector of an account asks of the vendor; logins and retries are apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) collector: Collector,
    /// Passes on the busiest of the next days.
    pub(super) passes: u64,
    /// Calls of one pass.
    pub(super) a_pass: Amount,
    /// Calls of one day.
    pub(super) a_day: Amount,
    /// The shortest time from one pass to the next.
    shortest: Duration,
}

impl Load {
    /// How long a pass takes at this rate, where that is longer than its time.
    pub(super) fn too_long(&self, sub_users: u64, rate: u32) -> Option<Duration> {
        let takes = Duration::from_secs_f64(self.a_pass.of(sub_users) as f64 / self.rate(rate));
        (takes > self.shortest).then_some(takes)
    }

    /// With how many sub-users its schedule can just be kept; nothing where their number does not matter.
    pub(super) fn most_sub_users(&self, rate: u32) -> Option<u64> {
        let calls = (self.shortest.as_secs_f64() * self.rate(rate)) as u64;
        calls.saturating_sub(self.a_pass.fixed).checked_div(self.a_pass.each)
    }

    /// The part of the account's rate that this collector may use.
    fn rate(&self, rate: u32) -> f64 {
        let share = if self.collector == Collector::Targets { TARGETS_SHARE } else { 1 };
        f64::from(rate) / f64::from(share)
    }

    pub(super) const fn shortest(&self) -> Duration {
        self.shortest
    }
}

/// The loads of an account; `silent` sub-users are listed without their usage, which takes a call each. So do those that
/// a budget has frozen, for they leave the list; nobody knows how many these will be.
pub(super) fn loads(account: &AccountConfig, lag: Duration, silent: u64, from: Timestamp) -> Vec<Load> {
    let load = |(collector, cron): (&Collector, &Cron)| {
        let (passes, shortest) = rhythm(cron, from);
        let a_pass = a_pass(&account.vendor, *collector, silent);
        let mut a_day = Amount { fixed: a_pass.fixed * passes, each: a_pass.each * passes };
        if *collector == Collector::Targets {
            a_day.each += read_again(passes, lag);
        }
        Load { collector: *collector, passes, a_pass, a_day, shortest }
    };
    account.schedule.iter().map(load).collect()
}

/// Calls of one pass; `tests/it/cli/estimate.rs` holds them against the simulated vendors' books.
const fn a_pass(vendor: &Vendor, collector: Collector, silent: u64) -> Amount {
    let fixed = match (collector, vendor) {
        // Allocated traffic tells no usage in v2, so the subscriptions are asked as well.
        (Collector::Account, Vendor::Decodo { dialect: DecodoDialect::V2, .. }) => 2,
        (Collector::Account | Collector::Subscriptions, _) => 1,
        (Collector::SubUsers, _) => 1 + silent,
        (Collector::Targets, _) => 0,
    };
    Amount { fixed, each: matches!(collector, Collector::Targets) as u64 }
}

/// How often yesterday's targets are read beside today's, until `lag` after midnight has made them final.
fn read_again(passes: u64, lag: Duration) -> u64 {
    let within_lag = passes as f64 * lag.as_secs_f64() / DAY.as_secs_f64();
    passes.min(within_lag.ceil() as u64 + 1)
}

/// The most passes on one of the next seven days, and the shortest time between two.
fn rhythm(cron: &Cron, from: Timestamp) -> (u64, Duration) {
    let (mut most, mut shortest) = (0, Duration::MAX);
    let mut last = None;
    for day in 0..7 {
        let end = from.checked_add(DAY * (day + 1)).unwrap_or(Timestamp::MAX);
        let mut passes = 0;
        let mut at = last.unwrap_or(from);
        while let Some(next) = cron.next_after(at).filter(|next| *next <= end) {
            if let Some(last) = last {
                shortest = shortest.min(next.duration_since(last).unsigned_abs());
            }
            passes += 1;
            (at, last) = (next, Some(next));
        }
        most = most.max(passes);
        // Who looks every minute does so every day, and counting each second of a week takes its time.
        if most >= 24 * 60 {
            break;
        }
    }
    (most, shortest)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::domain::account::AccountName;

    fn account(more: &str) -> AccountConfig {
        let text =
            format!("operator.notify = []\n[accounts.a]\nusername = \"u\"\npassword = \"p\"\n{more}\n");
        let mut config = config::load_text(Path::new("t"), &text, []).unwrap();
        config.accounts.remove(&AccountName::new("a").unwrap()).unwrap()
    }

    fn monday() -> Timestamp {
        "2026-11-16T00:00:00Z".parse().unwrap()
    }

    fn lines(account: &AccountConfig, lag: u64, silent: u64) -> Vec<(Collector, u64, Amount, Amount)> {
        let loads = loads(account, Duration::from_secs(lag), silent, monday());
        loads.into_iter().map(|load| (load.collector, load.passes, load.a_pass, load.a_day)).collect()
    }

    const fn amount(fixed: u64, each: u64) -> Amount {
        Amount { fixed, each }
    }

    #[test]
    fn calls_follow_from_schedule_and_vendor() {
        let oxylabs = account("provider = \"oxylabs\"\nschedule.targets = \"0 20 * * * *\"");
        assert_eq!(
            lines(&oxylabs, 900, 0),
            [
                (Collector::Account, 288, amount(1, 0), amount(288, 0)),
                (Collector::SubUsers, 288, amount(1, 0), amount(288, 0)),
                // Yesterday is read once more, and in each pass that may fall into the lag.
                (Collector::Targets, 24, amount(0, 1), amount(0, 26)),
            ]
        );
        let office = account("provider = \"decodo\"\nschedule.sub_users = \"0 0 8-17 * * MON-FRI\"");
        let lines = lines(&office, 900, 7);
        assert_eq!(lines[1], (Collector::SubUsers, 10, amount(8, 0), amount(80, 0)));
        assert_eq!(lines[2], (Collector::Subscriptions, 24, amount(1, 0), amount(24, 0)));
    }

    #[test]
    fn a_lag_of_days_reads_yesterday_in_each_pass() {
        assert_eq!(read_again(24, Duration::ZERO), 1);
        assert_eq!(read_again(24, DAY * 3), 24);
    }

    #[test]
    fn a_schedule_that_is_too_fast_is_told() {
        let oxylabs = account("provider = \"oxylabs\"\nschedule.targets = \"0 * * * * *\"");
        let loads = loads(&oxylabs, Duration::ZERO, 0, monday());
        let targets = &loads[2];
        // Walks for targets have half of the turns.
        assert_eq!(targets.most_sub_users(5), Some(150));
        assert_eq!(targets.too_long(150, 5), None);
        assert_eq!(targets.too_long(151, 5), Some(Duration::from_millis(60_400)));
        assert_eq!((loads[0].most_sub_users(5), loads[0].too_long(1_000_000, 5)), (None, None));
    }

    #[test]
    fn series_follow_from_the_catalog() {
        let oxylabs = account("provider = \"oxylabs\"");
        let with_targets = account("provider = \"oxylabs\"\nschedule.targets = \"0 20 * * * *\"");
        let (without, with) = (series(&oxylabs, &[], 10, 0), series(&with_targets, &[], 10, 0));
        assert_eq!(with.fixed, without.fixed);
        assert_eq!(
            with.each - without.each,
            2 * (10 + 1),
            "traffic and requests of ten targets and the rest"
        );
        assert!(without.fixed >= 9 && without.each >= 5, "{without:?}");
        assert_eq!(series(&oxylabs, &[], 10, 2).fixed - without.fixed, 2 * 3);
    }
}
