//! What stands open, as an alert's labels and annotations.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::notify::escape::{PLAIN, clean};
use crate::notify::message::{Content, Message, Severity};

/// Something that stands open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAlert {
    /// What it is, to Alertmanager: the same labels are the same alert. See [`labels`].
    pub labels: BTreeMap<String, String>,
    /// What is told of it. See [`annotations`].
    pub annotations: BTreeMap<String, String>,
    /// Since when.
    pub starts_at: Timestamp,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// How loud.
    pub severity: Severity,
    /// The vendor.
    pub provider: &'a str,
    /// The account.
    pub account: &'a str,
    /// The product, where the target has one.
    pub product: Option<&'a str>,
    /// The sub-user, where it is one.
    pub sub_user: Option<&'a str>,
    /// The budget.
    pub budget: &'a str,
    /// The threshold.
    pub threshold: &'a str,
    /// What the operator says of the budget.
    pub own: &'a BTreeMap<String, String>,
}

/// The labels of a budget's alert; the operator's own never stand in the place of ours.
///
/// Values are as they came: an alert that was cut might be another's. An empty one is none, as Alertmanager has it.
#[must_use]
pub fn labels(about: &About<'_>) -> BTreeMap<String, String> {
    let ours = [
        ("alertname", "ProxymeterBudget"),
        ("severity", word(about.severity)),
        ("provider", about.provider),
        ("account", about.account),
        ("product", about.product.unwrap_or_default()),
        ("sub_user", about.sub_user.unwrap_or_default()),
        ("budget", about.budget),
        ("threshold", about.threshold),
    ];
    let mut labels = BTreeMap::new();
    for (name, value) in about.own {
        let name = label_name(name);
        // Not even where ours is empty: the name has a meaning.
        if !ours.iter().any(|(ours, _)| *ours == name) {
            labels.entry(name).or_insert_with(|| value.clone());
        }
    }
    labels.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
    labels.retain(|_, value| !value.is_empty());
    labels
}

/// The annotations of an alert: the one line, and what else is known below it.
#[must_use]
pub fn annotations(summary: &str, details: &[(&str, &str)]) -> BTreeMap<String, String> {
    let details: Vec<String> = details.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    let description = PLAIN.lines(&details.join("\n"), 1_000, 8_000).join("\n");
    let all = [("summary", PLAIN.line(summary, 1_000)), ("description", description)];
    all.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text)).collect()
}

/// A name that every Alertmanager takes: letters, digits and underscores, and no digit first.
fn label_name(name: &str) -> String {
    let ours = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = clean(name).chars().map(ours).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() { format!("_{name}") } else { name }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// The alert that a message is by itself, as nothing of it stands open anywhere.
pub(super) fn own(message: &Message) -> Option<OpenAlert> {
    let (name, trouble, lines) = match &message.content {
        Content::Operation(operation) => {
            let trouble = operation.troubles.first().map(|trouble| trouble.key.clone());
            ("ProxymeterOperation", trouble, message.lines())
        }
        Content::Drill { .. } => ("ProxymeterDrill", None, Vec::new()),
        Content::Budget(_) | Content::Digest(_) => return None,
    };
    let mut labels: BTreeMap<String, String> = [("alertname", name), ("severity", word(message.severity))]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    labels
        .extend(trouble.filter(|trouble| !trouble.is_empty()).map(|trouble| ("trouble".to_owned(), trouble)));
    let mut annotations = annotations(&message.marked_title(), &[]);
    if !lines.is_empty() {
        let lines = PLAIN.lines(&lines.join("\n"), 1_000, 8_000).join("\n");
        annotations.insert("description".to_owned(), lines);
    }
    Some(OpenAlert { labels, annotations, starts_at: message.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_labels_are_made_names_and_never_override_ours() {
        let own = [
            ("team", "data"),
            ("cost-center", "4711"),
            ("cost.center", "another"),
            ("2nd", "x"),
            ("größe", "y"),
            ("severity", "none"),
            ("sub_user", "stolen"),
            ("empty", ""),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let about = About {
            severity: Severity::Critical,
            provider: "oxylabs",
            account: "acme",
            product: Some("residential"),
            sub_user: None,
            budget: "scrapers",
            threshold: "stop",
            own: &own,
        };
        let made: Vec<String> =
            labels(&about).iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            made,
            [
                "_2nd=x",
                "account=acme",
                "alertname=ProxymeterBudget",
                "budget=scrapers",
                "cost_center=4711",
                "gr__e=y",
                "product=residential",
                "provider=oxylabs",
                "severity=critical",
                "team=data",
                "threshold=stop",
            ]
        );
    }
}
