//! `check --write-test`: the route works, and nothing was changed anywhere.

use jiff::Timestamp;
use proxymeter::simulator::{ByHand, Fault, FaultRule};
use proxymeter::store::records::NewPause;

use super::{LIMITED, WITHOUT_STORE, at, bodies, journal, own_store, run, user};
use crate::support::vendors::Vendors;

fn fault(vendors: &Vendors, fault: Fault) {
    let rule = FaultRule { operation: Some("writes".to_owned()), count: Some(1), ..FaultRule::always(fault) };
    vendors.simulator.add_fault(rule);
}

#[test]
fn present_values_are_written_back_at_each_dialect() {
    for (account, name, limit) in LIMITED {
        let vendors = at(account);
        let before = vendors.books(account);
        let id = user(&vendors, account, name).id;
        let has_flag = account != "decodo-published";
        let (flag, body) = match has_flag {
            true => (", auto_disable true", r#"{"auto_disable":true,"traffic_limit":GB}"#),
            false => ("", r#"{"traffic_limit":GB}"#),
        };
        let ran = run(&vendors, &["check", "--write-test", name, "--yes"]).ended_with(0);
        assert_eq!(
            ran.stderr,
            format!(
                "{name} (id {id}) at {account}, to be written at the vendor as it stands there:\n  limit {limit}{flag}\n{}",
                WITHOUT_STORE
            )
        );
        let count = before.sub_users.iter().filter(|user| user.listed).count();
        assert_eq!(
            ran.stdout,
            format!(
                "{name} at {account}: wrote limit {limit}{flag} as it stood. The vendor took it, and of {count} sub-users \
                 nothing differs but traffic: the route works. It does not prove how large the vendor's gigabyte is, for \
                 what is written comes back in the same unit; proxymeter reconcile --invoice SIZE tells\n"
            )
        );
        assert_eq!(bodies(&vendors, account), [body.replace("GB", limit.trim_end_matches(" GB"))]);
        let after = vendors.books(account);
        assert_eq!(after.sub_users, before.sub_users);
    }
}

#[test]
fn no_limit_is_written_as_none_where_that_can_be_said() {
    for (account, name) in
        [("oxylabs", "scraper_reviews"), ("decodo-v1", "classic_social"), ("decodo-v2", "keyed_social")]
    {
        let vendors = at(account);
        run(&vendors, &["check", "--write-test", name, "--yes"]).ended_with(0);
        assert_eq!(bodies(&vendors, account), [r#"{"auto_disable":true,"traffic_limit":null}"#]);
    }
    let vendors = at("decodo-published");
    let refused = run(&vendors, &["check", "--write-test", "pub_social", "--yes"]).ended_with(1);
    assert_eq!(
        refused.stderr,
        "error: pub_social at decodo-published cannot be tested: the vendor tells no limit of it, and what is not told \
         cannot be written back. Take a sub-user with a limit\n"
    );
    assert_eq!(bodies(&vendors, "decodo-published"), [""; 0]);
}

#[test]
fn whatever_changed_is_told() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |store| {
        let pause = NewPause { account: None, until: None, reason: None, who: "cli:alice".to_owned() };
        store.pause(&pause, Timestamp::UNIX_EPOCH).await.unwrap();
    });
    assert!(vendors.simulator.change_by_hand(
        "oxylabs",
        "scraper_prices",
        ByHand {
            limit: Some(proxymeter::domain::units::Limit::Bytes(proxymeter::domain::units::Bytes(
                500_550_000_000
            ))),
            ..ByHand::default()
        }
    ));
    fault(&vendors, Fault::RoundWrite);
    let test = ["check", "--write-test", "scraper_prices", "--account", "oxylabs", "--yes"];
    let ran = run(&vendors, &test).ended_with(1);
    let last = ran.stderr.lines().last().unwrap();
    let start = "error: verify_failed: scraper_prices at oxylabs: this changed in the list: scraper_prices: limit 500.55 GB → 50";
    assert!(last.starts_with(start), "{last}");

    fault(&vendors, Fault::Status(503, None));
    let ran = run(&vendors, &test).ended_with(1);
    assert!(
        ran.stderr.contains("error: ambiguous: scraper_prices at oxylabs: it is not known"),
        "{}",
        ran.told()
    );
    fault(&vendors, Fault::Status(400, None));
    let ran = run(&vendors, &test).ended_with(1);
    assert!(
        ran.stderr.contains("error: rejected: scraper_prices at oxylabs: the vendor refused"),
        "{}",
        ran.told()
    );
    let steps: Vec<String> =
        journal(&vendors).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(steps, ["intent", "verify_failed", "intent", "ambiguous", "intent", "rejected"]);
}

#[test]
fn a_route_that_names_nobody_is_found_out() {
    let vendors = Vendors::start();
    let keys = "gigabyte = \"decimal\"\nupdate_route = \"collection\"\n";
    vendors.configure(|name| name == "decodo-published", keys);
    let ran = run(&vendors, &["check", "--write-test", "pub_travel", "--yes"]).ended_with(1);
    let warning = "update_route = \"collection\" names no sub-user: the vendor alone knows whom it changes\n";
    assert!(ran.stderr.contains(warning), "{}", ran.told());
    let told = "error: verify_failed: pub_travel at decodo-published: this changed in the list: pub_prices: limit 250 GB → 120 GB\n";
    assert!(ran.stderr.ends_with(told), "{}", ran.told());
}

#[test]
fn it_asks_first_and_names_only_accounts_that_there_are() {
    let vendors = at("oxylabs");
    let refused = run(&vendors, &["check", "--write-test", "scraper_prices"]).ended_with(2);
    assert!(refused.stderr.contains("error: standard input is no terminal to ask at"), "{}", refused.told());
    let refused = run(&vendors, &["check", "--write-test", "x", "--account", "y"]).ended_with(2);
    assert_eq!(refused.stderr, "error: no account \"y\"; the configuration has oxylabs\n");
    assert_eq!(bodies(&vendors, "oxylabs"), [""; 0]);
    let whole =
        run(&vendors, &["check", "--online", "--write-test", "scraper_prices", "--yes"]).ended_with(0);
    assert!(
        whole.stdout.contains("oxylabs: ok: ") && whole.stdout.contains("the route works"),
        "{}",
        whole.told()
    );
}
