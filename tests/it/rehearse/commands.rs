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
