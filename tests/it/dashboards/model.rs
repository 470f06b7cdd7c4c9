//! As much of Grafana's dashboard format as the tests look at.

use serde_json::Value;

use crate::support::{files_with, read};

/// One file of `grafana/dashboards`.
pub(super) struct Dashboard {
    /// Its file name.
    pub(super) file: String,
    /// All of it.
    pub(super) json: Value,
    /// Its panels and rows, from top to bottom.
    pub(super) panels: Vec<Panel>,
}

/// A panel, or the heading of a row.
pub(super) struct Panel {
    /// All of it.
    pub(super) json: Value,
}

/// One query of a panel.
pub(super) struct Target {
    /// Its letter.
    pub(super) name: String,
    /// Its PromQL, with Grafana's variables.
    pub(super) expr: String,
    /// All of it.
    pub(super) json: Value,
}

/// PromQL that Prometheus can be asked, with every variable replaced.
pub(super) struct Query {
    /// The panel and target, or the variable.
    pub(super) place: String,
    /// The PromQL.
    pub(super) expr: String,
    /// The labels that the reader is shown of each series.
    pub(super) labels: Vec<String>,
}

/// Every dashboard of the repository.
pub(super) fn dashboards() -> Vec<Dashboard> {
    let dashboards: Vec<_> = files_with("grafana/dashboards", "json")
        .iter()
        .map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            let json: Value = serde_json::from_str(&read(path)).unwrap();
            let panels = json["panels"].as_array().unwrap().iter();
            let panels = panels.map(|json| Panel { json: json.clone() }).collect();
            Dashboard { file, json, panels }
        })
        .collect();
    assert!(!dashboards.is_empty());
    dashboards
}

impl Dashboard {
    /// The queries of all variables and panels, ready to be asked.
    pub(super) fn queries(&self) -> Vec<Query> {
        let variables = self.json["templating"]["list"].as_array().unwrap().iter();
        let variables = variables.filter(|variable| variable["type"] == "query").map(|variable| {
            let asked = variable["query"]["query"].as_str().unwrap();
            let inner = asked.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
            let (selector, label) = inner.rsplit_once(", ").unwrap();
            Query {
                place: format!("variable {label}"),
                expr: replaced(&format!("count by ({label}) ({selector})")),
                labels: vec![label.to_owned()],
            }
        });
        let targets = self.panels.iter().flat_map(|panel| {
            panel.targets().into_iter().map(|target| Query {
                place: format!("{} {}", panel.title(), target.name),
                expr: replaced(&target.expr),
                labels: target.labels(panel),
            })
        });
        variables.chain(targets).collect()
    }
}

impl Panel {
    pub(super) fn title(&self) -> &str {
        self.json["title"].as_str().unwrap_or_default()
    }

    pub(super) fn is_row(&self) -> bool {
        self.json["type"] == "row"
    }

    /// The default unit and those of single columns.
    pub(super) fn units(&self) -> Vec<String> {
        let config = &self.json["fieldConfig"];
        let overrides = config["overrides"].as_array().into_iter().flatten();
        let properties = overrides.flat_map(|each| each["properties"].as_array().into_iter().flatten());
        let units = properties.filter(|property| property["id"] == "unit").map(|property| &property["value"]);
        [&config["defaults"]["unit"]]
            .into_iter()
            .chain(units)
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn targets(&self) -> Vec<Target> {
        let targets = self.json["targets"].as_array().into_iter().flatten();
        targets
            .map(|json| Target {
                name: json["refId"].as_str().unwrap().to_owned(),
                expr: json["expr"].as_str().unwrap().to_owned(),
                json: json.clone(),
            })
            .collect()
    }
}

impl Target {
    /// What the legend names, or what stands in a table beside the values.
    fn labels(&self, panel: &Panel) -> Vec<String> {
        if let Some(legend) = self.json["legendFormat"].as_str() {
            let fields = legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0.trim());
            return fields.map(str::to_owned).collect();
        }
        let transformations = panel.json["transformations"].as_array().into_iter().flatten();
        let orders = transformations.filter_map(|each| each["options"]["indexByName"].as_object());
        orders.flat_map(|order| order.keys()).filter(|name| !name.starts_with("Value")).cloned().collect()
    }
}

/// The metrics of ours (and `up`) that an expression reads, each with the text between its braces.
pub(super) fn selectors(expr: &str) -> Vec<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    let mut rest = expr;
    while let Some(start) = rest.find(is_name) {
        let tail = &rest[start..];
        let (name, after) = tail.split_at(tail.find(|c| !is_name(c)).unwrap_or(tail.len()));
        rest = after;
        if name.starts_with("proxymeter_") || name == "up" {
            let matchers = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let matchers = matchers.map_or("", |(matchers, after)| {
                rest = after;
                matchers
            });
            found.push((name, matchers));
        }
    }
    found
}

fn replaced(expr: &str) -> String {
    let mut expr = expr.replace("$__rate_interval", "30s");
    for variable in ["job", "instance", "provider", "account"] {
        expr = expr.replace(&format!("\"${variable}\""), "\".+\"");
    }
    assert!(!expr.contains('$'), "{expr}");
    expr
}

#[test]
fn selectors_are_found_with_their_matchers() {
    let expr = r#"sum by (up_to) (rate(proxymeter_a_total{job="up{x"}[5m])) / up{a="b"} + proxymeter_b"#;
    assert_eq!(
        selectors(expr),
        [("proxymeter_a_total", r#"job="up{x""#), ("up", r#"a="b""#), ("proxymeter_b", "")]
    );
}
