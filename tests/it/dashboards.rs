//! The dashboards: their shape, what every panel owes its reader, and whether their queries are PromQL.

mod model;
mod queries;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{require, succeed};
use model::{Dashboard, Panel, dashboards, selectors};

/// The units that Grafana knows, as far as we use them.
const UNITS: &[&str] =
    &["none", "short", "percentunit", "decbytes", "Bps", "reqps", "s", "dtdurations", "dateTimeAsIso"];

/// Metrics that belong to a process, not to an account.
const OF_THE_PROCESS: &[&str] = &[
    "up",
    "proxymeter_build_info",
    "proxymeter_series_dropped",
    "proxymeter_notices_total",
    "proxymeter_outbox_pending",
    "proxymeter_outbox_oldest_timestamp_seconds",
    "proxymeter_receiver_up",
];

#[test]
fn a_dashboard_can_be_provisioned() {
    for Dashboard { json, file, .. } in dashboards() {
        assert!(json.get("id").is_none(), "{file}: an id belongs to one Grafana");
        assert!(
            json.get("__inputs").is_none(),
            "{file}: inputs are asked for by hand, and never when provisioned"
        );
        assert!(json.get("spec").is_none(), "{file}: the second format is not read from a folder");
        assert_eq!(json["uid"], file.strip_suffix(".json").unwrap());
        assert_eq!(json["schemaVersion"], 39, "{file}");
        assert_eq!(json["editable"], false, "{file}: what is edited there is lost");
        assert!(!json["title"].as_str().unwrap().is_empty(), "{file}");
    }
}

#[test]
fn variables_follow_the_data() {
    for Dashboard { json, file, .. } in dashboards() {
        let variables = json["templating"]["list"].as_array().unwrap();
        let names: Vec<_> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["datasource", "job", "instance", "provider", "account"], "{file}");
        assert_eq!(variables[0]["type"], "datasource");
        assert_eq!(variables[0]["query"], "prometheus");
        for variable in &variables[1..] {
            assert_eq!(variable["datasource"]["uid"], "${datasource}", "{file}: {variable}");
            assert_eq!(
                variable["refresh"], 2,
                "{file}: not asked again when the time range changes: {variable}"
            );
            assert_eq!(variable["includeAll"], true, "{file}: {variable}");
            assert_eq!(variable["multi"], true, "{file}: {variable}");
            assert_eq!(variable["allValue"], ".+", "{file}: {variable}");
        }
    }
}

#[test]
fn panels_have_ids_of_their_own_and_do_not_overlap() {
    for Dashboard { panels, file, .. } in dashboards() {
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel.json["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{file}");

        let mut taken = BTreeSet::new();
        for panel in &panels {
            let at = |key: &str| panel.json["gridPos"][key].as_u64().unwrap();
            assert!(at("w") > 0 && at("h") > 0 && at("x") + at("w") <= 24, "{file}: {}", panel.title());
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "{file}: {} lies over another panel", panel.title());
                }
            }
        }
    }
}

#[test]
fn every_panel_explains_itself() {
    for Dashboard { panels, file, .. } in dashboards() {
        let mut titles = BTreeSet::new();
        for panel in &panels {
            assert!(titles.insert((panel.is_row(), panel.title())), "{file}: two panels {}", panel.title());
            if panel.is_row() {
                continue;
            }
            let description = panel.json["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{file}: {}: description {description:?}", panel.title());
            assert_eq!(panel.json["datasource"]["uid"], "${datasource}", "{file}: {}", panel.title());
            assert!(!panel.units().is_empty(), "{file}: {} has no unit", panel.title());
            for unit in panel.units() {
                assert!(UNITS.contains(&unit.as_str()), "{file}: {}: unit {unit}", panel.title());
            }
        }
    }
}

#[test]
fn every_target_keeps_to_the_chosen_variables() {
    for Dashboard { panels, file, .. } in dashboards() {
        for panel in panels.iter().filter(|panel| !panel.is_row()) {
            let targets = panel.targets();
            assert!(!targets.is_empty(), "{file}: {} asks nothing", panel.title());
            let names: BTreeSet<_> = targets.iter().map(|target| &target.name).collect();
            assert_eq!(names.len(), targets.len(), "{file}: {}", panel.title());
            for target in targets {
                let place = format!("{file}: {} {}", panel.title(), target.name);
                assert_eq!(target.json["datasource"]["uid"], "${datasource}", "{place}");
                let selectors = selectors(&target.expr);
                assert!(!selectors.is_empty(), "{place} reads nothing: {}", target.expr);
                for (metric, matchers) in selectors {
                    let mut wanted = vec!["job", "instance"];
                    if !OF_THE_PROCESS.contains(&metric) {
                        wanted.extend(["provider", "account"]);
                    }
                    for label in wanted {
                        let matcher = format!(r#"{label}=~"${label}""#);
                        assert!(matchers.contains(&matcher), "{place}: {metric} without {matcher}");
                    }
                }
            }
        }
    }
}

#[test]
fn counters_are_read_as_rates_and_gauges_never_are() {
    for Dashboard { panels, file, .. } in dashboards() {
        for target in panels.iter().flat_map(Panel::targets) {
            for (metric, _) in selectors(&target.expr) {
                let counter = metric.ends_with("_total") || metric.ends_with("_bucket");
                let before = &target.expr[..target.expr.find(metric).unwrap()];
                let rated = before.ends_with("rate(") || before.ends_with("increase(");
                assert_eq!(counter, rated, "{file}: {}", target.expr);
                if counter {
                    assert!(target.expr.contains("[$__rate_interval]"), "{file}: {}", target.expr);
                }
            }
        }
    }
}

#[test]
fn columns_that_are_named_are_those_that_are_asked_for() {
    for Dashboard { panels, file, .. } in dashboards() {
        for panel in panels.iter().filter(|panel| panel.json["type"] == "table") {
            let targets = panel.targets();
            let asked: BTreeSet<_> = match targets.as_slice() {
                [_] => BTreeSet::from(["Value".to_owned()]),
                several => several.iter().map(|target| format!("Value #{}", target.name)).collect(),
            };
            let overrides = panel.json["fieldConfig"]["overrides"].as_array().unwrap();
            let named = overrides.iter().map(|each| each["matcher"]["options"].as_str().unwrap().to_owned());
            assert_eq!(asked, named.collect(), "{file}: {}", panel.title());
        }
    }
}

#[test]
fn every_query_is_promql() {
    let Some(promtool) = require("promtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    for dashboard in dashboards() {
        let queries = dashboard.queries();
        let rules: Vec<Value> = queries
            .iter()
            .enumerate()
            .map(|(number, query)| {
                json!({ "record": format!("query:{number}"), "expr": query.expr, "labels": { "asked_by": query.place } })
            })
            .collect();
        assert!(!rules.is_empty());
        // JSON is YAML, so that nothing needs to be escaped by hand.
        let file = folder.path().join(&dashboard.file);
        fs::write(&file, json!({ "groups": [{ "name": dashboard.file, "rules": rules }] }).to_string())
            .unwrap();
        succeed(Command::new(&promtool).args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(file));
    }
}
