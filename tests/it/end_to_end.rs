//! A real Prometheus scrapes `serve`, which collects from `simulate`, in each dialect, as separate processes:
//! what Prometheus holds equals the simulator's books.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::support::prometheus::Prometheus;
use crate::support::{http_client, require, succeed};

const PATIENCE: Duration = Duration::from_secs(60);

fn proxymeter(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_proxymeter"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

type Output<R> = Lines<BufReader<R>>;

/// Reads lines until `found` makes something of one; gives that, and all lines before it.
async fn until<T, R: AsyncRead + Unpin>(
    lines: &mut Output<R>,
    found: impl Fn(&str) -> Option<T>,
) -> (T, String) {
    let mut seen = String::new();
    let look = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(found) = found(&line) {
                return Some(found);
            }
            seen += &format!("{line}\n");
        }
        None
    };
    let found = timeout(PATIENCE, look).await.ok().flatten();
    (found.unwrap_or_else(|| panic!("not found in:\n{seen}")), seen)
}

/// The simulator and the configuration that it prints for its accounts.
async fn simulate() -> (Child, SocketAddr, String) {
    let mut child = proxymeter(&["simulate", "--listen", "127.0.0.1:0"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (address, _) =
        until(&mut lines, |line| line.split_once("http://")?.1.split_once(';')?.0.parse().ok()).await;
    let ((), config) = until(&mut lines, |line| line.starts_with("# Serving").then_some(())).await;
    (child, address, config)
}

fn accounts(config: &str) -> usize {
    config.matches("[accounts.").count()
}

/// The simulator's configuration, looking every two seconds and serving on a free port.
fn hurried(config: &str) -> String {
    let mut text = String::from("web.listen = \"127.0.0.1:0\"\nlog.format = \"json\"\n");
    for line in config.lines().filter(|line| !line.starts_with("schedule.")) {
        text += &format!("{line}\n");
        if line.starts_with("provider") {
            text += "requests_per_second = 100\n";
            let collectors = if line.contains("oxylabs") { "targets" } else { "subscriptions" };
            for collector in ["account", "sub_users", collectors] {
                text += &format!("schedule.{collector} = \"*/2 * * * * *\"\n");
            }
        }
    }
    text
}

async fn serve(config: &Path) -> (Child, SocketAddr) {
    let mut child = proxymeter(&["serve", "--config", config.to_str().unwrap()]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let named = |line: &str| serde_json::from_str::<Value>(line).ok()?["address"].as_str()?.parse().ok();
    let (address, _) = until(&mut lines, named).await;
    // Its further lines are read, so that it never waits for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address)
}

async fn get(client: &reqwest::Client, url: String) -> (u16, String) {
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn post(client: &reqwest::Client, url: String, body: &str) -> u16 {
    let request = client.post(url).header("content-type", "application/json").body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

/// Every figure that the books and the metrics both have: the series, and its value by the books.
fn expected(books: &Value) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for (account, book) in books["accounts"].as_object().unwrap() {
        let series =
            |family: &str, labels: &str| format!("proxymeter_{family}{{account=\"{account}\"{labels}}}");
        let reported = book["reported_bytes"].as_u64().unwrap();
        all.push((series("account_traffic_bytes", ""), reported));
        for sub_user in book["sub_users"].as_array().unwrap().iter().filter(|row| row["listed"] == true) {
            let name = sub_user["username"].as_str().unwrap();
            let who = format!(",sub_user=\"{name}\"");
            all.push((series("sub_user_traffic_bytes", &who), sub_user["reported_bytes"].as_u64().unwrap()));
            if let Some(limit) = sub_user["limit_bytes"].as_u64() {
                all.push((series("sub_user_traffic_limit_bytes", &who), limit));
            }
            let today = books["now"].as_str().unwrap()[..10].to_owned();
            let targets = sub_user["targets"].as_array().unwrap().iter().filter(|row| row["date"] == *today);
            if book["provider"] == "oxylabs" {
                let sum: u64 = targets.map(|row| row["reported_bytes"].as_u64().unwrap()).sum();
                all.push((format!("sum({})", series("target_traffic_bytes", &who)), sum));
            }
        }
    }
    all
}

async fn differing(prometheus: &Prometheus, expected: &[(String, u64)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (expr, value) in expected {
        let answer = prometheus.query(expr).await;
        let found = answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned);
        if found.as_ref().and_then(|found| found.parse::<f64>().ok()) != Some(*value as f64) {
            wrong.push(format!("{expr}: {found:?}, by the books {value}"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_holds_what_the_books_say_in_every_dialect() {
    let Some(program) = require("prometheus") else { return };
    let (mut simulator, vendors, config) = simulate().await;
    assert_eq!(accounts(&config), 4, "{config}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proxymeter.toml");
    std::fs::write(&file, hurried(&config)).unwrap();
    let (mut daemon, address) = serve(&file).await;
    let mut prometheus = Prometheus::start(&program, address, &[]).await;
    let client = http_client();

    // Traffic grows while it is looked at; then the vendors' time stands still, and all must agree.
    prometheus
        .until("growing traffic", "changes(proxymeter_account_traffic_bytes{account=\"oxylabs\"}[1m]) > 0")
        .await;
    let control = format!("http://{vendors}/-/clock");
    assert_eq!(post(&client, control, r#"{"paused": true}"#).await, 200);
    let (_, books) = get(&client, format!("http://{vendors}/-/books")).await;
    let expected = expected(&serde_json::from_str(&books).unwrap());
    assert!(expected.len() > 40, "{}", expected.len());
    let agreed = async {
        while !differing(&prometheus, &expected).await.is_empty() {
            sleep(Duration::from_millis(200)).await;
        }
    };
    if timeout(PATIENCE, agreed).await.is_err() {
        panic!("{:#?}", differing(&prometheus, &expected).await);
    }

    let (_, metrics) = get(&client, format!("http://{address}/metrics")).await;
    std::fs::write(folder.path().join("metrics"), metrics).unwrap();
    let Some(promtool) = require("promtool") else { return };
    let page = std::fs::File::open(folder.path().join("metrics")).unwrap();
    succeed(std::process::Command::new(promtool).args(["check", "metrics"]).stdin(page));

    let (status, ready) = get(&client, format!("http://{address}/-/ready")).await;
    assert_eq!((status, ready.matches(": ").count()), (200, 0), "{ready}");
    prometheus.stop().await;

    // SIGTERM ends it in time and well.
    let id = daemon.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let ended = timeout(Duration::from_secs(10), daemon.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0));
    simulator.kill().await.unwrap();
}

/// The value of a series on a page of metrics, by the beginning of its line.
fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find(|line| line.starts_with(series))?.rsplit_once(' ')?.1.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_ready_within_five_seconds_and_shows_both_vendors_growing() {
    let mut demo = proxymeter(&["demo", "--listen", "127.0.0.1:0"]);
    let started = tokio::time::Instant::now();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let (address, _) = until(&mut lines, |line| {
        line.split_once("http://")?.1.split_once("/metrics")?.0.parse::<SocketAddr>().ok()
    })
    .await;
    let client = http_client();
    let ready = async {
        while get(&client, format!("http://{address}/-/ready")).await.0 != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(5) - started.elapsed(), ready).await.unwrap();

    let series = ["oxylabs", "decodo-published", "decodo-v1", "decodo-v2"].map(|account| {
        let provider = account.split('-').next().unwrap();
        format!("proxymeter_account_traffic_bytes{{provider=\"{provider}\",account=\"{account}\"}}")
    });
    let metrics = || get(&client, format!("http://{address}/metrics"));
    let first = metrics().await.1;
    let growing = async {
        loop {
            let now = metrics().await.1;
            if series.iter().all(|series| value(&now, series) > value(&first, series)) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(series.iter().all(|series| value(&first, series) > Some(0.0)), "{first}");
    timeout(PATIENCE, growing).await.unwrap();
    demo.kill().await.unwrap();
}
