//! The courier: one task a receiver takes what is due from the outbox, hands it over, and saves how that ended.
//!
//! Receivers know nothing of one another: one that hangs delays nobody else. What is saved before any byte leaves, and
//! what is never sent again under another id, is in `take`; what an answer leads to, in `landing`; the loop is `runner`.

mod fallback;
mod flight;
mod health;
mod landing;
mod runner;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::message::Message;
use super::{Notifier, Outbox};
use crate::domain::outbox::{Delivery, Outcome, Posting};
use runner::Runner;

/// How long what is under way may take to end, once the courier is to stop.
pub const GRACE: Duration = Duration::from_secs(10);

/// The longest that one try may take, whatever bounds its notifier has (F36).
pub const SEND_LIMIT: Duration = Duration::from_secs(60);

/// Tells the moment.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Makes what a fallback is told of a delivery, its message and why its own receiver was not told.
pub type Post = Arc<dyn Fn(&Delivery, &Message, &str) -> Posting + Send + Sync>;

/// Who is told in a receiver's place.
#[derive(Clone)]
pub struct Fallback {
    /// The other receiver.
    pub to: Arc<str>,
    /// How long something may wait before the other is told; a final refusal waits for nothing.
    pub after: Duration,
    /// What the other is told.
    pub post: Post,
}

/// Somebody to tell.
#[derive(Clone)]
pub struct Receiver {
    /// Its name.
    pub name: Arc<str>,
    /// Its way.
    pub notifier: Arc<dyn Notifier>,
    /// Who is told in its place.
    pub fallback: Option<Fallback>,
    /// How old something may get before it is given up.
    pub give_up_after: Duration,
    /// Whether it was gone for good before: all of its notices are given up.
    pub is_off: bool,
}

/// Hears how telling goes; must not block.
pub trait Observer: Send + Sync {
    /// Something ended so, and that is saved.
    fn ended(&self, receiver: &str, outcome: Outcome);

    /// A receiver takes nothing since then, with its last answer; or, with no moment, it takes what it is told. The
    /// latter also at the first success after a start, as who started it may not know how it was before.
    fn failing(&self, receiver: &str, since: Option<Timestamp>, words: &str);

    /// A receiver is gone for good, with its answer.
    fn gone(&self, receiver: &str, answer: &str);
}

/// Hands over what waits in the outbox.
///
/// Dropped, it ends where it stands, as a killed process would; [`Courier::close`] ends it with grace.
pub struct Courier {
    shared: Arc<Shared>,
    tasks: Mutex<Tasks>,
}

/// What every receiver's task works with.
struct Shared {
    outbox: Arc<dyn Outbox>,
    clock: Clock,
    observer: Arc<dyn Observer>,
    bells: Mutex<BTreeMap<Arc<str>, Bell>>,
}

#[derive(Default)]
struct Tasks {
    running: BTreeMap<Arc<str>, Task>,
    /// Those that end, and have no successor that waits for them.
    leaving: Vec<AbortOnDropHandle<()>>,
}

struct Task {
    stop: CancellationToken,
    handle: AbortOnDropHandle<()>,
}

/// Wakes a receiver's task, and says whether it has done all it was woken for.
type Bell = watch::Sender<Pulse>;

/// How often a task was woken, and how often it was when it last came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pulse {
    wanted: u64,
    settled: u64,
}

impl Shared {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn ring(&self, receiver: &str) {
        if let Some(bell) = locked(&self.bells).get(receiver) {
            ring(bell);
        }
    }
}

fn ring(bell: &Bell) {
    bell.send_modify(|pulse| pulse.wanted += 1);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The moment that much later.
fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl Courier {
    /// A courier without receivers.
    #[must_use]
    pub fn new(outbox: Arc<dyn Outbox>, clock: Clock, observer: Arc<dyn Observer>) -> Self {
        let shared = Shared { outbox, clock, observer, bells: Mutex::default() };
        Self { shared: Arc::new(shared), tasks: Mutex::default() }
    }

    /// Begins to tell a receiver, once what is under way to one of the same name has ended.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(&self, receiver: Receiver) {
        let name = receiver.name.clone();
        let bell = locked(&self.shared.bells)
            .entry(name.clone())
            .or_insert_with(|| watch::channel(Pulse { wanted: 0, settled: 0 }).0)
            .clone();
        let mut tasks = locked(&self.tasks);
        let before = tasks.running.remove(&name);
        if let Some(task) = &before {
            task.stop.cancel();
        }
        // After the stop: the one before must not take this for its own.
        ring(&bell);
        let stop = CancellationToken::new();
        let runner = Runner::new(self.shared.clone(), receiver, bell, stop.clone());
        let handle = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Some(task) = before {
                ended(task.handle).await;
            }
            runner.run().await;
        }));
        tasks.running.insert(name, Task { stop, handle });
    }

    /// Tells these receivers and no others from now on; what is under way may end.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn replace(&self, receivers: Vec<Receiver>) {
        {
            let mut tasks = locked(&self.tasks);
            let stays = |name: &Arc<str>| receivers.iter().any(|receiver| receiver.name == *name);
            let (running, gone) =
                std::mem::take(&mut tasks.running).into_iter().partition(|(name, _)| stays(name));
            tasks.running = running;
            tasks.leaving.retain(|handle| !handle.is_finished());
            let gone: BTreeMap<Arc<str>, Task> = gone;
            for (name, task) in gone {
                task.stop.cancel();
                locked(&self.shared.bells).remove(&name);
                tasks.leaving.push(task.handle);
            }
        }
        for receiver in receivers {
            self.start(receiver);
        }
    }

    /// Says that something may have come into the outbox.
    pub fn wake(&self) {
        for bell in locked(&self.shared.bells).values() {
            ring(bell);
        }
    }

    /// Tells until `stop`, then ends as [`Self::close`] does.
    pub async fn run(&self, stop: CancellationToken) {
        stop.cancelled().await;
        self.close().await;
    }

    /// Waits until nothing is under way and nothing is due, of any receiver; whether it came to that within `limit`.
    pub async fn drain(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.rest()).await.is_ok()
    }

    /// Begins nothing more, and waits until what is under way has ended, at most [`GRACE`], and is saved.
    pub async fn close(&self) {
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        for task in tasks.running.values() {
            task.stop.cancel();
        }
        let running = tasks.running.into_values().map(|task| task.handle);
        for handle in running.chain(tasks.leaving) {
            ended(handle).await;
        }
    }

    async fn rest(&self) {
        loop {
            let bells: Vec<Bell> = locked(&self.shared.bells).values().cloned().collect();
            let pulses = || bells.iter().map(|bell| *bell.borrow()).collect::<Vec<Pulse>>();
            // Twice the same: none of them woke another between the first look and the last.
            let first = pulses();
            if first.iter().all(Pulse::is_settled) && first == pulses() {
                return;
            }
            for bell in &bells {
                if bell.subscribe().wait_for(Pulse::is_settled).await.is_err() {
                    break;
                }
            }
        }
    }
}

impl Pulse {
    fn is_settled(&self) -> bool {
        self.wanted == self.settled
    }
}

async fn ended(handle: AbortOnDropHandle<()>) {
    if let Err(error) = handle.await {
        tracing::error!(error = %error, "a receiver's task ended in the middle of its work, which is a bug");
    }
}
