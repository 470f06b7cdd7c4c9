//! `reconcile`: the account against its sub-users, and against an invoice.

use proxymeter::domain::units::{Bytes, Gigabyte};
use proxymeter::simulator::{Scenario, Workload};
use serde_json::{Value, json};

use crate::support::vendors::Vendors;

fn reconcile(vendors: &Vendors, arguments: &[&str], code: i32) -> Value {
    let arguments = [&["reconcile", "--format", "json"], arguments].concat();
    vendors.run(&arguments).ended_with(code).json()[0].clone()
}

fn notes(row: &Value) -> String {
    row["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn sub_users_that_add_up_are_fine() {
    let vendors = Vendors::start();
    for account in ["decodo-v1", "decodo-v2"] {
        let row = reconcile(&vendors, &["--account", account], 0);
        let books = vendors.books(account);
        let sum: u64 = books.sub_users.iter().map(|user| user.reported_bytes).sum();
        assert_eq!(row["used"], json!(books.reported_bytes));
        assert_eq!(row["sub_users"], json!(sum), "{account}");
        assert_eq!(row["unattributed"], json!(books.reported_bytes as i64 - sum as i64), "{account}");
        assert!(notes(&row).contains("add up to the account's total, give or take 1 %"), "{row}");
    }
    let table = vendors.run(&["reconcile", "--account", "decodo-v1"]).ended_with(0).stdout;
    assert!(table.starts_with("ACCOUNT") && table.contains("\ndecodo-v1: the sub-users add up"), "{table}");
    assert_eq!(vendors.calls("oxylabs", "login"), 0, "only the account that is meant is asked");
}

#[test]
fn what_cannot_be_compared_says_why() {
    let vendors = Vendors::start();
    let row = reconcile(&vendors, &["--account", "oxylabs"], 4);
    assert_eq!((&row["sub_users"], &row["unattributed"]), (&Value::Null, &Value::Null));
    assert!(notes(&row).contains("customer_north counts since it was made; never reset"), "{row}");
    assert_eq!(vendors.calls("oxylabs", "target-stats"), 0, "targets are compared with nothing");
    let row = reconcile(&vendors, &["--account", "decodo-published"], 4);
    assert!(notes(&row).contains("count since a moment that the vendor does not tell"), "{row}");
    vendors.run(&["reconcile"]).ended_with(4);
}

#[test]
fn f34_what_went_past_the_sub_users_limits_is_named() {
    let mut scenario = Scenario::default();
    let account = scenario.accounts.iter_mut().find(|account| account.name == "decodo-v2").unwrap();
    let Workload { targets, shape, .. } = account.sub_users[0].workload.clone();
    account.unattributed = Some(Workload { per_day: Bytes(5_000_000_000), shape, targets });
    let vendors = Vendors::of(scenario);
    let row = reconcile(&vendors, &["--account", "decodo-v2"], 4);
    let books = vendors.books("decodo-v2");
    let told = row["unattributed"].as_i64().unwrap();
    assert!(
        told.abs_diff(books.unattributed_bytes as i64) <= 10_000_000,
        "{row} {}",
        books.unattributed_bytes
    );
    assert!(notes(&row).contains("the account's own credentials, which no sub-user's limit binds"), "{row}");
}

#[test]
fn f19_an_invoice_says_which_gigabyte_it_is() {
    let vendors = Vendors::start();
    let used = Bytes(vendors.books("decodo-v1").reported_bytes);
    let gigabytes = Gigabyte::Decimal.from_bytes(used);
    let invoice =
        |text: String, code: i32| reconcile(&vendors, &["--account", "decodo-v1", "--invoice", &text], code);

    let same = invoice(format!("{gigabytes}GB"), 0);
    assert_eq!((&same["invoice"], &same["difference"]), (&json!(used.0), &json!(0)));
    assert!(notes(&same).contains("this does not say how large one is"), "{same}");
    let decimal = invoice(format!("{} bytes", used.0), 0);
    assert!(notes(&decimal).contains("Write: gigabyte = \"decimal\"."), "{decimal}");
    let binary = invoice(format!("{gigabytes}GiB"), 4);
    assert!(notes(&binary).contains("Write: gigabyte = \"binary\"."), "{binary}");
    let other = invoice("1GB".to_owned(), 4);
    assert!(notes(&other).contains("Is the invoice for this period"), "{other}");

    let refused = vendors.run(&["reconcile", "--invoice", "70GB"]).ended_with(2);
    assert!(
        refused
            .stderr
            .starts_with("error: an invoice is one account's; name it by --account: decodo-published,")
    );
    let refused = vendors.run(&["reconcile", "--account", "decodo-v1", "--invoice", "70"]).ended_with(2);
    assert!(refused.stderr.contains("expected a number and a unit, such as \"50GB\""), "{}", refused.told());
}

#[test]
fn f19_a_wrong_gigabyte_shows_where_the_vendor_gives_bytes_too() {
    let vendors = Vendors::start();
    vendors.configure(|account| account == "decodo-v2", "gigabyte = \"binary\"\n");
    // The total comes in gigabytes, the sub-users' figures in bytes.
    let row = reconcile(&vendors, &[], 4);
    assert!(notes(&row).contains("a gigabyte of the other size explains as much"), "{row}");
}

#[test]
fn a_login_that_is_refused_is_told() {
    let vendors = Vendors::start();
    std::fs::write(vendors.secret_file("decodo-v1"), "wrong").unwrap();
    let row = reconcile(&vendors, &["--account", "decodo-v1", "--invoice", "70GB"], 1);
    assert!(notes(&row).contains("account did not come (auth): the login was refused"), "{row}");
    assert_eq!(row["used"], Value::Null);
}
