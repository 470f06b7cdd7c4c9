//! ntfy: a message in JSON to the root of the server, which names the topic.
//!
//! Source: docs.ntfy.sh, "Publish as JSON". A message of more than 4,096 bytes would become an attachment.

use serde_json::{Value, json};
use url::Url;

use super::card::{Card, Tone};
use crate::notify::error::NotifyError;
use crate::notify::escape::{BYTES, clean};
use crate::notify::message::Content;

/// Bytes.
const TITLE: usize = 250;
const TEXT: usize = 4_000;
const LINE: usize = 700;

/// Without the topic, which is a secret.
pub(super) fn body(card: &Card<'_>) -> Value {
    let (priority, tag) = match (&card.message.content, card.tone()) {
        (Content::Drill { .. }, _) => (3, "test_tube"),
        (Content::Digest(_), _) => (2, "bar_chart"),
        (_, Tone::Critical) => (5, "rotating_light"),
        (_, Tone::Warning) => (4, "warning"),
        (_, Tone::Info) => (3, "information_source"),
        (_, Tone::Over) => (3, "white_check_mark"),
    };
    let mut text = card.text.to_owned();
    for (name, said) in card.details(&BYTES, 100, LINE) {
        text.push_str(&format!("\n{name}: {said}"));
    }
    if !card.is_title_whole(&BYTES, TITLE) {
        text = format!("{}\n{text}", clean(card.title).replace('\n', " "));
    }
    let mut lines = BYTES.lines(&text, LINE, TEXT);
    if lines.is_empty() {
        // ntfy would write "triggered".
        lines.push(BYTES.line(card.title, LINE));
    }
    let mut body = json!({
        "title": BYTES.line(card.title, TITLE),
        "message": lines.join("\n"),
        "priority": priority,
        "tags": [tag],
    });
    if let Some(link) = card.link() {
        body["click"] = link.into();
    }
    body
}

/// Takes the topic off a URL, so that the server's root is left.
pub(super) fn split_topic(url: &mut Url) -> Result<String, NotifyError> {
    let path = url.path().trim_end_matches('/').to_owned();
    let (root, topic) = path.rsplit_once('/').unwrap_or_default();
    if topic.is_empty() {
        return Err(NotifyError::later(
            "the url of an ntfy topic ends in the topic, such as https://ntfy.sh/topic",
        ));
    }
    url.set_path(&format!("{root}/"));
    Ok(topic.to_owned())
}
