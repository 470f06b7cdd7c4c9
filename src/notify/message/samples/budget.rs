//! What budgets say: over, over no longer, not to be judged.

use super::super::{Content, Item, Message, News, Said, Severity};
use super::{chart, gb, item, message, news, on, sub_user};
use crate::domain::units::Bytes;

pub(super) fn samples() -> Vec<(&'static str, Message)> {
    vec![
        ("firing", firing()),
        ("firing_many", many()),
        ("reminder", reminder()),
        ("ugly_names", ugly()),
        ("resolved", resolved()),
        ("unjudged", unjudged()),
    ]
}

const LINE: &str =
    "scraper_eu at acme: stop (used = \"100%\"), 40.70 GB of 35.00 GB used, 116.28 %, 4 min ago";

fn over(key: &str, line: &str, name: &str, details: &[(&str, &str)]) -> Item {
    let said = Said::Over {
        of: sub_user(name),
        provider: "oxylabs".to_owned(),
        threshold: "stop".to_owned(),
        condition: "used = \"100%\"".to_owned(),
        threshold_severity: Severity::Critical,
        since: on(26, 19, 40),
        used_bytes: Some(40_700_000_000),
        amount_bytes: Some(gb(35)),
        observed: Some(on(27, 10, 11)),
        bytes_a_day: Some(5_200_000_000),
        runs_out: None,
        period_end: Some(on(31, 0, 0)),
    };
    item(key, line, details, said)
}

fn worst() -> Item {
    let details = [
        ("since", "2026-11-26 19:40 UTC"),
        ("figure", "read from the vendor 4 min ago, which may lag by 15m"),
        ("pace", "nothing is left, the period needs 4 days"),
        ("cause", "shop.example (4.10 GB more than usual, new)"),
        (
            "next",
            "once a further look bears it out, and 10m later, it is frozen: its requests fail with 407 at the proxy",
        ),
        ("stop it", "proxymeter sub-users update scraper_eu --account acme --limit SIZE"),
        ("stop the cut", "proxymeter pause --account acme"),
    ];
    over("used:acme:scraper_eu", LINE, "scraper_eu", &details)
}

fn firing() -> Message {
    let news = News {
        is_headline: true,
        chart: Some(chart("scraper_eu at acme", Some(gb(35)))),
        ..news(1, vec![worst()])
    };
    message(Severity::Critical, &format!("scrapers: {LINE}"), Content::Budget(news))
}

/// Several of each kind, and more that are not named.
fn many() -> Message {
    let mut forecast = over(
        "forecast:acme:scraper_us",
        "scraper_us at acme: runs-out (forecast = \"100%\"), as the last weeks went 36.24 GB of 35.00 GB by the reset, \
         35.90 GB to 37.02 GB, runs out on the 30th, 1 day before the reset, 4 min ago",
        "scraper_us",
        &[
            ("figure", "read from the vendor 4 min ago, which may lag by 15m"),
            ("runs out", "2026-11-30 18:00 UTC"),
            ("stop it", "proxymeter sub-users update scraper_us --account acme --limit SIZE"),
        ],
    );
    if let Said::Over { threshold, condition, used_bytes, bytes_a_day, runs_out, .. } = &mut forecast.said {
        (*threshold, *condition) = ("runs-out".to_owned(), "forecast = \"100%\"".to_owned());
        (*used_bytes, *bytes_a_day) = (Some(28_100_000_000), Some(1_900_000_000));
        *runs_out = Some(on(30, 18, 0));
    }
    let mut unknown = over(
        "burn:acme",
        "acme: fast (burn = \"6x over 3h and 30m\"), what was used is not known",
        "scraper_jp",
        &[],
    );
    if let Said::Over { of, used_bytes, amount_bytes, observed, bytes_a_day, runs_out, .. } =
        &mut unknown.said
    {
        (of.per, of.name, of.product) = ("account".to_owned(), None, None);
        (*used_bytes, *amount_bytes, *bytes_a_day) = (None, None, None);
        (*observed, *runs_out) = (None, None);
    }
    let allowance = |name: &str, from: u64, to: u64| {
        let line = format!("{name} at acme: {} allowed instead of {}", Bytes(gb(to)), Bytes(gb(from)));
        let said = Said::Allowance { of: sub_user(name), from_bytes: gb(from), to_bytes: gb(to) };
        item(&format!("allowance:acme:{name}"), &line, &[], said)
    };
    let proposed = |name: &str, what: &str| {
        let line = format!("would {what} {name} at acme: its limit now is 50.00 GB, 40.70 GB used");
        let said = Said::Proposed { of: sub_user(name), what: what.to_owned() };
        item(&format!("proposed:acme:{name}"), &line, &[], said)
    };
    let items = vec![
        worst(),
        forecast,
        unknown,
        cannot("acme", "stale", 12, "scraper_a, scraper_b, scraper_c, …"),
        cannot("beta", "no_limit", 1, "scraper_z"),
        allowance("scraper_br", 40, 35),
        allowance("scraper_in", 20, 60),
        proposed("scraper_eu", "freeze"),
        proposed("scraper_us", "limit 55GB"),
    ];
    let title = "scrapers: 3 over, up to stop (used = \"100%\")";
    message(Severity::Critical, title, Content::Budget(News { more: 7, ..news(10, items) }))
}

fn reminder() -> Message {
    let news = News { is_headline: true, is_reminder: true, ..news(1, vec![worst()]) };
    message(Severity::Critical, &format!("scrapers: still {LINE}"), Content::Budget(news))
}

/// F39: what a vendor may send as a name.
fn ugly() -> Message {
    let long = "A".repeat(10_000);
    let names = [
        "<script>alert(\"1\")</script>",
        "a'b\"c`d\\e&amp;{{ title }}{% raw %}",
        "first\r\nBcc: everybody@example.com\n\n.\n",
        "\u{202e}gnp.exe\u{2066}\u{200f}شبكة\u{2069}",
        "*bold* _it_ ~gone~ <!channel> @everyone [text](https://example.com) |table|",
        "\0\u{1b}[31mred\u{7}\u{2028}\u{fffe}日本🙂",
        &long,
    ];
    let line = |name: &str| {
        format!("{name} at acme: stop (used = \"100%\"), 40.70 GB of 35.00 GB used, 116.28 %, 4 min ago")
    };
    let items: Vec<Item> = names
        .iter()
        .map(|name| over(&format!("used:acme:{name}"), &line(name), name, &[("cause", name)]))
        .collect();
    let title = format!("scrapers: {}", line(names[0]));
    let labels = [("note".to_owned(), names[0].to_owned()), ("team".to_owned(), names[2].to_owned())].into();
    let chart = Some(chart(&format!("{} at acme", names[0]), Some(gb(35))));
    let news = News { is_headline: true, labels, chart, ..news(names.len(), items) };
    message(Severity::Critical, &title, Content::Budget(news))
}

fn resolved() -> Message {
    let ends = [
        ("scraper_eu", "stop", "below", "below the threshold again"),
        ("scraper_us", "warn", "period_end", "a new period has begun"),
        ("scraper_br", "warn", "allowance_changed", "more is allowed than before"),
        ("scraper_in", "warn", "gone", "no longer there"),
        ("scraper_jp", "fast", "by_hand", "ended by hand"),
        ("scraper_za", "runs-out", "config", "the budget is written otherwise now"),
    ];
    let ended = |(name, threshold, end, words): (&str, &str, &str, &str)| {
        let said = Said::Ended { of: sub_user(name), threshold: threshold.to_owned(), end: end.to_owned() };
        let line = format!("{name} at acme: {threshold} is over: {words}");
        item(&format!("used:acme:{name}"), &line, &[], said)
    };
    let news = news(0, ends.map(ended).into());
    message(Severity::Info, "scrapers: 6 incidents are over", Content::Budget(news))
}

fn cannot(account: &str, reason: &str, targets: usize, first: &str) -> Item {
    let line = format!("{account}: {targets} cannot be judged: {reason} ({first})");
    let said = Said::Unjudged { account: account.to_owned(), reason: reason.to_owned(), targets };
    item(&format!("unjudged:{account}:{reason}"), &line, &[], said)
}

fn unjudged() -> Message {
    let said = Said::Judged { account: "beta".to_owned(), reason: "no_limit".to_owned() };
    let judged = item("unjudged:beta:no_limit", "beta: can be judged again (no limit)", &[], said);
    let items = vec![cannot("acme", "stale", 12, "scraper_a, scraper_b, scraper_c, …"), judged];
    message(Severity::Warning, "scrapers: 2 things changed", Content::Budget(news(0, items)))
}
