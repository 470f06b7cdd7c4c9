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
