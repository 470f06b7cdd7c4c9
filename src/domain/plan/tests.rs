//! Who is told what, and which limits would be lowered, look by look.

mod again;

use std::collections::BTreeMap;

use jiff::ToSpan;

use super::*;
use crate::domain::budget::amount::{Amount, Share};
use crate::domain::budget::period::PeriodRule;
use crate::domain::budget::selector::Selectors;
use crate::domain::budget::threshold::{ActionKind, Condition, Mode, Severity};
use crate::domain::budget::{Budget, OnUnknown, Per};
use crate::domain::evaluate::Tolerance;
use crate::domain::example;
use crate::domain::history::NoHistory;
use crate::domain::incident::Incidents;
use crate::domain::judgement::judge;
use crate::domain::notice::{Content, News, Said};
use crate::domain::owners::Owners;
use crate::domain::snapshot::{Reading, Snapshot};
use crate::domain::traffic::{AccountUsage, SubUser, Usage, Window};

const GB: u64 = 1_000_000_000;

fn at(minutes: i64) -> Timestamp {
    "2026-01-10T00:00:00Z".parse::<Timestamp>().unwrap() + minutes.minutes()
}

fn threshold(name: &str, percent: u16, notify: &[&str]) -> Threshold {
    let notify = notify.iter().map(|name| Arc::from(*name)).collect();
    Threshold { notify, ..Threshold::new(name, Condition::Used(Share::percent(percent))) }
}

fn budget() -> Budget {
    let freeze =
        Action { what: ActionKind::Freeze, mode: Mode::Observe, approve_within: None, countdown: None };
    let stop = Threshold {
        severity: Severity::Critical,
        action: Some(freeze),
        ..threshold("stop", 100, &["ops", "finance"])
    };
    Budget {
        name: "scrapers".into(),
        selectors: Selectors::default(),
        per: Per::SubUser,
        amount: Amount::parse("50GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds: vec![threshold("warn", 80, &["ops"]), stop],
    }
}

struct Days {
    rules: Rules,
    incidents: Incidents,
    snapshot: Snapshot,
    limit: Option<Limit>,
}

impl Days {
    fn new(budgets: Vec<Budget>) -> Self {
        let rules = Rules { budgets, operator: vec!["boss".into()], owners: Owners::default() };
        let limit = Some(Limit::Bytes(Bytes(100 * GB)));
        Self { rules, incidents: Incidents::default(), snapshot: Snapshot::default(), limit }
    }

    fn look(&mut self, now: Timestamp, used: &[(String, u64)]) -> Plan {
        let usage = AccountUsage {
            traffic: Some(Bytes(used.iter().map(|(_, used)| used * GB).sum())),
            period_start: Some(jiff::civil::date(2026, 1, 1)),
            ..AccountUsage::default()
        };
        self.snapshot.account = Some(Reading { observed: now, value: usage });
        let row = |(name, used): &(String, u64)| SubUser {
            limit: self.limit,
            limit_enforced: Some(true),
            auto_disable: None,
            usage: Some(Usage { traffic: Bytes(used * GB), requests: None, window: Window::Period }),
            ..example::sub_user(name.as_str(), name.as_str())
        };
        self.snapshot = self.snapshot.with_sub_users(now, used.iter().map(row).collect());
        self.judge(now)
    }

    fn judge(&mut self, now: Timestamp) -> Plan {
        let judged = self.with_view(|days, view| judge(&days.rules, &[view], &days.incidents, now));
        self.incidents = judged.incidents;
        judged.plan
    }

    fn with_view<T>(&self, then: impl FnOnce(&Self, View<'_>) -> T) -> T {
        let account = example::account();
        let view = View {
            account: &account,
            snapshot: &self.snapshot,
            history: &NoHistory,
            holds: &BTreeMap::new(),
            grants: &[],
            tolerance: Tolerance::default(),
        };
        then(self, view)
    }
}

fn one(name: &str, used: u64) -> Vec<(String, u64)> {
    vec![(name.to_owned(), used)]
}

fn titles(plan: &Plan) -> Vec<(String, String)> {
    plan.notices.iter().map(|notice| (notice.receiver.to_string(), notice.title.clone())).collect()
}

fn said(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

#[test]
fn each_receiver_of_the_threshold_is_told_once() {
    let mut days = Days::new(vec![budget()]);
    assert_eq!(days.look(at(0), &one("a", 10)), Plan::default());
    let warned = "scrapers: a at acme: warn (used = \"80%\"), 41.00 GB of 50.00 GB used, 82 %";
    assert_eq!(titles(&days.look(at(5), &one("a", 41))), said(&[("ops", warned)]));
    assert_eq!(days.look(at(10), &one("a", 42)), Plan::default(), "latched");
    let stopped = "scrapers: a at acme: stop (used = \"100%\"), 51.00 GB of 50.00 GB used, 102 %";
    let plan = days.look(at(15), &one("a", 51));
    assert_eq!(titles(&plan), said(&[("finance", stopped), ("ops", stopped)]));
    assert!(plan.notices.iter().all(|notice| notice.severity == Severity::Critical));
    assert_eq!(
        plan.notices[0].lines(),
        ["would freeze a at acme: its limit now is 100.00 GB, 51.00 GB used"]
    );
}

#[test]
fn f18_a_jump_over_several_thresholds_is_one_message_of_the_highest() {
    let mut days = Days::new(vec![budget()]);
    days.look(at(0), &one("a", 10));
    let plan = days.look(at(5), &one("a", 60));
    assert_eq!(plan.notices.len(), 2, "one a receiver");
    assert!(plan.notices.iter().all(|notice| notice.title.contains("stop (used")));
}

#[test]
fn f21_over_at_the_first_look_is_told_and_acted_on_after_the_next() {
    let mut days = Days::new(vec![budget()]);
    let plan = days.look(at(0), &one("a", 60));
    assert_eq!((plan.notices.len(), plan.proposals.len()), (2, 0));
    let plan = days.look(at(5), &one("a", 61));
    assert_eq!(plan.notices, []);
    let [proposal] = &plan.proposals[..] else { panic!("{plan:?}") };
    assert_eq!(proposal.before, Some(Limit::Bytes(Bytes(100 * GB))));
    assert_eq!(
        proposal_in_words(proposal),
        "would freeze a at acme: its limit now is 100.00 GB, 61.00 GB used"
    );
    assert_eq!(days.look(at(10), &one("a", 62)), Plan::default(), "once");
}

#[test]
fn of_many_the_worst_twenty_are_named_in_one_notice() {
    let mut days = Days::new(vec![budget()]);
    let all = |used: u64| (0..30).map(|number| (format!("u{number:02}"), used + number)).collect::<Vec<_>>();
    days.look(at(0), &all(1));
    let plan =
        days.look(at(5), &all(41).into_iter().map(|(name, used)| (name, used.min(49))).collect::<Vec<_>>());
    let [notice] = &plan.notices[..] else { panic!("{:?}", titles(&plan)) };
    assert_eq!(notice.title, "scrapers: 30 over, up to warn (used = \"80%\")");
    let lines = notice.lines();
    assert_eq!(lines.len(), 21);
    assert!(lines[0].contains("49.00 GB"), "{lines:?}");
    assert_eq!(lines[20], "and 10 more");
}

#[test]
fn f30_an_outage_is_told_to_the_operator_alone() {
    let mut days = Days::new(vec![budget()]);
    days.look(at(0), &one("a", 10));
    let plan = days.judge(at(60));
    let words = "acme: no good answer since 2026-01-10 00:00 UTC; one judgement waits for it";
    assert_eq!(titles(&plan), said(&[("boss", words)]));
    assert!(matches!(plan.notices[0].content, Content::Operation(_)));
    let plan = days.look(at(65), &one("a", 11));
    assert_eq!(
        titles(&plan),
        said(&[("boss", "acme: answers again, after none since 2026-01-10 00:00 UTC")])
    );
}

#[test]
fn what_is_over_says_why_and_nothing_is_called_resolved_that_is_not() {
    let mut days =
        Days::new(vec![Budget { amount: Amount::parse("50% of limit", None).unwrap(), ..budget() }]);
    days.look(at(0), &one("a", 10));
    days.look(at(5), &one("a", 41));
    days.limit = Some(Limit::Bytes(Bytes(200 * GB)));
    let plan = days.look(at(10), &one("a", 42));
    let notice = plan.notices.iter().find(|notice| &*notice.receiver == "ops").unwrap();
    assert_eq!(notice.severity, Severity::Info);
    let all = [vec![notice.title.clone()], notice.lines()].concat().join("\n");
    assert!(all.contains("a at acme: warn is over: more is allowed than before"), "{all}");
    assert!(all.contains("100.00 GB allowed instead of 50.00 GB (84 % is now 42 % of it)"), "{all}");
}

#[test]
fn what_is_about_more_than_usage_says_what() {
    let uncapped = Threshold { notify: vec!["ops".into()], ..Threshold::new("open", Condition::Uncapped) };
    let mut days = Days::new(vec![Budget { thresholds: vec![uncapped], ..budget() }]);
    days.limit = Some(Limit::Unlimited);
    let words = "scrapers: a at acme: open (uncapped = true), the vendor has no limit for it";
    assert_eq!(titles(&days.look(at(0), &one("a", 10))), said(&[("ops", words)]));
}

#[test]
fn what_the_operator_says_of_a_budget_goes_with_its_notices() {
    let labels: BTreeMap<String, String> = [("team".to_owned(), "crawl".to_owned())].into();
    let mut days = Days::new(vec![Budget { labels: labels.clone(), ..budget() }]);
    let plan = days.look(at(0), &one("a", 45));
    let news = |plan: &Plan| -> Vec<News> {
        let news = plan.notices.iter().filter_map(|notice| match &notice.content {
            Content::Budget(news) => Some(news.clone()),
            _ => None,
        });
        news.collect()
    };
    assert_eq!(news(&plan).iter().map(|news| &news.labels).collect::<Vec<_>>(), [&labels]);
    let later = days.judge(at(60));
    assert!(!later.notices.is_empty() && news(&later).is_empty(), "of no budget");
}

fn news(notice: &Notice) -> &News {
    match &notice.content {
        Content::Budget(news) => news,
        other => panic!("{other:?}"),
    }
}

fn to<'p>(plan: &'p Plan, receiver: &str) -> &'p Notice {
    plan.notices.iter().find(|notice| &*notice.receiver == receiver).unwrap()
}

#[test]
fn who_was_told_on_the_way_up_is_told_of_the_top_and_of_the_end() {
    let thresholds = vec![threshold("warn", 80, &["ops"]), threshold("stop", 100, &["finance"])];
    let mut days = Days::new(vec![Budget { thresholds, ..budget() }]);
    days.look(at(0), &one("a", 10));
    let plan = days.look(at(5), &one("a", 60));
    assert_eq!((news(to(&plan, "ops")).open, news(to(&plan, "finance")).open), (1, 1), "a jump over both");
    days.rules.budgets[0].amount = Amount::parse("100GB", None).unwrap();
    let plan = days.look(at(10), &one("a", 60));
    assert_eq!((news(to(&plan, "ops")).open, news(to(&plan, "finance")).open), (0, 0));
    for receiver in ["ops", "finance"] {
        let items = &news(to(&plan, receiver)).items;
        assert!(items.iter().any(|item| matches!(item.said, Said::Ended { .. })), "{receiver} {items:?}");
    }
}

#[test]
fn only_the_highest_threshold_is_urgent() {
    let mut days = Days::new(vec![budget()]);
    days.look(at(0), &one("a", 10));
    assert!(!to(&days.look(at(5), &one("a", 41)), "ops").is_urgent);
    assert!(to(&days.look(at(10), &one("a", 51)), "ops").is_urgent);
}

#[test]
fn an_item_carries_the_facts_what_comes_next_and_how_to_stop_it() {
    let mut warn = budget();
    warn.thresholds.pop();
    let mut days = Days::new(vec![warn]);
    days.look(at(0), &one("a", 10));
    let plan = days.look(at(5), &one("a", 41));
    let items = &news(&plan.notices[0]).items;
    let [item] = &items[..] else { panic!("{items:?}") };
    assert_eq!(item.key, "used:acme:a");
    let details: Vec<_> = item.details.iter().map(|detail| (detail.name, &*detail.text)).collect();
    assert_eq!(
        details,
        [
            ("figure", "read from the vendor just now, which may lag by 15m"),
            (
                "next",
                "at its limit of 100.00 GB the vendor cuts it off, and its requests fail with 407 at the proxy"
            ),
            ("stop it", "proxymeter sub-users update a --account acme --limit SIZE"),
        ]
    );
    let Said::Over(over) = &item.said else { panic!("{item:?}") };
    assert_eq!((over.used, over.amount), (Some(Bytes(41 * GB)), Some(Bytes(50 * GB))));
    assert_eq!((over.since, &*over.threshold, over.provider), (at(5), "warn", "oxylabs"));
}

#[test]
fn a_vendors_name_is_no_command() {
    let mut warn = budget();
    warn.thresholds.pop();
    for (name, said) in [
        ("a b", Some("proxymeter sub-users update 'a b' --account acme --limit SIZE")),
        ("$(rm -rf /)", Some("proxymeter sub-users update '$(rm -rf /)' --account acme --limit SIZE")),
        ("'; rm -rf /", None),
        ("--all", None),
        ("a\nb", None),
    ] {
        let mut days = Days::new(vec![warn.clone()]);
        days.look(at(0), &one(name, 10));
        let plan = days.look(at(5), &one(name, 41));
        let details = &news(&plan.notices[0]).items[0].details;
        let stop = details.iter().find(|detail| detail.name == "stop it").map(|detail| &*detail.text);
        assert_eq!(stop, said, "{name:?}");
    }
}
