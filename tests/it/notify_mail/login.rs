//! Logging in: the password is read anew, is never shown, and never crosses a network in plain.

use std::path::PathBuf;
use std::sync::Arc;

use proxymeter::notify::SecretReader;
use proxymeter::notify::email::{Email, Settings, SetupError, Tls, refuses_plain_auth};
use secrecy::SecretString;
use serde_json::json;

use super::server::{Server, python};
use super::tls::signed;
use super::{email, file, is_later, plain, send_to_ops, settings};

const CANARY: &str = "canary-7c1e-password";
/// What AUTH PLAIN makes of user and password, and of the password alone.
const ENCODED: [&str; 2] = ["AHByb3h5bWV0ZXIAY2FuYXJ5LTdjMWUtcGFzc3dvcmQ=", "Y2FuYXJ5LTdjMWUtcGFzc3dvcmQ="];

fn read_from(path: PathBuf) -> SecretReader {
    Arc::new(move || {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("password_file: {error}"))?;
        Ok(SecretString::from(text))
    })
}

fn with_password(port: u16, password: &str) -> Settings {
    let password = password.to_owned();
    let read: SecretReader = Arc::new(move || Ok(SecretString::from(password.clone())));
    Settings { credentials: Some(("proxymeter".to_owned(), read)), ..settings(port) }
}

#[tokio::test]
async fn a_wrong_password_is_tried_later_and_its_file_read_anew() {
    let signed = signed("localhost", 2999);
    let Some(mut server) = signed.serve("starttls", &["--password", "right"]).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "password", CANARY);
    let email = email(Settings {
        tls: Tls::Starttls,
        ca_file: Some(signed.ca_file.clone()),
        credentials: Some(("proxymeter".to_owned(), read_from(path))),
        ..settings(server.port)
    });
    let result = send_to_ops(&email).await;
    assert!(is_later(&result, "does not accept the login: 535 "), "{result:?}");
    assert!(is_later(&result, "check username and password_file of [smtp]"), "{result:?}");
    assert!(!format!("{result:?}").contains(CANARY));

    file(&folder, "password", "right");
    assert!(send_to_ops(&email).await.is_ok());
    server.mail().await;
    assert_eq!(server.logins, [false, true]);

    // A connection that is logged in outlives a password; the next one reads the file.
    server.plan(json!({ "IDLE": ["drop"], "password": "newer" })).await;
    assert!(send_to_ops(&email).await.is_ok());
    server.mail().await;
    std::fs::remove_file(folder.path().join("password")).unwrap();
    assert!(is_later(&send_to_ops(&email).await, "logging in: password_file: No such file"));
    file(&folder, "password", "newer");
    assert!(send_to_ops(&email).await.is_ok());
    server.mail().await;
    assert_eq!(server.logins, [false, true, true]);
}

#[tokio::test]
async fn a_server_that_wants_a_login_says_so_and_one_that_has_none_likewise() {
    let Some(python) = python().await else { return };
    let mut server = Server::start(&python, &["--password", "right"]).await;
    let result = send_to_ops(&email(settings(server.port))).await;
    assert!(is_later(&result, "530 5.7.0 Authentication required; check username"), "{result:?}");
    server.no_mail().await;

    let Some((mut server, _)) = plain().await else { return };
    server.plan(json!({ "EHLO": "250 mx.example.com" })).await;
    let result = send_to_ops(&email(with_password(server.port, "right"))).await;
    assert!(is_later(&result, "offers no login by PLAIN or LOGIN"), "{result:?}");
    server.no_mail().await;
}

#[tokio::test]
async fn no_text_has_the_password_even_if_the_server_says_it_again() {
    let Some(python) = python().await else { return };
    let mut server = Server::start(&python, &["--password", CANARY]).await;
    let settings = with_password(server.port, CANARY);
    let mut texts = vec![format!("{settings:?}")];
    let email = email(settings);
    for plan in [
        json!({ "AUTH": ["535 5.7.8 no: {arg}"] }),
        json!({ "AUTH": [format!("454 4.7.0 {CANARY} {}", ENCODED[1])] }),
        json!({ "MAIL": [format!("550 5.7.1 who is {CANARY}")] }),
        json!({ "RCPT": [format!("451 4.7.1 {CANARY}"), format!("550 5.7.1 {}", ENCODED[0])] }),
        json!({ "END": [format!("250 2.0.0 taken from {CANARY}")] }),
    ] {
        server.plan(plan.clone()).await;
        let result = send_to_ops(&email).await;
        if plan.get("END").is_some() {
            server.mail().await;
        }
        texts.push(format!("{result:?} {email:?}"));
        texts.extend(result.err().map(|error| error.to_string()));
    }
    let said = texts.join("\n");
    for secret in ENCODED.iter().chain([&CANARY]) {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(said.matches('…').count(), 11, "each of the server's answers had it: {said}");
}

#[test]
fn a_password_in_plain_goes_to_this_machine_alone() {
    for (host, tls, is_refused) in [
        ("localhost", Tls::None, false),
        ("LOCALHOST", Tls::None, false),
        ("127.0.0.1", Tls::None, false),
        ("127.8.9.1", Tls::None, false),
        ("::1", Tls::None, false),
        ("[::1]", Tls::None, false),
        ("::ffff:127.0.0.1", Tls::None, false),
        ("localhost.example.com", Tls::None, true),
        ("mail.example.com", Tls::None, true),
        ("10.0.0.1", Tls::None, true),
        ("mail.example.com", Tls::Starttls, false),
        ("mail.example.com", Tls::Implicit, false),
    ] {
        let settings = Settings { host: host.to_owned(), tls, ..with_password(25, CANARY) };
        assert_eq!(refuses_plain_auth(&settings), is_refused, "{host} {tls:?}");
        if is_refused {
            let error = Email::new(settings.clone()).unwrap_err();
            assert_eq!(error, SetupError::PlainAuth { host: host.to_owned() });
        }
        assert!(!refuses_plain_auth(&Settings { credentials: None, ..settings }), "{host} {tls:?}");
    }
}

#[test]
fn settings_that_send_nothing_are_errors_with_what_to_write() {
    let texts = [
        Settings { from: "nobody".to_owned(), ..settings(25) },
        Settings { to: vec!["a@example.com".to_owned(), "a@\r\nb".to_owned()], ..settings(25) },
        Settings { to: vec!["ä@example.com".to_owned()], ..settings(25) },
        Settings { to: Vec::new(), ..settings(25) },
        Settings { hello: Some("a b".to_owned()), ..settings(25) },
        Settings { host: "mail.example.com".to_owned(), ..with_password(25, CANARY) },
    ]
    .map(|settings| Email::new(settings).unwrap_err().to_string());
    insta::assert_snapshot!(texts.join("\n"));
}
