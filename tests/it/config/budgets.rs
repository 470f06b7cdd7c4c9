//! Budgets, receivers and the store as they are read.

use std::time::Duration;

use proxymeter::config::{StoreLocation, Way};
use proxymeter::domain::budget::amount::Amount;
use proxymeter::domain::budget::period::PeriodRule;
use proxymeter::domain::budget::threshold::{ActionKind, Condition, Mode, Severity};
use proxymeter::domain::budget::{OnUnknown, Per};

use super::{LEAST, load};

const BUDGETS: &str = r#"
password = "p"
[receivers.ops]
log = true
[receivers.on-call]
log = true
[budgets.money]
per = "account"
amount = "400 USD"
price_per_gb = 0.1
thresholds.warn = { used = "80%", notify = ["on-call"] }
[budgets.crawl]
account = "acme-.*"
sub_user = "scraper_.*"
per = "sub_user"
amount = "50GB"
period = "rolling 7d"
labels = { team = "crawl", _x1 = "a b" }
unknown = "ignore"
[budgets.crawl.thresholds.stop]
used = "99.5%"
notify = ["ops", "on-call"]
severity = "critical"
for = "10m"
clear = "90%"
action = "limit 55GB"
[budgets.crawl.thresholds.fast]
burn = "6x over 3h and 30m"
notify = ["ops"]
"#;

fn budgets(variables: &[(&str, &str)]) -> super::Config {
    load(&format!("{LEAST}{BUDGETS}"), variables).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_budget_is_read_with_all_its_keys() {
    let config = budgets(&[]);
    assert_eq!(config.budgets.iter().map(|budget| &*budget.name).collect::<Vec<_>>(), ["crawl", "money"]);
    let crawl = &config.budgets[0];
    assert_eq!(
        (crawl.per, crawl.period, crawl.unknown),
        (Per::SubUser, PeriodRule::Rolling(7), OnUnknown::Ignore)
    );
    assert_eq!(
        crawl.labels.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>(),
        ["_x1=a b", "team=crawl"]
    );
    assert!(
        crawl.selectors.fits_sub_user("", "scraper_1") && !crawl.selectors.fits_sub_user("", "a_scraper_1")
    );
    let [fast, stop] = &crawl.thresholds[..] else { panic!("{:?}", crawl.thresholds) };
    assert_eq!(fast.when.to_string(), "burn = \"6x over 3h and 30m\"");
    assert_eq!((fast.severity, fast.hold, fast.action), (Severity::Warning, Duration::ZERO, None));
    assert!(matches!(stop.when, Condition::Used(_)));
    assert_eq!(
        (stop.severity, stop.hold, stop.clear.to_string()),
        (Severity::Critical, Duration::from_secs(600), "90 %".to_owned())
    );
    assert_eq!(stop.notify.iter().map(|name| &**name).collect::<Vec<_>>(), ["ops", "on-call"]);
    let action = stop.action.unwrap();
    assert_eq!((action.what, action.mode), (ActionKind::Limit("55GB".parse().unwrap()), Mode::Observe));
    assert_eq!((action.approve_within, action.countdown), (None, None));
    assert!(config.receivers.values().all(|receiver| matches!(receiver.way, Way::Log)));
}

#[test]
fn a_price_is_what_was_written() {
    for (written, price) in
        [("0.1", "0.1"), ("\"0.1\"", "0.1"), ("1_000.10", "1000.10"), ("3", "3"), ("35e-1", "3.5")]
    {
        let text = BUDGETS.replace("price_per_gb = 0.1", &format!("price_per_gb = {written}"));
        let config = load(&format!("{LEAST}{text}"), &[]).unwrap_or_else(|problems| panic!("{problems}"));
        let Amount::Money { price_per_gb, .. } = &config.budgets[1].amount else { panic!("{written}") };
        assert_eq!(price_per_gb.to_string(), price, "{written}");
    }
}

#[test]
fn the_environment_reaches_into_a_budget() {
    let config = budgets(&[
        ("PROXYMETER__BUDGETS__CRAWL__AMOUNT", "60GB"),
        ("PROXYMETER__BUDGETS__CRAWL__LABELS__TEAM", "mine"),
        ("PROXYMETER__BUDGETS__CRAWL__THRESHOLDS__RUNS_OUT__USED", "90%"),
        ("PROXYMETER__BUDGETS__CRAWL__THRESHOLDS__RUNS_OUT__NOTIFY", "ops, on-call"),
        ("PROXYMETER__BUDGETS__MONEY__PRICE_PER_GB", "3.50"),
        ("PROXYMETER__RECEIVERS__BY_ENV__LOG", "true"),
        ("PROXYMETER__OPERATOR__NOTIFY", "by-env"),
    ]);
    let crawl = &config.budgets[0];
    assert_eq!(crawl.amount, Amount::Size("60GB".parse().unwrap()));
    assert_eq!(crawl.labels["team"], "mine");
    let runs_out = crawl.thresholds.iter().find(|threshold| &*threshold.name == "runs-out").unwrap();
    assert_eq!(runs_out.notify.len(), 2);
    assert_eq!(&*config.operator.notify[0], "by-env");
}

#[test]
fn the_store_is_below_the_states_folder_or_the_configurations() {
    let text = format!("{LEAST}password = \"p\"\n");
    let at = |more: &str, variables: &[(&str, &str)]| {
        let store = load(&format!("{text}{more}"), variables).unwrap().store;
        let StoreLocation::Sqlite(path) = store.location;
        (path.display().to_string(), store.is_written)
    };
    let state = [("STATE_DIRECTORY", "/var/lib/proxymeter:/var/lib/other")];
    assert_eq!(at("", &[]), ("proxymeter.db".to_owned(), false));
    assert_eq!(at("", &state), ("/var/lib/proxymeter/proxymeter.db".to_owned(), false));
    assert_eq!(at("[store]\nurl = \"sqlite:a.db\"", &state), ("/var/lib/proxymeter/a.db".to_owned(), true));
    assert_eq!(at("[store]\nurl = \"sqlite:/x/a.db\"", &state), ("/x/a.db".to_owned(), true));
}

#[test]
fn the_keys_of_looking_again_are_read() {
    let more = "[collect]\nlook_again_floor = \"1m\"\nmax_calls_per_day = 5000\nbackfill = true\nretention = \"60d\"";
    let collect = load(&format!("{LEAST}password = \"p\"\n{more}"), &[]).unwrap().collect;
    assert_eq!((collect.look_again_floor.as_secs(), collect.max_calls_per_day), (60, Some(5000)));
    assert_eq!((collect.backfill, collect.retention_days), (true, 60));
}

#[test]
fn numbers_without_measure_are_refused() {
    for (key, value) in [
        ("amount = \"400 USD\"\nprice_per_gb", "1e999999999"),
        ("amount = \"400 USD\"\nprice_per_gb", "1e-999999999"),
        ("amount = \"400 USD\"\nprice_per_gb", "nan"),
        ("amount = \"400 USD\"\nprice_per_gb", "-inf"),
        ("amount", "\"79228162514264337593543950335PB\""),
        ("amount", "\"79228162514264337593543950335% of plan\""),
        ("amount", "\"-79228162514264337593543950335\""),
        ("amount = \"1GB\"\nthresholds.w.used", "\"-79228162514264337593543950335\""),
        ("amount = \"1GB\"\nthresholds.w.used", "-1e308"),
        ("amount = \"1GB\"\nthresholds.w.burn", "\"79228162514264337593543950335x over 3h and 1h\""),
        ("amount = \"1GB\"\nthresholds.w.silent", "\"9999999999999d\""),
    ] {
        let text = format!("{LEAST}password = \"p\"\n[budgets.b]\nper = \"sub_user\"\n{key} = {value}\n");
        let said = load(&text, &[]).unwrap_err().to_string();
        assert!(said.contains("budgets.b."), "{key} = {value}: {said}");
    }
}
