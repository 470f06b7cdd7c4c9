//! What people ask about actions: approve, reject, undo, keep, propose. Each answer is what is to be saved, or a refusal.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, ActionId, End, Stage, Why};
use super::books::{Books, Concern, ConcernKind, Delta, Entry};
use super::gate::Gate;
use super::hold::{Hold, Throttle};
use super::record::Change;
use super::release::restore;
use crate::domain::budget::threshold::Mode;

/// How long a plan that a person asked for waits for approval.
const APPROVE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Why nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gate, where it is one.
    pub gate: Option<Gate>,
    /// What is wrong, and what to do.
    pub words: String,
}

impl Refusal {
    fn new(words: impl Into<String>) -> Self {
        Self { gate: None, words: words.into() }
    }

    /// A gate's refusal of one action.
    #[must_use]
    pub fn of_gate(id: ActionId, gate: Gate) -> Self {
        Self { gate: Some(gate), words: format!("action {id} is refused, {gate}: {}", gate.advice()) }
    }
}

fn find(books: &Books, id: ActionId) -> Result<Action, Refusal> {
    let found = books.actions.get(&id).cloned();
    found.ok_or_else(|| {
        Refusal::new(format!("there is no action {id} now; see proxymeter actions list --all"))
    })
}

/// Approves the very plan that a person saw.
///
/// # Errors
/// It is not waiting, is another plan by now, or lowering is paused: then it keeps its number and hash.
pub fn approve(
    books: &Books,
    id: ActionId,
    (hash, is_paused): (&str, bool),
    who: &str,
    now: Timestamp,
) -> Result<Delta, Refusal> {
    let mut action = find(books, id)?;
    match action.stage {
        Stage::Waiting => {}
        Stage::Ended(End::Moved) => return Err(Refusal::of_gate(id, Gate::PlanMoved)),
        Stage::Ended(End::Expired) => return Err(Refusal::of_gate(id, Gate::Expired)),
        stage => return Err(waits_not(id, stage)),
    }
    if action.expires.is_some_and(|expires| expires <= now) {
        return Err(Refusal::of_gate(id, Gate::Expired));
    }
    if *action.hash != *hash {
        return Err(Refusal::of_gate(id, Gate::PlanMoved));
    }
    if is_paused {
        return Err(Refusal::of_gate(id, Gate::Paused));
    }
    if let Some(gate) =
        action.blocked.filter(|gate| !matches!(gate, Gate::Paused | Gate::Guard | Gate::NotOwner))
    {
        return Err(Refusal::of_gate(id, gate));
    }
    action.stage = Stage::Due;
    action.not_before = None;
    action.blocked = None;
    action.asked_by = who.into();
    let mut delta = Delta::default();
    delta.entries.push(Entry::of(&action, "approved", format!("plan {}", action.hash), now));
    delta.put(action);
    Ok(delta)
}

/// Whether what was approved is still what would be done, by what the newest figures would change.
///
/// # Errors
/// It is another plan by now, nothing asks for it any more, or a gate stands in its way.
pub fn still(news: &Delta, id: ActionId) -> Result<(), Refusal> {
    let Some(action) = news.actions.iter().find(|action| action.id == id) else { return Ok(()) };
    match (action.stage, action.blocked) {
        (Stage::Ended(End::Moved), _) => Err(Refusal::of_gate(id, Gate::PlanMoved)),
        (Stage::Ended(End::Expired), _) => Err(Refusal::of_gate(id, Gate::Expired)),
        (Stage::Ended(end), _) => Err(waits_not(id, Stage::Ended(end))),
        (_, Some(gate)) if !matches!(gate, Gate::Paused | Gate::Guard | Gate::NotOwner) => {
            Err(Refusal::of_gate(id, gate))
        }
        _ => Ok(()),
    }
}

fn waits_not(id: ActionId, stage: Stage) -> Refusal {
    Refusal::new(format!("action {id} does not wait for approval: it is {}", stage.as_str()))
}

/// Rejects what is not under way: its threshold acts no more in this period.
///
/// # Errors
/// It is under way, or over.
pub fn reject(books: &Books, id: ActionId, who: &str, now: Timestamp) -> Result<Delta, Refusal> {
    let mut action = find(books, id)?;
    if action.stage.is_open() {
        return Err(Refusal::new(format!(
            "action {id} is being written; wait for its outcome, then proxymeter actions undo {id}"
        )));
    }
    if action.stage.is_ended() {
        return Err(Refusal::new(format!(
            "action {id} is {} already{}",
            action.stage.as_str(),
            if action.stage == Stage::Ended(End::Confirmed) {
                format!("; proxymeter actions undo {id} puts it back")
            } else {
                String::new()
            }
        )));
    }
    if action.what.is_restore() {
        return Err(Refusal::new(format!("action {id} puts back what was lowered, which is always done")));
    }
    action.asked_by = who.into();
    let action = action.end(End::Declined, now);
    let mut delta = Delta::default();
    delta.entries.push(Entry::of(&action, "declined", "no more in this period", now));
    delta.put(action);
    Ok(delta)
}

/// What an action put there.
fn hold_of(books: &Books, id: ActionId) -> Result<(&Throttle, &Hold), Refusal> {
    let found = books.throttles.values().find_map(|throttle| {
        let hold = throttle.holds.iter().find(|hold| hold.action == id)?;
        Some((throttle, hold))
    });
    found.ok_or_else(|| match books.actions.get(&id) {
        Some(action) if !action.stage.is_ended() => {
            Refusal::new(format!("action {id} has not been done; proxymeter actions reject {id}"))
        }
        _ => Refusal::new(format!(
            "nothing of action {id} stands at the vendor now; see proxymeter actions list"
        )),
    })
}

/// Puts back what one action lowered.
///
/// # Errors
/// Nothing of it stands.
pub fn undo(books: &Books, id: ActionId, who: &str, now: Timestamp) -> Result<(ActionId, Delta), Refusal> {
    let (throttle, hold) = hold_of(books, id)?;
    let is_same = |action: &&Action| {
        action.what.is_restore()
            && !action.stage.is_ended()
            && action.by == hold.by
            && action.account == throttle.account
            && action.who.key == throttle.who.key
    };
    let mut delta = Delta::default();
    if let Some(under_way) = books.actions.values().find(is_same) {
        return Ok((under_way.id, delta));
    }
    let next = ActionId(books.newest + 1);
    let action = restore(next, throttle, hold, Why::Undone, who.into(), now);
    delta.entries.push(Entry::of(&action, "proposed", format!("undo of action {id}"), now));
    delta.put(action);
    // Whoever undoes a cap means it for this period.
    match books.actions.get(&id) {
        // What the vendor kept of it stands, and it was to be tried again: not any more.
        Some(placed) if !placed.stage.is_ended() && !placed.stage.is_open() => {
            let placed = placed.clone().end(End::Declined, now);
            delta.entries.push(Entry::of(&placed, "declined", "no more in this period", now));
            delta.put(placed);
        }
        Some(placed) if !placed.latched => delta.put(Action { latched: true, ..placed.clone() }),
        _ => {}
    }
    Ok((next, delta))
}

/// Every action of which something stands.
#[must_use]
pub fn standing(books: &Books) -> Vec<ActionId> {
    let holds = books.throttles.values().flat_map(|throttle| &throttle.holds);
    holds.map(|hold| hold.action).collect()
}

/// Leaves what stands as it is, and forgets that it is ours: for budgets that are configured no more.
///
/// # Errors
/// Nothing of it stands, or its budget is there.
pub fn keep(books: &Books, id: ActionId, who: &str, now: Timestamp) -> Result<Delta, Refusal> {
    let (throttle, hold) = hold_of(books, id)?;
    let lost = Concern { kind: ConcernKind::Orphaned, account: throttle.account.clone(), key: None };
    if !hold.orphaned && !books.concerns.contains_key(&lost) {
        return Err(Refusal::new(format!(
            "{} is still configured and keeps this; take it out of the configuration first, or proxymeter actions undo {id}",
            hold.by
        )));
    }
    let place = throttle.key();
    if books.open_at(&place).any(|action| action.stage.is_open()) {
        return Err(Refusal::new(format!(
            "{} is being written at {} now; ask again in a minute",
            throttle.who.name, throttle.account
        )));
    }
    let by = hold.by.clone();
    let mut left = throttle.clone();
    left.release(&by);
    // What stands is the person's own from now on.
    left.own = throttle.set.on(throttle.own);
    left.set = Change::default();
    let mut delta = Delta::default();
    delta.entries.push(Entry {
        at: now,
        action: Some(id),
        account: throttle.account.clone(),
        name: throttle.who.name.clone(),
        by: who.into(),
        step: "kept",
        words: format!("stays as it is: {}", left.own),
        before: Some(throttle.own),
        after: Some(left.own),
    });
    delta.put_throttle(left);
    Ok(delta)
}

/// Makes plans, for approval, of what a budget in observe only shows.
#[must_use]
pub fn propose(books: &Books, budget: &str, sub_user: Option<&str>, who: &str, now: Timestamp) -> Delta {
    let mut delta = Delta::default();
    let shown = |action: &&Action| {
        action.stage == Stage::Observed
            && *action.by.budget == *budget
            && sub_user.is_none_or(|name| *action.who.name == *name)
    };
    let by: Arc<str> = who.into();
    for action in books.actions.values().filter(shown) {
        let mut action = action.clone();
        action.stage = Stage::Waiting;
        action.mode = Mode::Approve;
        action.expires = now.checked_add(APPROVE_WITHIN).ok();
        action.asked_by = by.clone();
        delta.entries.push(Entry::of(&action, "proposed", format!("plan {}", action.hash), now));
        delta.put(action);
    }
    delta
}
