//! A real Prometheus on a free port, ended with the test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, io};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time;
use url::Url;

use super::http_client;

/// How long anything may take that takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Prometheus of our own, with its data in a folder that vanishes with it.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    http: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes `exporter` every second, and evaluates the rules of these files.
    pub(crate) async fn start(program: &Path, exporter: SocketAddr, rules: &[PathBuf]) -> Self {
        let http = http_client();
        let mut folder = tempfile::tempdir().unwrap();
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": rules,
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

    /// Asks its API.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url = Url::parse(&format!("http://{}/api/v1/{path}", self.address)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let body = self.http.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// Asks for an expression's value now.
    pub(crate) async fn query(&self, expr: &str) -> Value {
        self.get("query", &[("query", expr)]).await
    }

    /// Waits until an expression has a result.
    pub(crate) async fn until(&self, what: &str, expr: &str) {
        let seen = async {
            while self.query(expr).await["data"]["result"].as_array().is_none_or(Vec::is_empty) {
                time::sleep(Duration::from_millis(100)).await;
            }
        };
        if time::timeout(PATIENCE, seen).await.is_err() {
            panic!("waited in vain for {what}; prometheus says:\n{}", log_of(self.folder.path()));
        }
    }

    /// Ends it.
    pub(crate) async fn stop(&mut self) {
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
