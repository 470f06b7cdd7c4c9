//! The real binary, run as a user would: its own environment, its own folder, and an end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a run ended with.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The exit code; none where a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Everything that was printed, for a message.
    pub(crate) fn told(&self) -> String {
        format!("{}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }

    /// This run, which must have ended with `code`.
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}", self.told());
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.told()))
    }
}

/// The binary with `arguments` in `folder`, with nothing of this process' environment that it would read.
pub(crate) fn proxymeter(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proxymeter"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { status, stdout: text(stdout), stderr: text(stderr) }
}

/// Runs the binary to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    finish(&mut proxymeter(folder, arguments))
}

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; panics with `told` when there is none in time.
pub(crate) fn until<T>(look: impl FnMut() -> Option<T>, told: impl Fn() -> String) -> T {
    within(PATIENCE, Duration::from_millis(20), look, told)
}

/// The same, for what may take as long as this, looked at so often.
pub(crate) fn within<T>(
    patience: Duration,
    every: Duration,
    mut look: impl FnMut() -> Option<T>,
    told: impl Fn() -> String,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let found = runtime.block_on(async {
        let looking = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(every).await;
            }
        };
        tokio::time::timeout(patience, looking).await
    });
    found.unwrap_or_else(|_| panic!("not within {patience:?}: {}", told()))
}

/// Lets so much time pass.
pub(crate) fn pass(time: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::sleep(time).await });
}

/// Ends a process of ours at once, as a power cut would.
pub(crate) fn kill(id: u32) {
    // It may have ended by itself.
    let _status = Command::new("sh")
        .args(["-c", "kill -KILL \"$0\"", &id.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

/// A running daemon, killed where the test ends without having stopped it.
pub(crate) struct Serving {
    child: Child,
    log: Arc<Mutex<String>>,
    pub(crate) address: SocketAddr,
}

impl Serving {
    /// Starts the command and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (reader, written) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                written.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let address = until(|| listens_at(&log.lock().unwrap()), || log.lock().unwrap().clone());
        Self { child, log, address }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it read its configuration again.
    pub(crate) fn reload(&self) {
        let id = self.id().to_string();
        assert!(Command::new("sh").args(["-c", "kill -HUP \"$0\"", &id]).status().unwrap().success());
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The status and body of `GET path`.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Waits until the body of `GET path` is as wanted, and gives it.
    pub(crate) fn wait_for(&self, path: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let look = || Some(self.get(path).1).filter(|body| is_wanted(body));
        until(look, || format!("{}\n--- log\n{}", self.get(path).1, self.log()))
    }

    /// Stops it as a service manager would, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().unwrap().success());
        let ended = until(|| self.child.try_wait().unwrap(), || "it does not stop".to_owned());
        ended.code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn listens_at(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("serves /metrics"))?;
    line.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
}
