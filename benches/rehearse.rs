//! A month of looks in virtual time: 1,000 simulated sub-users at five minutes, judged by four thresholds each.
//!
//! `cargo bench --bench rehearse`; for others, `… -- SUB_USERS RUNS`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use proxymeter::config::load_text;
use proxymeter::domain::judgement::Rules;
use proxymeter::rehearse::Rehearsal;
use proxymeter::rehearse::made_up::MadeUp;
use proxymeter::simulator::Scenario;
use tokio::time::Instant;

const CONFIG: &str = r#"
operator.notify = ["ops"]
receivers.ops.log = true

[accounts.acme]
provider = "oxylabs"
username = "u"
password = "p"
plan = "100TB"

[budgets.each]
account = "acme"
sub_user = "customer_.*"
per = "sub_user"
amount = "50GB"
thresholds.warn = { used = "80%", notify = ["ops"] }
thresholds.stop = { used = "100%", notify = ["ops"], action = "freeze" }
"#;

const HISTORY: &str = r#"
thresholds.runs-out = { forecast = "100%", notify = ["ops"] }
thresholds.fast = { burn = "6x over 3h and 30m", notify = ["ops"] }
"#;

fn scenario(sub_users: usize) -> String {
    let (many, few) = (sub_users - sub_users / 50, sub_users / 50);
    format!(
        r#"
[accounts.acme]
provider = "oxylabs"
username = "u"
password = "p"
plan = "100TB"
lag = "10m"
sub_users.customer_a = {{ copies = {many}, per_day = "1.2GB", limit = "100GB", shape = "weekday", truth = "wanted" }}
sub_users.customer_b = {{ copies = {few}, per_day = "1GB", limit = "200GB", shape = "runaway", after = "10d", factor = 9, truth = "runaway" }}
"#
    )
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (count, runs) = (arguments.next().unwrap_or(1_000), arguments.next().unwrap_or(5));
    let scenario = Scenario::from_toml("scenario", &scenario(count)).unwrap();
    for (what, config) in
        [("used", CONFIG.to_owned()), ("used, forecast and burn", CONFIG.to_owned() + HISTORY)]
    {
        let mut times: Vec<Duration> = (0..runs).map(|_| run(&scenario, &config, what)).collect();
        times.sort_unstable();
        println!("{what}: {count} sub-users, median of {runs} runs {:.2?}", times[times.len() / 2]);
    }
}

fn run(scenario: &Scenario, config: &str, what: &str) -> Duration {
    let config = load_text(Path::new("bench"), config, []).unwrap();
    let rehearsal = Rehearsal {
        rules: Rules { budgets: config.budgets.clone(), operator: vec!["ops".into()], ..Rules::default() },
        accounts: config.accounts.values().map(|account| account.account.clone()).collect(),
        from: scenario.start,
        until: scenario.start + scenario.lasts,
        every: SignedDuration::from_mins(5),
        lag: config.collect.lag,
        stale_after: None,
    };
    let began = Instant::now();
    let names: Vec<_> = config.accounts.keys().cloned().collect();
    let mut source = MadeUp::new(scenario, &names).unwrap();
    let report = rehearsal.run(&mut source, || {});
    let took = began.elapsed();
    println!("  {what}: {took:.2?}, {} looks, {} notices and writes", report.looks, report.entries.len());
    took
}
