//! Killed between every two steps of a notice's way to a webhook.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::laws::{Seen, hold};
use super::server::Act;
use super::*;
use crate::support::binary::pass;

/// A server that says when a request is there, and waits for what to do with it.
fn asking(server: &Server) -> (Receiver<()>, Sender<Act>) {
    let (arrived, arrivals) = channel();
    let (answer, answers) = channel();
    let answers = Mutex::new(answers);
    server.plan(move || {
        arrived.send(()).ok();
        // The test may be over.
        answers.lock().unwrap().recv().unwrap_or(Act::Close)
    });
    (arrivals, answer)
}

fn ids(rows: &[Row], is: impl Fn(&Row) -> bool) -> BTreeSet<&str> {
    rows.iter().filter(|row| is(row)).map(|row| row.notice.as_str()).collect()
}

/// One connection: of twelve threads the first is at the server, eight are begun, and the rest is only saved.
#[test]
fn f29_killed_before_a_try_begins_before_it_leaves_and_before_it_is_answered_all_are_told_once() {
    let server = Server::start();
    let stage = Stage::new(12, &["hook"], &webhook("hook", &server, 1, ""));
    let (arrivals, _answer) = asking(&server);
    let daemon = stage.begin();
    stage.step();
    arrivals.recv_timeout(PATIENCE).unwrap();
    stage.until(&daemon, "all are decided", |rows| rows.len() == 12);
    Stage::kill(daemon);
    let left = stage.outbox.rows();
    let at_server = server.seen().pop().unwrap().id;
    let begun = ids(&left, |row| row.is_trying && row.tries == 1);
    let saved = ids(&left, |row| !row.is_trying && row.tries == 0 && row.waits());
    assert!(begun.contains(&*at_server) && begun.len() > 1, "begun, and not sent: {left:#?}");
    assert!(!saved.is_empty() && begun.len() + saved.len() == 12, "decided, and not begun: {left:#?}");

    server.plan(|| Act::Take);
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    let seen = server.seen();
    assert_eq!(seen.len(), 13, "each once, but the one that was under way");
    assert_eq!(seen.iter().filter(|request| request.id == at_server).count(), 2);
    // What may have arrived says so, and keeps its name.
    assert_eq!(ids(&rows, |row| row.state == "delivered").len(), 12);
    hold(&rows, &Seen::from([("hook", seen)]));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f29_killed_between_the_answer_and_its_save_the_same_comes_again_and_nothing_else() {
    let server = Server::start();
    let stage = Stage::new(4, &["hook"], &webhook("hook", &server, 1, ""));
    let (arrivals, answer) = asking(&server);
    let daemon = stage.begin();
    stage.step();
    arrivals.recv_timeout(PATIENCE).unwrap();
    stage.until(&daemon, "all are begun", |rows| rows.iter().filter(|row| row.is_trying).count() == 4);
    let lock = stage.outbox.lock();
    for _ in 0..3 {
        // The next leaves only after the answer to this one was read.
        answer.send(Act::Take).unwrap();
        arrivals.recv_timeout(PATIENCE).unwrap();
    }
    Stage::kill(daemon);
    drop(lock);
    let taken: Vec<String> = server.seen().into_iter().filter(|one| one.is_taken).map(|one| one.id).collect();
    assert_eq!(taken.len(), 3);
    let left = stage.outbox.rows();
    assert!(left.iter().all(|row| row.is_trying), "no answer is saved: {left:#?}");

    server.plan(|| Act::Take);
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    let seen = server.seen();
    for id in &taken {
        assert_eq!(seen.iter().filter(|request| request.id == *id).count(), 2, "by the same name");
    }
    let figures = hold(&rows, &Seen::from([("hook", seen)]));
    assert_eq!((figures.requests, figures.doubles), (8, 3), "{figures:?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f29_killed_after_the_save_nothing_comes_again_and_news_go_on_in_their_thread() {
    let server = Server::start();
    let stage = Stage::new(3, &["hook"], &webhook("hook", &server, 8, ""));
    let mut daemon = stage.begin();
    for told in 1..=3 {
        stage.step();
        stage.until(&daemon, "all are told", |rows| {
            rows.iter().filter(|row| row.state == "delivered").count() == 3 * told
        });
        Stage::kill(daemon);
        daemon = stage.again();
    }
    let rows = stage.quiet(&daemon);
    let figures = hold(&rows, &Seen::from([("hook", server.seen())]));
    assert_eq!((figures.notices, figures.requests, figures.doubles), (9, 9, 0), "{figures:?}");
    assert_eq!(daemon.stop(), Some(0));
}

/// News of a thread of which something may have arrived come after it, and say nothing of it.
#[test]
fn f26_killed_at_a_try_that_may_have_arrived_news_come_after_it_under_their_own_id() {
    let server = Server::start();
    let stage = Stage::new(2, &["hook"], &webhook("hook", &server, 1, ""));
    let daemon = stage.begin();
    server.plan(|| Act::TakeUnsaid);
    stage.step();
    stage.wait(&daemon, "both are taken", || server.seen().len() == 2);
    Stage::kill(daemon);
    // While it is down.
    stage.step();
    server.plan(|| Act::Hang);
    let daemon = stage.again();
    stage.until(&daemon, "news", |rows| rows.len() == 4);
    Stage::kill(daemon);
    server.plan(|| Act::Take);
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    assert_eq!(ids(&rows, |row| row.state == "delivered").len(), 4, "none replaces what may have arrived");
    let figures = hold(&rows, &Seen::from([("hook", server.seen())]));
    assert_eq!(figures.doubles, 2, "{figures:?}");
    assert_eq!(daemon.stop(), Some(0));
}

fn with_spare(server: &Server, spare: &Server) -> String {
    webhook("hook", server, 8, "fallback = \"spare\"\n") + &webhook("spare", spare, 1, "")
}

#[test]
fn f28_killed_between_the_fall_back_and_the_other_receiver_the_other_is_told_once() {
    let (server, spare) = (Server::start(), Server::start());
    let stage = Stage::new(12, &["hook"], &with_spare(&server, &spare));
    server.plan(|| Act::Refuse(400, ""));
    spare.plan(|| Act::Hang);
    let daemon = stage.begin();
    stage.step();
    let left = stage.until(&daemon, "all fell back", |rows| {
        rows.iter().filter(|row| row.stands_in).count() == 12 && !spare.seen().is_empty()
    });
    Stage::kill(daemon);
    assert!(left.iter().any(|row| row.stands_in && row.tries == 0), "saved, and not begun: {left:#?}");

    spare.plan(|| Act::Take);
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    assert_eq!(server.seen().len(), 12, "what it refused is not sent again");
    assert_eq!(spare.seen().iter().filter(|request| request.is_taken).count(), 12);
    hold(&rows, &Seen::from([("hook", server.seen()), ("spare", spare.seen())]));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f28_killed_between_the_refusal_and_its_save_the_other_is_told_once() {
    let (server, spare) = (Server::start(), Server::start());
    let stage = Stage::new(4, &["hook"], &with_spare(&server, &spare));
    let (arrivals, answer) = asking(&server);
    let daemon = stage.begin();
    stage.step();
    for _ in 0..4 {
        arrivals.recv_timeout(PATIENCE).unwrap();
    }
    let lock = stage.outbox.lock();
    for _ in 0..4 {
        answer.send(Act::Refuse(400, "")).unwrap();
    }
    // Longer than results are gathered for.
    pass(Duration::from_millis(300));
    Stage::kill(daemon);
    drop(lock);
    let left = stage.outbox.rows();
    assert!(left.len() == 4 && left.iter().all(|row| row.is_trying), "no refusal is saved: {left:#?}");
    assert!(spare.seen().is_empty());

    server.plan(|| Act::Refuse(400, ""));
    let daemon = stage.again();
    let rows = stage.quiet(&daemon);
    let figures = hold(&rows, &Seen::from([("hook", server.seen()), ("spare", spare.seen())]));
    assert_eq!((server.seen().len(), figures.taken, figures.fell_back), (8, 4, 4), "{figures:?}");
    assert_eq!(daemon.stop(), Some(0));
}
