//! Tells receivers, once what is told is saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Receiver, Way};
use crate::domain::budget::threshold::Severity;
use crate::domain::plan::Notice;

/// Tells every notice to its receiver.
pub(super) fn all(notices: &[Notice], receivers: &BTreeMap<Arc<str>, Receiver>) {
    for notice in notices {
        if let Some(Receiver { way: Way::Log, .. }) = receivers.get(&notice.receiver) {
            log(notice);
        }
    }
}

/// Tells the operator of trouble that no decision can be saved about.
pub(super) fn operator(
    to: &[Arc<str>],
    receivers: &BTreeMap<Arc<str>, Receiver>,
    severity: Severity,
    words: &str,
) {
    for name in to {
        if let Some(Receiver { way: Way::Log, .. }) = receivers.get(name) {
            say(severity, name, &on_one_line(words));
        }
    }
}

fn log(notice: &Notice) {
    let Notice { receiver, title, lines, severity, labels, about: _ } = notice;
    let mut text = on_one_line(title);
    for line in lines {
        text.push_str("; ");
        text.push_str(&on_one_line(line));
    }
    for (name, value) in labels {
        text.push_str(&format!("; {name} = {}", on_one_line(value)));
    }
    say(*severity, receiver, &text);
}

fn say(severity: Severity, receiver: &str, text: &str) {
    match severity {
        Severity::Info => tracing::info!(receiver, "notice: {text}"),
        Severity::Warning => tracing::warn!(receiver, "notice: {text}"),
        Severity::Critical => tracing::error!(receiver, "notice: {text}"),
    }
}

/// Vendors' names may hold anything.
pub(super) fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
