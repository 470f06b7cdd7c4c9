//! How the budgets stand that a receiver hears of: the fullest targets, at a set time.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use super::routes::Routes;
use super::{chart, words};
use crate::domain::budget::Budget;
use crate::domain::budget::amount::Share;
use crate::domain::budget::threshold::Severity;
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::{self, Measure, Span};
use crate::domain::forecast::forecast;
use crate::domain::incident::{Incidents, Target};
use crate::domain::judgement::Rules;
use crate::domain::notice::{Chart, Content, Digest, DigestRow, NAMED, Notice};
use crate::domain::units::Bytes;

/// A target on its way into the table: what is dear to make is made for those that stay.
struct Candidate<'a> {
    share: Option<Share>,
    used: Option<Bytes>,
    budget: &'a Budget,
    row: DigestRow,
    chart: Option<Chart>,
}

/// The digest of a receiver; nothing where it hears of no budget.
#[must_use]
pub fn digest(
    rules: &Rules,
    views: &[View<'_>],
    incidents: &Incidents,
    receiver: &Arc<str>,
    since: Timestamp,
    now: Timestamp,
) -> Option<Notice> {
    let heard: Vec<&Budget> =
        rules.budgets.iter().filter(|budget| hears_of(rules, budget, receiver)).collect();
    if heard.is_empty() {
        return None;
    }
    let mut best: Vec<Candidate<'_>> = Vec::new();
    let mut all = 0;
    for budget in &heard {
        for view in views {
            if !budget.selectors.fits_account(view.account.provider, view.account.name.as_str()) {
                continue;
            }
            let span = Span::new(budget.period, view, now);
            measure::each(budget, view, &span, now, true, |measure, span| {
                all += 1;
                keep(&mut best, budget, &measure, span, view, now);
            });
        }
    }
    for candidate in &mut best {
        candidate.row.over = over(candidate, incidents);
    }
    let is_over = best.iter().filter(|candidate| candidate.row.over.is_some()).count();
    let chart = best.first().and_then(|candidate| candidate.chart.clone());
    let fullest = best.first().and_then(|candidate| Some((candidate.row.target.clone(), candidate.share?)));
    let fullest =
        fullest.map_or_else(String::new, |(target, share)| format!(", the fullest is {target} with {share}"));
    let budgets = if heard.len() == 1 { "1 budget".to_owned() } else { format!("{} budgets", heard.len()) };
    let over = if is_over == 0 { "nothing over".to_owned() } else { format!("{is_over} over") };
    let rows: Vec<DigestRow> = best.into_iter().map(|candidate| candidate.row).collect();
    Some(Notice {
        receiver: receiver.clone(),
        severity: Severity::Info,
        is_urgent: false,
        title: format!("{budgets}: {over}{fullest}"),
        content: Content::Digest(Digest { since, until: now, more: all - rows.len(), rows, chart }),
    })
}

/// Whether a receiver hears of any threshold of a budget; what somebody owns is in the digests of those who hear of all.
fn hears_of(rules: &Rules, budget: &Budget, receiver: &Arc<str>) -> bool {
    Routes { budget, owners: &rules.owners }.everybody().contains(receiver)
}

/// Keeps the fullest, fullest first.
fn keep<'b>(
    best: &mut Vec<Candidate<'b>>,
    budget: &'b Budget,
    measure: &Measure<'_>,
    span: &Span,
    view: &View<'_>,
    now: Timestamp,
) {
    let (used, amount) = (measure.used.ok(), measure.amount.ok());
    let share = used.zip(amount).and_then(|(used, amount)| Share::between(used, amount));
    let rank = (Reverse(share), Reverse(used));
    let place = best.partition_point(|kept| (Reverse(kept.share), Reverse(kept.used)) <= rank);
    if place >= NAMED {
        return;
    }
    let target = measure.of.target();
    let name = words::target_of(&view.account.name, &target);
    let expected = measure.summary.zip(used).zip(span.period.ok()).filter(|_| span.start().is_some());
    let expected = expected.and_then(|((summary, used), period)| {
        forecast(summary, used, amount, period, now, &view.account.time_zone)
    });
    let row = DigestRow {
        budget: budget.name.clone(),
        target: name.clone(),
        used,
        amount,
        forecast: expected.map(|found| found.expected),
        over: None,
    };
    let chart = (place == 0).then(|| chart::of(&name, measure, span, view, now)).flatten();
    best.insert(place, Candidate { share, used, budget, row, chart });
    best.truncate(NAMED);
}

/// The loudest threshold at which a target stands.
fn over(candidate: &Candidate<'_>, incidents: &Incidents) -> Option<Arc<str>> {
    let state = incidents.budgets.get(&candidate.budget.name)?;
    let mut found: Option<(Severity, &Arc<str>)> = None;
    for (account, tracks) in &state.accounts {
        let is_it = |target: &Target| words::target_of(account, target) == candidate.row.target;
        for track in tracks.tracks.iter().filter(|track| track.matter.is_some() && is_it(&track.target)) {
            for incident in track.incidents() {
                let (name, _) = state.thresholds.get(usize::from(incident.threshold))?;
                let threshold = candidate.budget.thresholds.iter().find(|threshold| threshold.name == *name);
                let severity = threshold.map(|threshold| threshold.severity).unwrap_or_default();
                if found.is_none_or(|(loudest, _)| severity >= loudest) {
                    found = Some((severity, name));
                }
            }
        }
    }
    found.map(|(_, name)| name.clone())
}
