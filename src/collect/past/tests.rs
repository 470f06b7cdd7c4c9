//! What is asked of the past and what comes of it, by hand.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::date;
use tokio::time::Instant;

use super::*;
use crate::domain::account::Account;
use crate::domain::budget::period::PeriodRule;
use crate::domain::collector::Collector;
use crate::domain::example;
use crate::domain::history::History;
use crate::domain::ledger::Ledger;
use crate::domain::snapshot::{Reading, Snapshot};
use crate::domain::traffic::{AccountUsage, ProxyEndpoint, Subscription, Usage, WhitelistedIp, Window};
use crate::providers::Past;

const LAG: Duration = Duration::from_secs(900);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn account() -> Account {
    Account { time_zone: TimeZone::get("Europe/Vilnius").unwrap(), ..example::account() }
}

fn sub_user(id: &str, used: u64) -> SubUser {
    SubUser {
        created: Some(date(2025, 12, 30).at(8, 0, 0, 0)),
        usage: Some(Usage { traffic: Bytes(used), requests: None, window: Window::Period }),
        ..example::sub_user(id, &format!("u{id}"))
    }
}

/// An account that was looked at.
struct Looked {
    ledger: Ledger,
    snapshot: Snapshot,
    account: Account,
}

impl Looked {
    fn new(rules: &[PeriodRule]) -> Self {
        let account = account();
        let ledger = Ledger::new(account.time_zone.clone(), LAG, rules);
        Self { ledger, snapshot: Snapshot::default(), account }
    }

    fn look(&mut self, now: &str, starts: Date, used: &[(&str, u64)]) {
        let value =
            AccountUsage { traffic: Some(Bytes(0)), period_start: Some(starts), ..AccountUsage::default() };
        self.snapshot.account = Some(Reading { observed: at(now), value });
        let rows = used.iter().map(|(id, used)| sub_user(id, *used)).collect();
        self.snapshot = self.snapshot.with_sub_users(at(now), rows);
        self.ledger.take(&self.account, &self.snapshot, at(now));
    }

    fn asked(&self, now: &str, dates: Dates, wants: Wants, done: &Done) -> Vec<Question> {
        let (ledger, snapshot, account) = (&self.ledger, &self.snapshot, &self.account);
        let past = Past { dates, target_days: Some(30) };
        let missing = questions(&Known { ledger, snapshot, account, past }, at(now), wants, done);
        assert!(missing.more.is_empty(), "{:?}", missing.more);
        missing.questions
    }

    fn apply(&mut self, now: &str, question: &Question, answer: &Answer) -> Option<Saved> {
        apply(&mut self.ledger, question, answer, &self.account.time_zone, at(now))
    }

    fn used(&self, id: &str, day: Date) -> Option<u64> {
        self.ledger.sub_user(&SubUserKey(id.into()))?.used_since_days(day, day)
    }
}

const NOTHING: Wants = Wants { backfill_days: None, target_days: None, lag: LAG, most: 100 };

/// Each question in short.
fn words(questions: &[Question]) -> Vec<String> {
    let words = |question: &Question| {
        let id = question.key().0;
        match question {
            Question::Close { closing, .. } => format!("close {id} {} {}", closing.start, closing.end),
            Question::Window { from, .. } => format!("window {id} {from}"),
            Question::Days { first, last, .. } => format!("days {id} {first} {last}"),
            Question::Targets { day, .. } => format!("targets {id} {day}"),
        }
    };
    questions.iter().map(words).collect()
}

/// A vendor that notes what it is asked.
struct Vendor {
    account: Account,
    dates: Dates,
    answer: Option<UsageReport>,
    asked: Mutex<Vec<Span>>,
}

impl Vendor {
    fn new(dates: Dates, total: u64, days: &[(Date, u64)]) -> Self {
        let usage = Usage { traffic: Bytes(total), requests: None, window: Window::Unknown };
        let days = days.iter().map(|(day, used)| (*day, Bytes(*used))).collect();
        let answer = Some(UsageReport { usage, days });
        Self { account: account(), dates, answer, asked: Mutex::default() }
    }

    async fn ask(&self, question: &Question, now: &str) -> Result<Answer, ProviderError> {
        ask(self, question, at(now), &Ask::until(Instant::now())).await
    }
}

#[async_trait]
impl Provider for Vendor {
    fn account(&self) -> &Account {
        &self.account
    }

    fn collectors(&self) -> &'static [Collector] {
        &[]
    }

    fn past(&self) -> Past {
        Past { dates: self.dates, target_days: None }
    }

    async fn account_usage(&self, _: &Ask) -> Result<AccountUsage, ProviderError> {
        Err(NO_DAYS)
    }

    async fn sub_users(&self, _: &Ask) -> Result<Vec<SubUser>, ProviderError> {
        Err(NO_DAYS)
    }

    async fn usage(&self, _: &SubUser, span: Span, _: &Ask) -> Result<UsageReport, ProviderError> {
        self.asked.lock().unwrap().push(span);
        self.answer.clone().ok_or(ProviderError::NotFound { endpoint: "test", said: None })
    }

    async fn targets(&self, _: &SubUser, _: Date, _: &Ask) -> Result<Vec<TargetUsage>, ProviderError> {
        Err(NO_DAYS)
    }

    async fn subscriptions(&self, _: &Ask) -> Result<Vec<Subscription>, ProviderError> {
        Err(NO_DAYS)
    }

    async fn whitelist(&self, _: &Ask) -> Result<Vec<WhitelistedIp>, ProviderError> {
        Err(NO_DAYS)
    }

    async fn endpoints(&self, _: Option<&str>, _: &Ask) -> Result<Vec<ProxyEndpoint>, ProviderError> {
        Err(NO_DAYS)
    }
}

/// January is over; one of two sub-users was looked at in February, and left the list.
fn over() -> Looked {
    let mut looked = Looked::new(&[]);
    looked.look("2026-01-31T21:50:00Z", date(2026, 1, 1), &[("1", 700), ("2", 0)]);
    looked.look("2026-01-31T22:20:00Z", date(2026, 2, 1), &[("1", 30), ("2", 0)]);
    looked.look("2026-01-31T22:25:00Z", date(2026, 2, 1), &[("2", 0)]);
    looked
}

#[tokio::test(start_paused = true)]
async fn f1_a_period_is_closed_by_a_query_of_its_dates_alone() {
    let mut looked = over();
    let january = "close 1 2025-12-31T22:00:00Z 2026-01-31T22:00:00Z";
    let early = looked.asked("2026-01-31T22:14:59Z", Dates::Total, NOTHING, &Done::default());
    assert_eq!(words(&early), [""; 0], "its figures are not final yet");
    let now = "2026-01-31T22:30:00Z";
    let asked = looked.asked(now, Dates::Total, NOTHING, &Done::default());
    assert_eq!(words(&asked)[0], january, "by its id, though it left the list");
    assert_eq!(looked.asked(now, Dates::Nothing, NOTHING, &Done::default()), []);

    for dates in [Dates::Total, Dates::ByDay] {
        let vendor = Vendor::new(dates, 745, &[(date(2026, 1, 31), 45)]);
        assert_eq!(vendor.ask(&asked[0], now).await.unwrap(), Answer::Total(Bytes(745)));
        assert_eq!(*vendor.asked.lock().unwrap(), [Span::Dates(date(2026, 1, 1), date(2026, 1, 31))]);
    }
    let saved = looked.apply(now, &asked[0], &Answer::Total(Bytes(745))).unwrap();
    let Saved::Pass(pass) = saved else { panic!("{saved:?}") };
    assert_eq!(pass.observed, at("2026-01-31T21:59:59Z"), "it counts for the old period");
    assert_eq!(pass.changed[0].used, Bytes(45), "what was used after the last look");
    assert_eq!(looked.ledger.consumed_by(&SubUserKey("1".into())), Some(Bytes(45 + 30)));
    assert!(
        !words(&looked.asked(now, Dates::Total, NOTHING, &Done::default())).contains(&january.to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn f1_a_period_of_somebody_who_is_gone_ends_as_it_was_seen() {
    let mut looked = over();
    let now = "2026-01-31T22:30:00Z";
    let asked = looked.asked(now, Dates::Total, NOTHING, &Done::default()).remove(0);
    let vendor = Vendor { answer: None, ..Vendor::new(Dates::Total, 0, &[]) };
    let answer = vendor.ask(&asked, now).await.unwrap();
    assert_eq!(answer, Answer::Gone);
    assert!(matches!(looked.apply(now, &asked, &answer), Some(Saved::Pass(pass)) if pass.changed.is_empty()));
    assert_eq!(looked.ledger.consumed_by(&SubUserKey("1".into())), Some(Bytes(30)));
    let mut done = Done::default();
    done.note(&asked, &answer);
    assert!(done.gone.contains(&asked.key()));
}

#[tokio::test]
async fn f1_a_period_that_begins_within_a_day_is_not_asked_for() {
    let closing =
        Closing { start: at("2026-01-01T08:00:00Z"), end: at("2026-01-31T22:00:00Z"), highest: Bytes(0) };
    assert_eq!(dates_of(&closing, &account().time_zone), None);
    let vendor = Vendor::new(Dates::ByDay, 0, &[]);
    let question = Question::Close { sub_user: sub_user("1", 0), closing };
    assert!(vendor.ask(&question, "2026-02-02T00:00:00Z").await.is_err());
    assert_eq!(*vendor.asked.lock().unwrap(), []);
}

#[tokio::test]
async fn what_budgets_need_comes_before_days_and_targets() {
    let mut looked = Looked::new(&[PeriodRule::Month]);
    let now = "2026-01-03T10:00:00Z";
    // The vendor counts since another day than the month's first.
    looked.look(now, date(2025, 12, 20), &[("1", 700), ("2", 5)]);
    let wants = Wants { backfill_days: Some(4), target_days: Some(4), ..NOTHING };
    let mut done = Done::default();
    done.targets.insert((SubUserKey("1".into()), date(2026, 1, 1)));
    done.gone.insert(SubUserKey("2".into()));
    // It was made on 30 December, so that there is nothing before.
    assert_eq!(
        words(&looked.asked(now, Dates::ByDay, wants, &done)),
        [
            "window 1 2025-12-31T22:00:00Z",
            "days 1 2025-12-30 2026-01-03",
            "targets 1 2026-01-02",
            "targets 1 2025-12-31",
            "targets 1 2025-12-30",
        ]
    );
    done.gone.clear();
    let wants = Wants { target_days: None, ..wants };
    assert_eq!(
        words(&looked.asked(now, Dates::Total, wants, &done))[2..6],
        [
            "days 1 2026-01-03 2026-01-03",
            "days 2 2026-01-03 2026-01-03",
            "days 1 2026-01-02 2026-01-02",
            "days 2 2026-01-02 2026-01-02"
        ],
        "a call a day, the newest of all first"
    );
    // A total settles the window, and no day.
    let window = looked.asked(now, Dates::Total, NOTHING, &done).remove(0);
    let vendor = Vendor::new(Dates::Total, 650, &[]);
    let answer = vendor.ask(&window, now).await.unwrap();
    assert_eq!(*vendor.asked.lock().unwrap(), [Span::Dates(date(2026, 1, 1), date(2026, 1, 3))]);
    assert_eq!(looked.apply(now, &window, &answer), None);
    let month = at("2025-12-31T22:00:00Z");
    let used = looked.ledger.window(Some(&window.key()), month, at(now));
    assert_eq!(used, Some(Bytes(650)));
    assert_eq!(words(&looked.asked(now, Dates::Total, NOTHING, &done)), ["window 2 2025-12-31T22:00:00Z"]);
}

#[test]
fn days_one_by_one_come_to_the_same_as_all_at_once() {
    let now = "2026-01-03T10:00:00Z";
    let told = [(date(2026, 1, 1), 10 << 20), (date(2026, 1, 3), 40 << 20)];
    let of = |day: Date| told.iter().find(|(of, _)| *of == day).map_or(Bytes(0), |(_, used)| Bytes(*used));
    let wants = Wants { backfill_days: Some(2), ..NOTHING };
    let mut ends = Vec::new();
    for dates in [Dates::ByDay, Dates::Total] {
        let mut looked = Looked::new(&[PeriodRule::Month]);
        looked.look("2026-01-03T09:00:00Z", date(2026, 1, 1), &[("1", 700)]);
        // 7 of the 40 of today were seen.
        looked.look(now, date(2026, 1, 1), &[("1", 700 + (7 << 20))]);
        let mut raised = Vec::new();
        for question in looked.asked(now, dates, wants, &Done::default()) {
            let Question::Days { first, last, .. } = &question else { continue };
            let days = told.iter().filter(|(day, _)| first <= day && day <= last);
            let answer = Answer::Days(days.map(|(day, used)| (*day, Bytes(*used))).collect());
            let Some(Saved::Days { days, standing, .. }) = looked.apply(now, &question, &answer) else {
                panic!("{question:?}")
            };
            assert_eq!(standing.known_from, midnight(*first, &looked.account.time_zone).unwrap());
            raised.extend(days);
            // Once is enough.
            assert_eq!(looked.apply(now, &question, &answer), None);
        }
        raised.sort();
        assert_eq!(raised, [(date(2026, 1, 1), Bytes(10 << 20)), (date(2026, 1, 3), Bytes(33 << 20))]);
        for day in [1, 2, 3].map(|day| date(2026, 1, day)) {
            assert_eq!(looked.used("1", day), Some(of(day).0), "{day}");
        }
        let key = SubUserKey("1".into());
        ends.push(looked.ledger.window(Some(&key), at("2025-12-31T22:00:00Z"), at(now)));
        assert_eq!(words(&looked.asked(now, dates, wants, &Done::default())), [""; 0]);
    }
    assert_eq!(ends[0], Some(Bytes(50 << 20)));
    assert_eq!(ends[1], ends[0]);
}

#[test]
fn more_than_can_be_asked_is_counted_and_not_held() {
    let mut looked = Looked::new(&[]);
    let now = "2026-01-03T10:00:00Z";
    looked.look(now, date(2026, 1, 1), &[("1", 700), ("2", 5)]);
    let (ledger, snapshot, account) = (&looked.ledger, &looked.snapshot, &looked.account);
    let past = Past { dates: Dates::Total, target_days: None };
    let wants = Wants { backfill_days: Some(4), most: 3, ..NOTHING };
    let missing = questions(&Known { ledger, snapshot, account, past }, at(now), wants, &Done::default());
    let today = "2026-01-03 2026-01-03";
    let expected =
        [format!("days 1 {today}"), format!("days 2 {today}"), "days 1 2026-01-02 2026-01-02".into()];
    assert_eq!(words(&missing.questions), expected);
    assert_eq!(missing.more.into_iter().collect::<Vec<_>>(), [("days", 2 * 5 - 3)]);
}

#[test]
fn a_day_beyond_one_that_was_not_answered_is_left() {
    let mut looked = Looked::new(&[]);
    let now = "2026-01-03T10:00:00Z";
    looked.look(now, date(2026, 1, 1), &[("1", 700)]);
    let wants = Wants { backfill_days: Some(2), ..NOTHING };
    let asked = looked.asked(now, Dates::Total, wants, &Done::default());
    assert_eq!(asked.len(), 3);
    let answer = Answer::Days(vec![(date(2026, 1, 2), Bytes(5))]);
    assert_eq!(looked.apply(now, &asked[1], &answer), None, "today was not answered");
    assert_eq!(looked.asked(now, Dates::Total, wants, &Done::default()), asked);
}

#[tokio::test]
async fn a_total_without_days_is_no_answer_to_days() {
    let question =
        Question::Days { sub_user: sub_user("1", 0), first: date(2026, 1, 1), last: date(2026, 1, 3) };
    let now = "2026-01-03T10:00:00Z";
    assert!(Vendor::new(Dates::ByDay, 7, &[]).ask(&question, now).await.is_err());
    assert_eq!(Vendor::new(Dates::ByDay, 0, &[]).ask(&question, now).await.unwrap(), Answer::Days(vec![]));
    let outside = [(date(2025, 12, 31), 1), (date(2026, 1, 2), 2)];
    assert_eq!(
        Vendor::new(Dates::ByDay, 2, &outside).ask(&question, now).await.unwrap(),
        Answer::Days(vec![(date(2026, 1, 2), Bytes(2))])
    );
}
