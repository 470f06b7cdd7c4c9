//! Sub-users that we froze leave the vendors' lists, and their figures go on.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use proxymeter::app::accounts::{Outgoing, Uncounted};
use proxymeter::collect::clock::Clock;
use proxymeter::collect::holder::Holder;
use proxymeter::collect::observer::{Observer, Outcome};
use proxymeter::collect::pass::{Memory, Pass};
use proxymeter::config::load_text;
use proxymeter::domain::collector::{Collector, FailureReason};
use proxymeter::domain::totals;
use proxymeter::domain::traffic::SubUser;
use proxymeter::simulator::{self, ByHand, Dialect, Scenario, Simulator};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use super::START;
use super::answers::configuration;

struct Unheard;

impl Observer for Unheard {
    fn began(&self, _: &Holder, _: Collector, _: Timestamp) {}
    fn rejected(&self, _: &Holder, _: Collector, _: FailureReason) {}
    fn changed(&self, _: &Holder, _: Collector) {}
    fn ended(&self, _: &Holder, _: Collector, _: &Outcome, _: Timestamp, _: Duration) {}
}

/// Name, bytes, and whether they are those of the account's period.
type Figures = Vec<(String, u64, bool)>;

fn figures(pass: &Pass) -> Figures {
    let (snapshot, account) = (pass.holder.snapshot(), pass.holder.account());
    let period = totals::period(account, &snapshot, pass.clock.now()).unwrap();
    let mut figures: Figures = snapshot
        .rows()
        .iter()
        .map(|row| {
            let usage = &row.usage.as_ref().unwrap().value;
            let of_period = totals::counts_period(usage, &period, account);
            (row.sub_user.username.to_string(), usage.traffic.0, of_period)
        })
        .collect();
    figures.sort();
    figures
}

async fn look(pass: &Pass) {
    for collector in pass.holder.provider().collectors() {
        if *collector != Collector::Targets {
            let deadline = Instant::now() + Duration::from_secs(20);
            let outcome = pass.run(*collector, &mut Memory::default(), deadline).await;
            assert_eq!(outcome, Outcome::Whole, "{collector}");
        }
    }
}

#[tokio::test]
async fn f5_figures_of_the_frozen_go_on_in_each_dialect() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let (scenario, start) = (Scenario::default(), Timestamp::from_second(START).unwrap());
    let simulator = Simulator::new(&scenario, Arc::new(move || start));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(simulator::serve(listener, simulator.clone(), stop));
    for (spec, access) in scenario.accounts.iter().zip(scenario.access()) {
        if spec.dialect == Dialect::DecodoPublished {
            continue;
        }
        let text = configuration(&address, &access, spec.gigabyte);
        let config = load_text(Path::new("made.toml"), &text, []).unwrap();
        let outgoing = Outgoing::new(1 << 24, Arc::new(move || start)).unwrap();
        let writer = outgoing.provider(config.accounts.values().next().unwrap(), Arc::new(Uncounted));
        let pass = Pass {
            holder: Arc::new(Holder::new(writer)),
            observer: Arc::new(Unheard),
            clock: Arc::new(Clock::starting_at(start)),
            lag: Duration::ZERO,
            target_calls: 0,
        };
        look(&pass).await;
        let before = figures(&pass);
        let rows: Vec<SubUser> =
            pass.holder.snapshot().rows().iter().map(|row| row.sub_user.clone()).collect();
        let freeze = ByHand { enabled: Some(false), ..ByHand::default() };
        for row in &rows[1..] {
            assert!(simulator.change_by_hand(&spec.name, &row.username, freeze));
        }
        pass.holder.keep(rows[1..].to_vec());
        look(&pass).await;
        let after = figures(&pass);
        // Decodo v2's list tells exact bytes, its statistics steps of 0.01 GB.
        let step = spec.gigabyte.step().0 + 1;
        let is_same = |(a, b): (&(String, u64, bool), &(String, u64, bool))| {
            a.0 == b.0 && a.1.abs_diff(b.1) <= step && a.2 == b.2
        };
        assert_eq!(before.len(), after.len(), "{}", spec.name);
        assert!(before.iter().zip(&after).all(is_same), "{}: {before:#?} {after:#?}", spec.name);
        let words = pass.holder.snapshot();
        let words = words.rows().iter().filter(|row| row.sub_user.status.as_deref() == Some("disabled"));
        assert_eq!(words.count(), rows.len() - 1);

        let gone = rows[1].username.clone();
        assert!(simulator.delete_by_hand(&spec.name, &gone));
        look(&pass).await;
        assert!(!figures(&pass).iter().any(|(name, ..)| **name == *gone), "{}", spec.name);
    }
}
