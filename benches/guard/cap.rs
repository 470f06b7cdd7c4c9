//! Standing caps over a midnight: bytes past a daily budget, with looks of every minute and every ten minutes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::stage::{Daemon, LOOK, STEP, Stage, Trace, account};

/// How long after the limit the simulated vendor cuts off.
const ENFORCEMENT_LAG: SignedDuration = SignedDuration::from_secs(45);

/// How long before midnight all of it starts, and how long after it all of it ends.
const BEFORE: SignedDuration = SignedDuration::from_mins(8);
const AFTER: Duration = Duration::from_secs(17 * 60);

/// The accounts and when each is looked at; none at midnight itself.
const ACCOUNTS: [(&str, &str); 2] = [("every-1", "30 * * * * *"), ("every-10", "0 5/10 * * * *")];

/// The sub-users, with how many seconds a day's budget lasts: one is cut off before midnight, one goes on through it.
const SUB_USERS: [(&str, f64); 2] = [("early", 210.0), ("through", 720.0)];

/// Measures, and prints.
pub(crate) async fn measure() {
    let names = SUB_USERS.map(|(name, _)| name);
    let clock = proxymeter::collect::clock::Clock::new();
    let hour = SignedDuration::from_hours(1);
    let midnight = (clock.now() + BEFORE)
        .round(jiff::TimestampRound::new().smallest(jiff::Unit::Hour).mode(jiff::RoundMode::Ceil))
        .unwrap();
    let zone = zone(midnight);
    println!("midnight is {midnight}, in {zone}");
    let wait = midnight.duration_since(clock.now()) - BEFORE;
    sleep(wait.max(SignedDuration::ZERO).min(hour).unsigned_abs()).await;

    let of = |(name, _): (&str, &str)| {
        let mut account = account(name, &names);
        account.enforcement_lag = ENFORCEMENT_LAG;
        account
    };
    let stage = Stage::start(ACCOUNTS.map(of).to_vec()).await;
    let mut traces: BTreeMap<(&str, &str), Trace> = BTreeMap::new();
    let look = |traces: &mut BTreeMap<(&'static str, &'static str), Trace>| {
        let books = stage.simulator.books();
        for (account, _) in ACCOUNTS {
            for name in names {
                traces.entry((account, name)).or_default().look(&books, account, name);
            }
        }
        books
    };
    look(&mut traces);
    sleep(Duration::from_secs(2)).await;
    look(&mut traces);
    let amounts: BTreeMap<_, _> = ACCOUNTS
        .iter()
        .flat_map(|(account, _)| SUB_USERS.map(|(name, lasts)| ((*account, name), lasts)))
        .map(|(who, lasts)| (who, (traces[&who].pace() * lasts) as u64 / STEP * STEP))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path(), &config(&stage, &zone, &amounts)).await;
    let end = midnight + AFTER;
    // When each was switched off by the vendor, and on again.
    let mut turns: BTreeMap<(&str, &str), Vec<(Timestamp, &str)>> = BTreeMap::new();
    while stage.clock.now() < end {
        let books = look(&mut traces);
        for who in amounts.keys() {
            let user = books.accounts[who.0].sub_users.iter().find(|user| user.username == who.1).unwrap();
            let turns = turns.entry(*who).or_default();
            if turns.last().is_none_or(|(_, status)| *status != user.status) {
                turns.push((books.now.parse().unwrap(), user.status));
            }
        }
        sleep(LOOK).await;
    }
    look(&mut traces);
    println!(
        "bytes past a daily budget; allowed: {} s of enforcement lag at the pace, and a step of 0.01 GB",
        ENFORCEMENT_LAG.as_secs()
    );
    println!("looks      sub-user  day        budget        used        past     allowed");
    let gigabytes = |bytes: f64| bytes / 1e9;
    for (who, amount) in &amounts {
        let trace = &traces[who];
        let at_midnight = trace.at(midnight).unwrap();
        let allowed = first_pace(trace, &turns[who], midnight) * ENFORCEMENT_LAG.as_secs_f64() + STEP as f64;
        for (day, used) in [("first", at_midnight), ("second", trace.last() - at_midnight)] {
            println!(
                "{:<10} {:<9} {day:<7} {:>7.3} GB  {:>7.3} GB  {:>7.3} GB  {:>7.3} GB",
                who.0,
                who.1,
                gigabytes(*amount as f64),
                gigabytes(used as f64),
                gigabytes(used as f64 - *amount as f64),
                gigabytes(allowed)
            );
        }
    }
    if std::env::args().any(|argument| argument == "log") {
        println!("{turns:#?}\n{}", daemon.log());
    }
}

/// Bytes a second while it was on for the first time.
fn first_pace(trace: &Trace, turns: &[(Timestamp, &str)], midnight: Timestamp) -> f64 {
    let off = turns.iter().find(|(_, status)| *status != "active").map_or(midnight, |(at, _)| *at);
    let (from, to) =
        (turns[0].0 + SignedDuration::from_secs(10), off.min(midnight) - SignedDuration::from_secs(5));
    (trace.at(to).unwrap() - trace.at(from).unwrap()) as f64 / super::stage::seconds(from, to)
}

/// A zone in which it is midnight at that hour.
fn zone(midnight: Timestamp) -> String {
    match midnight.as_second().div_euclid(3_600).rem_euclid(24) {
        0 => "Etc/UTC".to_owned(),
        // The sign of these names is the other way round.
        west @ 1..=12 => format!("Etc/GMT+{west}"),
        hour => format!("Etc/GMT-{}", 24 - hour),
    }
}

fn config(stage: &Stage, zone: &str, amounts: &BTreeMap<(&str, &str), u64>) -> String {
    let mut config = "web.listen = \"127.0.0.1:0\"\noperator.notify = []\n".to_owned();
    for (account, schedule) in ACCOUNTS {
        config += &stage.configured(account, schedule);
        config += &format!("time_zone = \"{zone}\"\n");
    }
    for ((account, name), amount) in amounts {
        config += &format!(
            "[budgets.{account}-{name}]\naccount = \"{account}\"\nsub_user = \"{name}\"\nper = \"sub_user\"\n\
             period = \"day\"\namount = \"{amount} bytes\"\nstanding_cap = \"enforce\"\n"
        );
    }
    config
}
