//! When people are told: at once, when their quiet hours end, again while it stands, and at a set time.

use jiff::{SignedDuration, Timestamp};

use super::desk::{
    FIRST, Hook, SECOND, amount, budget, change, configure, is_firing, listed, look_again, run_away,
};
use crate::support::vendors::Vendors;

/// The local time that much later, as `HH:MM`.
fn time(later: SignedDuration) -> String {
    (Timestamp::now() + later).strftime("%H:%M").to_string()
}

fn setup(vendors: &Vendors, hook: &Hook, who: &str, more: &str) -> u64 {
    let amount = amount(vendors);
    let budget = budget(who, amount, "[\"ops\"]", "[\"ops\"]");
    configure(vendors, "operator.notify = []\n", &format!("{}{budget}", hook.receiver("ops", more)));
    amount
}

#[test]
fn owners_hear_of_their_own_and_the_page_of_metrics_names_them() {
    let vendors = Vendors::start();
    let (ops, alice) = (Hook::start(), Hook::start());
    let amount = amount(&vendors);
    let budget = budget(&format!("{FIRST}|{SECOND}"), amount, "[\"ops\"]", "[\"ops\"]");
    let receivers = ops.receiver("ops", "") + &alice.receiver("alice", "");
    let more = format!("{receivers}[owners]\n\"{FIRST}\" = [\"alice\"]\n{budget}");
    configure(&vendors, "operator.notify = []\n", &more);
    let daemon = vendors.serve();
    let all = ops.until_told(&daemon, "scrapers").to_string();
    assert!(all.contains(FIRST) && all.contains(SECOND), "{all}");
    let own = alice.until_told(&daemon, FIRST);
    assert!(!own.to_string().contains(SECOND) && own["data"]["open"] == 1, "{own:#}");
    let page = daemon.get("/metrics").1;
    let info = |who: &str| {
        let of = format!("sub_user=\"{who}\"");
        let mut lines = page.lines().filter(|line| line.starts_with("proxymeter_sub_user_info{"));
        lines.find(|line| line.contains(&of)).unwrap().to_owned()
    };
    assert!(info(FIRST).contains("owner=\"alice\"") && info(SECOND).contains("owner=\"\""), "{page}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn quiet_hours_hold_back_all_but_the_highest_threshold_until_they_end() {
    let vendors = Vendors::start();
    let hook = Hook::start();
    let (from, until) = (SignedDuration::from_hours(-1), SignedDuration::from_hours(2));
    let quiet = format!("quiet_hours = \"{}-{}\"\n", time(from), time(until));
    let amount = setup(&vendors, &hook, &format!("{FIRST}|{SECOND}"), &quiet);
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing(FIRST, "warn"));
    let waiting = listed(&vendors, &["--waiting"], 0);
    let ends: Timestamp = waiting[0]["moment"].as_str().unwrap().parse().unwrap();
    let ahead = ends.duration_since(Timestamp::now());
    assert!(ahead > until - SignedDuration::from_secs(90) && ahead <= until, "{waiting:#?}");
    assert_eq!((waiting.len(), &waiting[0]["tries"]), (1, &0.into()), "{waiting:#?}");
    // A restart does not disturb anybody either.
    assert_eq!(daemon.stop(), Some(0));
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing(FIRST, "warn"));
    look_again(&vendors, &daemon);
    assert_eq!(hook.titles(), [""; 0]);

    // What they end with is told.
    assert_eq!(daemon.stop(), Some(0));
    change(&vendors, "UPDATE deliveries SET due = due - 7200000 WHERE ended IS NULL");
    change(&vendors, "UPDATE lanes SET due = due - 7200000");
    let daemon = vendors.serve();
    hook.until_told(&daemon, "scrapers: 2");

    // The highest threshold waits for nothing.
    run_away(&vendors, FIRST, amount);
    let told = hook.until_told(&daemon, "100%");
    assert_eq!(told["data"]["severity"], "critical", "{told:#}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_stands_is_told_again_until_somebody_says_that_they_know() {
    let vendors = Vendors::start();
    let hook = Hook::start();
    setup(&vendors, &hook, FIRST, "remind = \"10m\"\n");
    let daemon = vendors.serve();
    hook.until_told(&daemon, FIRST);
    assert_eq!(daemon.stop(), Some(0));
    let age = "UPDATE notices SET at = at - 660000";

    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing(FIRST, "warn"));
    look_again(&vendors, &daemon);
    assert_eq!(hook.titles().len(), 1, "it is not time yet");
    assert_eq!(daemon.stop(), Some(0));
    change(&vendors, age);
    let daemon = vendors.serve();
    let again = hook.until_told(&daemon, "still");
    assert_eq!(again["data"]["is_reminder"], true);
    assert!(again["data"]["items"][0]["used_bytes"].is_u64(), "it says how much: {again:#}");
    let incidents = vendors.run(&["incidents", "list", "--format", "json"]).ended_with(3).json();
    vendors.run(&["incidents", "ack", &incidents[0]["id"].to_string()]).ended_with(0);
    assert_eq!(daemon.stop(), Some(0));

    change(&vendors, age);
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing(FIRST, "warn"));
    look_again(&vendors, &daemon);
    assert_eq!(hook.titles().len(), 2, "{:?}", hook.titles());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_digest_comes_at_its_time_with_all_budgets_and_once() {
    let vendors = Vendors::start();
    let hook = Hook::start();
    let digest = format!("digest = \"daily {}\"\n", time(SignedDuration::from_hours(-1)));
    setup(&vendors, &hook, "scraper_.*", &digest);
    let daemon = vendors.serve();
    let told = hook.until_told(&daemon, "scrapers");
    look_again(&vendors, &daemon);
    assert_eq!(
        hook.titles().len(),
        1,
        "one that was due before the first start is not made up for: {told:#}"
    );
    assert_eq!(daemon.stop(), Some(0));
    // There was one two days ago.
    change(
        &vendors,
        "INSERT INTO notices (id, at, receiver, thread, episode, leaves_open, severity, title, message) \
         VALUES ('0', (unixepoch() - 172800) * 1000, 'ops', 'digest', '0', 0, 'info', '', '{}')",
    );
    let daemon = vendors.serve();
    let told = hook.until_told(&daemon, "1 budget");
    let rows = told["data"]["rows"].as_array().unwrap();
    assert_eq!(told["type"], "digest");
    assert!(rows[0]["target"].as_str().unwrap().starts_with(FIRST), "{told:#}");
    assert!(rows.len() >= 5 && told["data"]["chart"].is_object(), "{told:#}");
    let said = hook.titles().len();
    assert_eq!(daemon.stop(), Some(0));
    let daemon = vendors.serve();
    daemon.wait_for("/metrics", is_firing(FIRST, "warn"));
    look_again(&vendors, &daemon);
    assert_eq!(hook.titles().len(), said, "{:?}", hook.titles());
    assert_eq!(daemon.stop(), Some(0));
}
