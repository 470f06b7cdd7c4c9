//! The `prometheus` crate's metrics as OpenMetrics 1.0, which that crate does not know.

use std::fmt::{self, Write};

use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use crate::metrics::catalog::Unit;

/// TYPE, UNIT and HELP of one family; a counter's `_total` belongs to its samples alone.
pub(in crate::metrics) fn header(
    name: &str,
    is_counter: bool,
    kind: &str,
    unit: Option<Unit>,
    help: &str,
) -> String {
    let name = if is_counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    let unit = unit.map_or_else(String::new, |unit| format!("# UNIT {name} {}\n", unit.as_str()));
    format!("# TYPE {name} {kind}\n{unit}# HELP {name} {}\n", escaped(help))
}

/// All families, without the final `# EOF`; kinds that proxymeter has none of are left out.
pub(super) fn encode(families: &[MetricFamily]) -> String {
    let mut text = String::new();
    for family in families {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => "counter",
            MetricType::GAUGE => "gauge",
            MetricType::HISTOGRAM => "histogram",
            MetricType::SUMMARY | MetricType::UNTYPED => continue,
        };
        let name = family.name();
        text += &header(name, kind == "counter", kind, unit_of(name), family.help());
        let written = samples(&mut text, family);
        debug_assert!(written.is_ok(), "a String takes every write");
    }
    text
}

fn samples(text: &mut String, family: &MetricFamily) -> fmt::Result {
    let name = family.name();
    for metric in family.get_metric() {
        let labels = metric.get_label();
        match family.get_field_type() {
            MetricType::COUNTER => sample(text, name, labels, None, metric.get_counter().get_value())?,
            MetricType::GAUGE => sample(text, name, labels, None, metric.get_gauge().get_value())?,
            MetricType::HISTOGRAM => {
                let histogram = metric.get_histogram();
                let count = histogram.get_sample_count() as f64;
                let bucket = format!("{name}_bucket");
                for found in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
                    let bound = format!("{:?}", found.upper_bound());
                    sample(text, &bucket, labels, Some(&bound), found.cumulative_count() as f64)?;
                }
                sample(text, &bucket, labels, Some("+Inf"), count)?;
                sample(text, &format!("{name}_sum"), labels, None, histogram.get_sample_sum())?;
                sample(text, &format!("{name}_count"), labels, None, count)?;
            }
            MetricType::SUMMARY | MetricType::UNTYPED => {}
        }
    }
    Ok(())
}

fn sample(
    text: &mut String,
    name: &str,
    labels: &[LabelPair],
    bound: Option<&str>,
    value: f64,
) -> fmt::Result {
    text.push_str(name);
    let mut separator = '{';
    for (label, value) in
        labels.iter().map(|pair| (pair.name(), pair.value())).chain(bound.map(|le| ("le", le)))
    {
        write!(text, "{separator}{label}=\"{}\"", escaped(value))?;
        separator = ',';
    }
    if separator == ',' {
        text.push('}');
    }
    writeln!(text, " {value}")
}

/// The unit by the name's ending, as OpenMetrics wants it.
fn unit_of(name: &str) -> Option<Unit> {
    let base = name.strip_suffix("_total").unwrap_or(name);
    [Unit::Bytes, Unit::Seconds]
        .into_iter()
        .find(|unit| base.strip_suffix(unit.as_str()).is_some_and(|rest| rest.ends_with('_')))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
