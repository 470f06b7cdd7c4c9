//! `init` at each dialect: what it prints loads as it stands, and with every key in it that is commented.

use std::fs;
use std::path::Path;

use proxymeter::config;
use proxymeter::domain::units::Limit;
use proxymeter::simulator::{Access, Scenario, SubUserSpec};

use crate::support::binary::Ran;
use crate::support::vendors::Vendors;

/// `init` for one of the simulated accounts.
fn init(vendors: &Vendors, access: &Access) -> Ran {
    let (file, url) = (format!("{}.secret", access.account), vendors.base_url(access));
    let mut arguments = vec!["init", "--provider", access.provider, "--base-url", &url];
    match (access.provider, access.dialect) {
        ("oxylabs", _) => arguments.extend(["--username", &access.username, "--password-file", &file]),
        (_, "v2") => arguments.extend(["--dialect", "v2", "--api-key-file", &file]),
        (_, dialect) => {
            arguments.extend([
                "--dialect",
                dialect,
                "--username",
                &access.username,
                "--password-file",
                &file,
            ]);
        }
    }
    vendors.run(&arguments)
}

fn oxylabs(vendors: &Vendors) -> &Access {
    vendors.accounts.iter().find(|access| access.provider == "oxylabs").unwrap()
}

/// The text with every `# key = value` in force.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("# ").and_then(|rest| rest.split_once(" = ")) {
        Some((key, value)) if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
            format!("{key} = {value}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn what_is_printed_loads_and_checks_at_each_dialect() {
    let vendors = Vendors::start();
    for access in &vendors.accounts {
        let ran = init(&vendors, access).ended_with(0);
        assert_eq!(ran.stderr, "", "{}", access.account);
        let file = Path::new("proxymeter.toml");
        let loaded =
            config::load_text(file, &ran.stdout, []).unwrap_or_else(|told| panic!("{told}\n{}", ran.stdout));
        let account = loaded.accounts.values().next().unwrap();
        assert_eq!((account.account.provider, account.account.dialect), (access.provider, access.dialect));
        assert!(!account.account.writes && loaded.unreadable_secrets().is_empty());
        let whole = uncommented(&ran.stdout);
        assert!(whole.contains("\ngigabyte = \"decimal\"\n"), "{whole}");
        config::load_text(file, &whole, []).unwrap_or_else(|told| panic!("{told}\n{whole}"));

        fs::write(vendors.folder().join("proxymeter.toml"), &ran.stdout).unwrap();
        vendors.run(&["check"]).ended_with(0);
        vendors.run(&["check", "--online"]).ended_with(0);
    }
}

#[test]
fn it_says_what_it_found() {
    let vendors = Vendors::start();
    let told: Vec<_> = vendors
        .accounts
        .iter()
        .map(|access| (access.account.as_str(), init(&vendors, access).stdout))
        .collect();
    let has = |account: &str, text: &str| {
        let (_, told) = told.iter().find(|(name, _)| *name == account).unwrap();
        assert!(told.contains(text), "{account} does not say {text:?}:\n{told}");
    };
    has(
        "oxylabs",
        "without a cap: each may use everything that is paid for, and more:\n#   scraper_reviews\n",
    );
    has(
        "oxylabs",
        "does not cut off at their cap:\n#   scraper_fares (150.00 GB)\n#   scraper_browser (100.00 GB)\n",
    );
    has("oxylabs", "# billing_day = 1\n");
    has("oxylabs", "# plan = \"500GB\"\n");
    has("oxylabs", "# targets = \"0 20 * * * *\"\n");
    has("decodo-published", "does not say whether there is a cap:\n#   pub_social\n");
    has("decodo-published", "# Subscription by the vendor: residential monthly, 800.00 GB from ");
    has("decodo-v1", "#   classic_social\n");
    has("decodo-v1", "compare with an invoice: proxymeter reconcile --invoice SIZE.");
    has("decodo-v2", "keyed_prices has traffic_limit 250 beside traffic_limit_bytes 250000000000");
    for (account, text) in told.iter().filter(|(account, _)| account.starts_with("decodo")) {
        assert!(
            !text.contains("billing_day") && !text.contains("plan ="),
            "{account}: the vendor says it\n{text}"
        );
    }
}

#[test]
fn f39_a_name_of_the_vendor_breaks_no_line() {
    let name = "evil\n[accounts.evil]\u{202e}\u{1b}[2J\"'''";
    let mut scenario = Scenario::default();
    let account = scenario.accounts.iter_mut().find(|account| account.name == "decodo-v2").unwrap();
    let mut evil = account.sub_users[0].clone();
    (evil.username, evil.auto_disable) = (name.into(), false);
    // The list begins with it, so it is also the evidence of the gigabyte.
    account.sub_users =
        vec![evil.clone(), SubUserSpec { username: format!("{name}2"), limit: Limit::Unlimited, ..evil }];
    let vendors = Vendors::of(scenario);
    let access = vendors.accounts.iter().find(|access| access.account == "decodo-v2").unwrap();
    let text = init(&vendors, access).ended_with(0).stdout;
    let loaded = config::load_text(Path::new("proxymeter.toml"), &text, [])
        .unwrap_or_else(|told| panic!("{told}\n{text}"));
    assert_eq!(loaded.accounts.len(), 1, "{text}");
    vendors.configure(|account| account == "decodo-v2", "");
    let online = vendors.run(&["check", "--online"]).ended_with(0).stdout;
    let list = vendors.run(&["sub-users", "list"]).ended_with(0).stdout;
    for told in [text, online, list] {
        assert!(told.contains("evil\\u{a}[accounts.evil]\\u{202e}"), "{told}");
        assert!(!told.contains(['\u{202e}', '\u{1b}']) && !told.contains("evil\n"), "{told}");
    }
}

#[test]
fn mistakes_are_told_by_their_flags() {
    let vendors = Vendors::start();
    let url = vendors.base_url(oxylabs(&vendors));
    let folder = vendors.folder().display();
    for (arguments, told) in [
        (
            "--provider oxylab --username u --password-file oxylabs.secret",
            "error: invalid value 'oxylab' for '--provider <PROVIDER>'\n  [possible values: oxylabs, decodo]\n\n  tip: a similar value exists: 'oxylabs'\n\nFor more information, try '--help'.\n".to_owned(),
        ),
        (
            "--provider decodo",
            "error: --username: missing\n    write: --username \"…\", the name that logs in at the vendor's API\nerror: --password-file: missing\n    write: --password-file FILE\n".to_owned(),
        ),
        (
            "--provider oxylabs --username u --password-file absent",
            format!("error: --password-file: \"{folder}/absent\" cannot be read: No such file or directory (os error 2)\n"),
        ),
        (
            "--provider oxylabs --username u --password-file oxylabs.secret --base-url api.example.com",
            "error: --base-url: expected an address such as \"https://api.example.com/v1\", found \"api.example.com\"\n    write: --base-url \"https://api.example.com\"\n".to_owned(),
        ),
        (
            "--provider decodo --dialect v2 --username u --password-file oxylabs.secret",
            "error: --username: with dialect \"v2\" (or login \"none\") a static key stands instead of this\n    take it out, and set --api-key-file\nerror: --password-file: with dialect \"v2\" (or login \"none\") a static key stands instead of this\n    take it out, and set --api-key-file\n".to_owned(),
        ),
    ] {
        let arguments: Vec<_> = ["init"].into_iter().chain(arguments.split(' ')).collect();
        let ran = vendors.run(&arguments).ended_with(2);
        assert_eq!((ran.stderr.as_str(), ran.stdout.as_str()), (told.as_str(), ""), "{arguments:?}");
    }
    fs::write(vendors.secret_file("oxylabs"), "wrong").unwrap();
    let refused = init(&vendors, oxylabs(&vendors)).ended_with(1);
    assert!(
        refused.stderr.starts_with("error: oxylabs: the login was refused (HTTP 401)"),
        "{}",
        refused.told()
    );
    assert!(
        refused.stderr.contains("the original password is needed, or Oxylabs' support"),
        "{}",
        refused.told()
    );
    assert_eq!((vendors.calls("oxylabs", "login"), refused.stdout.as_str()), (1, ""));
    drop(url);
}
