//! What a template sees: the message's JSON, with every optional field there, every text harmless, and a few words more.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{clean, filters, table};
use crate::notify::message::{Content, Message, News, Severity, Status};

/// The context of `message`, in which no text is longer than `longest` characters.
pub(super) fn of(message: &Message, zone: &TimeZone, chart_cid: Option<&str>, longest: usize) -> Value {
    let mut context = serde_json::to_value(message).unwrap_or_default();
    harmless(&mut context, longest);
    let Value::Object(fields) = &mut context else { return context };
    fill(fields, &["link"]);
    match &message.content {
        Content::Budget(_) => {
            fill(fields, &["chart"]);
            fields.entry("labels").or_insert_with(|| json!({}));
            for item in fields.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
                let Value::Object(item) = item else { continue };
                item.entry("details").or_insert_with(|| json!([]));
                fill(item, &["name", "product"]);
            }
        }
        Content::Digest(digest) => {
            fill(fields, &["chart"]);
            fields.insert("table".to_owned(), json!(table::of(digest)));
        }
        Content::Operation(_) | Content::Drill { .. } => {}
    }
    let lines: Vec<String> = message.lines().iter().map(|line| clean::line(line, longest)).collect();
    fields.insert("lines".to_owned(), json!(lines));
    fields.insert("tag".to_owned(), json!(tag(message)));
    fields.insert("state".to_owned(), json!(clean::line(&state(message, zone), longest)));
    fields.insert("chart_cid".to_owned(), json!(chart_cid));
    context
}

fn fill(fields: &mut Map<String, Value>, names: &[&str]) {
    for name in names {
        fields.entry(*name).or_insert(Value::Null);
    }
}

fn harmless(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) => *text = clean::line(text, longest),
        Value::Array(values) => values.iter_mut().for_each(|value| harmless(value, longest)),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(name, mut value)| {
                    harmless(&mut value, longest);
                    (clean::line(&name, longest), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands in front of a mail's subject, in brackets.
pub(super) fn tag(message: &Message) -> &'static str {
    match &message.content {
        Content::Drill { .. } => super::DRILL,
        Content::Digest(_) => "digest",
        Content::Budget(news) if is_over(news) => "resolved",
        Content::Budget(News { is_reminder: true, .. }) => match message.severity {
            Severity::Info => "info, reminder",
            Severity::Warning => "warning, reminder",
            Severity::Critical => "critical, reminder",
        },
        Content::Budget(_) | Content::Operation(_) => match message.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        },
    }
}

/// Whether something has ended and nothing stands open: what never stood open is not resolved.
fn is_over(news: &News) -> bool {
    news.status == Status::Resolved
}

/// How things stand, in one sentence or two.
fn state(message: &Message, zone: &TimeZone) -> String {
    let loud = match message.severity {
        Severity::Info => "Info",
        Severity::Warning => "Warning",
        Severity::Critical => "Critical",
    };
    match &message.content {
        Content::Budget(news) if is_over(news) => {
            format!("Resolved: nothing of budget {} stands open any more.", news.budget)
        }
        Content::Budget(news) if news.status == Status::Info => {
            format!("{loud}: nothing of budget {} stands open.", news.budget)
        }
        Content::Budget(news) => {
            let (what, still) = match (news.is_reminder, loud) {
                (true, loud) => (format!("{loud}, a reminder"), "still "),
                (false, loud) => (format!("{loud}, firing"), ""),
            };
            match news.open {
                1 => format!("{what}: 1 incident of budget {} {still}stands open.", news.budget),
                open => format!("{what}: {open} incidents of budget {} {still}stand open.", news.budget),
            }
        }
        Content::Operation(_) => format!("{loud}: about proxymeter and its vendors, not about a budget."),
        Content::Digest(digest) => format!(
            "From {} to {}.",
            filters::moment(digest.since, zone),
            filters::moment(digest.until, zone)
        ),
        Content::Drill { who } => format!("This is a test that {who} asked for: nothing has happened."),
    }
}
