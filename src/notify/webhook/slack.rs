//! Slack: a header, and an attachment whose edge has the colour of how loud it is.
//!
//! Source of the limits: docs.slack.dev, "Header block", "Section block"; a whole message of more than about 13,200
//! characters is refused (slackapi/bolt-js#2509).

use serde_json::{Value, json};

use super::card::Card;
use crate::notify::escape::{SLACK, UNITS};

const HEADER: usize = 150;
const SECTION: usize = 3_000;
const FALLBACK: usize = 1_000;
/// Characters of all lines, and of each.
const TEXT: usize = 7_000;
const LINE: usize = 1_000;

pub(super) fn body(card: &Card<'_>) -> Value {
    let mut text = card.text.to_owned();
    if !card.is_title_whole(&UNITS, HEADER) {
        text = format!("{}\n{text}", crate::notify::escape::clean(card.title).replace('\n', " "));
    }
    let mut blocks: Vec<Value> = sections(&SLACK.lines(&text, LINE, TEXT))
        .into_iter()
        .map(|text| json!({ "type": "section", "text": mrkdwn(&text) }))
        .collect();
    let details = card.details(&SLACK, 100, 300);
    if !details.is_empty() {
        let fields: Vec<Value> =
            details.iter().map(|(name, text)| mrkdwn(&format!("*{name}*\n{text}"))).collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    let mut foot = "proxymeter".to_owned();
    if let Some(link) = card.link() {
        foot = format!("<{}|proxymeter>", SLACK.line(&link.replace('|', "%7C"), 2_000));
    }
    blocks.push(json!({ "type": "context", "elements": [mrkdwn(&foot)] }));
    json!({
        // What a notification shows, and whatever cannot show blocks.
        "text": SLACK.line(card.title, FALLBACK),
        "blocks": [{ "type": "header", "text": {
            "type": "plain_text", "emoji": false, "text": UNITS.line(card.title, HEADER),
        } }],
        "attachments": [{ "color": format!("#{:06x}", card.tone().color()), "blocks": blocks }],
    })
}

/// Nothing in it becomes a link or a mention by itself.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "verbatim": true, "text": text })
}

/// Lines in as few texts as hold them.
fn sections(lines: &[String]) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in lines {
        match sections.last_mut() {
            Some(last) if (SLACK.size)(last) + 1 + (SLACK.size)(line) <= SECTION => {
                last.push('\n');
                last.push_str(line);
            }
            _ => sections.push(line.clone()),
        }
    }
    sections
}
