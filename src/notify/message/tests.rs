//! Where a budget stands after a message, and several messages as one.

use super::samples::samples;
use super::*;

fn sample(name: &str) -> (Message, News) {
    let (_, message) = samples().into_iter().find(|(other, _)| *other == name).unwrap();
    let Content::Budget(news) = message.content.clone() else { panic!("{name} is of no budget") };
    (message, news)
}

fn with(name: &str, change: impl FnOnce(&mut News)) -> Message {
    let (message, mut news) = sample(name);
    change(&mut news);
    Message { content: Content::Budget(news), ..message }
}

fn news(message: &Message) -> &News {
    match &message.content {
        Content::Budget(news) => news,
        other => panic!("{other:?}"),
    }
}

#[test]
fn f33_what_never_stood_open_is_not_called_resolved() {
    let ended = sample("resolved").1.items;
    let unjudged = sample("unjudged").1.items;
    for (open, items, status) in [
        (2, &ended, Status::Firing),
        (0, &ended, Status::Resolved),
        (0, &unjudged, Status::Info),
        (1, &unjudged, Status::Firing),
        (0, &vec![], Status::Info),
    ] {
        assert_eq!(Status::of(open, items), status, "{open} {items:?}");
    }
}

#[test]
fn every_sample_is_read_back_as_it_was_written() {
    for (name, message) in samples() {
        assert_eq!(Message::from_json(&message.to_json()).unwrap(), message, "{name}");
    }
}

#[test]
fn f25_what_is_newer_about_the_same_replaces_what_is_older_and_nothing_is_lost() {
    let older = with("firing_many", |news| news.open = 3);
    let first = news(&older).items[0].clone();
    let ended = Item { key: first.key.clone(), ..sample("resolved").1.items[0].clone() };
    let newer = with("resolved", |news| {
        news.items = vec![ended.clone()];
        news.open = 2;
    });
    let folded = fold(vec![older.clone(), newer.clone()]).unwrap();
    let items = &news(&folded).items;
    assert_eq!(items.len(), news(&older).items.len(), "the first is replaced, the others stay");
    assert_eq!(items.iter().filter(|item| item.key == first.key).collect::<Vec<_>>(), [&ended]);
    assert_eq!(folded.severity, older.severity.max(newer.severity), "as loud as the loudest");
    assert_eq!(
        (news(&folded).open, news(&folded).status),
        (2, Status::Firing),
        "how it stands is the newest's"
    );
    assert!(
        folded.title.starts_with("scrapers: ") && folded.title.contains("over no longer"),
        "{}",
        folded.title
    );
    // Whatever order they come in groups of, it is the same.
    let one_by_one = fold(vec![fold(vec![older.clone(), newer.clone()]).unwrap()]).unwrap();
    assert_eq!(one_by_one, folded);
    assert_eq!(fold(vec![newer.clone()]), Some(newer));
    assert_eq!(fold(vec![]), None);
}

#[test]
fn an_end_that_nobody_has_seen_is_still_an_end_after_newer_news() {
    let ended = with("resolved", |news| news.open = 0);
    let record = with("unjudged", |news| news.open = 0);
    let folded = fold(vec![ended, record]).unwrap();
    assert_eq!(news(&folded).status, Status::Resolved);
}
