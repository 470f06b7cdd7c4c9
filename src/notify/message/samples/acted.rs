//! What is said of limits: asked, announced, waiting, done, put back, not done.

use super::super::{Content, Item, Message, News, Said, Severity};
use super::{item, message, news, on, sub_user};

pub(super) fn samples() -> Vec<(&'static str, Message)> {
    let one = |severity, open, item: Item| {
        let title = format!("scrapers: {}", item.line);
        let news = News { is_headline: true, ..news(open, vec![item]) };
        message(severity, &title, Content::Budget(news))
    };
    vec![
        ("asked", one(Severity::Critical, 1, asked())),
        ("announced", one(Severity::Critical, 1, announced())),
        ("done", one(Severity::Critical, 1, done())),
        ("put_back", one(Severity::Info, 0, put_back())),
        ("several_acted", several()),
    ]
}

fn acted(action: i64, step: &str, what: &str, line: &str, details: &[(&str, &str)]) -> Item {
    let of = sub_user("scraper_eu");
    let (before, after) = match what {
        "restore" => ("blocked", "50.00 GB"),
        "freeze" => ("50.00 GB", "blocked"),
        _ => ("80.00 GB", "55.00 GB"),
    };
    let said = Said::Acted {
        action,
        step: step.to_owned(),
        what: what.to_owned(),
        account: of.account,
        sub_user: of.name.unwrap_or_default(),
        before: Some(before.to_owned()),
        after: (step != "waits").then(|| after.to_owned()),
        when: matches!(step, "asked" | "announced").then(|| on(27, 11, 15)),
    };
    item(&format!("action:{action}"), line, details, said)
}

fn asked() -> Item {
    let line = "asks to freeze scraper_eu at acme (50.00 GB → blocked): proxymeter actions approve 41 until \
                2026-11-27 11:15 UTC";
    let details = [
        ("next", "nothing, unless somebody approves; then its requests fail with 407 at the proxy"),
        ("approve", "proxymeter actions approve 41"),
    ];
    acted(41, "asked", "freeze", line, &details)
}

fn announced() -> Item {
    let line = "freeze of scraper_eu at acme comes at 2026-11-27 11:15 UTC (50.00 GB → blocked): proxymeter actions \
                reject 41 stops it";
    let details = [
        ("next", "from 2026-11-27 11:15 UTC its requests fail with 407 at the proxy"),
        ("stop it", "proxymeter actions reject 41"),
    ];
    acted(41, "announced", "freeze", line, &details)
}

fn done() -> Item {
    let line = "scraper_eu at acme is frozen (50.00 GB → blocked): its requests fail at the proxy; proxymeter actions \
                undo 41 puts it back";
    let details = [
        ("next", "its requests fail with 407 at the proxy, until it is put back"),
        ("put back", "proxymeter actions undo 41"),
    ];
    acted(41, "done", "freeze", line, &details)
}

fn put_back() -> Item {
    let line = "scraper_eu at acme is put back (blocked → 50.00 GB), a new period has begun";
    acted(42, "put_back", "restore", line, &[])
}

fn several() -> Message {
    let lowered =
        "scraper_eu at acme has limit 55GB (80.00 GB → 55.00 GB): proxymeter actions undo 44 puts it back";
    let waits = "limit 55GB of scraper_eu at acme waits: guard: 10 actions in an hour are the most";
    let expired = "limit 55GB of scraper_eu at acme was approved by nobody in time; it is proposed anew while the \
                   threshold holds";
    let done_details = [
        ("next", "beyond its limit its requests fail with 407 at the proxy, until it is put back"),
        ("put back", "proxymeter actions undo 44"),
    ];
    let items = vec![
        acted(44, "done", "limit 55GB", lowered, &done_details),
        acted(45, "waits", "limit 55GB", waits, &[("see", "proxymeter actions list")]),
        acted(43, "not_done", "limit 55GB", expired, &[]),
    ];
    message(Severity::Critical, "scrapers: 1 done, 1 wait, 1 not done", Content::Budget(news(3, items)))
}
