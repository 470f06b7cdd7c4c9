//! Trouble with the store itself: told past the outbox, since there is nowhere to save it, and tried for a while.

use std::sync::Arc;

use super::{Telling, Threads};
use crate::domain::budget::threshold::Severity;
use crate::domain::notice::{Trouble, of_operation};
use crate::domain::outbox::Posting;
use crate::notify::message::Message;
use crate::notify::{Envelope, Notifier, Parcel, schedule};

/// So often something is tried that no restart would know of: for some ten minutes.
const TRIES: u32 = 8;

impl Telling {
    /// Tells the operator of something that cannot be saved.
    pub(in crate::app) fn tell_unsaved(self: &Arc<Self>, severity: Severity, line: String) {
        let ways = self.ways.load_full();
        let trouble = Trouble { key: "store".to_owned(), line };
        let notices = of_operation(&ways.operator, severity, vec![trouble]);
        let now = self.watch.clock.now();
        for posting in ways.addresses.post(&notices, &Threads::default(), now) {
            let Some(way) = ways.built.get(&posting.receiver) else { continue };
            for recipient in &posting.recipients {
                let notifier = way.notifier.clone();
                let (telling, posting, recipient) = (self.clone(), posting.clone(), recipient.clone());
                tokio::spawn(async move { telling.insist(&*notifier, &posting, &recipient).await });
            }
        }
    }

    async fn insist(&self, notifier: &dyn Notifier, posting: &Posting, recipient: &str) {
        let Posting { id, episode, receiver, at, .. } = posting;
        let envelope = Envelope { id, episode, recipient, at: *at };
        let body = Message::from_json(&posting.message)
            .map_err(|error| error.to_string())
            .and_then(|message| notifier.render(&message, &envelope).map_err(|error| error.to_string()));
        let body = match body {
            Ok(body) => body,
            Err(problem) => {
                tracing::error!(%receiver, "trouble with the store cannot be told: {problem}");
                return;
            }
        };
        for tries in 1..=TRIES {
            let parcel = Parcel { id, recipient, body: &body, now: self.watch.clock.now() };
            let Err(problem) = notifier.send(&parcel).await else { return };
            if !problem.is_retryable() || tries == TRIES {
                tracing::error!(%receiver, "trouble with the store could not be told: {problem}");
                return;
            }
            tokio::time::sleep(schedule::pause(tries, None, fastrand::f64())).await;
        }
    }
}
