//! Bad input: `check` and `serve` name file, line and key, and what to write; a refused login says what to do.

use std::fs;

use crate::support::binary::Ran;
use crate::support::vendors::Vendors;

/// Both commands that begin with the configuration; `serve` ends at once where that is wrong.
fn both(vendors: &Vendors, arguments: &[&str]) -> [Ran; 2] {
    ["check", "serve"].map(|command| vendors.run(&[&[command], arguments].concat()).ended_with(2))
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let vendors = Vendors::start();
    for ran in both(&vendors, &["--config", "elsewhere.toml"]) {
        let told =
            "the configuration \"elsewhere.toml\" cannot be read: No such file or directory (os error 2)\n";
        assert_eq!((ran.stderr.as_str(), ran.stdout.as_str()), (told, ""));
    }
    fs::remove_file(vendors.folder().join("proxymeter.toml")).unwrap();
    for ran in both(&vendors, &[]) {
        assert!(
            ran.stderr.starts_with("no configuration found; looked for proxymeter.toml and "),
            "{}",
            ran.told()
        );
        assert!(ran.stderr.contains("--config FILE or PROXYMETER__CONFIG=FILE"), "{}", ran.told());
    }
}

#[test]
fn keys_values_and_schedules_are_told_with_their_line() {
    let vendors = Vendors::start();
    for (wrong, told) in [
        (
            "usernam = \"u\"",
            "proxymeter.toml:11:1: accounts.oxylabs.usernam: unknown key\n    did you mean `username`?\n",
        ),
        (
            "timeout = 20",
            "proxymeter.toml:11:11: accounts.oxylabs.timeout: expected a duration such as \"90s\", \"5m\" or \"1h30m\", found 20\n    write: timeout = \"20s\"\n",
        ),
        (
            "schedule.account = \"*/5 * * * *\"",
            "proxymeter.toml:11:20: accounts.oxylabs.schedule.account: five fields, but the seconds come first here, found \"*/5 * * * *\"\n    write: account = \"0 */5 * * * *\"\n",
        ),
    ] {
        vendors.configure(|account| account == "oxylabs", &format!("{wrong}\n"));
        for ran in both(&vendors, &[]) {
            assert_eq!((ran.stderr.as_str(), ran.stdout.as_str()), (told, ""), "{wrong}");
        }
    }
}

#[test]
fn the_environment_is_told_by_its_variable() {
    let vendors = Vendors::start();
    let mut command = vendors.command(&["check"]);
    command
        .env("PROXYMETER__COLLECT__LAG", "soon")
        .env("PROXYMETER__ACCOUNTS__OXYLABS__PASSWORT", "Hunter2_typo");
    let ran = crate::support::binary::finish(&mut command).ended_with(2);
    assert!(
        ran.stderr.contains("environment: PROXYMETER__COLLECT__LAG: collect.lag: expected a duration"),
        "{}",
        ran.told()
    );
    assert!(ran.stderr.contains("PROXYMETER__ACCOUNTS__OXYLABS__PASSWORT"), "{}", ran.told());
    assert!(!ran.stderr.contains("Hunter2"), "{}", ran.told());
}

#[test]
fn f37_a_secret_from_the_environment_is_raw_text() {
    let vendors = Vendors::start();
    // The key of this account goes as a header, so it has to be one.
    fs::write(vendors.folder().join("proxymeter.toml"), format!(
        "operator.notify = []\n[accounts.decodo-v2]\nprovider = \"decodo\"\ndialect = \"v2\"\nbase_url = \"http://{}/decodo-v2/v2\"\n",
        vendors.address
    ))
    .unwrap();
    let mut command = vendors.command(&["check", "--online"]);
    command.env("PROXYMETER__ACCOUNTS__DECODO_V2__API_KEY", "Hunter2_decodo-v2");
    let ran = crate::support::binary::finish(&mut command).ended_with(0);
    assert!(ran.stdout.contains("decodo-v2: ok: ") && !ran.told().contains("Hunter2"), "{}", ran.told());
}

#[test]
fn an_unreadable_secret_stops_check() {
    let vendors = Vendors::start();
    fs::remove_file(vendors.secret_file("decodo-v1")).unwrap();
    fs::write(vendors.secret_file("oxylabs"), "\n").unwrap();
    let ran = vendors.run(&["check"]).ended_with(2);
    assert_eq!(ran.stdout, "");
    let mut lines = ran.stderr.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with("proxymeter.toml:9:17: accounts.oxylabs.password_file: "), "{first}");
    assert!(first.ends_with("oxylabs.secret\" is empty"), "{first}");
    let second = lines.next().unwrap();
    assert!(second.contains("accounts.decodo-v1.password_file: "), "{second}");
    assert!(
        second.ends_with("decodo-v1.secret\" cannot be read: No such file or directory (os error 2)"),
        "{second}"
    );
    assert_eq!(lines.next(), Some("2 problems in the configuration"));
}

#[test]
fn a_refused_login_is_told_with_its_account_reason_and_hint_and_tried_once() {
    let vendors = Vendors::start();
    for account in ["oxylabs", "decodo-v1", "decodo-v2"] {
        fs::write(vendors.secret_file(account), "wrong").unwrap();
    }
    let ran = vendors.run(&["check", "--online"]).ended_with(1);
    let told = |account: &str| {
        let (_, rest) =
            ran.stdout.split_once(&format!("\n{account}: ")).unwrap_or_else(|| panic!("{}", ran.told()));
        rest.split("\n\n").next().unwrap()
    };
    let oxylabs = told("oxylabs");
    assert!(oxylabs.starts_with("failed (auth): the login was refused (HTTP 401)"), "{oxylabs}");
    assert!(
        oxylabs.contains("original password is needed, or Oxylabs' support (support@oxylabs.io)"),
        "{oxylabs}"
    );
    assert!(told("decodo-v1").starts_with("failed (auth): the login was refused (HTTP 401)"));
    assert!(told("decodo-v2").contains("Check the API key of the dashboard"), "{}", told("decodo-v2"));
    assert!(told("decodo-published").starts_with("ok: "));
    assert!(
        ran.stdout.ends_with(" of collect.max_series = 1000000, without the accounts that failed.\n"),
        "{}",
        ran.stdout
    );
    for account in ["oxylabs", "decodo-v1"] {
        assert_eq!(vendors.calls(account, "login"), 1, "{account}");
    }
}

#[test]
fn an_account_that_is_not_there_is_told_with_those_that_are() {
    let vendors = Vendors::start();
    let ran = vendors.run(&["traffic", "--account", "acme"]).ended_with(2);
    let told =
        "error: no account \"acme\"; the configuration has decodo-published, decodo-v1, decodo-v2, oxylabs\n";
    assert_eq!(ran.stderr, told);
}
