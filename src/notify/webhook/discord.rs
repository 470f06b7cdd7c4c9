//! Discord: one embed, and nobody is mentioned by it.
//!
//! Source of the limits: Discord's documentation, "Embed limits": title 256, description 4096, 25 fields of 256 and 1024,
//! and 6000 characters in all.

use serde_json::{Value, json};

use super::card::Card;
use crate::notify::escape::DISCORD;

const TITLE: usize = 256;
const TEXT: usize = 3_300;
const LINE: usize = 1_000;
/// Ten of these, the title and the text stay below 6000 together.
const NAME: usize = 40;
const VALUE: usize = 200;

pub(super) fn body(card: &Card<'_>) -> Value {
    let fields: Vec<Value> = card
        .details(&DISCORD, NAME, VALUE)
        .into_iter()
        // Discord refuses a field with nothing in it.
        .filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty())
        .map(|(name, value)| json!({ "name": name, "value": value, "inline": false }))
        .collect();
    let mut text = card.text.to_owned();
    if !card.is_title_whole(&DISCORD, TITLE) {
        text = format!("{}\n{text}", crate::notify::escape::clean(card.title).replace('\n', " "));
    }
    let mut embed = json!({
        "title": DISCORD.line(card.title, TITLE),
        "color": card.tone().color(),
        "timestamp": card.at().to_string(),
        "footer": { "text": "proxymeter" },
        "fields": fields,
    });
    let description = DISCORD.lines(&text, LINE, TEXT).join("\n");
    if !description.is_empty() {
        embed["description"] = description.into();
    }
    if let Some(link) = card.link() {
        embed["url"] = link.into();
    }
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}
