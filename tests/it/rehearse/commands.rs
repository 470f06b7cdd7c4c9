//! `rehearse` and `test` as a user runs them, with what is shipped for them.

use std::collections::BTreeSet;
use std::fs;

use tempfile::TempDir;

use crate::support::binary::run;
use crate::support::{files_with, read, root};

const MONTH: &str = "config/scenarios/month.toml";

#[test]
fn the_shipped_month() {
    let ran =
        run(root(), &["rehearse", "--config", "config/example.toml", "--scenario", MONTH]).ended_with(0);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_scenario_alone_is_judged_by_usual_budgets() {
    let folder = TempDir::new().unwrap();
    let month = read(MONTH).replace("lasts = \"31d\"", "lasts = \"2d\"");
    fs::write(folder.path().join("month.toml"), month).unwrap();
    let arguments = ["rehearse", "--scenario", "month.toml", "--every", "10m", "--format", "json"];
    let ran = run(folder.path(), &arguments).ended_with(0);
    assert!(ran.stderr.starts_with("no configuration: the scenario's own accounts"), "{}", ran.told());
    let report = ran.json();
    assert_eq!(report["looks"], 288);
    let budgets =
        report["budgets"].as_array().unwrap().iter().map(|budget| budget["budget"].as_str().unwrap());
    let expected =
        ["crawl-mobile-plan", "crawl-mobile-sub-users", "decodo-main-plan", "decodo-main-sub-users"];
    assert_eq!(budgets.collect::<Vec<_>>(), expected);
}

#[test]
fn each_mistake_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("wrong.toml"), "lasts = \"long\"\n").unwrap();
    for (arguments, told) in [
        (&["rehearse"][..], "--scenario"),
        (&["rehearse", "--scenario", "none.toml"], "error: the scenario none.toml cannot be read: "),
        (&["rehearse", "--scenario", "wrong.toml"], "wrong.toml:1:9: lasts: must be a duration"),
        (&["rehearse", "--scenario", "wrong.toml", "--since", "1d"], "cannot be used with"),
        (&["rehearse", "--scenario", "wrong.toml", "--every", "0s"], "error: --every \"0s\": "),
        (&["rehearse", "--since", "1d"], "no configuration found; "),
        (&["test"], "<FILE>"),
        (&["test", "none.toml"], "error: the tests none.toml cannot be read: "),
        (&["test", "wrong.toml"], "wrong.toml:1:1: config: is missing: "),
    ] {
        let ran = run(folder.path(), arguments).ended_with(2);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.told());
    }
}

#[test]
fn every_budget_of_the_example_has_tests_and_they_pass() {
    let files: Vec<_> = files_with("config/tests", "toml");
    let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let ran = run(root(), &[&["test"], &names[..]].concat()).ended_with(0);
    assert!(!ran.stdout.contains("FAILED"), "{}", ran.told());
    let tested: BTreeSet<_> = files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    let config = proxymeter::config::load(Some(&root().join("config/example.toml")), []).unwrap();
    assert_eq!(tested, config.budgets.iter().map(|budget| &*budget.name).collect());
}

/// A file of tests beside the example's configuration.
fn tests(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("example.toml"), read("config/example.toml")).unwrap();
    fs::write(folder.path().join("tests.toml"), text).unwrap();
    folder
}

#[test]
fn a_wrong_expectation_fails_with_its_diff() {
    let shipped = read("config/tests/scrapers.toml").replace("../example.toml", "example.toml");
    let (head, _) = shipped.split_once("[[tests]]\nname = \"a jump").unwrap();
    let wrong = head
        .replace("threshold = \"warn\"", "threshold = \"stop\"")
        .replace("11:00:00Z\"\nreceiver", "12:00:00Z\"\nreceiver");
    assert_ne!(wrong, head);
    let wrong = wrong
        + "[[tests.writes]]\nbudget = \"scrapers\"\ntarget = \"scraper_prices\"\naction = \"limit 60GB\"\n";
    let folder = tests(&wrong);
    let ran = run(folder.path(), &["test", "tests.toml"]).ended_with(1);
    insta::assert_snapshot!(ran.stdout, @r"
    FAILED  tests.toml: told at 80 %, and once
              - at any time       write: limit 60GB of scraper_prices by scrapers
              + 2026-01-20 11:00Z notice to ops: scrapers.warn of scraper_prices
              - 2026-01-20 12:00Z notice to ops: scrapers.stop of scraper_prices

    - expected and did not come, + came and was not expected

    0 of 1 tests passed
    ");
}

#[test]
fn mistakes_in_tests_are_told_at_their_place() {
    let text = "config = \"example.toml\"\nbudgets = [\"scraper\"]\n[[tests]]\nname = \"x\"\naccount = \"crawl\"\n\
                [[tests.readings]]\nat = \"today\"\nrepeat = 3\nsub_users.a = { used = 5 }\n\
                [[tests.notices]]\nreceiver = \"nobody\"\nbudget = \"plan\"\nthreshold = \"warm\"\n";
    let ran = run(tests(text).path(), &["test", "tests.toml"]).ended_with(2);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: tests.toml:2:11: budgets: the configuration has no budget "scraper"
    tests.toml:5:11: tests[0].account: the configuration has no such account; it has crawl-mobile, decodo-main
    tests.toml:6:1: tests[0].readings[0].every: repeat needs the time from one reading to the next, such as every = "5m"
    tests.toml:7:6: tests[0].readings[0].at: must be a moment such as "2026-01-03T10:00:00Z"
    tests.toml:9:24: tests[0].readings[0].sub_users.a.used: expected a number and a unit, such as "50GB", "1.5TB", "50GiB" or "1000 bytes"
    tests.toml:10:1: tests[0].notices[0].target: is missing: a sub-user, the account's name, or "unattributed"
    tests.toml:13:13: tests[0].notices[0].threshold: the budget has no such threshold; it has runs-out, warn
    "#);
}

/// Two scrapers together, and the account, each told at 80 %.
const SUMS: &str = "operator.notify = []\nreceivers.ops.log = true\n\
    [accounts.a]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\n\
    [budgets.sum]\naccount = \"a\"\nsub_user = \"s_.*\"\nper = \"account\"\namount = \"100GB\"\n\
    thresholds.most = { used = \"80%\", notify = [\"ops\"] }\n\
    [budgets.whole]\naccount = \"a\"\nper = \"account\"\namount = \"100GB\"\n\
    thresholds.most = { used = \"80%\", notify = [\"ops\"] }\n";

/// Runs one test of account `a` in that configuration.
fn judged(rest: &str) -> crate::support::binary::Ran {
    let text = format!("config = \"sums.toml\"\n[[tests]]\nname = \"x\"\naccount = \"a\"\n{rest}");
    let folder = tests(&text);
    fs::write(folder.path().join("sums.toml"), SUMS).unwrap();
    run(folder.path(), &["test", "tests.toml"])
}

#[test]
fn f16_with_a_part_missing_a_sum_is_unknown_and_the_total_goes_on() {
    let rest = "[[tests.readings]]\nat = \"2026-01-10T10:00:00Z\"\n\
                sub_users = { s_one.used = \"30GB\", s_two.used = \"30GB\" }\n\
                [[tests.readings]]\nat = \"2026-01-10T10:05:00Z\"\ntotal = \"90GB\"\n\
                sub_users = { s_one.used = \"60GB\", s_two.silent = true }\n\
                [[tests.notices]]\nat = \"2026-01-10T10:05:00Z\"\nreceiver = \"ops\"\n\
                budget = \"whole\"\nthreshold = \"most\"\ntarget = \"a\"\n\
                [[tests.readings]]\nat = \"2026-01-10T10:10:00Z\"\ntotal = \"90GB\"\n\
                sub_users.s_one.used = \"60GB\"\n\
                [[tests.notices]]\nat = \"2026-01-10T10:10:00Z\"\nreceiver = \"ops\"\n\
                budget = \"sum\"\nthreshold = \"most\"\ntarget = \"a\"\n";
    judged(rest).ended_with(0);
}

#[test]
fn f17_what_grows_old_judges_nothing_and_ends_nothing() {
    let rest = "[[tests.readings]]\nat = \"2026-01-10T10:00:00Z\"\nsub_users.s_one.used = \"70GB\"\n\
                [[tests.readings]]\nat = \"2026-01-10T10:05:00Z\"\nsub_users.s_one.used = \"85GB\"\n\
                [[tests.readings]]\nat = \"2026-01-10T10:10:00Z\"\nevery = \"5m\"\nrepeat = 60\nfailed = true\n\
                [[tests.readings]]\nat = \"2026-01-10T16:00:00Z\"\nsub_users.s_one.used = \"86GB\"\n";
    let notice = |budget: &str| {
        format!(
            "[[tests.notices]]\nat = \"2026-01-10T10:05:00Z\"\nreceiver = \"ops\"\nbudget = \"{budget}\"\nthreshold = \"most\"\ntarget = \"a\"\n"
        )
    };
    // Were anything over meanwhile, it would have to be expected: one expectation of that kind compares them all.
    let over = "[[tests.notices]]\nreceiver = \"ops\"\nbudget = \"sum\"\nthreshold = \"most\"\ntarget = \"a\"\nover = true\n";
    let ran = judged(&(rest.to_owned() + &notice("sum") + &notice("whole") + over)).ended_with(1);
    let differs = ran.stdout.lines().filter(|line| line.starts_with("          ")).count();
    assert_eq!(differs, 1, "{}", ran.told());
    assert!(
        ran.stdout.contains("- at any time       notice to ops: sum.most of a is over"),
        "{}",
        ran.told()
    );
}
