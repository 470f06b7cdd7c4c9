//! PagerDuty's Events API v2: an episode is one alert there, which the end of it resolves.
//!
//! Source: developer.pagerduty.com, "Events API v2". The whole payload goes with a resolve too, as event rules drop one
//! without it (prometheus/alertmanager#1440).

use serde_json::{Value, json};

use super::card::{Card, Tone};
use crate::domain::outbox::NoticeId;
use crate::notify::escape::PLAIN;
use crate::notify::message::{Content, Severity, Status};

const SUMMARY: usize = 1_024;
const KEY: usize = 255;
const TEXT: usize = 8_000;
const LINE: usize = 1_000;

/// What is done to which alert: an episode is one, and what is only for the record has one beside it, which good news
/// end.
fn alert(card: &Card<'_>, episode: &NoticeId) -> (&'static str, String) {
    let of_episode = format!("proxymeter/{episode}");
    match &card.message.content {
        Content::Budget(news) if news.status == Status::Info => {
            let is_good = card.message.severity == Severity::Info;
            (if is_good { "resolve" } else { "trigger" }, format!("proxymeter/budget {}/info", news.budget))
        }
        _ if card.tone() == Tone::Over => ("resolve", of_episode),
        _ => ("trigger", of_episode),
    }
}

/// Without the routing key, which is a secret.
pub(super) fn body(card: &Card<'_>, episode: &NoticeId) -> Value {
    let (action, key) = alert(card, episode);
    let (class, budget) = match &card.message.content {
        Content::Budget(news) => ("budget", Some(news)),
        Content::Operation(_) => ("operation", None),
        Content::Digest(_) => ("digest", None),
        Content::Drill { .. } => ("drill", None),
    };
    let severity = match card.message.severity {
        // What reports or tests wakes nobody.
        _ if matches!(class, "digest" | "drill") => "info",
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let mut details = json!({ "text": PLAIN.lines(card.text, LINE, TEXT).join("\n") });
    for (name, text) in card.details(&PLAIN, 100, LINE) {
        details[name] = text.into();
    }
    if let Some(news) = budget {
        details["budget"] = PLAIN.line(&news.budget, LINE).into();
        details["open"] = news.open.into();
        for (name, value) in &news.labels {
            details[format!("label {}", PLAIN.line(name, 100))] = PLAIN.line(value, LINE).into();
        }
    }
    let mut body = json!({
        "event_action": action,
        "dedup_key": PLAIN.line(&key, KEY),
        "client": "proxymeter",
        "payload": {
            "summary": PLAIN.line(card.title, SUMMARY),
            "source": "proxymeter",
            "severity": severity,
            "timestamp": card.at().to_string(),
            "class": class,
            "custom_details": details,
        },
    });
    if let Some(news) = budget {
        body["payload"]["component"] = PLAIN.line(&news.budget, KEY).into();
    }
    if let Some(link) = card.link() {
        body["client_url"] = link.into();
        body["links"] = json!([{ "href": link, "text": "proxymeter" }]);
    }
    body
}
