//! A real Prometheus scrapes an exposition like ours, and is asked what the dashboards and rules ask.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;

use super::model::dashboards;
use crate::support::prometheus::Prometheus;
use crate::support::{read, require, root};

#[tokio::test]
async fn every_query_of_a_dashboard_has_an_answer() {
    let Some(program) = require("prometheus") else { return };
    let exporter = serve_exposition().await;
    let mut prometheus = Prometheus::start(&program, exporter, &[root().join("alerts/*.yml")]).await;
    // Rates need two scrapes; a third makes sure of it.
    prometheus.until("three scrapes", r#"sum_over_time(up{job="proxymeter"}[1m]) >= 3"#).await;

    let mut wrong = Vec::new();
    for dashboard in dashboards() {
        for query in dashboard.queries() {
            let answer = prometheus.query(&query.expr).await;
            if let Err(what) = judge(&answer, &query.labels) {
                wrong.push(format!("{}: {what}: {}", query.place, query.expr));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");

    prometheus
        .until("the recorded share", "sub_user:proxymeter_sub_user_traffic_bytes_per_limit:ratio > 0")
        .await;
    let rules = prometheus.get("rules", &[]).await;
    let groups = rules["data"]["groups"].as_array().unwrap();
    let rules: Vec<_> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(!rules.is_empty());
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule:#}");
    }
    prometheus.stop().await;
}

/// Whether the answer has a value, and names every series as the panel does.
fn judge(answer: &Value, labels: &[String]) -> Result<(), String> {
    if answer["status"] != "success" {
        return Err(answer["error"].to_string());
    }
    if answer["data"]["resultType"] != "vector" {
        return Err(format!("a {}", answer["data"]["resultType"]));
    }
    let series = answer["data"]["result"].as_array().unwrap();
    if series.iter().all(|each| each["value"][1] == "NaN") {
        return Err(format!("{} series without a value", series.len()));
    }
    for each in series {
        if let Some(label) = labels.iter().find(|label| each["metric"].get(label).is_none()) {
            return Err(format!("no {label} on {}", each["metric"]));
        }
    }
    Ok(())
}

/// Serves the fixture on a free port, brought to the present, with a little more traffic at each scrape.
async fn serve_exposition() -> SocketAddr {
    let fixture: Arc<str> = read("tests/fixtures/exposition/overview.prom").into();
    let scrapes = Arc::new(AtomicU32::new(0));
    let metrics = get(move || {
        let body = moved_on(&fixture, scrapes.fetch_add(1, Ordering::Relaxed));
        async { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], body) }
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/metrics", metrics);
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

/// Moments are moved by as much as the newest attempt lies back; counters and traffic grow by a hundredth a scrape.
fn moved_on(fixture: &str, scrape: u32) -> String {
    let samples = |line: &str| {
        let (series, value) = line.rsplit_once(' ')?;
        Some((series.to_owned(), value.parse::<f64>().ok()?))
    };
    let attempts = fixture.lines().filter(|line| line.starts_with("proxymeter_collector_last_attempt"));
    let newest = attempts.filter_map(samples).map(|(_, at)| at).fold(0.0, f64::max);
    let shift = unix_now() - newest;
    let growth = 1.0 + f64::from(scrape) / 100.0;
    let lines = fixture.lines().map(|line| match samples(line).filter(|_| !line.starts_with('#')) {
        None => format!("{line}\n"),
        Some((series, value)) => {
            let name = series.split('{').next().unwrap();
            let grows = ["_total", "_bucket", "_sum", "_count", "_user_traffic_bytes"];
            let value = match name {
                _ if name.ends_with("_timestamp_seconds") => value + shift,
                _ if grows.iter().any(|end| name.ends_with(end)) => value * growth,
                _ => value,
            };
            format!("{series} {value}\n")
        }
    });
    lines.collect()
}

#[expect(clippy::disallowed_methods, reason = "the moments must be near those of Prometheus' own clock")]
fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
