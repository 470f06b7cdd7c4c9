//! What is told again: reminders of what stands, digests at their time, and the state for those who are told a state.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Decider, Held, Known, Settings, views};
use crate::domain::digest_rule::DigestRule;
use crate::domain::incident::Target;
use crate::domain::notice::Notice;
use crate::domain::plan::standing::{self, Standing};
use crate::domain::plan::{close, digest, open_for, remind, target_in_words};
use crate::notify::alertmanager::{About, OpenAlert, annotations, labels};
use crate::store::records::Which;

/// How often is looked whether something is to be told again.
const EVERY: Duration = Duration::from_secs(30);

/// Alerts that one receiver is told at most, the loudest first.
const MOST_ALERTS: usize = 5_000;

/// When was looked.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    looked: Option<Instant>,
    /// The first look: a digest whose time was before is not made up for where none was told yet.
    since: Option<Timestamp>,
}

impl Decider {
    /// Tells again what is due to be told again.
    pub(super) async fn again(&self, held: &mut Held, settings: &Settings, known: &[Known], now: Timestamp) {
        let since = *held.again.since.get_or_insert(now);
        // Right after a start there are no figures to tell.
        let is_begun = known.iter().all(|known| known.is_begun);
        if !is_begun || held.again.looked.is_some_and(|looked| looked.elapsed() < EVERY) {
            return;
        }
        held.again.looked = Some(Instant::now());
        let Some(store) = self.keeping.decisions() else { return };
        let due = self.reminders_due(held, settings, now);
        let mut notices = Vec::new();
        if !due.is_empty() {
            let acknowledged = match store.incidents(Which::Open).await {
                Ok(incidents) => incidents,
                Err(problem) => {
                    tracing::debug!("whether to remind is not known: {problem}");
                    return;
                }
            };
            let acknowledged: HashSet<(String, String, String)> = acknowledged
                .into_iter()
                .filter(|incident| incident.acked.is_some())
                .map(|incident| {
                    let target = target_in_words(&incident.of.account, &incident.of.target);
                    (incident.of.budget.to_string(), target, incident.threshold.to_string())
                })
                .collect();
            let is_known = |standing: &Standing| {
                let target = target_in_words(&standing.of.account, &standing.of.target);
                acknowledged.contains(&(
                    standing.of.budget.to_string(),
                    target,
                    standing.threshold.to_string(),
                ))
            };
            let views = views(known, held);
            for (receiver, budget) in &due {
                let Some(budget) = settings.rules.budget(budget) else { continue };
                let reminder =
                    remind(&settings.rules, &views, &held.incidents, (receiver, budget), &is_known, now);
                notices.extend(reminder);
            }
        }
        notices.extend(closed(held, settings));
        notices.extend(self.digests(held, settings, known, since, now));
        if notices.is_empty() {
            return;
        }
        let told = settings.addresses.post(&notices, &held.threads, now);
        match store.post(&told).await {
            Ok(()) => self.posted(held, &told),
            Err(problem) => tracing::warn!("reminders and digests cannot be saved: {problem}"),
        }
    }

    /// Receivers and budgets of which something stands open that was told long ago.
    fn reminders_due(&self, held: &Held, settings: &Settings, now: Timestamp) -> Vec<(Arc<str>, String)> {
        let is_due = |last: Timestamp, every: Duration| now.duration_since(last).unsigned_abs() >= every;
        held.threads
            .open()
            .filter_map(|state| {
                let remind = settings.addresses.get(&state.receiver)?.remind?;
                let budget = state.thread.strip_prefix("budget:")?;
                is_due(state.last, remind).then(|| (state.receiver.clone(), budget.to_owned()))
            })
            .collect()
    }

    /// The digests whose time has come since the last one.
    fn digests(
        &self,
        held: &Held,
        settings: &Settings,
        known: &[Known],
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<Notice> {
        let mut found = Vec::new();
        for (receiver, address) in settings.addresses.all() {
            let Some(rule) = address.digest else { continue };
            let due = rule.last_before(now, &address.time_zone);
            let last = held.threads.get(receiver, "digest").map(|state| state.last);
            if due <= last.unwrap_or(since) {
                continue;
            }
            let from = last.unwrap_or_else(|| due.checked_sub(span_of(&rule)).unwrap_or(due));
            found.extend(digest(&settings.rules, &views(known, held), &held.incidents, receiver, from, now));
        }
        found
    }

    /// Says what stands open to those who are told a state.
    pub(super) fn show_state(&self, held: &Held, settings: &Settings, known: &[Known]) {
        for (receiver, place) in self.telling.states() {
            let mut open = standing::open(&settings.rules, &views(known, held), &held.incidents, &receiver);
            if open.len() > MOST_ALERTS {
                tracing::warn!(%receiver, open = open.len(), "only the {MOST_ALERTS} loudest are shown to it");
                open.truncate(MOST_ALERTS);
            }
            place.store(Arc::new(open.iter().map(alert).collect()));
        }
    }
}

/// What is told last where something was open, and the configuration that would tell of its end is gone.
fn closed(held: &Held, settings: &Settings) -> Vec<Notice> {
    let open = held.threads.open().filter_map(|state| Some((state, state.thread.strip_prefix("budget:")?)));
    open.filter(|(state, _)| settings.addresses.get(&state.receiver).is_some())
        .filter(|(state, budget)| {
            let open = settings.rules.budget(budget).map_or(0, |budget| {
                open_for(budget, &settings.rules.owners, &held.incidents, &state.receiver)
            });
            open == 0
        })
        .map(|(state, budget)| close(&state.receiver, budget))
        .collect()
}

const fn span_of(rule: &DigestRule) -> jiff::SignedDuration {
    jiff::SignedDuration::from_hours(if rule.weekday.is_some() { 7 * 24 } else { 24 })
}

fn alert(standing: &Standing) -> OpenAlert {
    let Standing { of, provider, product, threshold, severity, since, labels: own, line, .. } = standing;
    let (sub_user, beside) = match &of.target {
        Target::SubUser(who) => (Some(&*who.name), None),
        Target::Domain(name) => (None, Some(("target", &**name))),
        Target::Subscription(name) => (None, Some(("subscription", &**name))),
        Target::Unattributed => (None, Some(("target", "_unattributed"))),
        Target::Account => (None, None),
    };
    let about = About {
        severity: (*severity).into(),
        provider,
        account: of.account.as_str(),
        product: product.as_deref(),
        sub_user,
        budget: &of.budget,
        threshold,
        own,
    };
    let mut labels = labels(&about);
    labels.extend(beside.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let annotations = annotations(&format!("{}: {line}", of.budget), &[]);
    OpenAlert { labels, annotations, starts_at: *since }
}
