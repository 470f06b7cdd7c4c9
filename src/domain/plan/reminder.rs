//! What is told again because it still stands and nobody has said that they know.

use std::sync::Arc;

use jiff::Timestamp;

use super::facts::{self, Asked};
use super::routes::is_highest;
use super::standing::{self, Standing};
use super::{Planner, words};
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::Severity;
use crate::domain::evaluate::View;
use crate::domain::event::Event;
use crate::domain::incident::{Incidents, Latches};
use crate::domain::judgement::Rules;
use crate::domain::notice::{Content, Item, NAMED, News, Notice, Said};

/// The last notice of a budget to a receiver that was told of something open and will not be told of its end: the
/// configuration has neither that any more.
#[must_use]
pub fn close(receiver: &Arc<str>, budget: &str) -> Notice {
    let line = "nothing of it stands open for this receiver any more: the configuration has changed";
    let item =
        Item { key: "closed".to_owned(), line: line.to_owned(), details: Vec::new(), said: Said::Closed };
    Notice {
        receiver: receiver.clone(),
        severity: Severity::Info,
        is_urgent: false,
        title: format!("{budget}: {line}"),
        content: Content::Budget(News {
            budget: budget.into(),
            labels: Default::default(),
            open: 0,
            is_headline: true,
            is_reminder: false,
            items: vec![item],
            more: 0,
            chart: None,
        }),
    }
}

/// A reminder of what stands open of a budget for a receiver; nothing where nothing does, or somebody knows of all of it.
///
/// `is_known` says of an incident that a person acknowledged it: that stops reminders and nothing else.
#[must_use]
pub fn remind(
    rules: &Rules,
    views: &[View<'_>],
    incidents: &Incidents,
    (receiver, budget): (&Arc<str>, &Budget),
    is_known: &dyn Fn(&Standing) -> bool,
    now: Timestamp,
) -> Option<Notice> {
    let mut open = standing::of_budget(rules, budget, views, incidents, receiver);
    let all = open.len();
    open.retain(|standing| !is_known(standing));
    open.sort_by_key(|standing| (std::cmp::Reverse(standing.severity), standing.since));
    let planner = Planner { rules, views, incidents, now };
    let worst = open.first()?;
    let named = &open[..open.len().min(NAMED)];
    let asked: Vec<Asked<'_>> = named.iter().map(|standing| (&standing.of, standing.at)).collect();
    let facts = facts::of(budget, &asked, views, now);
    let chart = facts.get(&(&worst.of, worst.at)).and_then(|facts| facts.chart.clone());
    let items: Vec<Item> = named
        .iter()
        .map(|standing| {
            let facts = facts.get(&(&standing.of, standing.at)).cloned().unwrap_or_default();
            let event = Event::Fired {
                of: standing.of.clone(),
                threshold: u8::try_from(standing.at).unwrap_or(u8::MAX),
                latched: Latches::one(standing.at),
                used: facts.used,
                amount: facts.amount,
                at_first_look: false,
            };
            planner.over(budget, &standing.of, standing.at, &event, facts)
        })
        .collect();
    let is_headline = items.len() == 1;
    let title = match &items[..] {
        [item] => format!("{}: still {}", budget.name, item.line),
        _ => format!(
            "{}: {} still over, the oldest since {}",
            budget.name,
            open.len(),
            words::moment(open.iter().map(|standing| standing.since).min().unwrap_or(now))
        ),
    };
    let threshold = budget.thresholds.get(worst.at);
    Some(Notice {
        receiver: receiver.clone(),
        severity: worst.severity,
        is_urgent: threshold.is_some_and(|threshold| is_highest(budget, threshold)),
        title,
        content: Content::Budget(News {
            budget: budget.name.clone(),
            labels: budget.labels.clone(),
            open: all,
            is_headline,
            is_reminder: true,
            more: open.len() - items.len(),
            items,
            chart,
        }),
    })
}
