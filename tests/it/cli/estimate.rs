//! What `check` estimates, against what the vendors' books and `/metrics` then say; and what it says online.

use std::collections::BTreeMap;

use proxymeter::domain::account::AccountName;
use proxymeter::domain::incident::SubUserIdentity;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::store::location::Location;
use proxymeter::store::owner::Owner;
use proxymeter::store::records::Named;
use proxymeter::store::{Access, open};

use crate::support::vendors::Vendors;

/// The cells of the rows under a title; columns are two spaces apart.
fn table(text: &str, title: &str) -> Vec<Vec<String>> {
    let (_, below) = text.split_once(title).unwrap_or_else(|| panic!("no {title:?} in {text}"));
    let rows = below.lines().skip(2).take_while(|line| !line.is_empty());
    rows.map(|row| {
        row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
    })
    .collect()
}

const TARGETS: &str = "[accounts.oxylabs.schedule]\ntargets = \"0 20 * * * *\"\n";

#[test]
fn calls_of_a_pass_are_those_that_the_vendor_counts() {
    let vendors = Vendors::start();
    vendors.configure(|_| true, TARGETS);
    let told = vendors.run(&["check"]).ended_with(0).stdout;
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for row in table(&told, "\nCalls to the vendors") {
        let number = |at: usize| row[at].parse::<u64>().unwrap();
        let sub_users = vendors.books(&row[0]).sub_users.iter().filter(|user| user.listed).count() as u64;
        // Beside a pass' own calls, targets are read once more when a day has ended.
        *expected.entry(row[0].clone()).or_default() += (number(6) + number(7) * sub_users) / number(5);
    }
    assert_eq!(expected.len(), 4, "{told}");
    vendors.run(&["collect"]).ended_with(0);
    for (account, calls) in expected {
        let books = vendors.books(&account);
        let counted =
            books.calls.iter().filter(|(operation, _)| **operation != "login").map(|(_, count)| count);
        assert_eq!(counted.sum::<u64>(), calls, "{account}: {:?}", books.calls);
    }
}

#[test]
fn series_are_at_most_as_estimated() {
    let vendors = Vendors::start();
    vendors.configure(|_| true, TARGETS);
    let told = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    let exposition = vendors.run(&["collect", "--format", "prometheus"]).ended_with(0).stdout;
    let counts = ["_account_", "_sub_user_", "_target_", "_subscription_"];
    for account in ["oxylabs", "decodo-published", "decodo-v1", "decodo-v2"] {
        let estimate = told.split_once(&format!("\n{account}: ok: ")).unwrap().1;
        let estimate =
            estimate.split_once("at most ").unwrap().1.split(' ').next().unwrap().parse::<usize>().unwrap();
        let is_counted = |line: &&str| {
            counts.iter().any(|part| line.starts_with(&format!("proxymeter{part}")))
                && line.contains(&format!("account=\"{account}\""))
        };
        let series = exposition.lines().filter(is_counted).count();
        assert!(series <= estimate && series * 3 > estimate, "{account}: {series} of {estimate}");
    }
}

#[test]
fn online_says_what_a_vendor_lets_pass() {
    let vendors = Vendors::start();
    let told = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    for line in [
        "without a cap, each may use everything: scraper_reviews\n",
        "the vendor does not cut off at the cap: scraper_fares, scraper_browser\n",
        "the vendor does not say whether there is a cap: pub_social\n",
        "without a cap, each may use everything: keyed_social\n",
        "  gigabyte: the vendor's answers do not say how large one is\n",
        "Series in /metrics: at most ",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(
        told.contains("250000000000, and 3 others the same way; write: gigabyte = \"decimal\"\n"),
        "{told}"
    );
}

#[test]
fn f19_a_pinned_gigabyte_is_held_against_the_vendors_figures() {
    let vendors = Vendors::start();
    vendors.configure(|account| account == "decodo-v2", "gigabyte = \"decimal\"\n");
    let told = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    assert!(told.contains("gigabyte: decimal, as configured: keyed_prices has"), "{told}");
    vendors.configure(|account| account == "decodo-v2", "gigabyte = \"binary\"\n");
    let told = vendors.run(&["check", "--online"]).ended_with(4).stdout;
    assert!(told.contains("gigabyte: \"binary\" is configured, but keyed_prices has"), "{told}");
    assert!(told.contains("write: gigabyte = \"decimal\"\n"), "{told}");
}

#[test]
fn f17_an_empty_list_is_not_no_usage() {
    let mut scenario = proxymeter::simulator::Scenario::default();
    let account = scenario.accounts.iter_mut().find(|account| account.name == "decodo-v2").unwrap();
    account.product = "datacenter".into();
    let vendors = Vendors::of(scenario);
    vendors.configure(|account| account == "decodo-v2", "");
    let told = vendors.run(&["check", "--online"]).ended_with(4).stdout;
    assert!(
        told.contains("no sub-users: not covered by the API, or there are none; traffic is unknown, not 0"),
        "{told}"
    );
}

#[test]
fn a_schedule_that_cannot_be_kept_is_told() {
    let vendors = Vendors::start();
    let schedule = "requests_per_second = 1\nschedule.targets = \"*/5 * * * * *\"\n";
    vendors.configure(|account| account == "oxylabs", schedule);
    let offline = vendors.run(&["check"]).ended_with(0).stdout;
    assert!(
        offline.contains("accounts.oxylabs.schedule.targets can be kept with up to 2 sub-users, with half of requests_per_second = 1, which is what targets get."),
        "{offline}"
    );
    let online = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    assert!(
        online.contains(
            "accounts.oxylabs.schedule.targets cannot be kept: a pass of 8 calls takes 16 s at requests_per_second = 1, \
             and the next is due after 5 s. Look less often, or raise requests_per_second."
        ),
        "{online}"
    );
    vendors.configure(|account| account == "oxylabs", "\n[collect]\nmax_series = 10\n");
    let online = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    assert!(
        online.contains("of collect.max_series = 10.\nThat is too many: targets will be left out first"),
        "{online}"
    );
}

#[test]
fn online_says_which_budget_fits_nothing_today() {
    let vendors = Vendors::start();
    let budget = |name: &str, sub_user: &str| {
        format!(
            "[budgets.{name}]\naccount = \"oxylabs\"\nsub_user = \"{sub_user}\"\nper = \"sub_user\"\namount = \"5GB\"\n\
             thresholds.stop = {{ used = \"100%\", notify = [\"ops\"] }}\n"
        )
    };
    let more =
        format!("[receivers.ops]\nlog = true\n{}{}", budget("some", "scraper_.*"), budget("none", "nobody"));
    vendors.configure(|account| account == "oxylabs", &more);
    let told = vendors.run(&["check", "--online"]).stdout;
    assert!(told.contains("budgets.none fits nothing at the vendors today"), "{told}");
    assert!(!told.contains("budgets.some"), "{told}");
}

/// One account with a standing cap on everybody, moved each day.
fn with_standing_cap(vendors: &Vendors) {
    let budget = "requests_per_second = 1\n[budgets.a-day]\naccount = \"oxylabs\"\nsub_user = \".*\"\nper = \"sub_user\"\n\
                  amount = \"5GB\"\nperiod = \"day\"\nstanding_cap = \"observe\"\n";
    vendors.configure(|account| account == "oxylabs", budget);
}

#[test]
fn moving_caps_is_told_with_those_that_the_vendor_lists() {
    let vendors = Vendors::start();
    with_standing_cap(&vendors);
    let offline = vendors.run(&["check"]).ended_with(0).stdout;
    let unknown = "budgets.a-day.standing_cap at oxylabs: how many sub-users have one is not known yet; --online counts them.";
    assert!(offline.contains(unknown), "{offline}");
    let row = table(&offline, "\nBudgets").remove(0);
    assert_eq!(row, ["a-day", "oxylabs", "sub_user", "day", "always", "standing cap (observe)"]);

    let online = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    let told = "budgets.a-day.standing_cap at oxylabs: moving the caps of ";
    let (_, told) = online.split_once(told).unwrap_or_else(|| panic!("{online}"));
    let (count, takes) = told.split_once(" sub-users takes ").unwrap();
    let login = &vendors.accounts.iter().find(|access| access.account == "oxylabs").unwrap().username;
    let books = vendors.books("oxylabs");
    let listed = books.sub_users.iter().filter(|user| user.listed && user.username != *login).count();
    let count: usize = count.parse().unwrap();
    assert_eq!(count, listed, "the login's own sub-user is never lowered");
    // A write each, and two lists.
    assert!(takes.starts_with(&format!("{} s at 1 request a second.\n", count + 2)), "{takes}");
    assert!(!online.contains("not known yet"), "{online}");
}

#[test]
fn caps_that_cannot_be_moved_in_time_are_a_mistake_by_the_stores_names() {
    let vendors = Vendors::start();
    with_standing_cap(&vendors);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keep = |count: usize| {
        runtime.block_on(async {
            let location = Location::Sqlite(vendors.folder().join("proxymeter.db"));
            let owner = Owner::this_process("2026-11-21T20:00:00Z".parse().unwrap());
            let store = open(&location, Access::Own { owner, new_store: true }).await.unwrap();
            let named = |at: usize| Named {
                who: SubUserIdentity {
                    key: SubUserKey(at.to_string().into()),
                    product: "residential".into(),
                    name: format!("user_{at}").into(),
                },
                limit: None,
            };
            let names: Vec<_> = (0..count).map(named).collect();
            store.save_names(&AccountName::new("oxylabs").unwrap(), &names).await.unwrap();
            store.close().await;
        });
    };
    keep(1_200);
    let told = vendors.run(&["check"]).ended_with(0).stdout;
    let takes =
        "standing_cap at oxylabs: moving the caps of 1,200 sub-users takes 20 min at 1 request a second.";
    assert!(told.contains(takes), "{told}");
    keep(9_000);
    let refused = vendors.run(&["check"]).ended_with(2);
    let expected = "budgets.a-day.standing_cap: moving the caps of 9,000 sub-users takes 2.6 h at 1 request a second, \
                    longer than a tenth of the period (2.4 h)\n    write: requests_per_second = 2 in accounts.oxylabs, \
                    where the vendor takes that; or a longer period, or a sub_user that fits fewer\n";
    let (place, problem) = refused.stderr.split_once(": ").unwrap();
    assert_eq!((problem, refused.stdout.as_str()), (expected, ""));
    assert!(place.starts_with("proxymeter.toml:"), "{place}");
}

#[test]
fn the_switch_is_told_where_it_stops_anything() {
    let vendors = Vendors::start();
    let told = |more: &str, value: &str| {
        vendors.configure(|account| account == "oxylabs", more);
        let mut command = vendors.command(&["check"]);
        let ran = crate::support::binary::finish(command.env("PROXYMETER__WRITES", value)).ended_with(0);
        ran.stdout.contains("no limit is lowered at any account.\n")
    };
    let writes = "gigabyte = \"decimal\"\nwrites = true\n";
    assert!(told(writes, "off") && !told(writes, "on") && !told("", "off"));
}
