//! Commands that change something at a vendor, at each dialect: what they show, what arrives, what they say of it, and
//! what the journal keeps.

mod faults;
mod gates;
mod making;
mod write_test;

use std::process::Stdio;
use std::sync::Arc;

use jiff::Timestamp;
use proxymeter::simulator::{RecordBooks, SubUserBooks, WriteBooks};
use proxymeter::store::location::Location;
use proxymeter::store::owner::Owner;
use proxymeter::store::{Access, Store, open};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::support::binary::Ran;
use crate::support::vendors::Vendors;

/// A password that every vendor takes, and that nothing may hold.
const PASSWORD: &str = "Canary_pass1";

/// The simulated vendors with one of them configured, and its gigabyte pinned.
fn at(account: &str) -> Vendors {
    let vendors = Vendors::start();
    vendors.configure(|name| name == account, "gigabyte = \"decimal\"\n");
    vendors
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Does something with the store as its owner; it begins where there is none.
fn own_store<T>(vendors: &Vendors, work: impl AsyncFnOnce(Arc<dyn Store>) -> T) -> T {
    runtime().block_on(async {
        let location = Location::Sqlite(vendors.folder().join("proxymeter.db"));
        let owner = Owner::this_process(Timestamp::UNIX_EPOCH);
        let store = open(&location, Access::Own { owner, new_store: true }).await.unwrap();
        let done = work(store.clone()).await;
        store.close().await;
        done
    })
}

/// The journal, oldest first: who, step, whom, words, before and after.
fn journal(vendors: &Vendors) -> Vec<String> {
    own_store(vendors, async |store| {
        let entries = store.journal(Timestamp::UNIX_EPOCH, 100).await.unwrap();
        let record = |record: Option<proxymeter::domain::act::record::Record>| {
            record.map_or_else(|| "-".to_owned(), |record| record.to_string())
        };
        let line = |entry: &proxymeter::store::records::EntryRecord| {
            let (before, after) = (record(entry.before), record(entry.after));
            assert_eq!((entry.action, &*entry.by), (None, "cli:cli"));
            format!("{} {}: {} [{before} | {after}]", entry.step, entry.name, entry.words)
        };
        entries.iter().rev().map(line).collect()
    })
}

/// Runs a command, and finds no password in anything that it left behind.
fn run(vendors: &Vendors, arguments: &[&str]) -> Ran {
    let ran = vendors.run(arguments);
    assert!(!ran.told().contains(PASSWORD), "{}", ran.told());
    for file in std::fs::read_dir(vendors.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains("proxymeter.db")) {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
            assert!(!found, "{} holds the password", path.display());
        }
    }
    ran
}

/// Runs a command with the password on standard input.
fn run_with_password(vendors: &Vendors, arguments: &[&str]) -> Ran {
    let mut command = vendors.command(arguments);
    std::fs::write(vendors.folder().join("password"), format!("{PASSWORD}\n")).unwrap();
    let file = std::fs::File::open(vendors.folder().join("password")).unwrap();
    let ran = crate::support::binary::finish(command.stdin(Stdio::from(file)));
    assert!(!ran.told().contains(PASSWORD), "{}", ran.told());
    ran
}

fn user(vendors: &Vendors, account: &str, name: &str) -> SubUserBooks {
    let books = vendors.books(account);
    books.sub_users.into_iter().rfind(|user| user.username == name).unwrap()
}

fn writes(vendors: &Vendors, account: &str) -> Vec<WriteBooks> {
    vendors.books(account).writes
}

/// The bodies of all writes, as they arrived.
fn bodies(vendors: &Vendors, account: &str) -> Vec<String> {
    writes(vendors, account).iter().map(|write| write.body.to_string()).collect()
}

fn record(write: &WriteBooks) -> &RecordBooks {
    write.after.as_ref().unwrap()
}

/// The line that is told where there is no store.
const WITHOUT_STORE: &str = "there is no store at proxymeter.db: this is not journaled, and no pause is known; under \
                             systemd or in the image STATE_DIRECTORY=/var/lib/proxymeter says where it is\n";

/// Each account, one of its sub-users with a limit, and that limit.
const LIMITED: [(&str, &str, &str); 4] = [
    ("oxylabs", "scraper_prices", "500 GB"),
    ("decodo-published", "pub_prices", "250 GB"),
    ("decodo-v1", "classic_prices", "250 GB"),
    ("decodo-v2", "keyed_prices", "250 GB"),
];

#[test]
fn update_changes_a_limit_at_each_dialect_and_says_so() {
    for (account, name, limit) in LIMITED {
        let vendors = at(account);
        let id = user(&vendors, account, name).id;
        let update = ["sub-users", "update", name, "--limit", "0.6TB", "--yes"];
        let ran = run(&vendors, &update).ended_with(0);
        assert_eq!(
            ran.stderr,
            format!(
                "{name} (id {id}) at {account}, to be changed at the vendor:\n  limit: {limit} → 600 GB\n{}",
                WITHOUT_STORE
            )
        );
        assert_eq!(ran.stdout, format!("{name} at {account}: changed and read back: limit 600 GB\n"));
        assert_eq!(bodies(&vendors, account), [json!({ "traffic_limit": 600 }).to_string()]);
        assert_eq!(record(&writes(&vendors, account)[0]).limit_bytes, Some(600_000_000_000));

        let again = run(&vendors, &update).ended_with(0);
        assert_eq!(again.stdout, format!("{name} at {account}: nothing to change\n"));
        assert_eq!(again.stderr, "");
        assert_eq!(writes(&vendors, account).len(), 1);
    }
}

#[test]
fn update_disables_and_lets_go_on_where_the_vendor_can() {
    for (account, name, _) in LIMITED.into_iter().filter(|(account, ..)| *account != "decodo-published") {
        let vendors = at(account);
        let before = user(&vendors, account, name);
        let ran =
            run(&vendors, &["sub-users", "update", name, "--status", "disabled", "--yes"]).ended_with(0);
        let by_id = account == "decodo-v2";
        let how = if by_id {
            "changed and read back: status disabled"
        } else {
            "changed: it left the vendor's list, and its statistics still answer"
        };
        assert_eq!(ran.stdout, format!("{name} at {account}: {how}\n"));
        let off = user(&vendors, account, name);
        assert_eq!((off.status, off.limit_bytes), ("disabled", before.limit_bytes));

        let id = before.id.to_string();
        let nameless = run(&vendors, &["sub-users", "update", name, "--status", "active", "--yes"]);
        let told = format!(
            "error: no sub-user \"{name}\" in the vendor's list; one that is disabled left it, and is found by its id and --account\n"
        );
        assert_eq!(nameless.ended_with(1).stderr, told);
        if !by_id {
            let blind = run(&vendors, &["sub-users", "update", &id, "--limit", "5GB", "--yes"]).ended_with(2);
            let told = format!(
                "error: {id} at {account} left the vendor's list, so that nothing of its record can be read back: add --status active\n"
            );
            assert_eq!(blind.stderr, told);
        }
        let ran = run(&vendors, &["sub-users", "update", &id, "--status", "active", "--yes"]).ended_with(0);
        assert!(ran.stderr.contains("  status: disabled → active\n"), "{}", ran.told());
        assert!(ran.stdout.ends_with(": changed and read back: status active\n"), "{}", ran.told());
        assert_eq!(user(&vendors, account, name).status, "active");
    }
}

#[test]
fn a_disabled_one_is_found_by_the_name_that_the_store_remembers() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |_| ());
    let user = user(&vendors, "oxylabs", "scraper_stock");
    own_store(&vendors, async |store| {
        let who = proxymeter::domain::incident::SubUserIdentity {
            key: proxymeter::domain::snapshot::SubUserKey(user.id.to_string().into()),
            product: "mobile".into(),
            name: "scraper_stock".into(),
        };
        let named = proxymeter::store::records::Named { who, limit: None };
        let account = proxymeter::domain::account::AccountName::new("oxylabs").unwrap();
        store.save_names(&account, &[named]).await.unwrap();
    });
    for status in ["disabled", "active"] {
        run(&vendors, &["sub-users", "update", "scraper_stock", "--status", status, "--yes"]).ended_with(0);
    }
    assert_eq!(bodies(&vendors, "oxylabs"), [r#"{"status":"disabled"}"#, r#"{"status":"active"}"#]);
}

#[test]
fn update_states_changed_fields_only_and_journals_them_without_the_password() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |_| ());
    let secret = vendors.folder().join("new.secret");
    std::fs::write(&secret, format!("{PASSWORD}\n")).unwrap();
    let update = [
        "sub-users",
        "update",
        "scraper_fares",
        "--limit",
        "150GB",
        "--status",
        "active",
        "--auto-disable",
        "true",
        "--lifetime",
        "true",
        "--password-file",
        "new.secret",
        "--yes",
    ];
    let ran = run(&vendors, &update).ended_with(0);
    let id = user(&vendors, "oxylabs", "scraper_fares").id;
    let shown = format!(
        "scraper_fares (id {id}) at oxylabs, to be changed at the vendor:\n  auto_disable: false → true\n  lifetime: false → true\n  password: changed\n"
    );
    assert_eq!(ran.stderr, shown);
    assert_eq!(
        ran.stdout,
        "scraper_fares at oxylabs: changed and read back: auto_disable true, lifetime true; a password cannot be read back\n"
    );
    assert_eq!(bodies(&vendors, "oxylabs"), [r#"{"auto_disable":true,"lifetime":true,"password":"…"}"#]);
    let what = "sub-users update, auto_disable: false → true; lifetime: false → true; password: changed";
    let records = "[active, limit 150.00 GB, does not cut off | active, limit 150.00 GB, cuts off]";
    assert_eq!(
        journal(&vendors),
        [
            format!("intent scraper_fares: {what} {records}"),
            format!(
                "confirmed scraper_fares: {what}: changed and read back: auto_disable true, lifetime true; a password cannot be read back {records}"
            ),
        ]
    );

    let alone = ["sub-users", "update", "scraper_fares", "--password-file", "new.secret", "--yes"];
    let ran = run(&vendors, &alone).ended_with(0);
    assert_eq!(ran.stdout, "scraper_fares at oxylabs: the vendor took it; a password cannot be read back\n");
}

#[test]
fn the_daemon_may_run_meanwhile() {
    let vendors = at("oxylabs");
    let serving = vendors.serve();
    serving.wait_for("/-/ready", |body| body.starts_with("ready\n"));
    std::fs::write(vendors.folder().join("new.secret"), PASSWORD).unwrap();
    let update =
        ["sub-users", "update", "scraper_prices", "--limit", "400GB", "--password-file", "new.secret"];
    let ran = run(&vendors, &[&update[..], &["--yes"]].concat()).ended_with(0);
    assert!(!ran.stderr.contains("there is no store"), "{}", ran.told());
    assert!(!serving.log().contains(PASSWORD));
    assert_eq!(serving.stop(), Some(0));
    let steps = journal(&vendors);
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(!steps.concat().contains(PASSWORD));
}

#[test]
fn update_counts_from_another_moment_at_decodo() {
    for (account, name) in [("decodo-v1", "classic_office"), ("decodo-v2", "keyed_office")] {
        let vendors = at(account);
        let update = ["sub-users", "update", name, "--count-from", "2026-01-01 00:00:00", "--yes"];
        let ran = run(&vendors, &update).ended_with(0);
        let told = format!("{name} at {account}: changed and read back: counts from 2026-01-01 00:00:00\n");
        assert_eq!(ran.stdout, told);
        assert_eq!(bodies(&vendors, account), [r#"{"traffic_count_from":"2026-01-01 00:00:00"}"#]);
    }
}

#[test]
fn f19_a_size_is_the_accounts_own_gigabyte() {
    let vendors = Vendors::start();
    vendors.configure(|name| name == "oxylabs", "gigabyte = \"binary\"\n");
    let update = ["sub-users", "update", "scraper_prices", "--limit", "1TB", "--yes"];
    let ran = run(&vendors, &update).ended_with(0);
    assert_eq!(ran.stdout, "scraper_prices at oxylabs: changed and read back: limit 1000 GB of 2^30 bytes\n");
    assert_eq!(bodies(&vendors, "oxylabs"), [r#"{"traffic_limit":1000}"#]);
}

#[test]
fn what_a_dialect_lacks_is_told_before_anything() {
    for (account, name, change, told) in [
        (
            "decodo-published",
            "pub_prices",
            &["--limit", "unlimited"][..],
            "Decodo's published contract cannot lift a limit, for traffic_limit is a number there: write a high one, or use dialect v1 or v2",
        ),
        (
            "decodo-published",
            "pub_prices",
            &["--status", "disabled"],
            "Decodo's published contract cannot set a status: lower the limit instead, or use dialect v1 or v2",
        ),
        (
            "decodo-v2",
            "keyed_prices",
            &["--lifetime", "true"],
            "Decodo knows no lifetime: its counters reset with the subscription, or run from traffic_count_from",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &["--count-from", "2026-01-01 00:00:00"],
            "Oxylabs cannot count from another moment; set lifetime, or raise the limit by what was used",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &["--limit", "0"],
            "--limit \"0\": 0 is never written: --status disabled stops a sub-user",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &["--limit", "0GB"],
            "--limit \"0GB\": 0 is never written: --status disabled stops a sub-user",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &["--limit", "9MB"],
            "--limit \"9MB\": less than 0.01 GB, the vendors' smallest step, and 0 is never written: write at least 0.01GB",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &["--limit", "50"],
            "--limit \"50\": expected a number and a unit, such as \"50GB\", \"1.5TB\", \"50GiB\" or \"1000 bytes\", or \"unlimited\"",
        ),
        (
            "oxylabs",
            "scraper_prices",
            &[],
            "say what is to change: --limit, --status, --auto-disable, --lifetime, --count-from or --password-file",
        ),
    ] {
        let vendors = at(account);
        let refused =
            run(&vendors, &[&["sub-users", "update", name, "--yes"], change].concat()).ended_with(2);
        assert_eq!(refused.stderr, format!("error: {told}\n"), "{change:?}");
        assert!(vendors.books(account).calls.is_empty(), "{change:?}: the vendor was asked");
    }
}
