//! An outbox in memory, which outlives couriers.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::domain::outbox::{Change, Delivery, DeliveryId, Posting};
use crate::notify::{Lane, Outbox};

/// Ends a process at a step: whatever comes to it never goes on.
#[derive(Debug)]
pub(super) struct Fuse {
    left: AtomicI64,
    pub(super) blown: CancellationToken,
}

impl Fuse {
    pub(super) fn after(steps: i64) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(steps), blown: CancellationToken::new() })
    }

    pub(super) fn never() -> Arc<Self> {
        Self::after(i64::MAX)
    }

    pub(super) fn blow_after(&self, steps: i64) {
        self.left.store(steps, Ordering::SeqCst);
    }

    pub(super) async fn step(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.blown.cancel();
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) delivery: Delivery,
    pub(super) state: &'static str,
    pub(super) answer: String,
    /// A try began, and nobody has said how it ended.
    begun: bool,
}

/// What is saved.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    rows: Mutex<Vec<Row>>,
    pub(super) saves: Mutex<Vec<Vec<Change>>>,
    pub(super) looks: AtomicUsize,
    /// Saves that fail from now on.
    pub(super) failing: AtomicUsize,
}

impl Shelf {
    pub(super) fn post(&self, posting: &Posting) {
        let mut rows = self.rows.lock().unwrap();
        for recipient in &posting.recipients {
            let delivery = Delivery {
                id: DeliveryId(rows.len() as i64 + 1),
                notice: posting.id.clone(),
                receiver: posting.receiver.clone(),
                recipient: recipient.clone(),
                thread: posting.thread.clone(),
                episode: posting.episode.clone(),
                at: posting.at,
                waits_since: posting.at,
                tries: 0,
                due: posting.due,
                maybe: false,
                fell_back: false,
                stands_in: posting.stands_for.is_some(),
                message: posting.message.clone(),
                body: None,
            };
            rows.push(Row { delivery, state: "pending", answer: String::new(), begun: false });
        }
    }

    pub(super) fn edit(&self, id: usize, change: impl FnOnce(&mut Delivery)) {
        change(&mut self.rows.lock().unwrap()[id - 1].delivery);
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.rows.lock().unwrap().clone()
    }

    pub(super) fn pending(&self) -> usize {
        self.rows().iter().filter(|row| row.state == "pending").count()
    }

    /// "1 delivered: ok", by the number of each delivery.
    pub(super) fn ends(&self) -> Vec<String> {
        let say = |row: &Row| format!("{} {}: {}", row.delivery.id.0, row.state, row.answer);
        self.rows().iter().map(say).collect()
    }

    fn apply(&self, change: &Change) {
        if let Change::FallBack { ids, posting } = change {
            for row in self.rows.lock().unwrap().iter_mut().filter(|row| ids.contains(&row.delivery.id)) {
                row.delivery.fell_back = true;
            }
            self.post(posting);
            return;
        }
        let mut rows = self.rows.lock().unwrap();
        let at = |id: &DeliveryId| usize::try_from(id.0 - 1).unwrap();
        match change.clone() {
            Change::Begin { id, body, message, replaces, waits_since, tries } => {
                for id in &replaces {
                    let row = &mut rows[at(id)];
                    assert_eq!(row.state, "pending", "{change:?}");
                    assert!(!row.delivery.maybe, "what may have arrived is replaced: {change:?}");
                    row.state = "superseded";
                }
                let row = &mut rows[at(&id)];
                assert_eq!(row.state, "pending", "{change:?}");
                let delivery = &mut row.delivery;
                assert!(!delivery.maybe || delivery.body.as_ref() == Some(&body), "{change:?}");
                delivery.message = message.unwrap_or(delivery.message.clone());
                (delivery.body, delivery.waits_since, delivery.tries) = (Some(body), waits_since, tries + 1);
                row.begun = true;
            }
            Change::Fail { id, due, maybe, answer, .. } => {
                let row = &mut rows[at(&id)];
                assert_eq!(row.state, "pending", "{change:?}");
                (row.begun, row.answer) = (false, answer);
                row.delivery.due = due;
                row.delivery.maybe |= maybe;
            }
            Change::Deliver { id, answer, .. } | Change::Bury { id, answer, .. } => {
                let is_taken = matches!(change, Change::Deliver { .. });
                let row = &mut rows[at(&id)];
                assert_eq!(row.state, "pending", "{change:?}");
                row.state = if is_taken { "delivered" } else { "dead" };
                (row.begun, row.answer, row.delivery.body) = (false, answer, None);
            }
            Change::FallBack { .. } | Change::Release { .. } => {}
        }
    }

    fn waiting(&self, receiver: &str, busy: &[Lane]) -> Vec<Delivery> {
        let waits = |row: &Row| {
            row.state == "pending"
                && &*row.delivery.receiver == receiver
                && !busy.contains(&Lane::of(&row.delivery))
        };
        let say = |row: Row| Delivery { maybe: row.delivery.maybe || row.begun, ..row.delivery };
        self.rows().into_iter().filter(waits).map(say).collect()
    }
}

/// The outbox as one process sees it.
pub(super) struct Window {
    pub(super) shelf: Arc<Shelf>,
    pub(super) fuse: Arc<Fuse>,
}

#[async_trait]
impl Outbox for Window {
    async fn due(&self, receiver: &str, now: Timestamp, lanes: usize, busy: &[Lane]) -> Vec<Vec<Delivery>> {
        self.fuse.step().await;
        self.shelf.looks.fetch_add(1, Ordering::SeqCst);
        let mut found: Vec<(Lane, Vec<Delivery>)> = Vec::new();
        for delivery in self.shelf.waiting(receiver, busy) {
            let lane = Lane::of(&delivery);
            match found.iter_mut().find(|(other, _)| *other == lane) {
                Some((_, deliveries)) => deliveries.push(delivery),
                None => found.push((lane, vec![delivery])),
            }
        }
        found.retain(|(_, deliveries)| deliveries.iter().any(|delivery| delivery.due <= now));
        found.into_iter().take(lanes).map(|(_, lane)| lane.into_iter().take(200).collect()).collect()
    }

    async fn next_due(&self, receiver: &str, busy: &[Lane]) -> Option<Timestamp> {
        self.fuse.step().await;
        self.shelf.waiting(receiver, busy).iter().map(|delivery| delivery.due).min()
    }

    async fn save(&self, changes: Vec<Change>) -> bool {
        self.fuse.step().await;
        let fails = self.shelf.failing.load(Ordering::SeqCst);
        if fails > 0 {
            self.shelf.failing.store(fails - 1, Ordering::SeqCst);
            return false;
        }
        for change in &changes {
            self.shelf.apply(change);
        }
        self.shelf.saves.lock().unwrap().push(changes);
        self.fuse.step().await;
        true
    }
}
