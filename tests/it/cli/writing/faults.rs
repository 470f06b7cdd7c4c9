//! Changes by hand that go wrong: every one is read back, and none is called done that is not.

use proxymeter::simulator::{Fault, FaultRule};

use super::{LIMITED, at, bodies, journal, own_store, run, user, writes};
use crate::support::vendors::Vendors;

fn with(vendors: &Vendors, fault: Fault) {
    let rule = FaultRule { operation: Some("writes".to_owned()), count: Some(1), ..FaultRule::always(fault) };
    vendors.simulator.add_fault(rule);
}

/// Sets a limit of 600.5 GB under a fault: the exit code, what was told, and the journal's second step.
fn update(account: &str, name: &str, fault: Fault) -> (Vendors, Option<i32>, String, String) {
    let vendors = at(account);
    own_store(&vendors, async |_| ());
    with(&vendors, fault);
    let ran = run(&vendors, &["sub-users", "update", name, "--limit", "600.5GB", "--yes"]);
    let journal = journal(&vendors);
    assert_eq!(journal.len(), 2, "{journal:?}");
    assert!(journal[0].starts_with(&format!("intent {name}: sub-users update, limit: ")), "{journal:?}");
    let step = journal[1].split(' ').next().unwrap().to_owned();
    assert!(writes(&vendors, account).len() <= 1, "never twice");
    let told = match ran.code() {
        Some(0) => ran.stdout.clone(),
        _ => ran.stderr.lines().last().unwrap().to_owned() + "\n",
    };
    (vendors, ran.code(), told, step)
}

#[test]
fn f7_a_lost_answer_is_read_back_as_done() {
    for (account, name, _) in LIMITED {
        let (vendors, code, told, step) = update(account, name, Fault::LoseAnswer);
        assert_eq!((code, &*step), (Some(0), "confirmed"), "{told}");
        let start = format!(
            "{name} at {account}: changed and read back: limit 600.5 GB, though no answer came (update_sub_user: no connection: "
        );
        assert!(told.starts_with(&start), "{told}");
        assert_eq!(bodies(&vendors, account), [r#"{"traffic_limit":600.5}"#]);
    }
}

#[test]
fn f7_a_request_that_did_not_arrive_can_be_run_again() {
    for (account, name, _) in LIMITED {
        let (vendors, code, told, step) = update(account, name, Fault::Status(503, None));
        assert_eq!((code, &*step), (Some(1), "ambiguous"), "{told}");
        let start = format!(
            "error: ambiguous: {name} at {account}: no answer came (update_sub_user: unexpected HTTP 503"
        );
        let end = "), and the record is as before: it did not arrive, and can be run again\n";
        assert!(told.starts_with(&start) && told.ends_with(end), "{told}");
        run(&vendors, &["sub-users", "update", name, "--limit", "600.5GB", "--yes"]).ended_with(0);
    }
}

#[test]
fn f8_what_the_vendor_took_and_did_not_do_is_never_called_done() {
    for (account, name, limit) in LIMITED {
        let (_, code, told, step) = update(account, name, Fault::IgnoreWrite);
        assert_eq!((code, &*step), (Some(1), "verify_failed"));
        assert_eq!(
            told,
            format!(
                "error: verify_failed: {name} at {account}: the vendor took the request, and its record is as before: limit {limit}\n"
            )
        );
        let (_, code, told, step) = update(account, name, Fault::RoundWrite);
        assert_eq!((code, &*step), (Some(1), "verify_failed"));
        let rounded = |gigabytes: u32| {
            format!(
                "error: verify_failed: {name} at {account}: the vendor's record is neither as before nor as written: limit {gigabytes} GB\n"
            )
        };
        assert!(told == rounded(600) || told == rounded(601), "{told}");
    }
}

#[test]
fn f4_and_refusals_change_nothing_and_are_told_by_the_vendors_words() {
    for (fault, step, told) in [
        (Fault::Status(404, None), "gone", "it is no longer there"),
        (
            Fault::Status(400, None),
            "rejected",
            "the vendor refused, which changed nothing: update_sub_user: unexpected HTTP 400",
        ),
        (
            Fault::Status(403, None),
            "rejected",
            "the vendor refused, which changed nothing: update_sub_user: not allowed (HTTP 403)",
        ),
        (
            Fault::Status(429, None),
            "not_sent",
            "nothing was changed: update_sub_user: the vendor asks to wait (HTTP 429)",
        ),
    ] {
        let (vendors, code, whole, found) = update("oxylabs", "scraper_prices", fault);
        assert_eq!((code, &*found), (Some(1), step), "{whole}");
        assert!(whole.starts_with(&format!("error: {step}: scraper_prices at oxylabs: {told}")), "{whole}");
        assert_eq!(user(&vendors, "oxylabs", "scraper_prices").limit_bytes, Some(500_000_000_000));
    }
}

#[test]
fn an_ignored_switch_is_seen_in_both_directions() {
    let vendors = at("oxylabs");
    let id = user(&vendors, "oxylabs", "scraper_stock").id.to_string();
    for (status, told) in [("disabled", "status active"), ("active", "")] {
        with(&vendors, Fault::IgnoreWrite);
        let update = ["sub-users", "update", &id, "--status", status, "--yes"];
        let ran = run(&vendors, &update).ended_with(1);
        let told = if told.is_empty() { String::new() } else { format!(": {told}") };
        let end = format!("the vendor took the request, and its record is as before{told}\n");
        assert!(ran.stderr.ends_with(&end), "{}", ran.told());
        run(&vendors, &update).ended_with(0);
    }
}

#[test]
fn f7_a_password_without_an_answer_is_said_to_be_unknown() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |_| ());
    std::fs::write(vendors.folder().join("new.secret"), super::PASSWORD).unwrap();
    with(&vendors, Fault::LoseAnswer);
    let update = ["sub-users", "update", "scraper_prices", "--password-file", "new.secret", "--yes"];
    let ran = run(&vendors, &update).ended_with(1);
    let end = "); a password cannot be read back: run it again, which states the same\n";
    let start = "error: ambiguous: scraper_prices at oxylabs: no answer came (";
    let last = ran.stderr.lines().last().unwrap().to_owned() + "\n";
    assert!(last.starts_with(start) && last.ends_with(end), "{}", ran.told());
    assert!(!journal(&vendors).concat().contains(super::PASSWORD));
}

#[test]
fn a_store_that_cannot_be_used_stops_the_change() {
    let vendors = at("oxylabs");
    std::fs::write(vendors.folder().join("proxymeter.db"), "no store").unwrap();
    let ran =
        run(&vendors, &["sub-users", "update", "scraper_prices", "--limit", "1TB", "--yes"]).ended_with(1);
    assert!(ran.stderr.starts_with("error: nothing is written that cannot be journaled: "), "{}", ran.told());
    assert!(vendors.books("oxylabs").calls.is_empty());
}
