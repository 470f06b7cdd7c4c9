//! What is told again: reminders, digests, and what stands open.

use super::*;
use crate::domain::plan::standing::{Standing, open};

fn remind_ops(days: &Days, is_known: &dyn Fn(&Standing) -> bool, now: Timestamp) -> Option<Notice> {
    let budget = days.rules.budgets[0].clone();
    days.with_view(|days, view| {
        remind(&days.rules, &[view], &days.incidents, (&"ops".into(), &budget), is_known, now)
    })
}

#[test]
fn a_reminder_names_what_stands_and_nobody_knows_of() {
    let mut days = Days::new(vec![budget()]);
    let two = |a, b| vec![("a".to_owned(), a), ("b".to_owned(), b)];
    days.look(at(0), &two(10, 10));
    assert_eq!(remind_ops(&days, &|_| false, at(1)), None, "nothing stands");
    days.look(at(5), &two(41, 10));
    days.look(at(10), &two(42, 60));
    let notice = remind_ops(&days, &|_| false, at(12)).unwrap();
    assert_eq!(notice.title, "scrapers: 2 still over, the oldest since 2026-01-10 00:05 UTC");
    assert!(notice.is_urgent && notice.severity == Severity::Critical, "the highest is among them");
    assert!(news(&notice).is_reminder);
    let lines: Vec<_> = news(&notice).items.iter().map(|item| &*item.line).collect();
    assert_eq!(
        lines,
        [
            "b at acme: stop (used = \"100%\"), 60.00 GB of 50.00 GB used, 120 %, 2 min ago",
            "a at acme: warn (used = \"80%\"), 42.00 GB of 50.00 GB used, 84 %, 2 min ago"
        ]
    );
    assert_eq!(news(&notice).items[1].details[0].text, "2026-01-10 00:05 UTC", "since");
    let knows_of_b = |standing: &Standing| &*standing.threshold == "stop";
    let notice = remind_ops(&days, &knows_of_b, at(12)).unwrap();
    assert!(notice.title.starts_with("scrapers: still a at acme: warn"), "{}", notice.title);
    assert_eq!((news(&notice).open, notice.is_urgent), (2, false), "known is not over");
    assert_eq!(remind_ops(&days, &|_| true, at(12)), None);
}

#[test]
fn a_digest_shows_the_fullest_first_and_what_is_over() {
    let mut days = Days::new(vec![budget()]);
    let all: Vec<_> = (0..30).map(|number| (format!("u{number:02}"), 1 + number)).collect();
    days.look(at(0), &all);
    days.look(at(5), &[all.clone(), one("big", 60)].concat());
    let digest = |receiver: &str| {
        days.with_view(|days, view| {
            digest(&days.rules, &[view], &days.incidents, &receiver.into(), at(0), at(10))
        })
    };
    assert_eq!(digest("boss"), None, "hears of no budget");
    let notice = digest("finance").unwrap();
    assert_eq!(notice.title, "1 budget: 1 over, the fullest is big at acme with 120 %");
    let Content::Digest(digest) = &notice.content else { panic!("{notice:?}") };
    assert_eq!((digest.rows.len(), digest.more), (20, 11));
    assert_eq!((&*digest.rows[0].target, digest.rows[0].over.as_deref()), ("big at acme", Some("stop")));
    assert_eq!((&*digest.rows[1].target, digest.rows[1].over.as_deref()), ("u29 at acme", None));
    let chart = digest.chart.as_ref().unwrap();
    assert_eq!(chart.used.last().map(|(_, used)| *used), Some(Bytes(60 * GB)));
    assert_eq!(chart.used.first(), Some(&(chart.from, Bytes(0))));
    assert_eq!(chart.used.len(), 2, "what no history knows is not made up: {:?}", chart.used);
}

#[test]
fn what_stands_open_goes_on_standing_while_it_is_unknown() {
    let mut days = Days::new(vec![budget()]);
    days.look(at(0), &one("a", 10));
    days.look(at(5), &one("a", 51));
    let of = |days: &Days, receiver: &str| {
        days.with_view(|days, view| open(&days.rules, &[view], &days.incidents, receiver))
    };
    let found = of(&days, "finance");
    let [standing] = &found[..] else { panic!("{found:?}") };
    assert_eq!(standing.line, "a at acme: stop (used = \"100%\"), 51.00 GB of 50.00 GB used");
    assert_eq!((standing.provider, &*standing.threshold, standing.since), ("oxylabs", "stop", at(5)));
    days.judge(at(60));
    assert_eq!(of(&days, "finance"), found, "too old to judge is no end");
    assert_eq!(of(&days, "boss"), []);
}

#[test]
fn an_owner_hears_of_its_own_sub_users_whatever_the_threshold() {
    use crate::domain::budget::selector::Selector;
    let mut days = Days::new(vec![budget()]);
    days.rules.owners = Owners::new(vec![(Selector::new("crawl_.*").unwrap(), vec!["crawlers".into()])]);
    let both = |used| vec![("crawl_1".to_owned(), used), ("b".to_owned(), used)];
    days.look(at(0), &both(10));
    let plan = days.look(at(5), &both(41));
    let of_owner = news(to(&plan, "crawlers"));
    assert_eq!((of_owner.open, of_owner.items.len()), (1, 1));
    assert!(of_owner.items[0].line.starts_with("crawl_1 at acme"), "{:?}", of_owner.items);
    assert_eq!((news(to(&plan, "ops")).open, news(to(&plan, "ops")).items.len()), (2, 2));
    let open = days.with_view(|days, view| open(&days.rules, &[view], &days.incidents, "crawlers"));
    assert_eq!(open.len(), 1);
}

#[test]
fn the_last_notice_of_a_budget_that_is_gone_says_so_and_leaves_nothing_open() {
    let notice = close(&"ops".into(), "scrapers");
    assert_eq!(
        notice.title,
        "scrapers: nothing of it stands open for this receiver any more: the configuration has changed"
    );
    assert!(!notice.leaves_open() && notice.severity == Severity::Info);
    assert_eq!((notice.thread(), notice.lines()), ("budget:scrapers".to_owned(), vec![]));
}
