//! The stage: simulated accounts in which one sub-user runs away, the daemon beside them, and what the books say.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::clock::Clock;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{
    self, AccountSpec, Books, Dialect, Scenario, Shape, Simulator, SubUserSpec, TargetSpec, WriteBooks,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// 200 GB in six hours, in bytes a day.
const RUNAWAY_A_DAY: u64 = 800_000_000_000;

/// The vendor's figures come in steps of 0.01 GB; amounts that are whole steps are reached by figure and truth at once.
pub(crate) const STEP: u64 = 10_000_000;

/// The traffic of each hour is drawn for each target: so many of them make the pace even.
const TARGETS: usize = 200;

/// How often the books are looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

pub(crate) const USERNAME: &str = "customer_acme";
pub(crate) const PASSWORD: &str = "Not_a_secret_1";

/// An Oxylabs account with one sub-user that does little, and these, each of which runs away from the start on.
pub(crate) fn account(name: &str, runaways: &[&str]) -> AccountSpec {
    let mut account = AccountSpec::new(name, Dialect::Oxylabs, "mobile", USERNAME, PASSWORD);
    account.token_life = SignedDuration::from_hours(12);
    let targets: Vec<_> = (0..TARGETS)
        .map(|index| TargetSpec { name: format!("{index}.example.com"), share: 1, request: Bytes(400_000) })
        .collect();
    let user = |name: &str, per_day| {
        let workload =
            simulator::Workload { per_day: Bytes(per_day), shape: Shape::Steady, targets: targets.clone() };
        SubUserSpec { auto_disable: false, ..SubUserSpec::new(name, Limit::Unlimited, workload) }
    };
    account.sub_users = runaways.iter().map(|name| user(name, RUNAWAY_A_DAY)).collect();
    account.sub_users.push(user("calm", 1_000_000_000));
    account
}

/// A served simulation in real time.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<Clock>,
    stop: CancellationToken,
}

impl Stage {
    pub(crate) async fn start(accounts: Vec<AccountSpec>) -> Self {
        let clock = Arc::new(Clock::new());
        let scenario = Scenario { accounts, history_days: 0, ..Scenario::default() };
        let time = clock.clone();
        let simulator = Simulator::new(&scenario, Arc::new(move || time.now()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        tokio::spawn(simulator::serve(listener, simulator.clone(), stop.clone()));
        Self { simulator, address, clock, stop }
    }

    pub(crate) fn base_url(&self, account: &str) -> String {
        format!("http://{}/{account}/v2", self.address)
    }

    /// The tables of an account whose limits may be lowered, looked at as `schedule` says.
    pub(crate) fn configured(&self, account: &str, schedule: &str) -> String {
        let base = self.base_url(account);
        format!(
            "\n[accounts.{account}]\nprovider = \"oxylabs\"\nbase_url = \"{base}\"\nusername = \"{USERNAME}\"\n\
             password = \"{PASSWORD}\"\nproduct = \"mobile\"\ngigabyte = \"decimal\"\nwrites = true\n\
             schedule.account = \"{schedule}\"\nschedule.sub_users = \"{schedule}\"\n"
        )
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Exact bytes of one sub-user by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<(Timestamp, u64)>);

impl Trace {
    pub(crate) fn look(&mut self, books: &Books, account: &str, sub_user: &str) {
        let users = &books.accounts[account].sub_users;
        let user = users.iter().find(|user| user.username == sub_user).unwrap();
        self.0.push((books.now.parse().unwrap(), user.traffic_bytes));
    }

    /// Bytes a second so far.
    pub(crate) fn pace(&self) -> f64 {
        let ((from, before), (to, after)) = (self.0[0], self.0[self.0.len() - 1]);
        (after - before) as f64 / seconds(from, to)
    }

    /// When it came to so many bytes, between two looks by the pace between them.
    pub(crate) fn reached(&self, bytes: u64) -> Option<Timestamp> {
        let at = self.0.iter().position(|(_, used)| *used >= bytes)?;
        let ((from, before), (to, after)) = (*self.0.get(at.checked_sub(1)?)?, self.0[at]);
        let part = (bytes - before) as f64 / (after - before) as f64;
        Some(from + SignedDuration::from_secs_f64(seconds(from, to) * part))
    }

    /// What it had come to at a moment.
    pub(crate) fn at(&self, moment: Timestamp) -> Option<u64> {
        let at = self.0.iter().position(|(at, _)| *at >= moment)?;
        let ((from, before), (to, after)) = (*self.0.get(at.checked_sub(1)?)?, self.0[at]);
        Some(before + ((after - before) as f64 * seconds(from, moment) / seconds(from, to)) as u64)
    }

    pub(crate) fn last(&self) -> u64 {
        self.0.last().unwrap().1
    }
}

pub(crate) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// The write that switched a sub-user of an account off, if any did.
pub(crate) fn switched_off(writes: &[WriteBooks]) -> Option<Timestamp> {
    let is_so = |write: &&WriteBooks| {
        write.applied && write.after.as_ref().is_some_and(|after| after.status == "disabled")
    };
    Some(writes.iter().find(is_so)?.at.parse().unwrap())
}

/// The release build of the daemon; killed when it is dropped.
pub(crate) struct Daemon {
    _child: Child,
    log: Arc<Mutex<String>>,
    metrics: String,
    http: reqwest::Client,
}

impl Daemon {
    /// Starts it with a configuration and waits until it serves.
    pub(crate) async fn start(folder: &Path, config: &str) -> Self {
        std::fs::write(folder.join("proxymeter.toml"), config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_proxymeter"))
            .args(["serve", "--new-store"])
            .current_dir(folder)
            .env_clear()
            .env("PROXYMETER__LOG__LEVEL", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (written, mut lines) = (log.clone(), BufReader::new(child.stderr.take().unwrap()).lines());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                written.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        for _ in 0..200 {
            let found = address(&log.lock().unwrap());
            if let Some(address) = found {
                let metrics = format!("http://{address}/metrics");
                return Self { _child: child, log, metrics, http: reqwest::Client::new() };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("proxymeter does not serve:\n{}", log.lock().unwrap());
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// When each account's list was observed last.
    pub(crate) async fn looked(&self) -> Vec<(String, Timestamp)> {
        let page = self.http.get(&self.metrics).send().await.unwrap().text().await.unwrap();
        let of = |line: &str| {
            let line = line.strip_prefix("proxymeter_observed_timestamp_seconds{")?;
            let account = line.split_once("account=\"")?.1.split_once('"')?.0.to_owned();
            let at: f64 = line.rsplit(' ').next()?.parse().ok()?;
            let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(at);
            line.contains("collector=\"sub_users\"").then_some((account, at))
        };
        page.lines().filter_map(of).collect()
    }
}

fn address(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("serves /metrics"))?;
    line.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
}

/// Median and largest.
pub(crate) fn middle_and_worst(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[values.len() - 1])
}
