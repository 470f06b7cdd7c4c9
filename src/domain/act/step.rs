//! What a look changes about actions: proposed, due, over, put back; nothing is done here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Action, ActionId, End, Stage};
use super::books::{Books, Delta, Entry, Place};
use super::carry::{self, gate};
use super::gate::Gate;
use super::hold::{By, Throttle};
use super::record::Record;
use super::release;
use super::scene::Scene;
pub use super::scene::{Rules, Terms};
use crate::domain::account::AccountName;
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Mode, Threshold};
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::Span;
use crate::domain::incident::{Incident, Incidents, State, Track};
use crate::domain::snapshot::SubUserKey;

/// What a look changes.
///
/// `books` is what was saved last; what comes back is to be saved before anything of it is done.
#[must_use]
pub fn step(
    books: &Books,
    rules: Rules<'_>,
    views: &[View<'_>],
    incidents: &Incidents,
    now: Timestamp,
) -> Delta {
    let mut delta = Delta::default();
    let mut next = books.newest;
    let is_idle = books.actions.is_empty() && books.throttles.is_empty() && books.concerns.is_empty();
    let acts = rules.budgets.iter().any(|budget| {
        budget.standing_cap.is_some() || budget.thresholds.iter().any(|threshold| threshold.action.is_some())
    });
    if is_idle && !acts {
        return delta;
    }
    for view in views {
        let Some(terms) = rules.terms.get(&view.account.name) else { continue };
        let scene = Scene::new(rules, terms, view, incidents, books, now);
        let mut turn = Turn::new(books, &scene, &mut delta, &mut next);
        turn.notice_people();
        turn.go_on();
        turn.propose();
        turn.move_caps();
        turn.release();
        turn.worry();
        turn.forget();
    }
    release::worry_about_lost_accounts(books, rules, now, &mut delta);
    delta
}

/// One account's turn in a step.
pub(super) struct Turn<'a, 'd> {
    pub(super) books: &'a Books,
    pub(super) scene: &'a Scene<'a>,
    pub(super) delta: &'d mut Delta,
    next: &'d mut i64,
    /// The account's actions, as they are by now.
    pub(super) actions: BTreeMap<ActionId, Action>,
    /// The account's throttles, as they are by now.
    pub(super) throttles: BTreeMap<SubUserKey, Throttle>,
    /// The numbers of the account's actions by sub-user.
    by_key: HashMap<SubUserKey, Vec<ActionId>>,
}

impl<'a, 'd> Turn<'a, 'd> {
    fn new(books: &'a Books, scene: &'a Scene<'a>, delta: &'d mut Delta, next: &'d mut i64) -> Self {
        let of = scene.name();
        let actions = books.actions.iter().filter(|(_, action)| action.account == *of);
        let actions: BTreeMap<ActionId, Action> = actions.map(|(id, action)| (*id, action.clone())).collect();
        let mut by_key: HashMap<SubUserKey, Vec<ActionId>> = HashMap::new();
        for action in actions.values() {
            by_key.entry(action.who.key.clone()).or_default().push(action.id);
        }
        let throttles = books.throttles.iter().filter(|((account, _), _)| account == of);
        Self {
            books,
            scene,
            delta,
            next,
            actions,
            throttles: throttles.map(|((_, key), throttle)| (key.clone(), throttle.clone())).collect(),
            by_key,
        }
    }

    pub(super) fn number(&mut self) -> ActionId {
        *self.next += 1;
        ActionId(*self.next)
    }

    /// Says how an action is from now on.
    pub(super) fn put(&mut self, action: Action) {
        if self.actions.insert(action.id, action.clone()).is_none() {
            self.by_key.entry(action.who.key.clone()).or_default().push(action.id);
        }
        self.delta.put(action);
    }

    /// The actions on one sub-user.
    pub(super) fn actions_on(&self, key: &SubUserKey) -> impl Iterator<Item = &Action> {
        let ids = self.by_key.get(key).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.actions.get(id))
    }

    /// Says how a throttle is from now on.
    pub(super) fn put_throttle(&mut self, throttle: Throttle) {
        self.throttles.insert(throttle.who.key.clone(), throttle.clone());
        self.delta.put_throttle(throttle);
    }

    pub(super) fn note(&mut self, action: &Action, step: &'static str, words: impl Into<String>) {
        self.delta.entries.push(Entry::of(action, step, words, self.scene.now));
    }

    /// Ends an action, with a word on why.
    pub(super) fn end(&mut self, action: Action, end: End, words: impl Into<String>) {
        let action = action.end(end, self.scene.now);
        self.note(&action, end.as_str(), words);
        self.put(action);
    }

    /// Whether anything of this part of a budget is open, latched or held on a sub-user.
    pub(super) fn is_taken(
        &self,
        by: &By,
        key: &SubUserKey,
        period: Option<Timestamp>,
        since: Timestamp,
    ) -> bool {
        let same = |action: &&Action| action.by == *by && !action.what.is_restore();
        let takes = |action: &Action| {
            let of_same_time = match period {
                Some(period) => action.period == Some(period),
                None => action.incident == Some(since),
            };
            !action.stage.is_ended() || action.latched && of_same_time
        };
        let holds = |throttle: &Throttle| throttle.holds.iter().any(|hold| hold.by == *by);
        self.actions_on(key).filter(same).any(takes) || self.throttles.get(key).is_some_and(holds)
    }

    /// Takes actions that are not under way from where they stand to where time and readings bring them.
    fn go_on(&mut self) {
        let open: Vec<Action> =
            self.actions.values().filter(|action| !action.stage.is_ended()).cloned().collect();
        for action in open {
            if action.stage.is_open() || action.what.is_restore() || action.is_cap() {
                continue;
            }
            self.go_on_with(action);
        }
    }

    fn go_on_with(&mut self, mut action: Action) {
        let scene = self.scene;
        let Some(incident) = self.reason_for(&action) else {
            self.end(action, End::Over, "what asked for it no longer does");
            return;
        };
        if action.stage == Stage::Waiting && action.expires.is_some_and(|expires| expires <= scene.now) {
            self.delta.blocked.push((action.id, Gate::Expired));
            self.end(action, End::Expired, "nobody approved in time");
            return;
        }
        let Some(row) = scene.row(&action.who.key) else { return };
        let seen = Record::of(&row.sub_user);
        // What we wrote ourselves, for another budget, is no person's change.
        let ours = self.throttles.get(&action.who.key).map(|throttle| throttle.set.on(throttle.own));
        let differs = seen.active && action.before.is_some_and(|before| before != seen);
        let is_moved = differs && ours != Some(seen);
        match action.stage {
            Stage::Counting if is_moved => {
                let words = format!("a person changed it during the countdown: {seen}");
                self.end(action, End::Person, words);
                return;
            }
            Stage::Waiting if differs || self.is_rewritten(&action) => {
                self.delta.blocked.push((action.id, Gate::PlanMoved));
                self.end(action, End::Moved, format!("the record or the budget is another now: {seen}"));
                return;
            }
            Stage::Counting if action.not_before.is_none_or(|at| at <= scene.now) => {
                action.stage = Stage::Due;
                action.not_before = None;
                self.note(&action, "due", "the countdown is over");
                self.put(action.clone());
            }
            Stage::Observed | Stage::Counting | Stage::Due if differs => {
                action.before = Some(seen);
                action.after = carry::after(&action, self.throttles.get(&action.who.key), row, scene);
                self.put(action.clone());
            }
            _ => {}
        }
        self.weigh(action, incident);
    }

    /// Whether the budget's text is another than the plan's.
    fn is_rewritten(&self, action: &Action) -> bool {
        let found = self.scene.rules.threshold(&action.by);
        found.is_none_or(|(budget, threshold)| {
            super::propose::hash(action, budget, Some(threshold)) != action.hash
        })
    }

    /// Notes what stands in an action's way, where that is another thing than before.
    pub(super) fn weigh(&mut self, mut action: Action, incident: Incident) {
        let throttle = self.throttles.get(&action.who.key);
        let row = self.scene.row(&action.who.key);
        let found = gate::of_incident(&incident)
            .or_else(|| gate::of_account(self.scene.terms, self.books.breakers.get(&action.account)))
            .or_else(|| row.and_then(|row| gate::of_row(&action, throttle, row, self.scene)));
        // Those that a fresh comparison found, or time opens, are not for a look to take away.
        let stays = found.is_none() && action.blocked.is_some_and(|gate| !is_of_look(gate));
        if found != action.blocked && !stays {
            action.blocked = found;
            if let Some(found) = found {
                self.delta.blocked.push((action.id, found));
                self.note(&action, "blocked", format!("{found}: {}", found.advice()));
            }
            self.put(action);
        }
    }

    /// The incident that asks for an action, while one does.
    fn reason_for(&self, action: &Action) -> Option<Incident> {
        let (budget, threshold) = self.scene.rules.threshold(&action.by)?;
        let wanted = threshold.action?;
        let by_hand = wanted.mode == Mode::Observe && action.mode == Mode::Approve;
        let account = self.scene.view.account;
        let fits = budget.selectors.fits_account(account.provider, account.name.as_str());
        if !fits || (wanted.mode != action.mode && !by_hand) {
            return None;
        }
        let granted = self.scene.granted(budget, &action.who.key);
        if carry::what(wanted.what, granted, account.gigabyte) != Some(action.what) {
            return None;
        }
        let track = self.scene.track(&budget.name, &action.who.key)?;
        if action.period.is_some() && track.period != action.period {
            return None;
        }
        let incident = self.scene.incident(budget, threshold, track)?;
        // A rolling span has no period: another incident is another reason.
        (action.period.is_some() || action.incident == Some(incident.since)).then_some(incident)
    }

    /// Throttles whose record a list shows that was asked for after the last write.
    pub(super) fn seen(&self) -> Vec<(Throttle, Record)> {
        let Some(list) = &self.scene.view.snapshot.sub_users else { return Vec::new() };
        let places_under_way: HashSet<&SubUserKey> = self
            .actions
            .values()
            .filter(|action| action.stage.is_open())
            .map(|action| &action.who.key)
            .collect();
        let is_seen = |throttle: &&Throttle| {
            let settled = throttle.written.and_then(|at| at.checked_add(super::person::SETTLES).ok());
            settled.is_none_or(|settled| list.observed > settled)
                && !places_under_way.contains(&throttle.who.key)
        };
        let record = |throttle: &Throttle| {
            let record = Record::of(&self.scene.row(&throttle.who.key)?.sub_user);
            // One that is not active is there because we kept it, and says nothing of the vendor's record.
            record.active.then_some(record)
        };
        let seen = self.throttles.values().filter(is_seen);
        seen.filter_map(|throttle| Some((throttle.clone(), record(throttle)?))).collect()
    }
}

/// Whether a look finds such a gate by itself.
const fn is_of_look(gate: Gate) -> bool {
    !matches!(gate, Gate::Guard | Gate::Paused | Gate::NotOwner | Gate::Person | Gate::CounterOrigin)
}

/// Whether an incident's figures are known and it still fires.
pub(super) fn fires(incident: &Incident) -> bool {
    incident.state == State::Firing
}

/// How long an action that is over is remembered beside the audit: as long as the guard counts it.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

impl Turn<'_, '_> {
    /// Forgets actions that neither latch in the period that goes on, nor count for the guard any more.
    fn forget(&mut self) {
        let scene = self.scene;
        let day = scene.now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        let mut starts: HashMap<Arc<str>, Option<Timestamp>> = HashMap::new();
        for action in self.actions.values() {
            if action.ended.is_none_or(|ended| ended >= day) {
                continue;
            }
            let start = *starts.entry(action.by.budget.clone()).or_insert_with(|| {
                let budget = scene.rules.budget(&action.by.budget)?;
                Span::new(budget.period, scene.view, scene.now).start()
            });
            let is_configured = scene.rules.budget(&action.by.budget).is_some();
            // A rolling span latches for as long as its incident stands.
            let goes_on = match (action.period, start) {
                (Some(period), Some(start)) => start <= period,
                (Some(_), None) => true,
                (None, _) => self.reason_stands(action),
            };
            if !(action.latched && is_configured && goes_on) {
                self.delta.forgotten.push(action.id);
            }
        }
    }

    fn reason_stands(&self, action: &Action) -> bool {
        let track = self.scene.track(&action.by.budget, &action.who.key);
        let mut incidents = track.into_iter().flat_map(Track::incidents);
        incidents.any(|incident| Some(incident.since) == action.incident)
    }
}

/// The text that a plan's hash covers beside the target.
pub(super) fn budget_text(budget: &Budget, threshold: Option<&Threshold>) -> String {
    let mut text = format!("{} {} per {} {}", budget.name, budget.amount, budget.per.as_str(), budget.period);
    if let Some(threshold) = threshold {
        text += &format!(" {} {}", threshold.name, threshold.when);
        if let Some(action) = threshold.action {
            text += &format!(" {}", action.what);
        }
    }
    text
}

/// Who asked, for the journal.
pub(super) fn asked_by(by: &By) -> Arc<str> {
    format!("budget {by}").into()
}

/// A sub-user's place.
pub(super) fn place(account: &AccountName, key: &SubUserKey) -> Place {
    (account.clone(), key.clone())
}
