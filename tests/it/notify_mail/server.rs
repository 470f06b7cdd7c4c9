//! The SMTP server of the tests: `server.py` in a process of its own, on a free port, ended with the test.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time;

use crate::support::root;

/// How long anything may take that takes a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Python that has aiosmtpd, or nothing, and then the test is to return at once.
///
/// `tests/run` installs one; under it, an absent one is a failure.
pub(crate) async fn python() -> Option<PathBuf> {
    let named = env::var_os("PROXYMETER_TESTS_PYTHON").map(PathBuf::from);
    for python in named.into_iter().chain([root().join("target/test-tools/bin/python"), "python3".into()]) {
        let probe = Command::new(&python).args(["-c", "import aiosmtpd"]).output().await;
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(python);
        }
    }
    assert!(
        env::var_os("PROXYMETER_TESTS_REQUIRE_SERVERS").is_none(),
        "no Python with aiosmtpd: pip install aiosmtpd, and name it in PROXYMETER_TESTS_PYTHON"
    );
    // Not `eprintln!`, which the harness keeps to itself while the test passes.
    let mut stderr = io::stderr();
    writeln!(stderr, "left out: no Python with aiosmtpd (tests/run installs it)").unwrap();
    None
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    stdin: ChildStdin,
    told: UnboundedReceiver<String>,
    /// Where it listens.
    pub(crate) port: u16,
    /// Connections that were seen while waiting for something else.
    pub(crate) connections: usize,
    /// Whether each login was right.
    pub(crate) logins: Vec<bool>,
}

impl Server {
    /// Starts one and waits until it listens.
    pub(crate) async fn start(python: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(python)
            .arg(root().join("tests/it/notify_mail/server.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it says of connections that broke is no news here; a failure shows in what it tells.
            .stderr(if env::var_os("MAIL_SERVER_LOG").is_some() { Stdio::inherit() } else { Stdio::null() })
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, told) = mpsc::unbounded_channel();
        // It is always heard: it would wait, in the middle of a mail, until there is room for what it tells.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, stdin, told, port: 0, connections: 0, logins: Vec::new() };
        let ready = server.until("ready").await;
        server.port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        server
    }

    /// From now on it does this.
    pub(crate) async fn plan(&mut self, plan: Value) {
        self.stdin.write_all(format!("{plan}\n").as_bytes()).await.unwrap();
        self.until("planned").await;
    }

    /// The next mail that came in whole, whether it was answered or not.
    pub(crate) async fn mail(&mut self) -> Value {
        self.until("mail").await
    }

    /// Reads what it has told up to now, and panics at a mail.
    pub(crate) async fn no_mail(&mut self) {
        self.plan(json!({})).await;
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> u16 {
        self.child.kill().await.unwrap();
        self.port
    }

    async fn until(&mut self, wanted: &str) -> Value {
        let found = async {
            loop {
                let line = self
                    .told
                    .recv()
                    .await
                    .unwrap_or_else(|| panic!("the server has ended; it was to tell of {wanted}"));
                let told: Value = serde_json::from_str(&line).unwrap();
                match told["event"].as_str().unwrap() {
                    event if event == wanted => return told,
                    "connect" => self.connections += 1,
                    "login" => self.logins.push(told["is_right"].as_bool().unwrap()),
                    _ => panic!("waited for {wanted}, was told {told}"),
                }
            }
        };
        time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("waited in vain for {wanted}"))
    }
}
