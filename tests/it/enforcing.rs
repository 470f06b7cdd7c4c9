//! `serve` with writes on, against the simulated vendors: what is lowered, by whom it is stopped, and how it comes back.

use std::fs;

use jiff::SignedDuration;
use proxymeter::simulator::{ByHand, Fault, FaultRule};
use serde_json::Value;

use crate::support::binary::Serving;
use crate::support::vendors::Vendors;

mod by_person;
mod dialects;
mod faults;
mod modes;

/// Looks each second, waits for no delay of the vendor, and pins the gigabyte.
const OFTEN: &str = "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\nwrites = true\n\
                     gigabyte = \"decimal\"\n";

/// One account of the simulated vendors, with a budget on one sub-user that is not over yet.
struct Guarded {
    vendors: Vendors,
    account: &'static str,
    who: String,
    amount: u64,
}

impl Guarded {
    /// The budget's threshold at all of it says this.
    fn new(account: &'static str, threshold: &str) -> Self {
        Self::with(Vendors::start(), account, threshold, "")
    }

    fn with(vendors: Vendors, account: &'static str, threshold: &str, more: &str) -> Self {
        let books = vendors.books(account);
        // The one that uses most crosses a threshold soon; one that counts for ever is in no period.
        let may = |one: &&proxymeter::simulator::SubUserBooks| one.listed && !one.lifetime;
        let most = books.sub_users.iter().filter(may).max_by_key(|one| one.reported_bytes).unwrap();
        let guarded =
            Self { account, who: most.username.clone(), amount: most.reported_bytes / 100 * 101, vendors };
        guarded.configure(threshold, more);
        guarded
    }

    fn configure(&self, threshold: &str, more: &str) {
        let Self { account, who, amount, .. } = self;
        let text = format!(
            "{OFTEN}\n[collect]\nlag = \"0s\"\n[receivers.ops]\nlog = true\n{more}\n[budgets.cap]\naccount = \
             \"{account}\"\nsub_user = \"{who}\"\nper = \"sub_user\"\namount = \"{amount} bytes\"\n\
             [budgets.cap.thresholds.stop]\nused = \"100%\"\nnotify = [\"ops\"]\n{threshold}\n"
        );
        self.vendors.configure(|name| name == *account, &text);
    }

    fn serve(&self) -> Serving {
        let daemon = self.vendors.serve_new();
        daemon.wait_for("/metrics", |page| page.contains("proxymeter_budget_used_bytes{"));
        // Two looks with nothing the matter: what comes next is borne out.
        let lists = self.vendors.calls(self.account, "list-sub-users");
        daemon.wait_for("/-/healthy", |_| self.vendors.calls(self.account, "list-sub-users") > lists + 2);
        daemon
    }

    /// Lets traffic flow until the budget is over.
    fn run_away(&self, daemon: &Serving) {
        while self.row().reported_bytes < self.amount {
            // The age of tokens moves as well: who is logged out twice in a row is left alone for a while.
            let lists = self.answered_lists();
            assert!(self.vendors.simulator.advance(SignedDuration::from_hours(3)), "time moves");
            self.wait(daemon, "logs in again", |guarded| guarded.answered_lists() > lists + 1);
        }
    }

    fn answered_lists(&self) -> u64 {
        let books = self.vendors.books(self.account);
        books.answers.get("list-sub-users").and_then(|by| by.get(&200)).copied().unwrap_or_default()
    }

    fn row(&self) -> proxymeter::simulator::SubUserBooks {
        let books = self.vendors.books(self.account);
        books.sub_users.into_iter().find(|one| one.username == self.who).unwrap()
    }

    fn wait(&self, daemon: &Serving, what: &str, is: impl Fn(&Self) -> bool) {
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            daemon.wait_for("/-/healthy", |_| is(self));
        }));
        assert!(found.is_ok(), "{what}: {:#?}\n{}", self.row(), daemon.log());
    }

    fn actions(&self) -> Value {
        self.vendors.run(&["actions", "list", "--format", "json"]).ended_with(0).json()
    }

    /// The steps of the audit, oldest first.
    fn steps(&self) -> Vec<String> {
        let audit = self.vendors.run(&["actions", "list", "--all", "--format", "json"]).ended_with(0).json();
        let entries = audit.as_array().unwrap().iter().rev();
        entries.map(|entry| entry["step"].as_str().unwrap().to_owned()).collect()
    }

    fn by_hand(&self, change: ByHand) {
        assert!(self.vendors.simulator.change_by_hand(self.account, &self.who, change));
    }

    fn fault(&self, fault: Fault, operation: &str) {
        let rule = FaultRule { operation: Some(operation.to_owned()), ..FaultRule::always(fault) };
        self.vendors.simulator.add_fault(rule);
    }
}

/// A sample of the page whose labels hold all of these.
fn sample(page: &str, family: &str, labels: &[&str]) -> Option<u64> {
    let of = |line: &&str| {
        line.starts_with(&format!("proxymeter_{family}{{")) && labels.iter().all(|label| line.contains(label))
    };
    page.lines().find(of)?.rsplit(' ').next()?.parse().ok()
}
