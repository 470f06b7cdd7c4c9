//! The same budgets as alerting rules of a real Prometheus, over the same sub-users.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

/// Evaluations of which the median is taken.
const EVALUATIONS: usize = 7;

/// Who gives up, and after how long.
const PATIENCE: Duration = Duration::from_secs(180);

/// The median time of one evaluation of ten rules, and how many alerts were active; or why there is none.
///
/// `gigabytes` says by index what was used of 100 GB.
pub(crate) fn ten_rules(count: usize, gigabytes: impl Fn(u64) -> u64) -> Result<(Duration, f64), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let target = serve(exposition(count, gigabytes)).map_err(|error| error.to_string())?;
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let own = free.map_err(|error| error.to_string())?.to_string();
    let running = Running::start(folder.path(), &target, &own)?;
    let start = Instant::now();
    let found = watch(&own, count, start);
    drop(running);
    found
}

/// Waits until all series are there, and then reads the duration of one evaluation after another.
fn watch(own: &str, count: usize, start: Instant) -> Result<(Duration, f64), String> {
    let expected = format!("\"{count}\"");
    while !get(own, "/api/v1/query?query=count(used_bytes)").contains(&expected) {
        rest(start)?;
    }
    // The one that was under way has not seen all of them, and the next one makes the alerts.
    let mut last = iterations(own) + 2.0;
    let mut times = vec![];
    while times.len() < EVALUATIONS {
        let done = iterations(own);
        if done > last {
            last = done;
            times.push(own_metric(own, "prometheus_rule_group_last_duration_seconds{"));
        }
        rest(start)?;
    }
    times.sort_by(f64::total_cmp);
    let alerts = get(own, "/api/v1/query?query=count(ALERTS)");
    let number = alerts.rsplit('"').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0.0);
    Ok((Duration::from_secs_f64(times[times.len() / 2]), number))
}

fn iterations(own: &str) -> f64 {
    own_metric(own, "prometheus_rule_group_iterations_total{")
}

fn own_metric(own: &str, name: &str) -> f64 {
    let text = get(own, "/metrics");
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.rsplit(' ').next()).and_then(|value| value.parse().ok()).unwrap_or(0.0)
}

/// The body of an answer, or nothing while nobody answers.
fn get(address: &str, path: &str) -> String {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a bench waits for another process")]
fn rest(start: Instant) -> Result<(), String> {
    std::thread::sleep(Duration::from_millis(200));
    if start.elapsed() < PATIENCE { Ok(()) } else { Err(format!("not done after {PATIENCE:?}")) }
}

/// Ended when it is dropped.
struct Running(Child);

impl Running {
    fn start(folder: &Path, target: &str, own: &str) -> Result<Self, String> {
        let rules: String = (1..=10)
            .map(|step| {
                let share = f64::from(step) / 10.0;
                format!("  - {{alert: t{step}0, expr: used_bytes / amount_bytes >= {share}}}\n")
            })
            .collect();
        let rules = format!("groups:\n- name: budgets\n  interval: 5s\n  rules:\n{rules}");
        let config = format!(
            "rule_files: [rules.yml]\nscrape_configs:\n- job_name: sub_users\n  scrape_interval: 20s\n  \
             scrape_timeout: 20s\n  static_configs: [{{targets: ['{target}']}}]\n"
        );
        let write = |name: &str, text: String| {
            std::fs::write(folder.join(name), text).map_err(|error| error.to_string())
        };
        write("rules.yml", rules)?;
        write("prometheus.yml", config)?;
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={own}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.map(Self).map_err(|error| format!("`prometheus` does not start: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn exposition(count: usize, gigabytes: impl Fn(u64) -> u64) -> String {
    let labels = |index: usize| {
        format!("{{provider=\"oxylabs\",account=\"acme\",sub_user=\"customer_scraper_{index:06}\"}}")
    };
    let used = (0..count)
        .map(|index| format!("used_bytes{} {}\n", labels(index), gigabytes(index as u64) * 1_000_000_000));
    let amount = (0..count).map(|index| format!("amount_bytes{} 100000000000\n", labels(index)));
    let head = |name: &str| format!("# TYPE {name} gauge\n");
    [head("used_bytes"), used.collect(), head("amount_bytes"), amount.collect()].concat()
}

/// Gives the same text to whoever asks, until the process ends.
fn serve(text: String) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answered = answer(stream, &text);
            drop(answered);
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, text: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )?;
    stream.write_all(text.as_bytes())
}
