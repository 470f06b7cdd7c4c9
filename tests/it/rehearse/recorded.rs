//! The store's history as a source: what was saved of a month comes to the same incidents as the month itself.

use proxymeter::domain::ledger::Ledger;
use proxymeter::domain::snapshot::Snapshot;
use proxymeter::rehearse::recorded::Recorded;
use proxymeter::rehearse::{Report, What};
use proxymeter::simulator::Answers;
use proxymeter::store::location::Location;
use proxymeter::store::owner::Owner;
use proxymeter::store::{Access, open};

use super::{STEPS, config, configuration, rehearsal, run, scenario};

/// What fired, with its moment.
fn fired(report: &Report) -> Vec<(jiff::Timestamp, String)> {
    let fired = report.entries.iter().filter_map(|entry| match &entry.what {
        What::Notice(notice) => {
            let title = notice.title.split(" at a: ").nth(1)?.split(' ').next()?;
            Some((entry.at, title.to_owned()))
        }
        What::Write(_) => None,
    });
    fired.collect()
}

#[tokio::test]
async fn a_history_comes_to_the_incidents_of_the_month_that_it_was_saved_from() {
    let rest = "sub_users.s_one = { per_day = \"100MB\", shape = \"retry-storm\", after = \"30h\", lasts = \"6h\", factor = 400 }\n\
                sub_users.s_two = { per_day = \"700MB\" }\n";
    let budgets = STEPS.replace("sub_user = \"s_.*\"\n", "");
    let budgets = budgets.replace("sub_user =", "# ").replace(", action = \"freeze\"", "");
    let (config, mut scenario) = (config(&budgets), scenario("6d", rest));
    // From the period's start on, so that the history knows all of it.
    (scenario.start, scenario.history_days) = ("2026-01-01T00:00:00Z".parse().unwrap(), 0);
    let expected = run(&config, &scenario);

    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("proxymeter.db"));
    let owner = Owner::this_process(scenario.start);
    let store = open(&location, Access::Own { owner, new_store: true }).await.unwrap();
    let rehearsal = rehearsal(&config, &scenario);
    let account = rehearsal.accounts[0].clone();
    let mut answers = Answers::of(&scenario, scenario.start).remove(0);
    let mut ledger = Ledger::new(account.time_zone.clone(), config.collect.lag, &[]);
    let mut snapshot = Snapshot::default();
    let mut now = scenario.start;
    while now < rehearsal.until {
        answers.look(now, &mut snapshot);
        for pass in ledger.take(&account, &snapshot, now) {
            store.save_pass(&account.name, &pass).await.unwrap();
        }
        now += rehearsal.every;
    }
    store.roll_up(&account.name).await.unwrap();

    let mut recorded =
        Recorded::read(&*store, &rehearsal.accounts, scenario.start, rehearsal.until).await.unwrap();
    assert!(!recorded.is_empty());
    assert_eq!(recorded.nameless(), 2);
    store.close().await;
    let found = rehearsal.run(&mut recorded, || {});
    assert_eq!(fired(&found), fired(&expected));
    assert_eq!(fired(&found).len(), 2, "{found:?}");

    // The same by the command, at a coarser pace: it goes on until now.
    let text = format!("store.url = \"sqlite:proxymeter.db\"\n{}", configuration(&budgets));
    std::fs::write(folder.path().join("proxymeter.toml"), text).unwrap();
    let ran =
        crate::support::binary::run(folder.path(), &["rehearse", "--since", "2026-01-01", "--every", "1h"]);
    let ran = ran.ended_with(0);
    let all = |what: &str| ran.stdout.lines().filter(|line| line.contains(what)).count();
    assert_eq!((all(": half (used"), all(": most (used")), (1, 1), "{}", ran.told());
    assert!(ran.stderr.starts_with("2 sub-users go by the vendor's id"), "{}", ran.told());
}
