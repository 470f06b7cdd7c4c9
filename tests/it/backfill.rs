//! `backfill` against the simulated vendors over real sockets, held against their books.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::simulator::{Fault, FaultRule, Scenario};
use proxymeter::store::location::Location;
use proxymeter::store::readings::{DayUse, Subject};
use proxymeter::store::{Access, Store, open};

use crate::support::binary::until;
use crate::support::vendors::Vendors;

/// Bytes by sub-user, target (none: all) and day.
type Uses = BTreeMap<(String, Option<String>, String), u64>;

/// What the store holds of an account.
fn held(vendors: &Vendors, account: &str) -> Uses {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let location = Location::Sqlite(vendors.folder().join("proxymeter.db"));
        let store = open(&location, Access::Read).await.unwrap();
        let held = each_day(&*store, account).await;
        store.close().await;
        held
    })
}

async fn each_day(store: &dyn Store, account: &str) -> Uses {
    let mut uses = Uses::new();
    let mut each = |subject: &Subject, day: Date, used: &DayUse| {
        let (SubUserKey(key), target) = match subject {
            Subject::SubUser(key) => (key.clone(), None),
            Subject::Target(key, target) => (key.clone(), Some(target.to_string())),
            Subject::Account | Subject::Subscription(_) => return,
        };
        if used.used.0 > 0 {
            uses.insert((key.to_string(), target, day.to_string()), used.used.0);
        }
    };
    let account = AccountName::new(account).unwrap();
    store.each_day(&account, Date::MIN, Date::MAX, &mut each).await.unwrap();
    uses
}

/// A vendor's gigabytes are rounded down to 0.01.
const STEP: u64 = 10_000_000;

/// What the vendor says of each sub-user's last 30 days and today, by its books.
fn told(vendors: &Vendors, account: &str, with_targets: bool) -> Uses {
    let books = vendors.books(account);
    // By the vendor's clock: just after midnight nothing was used today.
    let today = vendors.simulator.books().now.chars().take("2026-01-01".len()).collect::<String>();
    let mut exact = Uses::new();
    let mut uses = Uses::new();
    for user in books.sub_users.iter().filter(|user| user.listed) {
        for row in &user.targets {
            let key = |target| (user.id.to_string(), target, row.date.clone());
            *exact.entry(key(None)).or_default() += row.traffic_bytes;
            if with_targets && row.date != today && row.reported_bytes > 0 {
                uses.insert(key(Some(row.target.clone())), row.reported_bytes);
            }
        }
    }
    uses.extend(exact.into_iter().map(|(key, bytes)| (key, bytes / STEP * STEP)));
    uses.retain(|_, bytes| *bytes > 0);
    uses
}

/// What is held and what was told are the same; where not, only what differs is shown.
fn same(held: &Uses, told: &Uses, context: &str) {
    let differs = |one: &Uses, other: &Uses| -> Uses {
        one.iter()
            .filter(|(key, used)| other.get(*key) != Some(*used))
            .map(|(key, used)| (key.clone(), *used))
            .collect()
    };
    assert_eq!(differs(held, told), differs(told, held), "{context}");
}

/// One account of the built-in ones alone, in the configuration.
fn vendors(account: &str, more: &str) -> Vendors {
    let vendors = Vendors::of(Scenario::default());
    vendors.configure(|name| name == account, more);
    vendors
}

#[test]
fn oxylabs_tells_days_in_one_call_and_targets_by_day() {
    let vendors = vendors("oxylabs", "schedule.targets = \"0 20 * * * *\"\n[collect]\nlag = \"0s\"\n");
    // Without a lag yesterday is final from midnight on, whenever this runs.
    let ran = vendors.run(&["backfill", "--format", "json"]).ended_with(0);
    same(&held(&vendors, "oxylabs"), &told(&vendors, "oxylabs", true), &ran.told());
    let done = &ran.json()["accounts"][0];
    let listed = vendors.books("oxylabs").sub_users.iter().filter(|user| user.listed).count() as u64;
    assert_eq!(vendors.calls("oxylabs", "statistics"), listed);
    assert!(done["days_raised"].as_u64().unwrap() > 7 * 25, "{done}");
    // Nothing is missing, so nothing is asked but the account and its list.
    let (statistics, targets) =
        (vendors.calls("oxylabs", "statistics"), vendors.calls("oxylabs", "target-stats"));
    let again = vendors.run(&["backfill"]).ended_with(0);
    assert_eq!(vendors.calls("oxylabs", "statistics"), statistics, "{}", again.told());
    assert_eq!(vendors.calls("oxylabs", "target-stats"), targets, "{}", again.told());
    same(&held(&vendors, "oxylabs"), &told(&vendors, "oxylabs", true), "");
}

#[test]
fn decodo_tells_a_day_a_call_and_goes_on_where_it_was_cut_off() {
    for account in ["decodo-v1", "decodo-v2"] {
        let vendors = vendors(account, "");
        let mut runs = 0;
        loop {
            runs += 1;
            let ran = vendors.run(&["backfill", "--max-calls", "40", "--format", "json"]);
            let done = &ran.json()["accounts"][0];
            assert!(done["calls"].as_u64().unwrap() <= 41, "{done}");
            if ran.code() == Some(0) {
                break;
            }
            let ran = ran.ended_with(4);
            assert!(ran.stdout.contains("run it again"), "{}", ran.told());
            assert!(runs < 10, "{}", ran.told());
        }
        assert!(runs > 3, "{runs}");
        same(&held(&vendors, account), &told(&vendors, account, false), account);
        // Each of 31 days of five sub-users was asked for once.
        assert_eq!(vendors.calls(account, "statistics"), 5 * 31, "{account}");
    }
}

#[test]
fn a_kill_loses_one_answer_at_most() {
    let vendors = vendors("decodo-v1", "");
    let mut child = vendors.command(&["backfill"]).spawn().unwrap();
    until(|| (vendors.calls("decodo-v1", "statistics") > 20).then_some(()), || "no calls".to_owned());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(vendors.calls("decodo-v1", "statistics") < 5 * 31, "it was killed too late");
    vendors.run(&["backfill"]).ended_with(0);
    same(&held(&vendors, "decodo-v1"), &told(&vendors, "decodo-v1", false), "");
    let calls = vendors.calls("decodo-v1", "statistics");
    assert!((5 * 31..=5 * 31 + 1).contains(&calls), "{calls}");
}

#[test]
fn what_fails_is_told_and_asked_again() {
    let vendors = vendors("decodo-v2", "");
    let operation = Some("statistics".to_owned());
    vendors.simulator.add_fault(FaultRule {
        operation,
        skip: 20,
        count: Some(1),
        ..FaultRule::always(Fault::Html)
    });
    let ran = vendors.run(&["backfill"]).ended_with(4);
    assert!(ran.stdout.contains("Not everything was asked"), "{}", ran.told());
    vendors.simulator.clear_faults();
    vendors.run(&["backfill"]).ended_with(0);
    same(&held(&vendors, "decodo-v2"), &told(&vendors, "decodo-v2", false), "");
}

#[test]
fn the_published_contract_tells_nothing_of_the_past_and_is_not_asked() {
    let vendors = vendors("decodo-published", "");
    let ran = vendors.run(&["backfill"]).ended_with(0);
    assert!(ran.stdout.contains("tells nothing of the past"), "{}", ran.told());
    assert_eq!(vendors.books("decodo-published").calls, BTreeMap::new());
}

#[test]
fn a_store_that_somebody_owns_is_left_to_its_owner() {
    let vendors = vendors("oxylabs", "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let location = Location::Sqlite(vendors.folder().join("proxymeter.db"));
    let now = "2026-11-21T20:00:00Z".parse().unwrap();
    let owner = proxymeter::store::owner::Owner::this_process(now);
    let store = runtime.block_on(open(&location, Access::Own { owner, new_store: true })).unwrap();
    let ran = vendors.run(&["backfill"]).ended_with(1);
    assert!(ran.stderr.contains(&format!("belongs to process {}", std::process::id())), "{}", ran.told());
    assert!(ran.stderr.contains("set collect.backfill = true"), "{}", ran.told());
    runtime.block_on(store.close());
}
