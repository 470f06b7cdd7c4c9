//! What a user would build instead: an exporter that polls, Prometheus, Alertmanager, and a webhook that switches off.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use proxymeter::collect::clock::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::stage::{PASSWORD, Stage, USERNAME};

/// How long a program may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// One account as the exporter and the webhook reach it.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    base: String,
    user: String,
    token: String,
}

/// What the exporter last read, by account: id and bytes of the one that runs away.
type Read = Arc<Mutex<BTreeMap<String, (u64, f64)>>>;

/// All of it; ended when it is dropped.
pub(crate) struct Pipeline {
    _programs: Vec<Child>,
    _tasks: JoinSet<()>,
}

impl Pipeline {
    /// Starts all of it for accounts with their budgets; the exporter polls when `minutes` divide the time.
    pub(crate) async fn start(
        stage: &Stage,
        folder: &Path,
        budgets: &BTreeMap<String, u64>,
        minutes: i64,
    ) -> Self {
        let mut clients = BTreeMap::new();
        for account in budgets.keys() {
            clients.insert(account.clone(), Client::login(stage.base_url(account)).await);
        }
        let read = Read::default();
        let mut tasks = JoinSet::new();
        for (account, client) in &clients {
            tasks.spawn(client.clone().poll(account.clone(), stage.clock.clone(), minutes, read.clone()));
        }
        let own = serve(&mut tasks, clients, budgets.clone(), read).await;
        let (prometheus, alertmanager) = (free().await, free().await);
        let write = |name: &str, text: Value| std::fs::write(folder.join(name), text.to_string()).unwrap();
        // JSON is YAML.
        write(
            "alertmanager.yml",
            json!({
                // Everything but the grouping is the default: group_wait is 30 s.
                "route": { "receiver": "off", "group_by": ["account"] },
                "receivers": [{ "name": "off", "webhook_configs": [{ "url": format!("http://{own}/off") }] }],
            }),
        );
        write(
            "rules.yml",
            json!({ "groups": [{ "name": "budgets", "rules": [{ "alert": "Over", "expr": "used_bytes >= budget_bytes" }] }] }),
        );
        write(
            "prometheus.yml",
            json!({
                "global": { "scrape_interval": "15s", "evaluation_interval": "15s" },
                "rule_files": ["rules.yml"],
                "alerting": { "alertmanagers": [{ "static_configs": [{ "targets": [alertmanager.to_string()] }] }] },
                "scrape_configs": [{ "job_name": "own", "static_configs": [{ "targets": [own.to_string()] }] }],
            }),
        );
        let programs = vec![
            program(
                "prometheus-alertmanager",
                folder,
                &[
                    "--config.file=alertmanager.yml".to_owned(),
                    "--storage.path=alertmanager".to_owned(),
                    "--cluster.listen-address=".to_owned(),
                    format!("--web.listen-address={alertmanager}"),
                ],
            ),
            program(
                "prometheus",
                folder,
                &[
                    "--config.file=prometheus.yml".to_owned(),
                    "--storage.tsdb.path=prometheus".to_owned(),
                    format!("--web.listen-address={prometheus}"),
                ],
            ),
        ];
        for address in [alertmanager, prometheus] {
            ready(address).await;
        }
        Self { _programs: programs, _tasks: tasks }
    }
}

impl Client {
    async fn login(base: String) -> Self {
        let http = reqwest::Client::new();
        let login = http.post(format!("{base}/login")).basic_auth(USERNAME, Some(PASSWORD));
        let answer: Value = serde_json::from_str(&login.send().await.unwrap().text().await.unwrap()).unwrap();
        let of = |key: &str| answer[key].as_str().unwrap().to_owned();
        Self { user: of("user_id"), token: of("token"), http, base }
    }

    fn list(&self) -> String {
        format!("{}/users/{}/sub-users", self.base, self.user)
    }

    /// Reads the list at once, and then whenever it is due.
    async fn poll(self, account: String, clock: Arc<Clock>, minutes: i64, read: Read) {
        loop {
            let list = self.http.get(self.list()).bearer_auth(&self.token).send().await.unwrap();
            let list: Value = serde_json::from_str(&list.text().await.unwrap()).unwrap();
            // One that is off is in the list no more; the last figure stays.
            if let Some(row) =
                list.as_array().unwrap().iter().find(|row| row["username"].as_str() == Some("runaway"))
            {
                let used = (row["id"].as_u64().unwrap(), row["traffic"].as_f64().unwrap() * 1e9);
                read.lock().unwrap().insert(account.clone(), used);
            }
            tokio::time::sleep(until_due(clock.now(), minutes)).await;
        }
    }

    async fn switch_off(&self, id: u64) {
        let patch = self.http.patch(format!("{}/{id}", self.list())).bearer_auth(&self.token);
        let patch = patch.header("Content-Type", "application/json").body(r#"{"status":"disabled"}"#);
        assert!(patch.send().await.unwrap().status().is_success(), "the webhook's call");
    }
}

fn until_due(now: Timestamp, minutes: i64) -> Duration {
    let past = now.as_millisecond().rem_euclid(minutes * 60_000);
    Duration::from_millis((minutes * 60_000 - past).unsigned_abs())
}

/// The exporter's page and the webhook.
async fn serve(
    tasks: &mut JoinSet<()>,
    clients: BTreeMap<String, Client>,
    budgets: BTreeMap<String, u64>,
    read: Read,
) -> SocketAddr {
    let read_by_webhook = read.clone();
    let page = move || async move {
        let mut page = String::new();
        for (account, (_, used)) in read.lock().unwrap().iter() {
            let amount = budgets[account];
            page += &format!("used_bytes{{account=\"{account}\"}} {used}\n");
            page += &format!("budget_bytes{{account=\"{account}\"}} {amount}\n");
        }
        page
    };
    let off = move |body: String| async move {
        let told: Value = serde_json::from_str(&body).unwrap();
        for alert in told["alerts"].as_array().unwrap() {
            let account = alert["labels"]["account"].as_str().unwrap();
            let (id, _) = read_by_webhook.lock().unwrap()[account];
            if alert["status"] == "firing" {
                clients[account].switch_off(id).await;
            }
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/metrics", get(page)).route("/off", post(off));
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn free() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap()
}

fn program(name: &str, folder: &Path, arguments: &[String]) -> Child {
    let log = File::create(folder.join(format!("{name}.log"))).unwrap();
    Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("`{name}` does not start: {error}"))
}

async fn ready(address: SocketAddr) {
    let http = reqwest::Client::new();
    let answers = async {
        let url = format!("http://{address}/-/ready");
        while !http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, answers).await.is_ok(), "nobody is ready at {address}");
}
