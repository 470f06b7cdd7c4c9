//! Every reading command, in each of its formats, at each dialect: what it prints is what the vendor's books say.

use std::collections::BTreeMap;

use proxymeter::simulator::{AccountBooks, SubUserBooks};
use serde_json::{Value, json};

use crate::support::vendors::Vendors;

const ACCOUNTS: [&str; 4] = ["oxylabs", "decodo-published", "decodo-v1", "decodo-v2"];

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// The rows by the name in one column.
fn by<'a>(value: &'a Value, column: &str) -> BTreeMap<&'a str, &'a Value> {
    rows(value).iter().map(|row| (row[column].as_str().unwrap(), row)).collect()
}

fn listed(books: &AccountBooks) -> impl Iterator<Item = &SubUserBooks> {
    books.sub_users.iter().filter(|user| user.listed)
}

/// A table has a row a line, under names in capitals.
fn is_table(text: &str, first_column: &str, count: usize) {
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with(first_column), "{text}");
    assert_eq!(lines.count(), count, "{text}");
}

#[test]
fn sub_users_list_says_what_the_books_say() {
    let vendors = Vendors::start();
    for account in ACCOUNTS {
        let books = vendors.books(account);
        let listed: Vec<_> = listed(&books).collect();
        let json = vendors
            .run(&["sub-users", "list", "--account", account, "--format", "json"])
            .ended_with(0)
            .json();
        let told = by(&json, "sub_user");
        assert_eq!(told.len(), listed.len(), "{account}");
        for user in &listed {
            let row = told[user.username.as_str()];
            assert_eq!(row["account"], json!(account));
            assert_eq!(row["id"], json!(user.id.to_string()), "{account} {}", user.username);
            assert_eq!(row["used"], json!(user.reported_bytes), "{account} {}", user.username);
            let limit = match user.limit_bytes {
                // The published contract has no way to say that there is no cap.
                None if account == "decodo-published" => Value::Null,
                None => json!("unlimited"),
                Some(bytes) => json!(bytes),
            };
            assert_eq!(row["limit"], limit, "{account} {}", user.username);
        }
        let table = vendors.run(&["sub-users", "list", "--account", account]).ended_with(0);
        is_table(&table.stdout, "ACCOUNT", listed.len());
        assert_eq!(table.stderr, "", "{account}");
    }
    let all = vendors.run(&["sub-users", "list", "--format", "json"]).ended_with(0).json();
    let count: usize = ACCOUNTS.iter().map(|account| listed(&vendors.books(account)).count()).sum();
    assert_eq!(rows(&all).len(), count);
}

#[test]
fn sub_users_show_finds_by_name_and_by_id() {
    let vendors = Vendors::start();
    for account in ACCOUNTS {
        let books = vendors.books(account);
        let user = listed(&books).next().unwrap();
        for name in [user.username.clone(), user.id.to_string()] {
            let json = vendors.run(&["sub-users", "show", &name, "--account", account, "--format", "json"]);
            let json = json.ended_with(0).json();
            let told = by(&json, "field");
            assert_eq!(told["sub_user"]["value"], json!(user.username), "{account}");
            assert_eq!(told["used"]["value"], json!(user.reported_bytes), "{account}");
        }
        let table = vendors.run(&["sub-users", "show", &user.username]).ended_with(0).stdout;
        assert!(table.starts_with("FIELD") && table.contains(&user.username), "{table}");
    }
    let nobody = vendors.run(&["sub-users", "show", "nobody"]).ended_with(1);
    assert_eq!(
        nobody.stderr,
        "error: no active sub-user \"nobody\"; `proxymeter sub-users list` shows who there is\n"
    );
}

#[test]
fn traffic_of_the_accounts_in_three_formats() {
    let vendors = Vendors::start();
    let json = vendors.run(&["traffic", "--format", "json"]).ended_with(0).json();
    for account in ACCOUNTS {
        assert_eq!(
            by(&json, "account")[account]["used"],
            json!(vendors.books(account).reported_bytes),
            "{account}"
        );
    }
    let csv = vendors.run(&["traffic", "--format", "csv"]).ended_with(0).stdout;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("account,provider,used,allocated,period_start,as_of"));
    for account in ["decodo-published", "decodo-v1", "decodo-v2", "oxylabs"] {
        let start = format!(
            "{account},{},{},",
            &account[..account.find('-').unwrap_or(7)],
            vendors.books(account).reported_bytes
        );
        assert!(lines.next().unwrap().starts_with(&start), "{csv}");
    }
    is_table(&vendors.run(&["traffic"]).ended_with(0).stdout, "ACCOUNT", ACCOUNTS.len());
}

#[test]
fn traffic_of_one_sub_user_by_day_and_by_target() {
    let vendors = Vendors::start();
    let books = vendors.books("oxylabs");
    let user = books.sub_users.iter().find(|user| user.username == "scraper_prices").unwrap();
    let name = ["traffic", "scraper_prices", "--format"];
    let one = vendors.run(&[&name[..], &["json"]].concat()).ended_with(0).json();
    assert_eq!(one[0]["sub_user"], json!("scraper_prices"));

    let by_target = [&name[..], &["json", "--by", "target"]].concat();
    let json = vendors.run(&by_target).ended_with(0).json();
    let today = books.now_date();
    let of_today = user.targets.iter().filter(|target| target.date == today);
    let expected: BTreeMap<_, _> =
        of_today.map(|row| (row.target.as_str(), (row.reported_bytes, row.requests))).collect();
    let told: BTreeMap<_, _> = by(&json, "target")
        .into_iter()
        .map(|(name, row)| (name, (row["used"].as_u64().unwrap(), row["requests"].as_u64().unwrap())))
        .collect();
    assert_eq!(told, expected);

    let csv = vendors.run(&["traffic", "scraper_prices", "--by", "day", "--since", "3d", "--format", "csv"]);
    let csv = csv.ended_with(0).stdout;
    assert!(csv.starts_with("day,used\n20") && csv.lines().count() == 5, "{csv}");
    let refused = vendors.run(&["traffic", "pub_prices", "--since", "3d"]).ended_with(1);
    assert!(refused.stderr.contains("decodo-published: Decodo's published contract"), "{}", refused.told());
    let refused = vendors.run(&["traffic", "scraper_prices", "--since", "tomorrow"]).ended_with(2);
    assert!(refused.stderr.contains("--since \"tomorrow\": expected a day"), "{}", refused.told());
}

#[test]
fn the_small_lists_of_decodo_in_each_dialect() {
    let vendors = Vendors::start();
    for account in &ACCOUNTS[1..] {
        let books = vendors.books(account);
        let read = |what: &[&str]| {
            let table = vendors.run(&[what, &["--account", account]].concat()).ended_with(0).stdout;
            assert!(table.starts_with("ACCOUNT") && table.lines().count() > 1, "{what:?} {account}: {table}");
            vendors.run(&[what, &["--account", account, "--format", "json"]].concat()).ended_with(0).json()
        };
        let plans = read(&["subscriptions"]);
        assert_eq!(plans[0]["limit"], json!(books.plan_bytes.unwrap()), "{account}");
        assert_eq!(plans[0]["used"], json!(books.reported_bytes), "{account}");
        assert_eq!(plans[0]["valid_until"], json!(books.period_end), "{account}");
        let whitelist = read(&["whitelist", "list"]);
        let addresses: Vec<_> = rows(&whitelist).iter().map(|row| row["address"].as_str().unwrap()).collect();
        assert_eq!(addresses, books.whitelist, "{account}");
        assert!(!rows(&read(&["endpoints"])).is_empty());
        let random = read(&["endpoints", "random"]);
        assert!(
            rows(&random).iter().all(|row| row["type"] == json!("random") && row["ports"].is_string()),
            "{random}"
        );
    }
    let refused = vendors.run(&["subscriptions", "--account", "oxylabs"]).ended_with(1);
    assert!(refused.stderr.contains("oxylabs: Oxylabs' API tells no subscriptions"), "{}", refused.told());
    vendors.configure(|account| account == "oxylabs", "");
    let refused = vendors.run(&["whitelist", "list"]).ended_with(2);
    assert!(refused.stderr.contains("only Decodo has this"), "{}", refused.told());
}

#[test]
fn collect_brings_everything_in_three_formats() {
    let vendors = Vendors::start();
    let json = vendors.run(&["collect", "--format", "json"]).ended_with(0).json();
    let exposition = vendors.run(&["collect", "--format", "prometheus"]).ended_with(0).stdout;
    for account in ACCOUNTS {
        let books = vendors.books(account);
        assert_eq!(
            by(&json["accounts"], "account")[account]["used"],
            json!(books.reported_bytes),
            "{account}"
        );
        for user in listed(&books) {
            assert_eq!(
                by(&json["sub_users"], "sub_user")[user.username.as_str()]["used"],
                json!(user.reported_bytes)
            );
            let sample = format!("account=\"{account}\",product=\"");
            let of_user = exposition.lines().find(|line| {
                line.starts_with("proxymeter_sub_user_traffic_bytes{")
                    && line.contains(&sample)
                    && line.contains(&format!("sub_user=\"{}\"", user.username))
            });
            assert!(of_user.unwrap().ends_with(&format!(" {}", user.reported_bytes)), "{of_user:?}");
        }
    }
    assert_eq!(json["failures"], json!([]));
    let table = vendors.run(&["collect"]).ended_with(0);
    assert!(
        table.stdout.contains("scraper_prices") && !table.stdout.contains("Not everything"),
        "{}",
        table.told()
    );
}

#[test]
fn a_vendor_that_fails_is_told_and_leaves_the_others() {
    let vendors = Vendors::start();
    std::fs::write(vendors.secret_file("decodo-v1"), "wrong").unwrap();
    let ran = vendors.run(&["collect", "--format", "json"]).ended_with(4);
    let json = ran.json();
    let failures = rows(&json["failures"]);
    assert_eq!(failures.len(), 3, "{}", ran.told());
    assert!(
        failures.iter().all(|row| row["account"] == json!("decodo-v1") && row["reason"] == json!("auth"))
    );
    assert_eq!(vendors.calls("decodo-v1", "login"), 1, "the refused login is not tried again");
    assert_eq!(
        by(&json["accounts"], "account")["oxylabs"]["used"],
        json!(vendors.books("oxylabs").reported_bytes)
    );
    vendors.configure(|account| account == "decodo-v1", "");
    vendors.run(&["collect"]).ended_with(1);
    let told = vendors.run(&["traffic"]).ended_with(1).stderr;
    assert!(told.starts_with("error: decodo-v1: the login was refused (HTTP 401)"), "{told}");
}

/// The day on which the simulation stands.
trait Today {
    fn now_date(&self) -> String;
}

impl Today for AccountBooks {
    fn now_date(&self) -> String {
        self.sub_users.iter().flat_map(|user| &user.targets).map(|target| target.date.clone()).max().unwrap()
    }
}
