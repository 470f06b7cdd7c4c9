//! Writes that go wrong: what is sent, what is told, and whether it may have been carried out.

use std::time::Duration;

use proxymeter::domain::traffic::SubUserId;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::providers::decodo::UpdateRoute;
use proxymeter::providers::{NewSubUser, ProviderError, SubUserChange, SubUserStatus, Writer};
use proxymeter::simulator::{Fault, FaultRule};

use super::operation::{NAME, limit, new};
use super::simulated::Stand;
use super::{ALL, Dialect, PASSWORD, soon};
use crate::scripted::{Asked, Told, Vendor, ok, status};

const LOGIN: &str = r#"{"user_id":"u-1","token":"t"}"#;

fn is_login(asked: &Asked) -> bool {
    asked.line.ends_with("/login") || asked.line.ends_with("/auth")
}

/// A vendor that lets everybody in and answers the rest so.
async fn vendor(answer: impl Fn(usize, &Asked) -> Told + Send + Sync + 'static) -> Vendor {
    Vendor::start(move |number, asked| if is_login(asked) { ok(LOGIN) } else { answer(number, asked) }).await
}

fn client(vendor: &Vendor, dialect: Dialect) -> Box<dyn Writer> {
    dialect.client(vendor.base(), "sp_user", "key")
}

fn id() -> SubUserId {
    SubUserId("7".into())
}

/// Every write, as its error; the whitelist where there is one.
async fn all_writes(client: &dyn Writer, dialect: Dialect) -> Vec<ProviderError> {
    let ask = &soon();
    let change = SubUserChange { password: Some(PASSWORD.into()), ..SubUserChange::of_limit(limit()) };
    let mut errors = vec![
        client.create_sub_user(&new(dialect), ask).await.unwrap_err(),
        client.update_sub_user(&id(), &change, ask).await.unwrap_err(),
        client.delete_sub_user(&id(), ask).await.unwrap_err(),
    ];
    if dialect != Dialect::Oxylabs {
        errors.push(client.add_to_whitelist(&["192.0.2.1".parse().unwrap()], ask).await.unwrap_err());
        errors.push(client.remove_from_whitelist("9", ask).await.unwrap_err());
    }
    errors
}

fn assert_no_secret(error: &ProviderError) {
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for dialect in ALL {
        for (code, may_have_applied) in [(500, true), (502, true), (503, true), (429, false), (408, true)] {
            let vendor = vendor(move |_, _| status(code)).await;
            let client = client(&vendor, dialect);
            let change = SubUserChange::of_limit(limit());
            let error = client.update_sub_user(&id(), &change, &soon()).await.unwrap_err();
            assert_eq!(error.may_have_applied(), may_have_applied, "{error}");
            let writes = vendor.asked().iter().filter(|asked| !is_login(asked)).count();
            assert_eq!(writes, 1, "{code}: {:?}", vendor.lines());
        }
        let vendor = vendor(|_, _| status(503)).await;
        let errors = all_writes(&*client(&vendor, dialect), dialect).await;
        assert!(errors.iter().all(ProviderError::may_have_applied), "{errors:?}");
        let writes = vendor.asked().iter().filter(|asked| !is_login(asked)).count();
        assert_eq!(writes, errors.len(), "{:?}", vendor.lines());
    }
}

#[tokio::test]
async fn a_write_that_a_refused_token_stopped_is_replayed_once_with_the_same_body() {
    let vendor = Vendor::start(|number, asked| match number {
        _ if is_login(asked) => ok(&LOGIN.replace("\"t\"", &format!("\"t{number}\""))),
        1 => status(401),
        _ => status(200),
    })
    .await;
    let change = SubUserChange::of_status(SubUserStatus::Disabled);
    client(&vendor, Dialect::Oxylabs).update_sub_user(&id(), &change, &soon()).await.unwrap();
    let asked = vendor.asked();
    let lines: Vec<_> = asked.iter().map(|asked| (&*asked.line, &*asked.body)).collect();
    let patch = ("PATCH /v2/users/u-1/sub-users/7", r#"{"status":"disabled"}"#);
    assert_eq!(lines, [("POST /v2/login", ""), patch, ("POST /v2/login", ""), patch]);
    assert_eq!(
        (asked[1].header("authorization"), asked[3].header("authorization")),
        ("Bearer t0", "Bearer t2")
    );
}

#[tokio::test]
async fn a_write_behind_a_refused_or_broken_login_did_not_apply() {
    for code in [401, 403, 500] {
        let vendor = Vendor::start(move |_, _| status(code)).await;
        for error in all_writes(&*client(&vendor, Dialect::Oxylabs), Dialect::Oxylabs).await {
            assert!(!error.may_have_applied(), "{code}: {error}");
        }
        assert!(vendor.lines().iter().all(|line| line == "POST /v2/login"));
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_of_the_write_is_not_believed() {
    for dialect in ALL {
        let page = vendor(|_, _| ok("<html>Please log in to the network</html>")).await;
        for error in all_writes(&*client(&page, dialect), dialect).await {
            assert!(matches!(error, ProviderError::Decode { .. }) && error.may_have_applied(), "{error}");
        }
        let elsewhere =
            vendor(|_, _| Told(302, vec![("location", "http://127.0.0.1:1/".to_owned())], vec![])).await;
        for error in all_writes(&*client(&elsewhere, dialect), dialect).await {
            assert!(matches!(error, ProviderError::Redirect { .. }) && error.may_have_applied(), "{error}");
        }
    }
}

#[tokio::test]
async fn f7_an_applied_write_whose_answer_was_lost_is_ambiguous_and_can_be_read_back() {
    for dialect in ALL {
        let stand = Stand::start().await;
        let client = stand.client(dialect);
        let id = client.create_sub_user(&new(dialect), &soon()).await.unwrap();
        stand.simulator.add_fault(FaultRule {
            operation: Some("writes".to_owned()),
            count: Some(1),
            ..FaultRule::always(Fault::LoseAnswer)
        });
        let more = SubUserChange::of_limit(Limit::Bytes(Bytes(9_000_000_000)));
        let error = client.update_sub_user(&id, &more, &soon()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Connect { .. }) && error.may_have_applied(), "{error}");
        let list = client.sub_users(&soon()).await.unwrap();
        let row = list.iter().find(|row| row.id.as_ref() == Some(&id)).unwrap();
        assert_eq!(row.limit, more.limit, "the list tells that it was carried out");
        let books = stand.simulator.books();
        let writes = &books.accounts[dialect.simulated()].writes;
        assert_eq!(writes.len(), 2, "made, and changed once: {writes:?}");
    }
}

#[tokio::test]
async fn f7_silence_after_a_write_is_ambiguous() {
    let stand = Stand::start().await;
    let rule = FaultRule { operation: Some("writes".to_owned()), ..FaultRule::always(Fault::Silent) };
    let id = stand.client(Dialect::V2).create_sub_user(&new(Dialect::V2), &soon()).await.unwrap();
    stand.simulator.add_fault(rule);
    let mut ask = soon();
    ask.deadline = tokio::time::Instant::now() + Duration::from_millis(300);
    let change = SubUserChange::of_limit(limit());
    let error = stand.client(Dialect::V2).update_sub_user(&id, &change, &ask).await.unwrap_err();
    assert!(matches!(error, ProviderError::Timeout { .. }) && error.may_have_applied(), "{error}");
}

#[tokio::test]
async fn f8_an_ignored_write_is_taken_and_only_reading_back_tells() {
    let stand = Stand::start().await;
    let client = stand.client(Dialect::Oxylabs);
    let id = client.create_sub_user(&new(Dialect::Oxylabs), &soon()).await.unwrap();
    let before = stand.made(Dialect::Oxylabs);
    stand.simulator.add_fault(FaultRule::always(Fault::IgnoreWrite));
    let change = SubUserChange::of_limit(Limit::Unlimited);
    client.update_sub_user(&id, &change, &soon()).await.unwrap();
    assert_eq!(stand.made(Dialect::Oxylabs), before);
}

#[tokio::test]
async fn a_new_sub_user_without_an_id_is_found_in_the_list_or_said_to_be_sought() {
    for (list, found) in [
        (r#"[{"id":3,"username":"other"},{"id":7,"username":"fresh_1"}]"#, true),
        (r#"[{"id":3,"username":"other"}]"#, false),
        ("<html>", false),
    ] {
        for dialect in ALL {
            let vendor = vendor(move |_, asked| match asked.line.starts_with("POST") {
                true => Told(201, vec![], b"{}".to_vec()),
                false => ok(list),
            })
            .await;
            let made = client(&vendor, dialect).create_sub_user(&new(dialect), &soon()).await;
            let asked = vendor.asked();
            let methods: Vec<_> = asked
                .iter()
                .filter(|asked| !is_login(asked))
                .map(|asked| asked.line.split(' ').next().unwrap())
                .collect();
            assert_eq!(methods, ["POST", "GET"], "made once, then looked for");
            if found {
                assert_eq!(made.unwrap(), id());
                continue;
            }
            let error = made.unwrap_err();
            assert!(
                matches!(&error, ProviderError::MayExist { username, .. } if username == NAME),
                "{error}"
            );
            assert!(error.may_have_applied());
            assert!(error.to_string().contains("\"fresh_1\" may exist. Look for it with"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_tells_the_vendors_words_without_the_password() {
    for dialect in ALL {
        let echo = format!(
            r#"{{"error_code":"bad_request","message":"no {PASSWORD}","error":{{"password":"{PASSWORD} is weak"}}}}"#
        );
        let vendor = vendor(move |_, _| Told(400, vec![], echo.clone().into_bytes())).await;
        for error in all_writes(&*client(&vendor, dialect), dialect).await.iter().take(2) {
            assert_no_secret(error);
            assert!(error.to_string().contains("no [redacted] (password: [redacted] is weak)"), "{error}");
            assert!(!error.may_have_applied());
        }
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_never_sent() {
    for dialect in ALL {
        let vendor = vendor(|_, _| status(500)).await;
        let client = client(&vendor, dialect);
        let nameless = NewSubUser { username: String::new(), ..new(dialect) };
        let blocked = SubUserChange::of_limit(Limit::Blocked);
        for error in [
            client.create_sub_user(&nameless, &soon()).await.unwrap_err(),
            client.update_sub_user(&id(), &blocked, &soon()).await.unwrap_err(),
            client.update_sub_user(&id(), &SubUserChange::default(), &soon()).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::Invalid(_)) && !error.may_have_applied(), "{error}");
        }
        assert_eq!(vendor.lines(), [""; 0]);
    }
}

#[tokio::test]
async fn a_slow_vendor_has_a_timeout_for_writes_too() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    let timeout = Duration::from_millis(100);
    let client = Dialect::V2.client_with(base, "", "key", timeout, UpdateRoute::ById);
    let error = client.delete_sub_user(&id(), &soon()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Timeout { .. }) && error.may_have_applied(), "{error}");
}
