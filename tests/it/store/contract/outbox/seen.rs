//! All that can be seen of an outbox, and what always holds of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proxymeter::domain::outbox::{Backlog, Delivery, ThreadState, Told};
use proxymeter::store::Store;

/// All that can be seen.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) waiting: BTreeMap<String, Vec<Vec<Delivery>>>,
    pub(super) told: Vec<Told>,
    pub(super) backlog: Vec<Backlog>,
    threads: Vec<ThreadState>,
}

impl Seen {
    /// Looks, and checks that the parts agree.
    pub(super) async fn of(store: &dyn Store) -> Self {
        let told = store.told(None, Timestamp::MIN, usize::MAX).await.unwrap();
        let backlog = store.backlog().await.unwrap();
        let mut waiting = BTreeMap::new();
        for told in &told {
            let lanes = store.due(&told.receiver, Timestamp::MAX, usize::MAX, &[]).await.unwrap();
            waiting.insert(told.receiver.to_string(), lanes);
        }
        for (receiver, lanes) in &waiting {
            let all: Vec<_> = lanes.iter().flatten().collect();
            let next = all.iter().map(|one| one.due).min();
            assert_eq!(store.next_due(receiver, &[]).await.unwrap(), next, "{lanes:#?}");
            let of_one = Backlog {
                receiver: receiver.as_str().into(),
                pending: all.len() as u64,
                oldest: all.iter().map(|one| one.waits_since).min().unwrap_or_default(),
            };
            assert_eq!(
                backlog.iter().find(|one| *one.receiver == **receiver),
                (!all.is_empty()).then_some(&of_one)
            );
            let pending =
                told.iter().filter(|one| *one.receiver == **receiver && one.state == "pending").count();
            assert_eq!(pending, all.len());
            for lane in lanes {
                assert!(lane.is_sorted_by(|one, next| one.id < next.id), "oldest first");
                let of_one = |one: &Delivery| (one.recipient.clone(), one.thread.clone());
                assert!(lane.iter().all(|one| of_one(one) == of_one(&lane[0])), "one lane");
            }
            let dues: Vec<_> =
                lanes.iter().map(|lane| lane.iter().map(|one| one.due).min().unwrap()).collect();
            assert!(dues.is_sorted(), "the longest due first: {dues:?}");
        }
        Self { waiting, told, backlog, threads: store.threads().await.unwrap() }
    }
}
