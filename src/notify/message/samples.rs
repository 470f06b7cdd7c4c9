//! A message of every kind, as they really are: what templates are checked against, and what `notify render` shows.

mod acted;
mod budget;
mod digest;
mod others;

use jiff::{SignedDuration, Timestamp};

use super::{Chart, Content, Detail, Item, Message, News, Of, Said, Severity, Status, VERSION};

/// 1 November 2026, 00:00 UTC, where the period of all samples starts.
const START: Timestamp = Timestamp::constant(1_793_491_200, 0);

/// A message of every kind and state by a short name; the same each time.
#[must_use]
pub fn samples() -> Vec<(&'static str, Message)> {
    let mut samples = budget::samples();
    samples.extend(acted::samples());
    samples.extend(others::samples());
    samples.extend(digest::samples());
    samples
}

/// A moment of the period.
fn on(day: i64, hour: i64, minute: i64) -> Timestamp {
    START + SignedDuration::from_mins(((day - 1) * 24 + hour) * 60 + minute)
}

const fn gb(gigabytes: u64) -> u64 {
    gigabytes * 1_000_000_000
}

fn message(severity: Severity, title: &str, content: Content) -> Message {
    Message {
        version: VERSION,
        at: on(27, 10, 15),
        severity,
        title: title.to_owned(),
        link: Some("https://proxymeter.example.com/".to_owned()),
        content,
    }
}

fn news(open: usize, items: Vec<Item>) -> News {
    News {
        budget: "scrapers".to_owned(),
        status: Status::of(open, &items),
        open,
        labels: [("cost_center", "4711"), ("team", "data")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        is_headline: false,
        is_reminder: false,
        items,
        more: 0,
        chart: None,
    }
}

fn item(key: &str, line: &str, details: &[(&str, &str)], said: Said) -> Item {
    let detail = |(name, text): &(&str, &str)| Detail { name: (*name).to_owned(), text: (*text).to_owned() };
    Item { key: key.to_owned(), line: line.to_owned(), details: details.iter().map(detail).collect(), said }
}

fn sub_user(name: &str) -> Of {
    Of {
        account: "acme".to_owned(),
        per: "sub_user".to_owned(),
        name: Some(name.to_owned()),
        product: Some("residential".to_owned()),
    }
}

/// Use by day up to the moment of the samples: steady, with quiet week-ends, and a runaway on the last two days.
fn chart(title: &str, amount: Option<u64>) -> Chart {
    const DAYS: [u64; 27] =
        [4, 12, 14, 13, 15, 14, 5, 4, 13, 15, 14, 16, 13, 6, 5, 14, 15, 13, 14, 15, 5, 4, 16, 18, 21, 62, 47];
    let mut sum = 0;
    let mut used: Vec<(Timestamp, u64)> = Vec::new();
    for (at, gigabytes) in (2..).zip(DAYS) {
        sum += gb(gigabytes) / 10;
        used.push((on(at, 0, 0).min(on(27, 10, 11)), sum));
    }
    Chart {
        title: title.to_owned(),
        from: START,
        until: on(31, 0, 0),
        used,
        amount_bytes: amount,
        forecast_bytes: Some([sum + gb(14), sum + gb(8), sum + gb(21)]),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_of_every_content_has_a_sample() {
        let mut found: BTreeSet<String> = BTreeSet::new();
        for (_, message) in samples() {
            let json: serde_json::Value = serde_json::from_str(&message.to_json()).unwrap();
            let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
            found.extend(text(&json["type"]));
            found.extend(text(&json["severity"]));
            for item in json["items"].as_array().into_iter().flatten() {
                found.extend(["kind", "end", "step"].iter().filter_map(|name| text(&item[*name])));
            }
        }
        let wanted = "budget operation digest drill info warning critical over ended allowance unjudged judged proposed acted \
                      below period_end allowance_changed gone by_hand config \
                      asked announced waits done put_back not_done";
        let missing: Vec<&str> = wanted.split_whitespace().filter(|word| !found.contains(*word)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn samples_have_names_of_their_own_and_survive_being_saved() {
        let all = samples();
        let names: BTreeSet<&str> = all.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), all.len());
        for (name, message) in all {
            assert_eq!(Message::from_json(&message.to_json()).unwrap(), message, "{name}");
        }
    }
}
