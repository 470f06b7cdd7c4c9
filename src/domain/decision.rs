//! What an evaluation changed, as it is saved in one transaction: nothing leaves the process before that.
//!
//! Of a hundred thousand targets only those are saved with which something is or was the matter in this period.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::account::AccountName;
use super::budget::Budget;
use super::budget::threshold::Kind;
use super::evaluate::Evaluation;
use super::event::{Event, Subject};
use super::incident::{AccountState, BudgetState, End, Incident, Incidents, State, Target, Track};
use super::units::Bytes;

/// An incident that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whose.
    pub of: Subject,
    /// The threshold.
    pub threshold: Arc<str>,
    /// Where it stands.
    pub incident: Incident,
    /// What was used, where that was known.
    pub used: Option<Bytes>,
    /// Of how much.
    pub amount: Option<Bytes>,
}

/// An incident that stands elsewhere than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Whose.
    pub of: Subject,
    /// The threshold at which it stood.
    pub from: Arc<str>,
    /// The threshold at which it stands.
    pub threshold: Arc<str>,
    /// Where it stood.
    pub was: Incident,
    /// Where it stands.
    pub incident: Incident,
    /// What was used when it rose, where it did and that was known.
    pub used: Option<Bytes>,
    /// Of how much.
    pub amount: Option<Bytes>,
}

/// An incident that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose.
    pub of: Subject,
    /// The threshold at which it stood.
    pub threshold: Arc<str>,
    /// Why.
    pub end: End,
}

/// What is remembered of a budget beside its targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The budget.
    pub budget: Arc<str>,
    /// The state, without targets; the reasons for which something could not be judged are with the accounts.
    pub state: BudgetState,
}

/// The changes of one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When it was made.
    pub at: Timestamp,
    /// Every budget, where any has changed; nothing where none has.
    pub heads: Option<Vec<Head>>,
    /// Targets to be remembered.
    pub tracks: Vec<(Arc<str>, AccountName, Track)>,
    /// Targets to be forgotten.
    pub forgotten: Vec<Subject>,
    /// Incidents that began.
    pub opened: Vec<Opened>,
    /// Incidents that stand elsewhere.
    pub changed: Vec<Changed>,
    /// Incidents that are over.
    pub ended: Vec<Ended>,
    /// Accounts of which something else is remembered than before.
    pub accounts: Vec<(AccountName, AccountState)>,
    /// Accounts that are configured no more.
    pub accounts_gone: Vec<AccountName>,
    /// What happened beside incidents that began and ended.
    pub events: Vec<Event>,
}

impl Decision {
    /// What changed from `before` to what `evaluation` found by `budgets`.
    #[must_use]
    pub fn of(budgets: &[Budget], before: &Incidents, evaluation: &Evaluation, at: Timestamp) -> Self {
        let after = &evaluation.incidents;
        let mut decision = Self {
            at,
            heads: heads(before, after),
            tracks: Vec::new(),
            forgotten: Vec::new(),
            opened: Vec::new(),
            changed: Vec::new(),
            ended: Vec::new(),
            accounts: Vec::new(),
            accounts_gone: Vec::new(),
            events: Vec::new(),
        };
        let figures = decision.take_events(&evaluation.events);
        for budget in budgets {
            let kinds: Vec<_> = budget.thresholds.iter().map(|threshold| threshold.when.kind()).collect();
            decision.compare_budget(
                &budget.name,
                &kinds,
                before.budgets.get(&budget.name),
                after.budgets.get(&budget.name),
                &figures,
            );
        }
        for (name, state) in before.budgets.iter().filter(|(name, _)| !after.budgets.contains_key(*name)) {
            decision.compare_budget(name, &[], Some(state), None, &figures);
        }
        for (name, state) in &after.accounts {
            if before.accounts.get(name).is_none_or(|held| is_worth_saving(held, state)) {
                decision.accounts.push((name.clone(), state.clone()));
            }
        }
        let gone = before.accounts.keys().filter(|name| !after.accounts.contains_key(*name));
        decision.accounts_gone = gone.cloned().collect();
        decision
    }

    /// Whether there is nothing to save.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { at: _, heads, tracks, forgotten, opened, changed, ended, accounts, accounts_gone, events } =
            self;
        heads.is_none()
            && tracks.is_empty()
            && forgotten.is_empty()
            && opened.is_empty()
            && changed.is_empty()
            && ended.is_empty()
            && accounts.is_empty()
            && accounts_gone.is_empty()
            && events.is_empty()
    }

    /// Sorts the events; gives back the figures with which thresholds fired.
    fn take_events<'e>(&mut self, events: &'e [Event]) -> Figures<'e> {
        let mut figures = Figures::new();
        for event in events {
            match event {
                Event::Fired { of, used, amount, .. } => {
                    figures.insert(of, (*used, *amount));
                }
                Event::Ended { of, threshold, end } => {
                    self.ended.push(Ended { of: of.clone(), threshold: threshold.clone(), end: *end });
                }
                other => self.events.push(other.clone()),
            }
        }
        figures
    }

    fn compare_budget(
        &mut self,
        budget: &Arc<str>,
        kinds: &[Kind],
        before: Option<&BudgetState>,
        after: Option<&BudgetState>,
        figures: &Figures<'_>,
    ) {
        let (before, after) = (Sparse::of(before), Sparse::of(after));
        for ((account, target), (track, state)) in &after.0 {
            let held = before.0.get(&(*account, *target)).copied();
            let of =
                || Subject { budget: budget.clone(), account: (*account).clone(), target: (*target).clone() };
            if held.is_none_or(|(held, _)| !is_alike(held, track)) {
                self.tracks.push((budget.clone(), (*account).clone(), (*track).clone()));
            }
            for incident in track.incidents() {
                let Some(threshold) = name_of(state, incident) else { continue };
                let kind = kinds.get(usize::from(incident.threshold));
                let was = held.and_then(|(held, state)| {
                    let of_kind = |held: &&Incident| {
                        name_of(state, held).and_then(|name| kind_of(name, after.thresholds(), kinds))
                            == kind.copied()
                    };
                    let held = held.incidents().iter().find(of_kind)?;
                    Some((name_of(state, held)?, *held)).filter(|_| held.since == incident.since)
                });
                match was {
                    None => {
                        let of = of();
                        let (used, amount) = figures.get(&of).copied().unwrap_or_default();
                        self.opened.push(Opened {
                            of,
                            threshold: threshold.clone(),
                            incident: *incident,
                            used,
                            amount,
                        });
                    }
                    Some((from, was)) if from != threshold || differs(&was, incident) => {
                        let of = of();
                        let (used, amount) = figures.get(&of).copied().unwrap_or_default();
                        self.changed.push(Changed {
                            of,
                            used,
                            amount,
                            from: from.clone(),
                            threshold: threshold.clone(),
                            was,
                            incident: *incident,
                        });
                    }
                    Some(_) => {}
                }
            }
        }
        for (account, target) in before.0.keys().filter(|key| !after.0.contains_key(*key)) {
            self.forgotten.push(Subject {
                budget: budget.clone(),
                account: (*account).clone(),
                target: (*target).clone(),
            });
        }
    }
}

/// What a threshold fired with.
type Figures<'e> = HashMap<&'e Subject, (Option<Bytes>, Option<Bytes>)>;

/// The targets of a budget with which something is or was the matter, in the order of accounts and targets.
struct Sparse<'a>(BTreeMap<(&'a AccountName, &'a Target), (&'a Track, &'a BudgetState)>);

impl<'a> Sparse<'a> {
    fn of(state: Option<&'a BudgetState>) -> Self {
        let mut found = BTreeMap::new();
        for (account, tracks) in state.into_iter().flat_map(|state| &state.accounts) {
            for track in tracks.tracks.iter().filter(|track| is_remembered(track)) {
                // There is a state, since there are tracks of it.
                if let Some(state) = state {
                    found.insert((account, &track.target), (track, state));
                }
            }
        }
        Self(found)
    }

    fn thresholds(&self) -> &'a [(Arc<str>, Timestamp)] {
        self.0.values().next().map_or(&[], |(_, state)| &state.thresholds)
    }
}

/// Whether a target has to be remembered over a restart.
fn is_remembered(track: &Track) -> bool {
    !track.latched.is_empty() || track.matter.is_some()
}

/// Readings move with every pass and are not worth a write of their own.
fn is_alike(one: &Track, other: &Track) -> bool {
    one.target == other.target
        && one.first_judged == other.first_judged
        && one.period == other.period
        && one.settles_below == other.settles_below
        && one.amount == other.amount
        && one.granted == other.granted
        && one.latched == other.latched
        && one.matter == other.matter
}

fn differs(one: &Incident, other: &Incident) -> bool {
    one.state != other.state || one.borne_out != other.borne_out
}

fn name_of<'s>(state: &'s BudgetState, incident: &Incident) -> Option<&'s Arc<str>> {
    state.thresholds.get(usize::from(incident.threshold)).map(|(name, _)| name)
}

fn kind_of(name: &str, thresholds: &[(Arc<str>, Timestamp)], kinds: &[Kind]) -> Option<Kind> {
    let at = thresholds.iter().position(|(other, _)| **other == *name)?;
    kinds.get(at).copied()
}

/// A look that found nothing new is not worth a write.
fn is_worth_saving(held: &AccountState, state: &AccountState) -> bool {
    let still = |state: &AccountState| {
        let mut still = state.clone();
        for movement in [&mut still.total, &mut still.sub_users].into_iter().flatten() {
            movement.looked = Timestamp::MIN;
        }
        still
    };
    still(held) != still(state)
}

fn heads(before: &Incidents, after: &Incidents) -> Option<Vec<Head>> {
    let bare = |incidents: &Incidents| -> Vec<Head> {
        let head = |(budget, state): (&Arc<str>, &BudgetState)| {
            let accounts = state.accounts.iter().filter(|(_, tracks)| !tracks.unknown.is_empty());
            let accounts = accounts.map(|(name, tracks)| {
                let unknown = tracks.unknown.clone();
                (name.clone(), super::incident::Tracks { tracks: Vec::new(), unknown })
            });
            let state = BudgetState {
                thresholds: state.thresholds.clone(),
                per: state.per,
                amount: state.amount.clone(),
                period: state.period,
                accounts: accounts.collect(),
            };
            Head { budget: budget.clone(), state }
        };
        incidents.budgets.iter().map(head).collect()
    };
    let (before, after) = (bare(before), bare(after));
    (before != after).then_some(after)
}

/// How many incidents of each threshold stand in each state; ended ones are counted by who keeps them.
#[must_use]
pub fn count(incidents: &Incidents) -> BTreeMap<(Arc<str>, Arc<str>, State), u64> {
    let mut counts = BTreeMap::new();
    for (budget, state) in &incidents.budgets {
        for (threshold, _) in &state.thresholds {
            for state in State::ALL {
                counts.insert((budget.clone(), threshold.clone(), state), 0);
            }
        }
        for track in state.accounts.values().flat_map(|tracks| &tracks.tracks) {
            let Some(matter) = &track.matter else { continue };
            let open = matter.incidents.iter().map(|incident| (incident.threshold, incident.state));
            let pending = matter.pending.iter().map(|(at, _)| (*at, State::Pending));
            for (at, standing) in open.chain(pending) {
                if let Some((threshold, _)) = state.thresholds.get(usize::from(at)) {
                    *counts.entry((budget.clone(), threshold.clone(), standing)).or_insert(0) += 1;
                }
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests;
