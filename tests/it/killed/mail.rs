//! Killed between every two steps of a mail's way to a real SMTP server.
//!
//! Needs a Python with `aiosmtpd` (PyPI); without it the tests say so and pass.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::*;
use crate::notify_mail::server::{Server as MailServer, python};
use crate::support::binary::pass;

/// A mail server, and a stage whose one receiver gets mail there by one connection.
struct Post {
    stage: Stage,
    server: MailServer,
    /// What came in, whether it was answered or not.
    mails: Vec<Value>,
    runtime: Runtime,
}

impl Post {
    fn start(sub_users: usize) -> Option<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(async { Some(MailServer::start(&python().await?, &[]).await) })?;
        let receivers = format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nconnections = 1\n\
             [receivers.mail]\nemail = {{ to = [\"ops@example.com\"], from = \"proxymeter@example.com\" }}\n",
            server.port
        );
        let stage = Stage::new(sub_users, &["mail"], &receivers);
        Some(Self { stage, server, mails: Vec::new(), runtime })
    }

    fn plan(&mut self, plan: Value) {
        self.runtime.block_on(self.server.plan(plan));
    }

    /// Waits for so many mails.
    fn come(&mut self, mails: usize) {
        for _ in 0..mails {
            let mail = self.runtime.block_on(self.server.mail());
            self.mails.push(mail);
        }
    }

    /// How often each mail came, by the notice's id: the same bytes each time.
    fn by_id(&self) -> BTreeMap<String, usize> {
        let mut found: BTreeMap<String, (&str, usize)> = BTreeMap::new();
        for mail in &self.mails {
            let raw = mail["raw"].as_str().unwrap();
            let headers = mail["understood"]["headers"].as_array().unwrap();
            let id = headers.iter().find(|header| header[0] == "Message-ID").unwrap()[1].as_str().unwrap();
            let id = id.trim_start_matches('<').split('@').next().unwrap().to_owned();
            let (first, times) = found.entry(id).or_insert((raw, 0));
            assert_eq!(*first, raw);
            *times += 1;
        }
        found.into_iter().map(|(id, (_, times))| (id, times)).collect()
    }

    /// Starts again, waits until all is told, and that nothing comes beside it; every notice was delivered under its id.
    fn finish(mut self, mails: usize) -> BTreeMap<String, usize> {
        let daemon = self.stage.again();
        self.come(mails);
        let rows = self.stage.quiet(&daemon);
        assert_eq!(daemon.stop(), Some(0));
        self.runtime.block_on(self.server.no_mail());
        let by_id = self.by_id();
        assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:#?}");
        let ids: Vec<&str> = rows.iter().map(|row| row.notice.as_str()).collect();
        assert!(
            ids.len() == by_id.len() && ids.iter().all(|id| by_id.contains_key(*id)),
            "{ids:?} {by_id:?}"
        );
        by_id
    }
}

#[test]
fn f29_killed_before_any_mail_has_left_each_comes_once() {
    let Some(mut post) = Post::start(12) else { return };
    post.plan(json!({ "CONNECT": "silent" }));
    let daemon = post.stage.begin();
    post.stage.step();
    let is_begun = |rows: &[Row]| rows.len() == 12 && rows.iter().any(|row| row.is_trying);
    post.stage.until(&daemon, "some are begun", is_begun);
    Stage::kill(daemon);
    let left = post.stage.outbox.rows();
    assert!(left.iter().any(|row| row.tries == 0), "decided, and not begun: {left:#?}");
    post.plan(json!({}));
    let by_id = post.finish(12);
    assert!(by_id.values().all(|times| *times == 1), "{by_id:?}");
}

#[test]
fn f26_killed_after_data_and_before_the_answer_the_same_mail_comes_again() {
    let Some(mut post) = Post::start(3) else { return };
    post.plan(json!({ "END": ["silent"] }));
    let daemon = post.stage.begin();
    post.stage.step();
    post.come(1);
    post.stage.until(&daemon, "all are begun", |rows| rows.iter().filter(|row| row.is_trying).count() == 3);
    Stage::kill(daemon);
    let twice = post.by_id().into_keys().next().unwrap();
    let by_id = post.finish(3);
    assert_eq!(by_id[&twice], 2);
    assert_eq!(by_id.values().sum::<usize>(), 4);
}

#[test]
fn f26_killed_between_the_servers_answer_and_its_save_the_same_mails_come_again() {
    let Some(mut post) = Post::start(4) else { return };
    post.plan(json!({ "END": ["hold"] }));
    let daemon = post.stage.begin();
    post.stage.step();
    post.come(1);
    post.stage.until(&daemon, "all are begun", |rows| rows.iter().filter(|row| row.is_trying).count() == 4);
    let lock = post.stage.outbox.lock();
    post.plan(json!({}));
    // Each leaves only after the answer to the one before was read.
    post.come(3);
    pass(Duration::from_millis(300));
    Stage::kill(daemon);
    drop(lock);
    let left = post.stage.outbox.rows();
    assert!(left.iter().all(|row| row.is_trying), "no answer is saved: {left:#?}");
    let by_id = post.finish(4);
    assert!(by_id.values().all(|times| *times == 2), "{by_id:?}");
}

#[test]
fn f29_killed_after_the_save_no_mail_comes_again() {
    let Some(mut post) = Post::start(3) else { return };
    let daemon = post.stage.begin();
    post.stage.step();
    post.come(3);
    post.stage.quiet(&daemon);
    Stage::kill(daemon);
    let by_id = post.finish(0);
    assert!(by_id.values().all(|times| *times == 1), "{by_id:?}");
}
