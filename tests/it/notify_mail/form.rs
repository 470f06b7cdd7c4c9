//! The whole mail, as bytes and as a mail program reads it.

use std::sync::Arc;

use proxymeter::domain::outbox::NoticeId;
use proxymeter::notify::email::{Email, Settings};
use proxymeter::notify::message::Message;
use proxymeter::notify::{Envelope, Notifier as _};
use serde_json::json;

use super::{AT, Words, email, header, message, plain, render, send, settings};

/// With several recipients and a receiver's name that is no host name.
fn finance(chart: bool) -> Email {
    let to = ["Jörg Müller <joerg@example.com>", "\"Finance, all\" <finance@example.com>", "c@example.com"];
    email(Settings {
        name: "finance_team".into(),
        to: to.map(str::to_owned).to_vec(),
        words: Arc::new(Words { chart }),
        ..settings(25)
    })
}

/// The mail, with line ends that a snapshot keeps and without the chart's bytes.
fn shown(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    let Some((before, image)) = text.split_once("Content-Transfer-Encoding: base64\n\n") else { return text };
    let after = image.find("--").unwrap();
    format!("{before}Content-Transfer-Encoding: base64\n\n(the chart)\n{}", &image[after..])
}

fn other(content: serde_json::Value) -> Message {
    let mut all = json!({ "version": 1, "at": AT, "severity": "info" });
    all.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    Message::from_json(&all.to_string()).unwrap()
}

#[test]
fn a_mail_of_a_budget_with_its_chart() {
    insta::assert_snapshot!(shown(&render(&finance(true), &message())));
}

#[test]
fn a_mail_of_a_budget_without_chart() {
    insta::assert_snapshot!(shown(&render(&finance(false), &message())));
}

#[test]
fn mails_that_are_of_no_budget() {
    let mails = [
        json!({ "type": "drill", "title": "a test of ops", "who": "cli:root" }),
        json!({ "type": "operation", "title": "acme does not answer", "troubles": [{ "key": "outage:acme", "line": "acme does not answer" }] }),
        json!({ "type": "digest", "title": "how the budgets stand", "since": AT, "until": AT, "rows": [] }),
    ]
    .map(|content| shown(&render(&finance(false), &other(content))));
    insta::assert_snapshot!(mails.join("\n=====\n"));
}

#[test]
fn a_mail_is_the_same_bytes_each_time_and_plain_ascii_in_short_lines() {
    let long = "ä".repeat(5_000);
    let content = json!({ "type": "drill", "title": long, "who": "cli:root" });
    for message in [message(), other(content)] {
        let bytes = render(&finance(true), &message);
        assert_eq!(bytes, render(&finance(true), &message));
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    }
}

#[test]
fn the_episode_stays_whole_where_the_domain_is_long() {
    let label = "a-long-label-of-a-domain-that-somebody-has";
    let from = format!("proxymeter@{label}.{label}.{label}.example.com");
    let email = email(Settings { from, ..settings(25) });
    let text = String::from_utf8(render(&email, &message())).unwrap();
    let root = format!("<episode-fedcba9876543210fedcba9876543210@{label}.{label}.{label}.example.com>");
    for name in ["References", "In-Reply-To"] {
        assert!(text.contains(&format!("\r\n{name}: {root}\r\n")), "{text}");
    }
}

#[tokio::test]
async fn f39_ugly_names_break_no_header_and_no_part() {
    let Some((mut server, email)) = plain().await else { return };
    let ugly = [
        "a\r\nBcc: evil@example.com\r\n\r\nbody",
        "\"quoted\" <b@example.com>, 'x'; <script>alert(1)</script>",
        "=?utf-8?q?=0D=0ABcc:_evil=40example.com?=",
        "\u{202e}drawkcab\u{200f} \u{2066}x\u{2069}",
        "null\0bell\u{7}esc\u{1b}[31m del\u{7f} c1\u{85}",
        ".\r\n.\r\nQUIT",
        "--=_alternative_0123456789abcdef0123456789abcdef--",
        &"x".repeat(10_000),
        &"long ".repeat(2_000),
        &"🦀ü".repeat(5_000),
        "",
    ];
    for name in ugly {
        let mut message = message();
        message.title = name.to_owned();
        if let proxymeter::notify::message::Content::Budget(news) = &mut message.content {
            news.budget = name.to_owned();
            news.items.iter_mut().for_each(|item| item.line = name.to_owned());
        }
        let bytes = render(&email, &message);
        assert_eq!(send(&email, "ops@example.com", &bytes).await, Ok("250 2.0.0 taken".to_owned()));
        let mail = server.mail().await;
        assert_eq!(mail["recipients"], json!(["ops@example.com"]));
        assert_eq!(mail["raw"].as_str().unwrap().as_bytes(), bytes, "{name:?}");

        let names: Vec<_> =
            mail["understood"]["headers"].as_array().unwrap().iter().map(|h| h[0].clone()).collect();
        assert_eq!(names, headers_of_a_budget(), "{name:?}");
        let single: String = name.chars().filter(|c| !is_mark(*c)).collect();
        let single = single.replace(|c: char| c.is_control(), " ");
        let words = format!("[proxymeter] {single}").split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.replace("=?", "= ?");
        let subject = header(&mail, "Subject");
        if words.chars().count() <= 200 {
            assert_eq!(subject, words, "{name:?}");
        } else {
            assert_eq!(subject.chars().count(), 200, "{name:?}: {subject}");
            assert!(words.starts_with(subject.strip_suffix('…').unwrap()), "{name:?}: {subject}");
        }
        let parts = mail["understood"]["parts"].as_array().unwrap();
        let types: Vec<_> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
        assert_eq!(
            types,
            ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
        );
        let body = name.replace("\r\n", "\n");
        let body: String = body.chars().filter(|c| *c == '\n' || !(c.is_control() || is_mark(*c))).collect();
        let text = parts[1]["text"].as_str().unwrap();
        assert!(text.contains(&body), "{name:?}: {text}");
        assert_eq!(parts[4]["size"], 1_000);
        assert_eq!(mail["understood"]["defects"], json!([]), "{name:?}");
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn headers_of_a_budget() -> Vec<serde_json::Value> {
    let names = "From Date To Subject Message-ID In-Reply-To References List-Id Auto-Submitted \
                 X-Auto-Response-Suppress Importance X-Priority X-Proxymeter-Severity X-Proxymeter-Type \
                 X-Proxymeter-Budget X-Proxymeter-Status X-Proxymeter-Kind MIME-Version Content-Type";
    names.split_whitespace().map(Into::into).collect()
}

#[test]
fn another_notice_has_another_id_and_boundary_and_the_same_root() {
    let email = finance(true);
    let episode = NoticeId("fedcba9876543210fedcba9876543210".into());
    let mails = ["11111111111111111111111111111111", "22222222222222222222222222222222"].map(|id| {
        let id = NoticeId(id.into());
        let envelope =
            Envelope { id: &id, episode: &episode, recipient: "c@example.com", at: AT.parse().unwrap() };
        (String::from_utf8(email.render(&message(), &envelope).unwrap()).unwrap(), id)
    });
    for (text, id) in &mails {
        assert!(text.contains(&format!("\r\nMessage-ID: <{id}@example.com>\r\n")), "{text}");
        assert!(text.contains(&format!("boundary=\"=_alternative_{id}\"")), "{text}");
        assert!(text.contains("\r\nReferences: <episode-fedcba9876543210fedcba9876543210@example.com>\r\n"));
    }
}
