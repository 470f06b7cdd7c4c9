//! What made traffic rise: who rose most above the usual, where it went, and how large its answers are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::Account;
use super::history::History;
use super::snapshot::{Snapshot, SubUserKey, TargetDays};
use super::units::Bytes;

/// How many sub-users and targets are named.
const NAMED: usize = 5;

/// A name, and what of the rise it explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risen {
    /// A sub-user or a domain.
    pub name: Arc<str>,
    /// Bytes above the usual.
    pub by: Bytes,
    /// Whether none of the held days before knows it; of sub-users, whether none has a history.
    pub is_new: bool,
}

/// What made traffic rise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cause {
    /// The sub-users that rose most in the window, the most first.
    pub sub_users: Vec<Risen>,
    /// The domains that rose most on the newest day, the most first.
    pub targets: Vec<Risen>,
    /// Bytes a request on the newest day, and on the days before; nothing where requests are not counted.
    pub bytes_a_request: (Option<u64>, Option<u64>),
}

/// Looks for the cause in the last `window`, among all sub-users or those of `only`.
#[must_use]
pub fn cause(
    account: &Account,
    snapshot: &Snapshot,
    history: &dyn History,
    only: Option<&SubUserKey>,
    window: Duration,
    now: Timestamp,
) -> Cause {
    let today = now.to_zoned(account.time_zone.clone()).date();
    let keys: Vec<(SubUserKey, &Arc<str>)> = snapshot
        .rows()
        .iter()
        .map(|row| (row.sub_user.key(), &row.sub_user.username))
        .filter(|(key, _)| only.is_none_or(|only| only == key))
        .collect();
    let sub_users =
        keys.iter().filter_map(|(key, name)| risen(key, name, history, window, today, now)).collect();
    let days: Vec<&TargetDays> =
        keys.iter().filter_map(|(key, _)| snapshot.targets.get(key).map(|days| &**days)).collect();
    let (targets, bytes_a_request) = of_targets(&days);
    Cause { sub_users: most(sub_users), targets: most(targets), bytes_a_request }
}

/// A sub-user's window against the part of a usual day that it is.
fn risen(
    key: &SubUserKey,
    name: &Arc<str>,
    history: &dyn History,
    window: Duration,
    today: Date,
    now: Timestamp,
) -> Option<Risen> {
    let summary = history.sub_user(key)?;
    let (used, _) = summary.used_between(now.checked_sub(window).ok()?, now)?;
    let mut days: Vec<Bytes> = summary.days_before(today).map(|(_, used)| used).collect();
    days.sort_unstable();
    let a_day = days.get(days.len() / 2).map_or(0, |used| u128::from(used.0));
    let usual = u64::try_from(a_day * u128::from(window.as_secs()) / 86_400).unwrap_or(u64::MAX);
    let by = Bytes(used.0.saturating_sub(usual));
    Some(Risen { name: Arc::clone(name), by, is_new: days.is_empty() })
}

#[derive(Clone, Copy, Default)]
struct Sum {
    newest: u128,
    before: u128,
}

type BytesARequest = (Option<u64>, Option<u64>);

/// Domains on the newest day that anybody has, against the mean of the days before.
fn of_targets(all: &[&TargetDays]) -> (Vec<Risen>, BytesARequest) {
    let Some(newest) = all.iter().filter_map(|days| days.keys().next_back()).max() else {
        return (vec![], (None, None));
    };
    let mut sums: BTreeMap<&Arc<str>, Sum> = BTreeMap::new();
    let mut days_before: Vec<Date> = Vec::new();
    let (mut bytes, mut requests) = (Sum::default(), Sum::default());
    let mut counts_requests = true;
    for (day, reading) in all.iter().flat_map(|days| days.iter()) {
        if day != newest && !days_before.contains(day) {
            days_before.push(*day);
        }
        for target in &reading.value {
            let traffic = u128::from(target.traffic.0);
            counts_requests &= target.requests.is_some();
            let asked = u128::from(target.requests.unwrap_or(0));
            let sum = sums.entry(&target.target).or_default();
            if day == newest {
                sum.newest += traffic;
                (bytes.newest, requests.newest) = (bytes.newest + traffic, requests.newest + asked);
            } else {
                sum.before += traffic;
                (bytes.before, requests.before) = (bytes.before + traffic, requests.before + asked);
            }
        }
    }
    if days_before.is_empty() {
        // With one day alone there is nothing to compare with.
        return (vec![], (None, None));
    }
    let days = days_before.len() as u128;
    let saturated = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    let risen = sums.into_iter().map(|(name, sum)| Risen {
        name: Arc::clone(name),
        by: Bytes(saturated(sum.newest.saturating_sub(sum.before / days))),
        is_new: sum.before == 0,
    });
    let each =
        |bytes: u128, requests: u128| bytes.checked_div(requests).filter(|_| counts_requests).map(saturated);
    (risen.collect(), (each(bytes.newest, requests.newest), each(bytes.before, requests.before)))
}

/// The most risen, by name where they are alike.
fn most(mut risen: Vec<Risen>) -> Vec<Risen> {
    risen.retain(|one| one.by > Bytes(0));
    risen.sort_by(|one, other| other.by.cmp(&one.by).then_with(|| one.name.cmp(&other.name)));
    risen.truncate(NAMED);
    risen
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;
    use crate::domain::example;
    use crate::domain::history::Summary;
    use crate::domain::snapshot::Reading;
    use crate::domain::traffic::{SubUser, TargetUsage};

    const HOUR: Duration = Duration::from_secs(3_600);
    const MIB: u64 = 1 << 20;

    struct Memory(BTreeMap<SubUserKey, Summary>);

    impl History for Memory {
        fn account(&self) -> Option<&Summary> {
            None
        }

        fn sub_user(&self, key: &SubUserKey) -> Option<&Summary> {
            self.0.get(key)
        }

        fn window(&self, _: Option<&SubUserKey>, _: Timestamp, _: Timestamp) -> Option<Bytes> {
            None
        }
    }

    fn now() -> Timestamp {
        "2026-01-15T12:00:00Z".parse().unwrap()
    }

    fn account() -> Account {
        example::account()
    }

    fn row(id: &str) -> SubUser {
        example::sub_user(id, &format!("u{id}"))
    }

    /// A usual day of 2,400 MiB, and so many in each of the last two hours.
    fn summary(an_hour: u64) -> Summary {
        let mut summary = Summary::default();
        for day in 1..=7 {
            summary.set_day(date(2026, 1, 15) - day.days(), Bytes(2_400 * MIB));
        }
        for hour in 1..=2 {
            summary.set_hour(now() - hour.hours(), Bytes(an_hour * MIB));
        }
        summary
    }

    #[test]
    fn who_rose_most_and_where_it_went_are_named() {
        let mut snapshot = Snapshot::default().with_sub_users(now(), vec![row("1"), row("2"), row("3")]);
        let day = |target: &str, bytes: u64, requests: u64| TargetUsage {
            target: target.into(),
            traffic: Bytes(bytes),
            requests: Some(requests),
        };
        let reading = |value| Reading { observed: now(), value };
        let key = || SubUserKey("2".into());
        let first = date(2026, 1, 1);
        snapshot = snapshot.with_targets(
            key(),
            date(2026, 1, 14),
            reading(vec![day("old.example", 100, 10)]),
            first,
        );
        let today = vec![day("old.example", 150, 10), day("new.example", 900, 5)];
        snapshot = snapshot.with_targets(key(), date(2026, 1, 15), reading(today), first);
        let memory = [("1", 100), ("2", 5_100), ("3", 600)];
        let memory = memory.map(|(id, an_hour)| (SubUserKey(id.into()), summary(an_hour)));
        let found = cause(&account(), &snapshot, &Memory(memory.into()), None, HOUR, now());
        let risen = |name: &str, by, is_new| Risen { name: name.into(), by: Bytes(by), is_new };
        assert_eq!(found.sub_users, [risen("u2", 5_000 * MIB, false), risen("u3", 500 * MIB, false)]);
        assert_eq!(found.targets, [risen("new.example", 900, true), risen("old.example", 50, false)]);
        assert_eq!(found.bytes_a_request, (Some(70), Some(10)));
    }

    #[test]
    fn without_a_history_there_is_no_cause() {
        let snapshot = Snapshot::default().with_sub_users(now(), vec![row("1")]);
        let found = cause(&account(), &snapshot, &Memory(BTreeMap::new()), None, HOUR, now());
        assert_eq!(found, Cause::default());
    }
}
