//! From what is due to one write a sub-user: compared with a fresh list, weighed by every gate, in absolute values.

pub mod gate;

use jiff::Timestamp;

use super::action::{Action, End, Stage, What};
use super::books::{Delta, Entry};
use super::gate::Gate;
use super::hold::{Ceiling, Hold, Throttle};
use super::person::{self, adopt};
use super::record::{Change, Record};
use super::scene::{Scene, Terms};
use crate::domain::account::{Account, FreezeBy};
use crate::domain::budget::threshold::{ActionKind, Mode};
use crate::domain::snapshot::{Snapshot, SubUserRow};
use crate::domain::traffic::{SubUser, SubUserId};
use crate::domain::units::{Bytes, Gigabyte, Limit};

/// What is known of an account when a write is weighed.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its newest readings.
    pub snapshot: &'a Snapshot,
    /// What is allowed.
    pub terms: &'a Terms,
    /// Whether the vendor's counter was found to count what it says it counts.
    pub counter_is_trusted: bool,
    /// The time.
    pub now: Timestamp,
}

/// What is due at one sub-user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What stands there.
    pub throttle: Option<Throttle>,
    /// What is to be lowered.
    pub lower: Vec<Action>,
    /// What is to be put back.
    pub restore: Vec<Action>,
}

impl Work {
    /// Any of its actions; there is one.
    #[must_use]
    pub fn any(&self) -> Option<&Action> {
        self.restore.first().or(self.lower.first())
    }
}

/// What comes of comparing what is due with the vendor's newest list.
#[derive(Clone, Debug)]
pub enum Planned {
    /// The list does not hold the sub-user, and nothing of ours is why: it is asked for by its statistics.
    Absent(Vec<Action>),
    /// Nothing is written: what was found, and what follows, is to be saved.
    Settled(Box<Delta>),
    /// One request, and what is to be saved before it leaves.
    Write(Box<Write>),
}

/// One request that may leave once it is saved.
#[derive(Clone, Debug)]
pub struct Write {
    /// To whom.
    pub id: SubUserId,
    /// What changes, in absolute values.
    pub change: Change,
    /// The record before.
    pub before: Record,
    /// The record after.
    pub after: Record,
    /// What stands there once this is confirmed.
    pub throttle: Throttle,
    /// What stood there.
    pub stood: Option<Throttle>,
    /// The actions that it carries out, as intents.
    pub actions: Vec<Action>,
    /// Whether it allows less than before: a pause stops it.
    pub lowers: bool,
    /// What is to be saved with the intents: what other actions met.
    pub delta: Delta,
}

/// What an action of the configuration is at an account, with what was granted to the sub-user; nothing where its size
/// cannot be counted.
#[must_use]
pub fn what(kind: ActionKind, granted: Bytes, gigabyte: Gigabyte) -> Option<What> {
    match kind {
        ActionKind::Freeze => Some(What::Freeze),
        ActionKind::Limit(size) => {
            let bytes = size.bytes(gigabyte).ok()?.saturating_add(granted);
            Some(What::Limit(gigabyte.in_steps(bytes)))
        }
    }
}

/// The vendor's id of a row, or its name where the contract promises none.
#[must_use]
pub fn vendor_id(row: &SubUserRow) -> SubUserId {
    row.sub_user.id.clone().unwrap_or_else(|| SubUserId(row.sub_user.username.clone()))
}

/// The ceiling that an action puts there; nothing where the vendor cannot do that, or its counter is not known.
#[must_use]
pub fn ceiling(
    what: What,
    counter: Option<Bytes>,
    freeze_by: FreezeBy,
    gigabyte: Gigabyte,
) -> Option<Ceiling> {
    match (what, freeze_by) {
        (What::Limit(bytes) | What::Cap(bytes), _) => Some(Ceiling::Limit(bytes)),
        (What::Freeze, FreezeBy::Status) => Some(Ceiling::Frozen),
        (What::Freeze, FreezeBy::LimitAtCounter) => {
            Some(Ceiling::Limit(gigabyte.in_steps(counter?).max(gigabyte.step())))
        }
        (What::Freeze, FreezeBy::Nothing) | (What::Restore(_), _) => None,
    }
}

fn hold_of(action: &Action, ceiling: Ceiling, now: Timestamp) -> Hold {
    Hold {
        by: action.by.clone(),
        what: action.what,
        ceiling,
        action: action.id,
        period: action.period,
        amount: action.amount,
        since: now,
        orphaned: false,
        confirmed: false,
    }
}

/// The record as an action would leave it, as far as the snapshot tells.
pub(super) fn after(
    action: &Action,
    throttle: Option<&Throttle>,
    row: &SubUserRow,
    scene: &Scene<'_>,
) -> Option<Record> {
    let gigabyte = scene.view.account.gigabyte;
    let counter = row.usage.as_ref().map(|usage| usage.value.traffic);
    let ceiling = ceiling(action.what, counter, scene.terms.freeze_by, gigabyte)?;
    let before = Record::of(&row.sub_user);
    let mut throttle = throttle.cloned().unwrap_or_else(|| {
        Throttle::new(action.account.clone(), action.who.clone(), action.vendor_id.clone(), before, scene.now)
    });
    throttle.put(hold_of(action, ceiling, scene.now));
    Some(wanted(&throttle, &before))
}

/// What the record has to be; while a sub-user is off nothing else of it is written, since no list would show it.
fn wanted(throttle: &Throttle, current: &Record) -> Record {
    let wanted = throttle.wanted();
    if wanted.active {
        wanted
    } else {
        Record { active: false, limit: current.limit, auto_disable: current.auto_disable }
    }
}

/// Compares what is due at one sub-user with its row in a list that was read just now.
#[must_use]
pub fn plan(work: Work, listed: Option<&SubUser>, ground: &Ground<'_>) -> Planned {
    let Work { throttle: stood, lower, restore } = work;
    let mut delta = Delta::default();
    let now = ground.now;
    let held_row =
        |action: &Action| ground.snapshot.rows().iter().find(|row| row.sub_user.key() == action.who.key);
    let seen = listed.map(Record::of).filter(|record| record.active);
    let Some(first) = restore.first().or(lower.first()) else { return Planned::Settled(Box::new(delta)) };
    let mut throttle = match (&stood, seen) {
        (Some(stood), _) => stood.clone(),
        (None, Some(seen)) => {
            Throttle::new(first.account.clone(), first.who.clone(), first.vendor_id.clone(), seen, now)
        }
        // Nothing stands there, so that there is nothing to put back either.
        (None, None) if lower.is_empty() => {
            for action in restore {
                let action = action.end(End::Confirmed, now);
                delta.entries.push(Entry::of(&action, "confirmed", "nothing of ours stands there", now));
                delta.put(action);
            }
            return Planned::Settled(Box::new(delta));
        }
        (None, None) => return Planned::Absent(lower),
    };
    let usage = listed.and_then(|row| row.usage.as_ref()).map(|usage| usage.traffic);
    let usage = usage.or_else(|| held_row(first)?.usage.as_ref().map(|usage| usage.value.traffic));

    // What a person changed comes first: the record as it is now is what everything else is held against.
    if let Some(seen) = seen {
        let before = throttle.clone();
        if let Some(adopted) = adopt(&mut throttle, &seen) {
            delta.entries.push(person::entry(&before, &adopted, seen, now));
        }
    }
    let mut current = seen.unwrap_or_else(|| throttle.set.on(throttle.own));
    let was_ours = stood.as_ref().map(|stood| stood.set.on(stood.own));

    let mut actions = Vec::new();
    for action in restore {
        throttle.release(&action.by);
        actions.push(action);
    }
    for action in lower {
        match weigh(&action, &throttle, listed, (current, was_ours), usage, ground) {
            Ok(ceiling) => {
                throttle.put(hold_of(&action, ceiling, now));
                actions.push(action);
            }
            Err(gate) => stop(action, gate, current, &mut delta, now),
        }
    }
    if actions.is_empty() {
        if stood.as_ref().is_some_and(|stood| *stood != throttle) {
            delta.put_throttle(throttle);
        }
        return Planned::Settled(Box::new(delta));
    }
    let wanted = wanted(&throttle, &current);
    let mut change = Change::between(&current, &wanted);
    let is_to_be_on = seen.is_none() && wanted.active && throttle.set.active.is_none();
    if is_to_be_on && !change.is_empty() {
        if !was_cut_off(&throttle, usage, ground) {
            for action in actions {
                stop(action, Gate::Person, current, &mut delta, now);
            }
            return Planned::Settled(Box::new(delta));
        }
        // The vendor switched it off at our limit; a higher one alone may not switch it on again. The record says that
        // it is off, so that whoever finds this write after a crash knows what it was to change.
        current.active = false;
        change = Change::between(&current, &wanted);
    }
    let is_known = seen.is_some()
        || stood
            .as_ref()
            .is_none_or(|stood| stood.set.is_empty() || stood.holds.iter().any(|hold| hold.confirmed));
    if !is_known {
        // What was tried was never read to stand, and no row says whether it does: it is said once more.
        let tried = stood.as_ref().map(|stood| stood.set).unwrap_or_default();
        change = change.then(&tried.with_values_of(&wanted));
        if actions.iter().any(|action| !action.what.is_restore()) {
            current = throttle.own;
        }
    }
    if change.is_empty() {
        throttle.confirm(&actions);
        for action in actions {
            confirm(action, (current, wanted), "the record is so already", now, &mut delta);
        }
        delta.put_throttle(throttle);
        return Planned::Settled(Box::new(delta));
    }
    let lowers = change.lowers(&current);
    for action in &mut actions {
        action.stage = Stage::Intent;
        (action.before, action.after) = (Some(current), Some(change.on(current)));
        action.tries += 1;
        action.written = Some(now);
        action.blocked = None;
        action.not_before = None;
    }
    let after = change.on(current);
    let id = throttle.id.clone();
    Planned::Write(Box::new(Write {
        id,
        change,
        before: current,
        after,
        throttle,
        stood,
        actions,
        lowers,
        delta,
    }))
}

/// A write that was under way when the process ended, as far as it is needed to settle it; nothing where it is not whole.
#[must_use]
pub fn under_way(actions: Vec<Action>, stands: &Throttle) -> Option<Write> {
    let first = actions.first()?;
    let (before, after) = (first.before?, first.after?);
    let change = Change::between(&before, &after);
    // What was written before this: a field that was not the person's own then.
    let mut stood = stands.clone();
    let own = stands.own;
    if change.active.is_some() {
        stood.set.active = (before.active != own.active).then_some(before.active);
    }
    if change.limit.is_some() {
        stood.set.limit = before.limit.filter(|_| before.limit != own.limit);
    }
    if change.auto_disable.is_some() {
        stood.set.auto_disable = before.auto_disable.filter(|_| before.auto_disable != own.auto_disable);
    }
    let mut throttle = stood.clone();
    for action in &actions {
        let ceiling = match (action.what, after.limit) {
            (What::Restore(_), _) => {
                throttle.release(&action.by);
                continue;
            }
            (What::Limit(bytes) | What::Cap(bytes), _) => Ceiling::Limit(bytes),
            (What::Freeze, Some(Limit::Bytes(bytes))) if after.active => Ceiling::Limit(bytes),
            (What::Freeze, _) => Ceiling::Frozen,
        };
        throttle.put(hold_of(action, ceiling, action.written.unwrap_or(action.proposed)));
    }
    let (id, lowers) = (stands.id.clone(), change.lowers(&before));
    let stood = (!stood.holds.is_empty() || !stood.set.is_empty()).then_some(stood);
    Some(Write { id, change, before, after, throttle, stood, actions, lowers, delta: Delta::default() })
}

/// Whether the vendor switched a sub-user off at a limit of ours: it has used as much.
fn was_cut_off(throttle: &Throttle, usage: Option<Bytes>, ground: &Ground<'_>) -> bool {
    let limit = throttle.set.limit.and_then(Limit::bytes);
    let step = ground.account.gigabyte.step();
    limit.zip(usage).is_some_and(|(limit, usage)| usage.saturating_add(step) >= limit)
}

/// Weighs a lowering action against the record as it is now.
fn weigh(
    action: &Action,
    throttle: &Throttle,
    listed: Option<&SubUser>,
    (current, was_ours): (Record, Option<Record>),
    usage: Option<Bytes>,
    ground: &Ground<'_>,
) -> Result<Ceiling, Gate> {
    let is_as_planned = action.before.is_none_or(|before| before == current) || was_ours == Some(current);
    if !is_as_planned {
        return Err(if action.mode == Mode::Approve { Gate::PlanMoved } else { Gate::Person });
    }
    let ceiling = ceiling(action.what, usage, ground.terms.freeze_by, ground.account.gigabyte);
    let ceiling = ceiling.ok_or(Gate::Stale)?;
    let window = listed.and_then(|row| row.usage.as_ref()).map(|usage| &usage.window);
    let held = || {
        let row = ground.snapshot.rows().iter().find(|row| row.sub_user.key() == action.who.key);
        row.and_then(|row| row.usage.as_ref()).map(|usage| &usage.value.window)
    };
    match gate::of_record(action, throttle, usage, window.or_else(held), ground) {
        Some(gate) => Err(gate),
        None => Ok(ceiling),
    }
}

/// Says that a gate stopped an action, which stays due, or moves where its plan no longer holds.
fn stop(mut action: Action, gate: Gate, current: Record, delta: &mut Delta, now: Timestamp) {
    if action.blocked != Some(gate) || gate == Gate::Person {
        delta.blocked.push((action.id, gate));
        delta.entries.push(Entry::of(&action, "blocked", format!("{gate}: {}", gate.advice()), now));
    }
    if gate == Gate::PlanMoved {
        let action = action.end(End::Moved, now);
        delta.put(action);
        return;
    }
    if gate == Gate::Person && !action.what.is_restore() {
        // Compared anew, with the record as it is now.
        action.before = Some(current);
        action.after = None;
    }
    action.blocked = Some(gate);
    action.not_before = now.checked_add(super::release::backoff(1)).ok();
    delta.put(action);
}

/// Ends an action whose record is as it has to be.
pub(super) fn confirm(
    mut action: Action,
    (before, after): (Record, Record),
    words: &str,
    now: Timestamp,
    delta: &mut Delta,
) {
    (action.before, action.after) = (Some(before), Some(after));
    let action = action.end(End::Confirmed, now);
    delta.entries.push(Entry::of(&action, "confirmed", words, now));
    delta.put(action);
}
