//! Several messages of one thread that nobody has seen yet, as one: what is newer replaces what is older about the same.

use super::{Content, Item, Message, News, Operation, Status, Trouble};
use crate::domain::notice::NAMED;

/// The newest of `messages`, oldest first, with what the others say and it does not; nothing of none.
///
/// Severity is the loudest of them; how much stands open, link and chart are the newest's.
#[must_use]
pub fn fold(messages: Vec<Message>) -> Option<Message> {
    messages.into_iter().reduce(|older, newer| {
        let severity = older.severity.max(newer.severity);
        let Message { version, at, title, link, content, .. } = newer;
        let (title, content) = match (older.content, content) {
            (Content::Budget(older_news), Content::Budget(news)) => {
                budget((older.title, older_news), (title, news))
            }
            (Content::Operation(before), Content::Operation(news)) => operation(title, before, news),
            // How things stand now is all that matters of the others.
            (_, content) => (title, content),
        };
        Message { version, at, severity, title, link, content }
    })
}

fn budget((old_title, older): (String, News), (title, newer): (String, News)) -> (String, Content) {
    let is_said = |item: &Item| newer.items.iter().any(|other| other.key == item.key);
    let left: Vec<Item> = older.items.into_iter().filter(|item| !is_said(item)).collect();
    if left.is_empty() && older.more == 0 {
        let chart = newer.chart.or(older.chart);
        return (title, Content::Budget(News { chart, ..newer }));
    }
    if newer.items.is_empty() && newer.more == 0 {
        let status = Status::of(newer.open, &left);
        let news = News { status, items: left, more: older.more, is_headline: older.is_headline, ..newer };
        return (old_title, Content::Budget(news));
    }
    let mut items = newer.items;
    items.extend(left);
    // What is over is not pushed out by what is over no longer.
    items.sort_by_key(|item| !matches!(item.said, super::Said::Over { .. }));
    let more = older.more + newer.more + items.len().saturating_sub(NAMED * 2);
    items.truncate(NAMED * 2);
    let title = format!("{}: {}", newer.budget, counts(&items, more));
    let chart = newer.chart.or(older.chart);
    let status = Status::of(newer.open, &items);
    (title, Content::Budget(News { status, items, more, chart, is_headline: false, ..newer }))
}

/// "3 over, 1 ended, 2 of actions".
fn counts(items: &[Item], more: usize) -> String {
    use super::Said;
    let count = |is: fn(&Said) -> bool| items.iter().filter(|item| is(&item.said)).count();
    let over = count(|said| matches!(said, Said::Over { .. }));
    let ended = count(|said| matches!(said, Said::Ended { .. } | Said::Closed));
    let acted = count(|said| matches!(said, Said::Acted { .. } | Said::Proposed { .. }));
    let rest = items.len() - over - ended - acted + more;
    let parts = [(over, "over"), (ended, "over no longer"), (acted, "about limits"), (rest, "more")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

fn operation(title: String, older: Operation, newer: Operation) -> (String, Content) {
    let is_said = |trouble: &Trouble| newer.troubles.iter().any(|other| other.key == trouble.key);
    let mut troubles = newer.troubles.clone();
    troubles.extend(older.troubles.into_iter().filter(|trouble| !is_said(trouble)));
    let more = older.more + newer.more + troubles.len().saturating_sub(NAMED * 2);
    troubles.truncate(NAMED * 2);
    (title, Content::Operation(Operation { troubles, more }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify::message::Severity;

    fn item(kind: &str, key: &str, line: &str) -> Value {
        let of = json!({ "key": key, "line": line, "account": "acme", "per": "sub_user", "name": key });
        let own = match kind {
            "over" => json!({
                "provider": "oxylabs", "threshold": "warn", "condition": "", "threshold_severity": "warning",
                "since": "2026-11-20T00:00:00Z", "used_bytes": null, "amount_bytes": null, "observed": null,
                "bytes_a_day": null, "runs_out": null, "period_end": null,
            }),
            "ended" => json!({ "threshold": "warn", "end": "below" }),
            "allowance" => json!({ "from_bytes": 1, "to_bytes": 2 }),
            _ => json!({ "what": "freeze" }),
        };
        let mut item = json!({ "kind": kind });
        for (key, value) in of.as_object().unwrap().iter().chain(own.as_object().unwrap()) {
            item[key] = value.clone();
        }
        item
    }

    fn budget(severity: &str, title: &str, open: usize, items: &[Value], more: usize) -> Message {
        let status = if open > 0 { "firing" } else { "resolved" };
        let message = json!({
            "version": 1, "at": "2026-11-20T00:00:00Z", "severity": severity, "title": title, "type": "budget",
            "budget": "scrapers", "status": status, "open": open, "is_headline": items.len() == 1, "items": items,
            "more": more,
        });
        Message::from_json(&message.to_string()).unwrap()
    }

    fn operation(severity: &str, troubles: &[(&str, &str)]) -> Message {
        let all: Vec<Value> =
            troubles.iter().map(|(key, line)| json!({ "key": key, "line": line })).collect();
        let message = json!({
            "version": 1, "at": "2026-11-20T00:00:00Z", "severity": severity, "title": troubles[0].1,
            "type": "operation", "troubles": all,
        });
        Message::from_json(&message.to_string()).unwrap()
    }

    /// The severity, the title, and the keys of what is told, with how much more.
    fn told(messages: Vec<Message>) -> String {
        let message = fold(messages).unwrap();
        let (keys, more): (Vec<String>, usize) = match &message.content {
            Content::Budget(news) => (news.items.iter().map(|item| item.key.clone()).collect(), news.more),
            Content::Operation(news) => {
                (news.troubles.iter().map(|one| one.line.clone()).collect(), news.more)
            }
            _ => (Vec::new(), 0),
        };
        format!("{:?} {} | {} | {more}", message.severity, message.title, keys.join(" "))
    }

    #[test]
    fn what_is_newer_replaces_what_is_older_about_the_same() {
        let over = |key: &str| item("over", key, "over");
        let ended = |key: &str| item("ended", key, "ended");
        for (messages, expected) in [
            (vec![budget("warning", "one", 1, &[over("a")], 0)], "Warning one | a | 0"),
            // The same again: the newer stands for both, as loud as the louder.
            (
                vec![
                    budget("critical", "old", 1, &[over("a")], 0),
                    budget("info", "new", 0, &[ended("a")], 0),
                ],
                "Critical new | a | 0",
            ),
            // Something else: both are told, what is over first, and the title counts.
            (
                vec![
                    budget("warning", "old", 1, &[over("a")], 0),
                    budget("info", "new", 1, &[ended("b")], 0),
                ],
                "Warning scrapers: 1 over, 1 over no longer | a b | 0",
            ),
            (
                vec![
                    budget("warning", "old", 1, &[over("a"), over("b")], 3),
                    budget("warning", "new", 3, &[over("b"), over("c"), item("allowance", "d", "more")], 2),
                    budget("info", "newest", 3, &[item("proposed", "e", "freeze")], 0),
                ],
                "Warning scrapers: 3 over, 1 about limits, 6 more | b c a e d | 5",
            ),
            // News without an item of their own say how it stands, and leave the words to the older.
            (
                vec![budget("warning", "old", 1, &[over("a")], 0), budget("info", "new", 0, &[], 0)],
                "Warning old | a | 0",
            ),
            (
                vec![
                    operation("critical", &[("outage:acme", "acme is silent"), ("plan:acme", "a new plan")]),
                    operation("info", &[("outage:acme", "acme answers")]),
                ],
                "Critical acme answers | acme answers a new plan | 0",
            ),
            // Things of two kinds are not told as one: how it stands now is.
            (
                vec![budget("warning", "old", 1, &[over("a")], 0), operation("info", &[("x", "y")])],
                "Warning y | y | 0",
            ),
        ] {
            assert_eq!(told(messages), expected);
        }
        assert_eq!(fold(Vec::new()), None);
    }

    #[test]
    fn of_very_many_the_newest_are_named_and_the_rest_is_counted() {
        let of = |from: usize| {
            let items: Vec<Value> =
                (from..from + NAMED).map(|number| item("over", &number.to_string(), "over")).collect();
            budget("warning", "many", 100, &items, 7)
        };
        let message = fold(vec![of(0), of(100), of(200)]).unwrap();
        let Content::Budget(news) = message.content else { panic!("of a budget") };
        assert_eq!((news.items.len(), news.more), (NAMED * 2, 3 * 7 + NAMED));
        assert_eq!((&*news.items[0].key, &*news.items[NAMED].key), ("200", "100"));
        assert_eq!(message.title, "scrapers: 40 over, 41 more");
        assert_eq!(message.severity, Severity::Warning);
    }
}
