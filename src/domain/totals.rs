//! What follows from an account's readings together: its total, its plan, its period, and what no sub-user explains.

use jiff::Timestamp;

use super::account::Account;
use super::period::Period;
use super::snapshot::Snapshot;
use super::traffic::{Subscription, Usage, Window};
use super::units::{Bytes, Limit};

/// The account's traffic by the vendor's own figure: the account's, else its subscriptions' together.
#[must_use]
pub fn traffic(snapshot: &Snapshot) -> Option<Bytes> {
    let own = snapshot.account.as_ref().and_then(|reading| reading.value.traffic);
    own.or_else(|| sum_of_all(subscriptions(snapshot), |subscription| subscription.traffic))
}

/// The plan: the vendor's where every subscription names a number, else the operator's.
#[must_use]
pub fn plan(account: &Account, snapshot: &Snapshot) -> Option<Bytes> {
    let number = |subscription: &Subscription| subscription.limit.and_then(Limit::bytes);
    sum_of_all(subscriptions(snapshot), number).or(account.plan)
}

/// The current period: from the account's own dates, else the subscriptions' where they agree, else the billing day.
///
/// Oxylabs tells a first day and today, so its period is a month from the first day.
/// Dates that end before they start make it unknown, and a period that is over is none.
#[must_use]
pub fn period(account: &Account, snapshot: &Snapshot, now: Timestamp) -> Option<Period> {
    let zone = &account.time_zone;
    if let Some(usage) = snapshot.account.as_ref().map(|reading| &reading.value)
        && let Some(start) = usage.period_start
    {
        if usage.as_of.is_some_and(|as_of| as_of < start) {
            return None;
        }
        return Period::month_from(start, zone);
    }
    let mut dates = subscriptions(snapshot)
        .iter()
        .map(|subscription| (subscription.valid_from, subscription.valid_until));
    if let Some((Some(from), Some(until))) = dates.next()
        && dates.all(|other| other == (Some(from), Some(until)))
    {
        return Period::of_dates(from, until, zone).filter(|period| period.contains(now));
    }
    account.billing_day.and_then(|day| Period::month_of_day(day, now, zone))
}

/// The account's traffic less its sub-users', which may be negative; unknown unless all count the same span.
#[must_use]
pub fn unattributed(account: &Account, snapshot: &Snapshot, now: Timestamp) -> Option<i128> {
    let total = snapshot.account.as_ref()?.value.traffic?;
    let period = period(account, snapshot, now)?;
    let list = snapshot.sub_users.as_ref()?;
    let mut attributed = 0_i128;
    for row in &list.value {
        let usage = row.usage.as_ref().filter(|usage| usage.observed >= list.observed)?;
        if !counts_period(&usage.value, &period, account) {
            return None;
        }
        attributed += i128::from(usage.value.traffic.0);
    }
    Some(i128::from(total.0) - attributed)
}

/// Whether a figure counts the account's `period`, so that it may be compared with the account's total.
#[must_use]
pub fn counts_period(usage: &Usage, period: &Period, account: &Account) -> bool {
    let start = period.start.to_zoned(account.time_zone.clone()).datetime();
    match usage.window {
        Window::Period => true,
        Window::CalendarMonth => start.day() == 1,
        Window::Since(since) => since == start,
        Window::Dates(from, _) => from == start.date(),
        Window::Lifetime | Window::Unknown => false,
    }
}

fn subscriptions(snapshot: &Snapshot) -> &[Subscription] {
    snapshot.subscriptions.as_ref().map_or(&[], |reading| &reading.value)
}

fn sum_of_all<T>(items: &[T], figure: impl Fn(&T) -> Option<Bytes>) -> Option<Bytes> {
    if items.is_empty() {
        return None;
    }
    items.iter().map(figure).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::{Date, date};

    use super::*;
    use crate::domain::example;
    use crate::domain::snapshot::Reading;
    use crate::domain::traffic::{AccountUsage, SubUser};

    fn account(billing_day: Option<i8>) -> Account {
        Account { plan: Some(Bytes(500)), billing_day, ..example::account() }
    }

    fn now() -> Timestamp {
        "2026-01-15T12:00:00Z".parse().unwrap()
    }

    fn subscription(traffic: Option<u64>, limit: Option<Limit>, from: Date, until: Date) -> Subscription {
        Subscription {
            name: "s".into(),
            product: None,
            status: None,
            traffic: traffic.map(Bytes),
            limit,
            valid_from: Some(from),
            valid_until: Some(until),
        }
    }

    fn with_subscriptions(list: Vec<Subscription>) -> Snapshot {
        Snapshot {
            subscriptions: Some(Arc::new(Reading { observed: now(), value: list })),
            ..Snapshot::default()
        }
    }

    fn with_account(usage: AccountUsage) -> Snapshot {
        Snapshot { account: Some(Reading { observed: now(), value: usage }), ..Snapshot::default() }
    }

    fn sub_user(name: &str, bytes: u64, window: Window) -> SubUser {
        SubUser {
            usage: Some(Usage { traffic: Bytes(bytes), requests: None, window }),
            ..example::sub_user(name, name)
        }
    }

    #[test]
    fn the_vendors_plan_goes_before_the_operators() {
        let (from, until) = (date(2026, 1, 1), date(2026, 1, 31));
        let named =
            with_subscriptions(vec![subscription(Some(1), Some(Limit::Bytes(Bytes(7))), from, until)]);
        assert_eq!(plan(&account(None), &named), Some(Bytes(7)));
        let open = with_subscriptions(vec![subscription(Some(1), Some(Limit::Unlimited), from, until)]);
        assert_eq!(plan(&account(None), &open), Some(Bytes(500)));
    }

    #[test]
    fn a_subscription_that_does_not_say_makes_the_sum_unknown() {
        let (from, until) = (date(2026, 1, 1), date(2026, 1, 31));
        let one = subscription(Some(1), None, from, until);
        assert_eq!(
            traffic(&with_subscriptions(vec![one.clone(), subscription(None, None, from, until)])),
            None
        );
        assert_eq!(traffic(&with_subscriptions(vec![one.clone(), one])), Some(Bytes(2)));
        assert_eq!(traffic(&Snapshot::default()), None);
    }

    #[test]
    fn periods_come_from_the_best_source() {
        let own = |start, as_of| AccountUsage {
            period_start: Some(start),
            as_of: Some(as_of),
            ..AccountUsage::default()
        };
        let found =
            period(&account(None), &with_account(own(date(2026, 1, 1), date(2026, 1, 15))), now()).unwrap();
        assert_eq!(found.end.to_string(), "2026-02-01T00:00:00Z");
        let backwards = with_account(own(date(2026, 1, 15), date(2026, 1, 1)));
        assert_eq!(period(&account(Some(1)), &backwards, now()), None, "unknown, not the next best");

        let dates = |from, until| with_subscriptions(vec![subscription(None, None, from, until)]);
        let found = period(&account(Some(1)), &dates(date(2026, 1, 10), date(2026, 2, 9)), now()).unwrap();
        assert_eq!(found.start.to_string(), "2026-01-10T00:00:00Z");
        assert_eq!(
            period(&account(None), &dates(date(2025, 1, 10), date(2025, 2, 9)), now()),
            None,
            "long over"
        );
        assert_eq!(
            period(&account(Some(20)), &Snapshot::default(), now()).unwrap().start.to_string(),
            "2025-12-20T00:00:00Z"
        );
        assert_eq!(period(&account(None), &Snapshot::default(), now()), None);
    }

    #[test]
    fn what_no_sub_user_explains_needs_one_span_for_all() {
        let total = with_account(AccountUsage {
            traffic: Some(Bytes(100)),
            period_start: Some(date(2026, 1, 1)),
            ..AccountUsage::default()
        });
        let with = |rows| total.with_sub_users(now(), rows);
        let agree = with(vec![
            sub_user("a", 60, Window::Period),
            sub_user("b", 50, Window::Since("2026-01-01T00:00:00".parse().unwrap())),
        ]);
        assert_eq!(unattributed(&account(None), &agree, now()), Some(-10), "not clamped");
        let lifetime = with(vec![sub_user("a", 60, Window::Period), sub_user("b", 1, Window::Lifetime)]);
        assert_eq!(unattributed(&account(None), &lifetime, now()), None);
        assert_eq!(unattributed(&account(None), &total, now()), None, "no list");
    }
}
