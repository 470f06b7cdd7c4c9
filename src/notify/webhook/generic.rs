//! Our own JSON in the envelope of Standard Webhooks: `{"type", "timestamp", "data"}`, below 20 kB.

use serde_json::{Value, json};

use crate::notify::escape::PLAIN;
use crate::notify::message::{Content, Message, Status};

/// Source: standard-webhooks, specification 1.0.0, "Payload size".
const MOST: usize = 20_000;

/// Characters of a text in a message that is too large.
const TEXT: usize = 500;

/// What a consumer tells messages apart by.
fn kind(message: &Message) -> &'static str {
    match &message.content {
        Content::Budget(news) => match news.status {
            Status::Firing => "budget.firing",
            Status::Resolved => "budget.resolved",
            Status::Info => "budget.info",
        },
        Content::Operation(_) => "operation",
        Content::Digest(_) => "digest",
        Content::Drill { .. } => "drill",
    }
}

/// The body, without its chart, with texts cut, and without its last items, until it is small enough.
pub(super) fn body(message: &Message) -> Vec<u8> {
    let mut data = serde_json::to_value(message).unwrap_or_default();
    data["title"] = message.marked_title().into();
    let mut body = json!({ "type": kind(message), "timestamp": message.at.to_string(), "data": data });
    let steps: [fn(&mut Value) -> bool; 4] = [drop_chart, cut_texts, drop_item, drop_labels];
    for step in steps {
        loop {
            let bytes = body.to_string().into_bytes();
            if bytes.len() < MOST {
                return bytes;
            }
            if !step(&mut body["data"]) {
                break;
            }
        }
    }
    body.to_string().into_bytes()
}

/// Each of these gives back whether it may be asked again.
fn drop_chart(data: &mut Value) -> bool {
    data.as_object_mut().and_then(|data| data.remove("chart")).is_some()
}

fn drop_labels(data: &mut Value) -> bool {
    data.as_object_mut().and_then(|data| data.remove("labels")).is_some()
}

fn cut_texts(data: &mut Value) -> bool {
    match data {
        Value::String(text) if text.chars().count() > TEXT => {
            *text = PLAIN.line(text, TEXT);
            true
        }
        // No `any`: each of them has to be cut.
        Value::Array(all) => all.iter_mut().filter_map(|one| cut_texts(one).then_some(())).count() > 0,
        Value::Object(all) => all.values_mut().filter_map(|one| cut_texts(one).then_some(())).count() > 0,
        _ => false,
    }
}

fn drop_item(data: &mut Value) -> bool {
    let lists = ["items", "troubles", "rows"];
    let list = lists.into_iter().find(|name| data.get(name).is_some());
    let dropped = list.and_then(|name| data[name].as_array_mut()?.pop()).is_some();
    if dropped {
        let more = data["more"].as_u64().unwrap_or_default();
        data["more"] = json!(more + 1);
    }
    dropped
}
