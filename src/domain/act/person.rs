//! What a person changed at the vendor: respected, and told.

use jiff::SignedDuration;

use super::action::{Action, End, Stage};
use super::books::Entry;
use super::hold::{By, Ceiling, Throttle};
use super::record::Record;
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

/// Takes over what a record says: a field that we did not write is the person's own, and one that is not as we wrote it
/// was changed by a person. Raising lets go of every ceiling that would lower it again.
pub(super) fn adopt(throttle: &mut Throttle, seen: &Record) -> Option<Adopted> {
    let set = throttle.set;
    let mut changed = Vec::new();
    let mut released = Vec::new();
    match set.active {
        Some(active) if seen.active != active => {
            throttle.own.active = seen.active;
            throttle.set.active = None;
            changed.push(if seen.active { "made active".to_owned() } else { "disabled".to_owned() });
            if seen.active {
                released.extend(let_go(throttle, |ceiling| ceiling == Ceiling::Frozen));
            }
        }
        Some(_) => {}
        None => throttle.own.active = seen.active,
    }
    let height = |limit: Option<Limit>| match limit {
        Some(Limit::Blocked) => 0,
        Some(Limit::Bytes(Bytes(bytes))) => u128::from(bytes),
        Some(Limit::Unlimited) | None => u128::MAX,
    };
    match set.limit {
        Some(limit) if seen.limit != Some(limit) => {
            throttle.own.limit = seen.limit;
            throttle.set.limit = None;
            changed.push(format!(
                "{} instead of {}",
                seen.limit.map_or_else(|| "no limit told".to_owned(), super::record::limit_in_words),
                super::record::limit_in_words(limit)
            ));
            if height(seen.limit) > height(Some(limit)) {
                let is_below = |ceiling| match ceiling {
                    Ceiling::Limit(bytes) => u128::from(bytes.0) < height(seen.limit),
                    Ceiling::Frozen => false,
                };
                released.extend(let_go(throttle, is_below));
            }
        }
        Some(_) => {}
        None => throttle.own.limit = seen.limit,
    }
    match set.auto_disable {
        Some(flag) if seen.auto_disable != Some(flag) => {
            throttle.own.auto_disable = seen.auto_disable;
            throttle.set.auto_disable = None;
            changed.push("the vendor is not to cut off at it".to_owned());
            released.extend(let_go(throttle, |ceiling| matches!(ceiling, Ceiling::Limit(_))));
        }
        Some(_) => {}
        None => throttle.own.auto_disable = seen.auto_disable,
    }
    (!changed.is_empty()).then(|| Adopted { words: changed.join(", "), released })
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
