//! Telling another in a receiver's place: once a notice, however many of its recipients cannot be told.

use std::collections::{BTreeMap, VecDeque};

use super::landing::{End, Landed};
use super::{Fallback, Receiver};
use crate::domain::outbox::{Change, Delivery, DeliveryId, NoticeId};
use crate::notify::message::{Content, Message, Operation, Severity, Trouble, VERSION};

/// Notices that are remembered to have fallen back.
const REMEMBERED: usize = 1_000;

/// The notices of a receiver that another was told of, the newest ones.
#[derive(Debug, Default)]
pub(super) struct Fallen(VecDeque<NoticeId>);

impl Fallen {
    pub(super) fn remember(&mut self, notices: Vec<NoticeId>) {
        self.0.extend(notices);
        let over = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..over);
    }

    fn contains(&self, notice: &NoticeId) -> bool {
        self.0.contains(notice)
    }
}

/// What falls back of what has landed.
#[derive(Debug, Default)]
pub(super) struct FallBacks {
    /// To be saved beside what led to it.
    pub(super) changes: Vec<Change>,
    /// The notices.
    pub(super) notices: Vec<NoticeId>,
    /// How many deliveries they are of.
    pub(super) deliveries: usize,
}

/// Makes the fallback's postings.
pub(super) fn of(landed: &[Landed], receiver: &Receiver, fallen: &Fallen) -> FallBacks {
    let mut found = FallBacks::default();
    let Some(Fallback { post, .. }) = &receiver.fallback else { return found };
    let mut notices: BTreeMap<&NoticeId, (Vec<DeliveryId>, &Delivery, &str)> = BTreeMap::new();
    for one in landed {
        let reason = match &one.end {
            End::Buried { answer } | End::Failed { answer, is_too_late: true, .. } => answer.as_str(),
            End::Behind { is_too_late: true, .. } => "an older notice is not taken",
            _ => continue,
        };
        if !one.may_fall_back.is_empty() && !fallen.contains(&one.delivery.notice) {
            let (ids, ..) =
                notices.entry(&one.delivery.notice).or_insert_with(|| (Vec::new(), &one.delivery, reason));
            ids.extend(&one.may_fall_back);
        }
    }
    for (notice, (ids, delivery, reason)) in notices {
        let posting = post(delivery, &message(delivery), reason);
        found.deliveries += ids.len();
        found.notices.push(notice.clone());
        found.changes.push(Change::FallBack { ids, posting: Box::new(posting) });
    }
    found
}

/// The message of a delivery; of one that this version cannot read, what can be made out of it.
fn message(delivery: &Delivery) -> Message {
    if let Ok(message) = read(&delivery.message) {
        return message;
    }
    let loose: serde_json::Value = serde_json::from_str(&delivery.message).unwrap_or_default();
    let severity = loose.get("severity").cloned().and_then(|word| serde_json::from_value(word).ok());
    let title = loose.get("title").and_then(|title| title.as_str());
    let title = title.unwrap_or("a notice that this version of proxymeter cannot read").to_owned();
    let trouble = Trouble { key: format!("unreadable:{}", delivery.notice), line: title.clone() };
    Message {
        version: VERSION,
        at: delivery.at,
        severity: severity.unwrap_or(Severity::Warning),
        title,
        link: None,
        content: Content::Operation(Operation { troubles: vec![trouble], more: 0 }),
    }
}

/// A message that this version knows all of.
///
/// # Errors
/// Why it does not.
pub(super) fn read(text: &str) -> Result<Message, String> {
    let message = Message::from_json(text).map_err(|error| {
        format!("the saved message cannot be read by this version of proxymeter: {error}")
    })?;
    if message.version > VERSION {
        return Err(format!(
            "the saved message is of version {}, of which this proxymeter knows nothing; run the newer one again",
            message.version
        ));
    }
    Ok(message)
}
