//! A secret of every key shows up nowhere but where it has to go on the wire, however it is configured.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proxymeter::simulator::Access;

use super::desk::{FIRST, Hook, OFTEN, Post, budget, used};
use crate::support::binary::{Ran, Serving, finish, until};
use crate::support::vendors::{CANARY, Vendors};

/// Where a secret stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Inline,
    File,
    Environment,
}

/// What is looked for: the canary as it is, and as base64 has it at each place of three bytes.
fn forms() -> Vec<String> {
    let mut forms = vec![CANARY.to_owned(), CANARY.replace('_', "%5F")];
    for skip in 0..3_usize {
        let text = STANDARD.encode([vec![0; skip], CANARY.as_bytes().to_vec()].concat());
        // What the bytes around it change is left out.
        let whole = (CANARY.len() + skip) * 8 / 6;
        forms.push(text[(skip * 8).div_ceil(6)..whole].to_owned());
    }
    forms
}

/// A key that signs, with the canary in its bytes.
fn signing_key() -> String {
    format!("whsec_{}", STANDARD.encode(format!("{CANARY}signs_what_is_sent")))
}

/// The page of a configuration: each secret by its place, and everything else.
struct Page {
    place: Where,
    vendors: Vendors,
    text: String,
    environment: BTreeMap<String, String>,
}

impl Page {
    fn new(place: Where, vendors: Vendors) -> Self {
        Self { place, vendors, text: String::new(), environment: BTreeMap::new() }
    }

    fn say(&mut self, text: &str) {
        self.text += text;
    }

    /// A secret below a table that was begun.
    fn secret(&mut self, table: &str, key: &str, secret: &str) {
        let name = format!("{table}.{key}");
        match self.place {
            Where::Inline => self.say(&format!("{key} = \"{secret}\"\n")),
            Where::File => {
                fs::write(self.vendors.folder().join(format!("{name}.secret")), format!("{secret}\n"))
                    .unwrap();
                self.say(&format!("{key}_file = \"{name}.secret\"\n"));
            }
            Where::Environment => {
                let variable =
                    format!("PROXYMETER__{}", name.replace('.', "__").replace('-', "_").to_uppercase());
                self.environment.insert(variable, secret.to_owned());
            }
        }
    }

    fn account(&mut self, access: &Access) {
        let Access { account, provider, dialect, product, username, secret, .. } = access;
        let table = format!("accounts.{account}");
        let base = self.vendors.base_url(access);
        let rate = "requests_per_second = 200\n";
        self.say(&format!("\n[{table}]\nprovider = \"{provider}\"\nbase_url = \"{base}\"\n{rate}"));
        match (*provider, *dialect) {
            ("oxylabs", _) => {
                self.say(&format!("product = \"{product}\"\nusername = \"{username}\"\n{OFTEN}"))
            }
            (_, "v2") => self.say("dialect = \"v2\"\n"),
            _ => self.say(&format!("dialect = \"{dialect}\"\nusername = \"{username}\"\n")),
        }
        let key = if *dialect == "v2" && *provider == "decodo" { "api_key" } else { "password" };
        self.secret(&table, key, secret);
    }

    fn webhook(&mut self, name: &str, hook: &Hook, format: &str, secret: Option<&str>) {
        let table = format!("receivers.{name}.webhook");
        self.say(&format!("\n[{table}]\nformat = \"{format}\"\nallow_private = true\n"));
        self.secret(&table, "url", &format!("{}/{CANARY}in_the_path", hook.url()));
        if let Some(secret) = secret {
            self.secret(&table, "secret", secret);
        }
    }

    fn alertmanager(&mut self, name: &str, hook: &Hook) {
        let table = format!("receivers.{name}.alertmanager");
        self.say(&format!("\n[{table}]\nurl = \"{}\"\nusername = \"us\"\n", hook.url()));
        self.secret(&table, "password", &format!("{CANARY}alertmanager"));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.vendors.command(arguments);
        command.envs(&self.environment).env("PROXYMETER__LOG__LEVEL", "trace");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let ran = finish(&mut self.command(arguments));
        clean(&arguments.join(" "), &ran.told());
        ran
    }
}

fn clean(what: &str, text: &str) {
    for form in forms() {
        if let Some(at) = text.find(&form) {
            let around: String =
                text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{what} tells {form}: {around}{}", &text[at..(at + 40).min(text.len())]);
        }
    }
}

fn clean_bytes(what: &str, bytes: &[u8]) {
    for form in forms() {
        let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!found, "{what} holds {form}");
    }
}

/// Every command that there is, with what is asked of it; what ends by itself is run, `serve` beside them all.
const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["check", "--online"],
    &["status"],
    &["explain", "scrapers"],
    &["explain", "scrapers", FIRST],
    &["grant", "scrapers", FIRST, "1GB"],
    &["incidents", "list"],
    &["incidents", "ack", "1"],
    &["actions", "list", "--all"],
    &["actions", "approve", "1", "--yes"],
    &["pause", "--for", "1h"],
    &["resume"],
    &["notify", "test"],
    &["notify", "test", "good-generic"],
    &["notify", "list", "--since", "1d"],
    &["notify", "list", "--format", "json"],
    &["store", "backup", "copy.db"],
    &["collect", "--format", "json"],
    &["collect", "--format", "prometheus"],
    &["backfill", "--days", "1"],
    &["reconcile"],
    &["rehearse", "--since", "1d"],
    &["test", "proxymeter.toml"],
    &["sub-users", "list"],
    &["sub-users", "show", FIRST, "--account", "oxylabs"],
    &["traffic"],
    &["traffic", FIRST, "--account", "oxylabs", "--by", "target"],
    &["subscriptions"],
    &["whitelist", "list", "--account", "decodo-v1"],
    &["endpoints", "--account", "decodo-v1"],
    &["metrics", "--list"],
    &["completions", "bash"],
    &["man"],
];

/// What is looked at elsewhere: these need no configuration, or are the daemon itself.
const OTHERS: &[&str] = &["demo", "init", "serve", "simulate", "help"];

fn canary(place: Where) {
    let vendors = Vendors::start();
    let (good, bad, dog) = (Hook::start(), Hook::start(), Hook::start());
    // It says all that it hears, as some do.
    bad.echo(500);
    let password = format!("{CANARY}mail");
    let post = Post::with(&["--password", &password]);
    let amount = used(&vendors, FIRST) / 100 * 101;
    let accounts = vendors.accounts.clone();
    let mut page = Page::new(place, vendors);
    page.say("[web]\nlisten = \"127.0.0.1:0\"\n[operator]\nnotify = [\"good-generic\", \"bad-slack\"]\n");
    page.say("watchdog_allow_private = true\nwatchdog_every = \"10s\"\n");
    page.secret("operator", "watchdog_url", &format!("{}/{CANARY}watchdog", dog.url()));
    for access in &accounts {
        page.account(access);
    }
    let token = format!("{CANARY}token");
    let key = signing_key();
    for (kind, hook) in [("good", &good), ("bad", &bad)] {
        page.webhook(&format!("{kind}-generic"), hook, "generic", Some(&key));
        page.webhook(&format!("{kind}-ntfy"), hook, "ntfy", Some(&token));
        page.webhook(&format!("{kind}-pagerduty"), hook, "pagerduty", Some(&token));
        for format in ["slack", "discord", "teams"] {
            page.webhook(&format!("{kind}-{format}"), hook, format, None);
        }
        page.alertmanager(&format!("{kind}-alertmanager"), hook);
    }
    let mut receivers = BTreeSet::new();
    for kind in ["good", "bad"] {
        for way in ["generic", "ntfy", "pagerduty", "slack", "discord", "teams", "alertmanager"] {
            receivers.insert(format!("{kind}-{way}"));
        }
    }
    if let Some(post) = &post {
        page.say(&format!("\n{}username = \"proxymeter\"\n", post.smtp("")));
        page.secret("smtp", "password", &password);
        page.say("[receivers.mail.email]\nto = [\"ops@example.com\"]\nfrom = \"proxymeter@example.com\"\n");
        receivers.insert("mail".to_owned());
    }
    let all = format!("{:?}", receivers.iter().collect::<Vec<_>>());
    page.say("\n[collect]\nlag = \"0s\"\n");
    page.say(&budget(FIRST, amount, &all, &all));
    let file = page.vendors.folder().join("proxymeter.toml");
    fs::write(&file, &page.text).unwrap();

    let daemon = Serving::start(page.command(&["serve"]));
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    // Each has been told, and has answered.
    daemon.wait_for("/metrics", |text| {
        let tried = |line: &&str| {
            let is_it = line.starts_with("proxymeter_notices_total{")
                && (line.contains("\"delivered\"") || line.contains("\"retried\""));
            is_it && !line.ends_with(" 0")
        };
        let tried: BTreeSet<&str> = text
            .lines()
            .filter(tried)
            .filter_map(|line| line.split("receiver=\"").nth(1)?.split('"').next())
            .collect();
        tried.len() == receivers.len()
    });
    until(|| (!dog.requests().is_empty()).then_some(()), || daemon.log());
    if let Some(mut post) = post {
        clean("a mail", &post.mail().to_string());
    }
    // Each command reads the same configuration; where its secrets stand is soon tried.
    let commands = if place == Where::File { COMMANDS } else { &COMMANDS[..3] };
    for arguments in commands {
        page.run(arguments);
    }
    let rendered = receivers.iter().filter(|name| name.starts_with("good-") || *name == "mail");
    for (receiver, ending) in rendered.map(|name| (&**name, "out")).chain([("good-slack", "html")]) {
        let to = format!("{receiver}.{ending}");
        page.run(&["notify", "render", receiver, "--sample", "drill", "--to", &to]);
        let bytes = fs::read(page.vendors.folder().join(&to)).unwrap();
        clean_bytes(&to, &bytes);
    }
    for path in ["/", "/metrics", "/-/ready", "/-/healthy", "/api/v1/status", "/api/v1/notices"] {
        clean(path, &daemon.get(path).1);
    }
    fs::write(&file, page.text.replace("lag = \"0s\"", "lag = \"1s\"")).unwrap();
    daemon.reload();
    daemon.wait_for("/-/healthy", |_| daemon.log().contains("reloaded the configuration"));
    // What was for those that fail is told again, and answered again.
    page.run(&["notify", "test"]);
    let log = daemon.log();
    assert!(log.contains("TRACE"), "the level is trace");
    assert_eq!(daemon.stop(), Some(0));
    clean("the log", &log);
    for entry in fs::read_dir(page.vendors.folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.contains(".db") {
            clean_bytes(&name, &fs::read(&path).unwrap());
        }
    }
    on_the_wire(&good, &bad, &dog);
}

/// What may hold a secret of what was sent: the address, the login, PagerDuty's routing key, and ntfy's topic, which is
/// the end of its address.
fn on_the_wire(good: &Hook, bad: &Hook, dog: &Hook) {
    let mut addresses = 0;
    for request in good.requests().iter().chain(&bad.requests()).chain(&dog.requests()) {
        let (head, body) = request.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        addresses += usize::from(lines.next().unwrap().contains(CANARY));
        let is_login = |line: &&str| line.to_lowercase().starts_with("authorization: ");
        lines.filter(|line| !is_login(line)).for_each(|line| clean("a header", line));
        let may =
            [format!("\"routing_key\":\"{CANARY}token\""), format!("\"topic\":\"{CANARY}in_the_path\"")];
        clean("a body", &may.iter().fold(body.to_owned(), |body, may| body.replace(may, "")));
    }
    assert!(addresses > 0, "secrets are sent");
}

#[test]
fn a_canary_that_stands_in_the_configuration_shows_up_nowhere() {
    canary(Where::Inline);
}

#[test]
fn a_canary_that_stands_in_files_shows_up_nowhere() {
    canary(Where::File);
}

#[test]
fn a_canary_that_stands_in_the_environment_shows_up_nowhere() {
    canary(Where::Environment);
}

#[test]
fn every_command_is_run_with_a_canary_or_named_as_one_that_has_none() {
    let help = finish(&mut Vendors::start().command(&["--help"])).stdout;
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    for name in commands.lines().filter(is_name).filter_map(|line| line.split_whitespace().next()) {
        let is_run = COMMANDS.iter().any(|arguments| arguments[0] == name);
        assert!(is_run || OTHERS.contains(&name), "{name} is run with no canary");
    }
}

#[test]
fn a_canary_that_init_reads_shows_up_in_nothing_it_prints() {
    let vendors = Vendors::start();
    let access = vendors.accounts.iter().find(|access| access.account == "oxylabs").unwrap();
    let base = vendors.base_url(access);
    let secret = vendors.secret_file("oxylabs");
    let ran = vendors.run(&[
        "init",
        "--provider",
        "oxylabs",
        "--username",
        &access.username,
        "--password-file",
        secret.to_str().unwrap(),
        "--base-url",
        &base,
    ]);
    clean("init", &ran.ended_with(0).told());
}
