//! A desk with everything that rings: the vendors, the daemon's configuration, and servers that are told.

use std::fs;

use jiff::SignedDuration;
use proxymeter::simulator::{Fault, FaultRule};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::notify_http::server::{Act, Server as HttpServer, reply};
use crate::notify_mail::server::{self, Server as MailServer};
use crate::support::binary::{Serving, until};
use crate::support::vendors::Vendors;

/// Looks each second.
pub(super) const OFTEN: &str = "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\n";

/// The two that use most at the simulated Oxylabs, the first more than the second.
pub(super) const FIRST: &str = "scraper_prices";
pub(super) const SECOND: &str = "scraper_stock";

pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Writes the configuration: one account, what `operator` says below that section, and `more`.
pub(super) fn configure(vendors: &Vendors, operator: &str, more: &str) {
    let text = format!("{OFTEN}\n[collect]\nlag = \"0s\"\n{more}");
    vendors.configure(|account| account == "oxylabs", &text);
    let file = vendors.folder().join("proxymeter.toml");
    let text = fs::read_to_string(&file).unwrap().replace("operator.notify = []\n", operator);
    let fresh = vendors.folder().join("proxymeter.toml.new");
    fs::write(&fresh, text).unwrap();
    fs::rename(fresh, file).unwrap();
}

/// The same, at an account where limits may be lowered.
pub(super) fn configure_writing(vendors: &Vendors, operator: &str, more: &str) {
    configure(vendors, operator, more);
    let file = vendors.folder().join("proxymeter.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace(OFTEN, &format!("{OFTEN}writes = true\ngigabyte = \"decimal\"\n"))).unwrap();
}

/// A budget of so many bytes for each of the sub-users, with a threshold at half of it and one at all of it.
pub(super) fn budget(sub_user: &str, amount: u64, warn: &str, stop: &str) -> String {
    format!(
        "[budgets.scrapers]\naccount = \"oxylabs\"\nsub_user = \"{sub_user}\"\nper = \"sub_user\"\n\
         amount = \"{amount} bytes\"\nlabels = {{ team = \"crawl\" }}\n[budgets.scrapers.thresholds.warn]\nused = \"50%\"\n\
         notify = {warn}\n[budgets.scrapers.thresholds.stop]\nused = \"100%\"\nnotify = {stop}\nseverity = \"critical\"\n"
    )
}

/// What a sub-user has used.
pub(super) fn used(vendors: &Vendors, who: &str) -> u64 {
    let books = vendors.books("oxylabs");
    books.sub_users.iter().find(|one| one.username == who).unwrap().reported_bytes
}

/// So much that the first is past the half and nearly at all of it, and the second past the half.
pub(super) fn amount(vendors: &Vendors) -> u64 {
    used(vendors, FIRST) / 100 * 101
}

/// Lets traffic flow until a sub-user has used so much.
///
/// It is not far: a token that ends twice in a row would be left alone for a while.
pub(super) fn run_away(vendors: &Vendors, who: &str, amount: u64) {
    while used(vendors, who) < amount {
        assert!(vendors.simulator.advance(SignedDuration::from_hours(6)), "time moves");
    }
}

/// Has the vendor answer nothing but this.
pub(super) fn fail(vendors: &Vendors, status: u16) {
    vendors.simulator.add_fault(FaultRule::always(Fault::Status(status, None)));
}

/// An incident of the budget at a threshold fires for a sub-user.
pub(super) fn is_firing(who: &str, threshold: &str) -> impl Fn(&str) -> bool {
    let labels = format!("sub_user=\"{who}\",budget=\"scrapers\",threshold=\"{threshold}\",state=\"firing\"");
    move |page: &str| {
        page.lines().any(|line| line.starts_with("proxymeter_incident_state{") && line.contains(&labels))
    }
}

/// The value of a sample of the page by its name and labels, in whatever order.
pub(super) fn sample(page: &str, series: &str) -> Option<f64> {
    let (family, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
    let is_it = |line: &&str| {
        let own = line.strip_prefix(family).is_some_and(|rest| rest.starts_with(['{', ' ']));
        own && labels.split(',').all(|label| line.contains(label))
    };
    page.lines().find(is_it)?.rsplit(' ').next()?.parse().ok()
}

/// A daemon that has looked a few times more; what would be said by then is said.
pub(super) fn look_again(vendors: &Vendors, daemon: &Serving) {
    let lists = vendors.calls("oxylabs", "list-sub-users");
    daemon.wait_for("/-/healthy", |_| vendors.calls("oxylabs", "list-sub-users") > lists + 2);
}

/// Somebody's webhook.
pub(super) struct Hook {
    server: HttpServer,
    // Dropped last: it runs the server.
    _runtime: Runtime,
}

impl Hook {
    /// One that takes everything.
    pub(super) fn start() -> Self {
        let runtime = runtime();
        let server = runtime.block_on(HttpServer::start(reply(204, "", "")));
        Self { server, _runtime: runtime }
    }

    /// The receiver's table, named so.
    pub(super) fn receiver(&self, name: &str, more: &str) -> String {
        format!(
            "[receivers.{name}]\nwebhook = {{ url = \"{}\", allow_private = true }}\n{more}",
            self.server.url()
        )
    }

    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Answers so from now on.
    pub(super) fn answer(&self, status: u16, body: &str) {
        self.server.set(reply(status, "", body));
    }

    /// Answers with all that it is asked.
    pub(super) fn echo(&self, status: u16) {
        self.server.set(Act::Echo(status));
    }

    /// The requests, head and body, so far.
    pub(super) fn requests(&self) -> Vec<String> {
        let seen = self.server.seen();
        seen.iter().map(|one| format!("{}\n\n{}", one.head, String::from_utf8_lossy(&one.body))).collect()
    }

    /// The bodies so far.
    pub(super) fn bodies(&self) -> Vec<Value> {
        self.server.seen().iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect()
    }

    /// The titles of what it was told so far.
    pub(super) fn titles(&self) -> Vec<String> {
        let bodies = self.bodies();
        bodies.iter().map(|body| body["data"]["title"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until it was told something with these words in its title, and gives the first of it.
    pub(super) fn until_told(&self, daemon: &Serving, words: &str) -> Value {
        let is_it = |body: &Value| body["data"]["title"].as_str().is_some_and(|title| title.contains(words));
        until(
            || self.bodies().into_iter().find(is_it),
            || format!("{words:?} in {:#?}\n--- log\n{}", self.titles(), daemon.log()),
        )
    }
}

/// The operator's mail server.
pub(super) struct Post {
    server: MailServer,
    runtime: Runtime,
}

impl Post {
    /// One that takes everything; nothing where there is no Python for it.
    pub(super) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// One with these arguments.
    pub(super) fn with(arguments: &[&str]) -> Option<Self> {
        let runtime = runtime();
        let python = runtime.block_on(server::python())?;
        let server = runtime.block_on(MailServer::start(&python, arguments));
        Some(Self { server, runtime })
    }

    /// `[smtp]` for it.
    pub(super) fn smtp(&self, more: &str) -> String {
        format!("[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n{more}", self.server.port)
    }

    /// The next mail.
    pub(super) fn mail(&mut self) -> Value {
        self.runtime.block_on(self.server.mail())
    }

    /// So many mails, by their recipients.
    pub(super) fn mails(&mut self, count: usize) -> Vec<Value> {
        let mut mails: Vec<Value> = (0..count).map(|_| self.mail()).collect();
        mails.sort_by_key(|mail| mail["recipients"].to_string());
        mails
    }

    /// Panics where there is a mail that was not looked at.
    pub(super) fn no_mail(&mut self) {
        self.runtime.block_on(self.server.no_mail());
    }
}

/// Changes the store of a daemon that is stopped, as time would.
pub(super) fn change(vendors: &Vendors, sql: &'static str) {
    use sqlx::ConnectOptions as _;
    let changed = runtime().block_on(async {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(vendors.folder().join("proxymeter.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
    });
    assert!(changed > 0, "{sql} changes nothing");
}

/// What `notify list` says.
pub(super) fn listed(vendors: &Vendors, arguments: &[&str], exit: i32) -> Vec<Value> {
    let arguments = [&["notify", "list", "--format", "json"], arguments].concat();
    let listed = vendors.run(&arguments).ended_with(exit).json();
    listed.as_array().unwrap().clone()
}
