//! One message for one cause, however many targets it is about.

use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::{Scenario, Shape, SubUserSpec, Workload};

use super::desk::{Hook, budget, configure, fail, look_again, sample};
use crate::support::vendors::Vendors;

const MANY: usize = 200;

fn many() -> Vendors {
    let mut scenario = Scenario::default();
    let account = scenario.accounts.iter_mut().find(|account| account.name == "oxylabs").unwrap();
    let workload = Workload::new(Bytes(1_000_000_000), Shape::Steady, &[("example.com", 1, 50_000)]);
    let sub_user =
        |number| SubUserSpec::new(&format!("scraper_{number:03}"), Limit::Unlimited, workload.clone());
    account.sub_users = (0..MANY).map(sub_user).collect();
    Vendors::of(scenario)
}

#[test]
fn f30_an_outage_that_makes_200_sub_users_stale_is_one_message_and_its_end_another() {
    let vendors = many();
    let (team, operator) = (Hook::start(), Hook::start());
    let receivers = team.receiver("team", "") + &operator.receiver("operator", "");
    let budget = budget("scraper_.*", 1, "[\"team\"]", "[\"team\"]");
    configure(
        &vendors,
        "operator.notify = [\"operator\"]\n",
        &format!("stale_after = \"8s\"\n{receivers}{budget}"),
    );
    let daemon = vendors.serve();
    let first = team.until_told(&daemon, "200");
    assert_eq!(
        (&first["data"]["open"], &first["data"]["more"]),
        (&MANY.into(), &(MANY - 20).into()),
        "{first:#}"
    );

    fail(&vendors, 503);
    operator.until_told(&daemon, "no good answer since");
    let unknown = "proxymeter_incidents{budget=\"scrapers\",threshold=\"stop\",state=\"unknown\"}";
    daemon.wait_for("/metrics", |page| sample(page, unknown) == Some(MANY as f64));
    let failures = "proxymeter_collector_failures_total{provider=\"oxylabs\",account=\"oxylabs\",collector=\"sub_users\",\
                    reason=\"status\"}";
    let before = sample(&daemon.get("/metrics").1, failures).unwrap_or_default();
    daemon.wait_for("/metrics", |page| sample(page, failures).unwrap_or_default() > before + 1.0);
    assert_eq!(
        (operator.titles().len(), team.titles().len()),
        (1, 1),
        "{:?} {:?}",
        operator.titles(),
        team.titles()
    );

    vendors.simulator.clear_faults();
    operator.until_told(&daemon, "answers again");
    let firing = unknown.replace("unknown", "firing");
    daemon.wait_for("/metrics", |page| sample(page, &firing) == Some(MANY as f64));
    look_again(&vendors, &daemon);
    assert_eq!(
        (operator.titles().len(), team.titles().len()),
        (2, 1),
        "{:?} {:?}",
        operator.titles(),
        team.titles()
    );
    assert_eq!(daemon.stop(), Some(0));
}
