//! The clients against the simulator on a real socket, in each dialect.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proxymeter::domain::account::FreezeBy;
use proxymeter::domain::traffic::SubUser;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::providers::decodo::UpdateRoute;
use proxymeter::providers::oxylabs::StatsType;
use proxymeter::providers::{Provider, ProviderError, SubUserChange, SubUserStatus, Writer};
use proxymeter::simulator::{self, Access, Scenario, Simulator, SubUserBooks};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::operation::{NAME, State, all, limit, new};
use super::{ALL, Dialect, PASSWORD, oxylabs, soon};

/// Saturday, the 21st of November 2026, noon.
const START: i64 = 1_795_262_400;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The built-in scenario on a socket, standing still.
pub(super) struct Stand {
    pub(super) simulator: Simulator,
    base: String,
    scenario: Scenario,
    _stop: DropGuard,
}

impl Stand {
    pub(super) async fn start() -> Self {
        let scenario = Scenario { history_days: 2, ..Scenario::default() };
        let now = Timestamp::from_second(START).unwrap();
        let simulator = Simulator::new(&scenario, Arc::new(move || now));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let cancel = CancellationToken::new();
        tokio::spawn(simulator::serve(listener, simulator.clone(), cancel.clone()));
        Self { simulator, base, scenario, _stop: cancel.drop_guard() }
    }

    pub(super) fn client(&self, dialect: Dialect) -> Box<dyn Writer> {
        self.client_with(dialect, UpdateRoute::default())
    }

    fn client_with(&self, dialect: Dialect, route: UpdateRoute) -> Box<dyn Writer> {
        let (base, access) = self.access(dialect);
        dialect.client_with(base, &access.username, &access.secret, TIMEOUT, route)
    }

    fn access(&self, dialect: Dialect) -> (Url, Access) {
        let access = self.scenario.access();
        let access = access.into_iter().find(|access| access.account == dialect.simulated()).unwrap();
        (format!("{}{}", self.base, access.base_path).parse().unwrap(), access)
    }

    /// What the simulator's books say of the sub-user that was made.
    pub(super) fn made(&self, dialect: Dialect) -> Option<SubUserBooks> {
        let books = self.simulator.books();
        let rows = &books.accounts[dialect.simulated()].sub_users;
        rows.iter().rfind(|row| row.username == NAME).cloned()
    }
}

/// The name of the test in which a dialect lives through every operation.
pub(super) fn name_of_test(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Oxylabs => "oxylabs_lives_through_every_operation",
        Dialect::Published => "decodo_published_lives_through_every_operation",
        Dialect::V1 => "decodo_v1_lives_through_every_operation",
        Dialect::V2 => "decodo_v2_lives_through_every_operation",
    }
}

async fn live_through(dialect: Dialect) {
    let stand = Stand::start().await;
    let client = stand.client(dialect);
    let mut state = State::new("", "");
    for operation in all() {
        match operation.run(&*client, dialect, &mut state).await {
            Ok(()) | Err(ProviderError::Unsupported(_)) => {}
            Err(error) => panic!("{operation:?}: {error}"),
        }
    }
    let books = stand.simulator.books();
    let account = &books.accounts[dialect.simulated()];
    for (operation, answers) in &account.answers {
        assert!(answers.keys().all(|status| (200..300).contains(status)), "{operation}: {answers:?}");
    }
    assert!(account.writes.iter().all(|write| write.applied), "{:?}", account.writes);
    assert!(!format!("{books:?}").contains(PASSWORD));
}

#[tokio::test]
async fn oxylabs_lives_through_every_operation() {
    live_through(Dialect::Oxylabs).await;
}

#[tokio::test]
async fn decodo_published_lives_through_every_operation() {
    live_through(Dialect::Published).await;
}

#[tokio::test]
async fn decodo_v1_lives_through_every_operation() {
    live_through(Dialect::V1).await;
}

#[tokio::test]
async fn decodo_v2_lives_through_every_operation() {
    live_through(Dialect::V2).await;
}

async fn listed(client: &dyn Writer) -> Option<SubUser> {
    client.sub_users(&soon()).await.unwrap().into_iter().find(|row| &*row.username == NAME)
}

#[tokio::test]
async fn a_sub_user_comes_changes_and_goes_in_each_dialect() {
    for dialect in ALL {
        let stand = Stand::start().await;
        let client = stand.client(dialect);
        let ask = &soon();
        assert_eq!(listed(&*client).await, None);

        let id = client.create_sub_user(&new(dialect), ask).await.unwrap();
        let made = listed(&*client).await.unwrap();
        assert_eq!(made.id.as_ref(), Some(&id), "{dialect:?}");
        assert_eq!(made.limit, Some(Limit::Bytes(Bytes(5_500_000_000))), "rounded down to 0.01 GB");
        assert_eq!(id.0.parse(), Ok(stand.made(dialect).unwrap().id));

        let again = client.create_sub_user(&new(dialect), ask).await.unwrap_err();
        assert!(matches!(again, ProviderError::Conflict { .. }), "{dialect:?}: {again}");

        let more = Limit::Bytes(Bytes(7_250_000_000));
        let change = SubUserChange::of_limit(more);
        client.check_change(&change).unwrap();
        client.update_sub_user(&id, &change, ask).await.unwrap();
        assert_eq!(listed(&*client).await.unwrap().limit, Some(more), "{dialect:?}");

        let freeze = SubUserChange::of_status(SubUserStatus::Disabled);
        if dialect == Dialect::Published {
            assert!(matches!(client.check_change(&freeze), Err(ProviderError::Unsupported(_))));
        } else {
            client.update_sub_user(&id, &freeze, ask).await.unwrap();
            assert_eq!(listed(&*client).await, None, "a disabled row leaves the list of active ones");
            let books = stand.made(dialect).unwrap();
            assert_eq!((books.status, books.limit_bytes), ("disabled", more.bytes().map(|bytes| bytes.0)));
            let open =
                SubUserChange { status: Some(SubUserStatus::Active), ..SubUserChange::of_limit(limit()) };
            client.update_sub_user(&id, &open, ask).await.unwrap();
            assert!(listed(&*client).await.is_some());
        }

        client.delete_sub_user(&id, ask).await.unwrap();
        assert_eq!(listed(&*client).await, None);
        let books = stand.simulator.books();
        let writes = &books.accounts[dialect.simulated()].writes;
        assert!(!format!("{writes:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn what_a_writer_says_it_can_do_it_can() {
    use FreezeBy::{LimitAtCounter, Nothing, Status};

    for (dialect, by, lifts) in [
        (Dialect::Oxylabs, Status, true),
        (Dialect::Published, Nothing, false),
        (Dialect::V1, LimitAtCounter, true),
        (Dialect::V2, Status, true),
    ] {
        let client = dialect.client("http://127.0.0.1:9".parse().unwrap(), "sp_user", "key");
        assert_eq!((client.freeze_by(), client.can_lift()), (by, lifts), "{dialect:?}");
        let can = |change: &SubUserChange| client.check_change(change).is_ok();
        assert_eq!(can(&SubUserChange::of_limit(Limit::Unlimited)), lifts, "{dialect:?}");
        let freeze = match by {
            Status => SubUserChange::of_status(SubUserStatus::Disabled),
            LimitAtCounter | Nothing => {
                SubUserChange { auto_disable: Some(true), ..SubUserChange::of_limit(limit()) }
            }
        };
        assert_eq!(can(&freeze), by != Nothing, "{dialect:?}");
    }
}

#[tokio::test]
async fn f4_a_sub_user_that_is_gone_is_told_as_not_found() {
    for dialect in ALL {
        let stand = Stand::start().await;
        let client = stand.client(dialect);
        let ask = &soon();
        let id = client.create_sub_user(&new(dialect), ask).await.unwrap();
        client.delete_sub_user(&id, ask).await.unwrap();
        for error in [
            client.update_sub_user(&id, &SubUserChange::of_limit(limit()), ask).await.unwrap_err(),
            client.delete_sub_user(&id, ask).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::NotFound { .. }), "{dialect:?}: {error}");
            assert!(!error.may_have_applied());
        }
    }
}

#[tokio::test]
async fn the_route_without_an_id_is_only_by_choice() {
    let stand = Stand::start().await;
    let ask = &soon();
    let change = SubUserChange::of_limit(limit());
    let id = stand.client(Dialect::Published).create_sub_user(&new(Dialect::Published), ask).await.unwrap();
    let client = stand.client_with(Dialect::Published, UpdateRoute::Collection);
    client.update_sub_user(&id, &change, ask).await.unwrap();
    let books = stand.simulator.books();
    let write = books.accounts["decodo-published"].writes.last().unwrap();
    assert_eq!((&*write.id, write.body.to_string()), ("", r#"{"traffic_limit":5.5}"#.to_owned()));
    for dialect in [Dialect::V1, Dialect::V2] {
        let refused = stand.client_with(dialect, UpdateRoute::Collection).check_change(&change).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "only Decodo's published contract has a PUT without an id: write update_route = \"id\""
        );
    }
}

#[tokio::test]
async fn oxylabs_tells_hours_in_the_zone_that_is_asked_for() {
    let stand = Stand::start().await;
    let (base, access) = stand.access(Dialect::Oxylabs);
    let read = Arc::new(move || Ok(access.secret.clone().into()));
    let client = oxylabs(base, access.username, read, TIMEOUT);
    let row = client.sub_users(&soon()).await.unwrap().remove(0);
    let hour = |hour| date(2026, 11, 20).at(hour, 0, 0, 0);
    let asked = async |from, to, zone: Option<&str>| {
        let zone = zone.map(|zone| TimeZone::get(zone).unwrap());
        let stats = StatsType::Hours(hour(from), hour(to), zone);
        client.statistics(row.id.as_ref().unwrap(), &stats, &soon()).await.unwrap()
    };
    let vilnius = asked(12, 14, Some("Europe/Vilnius")).await;
    let starts: Vec<_> = vilnius.series.iter().map(|(start, _)| *start).collect();
    assert_eq!(starts, [hour(12), hour(13), hour(14)]);
    assert!(vilnius.series.iter().all(|(_, traffic)| traffic.0 > 0), "{vilnius:?}");
    // Two hours east of UTC in November.
    assert_eq!(asked(10, 12, None).await.usage.traffic, vilnius.usage.traffic);
    assert_ne!(asked(12, 14, None).await.series[0].1, vilnius.series[0].1);
}
