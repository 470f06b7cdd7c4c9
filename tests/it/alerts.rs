//! The alert rules, judged by promtool, and what promtool does not ask of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::process::{Command, Stdio};

use crate::support::{files_below, files_with, read, require, root, succeed};

const RULES: &str = "alerts/proxymeter.yml";

/// One alert as it stands in the file: its name and the text up to the next rule.
struct Alert<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> Alert<'a> {
    /// The value of a key that stands on one line.
    fn value(&self, key: &str) -> &'a str {
        let found = self.text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }
}

fn alerts(rules: &str) -> Vec<Alert<'_>> {
    let alerts = rules.split("\n      - ").filter_map(|rule| rule.strip_prefix("alert: "));
    alerts.map(|text| Alert { name: text.lines().next().unwrap(), text }).collect()
}

#[test]
fn rules_are_valid() {
    let Some(promtool) = require("promtool") else { return };
    for rules in fs::read_dir(root().join("alerts")).unwrap().map(|entry| entry.unwrap().path()) {
        if rules.is_file() {
            succeed(
                Command::new(&promtool).args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(rules),
            );
        }
    }
}

#[test]
fn rules_fire_when_they_should_and_only_then() {
    let Some(promtool) = require("promtool") else { return };
    succeed(Command::new(promtool).args(["test", "rules"]).args(files_with("alerts/tests", "yml")));
}

#[test]
fn every_alert_is_tested_firing_and_not_firing() {
    let mut firing = BTreeSet::new();
    let mut at_rest = BTreeSet::new();
    let tests: Vec<_> = files_with("alerts/tests", "yml").iter().map(read).collect();
    for text in &tests {
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("alertname: ") {
                let fires = lines.peek().is_some_and(|next| next.starts_with("exp_alerts"));
                (if fires { &mut firing } else { &mut at_rest }).insert(name);
            }
        }
    }
    let rules = read(RULES);
    let names: BTreeSet<_> = alerts(&rules).iter().map(|alert| alert.name).collect();
    assert!(!names.is_empty());
    assert_eq!(names, firing, "alerts, and those with a test in which they fire");
    assert_eq!(names, at_rest, "alerts, and those with a test in which they do not");
}

#[test]
fn every_alert_says_what_to_do() {
    let rules = read(RULES);
    for alert in alerts(&rules) {
        let Alert { name, text } = alert;
        assert!(name.starts_with("Proxymeter"), "{name}");
        let severity = alert.value("severity");
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: severity {severity}");
        let summary = alert.value("summary");
        assert!(summary.ends_with('.'), "{name}: {summary}");
        assert!(!summary.contains("{{"), "{name}: a summary is the same for every series: {summary}");
        let description = text.split_once("description: ").unwrap().1;
        assert!(description.contains("{{ "), "{name}: a description names the series");
        assert_eq!(alert.value("runbook_url"), format!("docs/runbooks/{name}.md"));
    }
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let rules = read(RULES);
    let expected: BTreeSet<_> =
        alerts(&rules).iter().map(|alert| root().join(format!("docs/runbooks/{}.md", alert.name))).collect();
    assert_eq!(expected, files_below("docs/runbooks").into_iter().collect());
    for page in expected {
        let name = page.file_stem().unwrap().to_str().unwrap();
        assert!(read(&page).starts_with(&format!("# {name}\n")), "{}", page.display());
    }
}

#[test]
fn the_example_configuration_of_prometheus_finds_the_rules() {
    let example = read("deploy/prometheus/prometheus.yml");
    assert!(read(RULES).contains(r#"job="proxymeter""#) && example.contains("job_name: proxymeter\n"));

    let Some(promtool) = require("promtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("prometheus.yml");
    fs::write(&config, example).unwrap();
    fs::create_dir(folder.path().join("alerts")).unwrap();
    fs::copy(root().join(RULES), folder.path().join("alerts/proxymeter.yml")).unwrap();
    let said = succeed(Command::new(promtool).args(["check", "config"]).arg(config));
    assert!(said.contains("1 rule files found"), "{said}");
}

#[test]
fn the_exposition_that_dashboards_are_tried_with_is_clean() {
    let Some(promtool) = require("promtool") else { return };
    let fixture = File::open(root().join("tests/fixtures/exposition/overview.prom")).unwrap();
    let said = succeed(Command::new(promtool).args(["check", "metrics"]).stdin(Stdio::from(fixture)));
    assert_eq!(said, "");
}
