//! Connections that several mails share, and that the server closes in between.

use futures_util::future;
use serde_json::json;

use super::{is_later, plain, send_to_ops};

#[tokio::test]
async fn mails_that_follow_one_another_share_a_connection() {
    let Some((mut server, email)) = plain().await else { return };
    for _ in 0..3 {
        assert!(send_to_ops(&email).await.is_ok());
        server.mail().await;
    }
    assert_eq!(server.connections, 1);
}

#[tokio::test]
async fn mails_at_once_have_a_connection_each() {
    let Some((mut server, email)) = plain().await else { return };
    let results = future::join_all((0..4).map(|_| send_to_ops(&email))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    for _ in 0..4 {
        server.mail().await;
    }
    assert_eq!(server.connections, 4);
}

#[tokio::test]
async fn what_was_closed_while_it_lay_idle_is_no_failure() {
    let Some((mut server, email)) = plain().await else { return };
    for plan in [
        json!({ "IDLE": ["drop"] }),
        json!({ "IDLE": ["421 4.4.2 idle for too long"] }),
        json!({ "RSET": ["421 4.4.2 idle for too long"] }),
        json!({ "RSET": ["drop"] }),
        json!({ "RSET": ["500 5.5.1 no"] }),
    ] {
        server.plan(plan.clone()).await;
        for number in 0..2 {
            let result = send_to_ops(&email).await;
            assert!(result.is_ok(), "{plan} {number}: {result:?}");
            assert_eq!(server.mail().await["taken"], true);
        }
    }
    // One more for each plan, as each of them costs a connection.
    assert_eq!(server.connections, 6);
}

#[tokio::test]
async fn a_pooled_connection_that_dies_before_the_last_dot_is_replaced_at_once() {
    let Some((mut server, email)) = plain().await else { return };
    assert!(send_to_ops(&email).await.is_ok());
    server.mail().await;
    for (number, plan) in
        [json!({ "MAIL": ["drop"] }), json!({ "RCPT": ["421 4.3.2 closing"] }), json!({ "DATA": ["drop"] })]
            .into_iter()
            .enumerate()
    {
        server.plan(plan.clone()).await;
        assert!(send_to_ops(&email).await.is_ok(), "{plan}");
        assert_eq!(server.mail().await["taken"], true);
        assert_eq!(server.connections, number + 2);
    }
    // Once: a server that goes on so is down.
    server.plan(json!({ "MAIL": "drop" })).await;
    assert!(is_later(&send_to_ops(&email).await, "naming the sender"));
    server.no_mail().await;
}
