//! `serve` judges budgets: what is crossed is told, kept over a restart, explained and granted; and what happens
//! without the store.

use std::fs;
use std::path::PathBuf;

use jiff::SignedDuration;
use proxymeter::domain::units::Bytes;

use crate::support::binary::Serving;
use crate::support::vendors::Vendors;

/// Looks each second.
const OFTEN: &str = "schedule.account = \"* * * * * *\"\nschedule.sub_users = \"* * * * * *\"\n";

/// Who runs away at the simulated Oxylabs, in these tests.
const WHO: &str = "scraper_prices";

fn used(vendors: &Vendors) -> Bytes {
    let books = vendors.books("oxylabs");
    Bytes(books.sub_users.iter().find(|one| one.username == WHO).unwrap().reported_bytes)
}

/// A budget of which the sub-user has used more than half and less than all.
fn configure(vendors: &Vendors) {
    let amount = used(vendors).0 / 100 * 101;
    let budget = format!(
        "{OFTEN}\n[collect]\nlag = \"0s\"\n[receivers.ops]\nlog = true\n[budgets.scrapers]\naccount = \"oxylabs\"\n\
         sub_user = \"{WHO}\"\nper = \"sub_user\"\namount = \"{amount} bytes\"\n\
         [budgets.scrapers.thresholds.warn]\nused = \"50%\"\nnotify = [\"ops\"]\n\
         [budgets.scrapers.thresholds.stop]\nused = \"100%\"\nnotify = [\"ops\"]\nseverity = \"critical\"\naction = \"freeze\"\n"
    );
    vendors.configure(|account| account == "oxylabs", &budget);
}

fn is_firing(threshold: &str) -> impl Fn(&str) -> bool {
    move |page: &str| {
        let labels =
            format!("sub_user=\"{WHO}\",budget=\"scrapers\",threshold=\"{threshold}\",state=\"firing\"");
        page.lines().any(|line| line.starts_with("proxymeter_incident_state{") && line.contains(&labels))
    }
}

/// The lines in which somebody was told.
fn notices(daemon: &Serving) -> Vec<String> {
    daemon.log().lines().filter(|line| line.contains("notice: ")).map(str::to_owned).collect()
}

fn database(vendors: &Vendors) -> PathBuf {
    vendors.folder().join("proxymeter.db")
}

#[test]
fn f29_what_is_crossed_is_told_once_over_a_restart_and_explained() {
    let vendors = Vendors::start();
    configure(&vendors);
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing("warn"));
    // The courier tells in its own time.
    daemon.wait_for("/-/healthy", |_| !notices(&daemon).is_empty());
    let told = notices(&daemon);
    assert!(told.len() == 1 && told[0].contains("warn (used = \"50%\")"), "{told:#?}");

    let explained = vendors.run(&["explain", "scrapers", WHO]).ended_with(3).stdout;
    for words in ["warn      firing since", "stop      not met", "would freeze", "at the vendor"] {
        assert!(explained.contains(words), "{words} in {explained}");
    }
    let status = vendors.run(&["status"]).ended_with(3).stdout;
    assert!(!status.contains("never looked at"), "{status}");
    assert!(status.contains(WHO) && status.contains("firing"), "{status}");
    let listed = vendors.run(&["incidents", "list", "--format", "json"]).ended_with(3).json();
    assert_eq!((&listed[0]["threshold"], &listed[0]["state"]), (&"warn".into(), &"firing".into()));
    let id = listed[0]["id"].to_string();
    vendors.run(&["incidents", "ack", &id]).ended_with(0);
    let listed = vendors.run(&["incidents", "list", "--format", "json"]).ended_with(3).json();
    assert!(listed[0]["acknowledged_by"].as_str().unwrap().starts_with("cli:"), "{listed}");
    assert_eq!(daemon.stop(), Some(0));

    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing("warn"));
    let lists = vendors.calls("oxylabs", "list-sub-users");
    daemon.wait_for("/-/healthy", |_| vendors.calls("oxylabs", "list-sub-users") > lists + 1);
    assert_eq!(notices(&daemon), [""; 0], "nobody is told twice");
    let again = vendors.run(&["incidents", "list", "--format", "json"]).ended_with(3).json();
    assert_eq!(again, listed, "the same incident goes on");

    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_limit_is_not_lowered_and_what_would_be_done_is_told() {
    let vendors = Vendors::start();
    configure(&vendors);
    let amount = used(&vendors).0 / 100 * 101;
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing("warn"));
    while used(&vendors).0 < amount {
        assert!(vendors.simulator.advance(SignedDuration::from_hours(6)), "time moves");
    }
    daemon.wait_for("/metrics", is_firing("stop"));
    daemon.wait_for("/-/healthy", |_| daemon.log().contains("would freeze scraper_prices at oxylabs"));
    let told = notices(&daemon);
    assert!(told.iter().any(|line| line.contains("stop (used = \"100%\")")), "{told:#?}");
    assert_eq!(vendors.calls("oxylabs", "update-sub-user"), 0, "nothing is written");

    // More is granted: what fired is over, which resolves nothing.
    let granted = vendors.run(&["grant", "scrapers", WHO, "5TB"]).ended_with(0).stdout;
    assert!(granted.contains("granted 5.00 TB to scraper_prices at oxylabs"), "{granted}");
    let ended = |page: &str| !is_firing("stop")(page);
    daemon.wait_for("/metrics", ended);
    let listed = vendors.run(&["incidents", "list", "--days", "1", "--format", "json"]).json();
    let ends: Vec<_> = listed.as_array().unwrap().iter().map(|incident| incident["end"].clone()).collect();
    assert_eq!(ends, ["allowance_changed"], "{listed}");
    vendors.run(&["grant", "scrapers", "nobody", "5GB"]).ended_with(1);
    let refused = vendors.run(&["grant", "nothing", WHO, "5GB"]).ended_with(2).stderr;
    assert!(refused.contains("the configuration has scrapers"), "{refused}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f11_a_second_process_on_one_store_refuses_and_says_who_owns_it() {
    let vendors = Vendors::start();
    configure(&vendors);
    let daemon = vendors.serve();
    daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    let lists = vendors.calls("oxylabs", "login");
    let second = vendors.run(&["serve"]).ended_with(1);
    assert!(second.stderr.contains(&format!("belongs to process {}", daemon.id())), "{}", second.stderr);
    assert_eq!(vendors.calls("oxylabs", "login"), lists, "it collects nothing");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f32_without_the_store_metrics_go_on_and_no_decision_is_made() {
    let vendors = Vendors::start();
    configure(&vendors);
    let good = {
        let daemon = vendors.serve();
        daemon.wait_for("/metrics", is_firing("warn"));
        // What was told is saved as told a moment later.
        let delivered = "proxymeter_notices_total{outcome=\"delivered\",receiver=\"ops\"} 1";
        daemon.wait_for("/metrics", |page| page.contains(delivered));
        vendors.run(&["store", "backup", "copy.db"]).ended_with(0);
        assert_eq!(daemon.stop(), Some(0));
        fs::read(vendors.folder().join("copy.db")).unwrap()
    };
    for rest in ["proxymeter.db-wal", "proxymeter.db-shm"] {
        drop(fs::remove_file(vendors.folder().join(rest)));
    }
    fs::write(database(&vendors), [b"SQLite format 3\0".as_slice(), &[0x5a; 8_000]].concat()).unwrap();

    let daemon = vendors.serve();
    let page = daemon.wait_for("/metrics", |page| page.contains("proxymeter_sub_user_traffic_bytes{"));
    assert!(page.contains("proxymeter_store_up{part=\"decisions\"} 0"), "{page}");
    // Figures are shown a moment before their pass has ended.
    let ready = daemon.wait_for("/-/ready", |body| body.starts_with("ready"));
    assert!(ready.contains("trouble with the store: "), "{ready}");
    assert!(daemon.log().contains("no decision is made; metrics go on"), "{}", daemon.log());
    assert_eq!(notices(&daemon), [""; 0]);
    let damaged = fs::read(database(&vendors)).unwrap();
    assert_eq!(damaged.len(), 8_016, "nothing begins anew in its place");

    // The backup is put back: decisions are made again, without a restart, from what was remembered.
    fs::write(vendors.folder().join("new.db"), good).unwrap();
    fs::rename(vendors.folder().join("new.db"), database(&vendors)).unwrap();
    daemon.wait_for("/metrics", |page| page.contains("proxymeter_store_up{part=\"decisions\"} 1"));
    daemon.wait_for("/metrics", is_firing("warn"));
    assert_eq!(notices(&daemon), [""; 0], "what was told before is not told again");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn explaining_needs_neither_daemon_nor_store() {
    let vendors = Vendors::start();
    configure(&vendors);
    let explained = vendors.run(&["explain", "scrapers"]).ended_with(3).stdout;
    assert!(
        explained.contains("scraper_prices at oxylabs") && explained.contains("warn      met"),
        "{explained}"
    );
    assert!(!database(&vendors).exists(), "and begins none");
    let asked = vendors.run(&["grant", "scrapers", WHO, "5GB"]).ended_with(1).stderr;
    assert!(asked.contains("there is no store at"), "{asked}");
    let missing = vendors.run(&["status"]).ended_with(1).stderr;
    assert!(missing.contains("it begins when proxymeter serve starts"), "{missing}");
}

#[test]
fn targets_of_past_days_are_there_again_after_a_restart() {
    let vendors = Vendors::start();
    let more = format!(
        "{OFTEN}schedule.targets = \"* * * * * *\"\nrequests_per_second = 500\n[receivers.ops]\nlog = true\n[collect]\nlag = \"0s\"\n\
         [budgets.sites]\naccount = \"oxylabs\"\nper = \"target\"\namount = \"1 bytes\"\n\
         [budgets.sites.thresholds.any]\nused = \"100%\"\nnotify = [\"ops\"]\n"
    );
    vendors.configure(|account| account == "oxylabs", &more);
    // The vendor's own past: the days before today.
    vendors.run(&["backfill", "--days", "3", "--new-store"]);
    let sum = |page: &str| -> u64 {
        let lines = page.lines().filter(|line| line.starts_with("proxymeter_budget_used_bytes{"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    };
    let daemon = vendors.serve();
    let page = daemon.wait_for("/metrics", |page| page.contains("proxymeter_budget_used_bytes{"));
    let today = vendors.simulator.books().accounts["oxylabs"].traffic_bytes;
    assert!(sum(&page) > 0 && sum(&page) <= today, "{page}");
    daemon.wait_for("/metrics", |page| page.contains("budget=\"sites\",threshold=\"any\",state=\"firing\""));
    // The courier tells in its own time.
    daemon.wait_for("/-/healthy", |_| !notices(&daemon).is_empty());
    let before = notices(&daemon).len();
    assert_eq!(daemon.stop(), Some(0));
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", |page| page.contains("budget=\"sites\",threshold=\"any\",state=\"firing\""));
    let again = notices(&daemon);
    assert!(before > 0 && again.is_empty(), "{again:#?}");
    assert_eq!(daemon.stop(), Some(0));
}
