//! A real Alertmanager on a free port, ended with the test.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time;

use super::http_client;

/// How long anything may take that takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// An Alertmanager of our own, with its data in a folder that vanishes with it.
pub(crate) struct Alertmanager {
    child: Child,
    address: SocketAddr,
    http: reqwest::Client,
    folder: tempfile::TempDir,
}

impl Alertmanager {
    /// Groups by budget, and tells `webhook` at once.
    pub(crate) async fn start(program: &Path, webhook: &str) -> Self {
        let mut folder = tempfile::tempdir().unwrap();
        let config = json!({
            "route": {
                "receiver": "test", "group_by": ["alertname", "budget"],
                "group_wait": "200ms", "group_interval": "1s", "repeat_interval": "1h",
            },
            "receivers": [{ "name": "test", "webhook_configs": [{ "url": webhook, "send_resolved": true }] }],
        });
        fs::write(folder.path().join("alertmanager.yml"), config.to_string()).unwrap();
        // As with Prometheus: it cannot be given a socket, and another may take the port that was free.
        for _ in 0..5 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let child = spawn(program, folder.path(), address);
            let mut alertmanager = Self { child, address, http: http_client(), folder };
            if alertmanager.is_ready().await {
                return alertmanager;
            }
            folder = alertmanager.folder;
        }
        panic!("alertmanager did not start:\n{}", log_of(folder.path()));
    }

    async fn is_ready(&mut self) -> bool {
        let ready = format!("{}/-/ready", self.url());
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

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it holds for firing, silenced or not.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        let url = format!("{}/api/v2/alerts", self.url());
        let body = self.http.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// Waits until what it holds is as wanted.
    pub(crate) async fn until(&self, what: &str, is_wanted: impl Fn(&[Value]) -> bool) {
        let seen = async {
            while !is_wanted(&self.alerts().await) {
                time::sleep(Duration::from_millis(50)).await;
            }
        };
        if time::timeout(PATIENCE, seen).await.is_err() {
            panic!("waited in vain for {what}: {:#?}\n{}", self.alerts().await, log_of(self.folder.path()));
        }
    }

    /// Silences what has this label.
    pub(crate) async fn silence(&self, name: &str, value: &str, from: &str, until: &str) {
        let silence = json!({
            "matchers": [{ "name": name, "value": value, "isRegex": false }],
            "startsAt": from, "endsAt": until, "createdBy": "test", "comment": "test",
        });
        let call = self.http.post(format!("{}/api/v2/silences", self.url()));
        let call = call.header("content-type", "application/json").body(silence.to_string());
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

fn spawn(program: &Path, folder: &Path, address: SocketAddr) -> Child {
    let log = File::create(folder.join("log")).unwrap();
    Command::new(program)
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        // Alone: it would look for others, and needs an address of its own for that.
        .arg("--cluster.listen-address=")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
