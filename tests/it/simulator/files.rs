//! Scenario files: what the documentation shows works, and each mistake says what and where it is.

use jiff::SignedDuration;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{Dialect, EventKind, Fault, RetryAfter, Scenario, Shape};

use super::Stand;

const DOCUMENTATION: &str = include_str!("../../../docs/SIMULATOR.md");

fn documented() -> &'static str {
    let (_, rest) = DOCUMENTATION.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

fn problems(text: &str) -> Vec<String> {
    Scenario::from_toml("s.toml", text).unwrap_err().problems
}

/// A file with one account whose table goes on with `rest`.
fn account(rest: &str) -> String {
    format!("[accounts.a]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\n{rest}")
}

#[test]
fn the_documented_file_is_a_scenario() {
    let scenario = Scenario::from_toml("s.toml", documented()).unwrap();
    assert_eq!((scenario.seed, scenario.boost, scenario.history_days), (7, 300, 35));
    let names: Vec<_> = scenario.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["acme-mobile", "reseller"]);
    let mobile = &scenario.accounts[0];
    assert_eq!((mobile.dialect, mobile.lag), (Dialect::Oxylabs, SignedDuration::from_mins(15)));
    assert_eq!(mobile.plan, Limit::Bytes(Bytes(3_000_000_000_000)));
    let users: Vec<_> = mobile.sub_users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(
        (users.len(), &users[..4]),
        (24, &["scraper_prices", "scraper_browser", "scraper_login", "scraper_archive"][..])
    );
    let shapes: Vec<_> = mobile.sub_users.iter().map(|user| &user.workload.shape).collect();
    assert!(matches!(
        shapes[..4],
        [
            Shape::Steady,
            Shape::Runaway { factor: 40, .. },
            Shape::RetryStorm { .. },
            Shape::Ramp { factor: 9, .. }
        ]
    ));
    assert_eq!(mobile.events[1].kind, EventKind::Freeze(SignedDuration::from_hours(6)));
    let limit = Some(Limit::Bytes(Bytes(80_000_000_000)));
    let person = EventKind::Person { sub_user: "scraper_browser".into(), limit, enabled: None };
    assert_eq!(mobile.events[2].kind, person);
    let rule = &scenario.faults[0];
    let wait = RetryAfter::Seconds(SignedDuration::from_secs(30));
    assert_eq!(rule.fault, Fault::Status(429, Some(wait)));
    assert_eq!((rule.skip, rule.count, rule.probability), (2, Some(3), 0.5));
    let books = Stand::new(&scenario).books();
    assert_eq!(books.accounts["reseller"].base_path, "/reseller/v2");
}

#[test]
fn the_documentation_names_every_fault_and_every_operation() {
    for name in [
        "latency",
        "date",
        "status",
        "hang",
        "silent",
        "break",
        "truncate",
        "lose-answer",
        "ignore-write",
        "round-write",
        "html",
        "empty",
        "halve",
        "zeros",
        "huge",
        "gzip-bomb",
        "nested",
        "redirect",
    ] {
        assert!(DOCUMENTATION.contains(&format!("\n| `{name}` |")), "{name}");
    }
    // An operation that is not known is answered with all that are.
    let text = account("[[faults]]\nfault = \"html\"\noperation = \"zzz\"\n");
    let told = &problems(&text)[0];
    for name in told.split_once("one of ").unwrap().1.split(", ") {
        assert!(DOCUMENTATION.contains(&format!("`{name}`")) || matches!(name, "reads" | "writes"), "{name}");
    }
}

#[test]
fn each_mistake_says_where_and_what() {
    let user = |rest: &str| account(&format!("[accounts.a.sub_users.u]\n{rest}"));
    for (text, problem) in [
        (String::new(), "s.toml:1:1: accounts: at least one account is needed, such as [accounts.acme]"),
        (
            account("billing_dy = 3"),
            "s.toml:5:1: accounts.a: key \"billing_dy\" is not known; did you mean \"billing_day\"?",
        ),
        (
            account("billing_day = 32"),
            "s.toml:5:15: accounts.a.billing_day: must be a whole number from 1 to 31",
        ),
        (
            account("lag = 15"),
            "s.toml:5:7: accounts.a.lag: must be a duration such as \"90s\", \"5m\" or \"1h30m\"",
        ),
        (
            account("product = \"mobil\""),
            "s.toml:5:11: accounts.a.product: \"mobil\" is not known; did you mean \"mobile\"?",
        ),
        (account("dialect = \"v2\""), "s.toml:5:11: accounts.a.dialect: is for decodo only"),
        (account("whitelist = [1]"), "s.toml:5:13: accounts.a.whitelist: must be a list of texts"),
        (account("sub_users = 5"), "s.toml:5:13: accounts.a.sub_users: must be tables"),
        (
            account("plan = \"many\""),
            "s.toml:5:8: accounts.a.plan: expected a number and a unit, such as \"50GB\", \"1.5TB\", \"50GiB\" or \"1000 bytes\", or \"none\" or \"blocked\"",
        ),
        (
            "[accounts.A]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"".into(),
            "s.toml:1:1: accounts.A: an account's name is small letters, digits and -, and begins with a letter",
        ),
        (
            "[accounts.a]\nprovider = \"decodo\"\ndialect = \"v2\"".into(),
            "s.toml:1:1: accounts.a.api_key: is missing",
        ),
        (
            user("factor = 3"),
            "s.toml:6:10: accounts.a.sub_users.u.factor: is not a parameter of the shape steady",
        ),
        (
            user("targets = { x = 0 }"),
            "s.toml:6:17: accounts.a.sub_users.u.targets.x: must be a share, a whole number from 1 to 1000000",
        ),
        (
            account("[[accounts.a.events]]\nafter = \"1h\""),
            "s.toml:5:1: accounts.a.events[0]: an event has one of correction, top_up, freeze and set_limit or set_enabled",
        ),
        (
            account("[[accounts.a.events]]\nafter = \"1h\"\ncorrection = \"1GB\"\nsub_user = \"u\""),
            "s.toml:8:12: accounts.a.events[0].sub_user: \"u\" is not known; there is none",
        ),
        (
            account("[[faults]]\nfault = \"html\"\naccount = \"b\""),
            "s.toml:7:11: faults[0].account: \"b\" is not known; one of a",
        ),
        (
            account("[[faults]]\nfault = \"htlm\""),
            "s.toml:6:9: faults[0].fault: \"htlm\" is not known; did you mean \"html\"?",
        ),
        (
            account("[[faults]]\nfault = \"status\""),
            "s.toml:5:1: faults[0].status: must be a number from 400 to 599",
        ),
    ] {
        assert_eq!(problems(&text), [problem], "{text}");
    }
}

#[test]
fn all_mistakes_come_at_once_and_no_secret_with_them() {
    let text = "sped = 2\n[accounts.a]\nprovider = \"oxylabs\"\nusername = 5\npassword = 0012\n";
    let found = problems(text);
    let places: Vec<_> = found.iter().map(|problem| problem.split(": ").next().unwrap()).collect();
    assert!(places.contains(&"s.toml:1:1") && places.contains(&"s.toml:4:12"), "{found:?}");
    assert!(places.iter().any(|place| place.starts_with("s.toml:5:")), "{found:?}");
    assert!(!found.concat().contains("0012"), "{found:?}");
}
