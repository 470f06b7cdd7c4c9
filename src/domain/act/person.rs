//! What a person changed at the vendor: respected, and told.

use jiff::SignedDuration;

use super::action::{Action, End, Stage};
use super::books::Entry;
use super::hold::{By, Ceiling, Throttle};
use super::record::{Change, Record};
use super::step::Turn;
use crate::domain::units::{Bytes, Limit};

/// A list that came within this time of a write may have been made before it.
pub(super) const SETTLES: SignedDuration = SignedDuration::from_secs(60);

/// What a person changed of fields that we had written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Adopted {
    /// What was changed, in words.
    pub(super) words: String,
    /// Whose ceilings no longer stand by that.
    pub(super) released: Vec<By>,
}

/// Takes over what a record says that is not as we left it: a person changed it, and it is the person's own from now on.
///
/// Raising lets go of every ceiling that would lower it again.
pub(super) fn adopt(throttle: &mut Throttle, seen: &Record) -> Option<Adopted> {
    if throttle.holds.iter().all(|hold| !hold.confirmed) {
        // What was tried did not come to stand: the record is the person's own, and nobody changed it.
        let Change { active, limit, auto_disable } = throttle.set;
        throttle.set = Change {
            active: active.filter(|_| seen.active != throttle.own.active),
            limit: limit.filter(|_| seen.limit != throttle.own.limit),
            auto_disable: auto_disable.filter(|_| seen.auto_disable != throttle.own.auto_disable),
        };
    }
    let believed = throttle.set.on(throttle.own);
    let mut changed = Vec::new();
    let mut is_raised = false;
    if seen.active != believed.active {
        throttle.own.active = seen.active;
        throttle.set.active = None;
        is_raised |= seen.active;
        changed.push(if seen.active { "made active" } else { "disabled" }.to_owned());
    }
    if seen.limit != believed.limit {
        throttle.own.limit = seen.limit;
        throttle.set.limit = None;
        is_raised |= height(seen.limit) > height(believed.limit);
        changed.push(format!("{} instead of {}", in_words(seen.limit), in_words(believed.limit)));
    }
    if seen.auto_disable != believed.auto_disable {
        throttle.own.auto_disable = seen.auto_disable;
        throttle.set.auto_disable = None;
        is_raised |= seen.auto_disable == Some(false);
        let does = if seen.auto_disable == Some(true) { "is" } else { "is not" };
        changed.push(format!("the vendor {does} to cut off at it"));
    }
    if changed.is_empty() {
        return None;
    }
    let mut released = Vec::new();
    if is_raised {
        let is_raised_above = |ceiling| match ceiling {
            Ceiling::Frozen => seen.active,
            Ceiling::Limit(bytes) => {
                u128::from(bytes.0) < height(seen.limit) || seen.auto_disable == Some(false)
            }
        };
        released = let_go(throttle, is_raised_above);
    }
    if throttle.wanted().limit == throttle.own.limit {
        // The flag belongs to the limit: whoever set the one has seen the other.
        throttle.own.auto_disable = seen.auto_disable;
        throttle.set.auto_disable = None;
    }
    Some(Adopted { words: changed.join(", "), released })
}

fn height(limit: Option<Limit>) -> u128 {
    match limit {
        Some(Limit::Blocked) => 0,
        Some(Limit::Bytes(Bytes(bytes))) => u128::from(bytes),
        Some(Limit::Unlimited) | None => u128::MAX,
    }
}

fn in_words(limit: Option<Limit>) -> String {
    limit.map_or_else(|| "no limit told".to_owned(), super::record::limit_in_words)
}

fn let_go(throttle: &mut Throttle, is: impl Fn(Ceiling) -> bool) -> Vec<By> {
    let gone: Vec<By> =
        throttle.holds.iter().filter(|hold| is(hold.ceiling)).map(|hold| hold.by.clone()).collect();
    throttle.holds.retain(|hold| !is(hold.ceiling));
    gone
}

impl Turn<'_, '_> {
    /// Takes over what people changed of what we wrote.
    pub(super) fn notice_people(&mut self) {
        for (mut throttle, seen) in self.seen() {
            let before = throttle.clone();
            if let Some(adopted) = adopt(&mut throttle, &seen) {
                self.delta.entries.push(entry(&before, &adopted, seen, self.scene.now));
                self.let_go_of(&throttle, &adopted.released);
            }
            if throttle != before {
                self.put_throttle(throttle);
            }
        }
    }

    /// What a person raised is not lowered again in this period, and needs no restore.
    fn let_go_of(&mut self, throttle: &Throttle, released: &[By]) {
        let concerned = |action: &&Action| {
            action.who.key == throttle.who.key && released.contains(&action.by) && !action.stage.is_open()
        };
        let actions: Vec<Action> = self.actions.values().filter(concerned).cloned().collect();
        for mut action in actions {
            if !action.stage.is_ended() {
                self.end(action, End::Person, "a person changed the record");
            } else if action.stage == Stage::Ended(End::Confirmed) && !action.latched && action.is_cap() {
                action.latched = true;
                self.put(action);
            }
        }
    }
}

/// The audit's line of what a person did.
pub(super) fn entry(before: &Throttle, adopted: &Adopted, seen: Record, now: jiff::Timestamp) -> Entry {
    let released: Vec<String> = adopted.released.iter().map(ToString::to_string).collect();
    let words = if released.is_empty() {
        format!("changed at the vendor: {}", adopted.words)
    } else {
        format!("changed at the vendor: {}; no longer held by {}", adopted.words, released.join(", "))
    };
    Entry {
        at: now,
        action: None,
        account: before.account.clone(),
        name: before.who.name.clone(),
        by: "a person at the vendor".into(),
        step: "person",
        words,
        before: Some(before.set.on(before.own)),
        after: Some(seen),
    }
}
