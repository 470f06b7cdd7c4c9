//! What is true of an account now: its newest good readings, replaced whole and never changed in place.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::traffic::{AccountUsage, SubUser, Subscription, TargetUsage, Usage};

/// One answer of a vendor and when it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// When the answer came.
    pub observed: Timestamp,
    /// What it said.
    pub value: T,
}

impl<T> Reading<T> {
    /// Whether it is at most `tolerance` old at `now`.
    pub fn is_fresh(&self, now: Timestamp, tolerance: Duration) -> bool {
        now <= self.expires(tolerance)
    }

    /// The last moment at which it is fresh.
    pub fn expires(&self, tolerance: Duration) -> Timestamp {
        self.observed.checked_add(tolerance).unwrap_or(Timestamp::MAX)
    }
}

/// What a sub-user is told apart by: the vendor's id, or the name where there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubUserKey(pub Arc<str>);

impl SubUser {
    /// What tells this sub-user apart from others of the account.
    #[must_use]
    pub fn key(&self) -> SubUserKey {
        SubUserKey(self.id.as_ref().map_or_else(|| self.username.clone(), |id| id.0.clone()))
    }
}

/// A sub-user of the newest list, and the newest figure of its usage, which may be older than the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubUserRow {
    /// The row of the list.
    pub sub_user: SubUser,
    /// The newest figure, from the list or from a call of its own.
    pub usage: Option<Reading<Usage>>,
}

/// The targets of one sub-user by day.
pub type TargetDays = BTreeMap<Date, Reading<Vec<TargetUsage>>>;

/// The newest good readings of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The account's own total.
    pub account: Option<Reading<AccountUsage>>,
    /// The sub-users, one row a name and product.
    pub sub_users: Option<Arc<Reading<Vec<SubUserRow>>>>,
    /// The plans.
    pub subscriptions: Option<Arc<Reading<Vec<Subscription>>>>,
    /// Where traffic went, by sub-user.
    pub targets: BTreeMap<SubUserKey, Arc<TargetDays>>,
}

impl Snapshot {
    /// The rows of the newest list, none where there is no list.
    #[must_use]
    pub fn rows(&self) -> &[SubUserRow] {
        self.sub_users.as_ref().map_or(&[], |list| &list.value)
    }

    /// This snapshot with a newer list; a row that says no usage keeps the figure that is held for it.
    #[must_use]
    pub fn with_sub_users(&self, observed: Timestamp, list: Vec<SubUser>) -> Self {
        let held: HashMap<SubUserKey, &Reading<Usage>> =
            self.rows().iter().filter_map(|row| Some((row.sub_user.key(), row.usage.as_ref()?))).collect();
        let rows = without_doubles(list)
            .into_iter()
            .map(|sub_user| {
                let said = sub_user.usage.clone().map(|value| Reading { observed, value });
                let usage = said.or_else(|| held.get(&sub_user.key()).map(|reading| (*reading).clone()));
                SubUserRow { sub_user, usage }
            })
            .collect();
        Self { sub_users: Some(Arc::new(Reading { observed, value: rows })), ..self.clone() }
    }

    /// This snapshot with one sub-user's targets of one day replaced, and its days before `keep_from` dropped.
    #[must_use]
    pub fn with_targets(
        &self,
        key: SubUserKey,
        day: Date,
        reading: Reading<Vec<TargetUsage>>,
        keep_from: Date,
    ) -> Self {
        let mut days = self.targets.get(&key).map(|days| TargetDays::clone(days)).unwrap_or_default();
        days.insert(day, reading);
        days.retain(|day, _| *day >= keep_from);
        let mut next = self.clone();
        next.targets.insert(key, Arc::new(days));
        next
    }

    /// This snapshot without the targets of sub-users that the newest list does not hold.
    #[must_use]
    pub fn without_orphaned_targets(&self) -> Self {
        let known: std::collections::HashSet<SubUserKey> =
            self.rows().iter().map(|row| row.sub_user.key()).collect();
        let mut next = self.clone();
        next.targets.retain(|key, _| known.contains(key));
        next
    }
}

/// One row a product and name, since these are the labels: of two the active one stays, else the later.
fn without_doubles(list: Vec<SubUser>) -> Vec<SubUser> {
    let mut at: HashMap<(Option<Arc<str>>, Arc<str>), usize> = HashMap::with_capacity(list.len());
    let mut rows: Vec<SubUser> = Vec::with_capacity(list.len());
    let is_active = |row: &SubUser| row.status.as_deref() == Some("active");
    for row in list {
        match at.entry((row.product.clone(), row.username.clone())) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(rows.len());
                rows.push(row);
            }
            std::collections::hash_map::Entry::Occupied(taken) => {
                let held = &mut rows[*taken.get()];
                if is_active(&row) || !is_active(held) {
                    *held = row;
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example;
    use crate::domain::traffic::Window;
    use crate::domain::units::Bytes;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sub_user(id: &str, name: &str, traffic: Option<u64>) -> SubUser {
        SubUser {
            status: Some("active".into()),
            usage: traffic.map(|bytes| usage(bytes).value),
            ..example::sub_user(id, name)
        }
    }

    fn usage(bytes: u64) -> Reading<Usage> {
        Reading {
            observed: at(0),
            value: Usage { traffic: Bytes(bytes), requests: None, window: Window::Period },
        }
    }

    #[test]
    fn a_row_without_usage_keeps_what_is_held_with_its_age() {
        let first = Snapshot::default().with_sub_users(at(10), vec![sub_user("1", "a", Some(5))]);
        let second = first.with_sub_users(at(20), vec![sub_user("1", "a", None), sub_user("2", "b", None)]);
        let rows = second.rows();
        assert_eq!(rows[0].usage.as_ref().map(|u| (u.observed, u.value.traffic)), Some((at(10), Bytes(5))));
        assert_eq!(rows[1].usage, None);
    }

    #[test]
    fn a_name_that_comes_back_with_another_id_inherits_nothing() {
        let first = Snapshot::default().with_sub_users(at(10), vec![sub_user("1", "a", Some(5))]);
        let second = first.with_sub_users(at(20), vec![sub_user("2", "a", None)]);
        assert_eq!(second.rows()[0].usage, None);
    }

    #[test]
    fn of_two_rows_with_one_name_the_active_stays() {
        let mut gone = sub_user("1", "a", Some(5));
        gone.status = Some("disabled".into());
        for list in [vec![gone.clone(), sub_user("2", "a", Some(1))], vec![sub_user("2", "a", Some(1)), gone]]
        {
            let snapshot = Snapshot::default().with_sub_users(at(0), list);
            assert_eq!(snapshot.rows().len(), 1);
            assert_eq!(snapshot.rows()[0].sub_user.key(), SubUserKey("2".into()));
        }
    }

    #[test]
    fn a_reading_is_fresh_up_to_its_tolerance() {
        let reading = usage(1);
        let tolerance = Duration::from_secs(60);
        assert!(reading.is_fresh(at(60), tolerance));
        assert!(!reading.is_fresh(at(61), tolerance));
        assert!(reading.is_fresh(at(-5), tolerance), "a clock that stepped back makes nothing old");
    }
}
