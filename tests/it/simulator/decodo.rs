//! Decodo: every reading operation in each dialect.

use proxymeter::domain::units::Limit;
use proxymeter::simulator::{Dialect, Scenario};
use serde_json::{Value, json};

use super::{Reply, SECRET, Stand, USER, small};

pub(super) struct Session {
    pub(super) stand: Stand,
    /// The path before each operation.
    base: String,
    authorization: String,
}

impl Session {
    pub(super) async fn new(dialect: Dialect) -> Self {
        Self::of(&small(dialect)).await
    }

    async fn of(scenario: &Scenario) -> Self {
        let stand = Stand::new(scenario);
        let (base, authorization) = match scenario.accounts[0].dialect {
            Dialect::DecodoV2 => ("/a/v2".to_owned(), SECRET.to_owned()),
            Dialect::DecodoV1 => {
                let (id, token) = stand.log_in("/a/v1/auth").await;
                (format!("/a/v1/users/{id}"), format!("Token {token}"))
            }
            _ => {
                let body = json!({ "username": USER, "password": SECRET });
                let Reply(_, body) =
                    stand.send("POST /a/v1/auth", &[("user-agent", "test")], Some(body)).await;
                let text = |key: &str| body[key].as_str().unwrap().to_owned();
                (format!("/a/v1/users/{}", text("user_id")), text("token"))
            }
        };
        Self { stand, base, authorization }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.get_as(&self.authorization, path).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let headers = [("authorization", self.authorization.as_str()), ("user-agent", "test")];
        self.stand.send(&format!("{method} {}{path}", self.base), &headers, body).await
    }

    async fn get_as(&self, authorization: &str, path: &str) -> Reply {
        // Endpoints are nobody's: they have no user in their path.
        let base = if path.starts_with("/endpoints") { &self.base[..5] } else { &self.base };
        let headers = [("authorization", authorization), ("user-agent", "test")];
        self.stand.send(&format!("GET {base}{path}"), &headers, None).await
    }

    fn busy(&self) -> (u64, u64, u64) {
        let books = self.stand.books();
        let busy = &books.accounts["a"].sub_users[1];
        (busy.id, busy.reported_bytes, busy.requests)
    }

    pub(super) fn ids(&self) -> Vec<u64> {
        self.stand.books().accounts["a"].sub_users.iter().map(|user| user.id).collect()
    }
}

const ALL: [Dialect; 3] = [Dialect::DecodoPublished, Dialect::DecodoV1, Dialect::DecodoV2];

fn unauthorized() -> Reply {
    Reply(401, json!({ "error_code": "unauthorized", "message": "Unauthorized" }))
}

pub(super) fn not_found(status: u16, message: &str) -> Reply {
    Reply(status, json!({ "error_code": "not_found", "message": message }))
}

pub(super) fn bad_request(field: &str, problem: &str) -> Reply {
    let body = json!({
        "error_code": "bad_request", "message": "Can not process request", "error": { field: problem },
    });
    Reply(400, body)
}

pub(super) fn gb(bytes: u64) -> Value {
    json!((bytes / 10_000_000) as f64 / 100.0)
}

#[tokio::test]
async fn each_dialect_takes_its_own_authorization_alone() {
    for dialect in ALL {
        let session = Session::new(dialect).await;
        let token = session.authorization.rsplit(' ').next().unwrap();
        for form in ["", "Token ", "Bearer ", "Basic "] {
            let authorization = format!("{form}{token}");
            let Reply(status, body) = session.get_as(&authorization, "/sub-users").await;
            let is_own = authorization == session.authorization;
            assert_eq!(status, if is_own { 200 } else { 401 }, "{dialect:?} {form:?} {body}");
        }
        assert_eq!(session.get_as("wrong", "/endpoints").await, unauthorized());
        let other = session.base.replace("/users/", "/users/x");
        if other != session.base {
            let headers = [("authorization", session.authorization.as_str()), ("user-agent", "test")];
            let reply = session.stand.send(&format!("GET {other}/sub-users"), &headers, None).await;
            assert_eq!(reply, unauthorized());
        }
    }
}

#[tokio::test]
async fn a_request_without_a_user_agent_is_refused() {
    for dialect in ALL {
        let session = Session::new(dialect).await;
        let headers = [("authorization", session.authorization.as_str())];
        let reply = session.stand.send(&format!("GET {}/sub-users", session.base), &headers, None).await;
        assert_eq!(reply, Reply(403, json!("error code: 1010")));
    }
}

#[tokio::test]
async fn logins_differ_by_dialect() {
    let agent = ("user-agent", "test");
    let basic = super::basic(USER, SECRET);
    let body = json!({ "username": USER, "password": SECRET });
    let published = Stand::new(&small(Dialect::DecodoPublished));
    let by_header = published.send("POST /a/v1/auth", &[agent, ("authorization", &basic)], None).await;
    assert_eq!(by_header, unauthorized());
    let wrong = json!({ "username": USER, "password": "wrong" });
    assert_eq!(published.send("POST /a/v1/auth", &[agent], Some(wrong)).await, unauthorized());
    let classic = Stand::new(&small(Dialect::DecodoV1));
    assert_eq!(classic.send("POST /a/v1/auth", &[agent], Some(body)).await, unauthorized());
    let v2 = Stand::new(&small(Dialect::DecodoV2));
    assert_eq!(v2.send("POST /a/v2/auth", &[agent], None).await.0, 404);
}

#[tokio::test]
async fn the_published_list_holds_all_sub_users() {
    let session = Session::new(Dialect::DecodoPublished).await;
    let ids = session.ids();
    let row = |index: usize, name: &str, used: Value, status: &str| {
        json!({
            "id": ids[index].to_string(), "username": name, "service_type": "residential",
            "traffic_used": used, "status": status, "created": "2026-10-17T12:00:00Z",
        })
    };
    let mut expected = json!([
        row(0, "still", json!(92.45), "active"),
        row(1, "busy", gb(session.busy().1), "active"),
        row(2, "gone_quiet", json!(0), "suspended"),
    ]);
    expected[0]["traffic_limit"] = json!(1000.5);
    expected[2]["traffic_limit"] = json!(0);
    assert_eq!(session.get("/sub-users").await, Reply(200, expected));
}

#[tokio::test]
async fn no_limit_is_absent_by_the_contracts_schema_and_null_by_its_prose() {
    for (null_limits, expected) in [(false, None), (true, Some(Value::Null))] {
        let mut scenario = small(Dialect::DecodoPublished);
        scenario.accounts[0].null_limits = null_limits;
        let session = Session::of(&scenario).await;
        let Reply(_, rows) = session.get("/sub-users").await;
        let Reply(_, traffic) = session.get("/sub-users/busy/traffic").await;
        for row in [&rows[1], &traffic] {
            assert_eq!(row.get("traffic_limit"), expected.as_ref());
        }
    }
}

#[tokio::test]
async fn the_published_traffic_is_by_name() {
    let session = Session::new(Dialect::DecodoPublished).await;
    let (_, used, requests) = session.busy();
    let expected = json!({
        "username": "busy", "traffic_used": gb(used), "requests_count": requests,
        "period_start": "2026-11-01", "period_end": "2026-11-30",
    });
    assert_eq!(session.get("/sub-users/busy/traffic").await, Reply(200, expected));
    assert_eq!(session.get("/sub-users/nobody/traffic").await, not_found(404, "Sub user not found"));
}

#[tokio::test]
async fn the_published_account_has_plan_allocation_and_whitelist() {
    let session = Session::new(Dialect::DecodoPublished).await;
    let used = gb(session.stand.books().accounts["a"].traffic_bytes);
    let allocated = json!({ "total_allocated": 1000.5, "total_used": used, "sub_user_count": 2 });
    assert_eq!(session.get("/allocated-traffic").await, Reply(200, allocated));
    let Reply(status, body) = session.get("/subscriptions").await;
    let expected = json!([{
        "id": body[0]["id"], "plan_name": "residential monthly", "service_type": "residential",
        "status": "active", "traffic_limit": 5000, "traffic_used": used,
        "valid_from": "2026-11-01", "valid_until": "2026-11-30",
    }]);
    assert_eq!((status, body), (200, expected));
    let whitelist = json!([{ "id": "1000", "ip_address": "192.0.2.1", "created": "2026-10-17T12:00:00Z" }]);
    assert_eq!(session.get("/whitelisted-ips").await, Reply(200, whitelist));
}

#[tokio::test]
async fn the_published_endpoints_are_of_four_types() {
    let session = Session::new(Dialect::DecodoPublished).await;
    let Reply(status, all) = session.get("/endpoints").await;
    assert_eq!((status, all.as_array().unwrap().len()), (200, 12));
    let Reply(status, sticky) = session.get("/endpoints/sticky").await;
    let first = json!({
        "host": "gate.smartproxy.com", "port": 10_001, "type": "sticky", "location": "random", "protocol": "HTTP",
    });
    assert_eq!((status, &sticky[0], sticky.as_array().unwrap().len()), (200, &first, 3));
    assert_eq!(session.get("/endpoints/none").await, not_found(404, "Not found"));
}

#[tokio::test]
async fn the_real_lists_hold_active_sub_users() {
    for dialect in [Dialect::DecodoV1, Dialect::DecodoV2] {
        let session = Session::new(dialect).await;
        let (_, used, _) = session.busy();
        let Reply(status, body) = session.get("/sub-users").await;
        let row = |index: usize, name: &str, used: Value, limit: Value, from: &str| {
            json!({
                "id": session.ids()[index], "username": name, "status": "active",
                "created_at": "2026-10-17 12:00", "traffic": used, "traffic_limit": limit,
                "service_type": "residential_proxies", "traffic_count_from": from, "auto_disable": true,
            })
        };
        let is_v2 = dialect == Dialect::DecodoV2;
        let (created, month) = if is_v2 {
            ("2026-10-17 12:00:00", "2026-11-01 00:00:00")
        } else {
            ("2026-10-17 12:00", "2026-11-01 00:00")
        };
        let mut expected = json!([
            row(0, "still", json!(92.45), json!(1000.5), created),
            row(1, "busy", gb(used), Value::Null, month),
        ]);
        if is_v2 {
            for (row, bytes, limit) in
                [(0, 92_456_000_000_u64, json!(1_000_500_000_000_u64)), (1, used, Value::Null)]
            {
                expected[row]["uuid"] = body[row]["uuid"].clone();
                expected[row]["traffic_bytes"] = json!(bytes);
                expected[row]["traffic_limit_bytes"] = limit;
            }
            let one = session.get(&format!("/sub-users/{}", session.ids()[0])).await;
            assert_eq!(one, Reply(200, body[0].clone()));
            assert_eq!(session.get("/sub-users/1").await, not_found(400, "Sub user not found"));
        }
        assert_eq!((status, body), (200, expected));
        let other = session.get("/sub-users?service_type=shared_proxies").await;
        assert_eq!(other, Reply(200, json!([])));
    }
}

#[tokio::test]
async fn the_real_traffic_needs_a_type() {
    for dialect in [Dialect::DecodoV1, Dialect::DecodoV2] {
        let session = Session::new(dialect).await;
        let (id, used, _) = session.busy();
        // v2 reports exact bytes; the traffic call has steps in every dialect.
        let month = session.get(&format!("/sub-users/{id}/traffic?type=month")).await;
        assert_eq!((month.0, &month.1["traffic"]), (200, &gb(used)));
        assert_eq!(month.1.get("traffic_rx").is_some(), dialect == Dialect::DecodoV2);
        let by_name = session.get("/sub-users/busy/traffic?type=month").await;
        match dialect {
            Dialect::DecodoV1 => assert_eq!(by_name, Reply(200, json!({ "traffic": gb(used) }))),
            _ => assert_eq!(by_name, not_found(400, "Sub user not found")),
        }
        for (query, days) in
            [("24h", 1.0), ("7days", 7.0), ("custom", 35.0), ("custom&from=2026-11-11&to=2026-11-20", 10.0)]
        {
            let Reply(status, body) = session.get(&format!("/sub-users/{id}/traffic?type={query}")).await;
            let a_day = body["traffic"].as_f64().unwrap() / days;
            assert!(status == 200 && (20.0..28.0).contains(&a_day), "{query}: {body}");
        }
        for (query, field, problem) in [
            ("", "type", "This value should not be blank."),
            ("type=year", "type", "The value you selected is not a valid choice."),
            ("type=custom&from=yesterday", "from", "This value is not a valid date."),
            ("type=custom&from=2026-11-20&to=2026-11-01", "to", "This value should not be before \"from\"."),
        ] {
            let reply = session.get(&format!("/sub-users/{id}/traffic?{query}")).await;
            assert_eq!(reply, bad_request(field, problem), "{query}");
        }
    }
}

#[tokio::test]
async fn the_real_plan_is_an_object_of_strings() {
    for dialect in [Dialect::DecodoV1, Dialect::DecodoV2] {
        let session = Session::new(dialect).await;
        let used = gb(session.stand.books().accounts["a"].traffic_bytes).to_string();
        let expected = json!({
            "traffic_limit": "5000", "traffic_per_period": used, "users_limit": 500, "ip_address_limit": 10,
            "valid_from": "2026-11-01", "valid_until": "2026-11-30", "service_type": "residential_proxies",
        });
        assert_eq!(session.get("/subscriptions").await, Reply(200, expected));
        let whitelist =
            json!([{ "id": 1000, "ip": "192.0.2.1", "enabled": true, "created_at": "2026-10-17 12:00" }]);
        assert_eq!(session.get("/whitelisted-ips").await, Reply(200, whitelist));
        assert_eq!(session.get("/allocated-traffic").await.0, 404);
        let allocated = session.get("/allocated-traffic-limit").await;
        match dialect {
            Dialect::DecodoV2 => {
                assert_eq!(allocated, Reply(200, json!({ "allocated_traffic_limit": 1000.5 })))
            }
            _ => assert_eq!(allocated.0, 404),
        }
    }
}

#[tokio::test]
async fn the_real_endpoints_are_of_two_types() {
    let session = Session::new(Dialect::DecodoV1).await;
    let all = json!([
        { "type": "random", "available_locations": "148", "url": "endpoints/random" },
        { "type": "sticky", "available_locations": "148", "url": "endpoints/sticky" },
    ]);
    assert_eq!(session.get("/endpoints").await, Reply(200, all));
    let sticky = json!([
        { "location": "Random", "hostname": "gate.smartproxy.com", "port_range": "10001-10099" },
        { "location": "US", "hostname": "us.smartproxy.com", "port_range": "20001-20099" },
    ]);
    assert_eq!(session.get("/endpoints/sticky").await, Reply(200, sticky));
    assert_eq!(session.get("/endpoints/none").await.0, 404);
}

#[tokio::test]
async fn the_traffic_report_is_in_bytes_and_pages() {
    let session = Session::new(Dialect::DecodoV2).await;
    let headers = [("authorization", SECRET), ("user-agent", "test")];
    let ask = async |group: &str, more: Value| {
        let mut body = json!({
            "proxyType": "residential_proxies", "startDate": "2026-11-18 00:00:00",
            "endDate": "2026-11-20 00:00:00", "groupBy": group,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        session.stand.send("POST /a/api/v2/statistics/traffic", &headers, Some(body)).await
    };
    let books = session.stand.books();
    let sum = |choose: &dyn Fn(&str, &str) -> bool| {
        let rows = books.accounts["a"].sub_users[1].targets.iter();
        rows.filter(|row| choose(&row.date, &row.target)).map(|row| row.traffic_bytes).sum::<u64>()
    };
    let Reply(status, days) = ask("day", json!({})).await;
    assert_eq!(status, 200, "{days}");
    let keys: Vec<_> =
        days["data"].as_array().unwrap().iter().map(|row| (&row["key"], &row["rx_tx_bytes"])).collect();
    let (first, second) =
        (json!(sum(&|date, _| date == "2026-11-18")), json!(sum(&|date, _| date == "2026-11-19")));
    let expected = [(&json!("2026-11-18 00:00:00"), &first), (&json!("2026-11-19 00:00:00"), &second)];
    assert_eq!(keys, expected);
    let both = |date: &str| matches!(date, "2026-11-18" | "2026-11-19");
    assert_eq!(days["metadata"]["totals"]["total_rx_tx"], json!(sum(&|date, _| both(date))));
    let Reply(_, targets) = ask("target", json!({})).await;
    assert_eq!(targets["data"][0]["key"], "shop.example");
    assert_eq!(
        targets["data"][0]["rx_tx_bytes"],
        json!(sum(&|date, target| both(date) && target == "shop.example"))
    );
    assert_eq!(ask("proxy_user", json!({})).await.1["data"][0]["key"], "busy");
    let Reply(_, hours) = ask("hour", json!({ "limit": 10, "page": 5 })).await;
    assert_eq!(
        (&hours["metadata"]["total_pages"], &hours["data"][7]["key"]),
        (&json!(5), &json!("2026-11-19 23:00:00"))
    );
    assert_eq!(ask("day", json!({ "proxyType": "isp_proxies" })).await.1["data"], json!([]));
    let wrong = bad_request("groupBy", "The value you selected is not a valid choice.");
    assert_eq!(ask("moon", json!({})).await, wrong);
    let elsewhere = session.stand.send("POST /a/v2/statistics/traffic", &headers, Some(json!({}))).await;
    assert_eq!(elsewhere.0, 404);
}

#[tokio::test]
async fn products_that_are_not_covered_are_empty_lists() {
    for product in ["datacenter", "isp"] {
        let mut scenario = small(Dialect::DecodoV2);
        scenario.accounts[0].product = product.into();
        scenario.accounts[0].plan = Limit::Unlimited;
        let session = Session::of(&scenario).await;
        for path in ["/sub-users", "/subscriptions"] {
            assert_eq!(session.get(path).await, Reply(200, json!([])), "{product} {path}");
        }
    }
}
