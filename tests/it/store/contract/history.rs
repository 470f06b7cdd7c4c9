//! The history of readings.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proxymeter::domain::account::AccountName;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::traffic::{Usage, Window};
use proxymeter::domain::units::Bytes;
use proxymeter::store::Store;
use proxymeter::store::readings::{Day, Dropped, Figure, PassReadings, Point, Subject};

use super::{Fixture, account, at, pass, sub_user, usage};

/// Each subject's use of each day: the sum, and the hours that are not 0.
type Uses = BTreeMap<(Subject, Date), (u64, Option<Vec<(usize, u64)>>)>;

fn hours(day: &Day) -> (u64, Option<Vec<(usize, u64)>>) {
    let used = |hours: [Bytes; 24]| {
        let hours = hours.iter().enumerate().filter(|(_, used)| used.0 > 0);
        hours.map(|(hour, used)| (hour, used.0)).collect()
    };
    (day.usage.used.0, day.usage.hours.map(used))
}

async fn all(store: &dyn Store, account: &AccountName) -> Uses {
    let mut uses = Uses::new();
    let mut each = |subject: &Subject, date: Date, usage: &_| {
        let day = Day { date, usage: Clone::clone(usage) };
        assert!(uses.insert((subject.clone(), date), hours(&day)).is_none(), "{subject:?} {date} came twice");
    };
    store.each_day(account, date(2020, 1, 1), date(2030, 1, 1), &mut each).await.unwrap();
    for ((subject, date), expected) in &uses {
        let days = store.days(account, subject, *date, *date).await.unwrap();
        assert_eq!(days.iter().map(hours).collect::<Vec<_>>(), std::slice::from_ref(expected));
    }
    uses
}

pub(crate) async fn a_pass_is_read_back_as_it_was(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let acme = account("acme");
    let since = Window::Since(date(2026, 11, 1).at(8, 30, 0, 5));
    let dates = Window::Dates(date(2026, 11, 1), date(2026, 11, 30));
    let figures = [
        (Subject::Account, usage(u64::MAX)),
        (sub_user("a"), Usage { window: since, ..usage(7) }),
        (sub_user("ä b'c"), Usage { requests: None, window: dates, ..usage(0) }),
        (Subject::Subscription("a".into()), Usage { window: Window::Unknown, ..usage(9) }),
        (Subject::Target(SubUserKey("a".into()), "example.com".into()), usage(3)),
    ];
    let figure = |(subject, usage): &(Subject, Usage)| Figure {
        subject: subject.clone(),
        usage: usage.clone(),
        used: Bytes(usage.traffic.0 / 2),
    };
    let observed = at("2026-11-21T20:00:00.123Z");
    let pass = PassReadings { observed, changed: figures.iter().map(figure).collect(), standing: vec![] };
    store.save_pass(&acme, &pass).await.unwrap();
    let after = at("2026-11-21T20:00:00.124Z");
    for (subject, usage) in &figures {
        let points = store.points(&acme, subject, observed, after).await.unwrap();
        let used = Bytes(usage.traffic.0 / 2);
        assert_eq!(points, [Point { observed, usage: usage.clone(), used }], "{subject:?}");
        assert_eq!(store.points(&acme, subject, after, at("2027-01-01T00:00:00Z")).await.unwrap(), []);
        assert_eq!(store.points(&account("other"), subject, observed, after).await.unwrap(), []);
    }
    assert_eq!(store.points(&acme, &sub_user("b"), observed, after).await.unwrap(), []);
}

pub(crate) async fn days_are_the_same_before_between_and_after_roll_ups(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let acme = account("acme");
    let (a, b) = (sub_user("a"), sub_user("b"));
    let passes = [
        pass("2026-11-20T23:59:59.999Z", &[(&a, 1), (&b, 10)]),
        pass("2026-11-21T00:00:00Z", &[(&a, 2)]),
        pass("2026-11-21T00:30:00Z", &[(&a, 4), (&b, 0)]),
        pass("2026-11-21T17:00:00Z", &[(&a, 8), (&b, 20)]),
        // Looked at before what is saved already: a clock that was set back.
        pass("2026-11-21T00:10:00Z", &[(&b, 40)]),
    ];
    let expected = Uses::from([
        ((a.clone(), date(2026, 11, 20)), (1, Some(vec![(23, 1)]))),
        ((a.clone(), date(2026, 11, 21)), (14, Some(vec![(0, 6), (17, 8)]))),
        ((b.clone(), date(2026, 11, 20)), (10, Some(vec![(23, 10)]))),
        ((b.clone(), date(2026, 11, 21)), (60, Some(vec![(0, 40), (17, 20)]))),
    ]);
    for rolled_up_after in 0..=passes.len() {
        let name = account(&format!("acme-{rolled_up_after}"));
        for (index, pass) in passes.iter().enumerate() {
            if index == rolled_up_after {
                store.roll_up(&name).await.unwrap();
            }
            store.save_pass(&name, pass).await.unwrap();
        }
        assert_eq!(all(&*store, &name).await, expected, "rolled up after {rolled_up_after}");
        store.roll_up(&name).await.unwrap();
        store.roll_up(&name).await.unwrap();
        assert_eq!(all(&*store, &name).await, expected, "rolled up after {rolled_up_after} and at the end");
    }
    store.roll_up(&acme).await.unwrap();
    assert_eq!(all(&*store, &acme).await, Uses::new());
}

pub(crate) async fn a_month_holds_its_days_alone(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, a, b) = (account("acme"), sub_user("a"), sub_user("b"));
    for day in ["2026-09-30", "2026-10-01", "2026-10-17", "2026-10-31", "2026-11-01"] {
        store.save_pass(&acme, &pass(&format!("{day}T12:00:00Z"), &[(&b, 1), (&a, 5)])).await.unwrap();
        if day != "2026-10-31" {
            store.roll_up(&acme).await.unwrap();
        }
    }
    let days = store.days(&acme, &a, date(2026, 10, 1), date(2026, 10, 31)).await.unwrap();
    let found: Vec<_> = days.iter().map(|day| (day.date.day(), day.usage.used.0)).collect();
    assert_eq!(found, [(1, 5), (17, 5), (31, 5)]);
    assert_eq!(store.days(&acme, &a, date(2026, 10, 31), date(2026, 10, 1)).await.unwrap(), []);
}

pub(crate) async fn what_is_old_is_dropped_tier_by_tier(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, a) = (account("acme"), sub_user("a"));
    let start = at("2025-09-01T12:00:00Z");
    let day = |number: i64| start + SignedDuration::from_hours(24 * number);
    for number in 0..=401 {
        let mut today = pass("2025-09-01T12:00:00Z", &[(&a, 7)]);
        today.observed = day(number);
        store.save_pass(&acme, &today).await.unwrap();
    }
    // What is not rolled up yet is kept, however old.
    assert_eq!(store.drop_old(day(401), 400).await.unwrap(), Dropped::default());
    store.roll_up(&acme).await.unwrap();
    let dropped = store.drop_old(day(401), 400).await.unwrap();
    assert_eq!(dropped, Dropped { blocks: 394, hours: 340, days: 1 });
    assert_eq!(store.drop_old(day(401), 400).await.unwrap(), Dropped::default());

    let points = store.points(&acme, &a, Timestamp::MIN, Timestamp::MAX).await.unwrap();
    assert_eq!(points.first().map(|point| point.observed), Some(day(394)));
    let days = store.days(&acme, &a, date(2020, 1, 1), date(2030, 1, 1)).await.unwrap();
    assert_eq!((days.len(), days[0].date), (401, date(2025, 9, 2)));
    assert_eq!(days.iter().filter(|day| day.usage.hours.is_none()).count(), 340);
    assert!(days.iter().all(|day| day.usage.used == Bytes(7)));
    // A day later, one more of each.
    let dropped = store.drop_old(day(402), 400).await.unwrap();
    assert_eq!(dropped, Dropped { blocks: 1, hours: 1, days: 1 });
}

pub(crate) async fn the_history_survives_a_crash(fixture: &dyn Fixture) {
    let (acme, a, b) = (account("acme"), sub_user("a"), sub_user("b"));
    let store = fixture.own().await;
    store.save_pass(&acme, &pass("2026-11-21T01:00:00Z", &[(&a, 1)])).await.unwrap();
    store.roll_up(&acme).await.unwrap();
    store.save_pass(&acme, &pass("2026-11-21T02:00:00Z", &[(&b, 2)])).await.unwrap();
    let before = all(&*store, &acme).await;
    // Not closed: as if killed.
    drop(store);
    let store = fixture.own().await;
    assert_eq!(all(&*store, &acme).await, before);
    // Seats go on where they were.
    store.save_pass(&acme, &pass("2026-11-21T03:00:00Z", &[(&sub_user("c"), 4), (&a, 3)])).await.unwrap();
    let reader = fixture.read().await;
    let uses = all(&*reader, &acme).await;
    let day = date(2026, 11, 21);
    for (name, used) in [("a", 4), ("b", 2), ("c", 4)] {
        assert_eq!(uses[&(sub_user(name), day)].0, used, "{name}");
    }
}

pub(crate) async fn a_large_pass_is_read_by_subject(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let acme = account("acme");
    let names: Vec<Subject> = (0..9000).map(|number| sub_user(&format!("sub-user-{number}"))).collect();
    for (hour, factor) in [("01", 1), ("02", 100)] {
        let changed: Vec<_> = names.iter().zip(1..).map(|(name, used)| (name, used * factor)).collect();
        store.save_pass(&acme, &pass(&format!("2026-11-21T{hour}:00:00Z"), &changed)).await.unwrap();
    }
    store.roll_up(&acme).await.unwrap();
    let day = date(2026, 11, 21);
    for number in [0_u64, 4095, 4096, 8191, 8192, 8999] {
        let subject = &names[number as usize];
        let points = store.points(&acme, subject, Timestamp::MIN, Timestamp::MAX).await.unwrap();
        let found: Vec<u64> = points.iter().map(|point| point.used.0).collect();
        assert_eq!(found, [number + 1, (number + 1) * 100]);
        let days = store.days(&acme, subject, day, day).await.unwrap();
        assert_eq!(days.iter().map(|day| day.usage.used.0).collect::<Vec<_>>(), [(number + 1) * 101]);
    }
}

pub(crate) async fn one_name_may_be_many_subjects(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, other) = (account("acme"), account("other"));
    let key = || SubUserKey("a".into());
    let subjects = [
        Subject::SubUser(key()),
        Subject::Subscription("a".into()),
        Subject::Target(key(), "".into()),
        Subject::Target(key(), "b".into()),
    ];
    let changed: Vec<_> = subjects.iter().zip([1, 10, 100, 1000]).collect();
    store.save_pass(&acme, &pass("2026-11-21T01:00:00Z", &changed)).await.unwrap();
    store.save_pass(&other, &pass("2026-11-21T01:00:00Z", &[(&subjects[0], 5)])).await.unwrap();
    let day = date(2026, 11, 21);
    for (subject, used) in changed {
        let days = store.days(&acme, subject, day, day).await.unwrap();
        assert_eq!(days[0].usage.used, Bytes(used), "{subject:?}");
    }
    assert_eq!(store.days(&other, &subjects[0], day, day).await.unwrap()[0].usage.used, Bytes(5));
}

pub(crate) async fn a_day_of_targets_is_saved_once(fixture: &dyn Fixture) {
    let store = fixture.own().await;
    let (acme, key, day) = (account("acme"), SubUserKey("a".into()), date(2026, 11, 20));
    for _ in 0..2 {
        let used = [("example.com".into(), Bytes(7)), ("example.org".into(), Bytes(0))];
        store.save_targets(&acme, &key, day, &used).await.unwrap();
    }
    store.save_targets(&acme, &key, date(2026, 11, 19), &[]).await.unwrap();
    store.close().await;
    let store = fixture.own().await;
    let read = |first| {
        let (store, acme) = (&store, &acme);
        async move { store.targets_read(acme, first).await.unwrap() }
    };
    assert_eq!(read(date(2026, 11, 1)).await, [(key.clone(), date(2026, 11, 19)), (key.clone(), day)]);
    assert_eq!(read(day).await, [(key.clone(), day)]);
    assert_eq!(store.targets_read(&account("other"), day).await.unwrap(), []);
    let target = Subject::Target(key, "example.com".into());
    assert_eq!(all(&*store, &acme).await, Uses::from([((target, day), (7, None))]));
    // What is dropped is forgotten as read.
    store.drop_old(at("2028-01-01T00:00:00Z"), 400).await.unwrap();
    assert_eq!(read(date(2026, 11, 1)).await, []);
}
