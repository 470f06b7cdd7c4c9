//! Passes and workers against a provider that answers from a table, in paused time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proxymeter::collect::clock::Clock;
use proxymeter::collect::holder::Holder;
use proxymeter::collect::observer::{Observer, Outcome};
use proxymeter::collect::pacing::extra::Extra;
use proxymeter::collect::pass::{Memory, Pass};
use proxymeter::collect::worker::{GRACE, LookAgain, Start, Worker};
use proxymeter::domain::account::{Account, AccountName};
use proxymeter::domain::collector::{Collector, FailureReason};
use proxymeter::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, SubUserId, Subscription, TargetUsage, Usage, WhitelistedIp, Window,
};
use proxymeter::domain::units::{Bytes, Gigabyte};
use proxymeter::providers::{Ask, Dates, Past, Provider, ProviderError, Span, UsageReport};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A provider that answers from what a test sets.
struct Fake {
    account: Account,
    state: Mutex<State>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

#[derive(Default)]
struct State {
    total: Option<u64>,
    /// The first day of the period; 2026-01-01 where nothing is said.
    start: Option<Date>,
    sub_users: Vec<SubUser>,
    /// Whether usage can be asked for by dates.
    tells_dates: bool,
    /// By name: bytes, or a status that is no 200.
    usage: BTreeMap<String, Result<u64, u16>>,
    asked: Vec<String>,
    takes: Duration,
}

impl Fake {
    fn new(state: State) -> Arc<Self> {
        let account = Account {
            provider: "oxylabs",
            name: AccountName::new("acme").unwrap(),
            product: "mobile".into(),
            dialect: "v2",
            gigabyte: Gigabyte::Decimal,
            writes: false,
            plan: None,
            billing_day: None,
            time_zone: jiff::tz::TimeZone::UTC,
        };
        let (under_way, most_under_way) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { account, state: Mutex::new(state), under_way, most_under_way })
    }

    async fn asked(&self, what: String) {
        let takes = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(what);
            state.takes
        };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(takes).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

fn refused(status: u16) -> ProviderError {
    match status {
        404 => ProviderError::NotFound { endpoint: "test", said: None },
        status => ProviderError::Status { endpoint: "test", status, said: None },
    }
}

#[async_trait]
impl Provider for Fake {
    fn account(&self) -> &Account {
        &self.account
    }

    fn collectors(&self) -> &'static [Collector] {
        &Collector::ALL
    }

    fn past(&self) -> Past {
        let tells_dates = self.state.lock().unwrap().tells_dates;
        Past { dates: if tells_dates { Dates::ByDay } else { Dates::Nothing }, target_days: None }
    }

    async fn account_usage(&self, _ask: &Ask) -> Result<AccountUsage, ProviderError> {
        self.asked("account".to_owned()).await;
        let (total, start) = {
            let state = self.state.lock().unwrap();
            (state.total, state.start)
        };
        let traffic = Some(Bytes(total.ok_or(refused(500))?));
        let period_start = start.or(Some(date(2026, 1, 1)));
        Ok(AccountUsage { traffic, period_start, ..AccountUsage::default() })
    }

    async fn sub_users(&self, _ask: &Ask) -> Result<Vec<SubUser>, ProviderError> {
        self.asked("list".to_owned()).await;
        let list = self.state.lock().unwrap().sub_users.clone();
        Ok(list)
    }

    async fn usage(&self, who: &SubUser, span: Span, _ask: &Ask) -> Result<UsageReport, ProviderError> {
        let (dates, window) = match span {
            Span::Current => (String::new(), Window::CalendarMonth),
            Span::Dates(from, to) => (format!(" {from} to {to}"), Window::Dates(from, to)),
            other => panic!("nobody asks for {other:?}"),
        };
        self.asked(format!("usage {}{dates}", who.username)).await;
        let bytes = self.state.lock().unwrap().usage[&*who.username].map_err(refused)?;
        let usage = Usage { traffic: Bytes(bytes), requests: None, window };
        Ok(UsageReport { usage, days: vec![] })
    }

    async fn targets(&self, who: &SubUser, day: Date, ask: &Ask) -> Result<Vec<TargetUsage>, ProviderError> {
        if Instant::now() >= ask.deadline {
            return Err(ProviderError::Timeout { endpoint: "test", after: Duration::ZERO });
        }
        self.asked(format!("targets {} {day}", who.username)).await;
        Ok(vec![TargetUsage { target: "example.com".into(), traffic: Bytes(1), requests: Some(1) }])
    }

    async fn subscriptions(&self, _ask: &Ask) -> Result<Vec<Subscription>, ProviderError> {
        Err(refused(500))
    }

    async fn whitelist(&self, _ask: &Ask) -> Result<Vec<WhitelistedIp>, ProviderError> {
        Err(refused(500))
    }

    async fn endpoints(&self, _kind: Option<&str>, _ask: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError> {
        Err(refused(500))
    }
}

/// Writes down what it hears.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Log {
    fn began(&self, _holder: &Holder, collector: Collector, _at: Timestamp) {
        self.add(format!("{collector} began"));
    }

    fn rejected(&self, _holder: &Holder, collector: Collector, reason: FailureReason) {
        self.add(format!("{collector} rejected {reason}"));
    }

    fn changed(&self, _holder: &Holder, _collector: Collector) {}

    fn ended(
        &self,
        _holder: &Holder,
        collector: Collector,
        outcome: &Outcome,
        _at: Timestamp,
        _took: Duration,
    ) {
        let word = match outcome {
            Outcome::Whole => "whole",
            Outcome::Partial(_) => "partial",
            Outcome::Failed(_) => "failed",
        };
        self.add(format!("{collector} {word}"));
    }
}

fn sub_user(name: &str, traffic: Option<u64>) -> SubUser {
    SubUser {
        id: Some(SubUserId(name.into())),
        username: name.into(),
        status: Some("active".into()),
        product: None,
        limit: None,
        limit_enforced: None,
        auto_disable: None,
        lifetime: None,
        created: None,
        usage: traffic.map(|bytes| Usage { traffic: Bytes(bytes), requests: None, window: Window::Period }),
    }
}

fn pass(fake: &Arc<Fake>, at: &str) -> (Pass, Arc<Log>) {
    let log = Arc::<Log>::default();
    let pass = Pass {
        holder: Arc::new(Holder::new(fake.clone())),
        observer: log.clone(),
        clock: Arc::new(Clock::starting_at(at.parse().unwrap())),
        lag: Duration::from_secs(900),
        target_calls: usize::MAX,
    };
    (pass, log)
}

async fn run(pass: &Pass, collector: Collector) -> Outcome {
    let mut memory = Memory::default();
    pass.run(collector, &mut memory, Instant::now() + Duration::from_secs(60)).await
}

fn used(pass: &Pass) -> Vec<(String, Option<u64>)> {
    let snapshot = pass.holder.snapshot();
    let used = |row: &proxymeter::domain::snapshot::SubUserRow| {
        (row.sub_user.username.to_string(), row.usage.as_ref().map(|usage| usage.value.traffic.0))
    };
    snapshot.rows().iter().map(used).collect()
}

#[tokio::test(start_paused = true)]
async fn a_failed_answer_changes_nothing_and_is_counted_with_its_reason() {
    let fake = Fake::new(State { total: Some(7), ..State::default() });
    let (pass, log) = pass(&fake, "2026-01-15T12:00:00Z");
    assert_eq!(run(&pass, Collector::Account).await, Outcome::Whole);
    let before = pass.holder.snapshot();
    fake.state.lock().unwrap().total = None;
    assert!(matches!(run(&pass, Collector::Account).await, Outcome::Failed(_)));
    assert_eq!(pass.holder.snapshot(), before);
    assert_eq!(
        log.take(),
        ["account began", "account whole", "account began", "account rejected status", "account failed"]
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_list_says_no_usage_each_sub_user_is_asked_for() {
    let usage = BTreeMap::from([("b".to_owned(), Ok(20)), ("c".to_owned(), Err(404))]);
    let sub_users = vec![sub_user("a", Some(10)), sub_user("b", None), sub_user("c", None)];
    let fake = Fake::new(State { sub_users, usage, ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole, "one that is gone is no failure");
    assert_eq!(used(&pass), [("a".to_owned(), Some(10)), ("b".to_owned(), Some(20)), ("c".to_owned(), None)]);
    assert_eq!(fake.log(), ["list", "usage b", "usage c"]);
}

#[tokio::test(start_paused = true)]
async fn f16_some_answers_are_fresh_and_the_others_keep_their_age() {
    let names: Vec<String> = (0..40).map(|number| format!("u{number:02}")).collect();
    let usage = names.iter().map(|name| (name.clone(), Ok(1))).collect();
    let sub_users = names.iter().map(|name| sub_user(name, None)).collect();
    let fake = Fake::new(State { sub_users, usage, ..State::default() });
    let (pass, log) = pass(&fake, "2026-01-15T12:00:00Z");
    run(&pass, Collector::SubUsers).await;
    tokio::time::advance(Duration::from_secs(300)).await;
    for (number, name) in names.iter().enumerate() {
        let answer = if number < 37 { Ok(2) } else { Err(500) };
        fake.state.lock().unwrap().usage.insert(name.clone(), answer);
    }
    log.take();
    assert!(matches!(run(&pass, Collector::SubUsers).await, Outcome::Partial(_)));
    let snapshot = pass.holder.snapshot();
    let now = pass.clock.now();
    let ages: Vec<i64> = snapshot
        .rows()
        .iter()
        .map(|row| now.duration_since(row.usage.as_ref().unwrap().observed).as_secs())
        .collect();
    assert_eq!(ages.iter().filter(|age| **age == 0).count(), 37);
    assert_eq!(ages.iter().filter(|age| **age >= 300).count(), 3);
    assert_eq!(log.take().iter().filter(|line| *line == "sub_users rejected status").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_walk_over_targets_goes_on_where_it_stopped() {
    let sub_users = (0..5).map(|number| sub_user(&format!("u{number}"), Some(1))).collect();
    let fake = Fake::new(State { sub_users, takes: Duration::from_secs(10), ..State::default() });
    let (pass, log) = pass(&fake, "2026-01-15T12:00:00Z");
    run(&pass, Collector::SubUsers).await;
    fake.log();
    log.take();
    let mut memory = Memory::default();
    for expected in [["u0", "u1", "u2"], ["u3", "u4", "u0"]] {
        let outcome =
            pass.run(Collector::Targets, &mut memory, Instant::now() + Duration::from_secs(30)).await;
        assert_eq!(outcome, Outcome::Whole, "a walk that takes several passes is no failure");
        assert_eq!(fake.log(), expected.map(|name| format!("targets {name} 2026-01-15")));
    }
    assert_eq!(pass.holder.snapshot().targets.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_walk_takes_turns_between_who_burns_most_and_who_waits_longest() {
    let sub_users: Vec<_> = (0..6).map(|number| sub_user(&format!("u{number}"), Some(10))).collect();
    let fake = Fake::new(State { sub_users: sub_users.clone(), ..State::default() });
    let (mut pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    run(&pass, Collector::SubUsers).await;
    let mut memory = Memory::default();
    let deadline = || Instant::now() + Duration::from_secs(60);
    pass.run(Collector::Targets, &mut memory, deadline()).await;
    // Everybody was read; now one of them burns, and there are three calls a walk.
    pass.target_calls = 3;
    for (round, expected) in
        [["u5", "u0", "u1"], ["u5", "u2", "u3"], ["u5", "u4", "u0"]].into_iter().enumerate()
    {
        tokio::time::advance(Duration::from_secs(60)).await;
        let mut list = sub_users.clone();
        list[5] = sub_user("u5", Some(100 * (round as u64 + 1)));
        fake.state.lock().unwrap().sub_users = list;
        run(&pass, Collector::SubUsers).await;
        fake.log();
        assert_eq!(pass.run(Collector::Targets, &mut memory, deadline()).await, Outcome::Whole);
        assert_eq!(fake.log(), expected.map(|name| format!("targets {name} 2026-01-15")), "{round}");
    }
}

#[tokio::test(start_paused = true)]
async fn f17_a_list_that_lost_too_much_changes_nothing_until_it_comes_three_times() {
    let names: Vec<_> = (0..5).map(|number| sub_user(&format!("u{number}"), Some(7))).collect();
    let zero: Vec<_> = (0..5).map(|number| sub_user(&format!("u{number}"), Some(0))).collect();
    for lie in [vec![], names[..2].to_vec(), zero] {
        let fake = Fake::new(State { sub_users: names.clone(), ..State::default() });
        let (pass, log) = pass(&fake, "2026-01-15T12:00:00Z");
        let mut memory = Memory::default();
        let mut run = async |list: &[SubUser]| {
            fake.state.lock().unwrap().sub_users = list.to_vec();
            pass.run(Collector::SubUsers, &mut memory, Instant::now() + Duration::from_secs(60)).await
        };
        assert_eq!(run(&names).await, Outcome::Whole);
        let before = pass.holder.snapshot();
        for _ in 0..2 {
            let outcome = run(&lie).await;
            assert_eq!(outcome.failure().map(|failure| failure.reason), Some(FailureReason::Suspect));
            assert_eq!(pass.holder.snapshot(), before);
        }
        assert_eq!(log.take().iter().filter(|line| *line == "sub_users rejected suspect").count(), 2);
        assert_eq!(run(&lie).await, Outcome::Whole, "believed the third time");
        assert_eq!(pass.holder.snapshot().rows().len(), lie.len());
    }
}

fn statuses(pass: &Pass) -> Vec<(String, String)> {
    let snapshot = pass.holder.snapshot();
    let text = |text: &str| text.to_owned();
    let rows = snapshot.rows().iter().map(|row| &row.sub_user);
    rows.map(|row| (text(&row.username), text(row.status.as_deref().unwrap()))).collect()
}

#[tokio::test(start_paused = true)]
async fn f5_who_was_frozen_stays_though_the_list_has_dropped_it() {
    let all: Vec<_> = (0..4).map(|number| sub_user(&format!("u{number}"), Some(7))).collect();
    let fake = Fake::new(State { sub_users: all.clone(), ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    run(&pass, Collector::SubUsers).await;
    pass.holder.keep(all[2..].to_vec());
    assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole);
    assert_eq!(fake.log(), ["list", "list"], "while they are listed the rows are the vendor's own");
    assert_eq!([Collector::SubUsers, Collector::Account].map(|of| pass.calls_for_kept(of)), [2, 0]);

    let answer = |name: &str, answer| fake.state.lock().unwrap().usage.insert(name.to_owned(), answer);
    fake.state.lock().unwrap().sub_users = all[..2].to_vec();
    answer("u2", Ok(9));
    answer("u3", Ok(8));
    assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole);
    assert_eq!(fake.log(), ["list", "usage u2", "usage u3"]);
    let held = |figures: [u64; 4]| -> Vec<_> {
        (0..).zip(figures).map(|(number, bytes)| (format!("u{number}"), Some(bytes))).collect()
    };
    assert_eq!(used(&pass), held([7, 7, 9, 8]));
    let words = ["active", "active", "disabled", "disabled"];
    assert_eq!(statuses(&pass).into_iter().map(|(_, word)| word).collect::<Vec<_>>(), words);

    tokio::time::advance(Duration::from_secs(60)).await;
    answer("u2", Err(500));
    assert!(matches!(run(&pass, Collector::SubUsers).await, Outcome::Partial(_)));
    assert_eq!(used(&pass), held([7, 7, 9, 8]));
    let snapshot = pass.holder.snapshot();
    let ages = snapshot
        .rows()
        .iter()
        .map(|row| pass.clock.now().duration_since(row.usage.as_ref().unwrap().observed).as_secs());
    assert_eq!(ages.collect::<Vec<_>>(), [0, 0, 60, 0], "what is not told keeps its age");

    answer("u2", Err(404));
    assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole, "deleted");
    assert_eq!(used(&pass), [held([7, 7, 9, 8])[..2].to_vec(), vec![("u3".to_owned(), Some(8))]].concat());

    // The name came back with another id, and the other one was let go on by hand.
    let again = SubUser { id: Some(SubUserId("new".into())), ..sub_user("u2", Some(1)) };
    fake.state.lock().unwrap().sub_users = [&all[..2], &[again], &all[3..]].concat();
    fake.log();
    run(&pass, Collector::SubUsers).await;
    assert_eq!(fake.log(), ["list"]);
    assert_eq!(used(&pass), held([7, 7, 1, 7]));
    assert!(statuses(&pass).iter().all(|(_, word)| word == "active"));
}

#[tokio::test(start_paused = true)]
async fn f5_freezing_most_is_no_lie_and_a_cut_list_still_is() {
    let all: Vec<_> = (0..10).map(|number| sub_user(&format!("u{number}"), Some(7))).collect();
    let usage = all.iter().map(|row| (row.username.to_string(), Ok(8))).collect();
    let fake = Fake::new(State { sub_users: all.clone(), usage, ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    let mut memory = Memory::default();
    let mut run = async |list: &[SubUser]| {
        fake.state.lock().unwrap().sub_users = list.to_vec();
        pass.run(Collector::SubUsers, &mut memory, Instant::now() + Duration::from_secs(60)).await
    };
    run(&all).await;
    pass.holder.keep(all[4..].to_vec());
    assert_eq!(run(&all[..4]).await, Outcome::Whole);
    assert_eq!(pass.holder.snapshot().rows().len(), 10);

    let before = pass.holder.snapshot();
    fake.log();
    for cut in [&all[..1], &[]] {
        let outcome = run(cut).await;
        assert_eq!(outcome.failure().map(|failure| failure.reason), Some(FailureReason::Suspect), "{cut:?}");
        assert_eq!(pass.holder.snapshot(), before);
    }
    assert_eq!(fake.log(), ["list", "list"], "of a list that is not believed nobody is asked for");

    pass.holder.keep(all.clone());
    assert_eq!(run(&[]).await, Outcome::Whole, "all of them are frozen");
    assert_eq!(pass.holder.snapshot().rows().len(), 10);
    for row in &all {
        fake.state.lock().unwrap().usage.insert(row.username.to_string(), Ok(0));
    }
    let outcome = run(&[]).await;
    assert_eq!(outcome.failure().map(|failure| failure.reason), Some(FailureReason::Suspect), "all zero");
}

#[tokio::test(start_paused = true)]
async fn f5_of_who_was_frozen_the_span_is_asked_for_that_its_list_counted() {
    let with = |name: &str, window| {
        let usage = Some(Usage { traffic: Bytes(7), requests: None, window });
        SubUser { usage, ..sub_user(name, None) }
    };
    let since = |text: &str| Window::Since(text.parse().unwrap());
    let kept = vec![
        with("period", Window::Period),
        with("lifetime", Window::Lifetime),
        with("midnight", since("2026-01-03T00:00:00")),
        with("noon", since("2026-01-03T12:00:00")),
        sub_user("unsaid", None),
    ];
    let usage: BTreeMap<_, _> = kept.iter().map(|row| (row.username.to_string(), Ok(8))).collect();
    for (start, tells_dates, period, midnight) in [
        (date(2026, 1, 10), true, " 2026-01-10 to 2026-01-15", " 2026-01-03 to 2026-01-15"),
        (date(2026, 1, 1), true, "", " 2026-01-03 to 2026-01-15"),
        (date(2026, 1, 10), false, "", ""),
    ] {
        let state = State { total: Some(7), start: Some(start), tells_dates, ..State::default() };
        let fake = Fake::new(State { usage: usage.clone(), ..state });
        let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
        run(&pass, Collector::Account).await;
        pass.holder.keep(kept.clone());
        assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole);
        let expected = [
            "account".to_owned(),
            "list".to_owned(),
            format!("usage period{period}"),
            "usage lifetime".to_owned(),
            format!("usage midnight{midnight}"),
            "usage noon".to_owned(),
            "usage unsaid".to_owned(),
        ];
        assert_eq!(fake.log(), expected, "{start}");
    }
}

#[tokio::test(start_paused = true)]
async fn f17_zeros_in_a_new_period_are_no_lie() {
    let fake =
        Fake::new(State { total: Some(7), sub_users: vec![sub_user("u", Some(7))], ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-31T23:59:00Z");
    run(&pass, Collector::Account).await;
    run(&pass, Collector::SubUsers).await;
    tokio::time::advance(Duration::from_secs(600)).await;
    {
        let mut state = fake.state.lock().unwrap();
        (state.total, state.start) = (Some(0), Some(date(2026, 2, 1)));
        state.sub_users = vec![sub_user("u", Some(0))];
    }
    assert_eq!(run(&pass, Collector::Account).await, Outcome::Whole);
    assert_eq!(run(&pass, Collector::SubUsers).await, Outcome::Whole);
    assert_eq!(used(&pass), [("u".to_owned(), Some(0))]);
}

#[tokio::test(start_paused = true)]
async fn yesterdays_targets_are_read_until_they_are_final() {
    let fake = Fake::new(State { sub_users: vec![sub_user("u", Some(1))], ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T23:55:00Z");
    run(&pass, Collector::SubUsers).await;
    let mut days = Vec::new();
    for _ in 0..4 {
        fake.log();
        run(&pass, Collector::Targets).await;
        days.push(fake.log());
        tokio::time::advance(Duration::from_secs(600)).await;
    }
    let (old, new) = ("targets u 2026-01-15", "targets u 2026-01-16");
    assert_eq!(
        days,
        [vec![old], vec![old, new], vec![old, new], vec![new]],
        "final 15 minutes after midnight"
    );
}

struct Running {
    ticks: tokio::sync::mpsc::Sender<()>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(pass: &Pass, cron: &str, drain: Duration) -> Running {
    start_with(pass, cron, drain, None)
}

fn start_with(pass: &Pass, cron: &str, drain: Duration, look_again: Option<LookAgain>) -> Running {
    let (ticks, received) = Worker::ticks();
    let stop = CancellationToken::new();
    let (cron, memory) = (cron.parse().unwrap(), Arc::default());
    let (collector, start) = (Collector::Account, Start::Now);
    let worker = Worker { pass: pass.clone(), collector, cron, memory, start, look_again };
    let task = tokio::spawn(worker.run(received, stop.clone(), drain));
    Running { ticks, stop, task }
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn f35_passes_never_overlap_and_do_not_pile_up() {
    let fake = Fake::new(State { total: Some(1), takes: Duration::from_secs(25), ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    let running = start(&pass, "*/10 * * * * *", Duration::ZERO);
    for _ in 0..20 {
        settle().await;
        let _full = running.ticks.try_send(());
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(fake.most_under_way.load(Ordering::SeqCst), 1);
    let passes = fake.log().len();
    assert!((6..=8).contains(&passes), "{passes} in 200 s at 25 s each, skipping what came meanwhile");
    running.stop.cancel();
    running.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f35_a_lost_tick_is_noticed_and_made_up_for() {
    let fake = Fake::new(State { total: Some(1), ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:01:00Z");
    let running = start(&pass, "0 */5 * * * *", Duration::ZERO);
    settle().await;
    assert_eq!(fake.log().len(), 1, "the first pass waits for no tick");
    tokio::time::sleep(Duration::from_secs(240)).await;
    assert_eq!(fake.log().len(), 0, "a tick may be late");
    tokio::time::sleep(GRACE + Duration::from_secs(10)).await;
    assert_eq!(fake.log().len(), 1);
    running.stop.cancel();
    running.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_look_between_two_ticks_comes_when_it_is_wanted_and_while_calls_are_left() {
    let fake = Fake::new(State { total: Some(1), takes: Duration::from_secs(10), ..State::default() });
    let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
    let (want, wanted) = tokio::sync::watch::channel(None);
    let again = LookAgain { wanted, extra: Arc::new(Extra::new(5)), calls: 2 };
    let running = start_with(&pass, "0 0 * * * *", Duration::ZERO, Some(again));
    let at = |second: i64| {
        Some("2026-01-15T12:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(second))
    };
    let looks = async |until: u64| {
        let now = pass.clock.now().duration_since(at(0).unwrap()).unsigned_abs();
        tokio::time::sleep(Duration::from_secs(until) - now).await;
        fake.log().len()
    };
    want.send(at(5)).unwrap();
    assert_eq!(looks(60).await, 1, "the first pass was under way and answers that");
    want.send(at(100)).unwrap();
    assert_eq!(looks(99).await, 0);
    want.send(at(120)).unwrap();
    assert_eq!(looks(118).await, 0, "wanted later after all");
    assert_eq!(looks(180).await, 1);
    want.send(at(90)).unwrap();
    want.send(None).unwrap();
    assert_eq!(looks(240).await, 0, "what has passed is settled");
    want.send(at(300)).unwrap();
    assert_eq!(looks(360).await, 1);
    want.send(at(400)).unwrap();
    assert_eq!(looks(600).await, 0, "four of five calls are made, and a look takes two");
    running.ticks.try_send(()).unwrap();
    assert_eq!(looks(700).await, 1, "the schedule goes on");
    drop(want);
    assert_eq!(looks(800).await, 0);
    running.stop.cancel();
    running.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn f35_a_stop_lets_a_pass_end_for_a_while_and_then_gives_it_up() {
    for (takes, drain, ends_after) in [(3, 5, 3), (3600, 5, 5)] {
        let takes = Duration::from_secs(takes);
        let fake = Fake::new(State { total: Some(1), takes, ..State::default() });
        let (pass, _) = pass(&fake, "2026-01-15T12:00:00Z");
        let running = start(&pass, "0 */5 * * * *", Duration::from_secs(drain));
        settle().await;
        let stopped = Instant::now();
        running.stop.cancel();
        running.task.await.unwrap();
        assert_eq!(stopped.elapsed().as_secs(), ends_after);
    }
}
