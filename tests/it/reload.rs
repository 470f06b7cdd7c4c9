//! SIGHUP: all or nothing, between passes, and no login storm.

use std::fs;
use std::process::Command;

use crate::support::binary::Serving;
use crate::support::vendors::Vendors;

/// Looks often, so that a reload meets passes.
const OFTEN: &str = "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\n";

fn hang_up(daemon: &Serving) {
    let id = daemon.id().to_string();
    assert!(Command::new("sh").args(["-c", "kill -HUP \"$0\"", &id]).status().unwrap().success());
}

fn has(page: &str, start: &str) -> bool {
    page.lines().any(|line| line.starts_with(start))
}

#[test]
fn a_mistake_changes_nothing_and_says_so() {
    let vendors = Vendors::start();
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    let file = vendors.folder().join("proxymeter.toml");
    let good = fs::read_to_string(&file).unwrap();

    fs::write(&file, format!("{good}\n[collekt]\nlag = \"1m\"\n")).unwrap();
    hang_up(&daemon);
    let page = daemon.wait_for("/metrics", |page| has(page, "proxymeter_config_last_reload_successful 0"));
    assert!(
        has(&page, "proxymeter_account_traffic_bytes{provider=\"oxylabs\",account=\"oxylabs\"}"),
        "{page}"
    );
    let log = daemon.log();
    assert!(log.contains("the one before stays in force") && log.contains("collekt"), "{log}");

    fs::write(&file, good).unwrap();
    hang_up(&daemon);
    daemon.wait_for("/metrics", |page| has(page, "proxymeter_config_last_reload_successful 1"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn accounts_come_and_go_and_those_that_stay_keep_session_and_data() {
    let vendors = Vendors::start();
    vendors.configure(|account| account != "decodo-v2", "");
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    let logins = |account: &str, operation: &str| vendors.calls(account, operation);
    assert_eq!(logins("oxylabs", "login"), 1);
    let lists = vendors.calls("oxylabs", "list-sub-users");

    vendors.configure(|account| account != "decodo-v1", "");
    hang_up(&daemon);
    let page = daemon.wait_for("/metrics", |page| {
        has(page, "proxymeter_sub_user_traffic_bytes{provider=\"decodo\",account=\"decodo-v2\"")
    });
    assert!(!page.contains("account=\"decodo-v1\""), "{page}");
    assert!(
        has(&page, "proxymeter_sub_user_traffic_bytes{provider=\"oxylabs\",account=\"oxylabs\""),
        "{page}"
    );
    assert_eq!(logins("oxylabs", "login"), 1, "the session goes on");
    assert_eq!(vendors.calls("oxylabs", "list-sub-users"), lists, "and nobody is asked before it is due");
    // The new account's other collectors may still be at their first attempt.
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    let (status, ready) = daemon.get("/-/ready");
    assert_eq!(status, 200);
    assert!(ready.contains("decodo-v2") && !ready.contains("decodo-v1"), "{ready}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn twenty_reloads_in_a_row_are_no_login_storm() {
    let vendors = Vendors::start();
    vendors.configure(|account| account == "oxylabs", OFTEN);
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    for round in 0..20 {
        let rate = format!("{OFTEN}plan = \"{}GB\"\n", round + 1);
        vendors.configure(|account| account == "oxylabs", &rate);
        hang_up(&daemon);
    }
    // Several that come while one is under way are one, and the last is always in force at the end.
    let plan = "proxymeter_account_plan_bytes{provider=\"oxylabs\",account=\"oxylabs\"} 20000000000";
    daemon.wait_for("/metrics", |page| has(page, plan));
    assert_eq!(vendors.calls("oxylabs", "login"), 1);
    let before = vendors.calls("oxylabs", "list-sub-users");
    daemon.wait_for("/-/healthy", |_| vendors.calls("oxylabs", "list-sub-users") > before + 1);
    assert_eq!(vendors.calls("oxylabs", "login"), 1);
    assert_eq!(daemon.stop(), Some(0));
}
