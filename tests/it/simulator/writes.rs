//! Changes at both vendors, by the rules of each.

use proxymeter::domain::units::Limit;
use proxymeter::simulator::{ByHand, Dialect, RecordBooks, StatisticsShape, SubUserBooks};
use serde_json::{Value, json};

use super::decodo::{self, bad_request, not_found};
use super::oxylabs::{self, error};
use super::{Reply, Stand};

const PASSWORD: &str = "Abcdefghij1_";

const EMPTY: Value = Value::Null;

fn user(stand: &Stand, name: &str) -> SubUserBooks {
    let users = &stand.books().accounts["a"].sub_users;
    users.iter().rfind(|user| user.username == name).unwrap().clone()
}

#[tokio::test]
async fn oxylabs_makes_changes_and_deletes() {
    let session = oxylabs::Session::new(StatisticsShape::Results).await;
    let body = json!({ "username": "fresh_1", "password": PASSWORD, "traffic_limit": 2000.689, "auto_disable": true });
    let Reply(status, created) = session.send("POST", "/sub-users", Some(body)).await;
    let fresh = user(&session.stand, "fresh_1");
    assert_eq!((status, created), (201, json!({ "id": fresh.id })));
    assert_eq!(
        (fresh.limit_bytes, fresh.auto_disable, fresh.lifetime),
        (Some(2_000_680_000_000), true, false)
    );

    let path = format!("/sub-users/{}", fresh.id);
    let change = json!({ "traffic_limit": null, "lifetime": true, "unheard_of": 1 });
    assert_eq!(session.send("PATCH", &path, Some(change)).await, Reply(200, EMPTY));
    let changed = user(&session.stand, "fresh_1");
    assert_eq!((changed.limit_bytes, changed.auto_disable, changed.lifetime), (None, true, true));

    assert_eq!(session.send("DELETE", &path, None).await, Reply(204, EMPTY));
    let gone = error(404, "Sub-user not found");
    assert_eq!(session.send("DELETE", &path, None).await, gone);
    assert_eq!(session.send("PATCH", &path, Some(json!({}))).await, gone);
    let again = json!({ "username": "fresh_1", "password": PASSWORD });
    let Reply(_, created) = session.send("POST", "/sub-users", Some(again)).await;
    assert_ne!(created, json!({ "id": fresh.id }), "the same name is a new sub-user");

    let writes = &session.stand.books().accounts["a"].writes;
    let seen: Vec<_> = writes.iter().map(|write| (write.operation, write.applied)).collect();
    let (create, update, delete) = ("create-sub-user", "update-sub-user", "delete-sub-user");
    let expected =
        [(create, true), (update, true), (delete, true), (delete, false), (update, false), (create, true)];
    assert_eq!(seen, expected);
    assert!(!format!("{writes:?}").contains(PASSWORD));
}

#[tokio::test]
async fn writes_tell_the_record_before_and_after_and_changes_are_counted() {
    let session = oxylabs::Session::new(StatisticsShape::Results).await;
    let path = format!("/sub-users/{}", session.id(1));
    for body in [
        json!({ "traffic_limit": 5.5, "auto_disable": true }),
        json!({ "traffic_limit": 5.509, "auto_disable": true }),
        json!({ "status": "disabled" }),
        json!({ "password": PASSWORD }),
        json!({ "status": "off" }),
    ] {
        session.send("PATCH", &path, Some(body)).await;
    }
    let new = json!({ "username": "fresh_1", "password": PASSWORD });
    session.send("POST", "/sub-users", Some(new)).await;
    let record = |limit_bytes, auto_disable, status| Some(RecordBooks { limit_bytes, auto_disable, status });
    let books = session.stand.books();
    let written = books.accounts["a"].writes.iter().map(|write| (write.before.clone(), write.after.clone()));
    let open = record(None, true, "active");
    let limited = record(Some(5_500_000_000), true, "active");
    let frozen = record(Some(5_500_000_000), true, "disabled");
    assert_eq!(
        written.collect::<Vec<_>>(),
        [
            (open, limited.clone()),
            (limited.clone(), limited.clone()),
            (limited, frozen.clone()),
            (frozen.clone(), frozen.clone()),
            (frozen.clone(), frozen),
            (None, record(None, false, "active")),
        ]
    );
    assert_eq!((user(&session.stand, "busy").changes, user(&session.stand, "fresh_1").changes), (2, 1));
    assert_eq!(user(&session.stand, "still").changes, 0);
}

#[tokio::test]
async fn a_person_changes_and_deletes_without_a_call() {
    let session = decodo::Session::new(Dialect::DecodoV2).await;
    let simulator = &session.stand.simulator;
    let change = ByHand { limit: Some(Limit::Blocked), auto_disable: Some(true), enabled: Some(false) };
    assert!(simulator.change_by_hand("a", "busy", change));
    let busy = user(&session.stand, "busy");
    assert_eq!(
        (busy.limit_bytes, busy.auto_disable, busy.status, busy.changes),
        (Some(0), true, "disabled", 0)
    );
    assert!(!simulator.change_by_hand("a", "nobody", change) && !simulator.delete_by_hand("b", "busy"));

    let control = |line: &'static str, body| session.stand.send(line, &[], body);
    let line = "POST /-/sub-users/a/busy";
    let body = json!({ "set_limit": "80GB", "set_enabled": true });
    assert_eq!(control(line, Some(body)).await, Reply(204, EMPTY));
    let busy = user(&session.stand, "busy");
    assert_eq!((busy.limit_bytes, busy.auto_disable, busy.status), (Some(80_000_000_000), true, "active"));
    let problem = "set_limit: expected a number and a unit, such as \"50GB\", \"1.5TB\", \"50GiB\" or \"1000 bytes\", or \"none\" or \"blocked\"";
    let refused = Reply(400, json!({ "error": problem }));
    assert_eq!(control(line, Some(json!({ "set_limit": "much" }))).await, refused);
    assert_eq!(control("DELETE /-/sub-users/a/busy", None).await, Reply(204, EMPTY));
    assert_eq!(user(&session.stand, "busy").status, "deleted");
    let unknown = Reply(404, json!({ "error": "no such sub-user" }));
    assert_eq!(control("DELETE /-/sub-users/a/busy", None).await, unknown);
    assert_eq!(control("POST /-/sub-users/b/busy", Some(json!({}))).await, unknown);
    assert!(session.stand.books().accounts["a"].writes.is_empty());
}

#[tokio::test]
async fn oxylabs_refuses_by_its_rules() {
    let session = oxylabs::Session::new(StatisticsShape::Results).await;
    let strong = "password must have 12 to 64 characters, with a lower and an upper case letter, a digit and one of #_~+=";
    let taken = "username is already taken";
    for (body, problem) in [
        (json!({ "password": PASSWORD }), "username is required"),
        (
            json!({ "username": "a-b", "password": PASSWORD }),
            "username must be letters, digits and underscores",
        ),
        (json!({ "username": "busy", "password": PASSWORD }), taken),
        (json!({ "username": "gone_quiet", "password": PASSWORD }), taken),
        (json!({ "username": "fresh" }), "password is required"),
        (json!({ "username": "fresh", "password": "short" }), strong),
        (
            json!({ "username": "fresh", "password": PASSWORD, "traffic_limit": "5" }),
            "traffic_limit must be a number, at least 0, or null",
        ),
        (json!([]), "body must be a JSON object"),
    ] {
        assert_eq!(
            session.send("POST", "/sub-users", Some(body.clone())).await,
            error(400, problem),
            "{body}"
        );
    }
    let busy = format!("/sub-users/{}", session.id(1));
    for (body, problem) in [
        (json!({ "status": "paused" }), "status must be active or disabled"),
        (json!({ "auto_disable": "yes" }), "auto_disable must be true or false"),
        (json!({ "traffic_limit": -1 }), "traffic_limit must be a number, at least 0, or null"),
        (json!({ "password": "short" }), strong),
    ] {
        assert_eq!(session.send("PATCH", &busy, Some(body.clone())).await, error(400, problem), "{body}");
    }
    assert_eq!(user(&session.stand, "busy").limit_bytes, None);
}

#[tokio::test]
async fn a_disabled_sub_user_stops_leaves_the_list_and_comes_back() {
    let session = oxylabs::Session::new(StatisticsShape::ByPeriod).await;
    let path = format!("/sub-users/{}", session.id(1));
    let names = |Reply(_, rows): Reply| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row["username"].clone()).collect()
    };
    let disabled = session.send("PATCH", &path, Some(json!({ "status": "disabled" }))).await;
    assert_eq!(disabled, Reply(200, json!({})));
    let before = user(&session.stand, "busy");
    session.stand.pass(1800);
    assert_eq!(user(&session.stand, "busy").traffic_bytes, before.traffic_bytes);
    assert_eq!(names(session.get("/sub-users").await), ["still"]);
    assert_eq!(session.get(&format!("{path}?type=24h")).await.0, 200);
    session.send("PATCH", &path, Some(json!({ "status": "active" }))).await;
    session.stand.pass(1500);
    assert!(user(&session.stand, "busy").traffic_bytes > before.traffic_bytes);
    assert_eq!(names(session.get("/sub-users").await), ["still", "busy"]);
}

#[tokio::test]
async fn a_lowered_limit_cuts_off_and_a_raised_one_alone_does_not_reopen() {
    let session = oxylabs::Session::new(StatisticsShape::Results).await;
    let path = format!("/sub-users/{}", session.id(1));
    let status = || user(&session.stand, "busy").status;
    session.send("PATCH", &path, Some(json!({ "traffic_limit": 10, "auto_disable": false }))).await;
    session.stand.pass(60);
    assert_eq!(status(), "active", "a limit alone stops nobody");
    session.send("PATCH", &path, Some(json!({ "auto_disable": true }))).await;
    session.stand.pass(60);
    assert_eq!(status(), "cut_off");
    session.send("PATCH", &path, Some(json!({ "traffic_limit": 5000 }))).await;
    assert_eq!(status(), "cut_off");
    session.send("PATCH", &path, Some(json!({ "traffic_limit": 5000, "status": "active" }))).await;
    session.stand.pass(60);
    assert_eq!(status(), "active");
    session.send("PATCH", &path, Some(json!({ "traffic_limit": 0, "auto_disable": false }))).await;
    session.stand.pass(60);
    assert_eq!(status(), "cut_off", "0 is a block in itself");
}

#[tokio::test]
async fn the_published_contract_answers_with_the_row() {
    let session = decodo::Session::new(Dialect::DecodoPublished).await;
    let body =
        json!({ "username": "any name!", "password": "p", "service_type": "mobile", "traffic_limit": 5.5 });
    let Reply(status, row) = session.send("POST", "/sub-users", Some(body.clone())).await;
    let id = user(&session.stand, "any name!").id;
    let expected = json!({
        "id": id.to_string(), "username": "any name!", "service_type": "mobile", "traffic_limit": 5.5,
        "traffic_used": 0, "status": "active", "created": "2026-11-21T12:00:00Z",
    });
    assert_eq!((status, row), (201, expected));
    let conflict = json!({ "error_code": "conflict", "message": "Username already exists" });
    assert_eq!(session.send("POST", "/sub-users", Some(body)).await, Reply(409, conflict));
    assert_eq!(session.get("/sub-users/any%20name%21/traffic").await.0, 200);

    let path = format!("/sub-users/{id}");
    let Reply(status, row) = session.send("PUT", &path, Some(json!({ "traffic_limit": 7 }))).await;
    assert_eq!((status, &row["traffic_limit"]), (200, &json!(7)));
    // The contract's own route names nobody: the first row changes.
    let Reply(status, row) = session.send("PUT", "/sub-users", Some(json!({ "traffic_limit": 8 }))).await;
    assert_eq!((status, &row["username"], &row["traffic_limit"]), (200, &json!("still"), &json!(8)));

    assert_eq!(session.send("DELETE", &path, None).await, Reply(204, EMPTY));
    assert_eq!(session.send("DELETE", &path, None).await, not_found(404, "Sub user not found"));
}

#[tokio::test]
async fn the_real_dialects_answer_nothing() {
    for (dialect, short) in [(Dialect::DecodoV1, "ab"), (Dialect::DecodoV2, "abcde")] {
        let session = decodo::Session::new(dialect).await;
        let row =
            json!({ "username": "fresh_1", "password": PASSWORD, "service_type": "residential_proxies" });
        assert_eq!(session.send("POST", "/sub-users", Some(row.clone())).await, Reply(201, json!({})));
        let fresh = user(&session.stand, "fresh_1");
        assert_eq!((fresh.limit_bytes, fresh.auto_disable), (None, false));
        for (field, value, problem) in [
            ("username", json!("fresh_1"), "This value is already used."),
            ("username", json!(short), "Letters, digits and underscores only; too short or too long."),
            ("username", EMPTY, "This value should not be blank."),
            ("password", json!("Abcdefghij1_@"), "This password is not strong enough."),
            ("service_type", json!("residential"), "The value you selected is not a valid choice."),
            ("traffic_limit", json!(-5), "must be a number, at least 0, or null"),
        ] {
            let mut body = row.clone();
            body["username"] = json!("fresh_2");
            body[field] = value;
            let reply = session.send("POST", "/sub-users", Some(body.clone())).await;
            assert_eq!(reply, bad_request(field, problem), "{body}");
        }

        let path = format!("/sub-users/{}", session.ids()[1]);
        let change = json!({ "traffic_limit": 900.5, "auto_disable": true, "status": "disabled" });
        assert_eq!(session.send("PUT", &path, Some(change)).await, Reply(201, json!({})));
        let busy = user(&session.stand, "busy");
        assert_eq!((busy.limit_bytes, busy.status), (Some(900_500_000_000), "disabled"));
        let from = json!({ "traffic_count_from": "2026-11-21 11:00:00", "status": "active" });
        assert_eq!(session.send("PUT", &path, Some(from)).await, Reply(201, json!({})));
        let counted = user(&session.stand, "busy").traffic_bytes;
        assert!((600_000_000..1_400_000_000).contains(&counted), "one hour: {counted}");

        assert_eq!(session.send("PUT", "/sub-users", Some(json!({}))).await.0, 405);
        let unknown = not_found(400, "Sub user not found");
        assert_eq!(session.send("PUT", "/sub-users/1", Some(json!({}))).await, unknown);
        assert_eq!(session.send("DELETE", &path, None).await, Reply(204, EMPTY));
        assert_eq!(session.send("DELETE", &path, None).await, unknown);
    }
}

#[tokio::test]
async fn whitelists_grow_and_shrink() {
    for (dialect, added, missing) in [
        (Dialect::DecodoPublished, Reply(201, EMPTY), 404),
        (Dialect::DecodoV1, Reply(200, json!({})), 400),
        (Dialect::DecodoV2, Reply(200, json!({})), 400),
    ] {
        let session = decodo::Session::new(dialect).await;
        let list = json!({ "IPAddressList": ["192.0.2.9", "192.0.2.1"] });
        assert_eq!(session.send("POST", "/whitelisted-ips", Some(list)).await, added);
        let whitelist = || session.stand.books().accounts["a"].whitelist.clone();
        assert_eq!(whitelist(), ["192.0.2.1", "192.0.2.9"]);
        assert_eq!(session.send("DELETE", "/whitelisted-ips/1000", None).await, Reply(204, EMPTY));
        assert_eq!(whitelist(), ["192.0.2.9"]);
        let again = session.send("DELETE", "/whitelisted-ips/1000", None).await;
        assert_eq!(again, not_found(missing, "IP not found"));
        let blank = bad_request("IPAddressList", "This value should not be blank.");
        assert_eq!(session.send("POST", "/whitelisted-ips", Some(json!({}))).await, blank);
        if dialect != Dialect::DecodoPublished {
            let wrong = json!({ "IPAddressList": ["here"] });
            let refused = bad_request("IPAddressList", "This is not a valid IP address.");
            assert_eq!(session.send("POST", "/whitelisted-ips", Some(wrong)).await, refused);
        }
    }
}
