//! docs/RECEIVERS.md: what it shows is what is sent, its fields are all of them, and its templates work.

use std::collections::BTreeSet;
use std::path::Path;

use proxymeter::app::rendering::{View, render, samples, template_problems};
use proxymeter::config::{Config, load_text};
use proxymeter::notify::message::Message;
use serde_json::Value;

use crate::support::read;

const PAGE: &str = "docs/RECEIVERS.md";

/// The code blocks of the page in one language.
pub(crate) fn blocks(language: &str) -> Vec<String> {
    let start = format!("```{language}\n");
    let page = read(PAGE);
    page.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn configured(block: &str) -> Config {
    load_text(Path::new(PAGE), block, []).unwrap()
}

fn sample(name: &str) -> Message {
    samples().into_iter().find(|(known, _)| *known == name).unwrap().1
}

/// What a receiver of a block on the page would be sent.
fn sent(part: &str, receiver: &str, message: &Message, view: View) -> String {
    // reqwest asks for a provider of cryptography; another test may have been first.
    rustls::crypto::ring::default_provider().install_default().ok();
    let block = blocks("toml").into_iter().find(|block| block.contains(part)).unwrap();
    String::from_utf8(render(&configured(&block), receiver, message, view).unwrap()).unwrap()
}

#[test]
fn the_example_is_what_is_sent() {
    let shown: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    let sent = sent("[receivers.finance.webhook]", "finance", &sample("firing"), View::Sent);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(shown, sent, "the example on the page is old: {sent:#}");
}

#[test]
fn every_field_and_word_of_the_contract_is_on_the_page() {
    let page = read(PAGE);
    let mut names = BTreeSet::new();
    for (_, message) in samples() {
        collect(&serde_json::to_value(&message).unwrap(), &mut names);
    }
    assert!(names.len() > 40, "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The names of fields, and the words that tell messages and items apart.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                let is_word =
                    matches!(name.as_str(), "kind" | "type" | "severity" | "status" | "step" | "end" | "per");
                if let (true, Value::String(word)) = (is_word, value) {
                    names.insert(word.clone());
                }
                // Their names are the operator's.
                if name != "labels" {
                    collect(value, names);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

#[test]
fn every_template_on_the_page_works_with_every_message() {
    let with_templates: Vec<String> =
        blocks("toml").into_iter().filter(|block| block.contains(".templates]")).collect();
    assert_eq!(with_templates.len(), 2);
    for block in &with_templates {
        assert_eq!(template_problems(&configured(block)), Vec::<String>::new(), "{block}");
    }
}

#[test]
fn the_titles_in_german_are_as_shown() {
    let names = ["firing", "resolved", "digest", "drill"];
    let title = |name: &&str| {
        let text = sent("[receivers.telefon.templates]", "telefon", &sample(name), View::Text);
        text.lines().next().unwrap().to_owned() + "\n"
    };
    let titles: String = names.iter().map(title).collect();
    assert!(blocks("text").contains(&titles), "{titles}");
}

#[test]
fn the_shorter_text_is_as_shown() {
    let text = sent("[receivers.chat.templates]", "chat", &sample("firing_many"), View::Text);
    let (_, text) = text.split_once("\n\n").unwrap();
    assert!(blocks("text").contains(&format!("{}\n", text.trim())), "{text}");
}
