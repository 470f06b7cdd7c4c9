//! The real Alertmanager, told by the daemon: what stands open, as long as it does, and not for ever.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::desk::{FIRST, Hook, SECOND, amount, budget, configure, fail, runtime, sample};
use crate::support::alertmanager::Alertmanager;
use crate::support::require;
use crate::support::vendors::Vendors;

fn of<'a>(alerts: &'a [Value], who: &str) -> Option<&'a Value> {
    alerts.iter().find(|alert| alert["labels"]["sub_user"] == who)
}

fn moment(alert: &Value, key: &str) -> Timestamp {
    alert[key].as_str().unwrap().parse().unwrap()
}

/// Its alert ends by itself four times the shortest re-send after it was told of last.
fn ends_soon(alert: &Value) -> bool {
    let ahead = moment(alert, "endsAt").duration_since(moment(alert, "updatedAt"));
    (SignedDuration::from_secs(35)..=SignedDuration::from_secs(40)).contains(&ahead)
}

#[test]
fn alertmanager_is_told_what_stands_open_until_it_ends_and_not_longer_than_proxymeter_lives() {
    let Some(program) = require("prometheus-alertmanager") else { return };
    let pager = Hook::start();
    let runtime = runtime();
    let real = runtime.block_on(Alertmanager::start(&program, &pager.url()));
    let vendors = Vendors::start();
    let amount = amount(&vendors);
    let configure = |amount: u64| {
        let receiver =
            format!("[receivers.pager.alertmanager]\nurl = \"{}\"\nresend = \"10s\"\n", real.url());
        let budget = budget(&format!("{FIRST}|{SECOND}"), amount, "[\"pager\"]", "[\"pager\"]");
        configure(&vendors, "operator.notify = []\n", &format!("stale_after = \"3s\"\n{receiver}{budget}"));
    };
    configure(amount);
    let daemon = vendors.serve();
    let until = |what: &str, is_wanted: &dyn Fn(&[Value]) -> bool| {
        runtime.block_on(real.until(&format!("{what}\n{}", daemon.log()), is_wanted));
    };

    until("both fire", &|alerts| alerts.len() == 2);
    let alerts = runtime.block_on(real.alerts());
    let first = of(&alerts, FIRST).unwrap();
    let expected = json!({
        "alertname": "ProxymeterBudget", "severity": "warning", "provider": "oxylabs", "account": "oxylabs",
        "product": "mobile", "sub_user": FIRST, "budget": "scrapers", "threshold": "warn", "team": "crawl",
    });
    assert_eq!(first["labels"], expected);
    assert!(ends_soon(first), "{first:#}");
    assert!(first["annotations"]["summary"].as_str().unwrap().contains(FIRST), "{first:#}");
    // Alertmanager's own grouping: one call for both.
    let told = |status: &str| {
        let bodies = pager.bodies();
        let told = bodies.iter().filter(|body| body["status"] == status);
        told.map(|body| body["alerts"].as_array().unwrap().len()).collect::<Vec<usize>>()
    };
    daemon.wait_for("/-/healthy", |_| told("firing") == [2]);

    let (from, to) =
        (Timestamp::now() - SignedDuration::from_mins(1), Timestamp::now() + SignedDuration::from_hours(1));
    runtime.block_on(real.silence("sub_user", SECOND, &from.to_string(), &to.to_string()));
    until("one is silenced", &|alerts| {
        of(alerts, SECOND).is_some_and(|one| one["status"]["state"] == "suppressed")
    });

    // The vendor says nothing: what stood open stands, and is said again.
    fail(&vendors, 503);
    let unknown = "proxymeter_incidents{budget=\"scrapers\",threshold=\"warn\",state=\"unknown\"}";
    daemon.wait_for("/metrics", |page| sample(page, unknown) == Some(2.0));
    let since = Timestamp::now();
    until("both fire while nobody knows", &|alerts| {
        alerts.len() == 2 && alerts.iter().all(|alert| moment(alert, "updatedAt") > since && ends_soon(alert))
    });
    vendors.simulator.clear_faults();
    let firing = unknown.replace("unknown", "firing");
    daemon.wait_for("/metrics", |page| sample(page, &firing) == Some(2.0));

    configure(amount * 1_000);
    daemon.reload();
    until("both end", &|alerts| alerts.is_empty());
    daemon.wait_for("/-/healthy", |_| told("resolved").len() == 1);
    assert_eq!(daemon.stop(), Some(0));
}
