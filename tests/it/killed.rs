//! `serve` killed while it tells: between every two steps of a notice's way, and at random moments, at receivers that
//! answer, fail, hang and lose answers. What must hold at the end is in [`laws`].
//!
//! `PROXYMETER_TORTURE=200` kills so many times at random: `just torture-notices`.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{AccountSpec, Dialect, Scenario, Shape, SubUserSpec, Workload};

use crate::support::binary::{Serving, within};
use crate::support::vendors::Vendors;

mod laws;
mod mail;
mod outbox;
mod random;
mod server;
mod steps;

use outbox::{Outbox, Row};
use server::{SECRET, Server};

const GB: u64 = 1_000_000_000;

/// How long anything may take that takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// So much time passes at once; each sub-user uses some one and a half gigabytes in it, more by day than by night.
const MOVE: SignedDuration = SignedDuration::from_mins(2);

/// Sub-users that go over one threshold after the other, each with a budget of its own, and a daemon that tells of it.
struct Stage {
    vendors: Vendors,
    outbox: Outbox,
}

impl Stage {
    /// So many sub-users; `receivers` is what the configuration says of who is told, by name.
    fn new(sub_users: usize, told: &[&str], receivers: &str) -> Self {
        let mut account = AccountSpec::new("ox", Dialect::Oxylabs, "mobile", "customer_killed", "set later");
        account.plan = Limit::Bytes(Bytes(100_000 * GB));
        let one = |number: usize| {
            let shape = Shape::Runaway { after: SignedDuration::from_mins(1), factor: 5_000 };
            let workload = Workload::new(Bytes(240_000_000), shape, &[("shop.example.com", 1, 900_000)]);
            SubUserSpec::new(&name(number), Limit::Unlimited, workload)
        };
        account.sub_users = (0..sub_users).map(one).collect();
        let scenario = Scenario { accounts: vec![account], ..Scenario::default() };
        let vendors = Vendors::of(scenario);
        let notify: Vec<String> = told.iter().map(|name| format!("\"{name}\"")).collect();
        let mut text = format!("\n[collect]\nlag = \"0s\"\n{receivers}");
        for number in 0..sub_users {
            let name = name(number);
            write!(
                text,
                "[budgets.{name}]\naccount = \"ox\"\nsub_user = \"{name}\"\nper = \"sub_user\"\namount = \"{} bytes\"\n",
                amount(number)
            )
            .unwrap();
            for percent in thresholds() {
                write!(
                    text,
                    "[budgets.{name}.thresholds.at-{percent}]\nused = \"{percent}%\"\nnotify = [{}]\n",
                    notify.join(", ")
                )
                .unwrap();
            }
        }
        let each = "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\n";
        vendors.configure_each(|_| true, each, &text);
        let outbox = Outbox::of(vendors.folder());
        Self { vendors, outbox }
    }

    /// Starts the daemon; the first time it has looked at everybody before traffic begins.
    fn begin(&self) -> Serving {
        let daemon = self.again();
        self.wait(&daemon, "looks", || self.vendors.calls("ox", "list-sub-users") >= 3);
        daemon
    }

    fn again(&self) -> Serving {
        self.vendors.serve()
    }

    /// Lets everybody pass a threshold who has not passed the last one, between two looks.
    fn step(&self) {
        let before = self.passed();
        let is_done = |stage: &Self| {
            let last = thresholds().last();
            stage.passed().iter().zip(&before).all(|(now, before)| now > before || *now == last)
        };
        for _ in 0..30 {
            assert!(self.vendors.simulator.advance(MOVE), "time moves");
            if is_done(self) {
                return;
            }
        }
        panic!("within an hour not everybody passes a threshold: {before:?}, {:?}", self.passed());
    }

    /// The highest threshold that each has passed.
    fn passed(&self) -> Vec<Option<u64>> {
        let books = self.vendors.books("ox");
        books.sub_users.iter().enumerate().map(|(number, one)| highest(number, one.reported_bytes)).collect()
    }

    /// Kills the daemon at once.
    fn kill(daemon: Serving) {
        drop(daemon);
    }

    fn wait(&self, daemon: &Serving, what: &str, is: impl Fn() -> bool) {
        let told = || format!("{what}\n{}\n{:#?}", daemon.log(), self.outbox.rows());
        within(PATIENCE, Duration::from_millis(10), || is().then_some(()), told);
    }

    /// Waits until this is so of the outbox, and gives it.
    fn until(&self, daemon: &Serving, what: &str, is: impl Fn(&[Row]) -> bool) -> Vec<Row> {
        self.wait(daemon, what, || is(&self.outbox.rows()));
        self.outbox.rows()
    }

    /// Waits until everybody who is over a threshold is noted to be, but those who may have been granted more, and nothing
    /// waits.
    fn quiet(&self, daemon: &Serving) -> Vec<Row> {
        let books = self.vendors.books("ox");
        let passed: Vec<(String, u64)> = books
            .sub_users
            .iter()
            .enumerate()
            .filter(|(number, _)| !may_get_more(*number))
            .filter_map(|(number, one)| Some((one.username.clone(), highest(number, one.reported_bytes)?)))
            .collect();
        let is_quiet = |rows: &[Row]| {
            let is_noted = |(name, percent): &(String, u64)| {
                let threshold = format!("\"threshold\":\"at-{percent}\"");
                rows.iter()
                    .any(|row| row.thread == format!("budget:{name}") && row.message.contains(&threshold))
            };
            passed.iter().all(is_noted) && rows.iter().all(|row| !row.waits())
        };
        self.until(daemon, "all is told", is_quiet)
    }
}

/// A receiver by a signed webhook.
fn webhook(name: &str, server: &Server, connections: usize, more: &str) -> String {
    format!(
        "[receivers.{name}]\nwebhook = {{ url = \"http://{}/hook\", secret = \"{SECRET}\", allow_private = true, \
         timeout = \"2s\", connections = {connections} }}\n{more}",
        server.address
    )
}

fn name(number: usize) -> String {
    format!("user-{number:02}")
}

/// Whether tests grant more to this one.
fn may_get_more(number: usize) -> bool {
    number % 2 == 1
}

/// Not all alike, so that not all pass a threshold in the same minute. What was used before traffic begins, at most eight
/// gigabytes at the end of a month, is below the first of them.
fn amount(number: usize) -> u64 {
    (102 + number as u64 % 8) * GB
}

fn thresholds() -> impl DoubleEndedIterator<Item = u64> {
    (1..=9).map(|ten| ten * 10)
}

/// The highest threshold that is passed.
fn highest(number: usize, used: u64) -> Option<u64> {
    thresholds()
        .rev()
        .find(|percent| u128::from(used) * 100 >= u128::from(amount(number)) * u128::from(*percent))
}
