//! The outbox as the courier has it: the store of this process, as long as it can be used.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::app::decide::Keeping;
use crate::domain::outbox::{Change, Delivery};
use crate::notify::{Lane, Outbox};
use crate::store::error::StoreError;

/// The store's outbox.
pub(super) struct OfStore(pub(super) Arc<Keeping>);

fn pairs(busy: &[Lane]) -> Vec<(Arc<str>, String)> {
    busy.iter().map(|lane| (lane.recipient.clone(), lane.thread.clone())).collect()
}

/// What the store cannot do is told by the decider, which meets the same at its next look.
fn told<T>(problem: &StoreError) -> Option<T> {
    tracing::debug!("the outbox cannot be used: {problem}");
    None
}

#[async_trait]
impl Outbox for OfStore {
    async fn due(&self, receiver: &str, now: Timestamp, lanes: usize, busy: &[Lane]) -> Vec<Vec<Delivery>> {
        let Some(store) = self.0.decisions() else { return Vec::new() };
        let found = store.due(receiver, now, lanes, &pairs(busy)).await;
        found.or_else(|problem| told(&problem).ok_or(problem)).unwrap_or_default()
    }

    async fn next_due(&self, receiver: &str, busy: &[Lane]) -> Option<Timestamp> {
        let store = self.0.decisions()?;
        store.next_due(receiver, &pairs(busy)).await.unwrap_or_else(|problem| told(&problem))
    }

    async fn save(&self, changes: Vec<Change>) -> bool {
        let Some(store) = self.0.decisions() else { return false };
        match store.save_outbox(&changes).await {
            Ok(()) => true,
            Err(problem) => {
                tracing::warn!("what became of notices cannot be saved, and is tried again: {problem}");
                false
            }
        }
    }
}
