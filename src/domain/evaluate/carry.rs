//! What is remembered of a budget, carried over to the budget as it is written now.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::account::AccountName;
use crate::domain::budget::Budget;
use crate::domain::event::{Event, Subject};
use crate::domain::incident::{BudgetState, End, Incident, Latches, Track, Tracks};

type Accounts = BTreeMap<AccountName, Tracks>;

/// The state without its targets, and the targets with their bits where the budget's thresholds are now.
///
/// A threshold is its name: moved in the file it stays latched, taken out its incidents end.
/// A budget about something else, or over another span, is another budget.
pub(super) fn over<'a>(
    budget: &Budget,
    held: Option<&'a BudgetState>,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> (BudgetState, Cow<'a, Accounts>) {
    let new = BudgetState::of(budget, now);
    let Some(held) = held else { return (new, Cow::Owned(BTreeMap::new())) };
    if held.per != budget.per || held.period != budget.period {
        for (account, tracks) in &held.accounts {
            end_all(&budget.name, account, tracks, &held.thresholds, events);
        }
        return (new, Cow::Owned(BTreeMap::new()));
    }
    let since = |name: &Arc<str>| held.thresholds.iter().find(|(other, _)| other == name);
    let thresholds: Vec<_> =
        new.thresholds.into_iter().map(|(name, now)| since(&name).cloned().unwrap_or((name, now))).collect();
    let state = BudgetState { thresholds, amount: held.amount.clone(), ..new };
    if state.thresholds == held.thresholds {
        return (state, Cow::Borrowed(&held.accounts));
    }
    let place = |at: usize| {
        let name = &held.thresholds.get(at)?.0;
        state.thresholds.iter().position(|(other, _)| other == name)
    };
    let mut moved = Accounts::new();
    for (account, tracks) in &held.accounts {
        let mut kept = Vec::with_capacity(tracks.tracks.len());
        for track in &tracks.tracks {
            let lost = |incident: &&Incident| place(incident.threshold.into()).is_none();
            for incident in track.incidents().iter().filter(lost) {
                end(&budget.name, account, track, incident, &held.thresholds, events);
            }
            kept.push(with_bits_moved(track, place));
        }
        moved.insert(account.clone(), Tracks { tracks: kept, unknown: tracks.unknown.clone() });
    }
    (state, Cow::Owned(moved))
}

fn with_bits_moved(track: &Track, place: impl Fn(usize) -> Option<usize>) -> Track {
    let latched = track.latched.iter().filter_map(&place).map(Latches::one);
    let byte = |at: u8| place(at.into()).and_then(|at| u8::try_from(at).ok());
    let mut track = Track { latched: latched.fold(Latches::default(), Latches::and), ..track.clone() };
    if let Some(matter) = track.matter.as_mut().map(Arc::make_mut) {
        matter.pending = matter.pending.iter().filter_map(|(at, since)| Some((byte(*at)?, *since))).collect();
        let incidents = matter.incidents.iter();
        matter.incidents = incidents
            .filter_map(|held| Some(Incident { threshold: byte(held.threshold)?, ..*held }))
            .collect();
    }
    track
}

/// Ends every incident of a budget that no longer concerns an account.
pub(super) fn end_all(
    budget: &Arc<str>,
    account: &AccountName,
    tracks: &Tracks,
    thresholds: &[(Arc<str>, Timestamp)],
    events: &mut Vec<Event>,
) {
    for track in &tracks.tracks {
        for incident in track.incidents() {
            end(budget, account, track, incident, thresholds, events);
        }
    }
}

fn end(
    budget: &Arc<str>,
    account: &AccountName,
    track: &Track,
    incident: &Incident,
    thresholds: &[(Arc<str>, Timestamp)],
    events: &mut Vec<Event>,
) {
    let Some((threshold, _)) = thresholds.get(usize::from(incident.threshold)) else { return };
    let of = Subject { budget: budget.clone(), account: account.clone(), target: track.target.clone() };
    events.push(Event::Ended { of, threshold: threshold.clone(), end: End::Config });
}
