//! A runaway that is frozen: by the daemon, and beside it by the pipeline.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::peer::Pipeline;
use super::stage::{Daemon, LOOK, STEP, Stage, Trace, account, middle_and_worst, seconds, switched_off};

/// Accounts on each side; their budgets are used up one after another, spread over one interval.
const ACCOUNTS: i64 = 8;

/// How far the first second of each run lies behind that of the run before, in seconds.
const SHIFT: f64 = 1.7;

/// One sub-user's end.
#[derive(Clone, Debug)]
struct Ended {
    account: String,
    /// From the budget to the write, in seconds.
    took: f64,
    /// Bytes past the budget.
    past: u64,
    /// Ours alone: from the look before it to the look that was acted on, and from that to the write.
    look: Option<(f64, f64)>,
}

/// Runs, a look every so many minutes, and prints what came of them.
pub(crate) async fn measure(minutes: i64, runs: u32) {
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let ended = once(minutes, f64::from(run) * SHIFT).await;
        for one in &ended {
            let look = one.look.map_or(String::new(), |(interval, after)| {
                format!("  look of {interval:5.1} s, write {after:.2} s after it")
            });
            let Ended { account, took, past, .. } = one;
            println!("run {run}  {account:<8} {took:>6.1} s  {:>7.3} GB{look}", *past as f64 / 1e9);
        }
        let (of_us, of_peers): (Vec<_>, Vec<_>) = ended.into_iter().partition(|one| one.look.is_some());
        ours.extend(of_us);
        peers.extend(of_peers);
    }
    let report = |who: &str, ended: &[Ended]| {
        let took = middle_and_worst(ended.iter().map(|one| one.took));
        let past = middle_and_worst(ended.iter().map(|one| one.past as f64 / 1e9));
        println!(
            "{who:<10} {} freezes: {:.1} s (worst {:.1}), {:.3} GB past the budget (worst {:.3})",
            ended.len(),
            took.0,
            took.1,
            past.0,
            past.1
        );
        (took, past)
    };
    println!("\na look every {minutes} min; medians");
    let (of_us, of_peers) = (report("proxymeter", &ours), report("pipeline", &peers));
    println!(
        "pipeline by proxymeter: {:.1} times the bytes, worst by worst {:.1}",
        of_peers.1.0 / of_us.1.0,
        of_peers.1.1 / of_us.1.1
    );
    let looks = || ours.iter().filter_map(|one| one.look.map(|look| (one.took, look)));
    let interval = middle_and_worst(looks().map(|(_, look)| look.0));
    let after = middle_and_worst(looks().map(|(_, look)| look.1));
    let beyond = middle_and_worst(looks().map(|(took, look)| took - look.0));
    println!(
        "look interval in force {:.1} s (longest {:.1}); from the look to the write {:.2} s (worst {:.2}); \
         longest past one look {:.2} s (aim 1)",
        interval.0, interval.1, after.0, after.1, beyond.1
    );
}

async fn once(minutes: i64, shift: f64) -> Vec<Ended> {
    let interval = 60.0 * minutes as f64;
    let ours: Vec<String> = (0..ACCOUNTS).map(|index| format!("ours-{index}")).collect();
    let peers: Vec<String> = (0..ACCOUNTS).map(|index| format!("peer-{index}")).collect();
    let all = || ours.iter().chain(&peers);
    // Two looks of the schedule and one at the start come before the first crossing.
    let stage = Stage::start(all().map(|name| account(name, &["runaway"])).collect()).await;
    let mut traces: BTreeMap<String, Trace> = all().map(|name| (name.clone(), Trace::default())).collect();
    let look = |traces: &mut BTreeMap<String, Trace>| {
        let books = stage.simulator.books();
        for (account, trace) in traces {
            trace.look(&books, account, "runaway");
        }
        books
    };
    let started = stage.clock.now();
    look(&mut traces);
    sleep(Duration::from_secs(2)).await;
    look(&mut traces);
    let to_boundary = interval - (started.as_millisecond() as f64 / 1e3).rem_euclid(interval);
    let first = to_boundary + interval + 10.0 + shift;
    let budget = |name: &String, index: usize| {
        let after = first + interval * index as f64 / ACCOUNTS as f64;
        (name.clone(), (traces[name].pace() * after) as u64 / STEP * STEP)
    };
    let budgets = |names: &[String]| -> BTreeMap<String, u64> {
        names.iter().enumerate().map(|(index, name)| budget(name, index)).collect()
    };
    let (our_budgets, peer_budgets) = (budgets(&ours), budgets(&peers));

    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let pipeline = Pipeline::start(&stage, folders[0].path(), &peer_budgets, minutes).await;
    let daemon = Daemon::start(folders[1].path(), &config(&stage, &our_budgets, minutes)).await;

    let mut looked: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    // A poll, a scrape, an evaluation and the wait of a group, and some air.
    let patience = Instant::now() + Duration::from_secs_f64(first + 2.0 * interval + 120.0);
    let books = loop {
        let books = look(&mut traces);
        for (account, at) in daemon.looked().await {
            let looks = looked.entry(account).or_default();
            if looks.last() != Some(&at) {
                looks.push(at);
            }
        }
        let is_off = |name: &String| switched_off(&books.accounts[name].writes).is_some();
        if all().all(is_off) || Instant::now() > patience {
            break books;
        }
        sleep(LOOK).await;
    };
    let log = daemon.log();
    drop((daemon, pipeline));
    let end = |(account, amount): (&String, &u64)| {
        let Some(off) = switched_off(&books.accounts[account].writes) else {
            println!(
                "{account} was never switched off\n{}",
                if account.starts_with("ours") { &log } else { "" }
            );
            return None;
        };
        let crossed = traces[account].reached(*amount).unwrap();
        let look = looked.get(account).and_then(|looks| {
            // A look within moments of the crossing may have seen the figure before it: the one that was acted on counts.
            let acted_on = looks.iter().rposition(|at| *at < off)?;
            let before = looks.get(acted_on.checked_sub(1)?)?;
            Some((seconds(*before, looks[acted_on]), seconds(looks[acted_on], off)))
        });
        if look.is_some_and(|look| look.1 > 1.0) {
            let lines = log.lines().filter(|line| line.contains(account.as_str()));
            println!("crossed {crossed}, written {off}:\n{}", lines.collect::<Vec<_>>().join("\n"));
        }
        let (took, past) = (seconds(crossed, off), traces[account].last() - amount);
        Some(Ended { account: account.clone(), took, past, look })
    };
    our_budgets.iter().chain(&peer_budgets).filter_map(end).collect()
}

fn config(stage: &Stage, budgets: &BTreeMap<String, u64>, minutes: i64) -> String {
    let mut config =
        "web.listen = \"127.0.0.1:0\"\noperator.notify = []\n[receivers.ops]\nlog = true\n".to_owned();
    for (account, amount) in budgets {
        config += &stage.configured(account, &format!("0 */{minutes} * * * *"));
        config += &format!(
            "[budgets.{account}]\naccount = \"{account}\"\nsub_user = \"runaway\"\nper = \"sub_user\"\n\
             amount = \"{amount} bytes\"\n[budgets.{account}.thresholds.stop]\nused = \"100%\"\nnotify = [\"ops\"]\n\
             action = \"freeze\"\nmode = \"enforce\"\n"
        );
    }
    config
}
