//! How a receiver's task ends: what is begun and not sent is free again, and what is under way has its grace.

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Done, Runner};
use crate::notify::courier::GRACE;
use crate::notify::courier::landing::{self, End, Group, Landed};
use crate::notify::error::NotifyError;

impl Runner {
    /// Ends what is begun and not sent: given up where the receiver is off, else free to be begun again.
    pub(super) fn hold_back(&mut self) {
        let now = self.shared.now();
        let end = match &self.off {
            Some(reason) => End::Buried { answer: reason.clone() },
            None => End::Unsent,
        };
        for begun in std::mem::take(&mut self.ready) {
            self.gather(Landed::of(&begun, now, end.clone()));
        }
    }

    pub(super) fn begin_to_end(&mut self) {
        self.ends = Some(Instant::now() + GRACE);
        self.hold_back();
    }

    /// The grace is over: what is under way may have been taken.
    pub(super) async fn give_up(&mut self, asking: Option<BoxFuture<'static, Done>>) {
        if let Some(asking) = asking {
            // A save under way is not cut in two; one that hangs is the store's trouble.
            if let Ok(done) = tokio::time::timeout(GRACE, asking).await {
                self.done(done);
            }
        }
        self.flying.clear();
        for begun in std::mem::take(&mut self.aloft).into_values() {
            self.land(&begun, Err(NotifyError::Unknown("proxymeter stopped before it ended".to_owned())));
        }
        self.landed.append(&mut self.saving);
        let Group { changes, outcomes, fallen } = landing::group(&self.landed, &self.receiver, &self.fallen);
        let save = self.shared.outbox.save(changes);
        if tokio::time::timeout(GRACE, save).await.unwrap_or(false) {
            self.saving = std::mem::take(&mut self.landed);
            self.saved(outcomes, fallen);
        } else {
            let unsaved = self.landed.len();
            tracing::warn!(
                receiver = &*self.receiver.name,
                unsaved,
                "stopped with results that could not be saved; these notices are sent again"
            );
        }
    }
}
