//! What a try led to, and what the outbox is told of it.

use std::time::Duration;

use jiff::Timestamp;

use super::fallback::{self, FallBacks, Fallen};
use super::take::Begun;
use super::{Receiver, later};
use crate::domain::outbox::{Change, Delivery, DeliveryId, Outcome};
use crate::notify::error::NotifyError;
use crate::notify::{Lane, schedule};

/// What waits to be saved of a lane; until then the lane is busy.
#[derive(Debug)]
pub(super) struct Landed {
    /// The lane.
    pub(super) lane: Lane,
    /// What ended: one, or several that were given up together.
    ids: Vec<DeliveryId>,
    /// Those of it for which another may be told.
    pub(super) may_fall_back: Vec<DeliveryId>,
    /// The newest of it, with the message of all.
    pub(super) delivery: Delivery,
    at: Timestamp,
    /// How.
    pub(super) end: End,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Taken.
    Delivered {
        /// What was said.
        answer: String,
    },
    /// Not taken, and tried again.
    Failed {
        /// When.
        due: Timestamp,
        /// Whether a try may have been taken.
        maybe: bool,
        /// What was said.
        answer: String,
        /// Whether it takes longer than the fallback waits.
        is_too_late: bool,
    },
    /// Given up.
    Buried {
        /// Why.
        answer: String,
    },
    /// Begun, but not sent.
    Unsent,
    /// Not tried, as what comes before it failed.
    Behind {
        /// When that is tried again.
        due: Timestamp,
        /// Whether it takes longer than the fallback waits.
        is_too_late: bool,
    },
}

impl Landed {
    /// The end of a try.
    pub(super) fn of(begun: &Begun, at: Timestamp, end: End) -> Self {
        Self::of_many(std::slice::from_ref(&begun.delivery), begun.delivery.clone(), at, end)
    }

    /// The end of several of a lane.
    pub(super) fn of_many(all: &[Delivery], newest: Delivery, at: Timestamp, end: End) -> Self {
        let falls = all.iter().filter(|delivery| !delivery.fell_back && !delivery.stands_in);
        Self {
            lane: Lane::of(&newest),
            ids: all.iter().map(|delivery| delivery.id).collect(),
            may_fall_back: falls.map(|delivery| delivery.id).collect(),
            delivery: newest,
            at,
            end,
        }
    }
}

/// What an answer leads to, for what was sent and what waits behind it; `chance` is a number from 0 to 1.
pub(super) fn judge(
    receiver: &Receiver,
    begun: &Begun,
    result: Result<String, NotifyError>,
    now: Timestamp,
    chance: f64,
) -> Vec<Landed> {
    let Begun { delivery, behind, .. } = begun;
    let (answer, asked, maybe) = match result {
        Ok(answer) => return vec![Landed::of(begun, now, End::Delivered { answer })],
        Err(error @ (NotifyError::Refused(_) | NotifyError::Gone(_))) => {
            return vec![Landed::of(begun, now, End::Buried { answer: error.to_string() })];
        }
        Err(NotifyError::Later { answer, retry_after }) => (answer, retry_after, delivery.maybe),
        Err(error @ NotifyError::Unknown(_)) => (error.to_string(), None, true),
    };
    let own = falls_back_at(receiver, std::slice::from_ref(delivery));
    let others = behind.as_ref().and_then(|behind| falls_back_at(receiver, &behind.deliveries));
    // The fallback is told once a try at its moment has failed, or at once where none may be made so soon.
    let earliest = asked_for(now, asked);
    let pause = later(now, schedule::pause(delivery.tries.saturating_add(1), asked, chance));
    let moments = own.into_iter().chain(others).filter(|moment| *moment > now && *moment >= earliest);
    let due = moments.fold(pause, Timestamp::min);
    let is_too_late =
        |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= now || moment < earliest);
    let end = End::Failed { due, maybe, answer, is_too_late: is_too_late(own) };
    let mut landed = vec![Landed::of(begun, now, end)];
    if let Some(behind) = behind {
        let end = End::Behind { due, is_too_late: is_too_late(others) };
        landed.push(Landed::of_many(&behind.deliveries, behind.newest.clone(), now, end));
    }
    landed
}

/// Until when the other side wants to hear nothing.
pub(super) fn asked_for(now: Timestamp, asked: Option<Duration>) -> Timestamp {
    later(now, asked.unwrap_or_default().min(schedule::MOST_ASKED))
}

/// When another is told in its place, if it is not taken before.
fn falls_back_at(receiver: &Receiver, deliveries: &[Delivery]) -> Option<Timestamp> {
    let fallback = receiver.fallback.as_ref()?;
    let may = deliveries.iter().filter(|delivery| !delivery.fell_back && !delivery.stands_in);
    may.map(|delivery| later(delivery.waits_since, fallback.after)).min()
}

/// What is saved together, and what is to be said of it once it is.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// For the outbox.
    pub(super) changes: Vec<Change>,
    /// For the observer.
    pub(super) outcomes: Vec<Outcome>,
    /// Notices of which another is told.
    pub(super) fallen: Vec<crate::domain::outbox::NoticeId>,
}

/// The changes of all that has landed.
pub(super) fn group(landed: &[Landed], receiver: &Receiver, fallen: &Fallen) -> Group {
    let mut found = Group::default();
    for one in landed {
        let outcome = match &one.end {
            End::Delivered { .. } => Some(Outcome::Delivered),
            End::Failed { .. } => Some(Outcome::Retried),
            End::Buried { .. } => Some(Outcome::Dead),
            End::Unsent | End::Behind { .. } => None,
        };
        for id in &one.ids {
            found.changes.push(one.change(*id));
            found.outcomes.extend(outcome);
        }
    }
    let FallBacks { changes, notices, deliveries } = fallback::of(landed, receiver, fallen);
    found.changes.extend(changes);
    found.outcomes.extend(std::iter::repeat_n(Outcome::Fallback, deliveries));
    found.fallen = notices;
    found
}

impl Landed {
    fn change(&self, id: DeliveryId) -> Change {
        let (at, delivery) = (self.at, &self.delivery);
        match self.end.clone() {
            End::Delivered { answer } => Change::Deliver { id, at, answer },
            End::Failed { due, maybe, answer, .. } => Change::Fail { id, at, due, maybe, answer },
            End::Buried { answer } => Change::Bury { id, at, answer },
            // As due as what it waits for: news alone make that be tried sooner.
            End::Behind { due, .. } => {
                let answer = "waits for an older one".to_owned();
                Change::Fail { id, at, due, maybe: false, answer }
            }
            End::Unsent => {
                let answer = "held back before it was sent".to_owned();
                Change::Fail { id, at, due: delivery.due, maybe: delivery.maybe, answer }
            }
        }
    }

    /// Says once how it ended, where that is saved.
    pub(super) fn log(&self) {
        let Delivery { receiver, recipient, notice, .. } = &self.delivery;
        let (receiver, recipient) = (&**receiver, &**recipient);
        match &self.end {
            End::Delivered { answer } => {
                tracing::debug!(receiver, recipient, notice = %notice, "a notice was taken: {answer}");
            }
            End::Failed { due, answer, .. } => {
                tracing::info!(receiver, recipient, notice = %notice, due = %due, "a notice was not taken, and is tried again: {answer}");
            }
            End::Buried { answer } => {
                tracing::warn!(receiver, recipient, notice = %notice, notices = self.ids.len(), "a notice is given up: {answer}");
            }
            End::Unsent | End::Behind { .. } => {}
        }
    }
}
