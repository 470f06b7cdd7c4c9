//! Dashboards, alerts and docs name only metrics that exist.

use std::collections::BTreeSet;

use proxymeter::metrics::catalog::FAMILIES;

use crate::support::{files_below, files_with, read};

/// The full names of all metrics of ours.
fn known() -> Vec<&'static str> {
    FAMILIES.iter().map(|family| family.name).collect()
}

/// Words of a text that begin with `proxymeter_`, without those that are part of a longer name.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| word.starts_with("proxymeter_"))
}

/// Of a histogram, the name under which its series stand.
fn family(name: &str) -> &str {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
    base.filter(|base| known().contains(base)).unwrap_or(name)
}

#[test]
fn every_metric_that_is_named_exists() {
    let mut unknown = BTreeSet::new();
    let mut seen = 0;
    for folder in ["grafana", "alerts", "docs", "deploy", "tests/fixtures/exposition"] {
        for path in files_below(folder) {
            for name in named(&read(&path)) {
                seen += 1;
                // A name that ends in `_` stands for a family of names, such as `proxymeter_account_*`.
                let exists = if name.ends_with('_') {
                    known().iter().any(|known| known.starts_with(name))
                } else {
                    known().contains(&family(name))
                };
                if !exists {
                    unknown.insert(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} names were found; are the folders where they were?");
    assert!(unknown.is_empty(), "no such metric: {unknown:#?}");
}

#[test]
fn the_exposition_that_dashboards_are_tried_with_has_every_metric() {
    let fixtures: String = files_with("tests/fixtures/exposition", "prom").iter().map(read).collect();
    let there: BTreeSet<_> = named(&fixtures).map(family).collect();
    assert_eq!(there, known().into_iter().collect());
}
