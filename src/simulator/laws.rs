//! Laws of an account: what is done at a moment has the same outcome however often one looked before.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::account::Account;
use super::books::{self, AccountBooks, Counts};
use super::change::Change;
use super::scenario::{AccountSpec, Dialect, Event, EventKind, Scenario, Shape, SubUserSpec, Workload};
use crate::domain::units::{Bytes, Limit};

#[derive(Clone, Debug)]
enum Step {
    Pass(u32),
    Limit(usize, u64),
    Enforce(usize, bool),
    Enable(usize, bool),
    CountFrom(usize, u32),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let user = 0_usize..3;
    prop_oneof![
        4 => (1_u32..2_000_000).prop_map(Step::Pass),
        2 => (user.clone(), 0_u64..200).prop_map(|(user, gb)| Step::Limit(user, gb)),
        1 => (user.clone(), any::<bool>()).prop_map(|(user, on)| Step::Enforce(user, on)),
        2 => (user.clone(), any::<bool>()).prop_map(|(user, on)| Step::Enable(user, on)),
        1 => (user.clone(), 0_u32..100_000).prop_map(|(user, ago)| Step::CountFrom(user, ago)),
        1 => user.prop_map(Step::Delete),
    ]
}

fn account() -> Account {
    let targets = [("a.example", 2, 1000), ("b.example", 1, 70_000)];
    let workload = |shape| Workload::new(Bytes(9_000_000_000), shape, &targets);
    let mut spec = AccountSpec::new("a", Dialect::DecodoV2, "residential", "", "key");
    spec.enforcement_lag = SignedDuration::from_mins(7);
    spec.billing_day = 31;
    spec.unattributed = Some(workload(Shape::Steady));
    spec.events = vec![Event {
        after: SignedDuration::from_hours(30),
        kind: EventKind::Correction { sub_user: "one".into(), bytes: Bytes(3_000_000_000) },
    }];
    let runaway = Shape::Runaway { after: SignedDuration::from_hours(3), factor: 9 };
    spec.sub_users = vec![
        SubUserSpec::new("one", Limit::Bytes(Bytes(90_000_000_000)), workload(runaway)),
        SubUserSpec::new("two", Limit::Unlimited, workload(Shape::Weekday)),
        SubUserSpec {
            lifetime: true,
            ..SubUserSpec::new("three", Limit::Unlimited, workload(Shape::Steady))
        },
    ];
    let scenario = Scenario { history_days: 20, ..Scenario::default() };
    Account::new(&spec, &scenario, start())
}

fn start() -> Timestamp {
    Timestamp::from_second(1_793_000_000).unwrap()
}

/// Carries out the steps, with a look every `every` seconds.
fn run(steps: &[Step], every: u32) -> AccountBooks {
    let mut account = account();
    let mut now = start();
    for step in steps {
        let id = |user: usize| account.sub_users[user].id;
        let (user, change) = match *step {
            Step::Pass(seconds) => {
                let end = now + SignedDuration::from_secs(seconds.into());
                while now < end {
                    now = end.min(now + SignedDuration::from_secs(every.into()));
                    account.advance(now);
                }
                continue;
            }
            Step::Delete(user) => {
                account.delete(id(user));
                continue;
            }
            Step::Limit(user, gb) => {
                let limit = Some(Limit::of(Bytes(gb * 1_000_000_000)));
                (user, Change { limit, ..Change::default() })
            }
            Step::Enforce(user, on) => (user, Change { auto_disable: Some(on), ..Change::default() }),
            Step::Enable(user, on) => (user, Change { enabled: Some(on), ..Change::default() }),
            Step::CountFrom(user, ago) => {
                let from = now - SignedDuration::from_secs(ago.into());
                (user, Change { counted_from: Some(from), ..Change::default() })
            }
        };
        // The interface changes no sub-user that is deleted.
        if account.by_id(&id(user).to_string()).is_some() {
            account.update(id(user), &change, false);
        }
    }
    books::of_account(&account, &Counts::default(), 40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn looking_changes_nothing(steps in prop::collection::vec(step(), 1..12), every in 5_000_u32..90_000) {
        prop_assert_eq!(run(&steps, u32::MAX), run(&steps, every));
    }

    #[test]
    fn an_account_is_the_sum_of_its_days(steps in prop::collection::vec(step(), 1..12)) {
        let books = run(&steps, u32::MAX);
        prop_assert!(books.reported_bytes <= books.traffic_bytes);
        let of_days: u64 = books
            .sub_users
            .iter()
            .flat_map(|user| &user.targets)
            .filter(|row| row.date >= books.period_start)
            .map(|row| row.traffic_bytes)
            .sum();
        // Corrections take from counters and leave the days alone.
        let corrected = of_days + books.unattributed_bytes - books.traffic_bytes;
        prop_assert!(corrected == 0 || corrected <= 3_000_000_000, "{}", corrected);
    }
}
