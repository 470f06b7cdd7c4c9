//! Servers that are down, refuse, break off and fall silent (F25, F26, F27, F36).

use proxymeter::notify::error::NotifyError;
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::server::{Server, python};
use super::{email, header, is_later, is_unknown, message, plain, render, send, send_to_ops, settings};

#[tokio::test]
async fn f25_a_server_that_is_down_is_tried_later_and_takes_the_same_bytes() {
    let Some(python) = python().await else { return };
    let port = Server::start(&python, &[]).await.stop().await;
    let email = email(settings(port));
    let bytes = render(&email, &message());
    let result = send(&email, "ops@example.com", &bytes).await;
    assert!(is_later(&result, &format!("localhost:{port}, connecting: ")), "{result:?}");

    let mut server = Server::start(&python, &["--port", &port.to_string()]).await;
    let result = send(&email, "ops@example.com", &bytes).await;
    assert_eq!(result, Ok("250 2.0.0 taken".to_owned()));
    let mail = server.mail().await;
    assert_eq!(mail["raw"].as_str().unwrap().as_bytes(), bytes);
    assert_eq!(mail["sender"], "proxymeter@example.com");
    assert_eq!(mail["recipients"], json!(["ops@example.com"]));
}

#[tokio::test]
async fn f26_a_connection_that_breaks_after_data_leaves_it_open_and_the_next_try_is_the_same_mail() {
    let Some((mut server, email)) = plain().await else { return };
    let bytes = render(&email, &message());
    server.plan(json!({ "END": ["drop"] })).await;
    let result = send(&email, "ops@example.com", &bytes).await;
    assert!(is_unknown(&result), "{result:?}");
    let first = server.mail().await;

    assert!(send(&email, "ops@example.com", &bytes).await.is_ok());
    let second = server.mail().await;
    assert_eq!((first["taken"].clone(), second["taken"].clone()), (json!(false), json!(true)));
    assert_eq!(first["raw"], second["raw"]);
    assert_eq!(header(&second, "Message-ID"), "<0123456789abcdef0123456789abcdef@example.com>");
}

#[tokio::test]
async fn f26_what_breaks_before_the_mail_was_sent_is_plainly_tried_again() {
    let Some((mut server, email)) = plain().await else { return };
    for (plan, part) in [
        (json!({ "CONNECT": "drop" }), "connecting"),
        (json!({ "CONNECT": "554 5.7.1 go away" }), "connecting: 554 5.7.1 go away"),
        (json!({ "CONNECT": "421 4.3.2 too busy" }), "421 4.3.2 too busy"),
        (json!({ "MAIL": "drop" }), "naming the sender"),
        (json!({ "RCPT": "421 4.3.2 closing" }), "421 4.3.2 closing"),
        (json!({ "DATA": "drop" }), "announcing the mail"),
        (json!({ "DATA": "451 4.3.0 not now" }), "451 4.3.0 not now"),
        (json!({ "DATA": "250 2.0.0 eager" }), "answered 250 to DATA"),
        (json!({ "END": "452 4.2.2 full" }), "452 4.2.2 full"),
        (json!({ "END": "421 4.3.2 closing" }), "421 4.3.2 closing"),
    ] {
        server.plan(plan.clone()).await;
        let result = send_to_ops(&email).await;
        assert!(is_later(&result, part), "{plan}: {result:?}");
        if plan.get("END").is_some() {
            assert_eq!(server.mail().await["taken"], false);
        }
    }
    server.no_mail().await;
    assert!(send_to_ops(&email).await.is_ok());
    assert_eq!(server.mail().await["taken"], true);
}

#[tokio::test]
async fn f27_one_of_five_recipients_is_refused_alone() {
    let Some((mut server, email)) = plain().await else { return };
    let bytes = render(&email, &message());
    server.plan(json!({ "RCPT TO:<c@example.com>": "550 5.1.1 no such user" })).await;
    let mut taken = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        let recipient = format!("{name}@example.com");
        match send(&email, &recipient, &bytes).await {
            Ok(_) => taken.push(server.mail().await["recipients"].clone()),
            Err(error) => {
                assert_eq!(error, NotifyError::Refused("550 5.1.1 no such user".to_owned()));
                assert_eq!(name, "c");
            }
        }
    }
    let each_apart = ["a", "b", "d", "e"].map(|name| json!([format!("{name}@example.com")]));
    assert_eq!(taken, each_apart);
    assert_eq!(server.connections, 1, "a refused recipient costs no connection");
}

#[tokio::test]
async fn a_final_answer_is_final() {
    let Some((mut server, email)) = plain().await else { return };
    for (plan, answer) in [
        (json!({ "MAIL": "553 5.1.8 no such sender" }), "553 5.1.8 no such sender"),
        (json!({ "DATA": "554 5.5.1 no valid recipient" }), "554 5.5.1 no valid recipient"),
        (json!({ "END": "554 5.7.1 spam\u{7}" }), "554 5.7.1 spam"),
    ] {
        server.plan(plan.clone()).await;
        let result = send_to_ops(&email).await;
        assert_eq!(result, Err(NotifyError::Refused(answer.to_owned())), "{plan}");
        if plan.get("END").is_some() {
            server.mail().await;
        }
    }
    let unwritable = send(&email, "nobody", b"").await;
    assert!(matches!(unwritable, Err(NotifyError::Refused(_))), "{unwritable:?}");
    server.no_mail().await;
}

#[tokio::test]
async fn a_greylisted_mail_is_taken_at_the_second_try() {
    let Some((mut server, email)) = plain().await else { return };
    server.plan(json!({ "RCPT": ["451 4.7.1 greylisted, try again in 5 minutes"] })).await;
    let first = send_to_ops(&email).await;
    assert!(is_later(&first, "451 4.7.1 greylisted"), "{first:?}");
    assert!(send_to_ops(&email).await.is_ok());
    server.mail().await;
    assert_eq!(server.connections, 1);
}

#[tokio::test]
async fn f36_a_silent_server_ends_with_the_time_of_the_whole_send() {
    let Some(python) = python().await else { return };
    let mut server = Server::start(&python, &[]).await;
    let limit = Duration::from_secs(1);
    for silent_at in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"] {
        let email = email(super::Settings { timeout: limit, ..settings(server.port) });
        server.plan(json!({ silent_at: ["silent"] })).await;
        let start = Instant::now();
        let result = send_to_ops(&email).await;
        let took = start.elapsed();
        assert!(took >= limit && took < limit * 10, "{silent_at}: {took:?}");
        if silent_at == "END" {
            assert!(is_unknown(&result), "{silent_at}: {result:?}");
            assert_eq!(server.mail().await["taken"], false);
        } else {
            assert!(is_later(&result, "no answer within 1 s"), "{silent_at}: {result:?}");
            server.no_mail().await;
        }
    }
}
