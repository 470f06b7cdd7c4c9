//! `sub-users create` and `delete`, `whitelist add` and `remove`.

use proxymeter::simulator::{Fault, FaultRule};

use super::{PASSWORD, WITHOUT_STORE, at, bodies, journal, own_store, run, run_with_password, user, writes};
use crate::support::vendors::Vendors;

/// Each account with the product of a new sub-user.
const PRODUCTS: [(&str, Option<&str>); 4] = [
    ("oxylabs", None),
    ("decodo-published", Some("residential")),
    ("decodo-v1", Some("residential_proxies")),
    ("decodo-v2", Some("residential_proxies")),
];

fn create<'a>(product: Option<&'a str>, more: &[&'a str]) -> Vec<&'a str> {
    let mut whole = vec!["sub-users", "create", "fresh_one", "--yes"];
    whole.extend(product.into_iter().flat_map(|product| ["--product", product]));
    whole.extend(more);
    whole
}

fn fault(vendors: &Vendors, fault: Fault) {
    let rule = FaultRule { operation: Some("writes".to_owned()), count: Some(1), ..FaultRule::always(fault) };
    vendors.simulator.add_fault(rule);
}

#[test]
fn a_sub_user_is_made_and_deleted_at_each_dialect() {
    for (account, product) in PRODUCTS {
        let vendors = at(account);
        let flag = account != "decodo-published";
        let cut = if flag { &["--auto-disable", "true"][..] } else { &[] };
        let ran = run_with_password(&vendors, &create(product, &[&["--limit", "5.509GB"], cut].concat()));
        let ran = ran.ended_with(0);
        let id = user(&vendors, account, "fresh_one").id;
        let product = product.map(|product| format!("  product: {product}\n")).unwrap_or_default();
        let (line, row) = if flag { ("  auto_disable: true\n", ", auto_disable true") } else { ("", "") };
        assert_eq!(
            ran.stderr,
            format!(
                "fresh_one, to be made at {account}:\n{product}  limit: 5.5 GB\n{line}  password: as it was given\n{}",
                WITHOUT_STORE
            )
        );
        assert_eq!(
            ran.stdout,
            format!(
                "fresh_one at {account}: made, with id {id}: active, limit 5.5 GB{row}; a password cannot be read back\n"
            )
        );
        let ran = run(&vendors, &["sub-users", "delete", "fresh_one", "--yes"]).ended_with(0);
        assert_eq!(ran.stdout, format!("fresh_one at {account}: deleted, and no longer there\n"));
        assert_eq!(user(&vendors, account, "fresh_one").status, "deleted");
    }
}

#[test]
fn f7_a_lost_answer_to_a_new_one_is_looked_for_and_never_sent_again() {
    for (account, product) in PRODUCTS {
        let vendors = at(account);
        own_store(&vendors, async |_| ());
        fault(&vendors, Fault::LoseAnswer);
        let ran = run_with_password(&vendors, &create(product, &["--limit", "5GB"])).ended_with(0);
        assert!(
            ran.stdout.contains("limit 5 GB") && ran.stdout.contains("though no answer came"),
            "{}",
            ran.told()
        );
        assert_eq!(writes(&vendors, account).len(), 1);
        let journal = journal(&vendors);
        assert!(journal[1].starts_with("confirmed fresh_one: sub-users create, "), "{journal:?}");
        assert!(!format!("{journal:?}").contains(PASSWORD));

        let again = run_with_password(&vendors, &create(product, &["--limit", "5GB"])).ended_with(1);
        let told = format!("error: fresh_one is at {account} already (id ");
        assert!(again.stderr.starts_with(&told), "{}", again.told());
    }
    let vendors = at("oxylabs");
    fault(&vendors, Fault::Status(503, None));
    let ran = run_with_password(&vendors, &create(None, &[])).ended_with(1);
    let end = "the list does not hold it; it may come a moment later, and is never made twice. Look again before you repeat it\n";
    assert!(ran.stderr.ends_with(end), "{}", ran.told());
    assert!(ran.stderr.contains("without a limit it may use everything\n"), "{}", ran.told());
}

#[test]
fn f8_a_new_one_that_is_not_as_asked_for_is_told() {
    let vendors = at("decodo-v2");
    fault(&vendors, Fault::RoundWrite);
    let ran = run_with_password(&vendors, &create(Some("residential_proxies"), &["--limit", "5.25GB"]));
    let told = "error: verify_failed: fresh_one at decodo-v2: the vendor's record is neither as before nor as written: id ";
    let last = ran.ended_with(1).stderr.lines().last().unwrap().to_owned();
    assert!(last.starts_with(told) && last.contains("limit 5 GB"), "{last}");
}

#[test]
fn what_breaks_a_rule_is_told_without_a_call_and_without_the_password() {
    let vendors = Vendors::start();
    let several = run_with_password(&vendors, &create(None, &[])).ended_with(2);
    assert_eq!(
        several.stderr,
        "error: say where by --account: decodo-published, decodo-v1, decodo-v2, oxylabs\n"
    );
    let vendors = at("decodo-v2");
    let refused = run_with_password(&vendors, &create(None, &[])).ended_with(2);
    assert_eq!(
        refused.stderr,
        "error: a new sub-user at Decodo needs a product, such as residential_proxies\n"
    );
    std::fs::write(vendors.folder().join("weak"), "canary").unwrap();
    let weak = create(Some("residential_proxies"), &["--password-file", "weak"]);
    let refused = run(&vendors, &weak).ended_with(2);
    assert!(
        refused.stderr.starts_with("error: a password at Decodo v2 has at least 12"),
        "{}",
        refused.told()
    );
    assert!(!refused.stderr.contains("canary"));
    let none = run(&vendors, &create(Some("residential_proxies"), &[])).ended_with(2);
    assert_eq!(none.stderr, "error: the password on standard input is empty; or use --password-file FILE\n");
    let absent =
        run(&vendors, &create(Some("residential_proxies"), &["--password-file", "absent"])).ended_with(2);
    assert!(
        absent.stderr.starts_with("error: --password-file absent: cannot be read: "),
        "{}",
        absent.told()
    );
    assert!(vendors.books("decodo-v2").calls.is_empty());
}

#[test]
fn f4_and_f7_of_a_deletion() {
    for (account, name) in
        [("oxylabs", "scraper_stock"), ("decodo-v1", "classic_spare"), ("decodo-v2", "keyed_spare")]
    {
        let vendors = at(account);
        own_store(&vendors, async |_| ());
        let delete = ["sub-users", "delete", name, "--yes"];
        fault(&vendors, Fault::IgnoreWrite);
        let ignored = run(&vendors, &delete).ended_with(1);
        let end = "the vendor took the request, and its record is as before: it is still there\n";
        assert!(ignored.stderr.ends_with(end), "{}", ignored.told());
        fault(&vendors, Fault::LoseAnswer);
        let lost = run(&vendors, &delete).ended_with(0);
        let start = format!("{name} at {account}: deleted, and no longer there, though no answer came");
        assert!(lost.stdout.starts_with(&start), "{}", lost.told());
        let steps: Vec<String> =
            journal(&vendors).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(steps, ["intent", "verify_failed", "intent", "confirmed"]);
    }
}

#[test]
fn addresses_come_and_go() {
    for account in ["decodo-published", "decodo-v1", "decodo-v2"] {
        let vendors = at(account);
        own_store(&vendors, async |_| ());
        let before = vendors.books(account).whitelist;
        let add = ["whitelist", "add", "203.0.113.9", "203.0.113.5", "--yes"];
        let ran = run(&vendors, &add).ended_with(0);
        assert_eq!(
            ran.stderr,
            format!(
                "the whitelist at {account}, to be changed at the vendor:\n  203.0.113.5: added, and needs no password\n  203.0.113.9: added, and needs no password\n"
            )
        );
        assert_eq!(
            ran.stdout,
            format!("the whitelist at {account}: added and read back: 203.0.113.5, 203.0.113.9\n")
        );
        let again = run(&vendors, &add).ended_with(0);
        assert_eq!(again.stdout, format!("the whitelist at {account}: nothing to change\n"));
        for address in ["203.0.113.5", "203.0.113.9"] {
            let ran = run(&vendors, &["whitelist", "remove", address, "--yes"]).ended_with(0);
            let told = format!("the whitelist at {account}: {address} removed, and no longer there\n");
            assert_eq!(ran.stdout, told);
        }
        assert_eq!(vendors.books(account).whitelist, before);
        let gone = run(&vendors, &["whitelist", "remove", "203.0.113.5", "--yes"]).ended_with(1);
        assert_eq!(
            gone.stderr,
            format!(
                "error: no \"203.0.113.5\" in the whitelist at {account}; see proxymeter whitelist list\n"
            )
        );
        assert_eq!(
            journal(&vendors)[0],
            "intent the whitelist: whitelist add, 203.0.113.5, 203.0.113.9 [- | -]"
        );
        assert_eq!(journal(&vendors).len(), 6);
    }
}

#[test]
fn a_whitelist_that_stays_as_it_was_is_told() {
    let vendors = at("decodo-v2");
    let add = ["whitelist", "add", "203.0.113.9", "--yes"];
    fault(&vendors, Fault::IgnoreWrite);
    let ran = run(&vendors, &add).ended_with(1);
    let told = "error: verify_failed: the whitelist at decodo-v2: the vendor took the request, and its record is as before: 203.0.113.9 is not there\n";
    assert!(ran.stderr.ends_with(told), "{}", ran.told());
    fault(&vendors, Fault::LoseAnswer);
    run(&vendors, &add).ended_with(0);
    assert_eq!(bodies(&vendors, "decodo-v2").len(), 2);
    vendors.configure(|account| account == "oxylabs", "");
    let refused = run(&vendors, &add).ended_with(2);
    assert!(refused.stderr.contains("only Decodo has this"), "{}", refused.told());
}
