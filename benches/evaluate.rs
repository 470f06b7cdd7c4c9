//! Budgets judged over 100,000 sub-users: a quiet pass, one in which everything fires, forecast and burn for all;
//! and the quiet one beside Prometheus' rule manager, where a `prometheus` is on the path.
//!
//! Each number is a median. Every pass reads a list of its own, as a vendor's answer would give it: no text is shared.
//! `cargo bench --bench evaluate`; for a shorter run, `… -- SUB_USERS RUNS`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

#[path = "evaluate/actions.rs"]
mod actions;
#[path = "evaluate/prometheus.rs"]
mod prometheus;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proxymeter::domain::account::{Account, AccountName};
use proxymeter::domain::budget::amount::{Amount, Share};
use proxymeter::domain::budget::period::PeriodRule;
use proxymeter::domain::budget::selector::{Selector, Selectors};
use proxymeter::domain::budget::threshold::{BurnRule, Condition, Threshold};
use proxymeter::domain::budget::{Budget, OnUnknown, Per};
use proxymeter::domain::evaluate::{Tolerance, View, evaluate};
use proxymeter::domain::history::{History, Summary};
use proxymeter::domain::incident::{Incidents, SubUserIdentity, Track};
use proxymeter::domain::snapshot::{Reading, Snapshot, SubUserKey};
use proxymeter::domain::traffic::{AccountUsage, SubUser, SubUserId, Usage, Window};
use proxymeter::domain::units::{Bytes, Gigabyte};
use tokio::time::Instant;

const GB: u64 = 1_000_000_000;

/// As a ledger keeps them: side by side, found by an index.
#[derive(Default)]
struct Memory {
    summaries: Vec<Summary>,
    index: HashMap<SubUserKey, u32>,
}

impl History for Memory {
    fn account(&self) -> Option<&Summary> {
        None
    }

    fn sub_user(&self, key: &SubUserKey) -> Option<&Summary> {
        self.summaries.get(*self.index.get(key)? as usize)
    }

    fn window(&self, _: Option<&SubUserKey>, _: Timestamp, _: Timestamp) -> Option<Bytes> {
        None
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (count, runs) = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(21));
    let account = account();
    let bench = Bench { account, memory: Memory::default(), runs };
    println!("{count} sub-users, medians of {runs} runs on one core\n");

    let ladder = vec![budget((1..=10).map(|step| used(step * 10)).collect())];
    let calm = snapshot(count, 0, |index| index % 9 * 10 + 5);
    let first = bench.run(&ladder, &calm, &Incidents::default(), 0).0;
    // A second look bears out what the first one found, which is a change of its own.
    let before = bench.run(&ladder, &snapshot(count, 1, |index| index % 9 * 10 + 5), &first, 1).0;
    let hundredth = snapshot(count, 2, |index| index % 9 * 10 + if index % 100 == 0 { 15 } else { 6 });
    let events = bench.report("ten `used` thresholds, 1 % change state", &ladder, &hundredth, &before).0;
    assert_eq!(events, count.div_ceil(100), "just these");

    // In another order, so that every target is found by its key.
    let mut turned = snapshot(count, 2, |index| index % 9 * 10 + if index % 100 == 0 { 15 } else { 6 });
    let mut list = (**turned.sub_users.as_ref().unwrap()).clone();
    list.value.reverse();
    turned.sub_users = Some(list.into());
    bench.report("the same, the list in another order", &ladder, &turned, &before);

    let none = snapshot(count, 0, |_| 0);
    let before = bench.run(&ladder, &none, &Incidents::default(), 0).0;
    let all = snapshot(count, 1, |_| 100);
    let events = bench.report("ten `used` thresholds, everything fires", &ladder, &all, &before).0;
    assert_eq!(events, count, "one for each");
    let fired = bench.run(&ladder, &all, &before, 1).0;
    let after = snapshot(count, 2, |_| 101);
    bench.report("the pass after it, everything fires on", &ladder, &after, &fired);

    let (memory, grown) = (memory(count), resident());
    let bench = Bench { memory, ..bench };
    let both = vec![budget(vec![
        Threshold::new("runs-out", Condition::Forecast(Share::WHOLE)),
        Threshold::new("fast", Condition::Burn(burn())),
    ])];
    let before = bench.run(&both, &calm, &Incidents::default(), 0).0;
    bench.report("forecast and burn", &both, &hundredth, &before);

    let tracks = before.budgets.values().flat_map(|budget| budget.accounts.values());
    let open = tracks.flat_map(|tracks| &tracks.tracks).filter(|track| track.matter.is_some()).count();
    // A map of so many has a seventh more slots, each with a byte of its own.
    let slots = bench.memory.index.capacity() * 8 / 7;
    let index = slots * (size_of::<(SubUserKey, u32)>() + 1) / count.max(1);
    let ledger = size_of::<Summary>() + index;
    let track = size_of::<Track>() + size_of::<SubUserIdentity>() + 16;
    println!("\nheld a sub-user: {} B", ledger + track);
    println!("  summary {} B, {ledger} B with its place in the index", size_of::<Summary>());
    println!("  track {} B, {track} B with its names' handles; {open} tracks hold more", size_of::<Track>());
    println!("resident with everything above: {} MB", grown / 1_000_000);

    let mut summaries = bench.memory.summaries;
    let adds = add_a_pass(&mut summaries, runs);
    println!(
        "\na pass added to every summary: {adds:.1?}, {} ns each",
        adds.as_nanos() / count.max(1) as u128
    );

    let bench = Bench { memory: Memory::default(), ..bench };
    actions::report(&bench, count);
    beside_prometheus(&bench, &ladder, count);
}

/// Nearly all far below the first threshold, which is kind to Prometheus: it keeps an alert for each one that is met.
fn beside_prometheus(bench: &Bench, ladder: &[Budget], count: usize) {
    let gigabytes = |index: u64| if index.is_multiple_of(100) { 15 } else { 5 };
    let before = bench.run(ladder, &snapshot(count, 0, gigabytes), &Incidents::default(), 0).0;
    let same = snapshot(count, 1, gigabytes);
    println!();
    let ours = bench.report("ten `used` thresholds, 1 % over one", ladder, &same, &before).1;
    match prometheus::ten_rules(count, gigabytes) {
        Ok((theirs, alerts)) => println!(
            "ten rules in Prometheus {theirs:>31.1?}   ({alerts} alerts); {:.0} times as long as ours",
            theirs.as_secs_f64() / ours.as_secs_f64()
        ),
        Err(reason) => println!("not compared with Prometheus: {reason}"),
    }
}

/// The median time of adding a reading to each, in an hour and a day that have begun.
fn add_a_pass(summaries: &mut [Summary], runs: usize) -> Duration {
    let (now, day) = (at(1), date(2026, 1, 19));
    let mut times: Vec<Duration> = (0..=runs)
        .map(|run| {
            let start = Instant::now();
            for summary in summaries.iter_mut() {
                summary.add(now, day, Bytes(10_000_000 + run as u64), at(0));
            }
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

struct Bench {
    account: Account,
    memory: Memory,
    runs: usize,
}

impl Bench {
    fn run(
        &self,
        budgets: &[Budget],
        snapshot: &Snapshot,
        held: &Incidents,
        look: i64,
    ) -> (Incidents, usize) {
        let holds = BTreeMap::new();
        let view = View {
            account: &self.account,
            snapshot,
            history: &self.memory,
            holds: &holds,
            grants: &[],
            tolerance: Tolerance::default(),
        };
        let found = evaluate(budgets, &[view], held, at(look));
        (found.incidents, found.events.len())
    }

    /// Prints the median, and the mean time on the processor, which others on the machine do not lengthen.
    fn report(
        &self,
        what: &str,
        budgets: &[Budget],
        snapshot: &Snapshot,
        held: &Incidents,
    ) -> (usize, Duration) {
        let look = (snapshot.sub_users.as_ref().unwrap().observed.as_second() - at(0).as_second()) / 300;
        let mut events = 0;
        let mut used = Duration::ZERO;
        let mut times: Vec<Duration> = (0..self.runs)
            .map(|_| {
                let (start, cpu) = (Instant::now(), on_cpu());
                let found = std::hint::black_box(self.run(budgets, snapshot, held, look));
                let took = start.elapsed();
                used += on_cpu().saturating_sub(cpu);
                events = found.1;
                took
            })
            .collect();
        times.sort_unstable();
        let (low, high) = (times[0], times[times.len() - 1]);
        let middle = times[times.len() / 2];
        let mean = used / u32::try_from(self.runs.max(1)).unwrap();
        println!(
            "{what:<44} {middle:>10.1?}   ({low:.1?} to {high:.1?}; on the processor {mean:.1?}; {events} events)"
        );
        (events, middle)
    }
}

fn at(look: i64) -> Timestamp {
    "2026-01-19T12:00:00Z".parse::<Timestamp>().unwrap() + (look * 5).minutes()
}

fn account() -> Account {
    Account {
        provider: "oxylabs",
        name: AccountName::new("acme").unwrap(),
        product: "mobile".into(),
        dialect: "v2",
        gigabyte: Gigabyte::Decimal,
        writes: false,
        plan: None,
        billing_day: None,
        time_zone: TimeZone::UTC,
    }
}

fn used(percent: u16) -> Threshold {
    Threshold::new(&format!("t{percent}"), Condition::Used(Share::percent(percent)))
}

fn burn() -> BurnRule {
    let hours = |halves: u64| Duration::from_secs(halves * 1_800);
    BurnRule { factor: Share::percent(600), long: hours(6), short: hours(1) }
}

fn budget(thresholds: Vec<Threshold>) -> Budget {
    let sub_user = Some(Selector::new("customer_.*").unwrap());
    Budget {
        name: "scrapers".into(),
        selectors: Selectors { sub_user, ..Selectors::default() },
        per: Per::SubUser,
        amount: Amount::parse("100GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds,
    }
}

/// What the vendor says in one look, in gigabytes by index.
fn snapshot(count: usize, look: i64, gigabytes: impl Fn(u64) -> u64) -> Snapshot {
    let row = |index: usize| SubUser {
        id: Some(SubUserId((1_000_000 + index).to_string().into())),
        username: format!("customer_scraper_{index:06}").into(),
        status: Some("active".into()),
        product: None,
        limit: None,
        limit_enforced: None,
        auto_disable: None,
        lifetime: None,
        created: None,
        usage: Some(Usage {
            traffic: Bytes(gigabytes(index as u64) * GB),
            requests: None,
            window: Window::Period,
        }),
    };
    let usage = AccountUsage { period_start: Some(date(2026, 1, 1)), ..AccountUsage::default() };
    Snapshot {
        account: Some(Reading { observed: at(look), value: usage }),
        ..Snapshot::default().with_sub_users(at(look), (0..count).map(row).collect())
    }
}

fn memory(count: usize) -> Memory {
    let summary = |index: usize| {
        let mut summary = Summary::default();
        for day in 0..28_i64 {
            let used = (index as u64 * 31 + day as u64 * 17) % 5 * GB;
            summary.set_day(date(2025, 12, 22) + day.days(), Bytes(used));
        }
        for hour in 0..48 {
            let used = (index as u64 * 13 + hour as u64 * 7) % 90 * 10_000_000;
            summary.set_hour(at(0) - (47 - i64::from(hour)).hours(), Bytes(used));
        }
        (SubUserKey((1_000_000 + index).to_string().into()), summary)
    };
    let (keys, summaries): (Vec<_>, Vec<_>) = (0..count).map(summary).unzip();
    Memory { summaries, index: keys.into_iter().zip(0..).collect() }
}

/// The time that this thread has had on a processor, as the kernel counts it; 0 where it does not say.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096
}
