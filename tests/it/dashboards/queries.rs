//! A real Prometheus scrapes an exposition like ours, and is asked what the dashboards and rules ask.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time;
use url::Url;

use super::model::dashboards;
use crate::support::{read, require, root};

/// How long anything may take that takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn every_query_of_a_dashboard_has_an_answer() {
    let Some(program) = require("prometheus") else { return };
    let exporter = serve_exposition().await;
    let mut prometheus = Prometheus::start(&program, exporter).await;
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

/// A Prometheus of our own, with its data in a folder that vanishes with it.
struct Prometheus {
    child: Child,
    address: SocketAddr,
    http: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Prometheus {
    async fn start(program: &Path, exporter: SocketAddr) -> Self {
        // reqwest asks for a provider even where nothing is encrypted; another test may have been first.
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
        let mut folder = tempfile::tempdir().unwrap();
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": [root().join("alerts/*.yml")],
            "scrape_configs": [{
                "job_name": "proxymeter",
                "static_configs": [{ "targets": [exporter.to_string()] }],
            }],
        });
        fs::write(folder.path().join("prometheus.yml"), config.to_string()).unwrap();

        // Prometheus cannot be given a socket, and does not say which port it chose. Between our look and its
        // start another process may take the port; then it ends at once, and the next port is tried.
        for _ in 0..5 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let child = spawn(program, folder.path(), address).unwrap();
            let mut prometheus = Self { child, address, http: http.clone(), folder };
            if prometheus.is_ready().await {
                return prometheus;
            }
            folder = prometheus.folder;
        }
        panic!("prometheus did not start:\n{}", log_of(folder.path()));
    }

    /// Whether it answers, or has ended.
    async fn is_ready(&mut self) -> bool {
        let ready = format!("http://{}/-/ready", self.address);
        let answers = async {
            loop {
                if self.child.try_wait().unwrap().is_some() {
                    return false;
                }
                if self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return true;
                }
                time::sleep(Duration::from_millis(50)).await;
            }
        };
        time::timeout(PATIENCE, answers).await.unwrap_or(false)
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url = Url::parse(&format!("http://{}/api/v1/{path}", self.address)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let body = self.http.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    async fn query(&self, expr: &str) -> Value {
        self.get("query", &[("query", expr)]).await
    }

    /// Waits until an expression has a result.
    async fn until(&self, what: &str, expr: &str) {
        let seen = async {
            while self.query(expr).await["data"]["result"].as_array().is_none_or(Vec::is_empty) {
                time::sleep(Duration::from_millis(100)).await;
            }
        };
        if time::timeout(PATIENCE, seen).await.is_err() {
            panic!("waited in vain for {what}; prometheus says:\n{}", log_of(self.folder.path()));
        }
    }

    async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }
}

fn spawn(program: &Path, folder: &Path, address: SocketAddr) -> io::Result<Child> {
    let log = File::create(folder.join("log"))?;
    Command::new(program)
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--log.level=warn")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
