//! Configuration: the shipped files load, each typical mistake has its exact message, and the environment is raw text.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod budgets;
mod receivers;
mod writes;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proxymeter::config::{
    self, AuthScheme, Config, CredentialSource, DecodoDialect, DecodoLogin, LogFormat, Problems,
    StoreLocation, UpdateRoute, Vendor,
};
use proxymeter::domain::account::AccountName;
use proxymeter::domain::collector::Collector;
use proxymeter::domain::units::Bytes;
use secrecy::ExposeSecret;

/// All that loads but a password.
const LEAST: &str = r#"
[operator]
notify = []
[accounts.acme-mobile]
provider = "oxylabs"
username = "customer_acme"
"#;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, Problems> {
    config::load_text(Path::new("proxymeter.toml"), text, pairs(variables))
}

fn pairs(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn message(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).unwrap_err().to_string().replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn account<'a>(config: &'a Config, name: &str) -> &'a config::AccountConfig {
    &config.accounts[&AccountName::new(name).unwrap()]
}

fn password(config: &Config) -> String {
    account(config, "acme-mobile").credential.secret().read().unwrap().expose_secret().to_owned()
}

/// One file a mistake; the exact message stands beside it. `UPDATE_EXPECTED=1` writes what is said now.
#[test]
fn each_mistake_has_its_message() {
    let mut files: Vec<_> = std::fs::read_dir("tests/config/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 100);
    let mut wrong = String::new();
    for file in files {
        let said =
            config::load(Some(&file), []).map_or_else(|problems| problems.to_string(), |_| "loads".into());
        let beside = file.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&beside, format!("{}\n", said.replace(env!("CARGO_PKG_VERSION"), "VERSION")))
                .unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        let expected = expected.replace("VERSION", env!("CARGO_PKG_VERSION"));
        if said != expected.trim_end() {
            wrong.push_str(&format!("--- {}\n{said}\n--- expected\n{expected}\n", file.display()));
        }
        assert!(!said.contains("hunter2"), "{} tells a secret: {said}", file.display());
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_shipped_files_load() {
    for file in ["config/default.toml", "config/example.toml"] {
        let config = config::load(Some(Path::new(file)), []).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.accounts.len(), 2, "{file}");
        assert_eq!(config.unreadable_secrets().len(), 2, "{file}");
    }
}

#[test]
fn what_the_default_file_says_is_the_default() {
    let mut shipped = config::load(Some(Path::new("config/default.toml")), []).unwrap();
    let least = r#"
        operator.notify = []
        accounts.acme-mobile = { provider = "oxylabs", username = "customer_acme", password_file = "/run/secrets/acme-mobile" }
        accounts.decodo-main = { provider = "decodo", username = "sp_user", password_file = "/run/secrets/decodo-main" }
    "#;
    let least = load(least, &[]).unwrap();
    shipped.file.clone_from(&least.file);
    assert_eq!(shipped.store.location, StoreLocation::Sqlite("config/proxymeter.db".into()));
    shipped.store.location = StoreLocation::Sqlite("proxymeter.db".into());
    assert_eq!(format!("{shipped:#?}"), format!("{least:#?}"));
}

#[test]
fn a_whole_configuration_is_read() {
    let config = load(
        r#"
        web = { listen = "[::1]:0", open = true }
        operator.notify = []
        collect = { stale_after = "1h30m", lag = "0s", targets_top = 3, max_series = 10, max_body = "1MiB" }
        log = { format = "json", level = "warn,proxymeter::web=trace" }
        [accounts.mobile]
        provider = "oxylabs"
        username = "u"
        password = "p"
        base_url = "http://127.0.0.1:1/x/"
        gigabyte = "binary"
        plan = "1.5GB"
        billing_day = 31
        time_zone = "Europe/Berlin"
        requests_per_second = 1000
        timeout = "90s"
        main_user = "u"
        entry = "Entry.example.com"
        product = "mobile"
        writes = false
        schedule.targets = "0 20 * * * *"
        [accounts.new]
        provider = "decodo"
        dialect = "v2"
        auth_scheme = "bearer"
        api_key = "0012"
        "#,
        &[],
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.web.listen, "[::1]:0".parse().unwrap());
    assert!(config.web.open);
    assert_eq!(config.collect.stale_after, Some(Duration::from_secs(5400)));
    assert_eq!((config.collect.targets_top, config.collect.max_body), (3, 1 << 20));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.level, "warn,proxymeter::web=trace");

    let mobile = account(&config, "mobile");
    assert_eq!(mobile.base_url.as_str(), "http://127.0.0.1:1/x");
    assert_eq!(mobile.account.plan, Some(Bytes(1_610_612_736)));
    assert_eq!(mobile.account.billing_day, Some(31));
    assert_eq!(mobile.account.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(mobile.entry.as_deref(), Some("entry.example.com"));
    assert!(mobile.gigabyte_pinned);
    let collectors: Vec<_> = mobile.schedule.keys().copied().collect();
    assert_eq!(collectors, [Collector::Account, Collector::SubUsers, Collector::Targets]);

    let new = account(&config, "new");
    assert!(matches!(new.credential, CredentialSource::ApiKey(_)));
    let vendor = Vendor::Decodo {
        dialect: DecodoDialect::V2,
        login: DecodoLogin::None,
        auth_scheme: AuthScheme::Bearer,
        update_route: UpdateRoute::Id,
    };
    assert_eq!(new.vendor, vendor);
    assert_eq!(new.base_url.as_str(), config::DECODO_V2_BASE_URL);
    assert_eq!(new.account.dialect, "v2");
}

#[test]
fn f37_a_secret_from_the_environment_is_raw_text() {
    for raw in
        ["0012", "12345", "true", "[abc]", " sp#ace ", "\"quoted\"", "a,b", "{x=1}", "1e9", "'", "p\n", "ä"]
    {
        let variables = [("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD", raw)];
        let config = load(LEAST, &variables).unwrap_or_else(|problems| panic!("{raw:?}: {problems}"));
        assert_eq!(password(&config), raw);
    }
    let variables = [("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD", "hunter2")];
    assert!(!format!("{:?}", load(LEAST, &variables)).contains("hunter2"));
}

#[test]
fn f37_no_problem_prints_what_the_environment_holds() {
    const SECRET: &str = "hunter2";
    for name in [
        "ACCOUNTS__ACME_MOBILE__PASWORD",
        "ACCOUNTS__ACME_MOBIL__PASSWORD",
        "ACCOUNTS__ACME_MOBILE__PASSWORD__X",
        "ACCOUNTS__ACME_MOBILE__REQUESTS_PER_SECOND",
        "ACCOUNTS__ACME_MOBILE__WRITES",
        "ACCOUNTS__ACME_MOBILE__API_KEY",
        "ACCOUNTS__ACME_MOBILE",
        "ACCOUNTS",
        "BUDGETS__X__AMOUNT",
        "SMTP__PASSWORD",
        "WRITES",
        "",
        "X",
        "A__B__C__D__E__F__G__H__I__J",
    ] {
        let variable = format!("PROXYMETER__{name}");
        let variables = [("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD_FILE", "x"), (&variable, SECRET)];
        let said = message(LEAST, &variables);
        assert!(!said.contains(SECRET), "{said}");
        assert!(said.contains(&variable), "{said}");
    }
}

#[test]
fn the_environment_lies_over_the_file() {
    let text = format!("{LEAST}password = \"file\"\n[log]\nformat = \"text\"\n[collect]\ntargets_top = 3\n");
    let config = load(
        &text,
        &[
            ("PROXYMETER__LOG__FORMAT", "json"),
            ("PROXYMETER__LOG__LEVEL", "debug"),
            ("PROXYMETER__COLLECT__TARGETS_TOP", "0012"),
            ("PROXYMETER__WEB__OPEN", "true"),
            ("PROXYMETER__OPERATOR__NOTIFY", ""),
            ("PROXYMETER__WRITES", "off"),
            ("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD", "environment"),
            ("PROXYMETER__ACCOUNTS__ACME_MOBILE__SCHEDULE__TARGETS", "0 0 * * * *"),
            ("PROXYMETER__ACCOUNTS__BY_ENV__PROVIDER", "decodo"),
            ("PROXYMETER__ACCOUNTS__BY_ENV__USERNAME", "u"),
            ("PROXYMETER__ACCOUNTS__BY_ENV__PASSWORD", "p"),
            ("PROXYMETER_PORT", "tcp://10.0.0.1:80"),
        ],
    )
    .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((config.log.format, config.log.level.as_str()), (LogFormat::Json, "debug"));
    assert_eq!(config.collect.targets_top, 12);
    assert!(config.web.open && config.writes_off);
    assert_eq!(password(&config), "environment");
    assert!(account(&config, "acme-mobile").schedule.contains_key(&Collector::Targets));
    assert_eq!(account(&config, "by-env").account.provider, "decodo");
}

#[test]
fn mistakes_of_the_environment_are_told_by_the_variables_name() {
    let variables = [
        ("PROXYMETER__ACCOUNTS__ACMEMOBILE__PASSWORD", "hunter2"),
        ("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD", "x"),
        ("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD_FILE", "hunter2"),
        ("PROXYMETER__ACCOUNTS__ACME_MOBILE__SCHEDULE__ACCOUNT", "*/5 * * * *"),
        ("PROXYMETER__COLLECT__LAG", "15"),
        ("PROXYMETER__COLLECT__TARGETS_TOP", "many"),
        ("PROXYMETER__LOGG__LEVEL", "debug"),
        ("PROXYMETER__LOG__LEVLE", "debug"),
        ("PROXYMETER__OPERATOR__NOTIFY", "ops,finance"),
        ("PROXYMETER__STORE__URL", "postgres://u:hunter2@db/x"),
        ("PROXYMETER__WEB", "x"),
        ("PROXYMETER__WRITES", "hunter2"),
    ];
    insta::assert_snapshot!(message(LEAST, &variables), @r#"
    environment: PROXYMETER__ACCOUNTS__ACMEMOBILE__PASSWORD: accounts.acmemobile: no such account in the file
        did you mean PROXYMETER__ACCOUNTS__ACME_MOBILE__…?
    environment: PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD_FILE: accounts.acme-mobile.password_file: `password` is set as well (environment: PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD)
        take one of the two out
    environment: PROXYMETER__ACCOUNTS__ACME_MOBILE__SCHEDULE__ACCOUNT: accounts.acme-mobile.schedule.account: five fields, but the seconds come first here, found "*/5 * * * *"
        write: PROXYMETER__ACCOUNTS__ACME_MOBILE__SCHEDULE__ACCOUNT=0 */5 * * * *
    environment: PROXYMETER__COLLECT__LAG: collect.lag: expected a duration such as "90s", "5m" or "1h30m", found "15"
        write: PROXYMETER__COLLECT__LAG=15s
    environment: PROXYMETER__COLLECT__TARGETS_TOP: collect.targets_top: expected a whole number from 1 to 10000, found a text
    environment: PROXYMETER__LOGG__LEVEL: logg: names no key
        did you mean PROXYMETER__LOG__LEVEL?
    environment: PROXYMETER__LOG__LEVLE: log.levle: names no key
        did you mean PROXYMETER__LOG__LEVEL?
    environment: PROXYMETER__OPERATOR__NOTIFY: operator.notify: there is no such receiver, found "ops"
        write: [receivers.NAME] with log = true below, and NAME here
    environment: PROXYMETER__OPERATOR__NOTIFY: operator.notify: there is no such receiver, found "finance"
        write: [receivers.NAME] with log = true below, and NAME here
    environment: PROXYMETER__STORE__URL: store.url: postgres:// is not supported yet
        write sqlite:FILE, and run one proxymeter
    environment: PROXYMETER__WEB: web: expected a table, found a text
        set its keys one by one: PROXYMETER__WEB__KEY=value
    environment: PROXYMETER__WRITES: writes: expected "on" or "off", found a text
        write: PROXYMETER__WRITES=off
    12 problems in the configuration
    "#);
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let name = "PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD".into();
    let variables = [(name, OsString::from_vec(b"hunter2\xff".to_vec()))];
    let said = config::load_text(Path::new("proxymeter.toml"), LEAST, variables).unwrap_err();
    assert!(said.to_string().contains("the value is not UTF-8"), "{said}");
    assert!(!said.to_string().contains("hunter2"), "{said}");
}

#[test]
fn the_file_is_named_by_the_caller_or_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, format!("{LEAST}password = \"x\"\n")).unwrap();
    let variables = [("PROXYMETER__CONFIG", file.to_str().unwrap())];
    assert_eq!(config::load(None, pairs(&variables)).unwrap().file, file);

    let missing = config::load(Some(Path::new("no/such.toml")), pairs(&variables)).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the configuration \"no/such.toml\" cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn a_file_that_is_not_utf_8_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxymeter.toml");
    std::fs::write(&file, b"[web]\n# \xe4\n").unwrap();
    let said = config::load(Some(&file), []).unwrap_err().to_string();
    assert!(said.ends_with("proxymeter.toml:2:3: this is not UTF-8 text"), "{said}");
}

#[test]
fn a_secrets_file_is_seen_from_the_configurations_folder_and_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxymeter.toml");
    std::fs::write(&file, format!("{LEAST}password_file = \"secret\"\n")).unwrap();
    let config = config::load(Some(&file), []).unwrap();

    let secret = folder.path().join("secret");
    let problems = config.unreadable_secrets();
    assert_eq!(
        problems[0].to_string(),
        format!(
            "{}:7:17: accounts.acme-mobile.password_file: \"{}\" cannot be read: No such file or directory (os error 2)",
            file.display(),
            secret.display()
        )
    );
    for now in ["0012", "changed"] {
        std::fs::write(&secret, format!("{now}\n")).unwrap();
        assert_eq!(password(&config), now);
    }
    assert!(config.unreadable_secrets().is_empty());
}

/// Lines that a file may have, wrong ones included, so that drawn files get far.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "listen",
        "open",
        "notify",
        "lag",
        "max_body",
        "level",
        "provider",
        "username",
        "password",
        "base_url",
        "plan",
        "billing_day",
        "time_zone",
        "timeout",
        "account",
        "targets",
        "dialect",
        "entry",
        "\"ä b\"",
        "a.b.c",
        "login",
        "url",
        "retention",
        "per",
        "amount",
        "price_per_gb",
        "period",
        "labels",
        "used",
        "clear",
        "burn",
        "silent",
        "action",
        "mode",
        "standing_cap",
        "writes",
        "protect",
        "max_actions_per_hour",
        "max_actions_per_day",
        "max_change",
        "update_route",
        "email",
        "to",
        "from",
        "webhook",
        "url",
        "format",
        "secret",
        "alertmanager",
        "urls",
        "fallback",
        "remind",
        "quiet_hours",
        "digest",
        "title",
        "html",
        "host",
        "port",
        "tls",
        "watchdog_url",
        "external_url",
        "\"scraper_.*\"",
    ]);
    let value = prop_oneof![
        Just("\"oxylabs\"".to_owned()),
        Just("[\"a\", 1, []]".to_owned()),
        Just("{ x = 1 }".to_owned()),
        Just("1979-05-27".to_owned()),
        Just("nan".to_owned()),
        Just("\"sub_user\"".to_owned()),
        "[0-9]{1,32}(\\.[0-9]{1,32})?(e-?[0-9]{1,9})?",
        "-?[0-9.]{1,32}(%|GB|x|x over 3h and 5m| USD| of limit|% of plan)?"
            .prop_map(|text| format!("'{text}'")),
        "[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}|(daily|weekly [a-z]{3}) [0-9:]{1,5}|[a-z]{0,3} ?<?[a-z]{1,3}@[a-z.]{1,5}>?"
            .prop_map(|text| format!("'{text}'")),
        "limit -?[0-9.]{0,9}[A-Z]{0,2}".prop_map(|text| format!("'{text}'")),
        any::<i128>().prop_map(|number| number.to_string()),
        "\\PC{0,12}".prop_map(|text| format!("{text:?}")),
        "[0-9a-zA-Z:/@?#.* -]{0,20}".prop_map(|text| format!("'{text}'")),
    ];
    let table = prop::sample::select(vec![
        "[web]",
        "[collect]",
        "[log]",
        "[operator]",
        "[accounts]",
        "[accounts.a]",
        "[accounts.a.schedule]",
        "[accounts.a.guard]",
        "[guard]",
        "[[accounts.b]]",
        "[store]",
        "[receivers.a]",
        "[receivers.b]",
        "[receivers.b.email]",
        "[receivers.b.webhook]",
        "[receivers.b.alertmanager]",
        "[receivers.b.templates]",
        "[owners]",
        "[smtp]",
        "[templates]",
        "[web]",
        "[budgets]",
        "[budgets.a]",
        "[budgets.a.thresholds.b]",
    ]);
    prop_oneof![
        3 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        1 => table.prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn no_text_panics(lines in prop::collection::vec(line(), 0..12), text in "(?s).{0,40}") {
        let lines: BTreeMap<_, _> = lines.into_iter().map(|line| (line.clone(), line)).collect();
        let file = lines.into_values().collect::<Vec<_>>().join("\n");
        for text in [file.as_str(), &text] {
            if let Err(problems) = load(text, &[]) {
                prop_assert!(problems.iter().count() > 0 && !problems.to_string().is_empty());
            }
        }
    }

    #[test]
    fn no_variable_panics(names in prop::collection::vec("[A-Z_]{0,12}|ACCOUNTS__[A-Z_]{0,12}", 0..6), value in "[^\0]*") {
        let names: Vec<String> = names.iter().map(|name| format!("PROXYMETER__{name}")).collect();
        let variables: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let _unused = load(LEAST, &variables);
    }
}
