//! A message of every kind, and one with all that a vendor may send as a name.

use jiff::Timestamp;
use proxymeter::notify::message::{
    Chart, Content, Detail, Digest, DigestRow, Item, Message, News, Of, Operation, Said, Severity, Status,
    Trouble, VERSION,
};

/// Each by a short name.
pub(super) fn all() -> Vec<(&'static str, Message)> {
    vec![
        ("firing", firing()),
        ("resolved", resolved()),
        ("reminder", reminder()),
        ("operation", operation()),
        ("digest", digest()),
        (
            "drill",
            message(Severity::Info, "[DRILL] nothing has happened", Content::Drill { who: "anna".into() }),
        ),
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn message(severity: Severity, title: &str, content: Content) -> Message {
    Message {
        version: VERSION,
        at: at("2026-11-21T09:59:58Z"),
        severity,
        title: title.to_owned(),
        link: Some("https://proxymeter.example.com/?a=1&b=2".to_owned()),
        content,
    }
}

fn news(status: Status, items: Vec<Item>) -> News {
    News {
        budget: "scrapers".to_owned(),
        status,
        open: if status == Status::Firing { items.len() } else { 0 },
        labels: [("team".to_owned(), "data".to_owned())].into(),
        is_headline: false,
        is_reminder: false,
        items,
        more: 0,
        chart: None,
    }
}

fn over(name: &str) -> Item {
    Item {
        key: format!("used:acme:{name}"),
        line: format!(
            "{name} at acme: stop (used = \"100%\"), 40.70 GB of 35.00 GB used, 116.28 %, 4 min ago"
        ),
        details: [
            ("since", "Fri 20 Nov, 19:40 UTC".to_owned()),
            ("cause", format!("5.20 GB of the last 24 hours are of {name}")),
            ("next", "nothing: it is only watched".to_owned()),
        ]
        .map(|(heading, text)| Detail { name: heading.to_owned(), text })
        .into(),
        said: Said::Over {
            of: of(name),
            provider: "oxylabs".to_owned(),
            threshold: "stop".to_owned(),
            condition: "used = \"100%\"".to_owned(),
            threshold_severity: Severity::Critical,
            since: at("2026-11-20T19:40:00Z"),
            used_bytes: Some(40_700_000_000),
            amount_bytes: Some(35_000_000_000),
            observed: Some(at("2026-11-21T09:56:00Z")),
            bytes_a_day: Some(5_200_000_000),
            runs_out: None,
            period_end: Some(at("2026-12-01T00:00:00Z")),
        },
    }
}

fn of(name: &str) -> Of {
    Of {
        account: "acme".to_owned(),
        per: "sub_user".to_owned(),
        name: Some(name.to_owned()),
        product: Some("residential".to_owned()),
    }
}

pub(super) fn firing() -> Message {
    let used =
        (1..=20).map(|day| (at(&format!("2026-11-{day:02}T00:00:00Z")), day * 2_000_000_000)).collect();
    let chart = Chart {
        title: "scraper_eu at acme".to_owned(),
        from: at("2026-11-01T00:00:00Z"),
        until: at("2026-12-01T00:00:00Z"),
        used,
        amount_bytes: Some(35_000_000_000),
        forecast_bytes: Some([60_000_000_000, 55_000_000_000, 70_000_000_000]),
    };
    let items = vec![over("scraper_eu"), over("scraper_us")];
    let news = News { more: 3, chart: Some(chart), ..news(Status::Firing, items) };
    message(Severity::Critical, "scrapers: 5 over, up to stop (used = \"100%\")", Content::Budget(news))
}

fn resolved() -> Message {
    let line = "scraper_eu at acme: stop is over: a new period has begun";
    let said =
        Said::Ended { of: of("scraper_eu"), threshold: "stop".to_owned(), end: "period_end".to_owned() };
    let item = Item { key: "used:acme:scraper_eu".into(), line: line.into(), details: Vec::new(), said };
    let news = News { is_headline: true, ..news(Status::Resolved, vec![item]) };
    message(Severity::Critical, &format!("scrapers: {line}"), Content::Budget(news))
}

fn reminder() -> Message {
    let news = News { is_reminder: true, ..news(Status::Firing, vec![over("scraper_eu")]) };
    message(Severity::Warning, "scrapers: still 1 over", Content::Budget(news))
}

fn operation() -> Message {
    let lines = [
        ("outage:acme", "acme: no good answer since 2026-11-21 08:05 UTC; 12 judgements wait for it"),
        ("receiver:pager", "receiver pager: nothing arrives since 2026-11-21 09:10 UTC; 3 wait"),
    ];
    let troubles = lines.map(|(key, line)| Trouble { key: key.to_owned(), line: line.to_owned() });
    let operation = Operation { troubles: troubles.into(), more: 0 };
    message(Severity::Warning, lines[0].1, Content::Operation(operation))
}

fn digest() -> Message {
    let row = DigestRow {
        budget: "scrapers".to_owned(),
        target: "scraper_eu at acme".to_owned(),
        used_bytes: Some(40_700_000_000),
        amount_bytes: Some(35_000_000_000),
        forecast_bytes: None,
        over: Some("stop".to_owned()),
    };
    let digest = Digest {
        since: at("2026-11-20T08:00:00Z"),
        until: at("2026-11-21T08:00:00Z"),
        rows: vec![row],
        more: 2,
        chart: None,
    };
    message(Severity::Info, "budgets: 3 targets, 1 over", Content::Digest(digest))
}

/// F39: twenty items, each with a name that breaks something somewhere.
pub(super) fn ugly() -> Message {
    let long = "Ä".repeat(10_000);
    let names = [
        "<script>alert(\"1\")</script>",
        "a'b\"c`d\\e&amp;{{ title }}",
        "first\r\nBcc: everybody@example.com\n\n```",
        "\u{202e}gnp.exe\u{2066}\u{200f}شبكة\u{2069}",
        "*b* _i_ ~s~ <!channel> <@U1> @everyone [t](https://e.example) |x| # h\n- l\n1. n",
        "\0\u{1b}[31mred\u{7}\u{2028}\u{fffe}日本🙂",
        &long,
    ];
    let items: Vec<Item> = (0..20).map(|n| over(names[n % names.len()])).collect();
    let title = format!("scrapers: {}", names.join(" "));
    let news = News { more: 4, is_headline: true, ..news(Status::Firing, items) };
    let mut message = message(Severity::Critical, &title, Content::Budget(news));
    if let Content::Budget(news) = &mut message.content {
        news.items.rotate_left(6);
    }
    message
}
