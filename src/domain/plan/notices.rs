//! Notices of an evaluation: one a budget and receiver, and one for the operator.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::facts::{self, Asked, Facts};
use super::routes::{Routes, is_highest, open_for};
use super::{Planner, Proposal, words};
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Mode, Severity};
use crate::domain::event::{Event, Subject};
use crate::domain::incident::{State, Target};
use crate::domain::notice::{Content, Detail, Item, NAMED, News, Notice, Over, Said, Trouble, of_operation};
use crate::domain::units::Bytes;

/// An event, how loud it is, and who hears of it.
struct Routed<'e> {
    event: &'e Event,
    severity: Severity,
    is_highest: bool,
    told: Vec<Arc<str>>,
}

impl Routed<'_> {
    /// Lines about what is over go before those about what has ended; of those that are alike the largest is first.
    fn rank(&self) -> (u8, Reverse<Severity>, Reverse<Bytes>) {
        let (rank, used) = match self.event {
            Event::Fired { used, .. } => (0, used.unwrap_or_default()),
            Event::Unjudged { .. } => (1, Bytes(0)),
            Event::AllowanceChanged { .. } => (2, Bytes(0)),
            _ => (3, Bytes(0)),
        };
        (rank, Reverse(self.severity), Reverse(used))
    }
}

impl Planner<'_> {
    pub(super) fn notices(&self, events: &[Event], proposals: &[Proposal]) -> Vec<Notice> {
        let mut by_budget: BTreeMap<&str, Vec<Routed<'_>>> = BTreeMap::new();
        let mut for_operator = Vec::new();
        for event in events {
            let Some(budget) = event.budget() else {
                for_operator.extend(trouble(event));
                continue;
            };
            by_budget.entry(budget).or_default().extend(self.route(budget, event));
        }
        let mut notices = Vec::new();
        for (name, mut routed) in by_budget {
            let Some(budget) = self.rules.budget(name) else { continue };
            routed.sort_by_key(Routed::rank);
            self.of_budget(budget, &routed, proposals, &mut notices);
        }
        notices.extend(of_operation(&self.rules.operator, Severity::Warning, for_operator));
        notices
    }

    /// How loud an event of a budget is and who hears of it; nothing where the budget is gone: whoever took it out knows.
    fn route<'e>(&self, budget: &str, event: &'e Event) -> Option<Routed<'e>> {
        let budget = self.rules.budget(budget)?;
        let routes = Routes { budget, owners: &self.rules.owners };
        let (severity, is_highest, told) = match event {
            Event::Fired { of, threshold, latched, .. } => {
                let threshold = budget.thresholds.get(usize::from(*threshold))?;
                let told = routes.of_latched(*latched, &of.target);
                (threshold.severity, is_highest(budget, threshold), told)
            }
            Event::Ended { of, threshold, .. } => {
                let threshold = self.threshold(&budget.name, threshold);
                let told = threshold.map(|threshold| routes.of_incident(threshold, &of.target));
                (Severity::Info, false, told.unwrap_or_default())
            }
            Event::Unjudged { .. } => (Severity::Warning, false, routes.everybody()),
            _ => (Severity::Info, false, routes.everybody()),
        };
        Some(Routed { event, severity, is_highest, told: told.into_iter().cloned().collect() })
    }

    /// The notices of one budget, a receiver each.
    fn of_budget(
        &self,
        budget: &Budget,
        routed: &[Routed<'_>],
        proposals: &[Proposal],
        notices: &mut Vec<Notice>,
    ) {
        let mut by_receiver: BTreeMap<&Arc<str>, Vec<&Routed<'_>>> = BTreeMap::new();
        for one in routed {
            for receiver in &one.told {
                by_receiver.entry(receiver).or_default().push(one);
            }
        }
        let mut asked: Vec<Asked<'_>> = Vec::new();
        for named in by_receiver.values().flat_map(|routed| routed.iter().take(NAMED)) {
            if let Event::Fired { of, threshold, .. } = named.event
                && !asked.contains(&(of, usize::from(*threshold)))
            {
                asked.push((of, usize::from(*threshold)));
            }
        }
        let facts = facts::of(budget, &asked, self.views, self.now);
        // What a person is asked for, or is done, is told with its number, once it is saved.
        let is_shown =
            |proposal: &&Proposal| proposal.of.budget == budget.name && proposal.action.mode == Mode::Observe;
        let shown: Vec<&Proposal> = proposals.iter().filter(is_shown).collect();
        for (receiver, routed) in by_receiver {
            notices.push(self.of_receiver(budget, receiver, &routed, &facts, &shown));
        }
    }

    fn of_receiver(
        &self,
        budget: &Budget,
        receiver: &Arc<str>,
        routed: &[&Routed<'_>],
        facts: &HashMap<Asked<'_>, Facts>,
        shown: &[&Proposal],
    ) -> Notice {
        let named = routed.iter().take(NAMED);
        let mut items: Vec<Item> = named.map(|one| self.item(budget, one, facts)).collect();
        let is_headline = routed.len() == 1;
        let title = match items.first() {
            Some(item) if is_headline => format!("{}: {}", budget.name, item.line),
            _ => {
                let events: Vec<&Event> = routed.iter().map(|one| one.event).collect();
                words::title(&budget.name, &events, Some(budget))
            }
        };
        items.extend(shown.iter().take(NAMED).map(|proposal| of_proposal(proposal)));
        let more = routed.len().saturating_sub(NAMED) + shown.len().saturating_sub(NAMED);
        let worst = routed.first().and_then(|one| match one.event {
            Event::Fired { of, threshold, .. } => facts.get(&(of, usize::from(*threshold))),
            _ => None,
        });
        Notice {
            receiver: receiver.clone(),
            severity: routed.iter().map(|one| one.severity).max().unwrap_or_default(),
            is_urgent: routed.iter().any(|one| one.is_highest),
            title,
            content: Content::Budget(News {
                budget: budget.name.clone(),
                labels: budget.labels.clone(),
                open: open_for(budget, &self.rules.owners, self.incidents, receiver),
                is_headline,
                is_reminder: false,
                items,
                more,
                chart: worst.and_then(|facts| facts.chart.clone()),
            }),
        }
    }

    fn item(&self, budget: &Budget, routed: &Routed<'_>, facts: &HashMap<Asked<'_>, Facts>) -> Item {
        let kind_of = |name: &str| {
            let threshold = self.threshold(&budget.name, name);
            threshold.map_or("threshold", |threshold| threshold.when.kind().as_str())
        };
        let plain = |key: String, said: Said| Item {
            key,
            line: words::words(routed.event),
            details: Vec::new(),
            said,
        };
        match routed.event {
            Event::Fired { of, threshold, .. } => {
                let at = usize::from(*threshold);
                self.over(budget, of, at, routed.event, facts.get(&(of, at)).cloned().unwrap_or_default())
            }
            Event::Ended { of, threshold, end } => plain(
                key(kind_of(threshold), of),
                Said::Ended { of: of.clone(), threshold: threshold.clone(), end: *end },
            ),
            Event::AllowanceChanged { of, from, to, .. } => {
                plain(key("allowance", of), Said::Allowance { of: of.clone(), from: *from, to: *to })
            }
            Event::Unjudged { account, reason, targets, .. } => plain(
                format!("unjudged:{account}:{}", reason.word()),
                Said::Unjudged {
                    account: account.clone(),
                    reason: reason.word().to_owned(),
                    targets: *targets,
                },
            ),
            Event::JudgedAgain { account, reason, .. } => plain(
                format!("unjudged:{account}:{reason}"),
                Said::Judged { account: account.clone(), reason: (*reason).to_owned() },
            ),
            other => plain(
                format!("{}:{}", other.kind(), other.account()),
                Said::Judged { account: other.account().clone(), reason: other.kind().to_owned() },
            ),
        }
    }

    /// A target that passed a threshold, as `event` says.
    pub(super) fn over(&self, budget: &Budget, of: &Subject, at: usize, event: &Event, facts: Facts) -> Item {
        let threshold = budget.thresholds.get(at);
        let view = self.views.iter().find(|view| view.account.name == of.account);
        let product = match &of.target {
            Target::SubUser(who) => Some(who.product.clone()),
            _ => view.map(|view| view.account.product.clone()).filter(|product| !product.is_empty()),
        };
        let (used, amount) = match event {
            Event::Fired { used, amount, .. } => (*used, *amount),
            _ => (None, None),
        };
        let since = self.since(budget, of, at);
        let mut details = Vec::new();
        if since < self.now {
            details.push(Detail { name: "since", text: words::moment(since) });
        }
        details.extend(facts.details);
        let kind = threshold.map_or("threshold", |threshold| threshold.when.kind().as_str());
        Item {
            key: key(kind, of),
            line: words::line(event, Some(budget), facts.why.as_deref(), self.views, self.now),
            details,
            said: Said::Over(Box::new(Over {
                of: of.clone(),
                provider: view.map_or("", |view| view.account.provider),
                product,
                threshold: threshold.map_or_else(|| "".into(), |threshold| threshold.name.clone()),
                condition: threshold.map_or_else(String::new, |threshold| threshold.when.to_string()),
                severity: threshold.map(|threshold| threshold.severity).unwrap_or_default(),
                since,
                used: used.or(facts.used),
                amount: amount.or(facts.amount),
                observed: facts.observed,
                a_day: facts.a_day,
                runs_out: facts.runs_out,
                period_end: facts.period_end,
            })),
        }
    }

    /// When the incident of a target at a threshold fired; now, where it is as new as that.
    fn since(&self, budget: &Budget, of: &Subject, at: usize) -> jiff::Timestamp {
        let tracks = self
            .incidents
            .budgets
            .get(&budget.name)
            .and_then(|state| state.accounts.get(&of.account))
            .map(|tracks| &tracks.tracks);
        let track = tracks.into_iter().flatten().find(|track| track.target == of.target);
        let incident = track.and_then(|track| {
            track
                .incidents()
                .iter()
                .find(|incident| usize::from(incident.threshold) == at && incident.state != State::Pending)
        });
        incident.map_or(self.now, |incident| incident.since)
    }
}

/// What a newer item about the same replaces.
fn key(kind: &str, of: &Subject) -> String {
    let target = match &of.target {
        Target::Account => "account",
        Target::Unattributed => "unattributed",
        Target::SubUser(who) => &*who.key.0,
        Target::Domain(name) | Target::Subscription(name) => name,
    };
    format!("{kind}:{}:{target}", of.account)
}

fn of_proposal(proposal: &Proposal) -> Item {
    Item {
        key: key("proposed", &proposal.of),
        line: words::proposal(proposal),
        details: Vec::new(),
        said: Said::Proposed { of: proposal.of.clone(), what: proposal.action.what.to_string() },
    }
}

/// What the operator hears of an event, replaced by what is newer about the same.
fn trouble(event: &Event) -> Option<Trouble> {
    let about = match event {
        Event::Outage { .. } | Event::Recovered { .. } => "outage".to_owned(),
        Event::Stuck { part, .. } | Event::Moving { part, .. } => format!("stuck:{part:?}"),
        other => other.kind().to_owned(),
    };
    let line = words::for_operator(event)?;
    Some(Trouble { key: format!("{about}:{}", event.account()), line })
}
