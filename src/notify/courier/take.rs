//! What is to be sent next: lanes that are due, each made one parcel, saved as begun before any of them leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;

use super::landing::{End, Landed};
use super::{Receiver, Shared, fallback, later};
use crate::domain::outbox::{Change, Delivery};
use crate::notify::message::{self, Message};
use crate::notify::{Envelope, Lane};

/// Something that is saved as begun.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its lane.
    pub(super) lane: Lane,
    /// The delivery as the outbox has it now, with what it has of those it replaced.
    pub(super) delivery: Delivery,
    /// Its bytes.
    pub(super) body: Vec<u8>,
    /// What is due too, but has to come after it.
    pub(super) behind: Option<Behind>,
}

/// What waits for something before it in its lane.
#[derive(Debug)]
pub(super) struct Behind {
    /// All of it, without messages.
    pub(super) deliveries: Vec<Delivery>,
    /// The newest of it, with the message of all for which another may be told.
    pub(super) newest: Delivery,
}

impl Behind {
    fn of(rest: &[Delivery], now: Timestamp) -> Option<Self> {
        let due: Vec<&Delivery> = rest.iter().filter(|delivery| delivery.due <= now).collect();
        let may_fall = |delivery: &&&Delivery| !delivery.fell_back && !delivery.stands_in;
        let falls: Vec<&Delivery> = due.iter().filter(may_fall).copied().collect();
        let mut newest = Delivery::clone(falls.last().or(due.last())?);
        let messages = falls.iter().filter_map(|delivery| fallback::read(&delivery.message).ok());
        if let Some(message) = message::fold(messages.collect()) {
            newest.message = message.to_json();
        }
        let slim = |delivery: &&Delivery| Delivery {
            message: String::new(),
            body: None,
            ..Delivery::clone(delivery)
        };
        Some(Self { deliveries: due.iter().map(slim).collect(), newest })
    }
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Look {
    /// At most that many lanes.
    pub(super) room: usize,
    /// But not these.
    pub(super) busy: Vec<Lane>,
    /// Why nothing is sent any more.
    pub(super) off: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Taken {
    /// To be sent.
    pub(super) begun: Vec<Arc<Begun>>,
    /// To be given up without a try.
    pub(super) doomed: Vec<Landed>,
    /// How many were replaced by what was begun.
    pub(super) replaced: usize,
    /// Whether there may be more.
    pub(super) is_full: bool,
    /// When to look again, where there is no more.
    pub(super) next: Option<Timestamp>,
    /// Whether it is saved; nothing is begun otherwise.
    pub(super) is_saved: bool,
}

/// Finds what is due and saves that it begins.
pub(super) async fn take(shared: Arc<Shared>, receiver: Arc<Receiver>, look: Look) -> Taken {
    let now = shared.now();
    let Look { room, mut busy, off } = look;
    let lanes = shared.outbox.due(&receiver.name, now, room, &busy).await;
    let is_full = lanes.len() >= room;
    busy.extend(lanes.iter().filter_map(|lane| lane.first()).map(Lane::of));
    let made = {
        let receiver = receiver.clone();
        // A mail with a chart takes milliseconds to make; whoever serves a scrape does not wait for that.
        let make =
            move || lanes.into_iter().filter_map(|lane| fate(&receiver, lane, now, off.as_deref())).collect();
        tokio::task::spawn_blocking(make).await
    };
    let nothing = |is_saved| Taken {
        begun: Vec::new(),
        doomed: Vec::new(),
        replaced: 0,
        is_full: false,
        next: None,
        is_saved,
    };
    let fates: Vec<Fate> = match made {
        Ok(fates) => fates,
        Err(error) => {
            tracing::error!(receiver = &*receiver.name, error = %error, "nothing could be made of what is due");
            return nothing(false);
        }
    };
    let (mut taken, mut changes) = (Taken { is_full, ..nothing(true) }, Vec::new());
    for fate in fates {
        match fate {
            Fate::Begin { begun, begin, replaced } => {
                changes.push(begin);
                taken.replaced += replaced;
                taken.begun.push(Arc::new(*begun));
            }
            Fate::Doomed(landed) => taken.doomed.push(*landed),
        }
    }
    if !changes.is_empty() && !shared.outbox.save(changes).await {
        return nothing(false);
    }
    if !is_full {
        taken.next = shared.outbox.next_due(&receiver.name, &busy).await;
    }
    taken
}

/// What becomes of a lane.
enum Fate {
    Begin { begun: Box<Begun>, begin: Change, replaced: usize },
    Doomed(Box<Landed>),
}

fn doomed(
    deliveries: &[Delivery],
    message: Option<&Message>,
    now: Timestamp,
    answer: String,
) -> Option<Fate> {
    let mut newest = deliveries.last()?.clone();
    if let Some(message) = message {
        newest.message = message.to_json();
    }
    let end = End::Buried { answer };
    Some(Fate::Doomed(Box::new(Landed::of_many(deliveries, newest, now, end))))
}

fn fate(receiver: &Receiver, lane: Vec<Delivery>, now: Timestamp, off: Option<&str>) -> Option<Fate> {
    let head = lane.first()?;
    let part = match lane.iter().position(|delivery| delivery.maybe) {
        // What may have arrived goes again as it is, before all that came later, and is part of nothing else (F26).
        Some(0) => 1,
        maybe => {
            // What another was told in its place is not part of what that one may yet be told: it would hear it twice.
            let kind = |delivery: &Delivery| (delivery.stands_in, delivery.fell_back);
            let alike = lane.iter().position(|delivery| kind(delivery) != kind(head));
            maybe.unwrap_or(lane.len()).min(alike.unwrap_or(lane.len()))
        }
    };
    let (part, rest) = lane.split_at_checked(part)?;
    let (newest, older) = part.split_last()?;
    let again = newest.body.clone().filter(|_| older.is_empty());
    let mut messages = Vec::new();
    for delivery in part {
        match fallback::read(&delivery.message) {
            Ok(message) => messages.push(message),
            // Its bytes are all that is needed.
            Err(_) if again.is_some() => {}
            // The others of the lane come at the next look.
            Err(reason) => return doomed(std::slice::from_ref(delivery), None, now, reason),
        }
    }
    let message = message::fold(messages);
    if let Some(reason) = off {
        return doomed(part, message.as_ref(), now, reason.to_owned());
    }
    let tries = part.iter().map(|delivery| delivery.tries).max()?;
    // What was never tried is not too old: it may have been held back, or proxymeter may not have run.
    if tries > 0 && now > later(newest.at, receiver.give_up_after) {
        let reason = format!("given up after {} s without being taken", receiver.give_up_after.as_secs());
        return doomed(part, message.as_ref(), now, reason);
    }
    let body = match again {
        Some(body) => body,
        None => match render(receiver, message.as_ref()?, newest) {
            Ok(body) => body,
            Err(reason) => return doomed(part, message.as_ref(), now, reason),
        },
    };
    let waits_since = part.iter().map(|delivery| delivery.waits_since).min()?;
    let folded = message.filter(|_| !older.is_empty()).map(|message| message.to_json());
    let begin = Change::Begin {
        id: newest.id,
        body: body.clone(),
        message: folded.clone(),
        replaces: older.iter().map(|delivery| delivery.id).collect(),
        waits_since,
        tries,
    };
    let mut delivery = newest.clone();
    delivery.message = folded.unwrap_or(delivery.message);
    (delivery.waits_since, delivery.tries, delivery.body) = (waits_since, tries, None);
    let behind = Behind::of(rest, now);
    let begun = Box::new(Begun { lane: Lane::of(&delivery), delivery, body, behind });
    Some(Fate::Begin { begun, begin, replaced: older.len() })
}

fn render(receiver: &Receiver, message: &Message, newest: &Delivery) -> Result<Vec<u8>, String> {
    let envelope = Envelope {
        id: &newest.notice,
        episode: &newest.episode,
        recipient: &newest.recipient,
        at: newest.at,
    };
    // A bug in what makes one message must not stop all others of the receiver.
    match catch_unwind(AssertUnwindSafe(|| receiver.notifier.render(message, &envelope))) {
        Ok(made) => made.map_err(|error| format!("the message cannot be made: {error}")),
        Err(_) => Err("the message cannot be made, which is a bug".to_owned()),
    }
}
