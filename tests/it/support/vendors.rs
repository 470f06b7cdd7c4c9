//! The simulated vendors on a free port of this machine, a folder with a configuration for them, and their books.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proxymeter::collect::clock::Clock;
use proxymeter::simulator::{self, Access, AccountBooks, Dialect, Scenario, Simulator};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::binary::{self, Ran, finish, proxymeter};

/// What every secret begins with; no output may hold it.
pub(crate) const CANARY: &str = "Hunter2_";

/// Both vendors in every dialect, with traffic that stands still, and a folder to run in.
pub(crate) struct Vendors {
    pub(crate) simulator: Simulator,
    pub(crate) address: SocketAddr,
    pub(crate) accounts: Vec<Access>,
    folder: TempDir,
    stop: CancellationToken,
    // Dropped last: it runs the server.
    _runtime: Runtime,
}

impl Vendors {
    /// The built-in accounts.
    pub(crate) fn start() -> Self {
        Self::of(Scenario::default())
    }

    /// The accounts of a scenario, with secrets that would be noticed.
    pub(crate) fn of(scenario: Scenario) -> Self {
        Self::that_begin(scenario, SignedDuration::ZERO)
    }

    /// The same, whose clock is so far behind this machine's.
    pub(crate) fn that_begin(mut scenario: Scenario, ago: SignedDuration) -> Self {
        let clock = Clock::new();
        let ten_days_ago = clock.now() - SignedDuration::from_hours(240);
        for account in &mut scenario.accounts {
            account.secret = format!("{CANARY}{}", account.name);
            if account.dialect != Dialect::Oxylabs {
                // On the first day of a period there would be little to compare.
                account.billing_day = ten_days_ago.to_zoned(TimeZone::UTC).day();
            }
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let simulator = Simulator::new(&scenario, Arc::new(move || clock.now() - ago));
        simulator.pause(true);
        let stop = CancellationToken::new();
        runtime.spawn(simulator::serve(listener, simulator.clone(), stop.clone()));
        let (accounts, folder) = (scenario.access(), TempDir::new().unwrap());
        let vendors = Self { simulator, address, accounts, folder, stop, _runtime: runtime };
        for access in &vendors.accounts {
            fs::write(vendors.secret_file(&access.account), format!("{}\n", access.secret)).unwrap();
        }
        vendors.configure(|_| true, "");
        vendors
    }

    /// Where the binary runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn secret_file(&self, account: &str) -> std::path::PathBuf {
        self.folder().join(format!("{account}.secret"))
    }

    pub(crate) fn base_url(&self, access: &Access) -> String {
        format!("http://{}{}", self.address, access.base_path)
    }

    /// Writes `proxymeter.toml` with the accounts that are meant, and `more` behind it.
    pub(crate) fn configure(&self, is_meant: impl Fn(&str) -> bool, more: &str) {
        self.configure_each(is_meant, "", more);
    }

    /// The same, with `each` in the table of every account.
    pub(crate) fn configure_each(&self, is_meant: impl Fn(&str) -> bool, each: &str, more: &str) {
        let meant = self.accounts.iter().filter(|access| is_meant(&access.account));
        // The usual rate would make a test of many calls last.
        let is_said = [each, more].iter().any(|text| text.contains("requests_per_second"));
        let rate = if is_said { "" } else { "requests_per_second = 200\n" };
        let accounts: String = meant.map(|access| self.account(access) + rate + each).collect();
        let text = format!("web.listen = \"127.0.0.1:0\"\noperator.notify = []\n{accounts}{more}");
        // Swapped whole, as a daemon may be reading it.
        let fresh = self.folder().join("proxymeter.toml.new");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, self.folder().join("proxymeter.toml")).unwrap();
    }

    /// The table of one account; keys may follow it.
    fn account(&self, access: &Access) -> String {
        let Access { account, provider, dialect, product, username, .. } = access;
        let own = match (*provider, *dialect) {
            ("oxylabs", _) => {
                format!(
                    "product = \"{product}\"\nusername = \"{username}\"\npassword_file = \"{account}.secret\"\n"
                )
            }
            (_, "v2") => format!("dialect = \"v2\"\napi_key_file = \"{account}.secret\"\n"),
            (_, dialect) => format!(
                "dialect = \"{dialect}\"\nusername = \"{username}\"\npassword_file = \"{account}.secret\"\n"
            ),
        };
        format!(
            "\n[accounts.{account}]\nprovider = \"{provider}\"\nbase_url = \"{}\"\n{own}",
            self.base_url(access)
        )
    }

    /// The binary in the folder, not yet run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        proxymeter(self.folder(), arguments)
    }

    /// Runs the binary in the folder to its end; what it prints holds no secret.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = finish(&mut self.command(arguments));
        assert!(!ran.told().contains(CANARY), "{arguments:?} tells a secret: {}", ran.told());
        ran
    }

    /// Runs the daemon in the folder.
    pub(crate) fn serve(&self) -> binary::Serving {
        binary::Serving::start(self.command(&["serve"]))
    }

    /// The daemon of a configuration that may write: it begins a store only where that is said.
    pub(crate) fn serve_new(&self) -> binary::Serving {
        binary::Serving::start(self.command(&["serve", "--new-store"]))
    }

    /// The truth of one account.
    pub(crate) fn books(&self, account: &str) -> AccountBooks {
        self.simulator.books().accounts.remove(account).unwrap()
    }

    /// How often an operation was called at an account.
    pub(crate) fn calls(&self, account: &str, operation: &str) -> u64 {
        self.books(account).calls.get(operation).copied().unwrap_or_default()
    }
}

impl Drop for Vendors {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
