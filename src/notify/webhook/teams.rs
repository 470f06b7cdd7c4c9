//! Microsoft Teams: an adaptive card in the envelope that a workflow ("when a webhook request is received") takes.
//!
//! Source of the limit: learn.microsoft.com, "Create and send messages": about 28 kB, envelope and all.

use serde_json::{Value, json};

use super::card::{Card, Tone};
use crate::notify::escape::TEAMS;

/// Bytes.
const MOST: usize = 27_000;
const TITLE: usize = 500;
const TEXT: usize = 8_000;
const LINE: usize = 1_000;
const NAME: usize = 60;
const VALUE: usize = 300;

pub(super) fn body(card: &Card<'_>) -> Value {
    let mut room = TEXT;
    loop {
        let body = within(card, room);
        // How many bytes a character takes is only known when it is written.
        if body.to_string().len() <= MOST || room < LINE {
            return body;
        }
        room /= 2;
    }
}

fn within(card: &Card<'_>, room: usize) -> Value {
    let color = match card.tone() {
        Tone::Critical => "attention",
        Tone::Warning => "warning",
        Tone::Info => "accent",
        Tone::Over => "good",
    };
    let mut blocks = vec![json!({
        "type": "TextBlock", "text": TEAMS.line(card.title, TITLE), "wrap": true,
        "size": "medium", "weight": "bolder", "color": color,
    })];
    let lines = TEAMS.lines(card.text, LINE, room).into_iter().map(|line| {
        // A number or a dash would begin a list.
        json!({ "type": "TextBlock", "text": no_list(line), "wrap": true, "spacing": "small" })
    });
    blocks.extend(lines);
    let facts: Vec<Value> = card
        .details(&TEAMS, NAME, VALUE)
        .into_iter()
        .map(|(name, value)| json!({ "title": name, "value": no_list(value) }))
        .collect();
    if !facts.is_empty() {
        blocks.push(json!({ "type": "FactSet", "facts": facts }));
    }
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": blocks,
    });
    if let Some(link) = card.link() {
        content["actions"] = json!([{ "type": "Action.OpenUrl", "title": "proxymeter", "url": link }]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content,
        }],
    })
}

/// A line that begins no list.
fn no_list(line: String) -> String {
    let text = line.trim_start();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or_default();
    let begins = |mark: &str| mark.chars().nth(1).is_none_or(char::is_whitespace);
    if text.starts_with(['-', '+']) && begins(text) {
        format!("\\{text}")
    } else if digits > 0 && after.starts_with(['.', ')']) && begins(after) {
        format!("{}\\{after}", text.get(..digits).unwrap_or_default())
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_no_list() {
        for (line, shown) in [
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("1. a", "1\\. a"),
            ("40.70 GB", "40.70 GB"),
            ("-5 GB", "-5 GB"),
            ("1.", "1\\."),
            ("40 GB", "40 GB"),
            ("a - b", "a - b"),
            ("", ""),
        ] {
            assert_eq!(no_list(line.to_owned()), shown);
        }
    }
}
