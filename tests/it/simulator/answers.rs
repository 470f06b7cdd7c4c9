//! The answers as values against what the clients make of the same answers from a socket, in each dialect.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proxymeter::app::accounts::{Outgoing, Uncounted};
use proxymeter::config::load_text;
use proxymeter::domain::collector::Collector;
use proxymeter::domain::snapshot::{Snapshot, SubUserRow};
use proxymeter::domain::units::{Bytes, Gigabyte, Limit};
use proxymeter::providers::{Ask, Provider};
use proxymeter::simulator::{self, Access, Answers, Event, EventKind, Scenario, Simulator};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use super::START;

/// The built-in accounts with all that can happen to them.
fn eventful() -> Scenario {
    let mut scenario = Scenario::default();
    for (at, account) in scenario.accounts.iter_mut().enumerate() {
        account.gigabyte = Gigabyte::ALL[at % 2];
        account.lag = SignedDuration::from_mins(25);
        account.enforcement_lag = SignedDuration::from_mins(7);
        let first = account.sub_users[0].username.clone();
        account.sub_users[1].limit = Limit::Bytes(Bytes(60_000_000_000));
        let event = |hours, kind| Event { after: SignedDuration::from_hours(hours), kind };
        account.events = vec![
            event(2, EventKind::Freeze(SignedDuration::from_hours(6))),
            event(20, EventKind::Correction { sub_user: first.clone(), bytes: Bytes(3_000_000_000) }),
            event(30, EventKind::Person { sub_user: first, limit: Some(Limit::Unlimited), enabled: None }),
            event(40, EventKind::TopUp(Bytes(250_000_000_000))),
        ];
    }
    scenario
}

pub(super) fn configuration(address: &str, access: &Access, gigabyte: Gigabyte) -> String {
    let Access { account, provider, dialect, product, base_path, username, secret } = access;
    let own = match (*provider, *dialect) {
        ("decodo", "v2") => format!("dialect = \"v2\"\napi_key = \"{secret}\"\n"),
        ("decodo", dialect) => {
            format!("dialect = \"{dialect}\"\nusername = \"{username}\"\npassword = \"{secret}\"\n")
        }
        _ => format!("product = \"{product}\"\nusername = \"{username}\"\npassword = \"{secret}\"\n"),
    };
    let gigabyte = gigabyte.as_str();
    format!(
        "operator.notify = []\n[accounts.{account}]\nprovider = \"{provider}\"\nrequests_per_second = 1000\n\
         base_url = \"http://{address}{base_path}\"\ngigabyte = \"{gigabyte}\"\n{own}"
    )
}

async fn asked(provider: &dyn Provider, observed: Timestamp) -> Snapshot {
    let ask = Ask::until(Instant::now() + Duration::from_secs(20));
    let mut snapshot = Snapshot::default();
    let value = provider.account_usage(&ask).await.unwrap();
    snapshot.account = Some(proxymeter::domain::snapshot::Reading { observed, value });
    if provider.collectors().contains(&Collector::Subscriptions) {
        let value = provider.subscriptions(&ask).await.unwrap();
        snapshot.subscriptions = Some(Arc::new(proxymeter::domain::snapshot::Reading { observed, value }));
    }
    snapshot.with_sub_users(observed, provider.sub_users(&ask).await.unwrap())
}

/// The figure stands beside the row.
fn rows(snapshot: &Snapshot) -> Vec<SubUserRow> {
    let mut rows = snapshot.rows().to_vec();
    rows.iter_mut().for_each(|row| row.sub_user.usage = None);
    rows
}

#[tokio::test]
async fn answers_as_values_are_what_clients_read_from_a_socket() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let (scenario, start) = (eventful(), Timestamp::from_second(START).unwrap());
    let simulator = Simulator::new(&scenario, Arc::new(move || start));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(simulator::serve(listener, simulator.clone(), stop));
    let mut providers = Vec::new();
    for (spec, access) in scenario.accounts.iter().zip(scenario.access()) {
        let text = configuration(&address, &access, spec.gigabyte);
        let config = load_text(Path::new("made.toml"), &text, []).unwrap();
        let outgoing = Outgoing::new(1 << 24, Arc::new(move || start)).unwrap();
        providers.push(outgoing.provider(config.accounts.values().next().unwrap(), Arc::new(Uncounted)));
    }
    let mut answers = Answers::of(&scenario, start);
    let mut snapshots = vec![Snapshot::default(); answers.len()];
    let mut now = start;
    // Through a freeze, a correction, a person's change, a top-up, a cut-off, and a new period of each account.
    for hours in [0, 1, 3, 6, 13, 8, 11, 70, 120, 200, 350] {
        let by = SignedDuration::from_hours(hours);
        assert!(simulator.advance(by));
        now += by;
        for (at, provider) in providers.iter().enumerate() {
            answers[at].look(now, &mut snapshots[at]);
            let (expected, found) = (asked(&**provider, now).await, &snapshots[at]);
            let name = &scenario.accounts[at].name;
            assert_eq!(rows(found), rows(&expected), "{name} at {now}");
            let plans = |snapshot: &Snapshot| snapshot.subscriptions.clone().map(|plans| plans.value.clone());
            assert_eq!(plans(found), plans(&expected), "{name} at {now}");
            assert_eq!(found.account, expected.account, "{name} at {now}");
        }
    }
}

#[test]
fn what_is_wanted_is_told_by_the_span() {
    let scenario = Scenario::from_toml(
        "s.toml",
        "[accounts.a]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\n\
         sub_users.loop = { per_day = \"24GB\", truth = { is = \"runaway\", after = \"2h\", lasts = \"1d3h\" } }\n\
         sub_users.shop = { per_day = \"24GB\", truth = \"wanted\" }\nsub_users.rest = { per_day = \"24GB\" }\n",
    )
    .unwrap();
    let at = |hours: i64| scenario.start + SignedDuration::from_hours(hours);
    let mut answers = Answers::of(&scenario, scenario.start).remove(0);
    let mut snapshot = Snapshot::default();
    answers.look(at(40), &mut snapshot);
    let id = |name: &str| {
        let row = snapshot.rows().iter().find(|row| *row.sub_user.username == *name).unwrap();
        row.sub_user.id.clone().unwrap().0
    };
    let used = |name, from, to| answers.used(&id(name), at(from), at(to)).unwrap().0;
    let wanted = |name, from, to| answers.wanted(&id(name), at(from), at(to)).map(|bytes| bytes.0);
    assert_eq!(wanted("loop", 0, 40), Some(used("loop", 0, 2) + used("loop", 29, 40)));
    assert_eq!(wanted("loop", 3, 5), Some(0));
    assert_eq!(wanted("shop", 0, 40), Some(used("shop", 0, 40)));
    assert_eq!(wanted("rest", 0, 40), None, "nobody says");
}
