//! Receivers that refuse, are gone, are configured otherwise, or no more: who is told instead, and who hears of it.

use std::fs;

use super::desk::{FIRST, Hook, amount, budget, configure, is_firing, listed, look_again, run_away, sample};
use crate::support::binary::Serving;
use crate::support::vendors::Vendors;

fn told_of(vendors: &Vendors, operator: &str, receivers: &str) -> u64 {
    let amount = amount(vendors);
    let budget = budget(FIRST, amount, "[\"ops\"]", "[\"ops\"]");
    configure(vendors, &format!("operator.notify = [{operator}]\n"), &format!("{receivers}{budget}"));
    amount
}

fn is_up(daemon: &Serving, receiver: &str, up: f64) {
    let series = format!("proxymeter_receiver_up{{receiver=\"{receiver}\"}}");
    daemon.wait_for("/metrics", |page| sample(page, &series) == Some(up));
}

#[test]
fn f28_what_a_receiver_refuses_another_is_told_in_its_place() {
    let vendors = Vendors::start();
    let (ops, pager) = (Hook::start(), Hook::start());
    ops.answer(400, "no such channel");
    let receivers = ops.receiver("ops", "fallback = \"pager\"\n") + &pager.receiver("pager", "");
    told_of(&vendors, "", &receivers);
    let daemon = vendors.serve();
    let told = pager.until_told(&daemon, "[for ops, who could not be told]");
    assert_eq!((&told["type"], &told["data"]["budget"]), (&"budget.firing".into(), &"scrapers".into()));
    let dead = listed(&vendors, &["--receiver", "ops"], 4);
    assert_eq!(dead[0]["state"], "dead");
    assert!(dead[0]["answer"].as_str().unwrap().contains("no such channel"), "{dead:#?}");
    let stood_in = listed(&vendors, &["--receiver", "pager"], 0);
    assert_eq!((stood_in.len(), &stood_in[0]["state"]), (1, &"delivered".into()), "{stood_in:#?}");
    for outcome in ["dead", "fallback"] {
        let series = format!("proxymeter_notices_total{{receiver=\"ops\",outcome=\"{outcome}\"}}");
        daemon.wait_for("/metrics", |page| sample(page, &series) == Some(1.0));
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f28_a_receiver_that_is_gone_stays_off_over_a_restart_until_it_is_asked_for_or_another() {
    let vendors = Vendors::start();
    let (ops, boss, other) = (Hook::start(), Hook::start(), Hook::start());
    ops.answer(410, "this channel was deleted");
    let receivers = ops.receiver("ops", "") + &boss.receiver("boss", "");
    let amount = told_of(&vendors, "\"boss\"", &receivers);
    let daemon = vendors.serve();
    let told = boss.until_told(&daemon, "receiver ops is gone for good");
    assert_eq!((&told["type"], &told["data"]["severity"]), (&"operation".into(), &"critical".into()));
    assert!(told.to_string().contains("this channel was deleted"), "{told:#}");
    is_up(&daemon, "ops", 0.0);
    let gone = |body: &str| {
        body.contains("trouble with receivers: ops: ") && body.contains("this channel was deleted")
    };
    daemon.wait_for("/-/ready", gone);
    assert_eq!(boss.titles().len(), 1, "{:?}", boss.titles());
    assert_eq!(daemon.stop(), Some(0));

    let asked = ops.requests().len();
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", gone);
    is_up(&daemon, "ops", 0.0);
    run_away(&vendors, FIRST, amount);
    daemon.wait_for("/metrics", is_firing(FIRST, "stop"));
    look_again(&vendors, &daemon);
    assert_eq!(ops.requests().len(), asked, "nothing is sent to it");
    assert!(listed(&vendors, &["--receiver", "ops"], 4).iter().all(|one| one["state"] == "dead"));

    // Somebody asks for it, and it is there.
    ops.answer(204, "");
    vendors.run(&["notify", "test", "ops"]).ended_with(0);
    is_up(&daemon, "ops", 1.0);
    boss.until_told(&daemon, "receiver ops takes what it is told again");
    daemon.wait_for("/-/ready", |body| !body.contains("trouble with receivers"));

    // It is gone once more, and its address is changed.
    ops.answer(410, "deleted again");
    vendors.run(&["notify", "test", "ops"]).ended_with(1);
    is_up(&daemon, "ops", 0.0);
    told_of(&vendors, "\"boss\"", &(other.receiver("ops", "") + &boss.receiver("boss", "")));
    daemon.reload();
    is_up(&daemon, "ops", 1.0);
    daemon.wait_for("/-/ready", |body| !body.contains("trouble with receivers"));
    vendors.run(&["notify", "test", "ops"]).ended_with(0);
    assert_eq!(other.titles().len(), 1);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_waits_for_a_receiver_that_is_taken_out_is_given_up_with_its_reason() {
    let vendors = Vendors::start();
    let (ops, boss) = (Hook::start(), Hook::start());
    ops.answer(503, "later");
    told_of(&vendors, "", &(ops.receiver("ops", "") + &boss.receiver("boss", "")));
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", |page| {
        sample(page, "proxymeter_notices_total{receiver=\"ops\",outcome=\"retried\"}") >= Some(1.0)
    });
    let waiting = listed(&vendors, &["--waiting"], 4);
    assert_eq!((waiting.len(), &waiting[0]["state"]), (1, &"pending".into()), "{waiting:#?}");
    daemon.wait_for("/metrics", |page| {
        sample(page, "proxymeter_outbox_pending{receiver=\"ops\"}") == Some(1.0)
            && sample(page, "proxymeter_outbox_oldest_timestamp_seconds{receiver=\"ops\"}").is_some()
    });

    let amount = amount(&vendors);
    let budget = budget(FIRST, amount, "[\"boss\"]", "[\"boss\"]");
    configure(&vendors, "operator.notify = []\n", &format!("{}{budget}", boss.receiver("boss", "")));
    daemon.reload();
    daemon.wait_for("/metrics", |page| !page.contains("receiver=\"ops\""));
    let all = listed(&vendors, &[], 4);
    let of_ops = all.iter().find(|one| one["receiver"] == "ops").unwrap();
    assert_eq!((&of_ops["state"], &of_ops["answer"]), (&"dead".into(), &"no longer configured".into()));
    assert!(listed(&vendors, &["--waiting"], 0).is_empty());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_receiver_that_cannot_be_told_as_configured_stops_no_other_and_is_seen() {
    let vendors = Vendors::start();
    let (ops, boss) = (Hook::start(), Hook::start());
    let broken = ops.receiver("ops", "").replace("allow_private", "ca_file = \"none.pem\", allow_private");
    let none = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
    std::fs::write(vendors.folder().join("none.pem"), none).unwrap();
    let amount = amount(&vendors);
    let budget = budget(FIRST, amount, "[\"ops\", \"boss\"]", "[\"ops\"]");
    let more = format!("{broken}{}{budget}", boss.receiver("boss", ""));
    configure(&vendors, "operator.notify = []\n", &more);
    let daemon = vendors.serve();
    boss.until_told(&daemon, FIRST);
    is_up(&daemon, "ops", 0.0);
    is_up(&daemon, "boss", 1.0);
    daemon.wait_for("/-/ready", |body| body.contains("trouble with receivers that cannot be told: ops: "));
    let waiting = listed(&vendors, &["--waiting"], 0);
    assert_eq!((waiting.len(), &waiting[0]["receiver"]), (1, &"ops".into()), "{waiting:#?}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f32_what_waits_in_a_store_that_was_lost_is_told_once_it_is_back() {
    let vendors = Vendors::start();
    let ops = Hook::start();
    ops.answer(503, "later");
    let amount = amount(&vendors);
    let receiver = ops.receiver("ops", "");
    let budget = budget(FIRST, amount, "[\"ops\"]", "[\"ops\"]");
    configure(&vendors, "operator.notify = []\n", &format!("{receiver}{budget}"));
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", |page| {
        sample(page, "proxymeter_notices_total{receiver=\"ops\",outcome=\"retried\"}") >= Some(1.0)
    });
    assert_eq!(daemon.stop(), Some(0));
    let store = vendors.folder().join("proxymeter.db");
    let good = fs::read(&store).unwrap();
    fs::write(&store, [b"SQLite format 3\0".as_slice(), &[0x5a; 8_000]].concat()).unwrap();

    ops.answer(204, "");
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.contains("trouble with the store"));
    let told = ops.titles().len();
    fs::write(vendors.folder().join("new.db"), good).unwrap();
    fs::rename(vendors.folder().join("new.db"), &store).unwrap();
    daemon.wait_for("/metrics", |page| {
        sample(page, "proxymeter_notices_total{receiver=\"ops\",outcome=\"delivered\"}") == Some(1.0)
    });
    assert_eq!(ops.titles().len(), told + 1);
    assert_eq!(daemon.stop(), Some(0));
}
