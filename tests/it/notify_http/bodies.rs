//! The bodies of every format, whole; and their limits, with names that break things.

use proxymeter::notify::Notifier;
use proxymeter::notify::webhook::{Format, Webhook};
use serde_json::Value;

use super::{render, samples, settings};

const URL: &str = "https://chat.example/hook";

fn body(format: Format, message: &proxymeter::notify::message::Message) -> Value {
    let webhook = Webhook::new(settings(format, URL)).unwrap();
    serde_json::from_slice(&render(&webhook, message, URL).body).unwrap()
}

#[test]
fn every_message_in_every_format() {
    for format in Format::ALL {
        let mut all = String::new();
        for (name, message) in samples::all() {
            let pretty = serde_json::to_string_pretty(&body(format, &message)).unwrap();
            all.push_str(&format!("## {name}\n{pretty}\n"));
        }
        insta::assert_snapshot!(format.as_str(), all);
    }
}

#[test]
fn f33_only_a_budget_is_of_a_budgets_type() {
    for (name, message) in samples::all() {
        let kind = body(Format::Generic, &message)["type"].as_str().unwrap().to_owned();
        let wanted = match name {
            "firing" | "reminder" => "budget.firing",
            "resolved" => "budget.resolved",
            other => other,
        };
        assert_eq!(kind, wanted);
    }
}

/// All texts of a body, with the names under which they stand.
fn texts(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(all) => all.iter().for_each(|one| texts(one, path, found)),
        Value::Object(all) => all.iter().for_each(|(name, one)| texts(one, &format!("{path}/{name}"), found)),
        _ => {}
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The length of a text at each pointer.
fn sizes(body: &Value, pointers: &[&str]) -> Vec<usize> {
    pointers.iter().map(|pointer| units(body.pointer(pointer).unwrap().as_str().unwrap())).collect()
}

#[test]
fn f39_ugly_names_break_no_limit() {
    let ugly = samples::ugly();

    let generic = body(Format::Generic, &ugly);
    assert!(generic.to_string().len() < 20_000);
    let kept = generic["data"]["items"].as_array().unwrap().len();
    assert!(kept >= 5, "{kept} items are left");
    assert_eq!(kept as u64 + generic["data"]["more"].as_u64().unwrap(), 24);

    let slack = body(Format::Slack, &ugly);
    assert!(
        sizes(&slack, &["/blocks/0/text/text", "/text"])
            .iter()
            .zip([150, 1_000])
            .all(|(size, most)| *size <= most)
    );
    let blocks = slack["attachments"][0]["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        assert!(block.pointer("/text/text").is_none_or(|text| units(text.as_str().unwrap()) <= 3_000));
        assert!(block["fields"].as_array().is_none_or(|fields| fields.len() <= 10));
    }
    assert!(slack.to_string().chars().count() < 13_200);

    let discord = body(Format::Discord, &ugly);
    let embed = &discord["embeds"][0];
    assert!(
        sizes(embed, &["/title", "/description"]).iter().zip([256, 4_096]).all(|(size, most)| *size <= most)
    );
    let mut all = Vec::new();
    texts(embed, "", &mut all);
    assert!(all.iter().map(|(_, text)| units(text)).sum::<usize>() <= 6_000);
    assert_eq!(discord["allowed_mentions"], serde_json::json!({ "parse": [] }));

    let teams = body(Format::Teams, &ugly);
    assert!(teams.to_string().len() <= 28_000);

    let pagerduty = body(Format::PagerDuty, &ugly);
    assert!(pagerduty["payload"]["summary"].as_str().unwrap().chars().count() <= 1_024);
    assert!(pagerduty.to_string().len() < 100_000);

    let ntfy = body(Format::Ntfy, &ugly);
    assert!(ntfy["message"].as_str().unwrap().len() <= 4_096);
}

#[test]
fn f39_ugly_names_are_no_markup() {
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Generic) {
        let mut all = Vec::new();
        texts(&body(format, &samples::ugly()), "", &mut all);
        for (path, text) in all {
            let hidden = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
            assert!(!text.contains(hidden) && !text.contains('\u{2066}'), "{format:?} {path}: {text:?}");
            // The link is ours.
            let text = text.replace("|proxymeter>", "").replace("<https://proxymeter", "");
            let markup: &[&str] = match format {
                Format::Slack if !path.contains("header") && !path.starts_with("/blocks") => {
                    &["<!channel>", "<@U1>", "<script>", "```"]
                }
                Format::Discord => &["@everyone", " <@", " *b*", " [t](", "```"],
                Format::Teams => &[" *b*", " [t](", " <script", "```"],
                _ => &[],
            };
            for markup in markup {
                assert!(!text.contains(markup), "{format:?} {path}: {markup} in {text:?}");
            }
        }
    }
}

#[test]
fn f39_the_cut_is_seen() {
    for format in Format::ALL {
        let text = body(format, &samples::ugly()).to_string();
        assert!(text.contains('…'), "{format:?}");
        // The others have room for each of the twenty lines.
        if matches!(format, Format::Discord | Format::Ntfy) {
            assert!(text.contains("… and "), "{format:?}: {text}");
        }
    }
}

/// Words that fail are told, and nothing is sent.
#[test]
fn a_template_that_fails_is_an_error() {
    use proxymeter::notify::error::RenderError;
    use proxymeter::notify::message::Message;
    use proxymeter::notify::words::Words;

    struct Broken;
    impl Words for Broken {
        fn title(&self, message: &Message) -> Result<String, RenderError> {
            Ok(message.title.clone())
        }
        fn text(&self, _: &Message) -> Result<String, RenderError> {
            Err(RenderError("templates.text: line 3: unknown filter".to_owned()))
        }
    }
    let id = proxymeter::domain::outbox::NoticeId("0".repeat(32).into());
    let envelope = proxymeter::notify::Envelope { id: &id, episode: &id, recipient: "ops", at: super::now() };
    let settings = proxymeter::notify::webhook::Settings {
        words: std::sync::Arc::new(Broken),
        ..settings(Format::Teams, URL)
    };
    let error = Webhook::new(settings).unwrap().render(&samples::firing(), &envelope).unwrap_err();
    assert_eq!(error.to_string(), "templates.text: line 3: unknown filter");
}
