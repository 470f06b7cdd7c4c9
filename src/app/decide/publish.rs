//! Shows what budgets come to: encoded when an account's figures or incidents changed, and once a minute.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Decider, Held, Known, Settings, views};
use crate::app::publisher::off_the_workers;
use crate::app::watch::Open;
use crate::domain::decision;
use crate::domain::incident::{Incidents, State};
use crate::domain::plan::target_in_words;
use crate::metrics::budgets;
use crate::metrics::catalog::FamilyId;
use crate::metrics::throttled::throttled;

/// What time alone changes is encoded so often.
const AT_LEAST_EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Decider {
    pub(super) fn publish(
        &self,
        held: &mut Held,
        settings: &Settings,
        known: &[Known],
        now: Timestamp,
        has_decided: bool,
    ) {
        let state = self.watch.state();
        let mut encoded = Vec::new();
        for (known, view) in known.iter().zip(views(known, held)) {
            let name = &known.account.name;
            let is_same = |(at, snapshot): &(Timestamp, Arc<_>)| {
                now.duration_since(*at) < AT_LEAST_EVERY && Arc::ptr_eq(snapshot, &known.snapshot)
            };
            if !has_decided && held.published.get(name).is_some_and(is_same) {
                continue;
            }
            let Some(watched) = state.accounts.get(name) else { continue };
            let ledger = held.ledgers.get(name);
            let segments = off_the_workers(|| {
                let mut segments = budgets::encode(&settings.rules.budgets, &view, &held.incidents, now);
                segments.extend(ledger.map(|ledger| budgets::consumed(&view, ledger)));
                segments.push((
                    FamilyId::SubUserThrottled,
                    throttled(view.account, &Self::throttled(held, name)),
                ));
                segments
            });
            state.publisher.budgets(&watched.published, segments);
            encoded.push((name.clone(), (now, known.snapshot.clone())));
        }
        if encoded.is_empty() && !has_decided {
            return;
        }
        held.published.extend(encoded);
        self.count_incidents(held, settings, known, now);
    }

    fn count_incidents(&self, held: &Held, settings: &Settings, known: &[Known], now: Timestamp) {
        let mut counts = decision::count(&held.incidents);
        for ((budget, threshold), ended) in &held.ended {
            if let Some(count) = counts.get_mut(&(budget.clone(), threshold.clone(), State::Ended)) {
                *count = *ended;
            }
        }
        let views = views(known, held);
        let mut targets = BTreeMap::new();
        for budget in &settings.rules.budgets {
            // Every threshold is counted from the start, with nothing yet.
            for (threshold, state) in
                budget.thresholds.iter().flat_map(|threshold| State::ALL.map(|state| (threshold, state)))
            {
                counts.entry((budget.name.clone(), threshold.name.clone(), state)).or_insert(0);
            }
            let here = views.iter().map(|view| budgets::targets(budget, view, now)).sum::<usize>();
            targets.insert(budget.name.clone(), here);
        }
        if self.keeping.decisions().is_none() {
            // Nobody knows what stands where, and 0 would say that nothing does.
            counts.clear();
        }
        self.watch.own.budgets(&counts, &targets);
        self.watch.open.store(Arc::new(open(&held.incidents)));
    }
}

/// Incidents that the page shows.
const SHOWN: usize = 20;

/// The open incidents of which most was used, and how many there are beside them.
fn open(incidents: &Incidents) -> (Vec<Open>, usize) {
    let mut all = Vec::new();
    for (budget, state) in &incidents.budgets {
        for (account, tracks) in &state.accounts {
            for track in tracks.tracks.iter().filter(|track| track.matter.is_some()) {
                all.extend(
                    track.incidents().iter().map(|incident| (budget, state, account, track, incident)),
                );
            }
        }
    }
    all.sort_by_key(|(.., track, _)| std::cmp::Reverse(track.last));
    let more = all.len().saturating_sub(SHOWN);
    let shown = all.into_iter().take(SHOWN).map(|(budget, state, account, track, incident)| {
        let threshold = state.thresholds.get(usize::from(incident.threshold));
        let of = track.amount.map_or_else(String::new, |amount| format!(" of {amount}"));
        Open {
            state: incident.state.as_str(),
            budget: budget.clone(),
            threshold: threshold.map_or_else(|| "".into(), |(name, _)| name.clone()),
            target: target_in_words(account, &track.target),
            figures: format!("{}{of}", track.last),
            since: incident.since,
        }
    });
    (shown.collect(), more)
}
