//! `serve` killed while it acts: at every call of every kind of action, and at random moments, at vendors that lose
//! answers, ignore writes, round, refuse and tell of writes late. What must hold at the end is in [`laws`].
//!
//! `PROXYMETER_TORTURE=200` kills so many times at random, and at every step that there is: `just torture`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use jiff::SignedDuration;
use proxymeter::domain::act::record::Record;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{AccountSpec, Dialect, Scenario, Shape, SubUserSpec, Workload};
use serde_json::Value;

use crate::support::binary::{Serving, pass, within};
use crate::support::vendors::Vendors;

mod between;
mod laws;
mod moments;
mod random;
mod steps;

use between::{Between, record_of};

const GB: u64 = 1_000_000_000;

/// How long may be waited for what a failed write is put off by.
const PATIENCE: Duration = Duration::from_secs(200);

/// How long after its turn begins a sub-user is over its budget, and the next one's begins.
const TURN: SignedDuration = SignedDuration::from_mins(10);

/// How a sub-user is lowered at an account, and with how many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lowering {
    Freeze,
    Limit,
}

/// An account of the scenario.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: &'static str,
    dialect: Dialect,
    lowering: Lowering,
}

const OXYLABS: Place = Place { name: "ox", dialect: Dialect::Oxylabs, lowering: Lowering::Freeze };
const CLASSIC: Place = Place { name: "classic", dialect: Dialect::DecodoV1, lowering: Lowering::Freeze };
const KEYED: Place = Place { name: "keyed", dialect: Dialect::DecodoV2, lowering: Lowering::Limit };

/// Sub-users that go over their budgets one after the other, a daemon that lowers them, and what lies between.
struct Torture {
    vendors: Vendors,
    between: Between,
    places: Vec<Place>,
    /// Every record as a person left it.
    start: BTreeMap<(String, String), Record>,
}

impl Torture {
    fn new(places: &[Place], sub_users: usize) -> Self {
        Self::with(places, sub_users, SignedDuration::ZERO, "")
    }

    /// The vendors' clock is so far behind, and each account has more in the configuration.
    fn with(places: &[Place], sub_users: usize, ago: SignedDuration, more: &str) -> Self {
        let accounts = places.iter().map(|place| spec(place, sub_users)).collect();
        let scenario = Scenario { accounts, ..Scenario::default() };
        let mut vendors = Vendors::that_begin(scenario, ago);
        let between = Between::start(vendors.simulator.clone());
        vendors.address = between.address;
        let mut torture = Self { vendors, between, places: places.to_vec(), start: BTreeMap::new() };
        torture.start = torture.records();
        torture.configure(more);
        torture
    }

    fn configure(&self, more: &str) {
        let mut each =
            "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\nwrites = true\n\
                        gigabyte = \"decimal\"\n"
                .to_owned();
        each += more;
        let mut text =
            "\n[collect]\nlag = \"0s\"\n[receivers.ops]\nlog = true\n[guard]\nmax_actions_per_hour = 10000\n\
                 max_actions_per_day = 10000\nmax_change = \"50x\"\n"
                .to_owned();
        for place in &self.places {
            for one in self.vendors.books(place.name).sub_users {
                let amount = one.reported_bytes + GB;
                let action = match place.lowering {
                    Lowering::Freeze => "freeze".to_owned(),
                    Lowering::Limit => {
                        format!("limit {} bytes", (amount + 300 * GB) / 10_000_000 * 10_000_000)
                    }
                };
                let (account, name) = (place.name, one.username);
                let budget = budget(&name);
                text += &format!(
                    "[budgets.{budget}]\naccount = \"{account}\"\nsub_user = \"{name}\"\nper = \"sub_user\"\n\
                     amount = \"{amount} bytes\"\n[budgets.{budget}.thresholds.stop]\nused = \"100%\"\n\
                     notify = [\"ops\"]\naction = \"{action}\"\nmode = \"enforce\"\n"
                );
            }
        }
        self.vendors.configure_each(|_| true, &each, &text);
    }

    /// Starts the daemon, for the first time.
    fn begin(&self) -> Serving {
        let daemon = self.vendors.serve_new();
        self.looked(&daemon, 3);
        daemon
    }

    /// Starts it again.
    fn again(&self) -> Serving {
        self.vendors.serve()
    }

    /// Waits until it has looked so many times more at every account.
    fn looked(&self, daemon: &Serving, times: u64) {
        let lists = |place: &Place| self.vendors.calls(place.name, "list-sub-users");
        let before: Vec<u64> = self.places.iter().map(lists).collect();
        let are_looked =
            || self.places.iter().zip(&before).all(|(place, before)| lists(place) >= before + times);
        self.wait(daemon, "looks", are_looked);
    }

    fn wait(&self, daemon: &Serving, what: &str, is: impl Fn() -> bool) {
        within(
            PATIENCE,
            Duration::from_millis(200),
            || is().then_some(()),
            || format!("{what}\n{}\n{}", self.actions(), daemon.log()),
        );
    }

    /// Lets traffic flow until the sub-users of this turn are over their budgets.
    fn turn(&self, turn: usize) {
        let is_over = |place: &Place| {
            let books = self.vendors.books(place.name);
            let row = books.sub_users.iter().find(|one| one.username == name(place, turn)).unwrap();
            row.reported_bytes >= self.amount(place, turn)
        };
        while !self.places.iter().all(is_over) {
            assert!(self.vendors.simulator.advance(SignedDuration::from_mins(1)), "time moves");
        }
    }

    /// The budget of a sub-user, as it is configured.
    fn amount(&self, place: &Place, turn: usize) -> u64 {
        let text = fs::read_to_string(self.vendors.folder().join("proxymeter.toml")).unwrap();
        let (_, budget) = text.split_once(&format!("[budgets.{}]", budget(&name(place, turn)))).unwrap();
        let (_, amount) = budget.split_once("amount = \"").unwrap();
        amount.split_once(' ').unwrap().0.parse().unwrap()
    }

    /// Every record by account and name.
    fn records(&self) -> BTreeMap<(String, String), Record> {
        let mut records = BTreeMap::new();
        for place in &self.places {
            for one in self.vendors.books(place.name).sub_users {
                let record = record_of(one.status, one.limit_bytes, one.auto_disable);
                records.insert((place.name.to_owned(), one.username), record);
            }
        }
        records
    }

    /// Names by account and the vendor's id.
    fn names(&self) -> BTreeMap<(String, String), String> {
        let mut names = BTreeMap::new();
        for place in &self.places {
            for one in self.vendors.books(place.name).sub_users {
                names.insert((place.name.to_owned(), one.id.to_string()), one.username);
            }
        }
        names
    }

    /// What waits, stands and is stopped.
    fn actions(&self) -> Value {
        self.vendors.run(&["actions", "list", "--format", "json"]).ended_with(0).json()
    }

    /// The audit, oldest first.
    fn audit(&self) -> Vec<Value> {
        let audit = self.vendors.run(&["actions", "list", "--all", "--format", "json"]).ended_with(0).json();
        audit.as_array().unwrap().iter().rev().cloned().collect()
    }

    /// How often a step is in the audit of a sub-user.
    fn steps(&self, sub_user: &str, step: &str) -> usize {
        let of = |entry: &&Value| entry["sub_user"] == sub_user && entry["step"] == step;
        self.audit().iter().filter(of).count()
    }

    /// Waits until nothing is due or under way.
    fn quiet(&self, daemon: &Serving) {
        // What there is to do is known two looks later.
        self.looked(daemon, 2);
        let is_quiet = || is_done(&self.actions());
        self.wait(daemon, "nothing is due or open", is_quiet);
    }

    /// Runs a command until it is done: what others asked before is answered first, and may wait for a vendor.
    fn done(&self, daemon: &Serving, arguments: &[&str]) {
        self.wait(daemon, arguments[0], || self.vendors.run(arguments).code() == Some(0));
    }

    /// Ends every fault, lets everything be done that is due, looks at the laws, and puts everything back.
    fn finish(self, daemon: Option<Serving>) -> laws::Figures {
        self.vendors.simulator.clear_faults();
        self.between.let_pass();
        let daemon = daemon.unwrap_or_else(|| self.again());
        // What was under way may still turn out not to be so, which stops lowering once more.
        let is_quiet = || {
            let actions = self.actions();
            if !actions["breakers"].as_array().unwrap().is_empty()
                || !actions["pauses"].as_array().unwrap().is_empty()
            {
                self.vendors.run(&["resume"]);
            }
            is_done(&actions)
        };
        self.looked(&daemon, 2);
        self.wait(&daemon, "nothing is due or open", is_quiet);
        self.done(&daemon, &["actions", "undo", "--all", "--yes"]);
        self.quiet(&daemon);
        assert_eq!(self.actions()["standing"].as_array().unwrap().len(), 0);
        let figures = self.hold();
        assert_eq!(self.records(), self.start, "everything is as it was\n{}", daemon.log());
        assert_eq!(daemon.stop(), Some(0));
        figures
    }
}

/// Whether nothing is under way, and nothing due that no gate stops: one that was rounded may be off by now, and then no
/// figure of it is of the budget's span.
fn is_done(actions: &Value) -> bool {
    let is_stopped = |action: &Value| action["stage"] == "due" && action["blocked_by"] == "stale";
    actions["actions"].as_array().unwrap().iter().all(is_stopped)
}

/// The budget of a sub-user.
fn budget(name: &str) -> String {
    name.replace('_', "-")
}

fn name(place: &Place, turn: usize) -> String {
    format!("{}_{turn:02}", place.name)
}

/// Sub-users that idle until their turn comes, and then use fifty gigabytes an hour.
fn spec(place: &Place, sub_users: usize) -> AccountSpec {
    let (product, user) = match place.dialect {
        Dialect::Oxylabs => ("mobile", "customer_torture"),
        _ => ("residential", "sp_torture"),
    };
    let mut account = AccountSpec::new(place.name, place.dialect, product, user, "set later");
    account.plan = Limit::Bytes(Bytes(5_000 * GB));
    let one = |turn: usize| {
        let after = TURN * i32::try_from(turn).unwrap() + SignedDuration::from_mins(1);
        let shape = Shape::Runaway { after, factor: 5_000 };
        let workload = Workload::new(Bytes(240_000_000), shape, &[("shop.example.com", 1, 900_000)]);
        // Not all alike: without a limit, with one that cuts off, and with one that does not.
        let limit = if turn.is_multiple_of(3) { Limit::Unlimited } else { Limit::Bytes(Bytes(2_000 * GB)) };
        SubUserSpec { auto_disable: turn % 3 != 1, ..SubUserSpec::new(&name(place, turn), limit, workload) }
    };
    account.sub_users = (0..sub_users).map(one).collect();
    account
}

/// How many kills the full form asks for; nothing in the short one.
fn asked() -> Option<usize> {
    std::env::var("PROXYMETER_TORTURE").ok().map(|kills| kills.parse().unwrap())
}

impl Torture {
    /// Lets time pass that nothing is waited for in.
    fn rest(millis: u64) {
        pass(Duration::from_millis(millis));
    }
}
