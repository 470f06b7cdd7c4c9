//! Oxylabs: every reading operation, as its page and its specifications say.

use proxymeter::simulator::{Dialect, StatisticsShape};
use serde_json::{Value, json};

use super::{Reply, Stand, basic, bytes, small};

pub(super) struct Session {
    pub(super) stand: Stand,
    user: String,
    bearer: String,
}

impl Session {
    pub(super) async fn new(statistics: StatisticsShape) -> Self {
        let mut scenario = small(Dialect::Oxylabs);
        scenario.accounts[0].statistics = statistics;
        let stand = Stand::new(&scenario);
        let (id, token) = stand.log_in("/a/v2/login").await;
        Self { stand, user: format!("/a/v2/users/{id}"), bearer: format!("Bearer {token}") }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let headers = [("authorization", self.bearer.as_str())];
        self.stand.send(&format!("{method} {}{path}", self.user), &headers, body).await
    }

    pub(super) fn id(&self, index: usize) -> u64 {
        self.stand.books().accounts["a"].sub_users[index].id
    }
}

pub(super) fn error(status: u16, problem: &str) -> Reply {
    Reply(status, json!({ "error": problem }))
}

#[tokio::test]
async fn a_login_takes_the_right_password_alone() {
    let stand = Stand::new(&small(Dialect::Oxylabs));
    for wrong in
        [basic("acme", "wrong"), basic("other", super::SECRET), "Basic ???".into(), "Bearer x".into()]
    {
        let reply = stand.send("POST /a/v2/login", &[("authorization", &wrong)], None).await;
        assert_eq!(reply, error(401, "Invalid credentials"), "{wrong}");
    }
    let (id, token) = stand.log_in("/a/v2/login").await;
    assert_eq!(id.len(), 36);
    let claims: Vec<_> = token.split('.').collect();
    assert_eq!(claims.len(), 3);
    assert_eq!(stand.books().accounts["a"].answers["login"], [(200, 1), (401, 4)].into());
}

#[tokio::test]
async fn a_token_lives_for_an_hour() {
    let session = Session::new(StatisticsShape::Results).await;
    let expired = error(401, "Invalid or expired token");
    session.stand.pass(3599);
    assert_eq!(session.get("/client-stats").await.0, 200);
    session.stand.pass(1);
    assert_eq!(session.get("/client-stats").await, expired);
    let without = session.stand.send(&format!("GET {}/client-stats", session.user), &[], None).await;
    assert_eq!(without, expired);
}

#[tokio::test]
async fn a_session_is_for_its_own_user_and_paths() {
    let session = Session::new(StatisticsShape::Results).await;
    let headers = [("authorization", session.bearer.as_str())];
    let send = |line: &'static str| session.stand.send(line, &headers, None);
    assert_eq!(send("GET /a/v2/users/someone/sub-users").await, error(404, "User not found"));
    assert_eq!(send("GET /b/v2/login").await, error(404, "Not found"));
    assert_eq!(send("GET /a/v2/login").await, error(405, "Method not allowed"));
}

#[tokio::test]
async fn the_list_shows_active_sub_users_with_eight_fields() {
    let session = Session::new(StatisticsShape::Results).await;
    let busy = session.stand.books().accounts["a"].sub_users[1].reported_bytes;
    let expected = json!([
        {
            "id": session.id(0), "username": "still", "status": "active", "created_at": "2026-10-17 12:00",
            "traffic": 92.45, "traffic_limit": 1000.5, "auto_disable": true, "lifetime": true,
        },
        {
            "id": session.id(1), "username": "busy", "status": "active", "created_at": "2026-10-17 12:00",
            "traffic": busy as f64 / 1e9, "traffic_limit": null, "auto_disable": true, "lifetime": false,
        },
    ]);
    assert_eq!(session.get("/sub-users").await, Reply(200, expected));
}

#[tokio::test]
async fn client_stats_hold_the_month_so_far() {
    let session = Session::new(StatisticsShape::Results).await;
    let Reply(status, body) = session.get("/client-stats").await;
    let exact = session.stand.books().accounts["a"].traffic_bytes;
    assert_eq!((status, bytes(&body["traffic"])), (200, exact / 100 * 100));
    assert_eq!((&body["date_from"], &body["date_to"]), (&json!("2026-11-01"), &json!("2026-11-21")));
}

#[tokio::test]
async fn statistics_come_in_each_shape() {
    for shape in [StatisticsShape::ByPeriod, StatisticsShape::ByPeriodCamelCase, StatisticsShape::Results] {
        let session = Session::new(shape).await;
        let id = session.id(1);
        let query = "type=custom&date_from=2026-11-18&date_to=2026-11-19";
        let Reply(status, body) = session.get(&format!("/sub-users/{id}?{query}")).await;
        assert_eq!(status, 200, "{body}");
        let books = session.stand.books();
        let day = |date: &str| -> Value {
            let rows = books.accounts["a"].sub_users[1].targets.iter().filter(|row| row.date == date);
            let hundredths = rows.map(|row| row.traffic_bytes).sum::<u64>() / 10_000_000;
            json!(hundredths as f64 / 100.0)
        };
        let (first, second) = (day("2026-11-18"), day("2026-11-19"));
        match shape {
            StatisticsShape::ByPeriodCamelCase => {
                assert_eq!(body["trafficByPeriod"], json!({ "2026-11-18": first, "2026-11-19": second }));
            }
            StatisticsShape::ByPeriod => {
                assert_eq!(body["traffic_by_period"], json!({ "2026-11-18": first, "2026-11-19": second }));
            }
            StatisticsShape::Results => assert_eq!(
                body["results"],
                json!([{ "date": "2026-11-18", "traffic": first }, { "date": "2026-11-19", "traffic": second }])
            ),
        }
        let sum = first.as_f64().unwrap() + second.as_f64().unwrap();
        assert!((body["traffic"].as_f64().unwrap() - sum).abs() < 0.021, "{body}");
    }
}

#[tokio::test]
async fn statistics_know_every_type() {
    let session = Session::new(StatisticsShape::Results).await;
    let busy = session.id(1);
    for (query, days) in [("24h", 1.0), ("week", 7.0), ("month", 30.0), ("current_month", 20.5)] {
        let Reply(status, body) = session.get(&format!("/sub-users/{busy}?type={query}")).await;
        let a_day = body["traffic"].as_f64().unwrap() / days;
        assert!(status == 200 && (20.0..28.0).contains(&a_day), "{query}: {body}");
    }
    let still = session.id(0);
    assert_eq!(
        session.get(&format!("/sub-users/{still}?type=lifetime")).await,
        Reply(200, json!({ "traffic": 92.45, "results": [] }))
    );
    let hours = "type=custom&date_from=2026-11-20 08&date_to=2026-11-20 09&time_zone=Asia/Kathmandu";
    let Reply(_, body) = session.get(&format!("/sub-users/{busy}?{hours}")).await;
    let keys: Vec<_> = body["results"].as_array().unwrap().iter().map(|row| row["date"].clone()).collect();
    assert_eq!(keys, [json!("2026-11-20 08"), json!("2026-11-20 09")]);
    // A disabled sub-user left the list, but its statistics still answer.
    assert_eq!(session.get(&format!("/sub-users/{}?type=24h", session.id(2))).await.0, 200);
}

#[tokio::test]
async fn statistics_refuse_what_the_specification_refuses() {
    let session = Session::new(StatisticsShape::Results).await;
    let id = session.id(1);
    let custom = "type=custom&date_from=2026-11-01";
    for (query, problem) in [
        (String::new(), "type is required"),
        ("type=year".into(), "type must be one of 24h, week, month, current_month, lifetime, custom"),
        ("type=lifetime".into(), "type lifetime is for lifetime sub-users only"),
        ("type=custom".into(), "date_from is required"),
        (custom.into(), "date_to is required"),
        (format!("{custom}&date_to=20.11.2026"), "dates must be YYYY-MM-DD or YYYY-MM-DD HH"),
        (format!("{custom}&date_to=2026-10-01"), "date_from must not be after date_to"),
        (format!("{custom} 00&date_to=2026-11-09 00"), "a range with hours must not be longer than 7 days"),
        ("type=24h&time_zone=Mars/Olympus".into(), "time_zone must be an IANA time zone"),
    ] {
        assert_eq!(session.get(&format!("/sub-users/{id}?{query}")).await, error(400, problem), "{query}");
    }
    assert_eq!(session.get("/sub-users/1?type=24h").await, error(404, "Sub-user not found"));
}

#[tokio::test]
async fn target_stats_are_for_one_of_the_last_thirty_days() {
    for shape in [StatisticsShape::ByPeriod, StatisticsShape::Results] {
        let session = Session::new(shape).await;
        let id = session.id(1);
        let books = session.stand.books();
        let rows: Vec<_> = books.accounts["a"].sub_users[1]
            .targets
            .iter()
            .filter(|row| row.date == "2026-11-20")
            .map(|row| {
                let traffic = row.reported_bytes as f64 / 1e9;
                json!({ "date": row.date, "target": row.target, "traffic": traffic, "requests": row.requests })
            })
            .collect();
        assert_eq!(rows.len(), 2);
        let Reply(status, mut body) =
            session.get(&format!("/sub-users/{id}/target-stats?date=2026-11-20")).await;
        assert_eq!((status, body["results"].take()), (200, Value::Array(rows)));
        assert_eq!(body.get("requests").is_some(), matches!(shape, StatisticsShape::Results));
        let refused = error(400, "date must be within the last 30 days");
        for date in ["2026-10-21", "2026-11-22"] {
            assert_eq!(session.get(&format!("/sub-users/{id}/target-stats?date={date}")).await, refused);
        }
        assert_eq!(session.get(&format!("/sub-users/{id}/target-stats?date=2026-10-22")).await.0, 200);
        assert_eq!(
            session.get(&format!("/sub-users/{id}/target-stats")).await,
            error(400, "date is required")
        );
        let unknown = session.get("/sub-users/x/target-stats?date=2026-11-20").await;
        assert_eq!(unknown, error(404, "Sub-user not found"));
    }
}
