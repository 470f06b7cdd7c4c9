//! Receivers, mail, owners and the watchdog: what is read, and that no secret of theirs is ever told.

use std::time::Duration;

use proxymeter::config::{Receiver, SmtpTls, Way, WebhookFormat};
use proxymeter::domain::quiet::QuietHours;
use secrecy::ExposeSecret;

use super::*;

/// A key that signs; its base64 spells the canary.
const KEY: &str = "whsec_hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2";

const WHOLE: &str = r#"
[web]
external_url = "https://proxymeter.example.com/meter/"
[operator]
notify = ["ops"]
watchdog_url = "https://hc.example.com/hunter2"
watchdog_every = "5m"
[accounts.acme-mobile]
provider = "oxylabs"
username = "customer_acme"
password = "hunter2"
[receivers.ops]
email = { to = ["ops@example.com", "Büro <b@example.com>"], from = "proxymeter@example.com" }
fallback = "pager"
fallback_after = "24h"
remind = "30d"
quiet_hours = "22:00-07:00"
digest = "weekly mon 08:00"
time_zone = "Europe/Berlin"
give_up_after = "1h"
templates = { title = "{{ title }}!" }
[receivers.finance]
webhook = { url = "http://10.0.0.7/hunter2", secret = "whsec_hunter2hunter2hunter2hunter2hunter2hunter2hunter2hunter2", allow_private = true, timeout = "5s", connections = 1 }
fallback = "pager"
[receivers.page]
webhook = { format = "pagerduty", secret = "hunter2" }
[receivers.pager.alertmanager]
urls = ["http://127.0.0.1:9093/", "https://am.example.com/alerts/"]
resend = "10s"
username = "u"
password = "hunter2"
[receivers.log]
log = true
digest = "daily 00:00"
remind = "10m"
[templates]
title = "all"
text = "all"
[owners]
"scraper_.*" = ["ops", "finance"]
"scraper_eu_.*" = ["log"]
[smtp]
host = "mail.example.com"
tls = "implicit"
username = "proxymeter"
password = "hunter2"
"#;

fn whole() -> Config {
    load(WHOLE, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn receiver<'a>(config: &'a Config, name: &str) -> &'a Receiver {
    &config.receivers[name]
}

#[test]
fn receivers_are_read() {
    let config = whole();
    let ops = receiver(&config, "ops");
    let Way::Email { to, from } = &ops.way else { panic!("{ops:?}") };
    assert_eq!(to[1].to_string(), "Büro <b@example.com>");
    assert_eq!((to.len(), from.address.as_str()), (2, "proxymeter@example.com"));
    let fallback = ops.fallback.as_ref().unwrap();
    assert_eq!((&*fallback.to, fallback.after), ("pager", Duration::from_secs(86_400)));
    assert_eq!(ops.remind, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!(ops.give_up_after, Duration::from_secs(3600));
    let quiet = QuietHours { from: "22:00".parse().unwrap(), until: "07:00".parse().unwrap() };
    assert_eq!((ops.quiet, ops.digest.unwrap().to_string().as_str()), (Some(quiet), "weekly mon 08:00"));
    assert_eq!(ops.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(ops.templates.title.as_deref(), Some("{{ title }}!"));
    assert_eq!((ops.templates.text.as_deref(), ops.templates.html.as_deref()), (Some("all"), None));

    let finance = receiver(&config, "finance");
    let Way::Webhook { url, format, secret, allow_private: true, timeout, connections: 1, ca_file: None } =
        &finance.way
    else {
        panic!("{finance:?}")
    };
    assert_eq!(url.read().unwrap().expose_secret(), "http://10.0.0.7/hunter2");
    assert_eq!(secret.as_ref().unwrap().read().unwrap().expose_secret(), KEY);
    assert_eq!((*format, *timeout), (WebhookFormat::Generic, Duration::from_secs(5)));
    assert_eq!(finance.give_up_after, config::DEFAULT_GIVE_UP_AFTER);
    assert_eq!(finance.fallback.as_ref().unwrap().after, config::DEFAULT_FALLBACK_AFTER);

    let Way::Webhook { url, connections: config::DEFAULT_CONNECTIONS, .. } = &receiver(&config, "page").way
    else {
        panic!("{config:?}")
    };
    assert_eq!(url.read().unwrap().expose_secret(), config::PAGERDUTY_URL);

    let Way::Alertmanager { urls, resend, basic, .. } = &receiver(&config, "pager").way else {
        panic!("{config:?}")
    };
    let urls: Vec<&str> = urls.iter().map(url::Url::as_str).collect();
    assert_eq!(urls, ["http://127.0.0.1:9093/", "https://am.example.com/alerts"]);
    assert_eq!((*resend, basic.as_ref().unwrap().0.as_str()), (Duration::from_secs(10), "u"));
}

#[test]
fn mail_owners_watchdog_and_links_are_read() {
    let config = whole();
    let smtp = config.smtp.as_ref().unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.tls), ("mail.example.com", 465, SmtpTls::Implicit));
    assert_eq!((smtp.timeout, smtp.connections), (Duration::from_secs(30), 4));
    let password = &smtp.credentials.as_ref().unwrap().1;
    assert_eq!(password.read().unwrap().expose_secret(), "hunter2");

    let owners: Vec<&str> = config.owners.receivers_of("scraper_eu_1").map(|name| &**name).collect();
    assert_eq!(owners, ["ops", "finance", "log"]);
    let watchdog = config.operator.watchdog.as_ref().unwrap();
    assert_eq!((watchdog.every, watchdog.allow_private), (Duration::from_secs(300), false));
    let link = config.web.external_url.as_ref().unwrap();
    assert_eq!(link.as_str(), "https://proxymeter.example.com/meter");
    assert!(config.unreadable_secrets().is_empty());
}

#[test]
fn f37_what_is_loaded_prints_no_secret() {
    assert!(!format!("{:?}", whole()).contains("hunter2"));
    let by_variable = [
        ("PROXYMETER__RECEIVERS__FINANCE__WEBHOOK__URL", "https://hooks.example.com/hunter3"),
        ("PROXYMETER__OPERATOR__WATCHDOG_URL", "https://hc.example.com/hunter3"),
        ("PROXYMETER__SMTP__PASSWORD", "hunter3"),
        ("PROXYMETER__RECEIVERS__PAGER__ALERTMANAGER__PASSWORD", "hunter3"),
        ("PROXYMETER__RECEIVERS__PAGE__WEBHOOK__SECRET", "hunter3"),
    ];
    let config = load(WHOLE, &by_variable).unwrap_or_else(|problems| panic!("{problems}"));
    let printed = format!("{config:?}");
    assert!(!printed.contains("hunter3") && !printed.contains("hunter2"));
    let Way::Webhook { url, .. } = &receiver(&config, "finance").way else { panic!("{config:?}") };
    assert_eq!(url.read().unwrap().expose_secret(), "https://hooks.example.com/hunter3");
}

#[test]
fn f37_no_mistake_with_a_secret_tells_it() {
    let keys = [
        "RECEIVERS__FINANCE__WEBHOOK__URL",
        "RECEIVERS__FINANCE__WEBHOOK__SECRET",
        "RECEIVERS__FINANCE__WEBHOOK",
        "RECEIVERS__FINANCE",
        "RECEIVERS__FINANCE__WEBHOOK__URLS",
        "RECEIVERS__FINANC__WEBHOOK__URL",
        "RECEIVERS__PAGE__WEBHOOK__SECRET",
        "RECEIVERS__PAGER__ALERTMANAGER__URLS",
        "RECEIVERS__PAGER__ALERTMANAGER__PASSWORD__X",
        "RECEIVERS__OPS__EMAIL",
        "SMTP",
        "SMTP__HOST",
        "SMTP__PASWORD",
        "OPERATOR__WATCHDOG_URL",
        "OPERATOR__WATCHDOG_URL_FILE",
        "WEB__EXTERNAL_URL",
    ];
    let values = [
        "http://u:hunter3@hooks.example.com/",
        "https://10.0.0.7/?hunter3",
        "ftp://hunter3@a",
        "a b://hunter3@",
        "https://u:hunter3@hooks.example.com:x/",
        "whsec_hunter3 @",
    ];
    let mut refused = 0;
    for (key, value) in keys.iter().flat_map(|key| values.iter().map(move |value| (key, value))) {
        let variable = format!("PROXYMETER__{key}");
        // The only receiver that may be in a private network is left as strict as the others.
        let text = WHOLE
            .replace("http://10.0.0.7", "https://hooks.example.com")
            .replace("allow_private = true", "allow_private = false");
        let said = match load(&text, &[(&variable, value)]) {
            Ok(config) => format!("{config:?}"),
            Err(problems) => {
                refused += 1;
                problems.to_string()
            }
        };
        assert!(!said.contains("hunter3") && !said.contains("hunter2"), "{key}={value}: {said}");
    }
    assert!(refused > keys.len() * values.len() / 2, "{refused}");
}

#[test]
fn f37_what_is_wrong_with_a_secrets_file_is_told_without_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxymeter.toml");
    let text = r#"
        operator = { notify = [], watchdog_url_file = "watchdog" }
        accounts.acme = { provider = "oxylabs", username = "u", password = "p" }
        smtp = { host = "mail.example.com", username = "u", password_file = "smtp" }
        receivers.mail.email = { to = ["a@example.com"], from = "a@example.com" }
        receivers.a.webhook = { url_file = "a", secret_file = "a-keys" }
        receivers.b.webhook = { url_file = "b", format = "ntfy" }
        receivers.c.webhook = { format = "pagerduty", secret_file = "c" }
        receivers.d.alertmanager = { url = "http://am:9093", username = "u", password_file = "d" }
    "#;
    std::fs::write(&file, text).unwrap();
    let config = config::load(Some(&file), []).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.unreadable_secrets().len(), 7);

    for (name, content) in [
        ("watchdog", "http://hc.example.com/hunter2"),
        ("smtp", "\n"),
        ("a", "https://10.0.0.7/hunter2\n"),
        ("a-keys", "whsec_hunter2\n"),
        ("b", "https://hunter2.example.com\n"),
        ("c", "hunter2 and more\n"),
        ("d", "hunter2\n"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let said: Vec<String> = config.unreadable_secrets().iter().map(ToString::to_string).collect();
    let said = said.join("\n").replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(said, @r#"
    FOLDER/proxymeter.toml:4:77: smtp.password_file: "FOLDER/smtp" is empty
    FOLDER/proxymeter.toml:6:44: receivers.a.webhook.url_file: "FOLDER/a": this is an address within a private network
        write allow_private = true beside it, if that is a server of your own
    FOLDER/proxymeter.toml:6:63: receivers.a.webhook.secret_file: "FOLDER/a-keys": this is no key that signs
        a key is "whsec_" and the base64 of 24 to 64 random bytes, one a line; make one: echo whsec_$(openssl rand -base64 32)
    FOLDER/proxymeter.toml:7:44: receivers.b.webhook.url_file: "FOLDER/b": an address of ntfy ends with its topic
        write it as https://ntfy.sh/TOPIC
    FOLDER/proxymeter.toml:8:69: receivers.c.webhook.secret_file: "FOLDER/c": this secret is one word without spaces
        write it as the service shows it
    FOLDER/proxymeter.toml:2:55: operator.watchdog_url_file: "FOLDER/watchdog": this would be sent unencrypted: the address begins with http://
        write https://, or watchdog_allow_private = true beside it for a server in a network of your own
    "#);

    for (name, content) in [
        ("watchdog", "https://hc.example.com/hunter2"),
        ("smtp", "hunter2"),
        ("a", "https://hooks.example.com/hunter2"),
        ("a-keys", &format!("{KEY}\n{KEY}\n")),
        ("b", "https://ntfy.sh/hunter2"),
        ("c", "hunter2"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    assert_eq!(config.unreadable_secrets(), []);
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn templates_and_authorities_are_files_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxymeter.toml");
    let text = r#"
        operator.notify = []
        accounts.acme = { provider = "oxylabs", username = "u", password = "p" }
        smtp = { host = "mail.example.com", ca_file = "own.pem" }
        templates.html_file = "mail.html"
        receivers.mail.email = { to = ["a@example.com"], from = "a@example.com" }
        receivers.mail.templates.text_file = "mail.txt"
    "#;
    std::fs::write(&file, text).unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("own.pem", b"-----BEGIN CERTIFICATE-----\n");
    write("mail.html", b"<p>{{ title }}</p>");
    write("mail.txt", b"{{ title }}\n");
    let config = config::load(Some(&file), []).unwrap_or_else(|problems| panic!("{problems}"));
    let templates = &receiver(&config, "mail").templates;
    assert_eq!(templates.html.as_deref(), Some("<p>{{ title }}</p>"));
    assert_eq!(templates.text.as_deref(), Some("{{ title }}\n"));
    assert_eq!(config.smtp.as_ref().unwrap().ca_file, Some(folder.path().join("own.pem")));

    write("mail.html", b"\xff");
    write("mail.txt", b"{% endif %}");
    let said = config::load(Some(&file), []).unwrap_err().to_string();
    assert!(said.contains("mail.html\": is not UTF-8 text"), "{said}");
    assert!(said.contains("mail.txt\": line 1: "), "{said}");
}

#[test]
fn a_receiver_may_come_from_the_environment_alone() {
    let variables = [
        ("PROXYMETER__ACCOUNTS__ACME_MOBILE__PASSWORD", "p"),
        ("PROXYMETER__OPERATOR__NOTIFY", "on-call"),
        ("PROXYMETER__RECEIVERS__ON_CALL__WEBHOOK__URL", "https://hooks.example.com/x"),
        ("PROXYMETER__RECEIVERS__ON_CALL__WEBHOOK__FORMAT", "slack"),
        ("PROXYMETER__RECEIVERS__ON_CALL__REMIND", "1h"),
        ("PROXYMETER__RECEIVERS__MAIL__EMAIL__TO", "a@example.com, b@example.com"),
        ("PROXYMETER__RECEIVERS__MAIL__EMAIL__FROM", "a@example.com"),
        ("PROXYMETER__SMTP__HOST", "127.0.0.1"),
        ("PROXYMETER__SMTP__TLS", "none"),
        ("PROXYMETER__SMTP__USERNAME", "u"),
        ("PROXYMETER__SMTP__PASSWORD", "p"),
    ];
    let config = load(LEAST, &variables).unwrap_or_else(|problems| panic!("{problems}"));
    let Way::Email { to, .. } = &receiver(&config, "mail").way else { panic!("{config:?}") };
    assert_eq!(to.len(), 2);
    assert_eq!(config.smtp.as_ref().unwrap().port, 25);
    assert!(matches!(receiver(&config, "on-call").way, Way::Webhook { format: WebhookFormat::Slack, .. }));
}
