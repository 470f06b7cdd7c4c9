//! `serve` as a service: what is wrong with one account is said, and the others go on.

use std::fs;

use crate::support::binary::{Serving, finish, proxymeter};
use crate::support::vendors::{CANARY, Vendors};

#[test]
fn one_accounts_unreadable_secret_stops_that_account_only() {
    let vendors = Vendors::start();
    fs::remove_file(vendors.secret_file("decodo-v1")).unwrap();
    let serving = vendors.serve();
    let ready = serving.wait_for("/-/ready", |body| body.starts_with("ready\n"));
    let (_, of_account) = ready.split_once("\ndecodo-v1 (decodo)").unwrap();
    let of_account = of_account.split("\n\n").next().unwrap();
    assert!(of_account.contains("decodo-v1.secret\" cannot be read: No such file or directory"), "{ready}");
    let log = serving.log();
    assert!(
        log.contains("accounts.decodo-v1.password_file") && log.contains("the other accounts are collected"),
        "{log}"
    );
    assert_eq!(vendors.calls("decodo-v1", "login"), 0);

    let metrics = serving.wait_for("/metrics", |body| {
        let up = ["oxylabs", "decodo-published", "decodo-v2"];
        up.iter().all(|account| body.contains(&traffic(account, &vendors)))
    });
    assert!(
        !metrics.contains("proxymeter_account_traffic_bytes{provider=\"decodo\",account=\"decodo-v1\""),
        "{metrics}"
    );

    fs::write(vendors.secret_file("decodo-v1"), format!("{CANARY}decodo-v1")).unwrap();
    assert!(![ready, metrics, serving.log()].concat().contains(CANARY));
    assert_eq!(serving.stop(), Some(0));
}

/// The account's own sample, as the books have it.
fn traffic(account: &str, vendors: &Vendors) -> String {
    let books = vendors.books(account);
    format!(
        "proxymeter_account_traffic_bytes{{provider=\"{}\",account=\"{account}\"}} {}\n",
        books.provider, books.reported_bytes
    )
}

#[test]
fn wrong_credentials_are_told_and_make_no_login_storm() {
    let vendors = Vendors::start();
    fs::write(vendors.secret_file("oxylabs"), format!("{CANARY}wrong")).unwrap();
    let every_second =
        "[accounts.oxylabs.schedule]\naccount = \"* * * * * *\"\nsub_users = \"* * * * * *\"\n";
    vendors.configure(|account| account != "decodo-v1", every_second);
    let serving = vendors.serve();
    // Several passes have come and gone, each of them refused.
    serving.wait_for("/metrics", |body| {
        let labels = ["account=\"oxylabs\"", "collector=\"account\"", "reason=\"auth\""];
        let is_of = |line: &&str| {
            line.starts_with("proxymeter_collector_failures_total{")
                && labels.iter().all(|label| line.contains(label))
        };
        let count = body.lines().find(is_of).and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        count.is_some_and(|count| count >= 3.0)
    });
    assert_eq!(vendors.calls("oxylabs", "login"), 1, "one login for all passes of both collectors");
    let ready = serving.wait_for("/-/ready", |body| body.starts_with("ready\n"));
    let (_, of_account) = ready.split_once("\noxylabs (oxylabs)").unwrap();
    assert!(of_account.contains("failing (auth, "), "{ready}");
    let log = serving.log();
    assert!(log.contains("account=oxylabs") && log.contains("the original password is needed"), "{log}");
    assert!(![ready, log].concat().contains(CANARY));
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn the_demo_serves_both_vendors_with_nothing_given() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(proxymeter(folder.path(), &["demo", "--listen", "127.0.0.1:0"]));
    serving.wait_for("/-/ready", |body| body.starts_with("ready\n"));
    let metrics = serving.get("/metrics").1;
    for provider in ["oxylabs", "decodo"] {
        assert!(
            metrics.contains(&format!("proxymeter_sub_user_traffic_bytes{{provider=\"{provider}\"")),
            "{metrics}"
        );
    }
    assert_eq!(serving.get("/").0, 200);
    assert_eq!(serving.stop(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let vendors = Vendors::start();
    let taken = vendors.address.to_string();
    let mut command = vendors.command(&["serve"]);
    let ran = finish(command.env("PROXYMETER__WEB__LISTEN", &taken)).ended_with(1);
    assert!(ran.stderr.contains(&taken) && ran.stderr.contains("listen"), "{}", ran.told());
    let ran = vendors.run(&["simulate", "--listen", &taken]).ended_with(1);
    assert!(ran.stderr.contains("choose another address by --listen"), "{}", ran.told());
}
