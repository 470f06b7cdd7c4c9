//! The watchdog hears of proxymeter while it collects and delivers, and by its silence alone of anything else.

use std::fs;

use serde_json::json;

use super::desk::{FIRST, Hook, amount, budget, configure, fail, sample};
use crate::support::binary::{Serving, until};
use crate::support::vendors::Vendors;

const BEATS: &str = "watchdog_every = \"10s\"\n";

fn start(vendors: &Vendors, dog: &Hook, ops: &Hook) {
    let operator = format!(
        "operator.notify = [\"ops\"]\noperator.watchdog_url = \"{}\"\noperator.watchdog_allow_private = true\noperator.{BEATS}",
        dog.url()
    );
    let amount = amount(vendors);
    let budget = budget(FIRST, amount, "[\"ops\"]", "[\"ops\"]");
    configure(vendors, &operator, &format!("stale_after = \"3s\"\n{}{budget}", ops.receiver("ops", "")));
}

fn serve(vendors: &Vendors) -> Serving {
    let mut command = vendors.command(&["serve"]);
    command.env("PROXYMETER__LOG__LEVEL", "info,proxymeter::app::telling::watchdog=debug");
    Serving::start(command)
}

/// Waits until it is said, for the first or the next time, why the watchdog is not called.
fn until_silent(daemon: &Serving, why: &str) {
    let said = |log: &str| log.matches(&format!("the watchdog is not called: {why}")).count();
    let before = said(&daemon.log());
    until(|| (said(&daemon.log()) > before).then_some(()), || format!("{why} in {}", daemon.log()));
}

fn until_called(dog: &Hook, daemon: &Serving, count: usize) {
    until(
        || (dog.bodies().len() >= count).then_some(()),
        || format!("{} calls of {count}\n{}", dog.bodies().len(), daemon.log()),
    );
}

#[test]
fn f33_a_watchdog_is_called_with_what_no_consumer_takes_for_a_breach_and_only_while_vendors_answer() {
    let vendors = Vendors::start();
    let (dog, ops) = (Hook::start(), Hook::start());
    start(&vendors, &dog, &ops);
    fail(&vendors, 503);
    let daemon = serve(&vendors);
    until_silent(&daemon, "oxylabs: ");
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    until_silent(&daemon, "oxylabs: ");
    assert_eq!(dog.bodies(), [json!(null); 0]);

    vendors.simulator.clear_faults();
    until_called(&dog, &daemon, 1);
    let body = &dog.bodies()[0];
    assert!(body["timestamp"].is_string(), "{body}");
    assert_eq!(
        *body,
        json!({ "type": "heartbeat", "timestamp": body["timestamp"], "data": { "version": 1 } })
    );
    ops.until_told(&daemon, FIRST);

    // Vendors that fail after the first call stop it as well: nothing is called that was due by then.
    fail(&vendors, 503);
    until_silent(&daemon, "oxylabs: ");
    let silent = daemon.log().matches("the watchdog is not called").count();
    assert!(silent < 60, "it is looked each second, not all the time: {silent}");
    let calls = dog.bodies().len();
    vendors.simulator.clear_faults();
    until_called(&dog, &daemon, calls + 1);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f33_a_watchdog_is_not_called_while_a_receiver_is_gone_or_the_store_is_lost() {
    let vendors = Vendors::start();
    let (dog, ops) = (Hook::start(), Hook::start());
    start(&vendors, &dog, &ops);
    ops.answer(410, "gone");
    let daemon = serve(&vendors);
    until_silent(&daemon, "ops: ");
    let page = daemon.get("/metrics").1;
    assert_eq!(sample(&page, "proxymeter_receiver_up{receiver=\"ops\"}"), Some(0.0));
    let before = dog.bodies().len();
    ops.answer(204, "");
    vendors.run(&["notify", "test", "ops"]).ended_with(0);
    until_called(&dog, &daemon, before + 1);
    assert_eq!(daemon.stop(), Some(0));

    let calls = dog.bodies().len();
    for rest in ["proxymeter.db-wal", "proxymeter.db-shm"] {
        drop(fs::remove_file(vendors.folder().join(rest)));
    }
    let good = fs::read(vendors.folder().join("proxymeter.db")).unwrap();
    let damaged = [b"SQLite format 3\0".as_slice(), &[0x5a; 8_000]].concat();
    fs::write(vendors.folder().join("proxymeter.db"), damaged).unwrap();
    let daemon = serve(&vendors);
    until_silent(&daemon, "the store cannot be used");
    // Told past the outbox, and once.
    ops.until_told(&daemon, "no decision is made");
    assert_eq!(dog.bodies().len(), calls);
    fs::write(vendors.folder().join("new.db"), good).unwrap();
    fs::rename(vendors.folder().join("new.db"), vendors.folder().join("proxymeter.db")).unwrap();
    until_called(&dog, &daemon, calls + 1);
    assert_eq!(daemon.stop(), Some(0));
}
