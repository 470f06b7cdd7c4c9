//! A pass over 10,000 sub-users, judged and saved with three notices, beside an empty outbox and one that is full.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proxymeter::collect::clock::Clock;
use proxymeter::domain::account::{Account, AccountName};
use proxymeter::domain::act::books::Delta;
use proxymeter::domain::budget::amount::{Amount, Share};
use proxymeter::domain::budget::period::PeriodRule;
use proxymeter::domain::budget::selector::{Selector, Selectors};
use proxymeter::domain::budget::threshold::{Condition, Threshold};
use proxymeter::domain::budget::{Budget, OnUnknown, Per};
use proxymeter::domain::evaluate::{Tolerance, View};
use proxymeter::domain::history::NoHistory;
use proxymeter::domain::incident::Incidents;
use proxymeter::domain::judgement::{Rules, judge};
use proxymeter::domain::outbox::{Change, DeliveryId};
use proxymeter::domain::owners::Owners;
use proxymeter::domain::snapshot::{Reading, Snapshot};
use proxymeter::domain::traffic::{AccountUsage, SubUser, SubUserId, Usage, Window};
use proxymeter::domain::units::{Bytes, Gigabyte};
use proxymeter::notify::courier::Courier;
use proxymeter::notify::message::Message;
use proxymeter::store::Store as _;
use proxymeter::store::sqlite::SqliteStore;
use tokio::time::Instant;

use super::server::Server;
use super::{RECEIVER, courier, fill, median, open, posting};

const SUB_USERS: usize = 10_000;

/// Budgets, each of which tells of something in every pass.
const BUDGETS: usize = 3;

const GB: u64 = 1_000_000_000;

/// A store, its courier, and what is remembered from pass to pass.
struct Side {
    store: Arc<SqliteStore>,
    courier: Courier,
    incidents: Incidents,
    passes: usize,
}

pub(crate) async fn measure(waiting: usize, passes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    println!("\na pass of {SUB_USERS} sub-users with {BUDGETS} notices, medians of {passes} pairs");
    for (what, is_tried) in [
        ("waits for its next try, an hour and more ahead", true),
        ("is due at once, and is tried all the time", false),
    ] {
        let mut none = side(folder.path(), &format!("none-{is_tried}.db"), server.port, 0, false).await;
        let mut many =
            side(folder.path(), &format!("many-{is_tried}.db"), refused(), waiting, is_tried).await;
        let (mut beside_none, mut beside_many) = (Vec::new(), Vec::new());
        for pass in 0..passes + 4 {
            // By turns, as the second of two finds a warmer machine.
            let times = if pass % 2 == 0 {
                let first = none.pass().await;
                (first, many.pass().await)
            } else {
                let first = many.pass().await;
                (none.pass().await, first)
            };
            // The first ones fill what is cached.
            if pass >= 4 {
                beside_none.push(times.0);
                beside_many.push(times.1);
            }
            none.courier.drain(Duration::from_secs(60)).await;
            if is_tried {
                many.courier.drain(Duration::from_secs(60)).await;
            }
        }
        let left = many.store.backlog().await.unwrap()[0].pending;
        println!("  what waits ({left} at the end) {what}");
        let mut ratios: Vec<f64> = beside_none
            .iter()
            .zip(&beside_many)
            .map(|(none, many)| many.as_secs_f64() / none.as_secs_f64())
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let (none_is, many_is) = (median(&mut beside_none), median(&mut beside_many));
        println!("    a pass, empty outbox     {none_is:8.2} ms");
        println!("    a pass, full outbox      {many_is:8.2} ms");
        println!(
            "    median against median    {:8.3}, median of the pairs {:.3}",
            many_is / none_is,
            ratios[ratios.len() / 2]
        );
        for side in [none, many] {
            side.courier.close().await;
            side.store.close().await;
        }
    }
}

/// A port at which nobody listens.
fn refused() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

async fn side(folder: &Path, name: &str, port: u16, waiting: usize, is_tried: bool) -> Side {
    let store = open(folder, name).await;
    fill(&store, waiting).await;
    if is_tried {
        let now = Clock::new().now();
        let all: Vec<usize> = (0..waiting).collect();
        for some in all.chunks(10_000) {
            let failed = |number: &usize| Change::Fail {
                id: DeliveryId(*number as i64 + 1),
                at: now,
                due: now + SignedDuration::from_secs(3_600 + (*number as i64 * 7_919) % 3_600),
                maybe: false,
                answer: "connection refused".to_owned(),
            };
            store.save_outbox(&some.iter().map(failed).collect::<Vec<_>>()).await.unwrap();
        }
    }
    let courier = courier(&store, port);
    let mut side = Side { store, courier, incidents: Incidents::default(), passes: 0 };
    // The first pass meets everybody; what changes from then on is a few.
    side.pass().await;
    side
}

impl Side {
    /// Judges a list, saves what follows, and wakes the courier; how long until it was saved.
    async fn pass(&mut self) -> Duration {
        let now = at(self.passes);
        let (account, snapshot, holds) = (account(), snapshot(self.passes), BTreeMap::new());
        let rules = Rules {
            budgets: (0..BUDGETS).map(budget).collect(),
            operator: vec![],
            owners: Owners::default(),
        };
        let began = Instant::now();
        let view = View {
            account: &account,
            snapshot: &snapshot,
            history: &NoHistory,
            holds: &holds,
            grants: &[],
            tolerance: Tolerance::default(),
        };
        let judgement = judge(&rules, &[view], &self.incidents, now);
        let moment = Clock::new().now();
        let told: Vec<_> = judgement
            .plan
            .notices
            .iter()
            .enumerate()
            .map(|(index, notice)| {
                let message = Message::of(notice, moment, None);
                posting(10_000_000 + self.passes * 10 + index, notice.thread(), &message, moment)
            })
            .collect();
        self.store.save_decision(&judgement.decision, &Delta::default(), &told).await.unwrap();
        let took = began.elapsed();
        assert!(self.passes == 0 || told.len() == BUDGETS, "{} notices", told.len());
        self.courier.wake();
        self.incidents = judgement.incidents;
        self.passes += 1;
        took
    }
}

fn at(pass: usize) -> Timestamp {
    "2026-01-19T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(5 * pass as i64)
}

fn account() -> Account {
    Account {
        provider: "oxylabs",
        name: AccountName::new("acme").unwrap(),
        product: "mobile".into(),
        dialect: "v2",
        gigabyte: Gigabyte::Decimal,
        writes: false,
        plan: None,
        billing_day: None,
        time_zone: TimeZone::UTC,
    }
}

/// A third of all, by the name's middle.
fn budget(number: usize) -> Budget {
    let sub_user = Some(Selector::new(&format!("customer_{number}_.*")).unwrap());
    let threshold = |percent: u16| {
        let condition = Condition::Used(Share::percent(percent));
        let mut threshold = Threshold::new(&format!("t{percent}"), condition);
        threshold.notify = vec![RECEIVER.into()];
        threshold
    };
    Budget {
        name: format!("scrapers-{number}").into(),
        selectors: Selectors { sub_user, ..Selectors::default() },
        per: Per::SubUser,
        amount: Amount::parse("1000GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: (1..=10).map(|ten| threshold(ten * 10)).collect(),
    }
}

/// In each pass some forty go over the first threshold.
fn snapshot(pass: usize) -> Snapshot {
    let row = |index: usize| {
        let is_over = index / BUDGETS % 1_000 < pass * 4;
        SubUser {
            id: Some(SubUserId((1_000_000 + index).to_string().into())),
            username: format!("customer_{}_{index:06}", index % BUDGETS).into(),
            status: Some("active".into()),
            product: None,
            limit: None,
            limit_enforced: None,
            auto_disable: None,
            lifetime: None,
            created: None,
            usage: Some(Usage {
                traffic: Bytes((if is_over { 150 } else { 50 }) * GB + pass as u64 * 1_000_000),
                requests: None,
                window: Window::Period,
            }),
        }
    };
    let usage = AccountUsage { period_start: Some(date(2026, 1, 1)), ..AccountUsage::default() };
    Snapshot {
        account: Some(Reading { observed: at(pass), value: usage }),
        ..Snapshot::default().with_sub_users(at(pass), (0..SUB_USERS).map(row).collect())
    }
}
