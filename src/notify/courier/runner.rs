//! One receiver's task: sends, saves and looks for more side by side, and sleeps when there is nothing.

mod ending;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::fallback::Fallen;
use super::flight::{Flown, fly};
use super::health::{Health, Turn};
use super::landing::{self, Group, Landed};
use super::take::{Begun, Look, Taken, take};
use super::{Bell, Pulse, Receiver, Shared};
use crate::domain::outbox::{NoticeId, Outcome};
use crate::notify::Lane;
use crate::notify::error::NotifyError;

/// How long results are gathered for one transaction.
const GATHER: Duration = Duration::from_millis(20);

/// Parcels that are begun ahead, for each that may be under way.
pub(super) const AHEAD: usize = 8;

/// The pause after the outbox could not be saved, doubling up to the longest.
const TROUBLE: Duration = Duration::from_secs(1);
const LONGEST_TROUBLE: Duration = Duration::from_secs(30);

/// The pause where something is said to be due but is not given out.
const AGAIN: Duration = Duration::from_secs(1);

/// The pause between looks while a receiver takes nothing: what it refuses at once by the thousand would keep the outbox
/// from everybody else who writes.
const BREATH: Duration = Duration::from_millis(250);

/// The longest time without a look: the machine's clock may have been set, or the outbox have failed silently.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

/// Tells one receiver.
pub(super) struct Runner {
    shared: Arc<Shared>,
    receiver: Arc<Receiver>,
    width: usize,
    bell: Bell,
    seen: u64,
    stop: CancellationToken,
    /// When what is under way is given up; set once it is to stop.
    ends: Option<Instant>,
    /// Begun and not sent.
    ready: VecDeque<Arc<Begun>>,
    flying: FuturesUnordered<BoxFuture<'static, Flown>>,
    aloft: BTreeMap<Lane, Arc<Begun>>,
    /// Ended and not saved, and since when.
    landed: Vec<Landed>,
    gathers_until: Instant,
    saving: Vec<Landed>,
    /// All of the above.
    busy: BTreeSet<Lane>,
    /// Lanes of which the other side wants to hear nothing until then.
    asked: BTreeMap<Lane, Timestamp>,
    look_at: Instant,
    /// When it was looked last.
    looked: Instant,
    /// Saves in a row that failed, and when the next may be tried.
    failed_saves: u32,
    blocked_until: Instant,
    health: Health,
    off: Option<String>,
    /// That it is gone, to be said once saved.
    gone: Option<String>,
    fallen: Fallen,
}

/// What the outbox was asked for.
enum Done {
    Taken(Taken),
    Saved { is_saved: bool, outcomes: Vec<Outcome>, fallen: Vec<NoticeId> },
}

impl Runner {
    pub(super) fn new(shared: Arc<Shared>, receiver: Receiver, bell: Bell, stop: CancellationToken) -> Self {
        let now = Instant::now();
        let off = receiver.is_off.then(|| {
            "the receiver was gone before; nothing is sent to it until the configuration names another"
                .to_owned()
        });
        Self {
            shared,
            width: receiver.notifier.width().max(1),
            receiver: Arc::new(receiver),
            bell,
            seen: 0,
            stop,
            ends: None,
            ready: VecDeque::new(),
            flying: FuturesUnordered::new(),
            aloft: BTreeMap::new(),
            landed: Vec::new(),
            gathers_until: now,
            saving: Vec::new(),
            busy: BTreeSet::new(),
            asked: BTreeMap::new(),
            look_at: now,
            looked: now,
            failed_saves: 0,
            blocked_until: now,
            health: Health::default(),
            off,
            gone: None,
            fallen: Fallen::default(),
        }
    }

    /// Tells until it is stopped, and then until what is under way has ended.
    pub(super) async fn run(mut self) {
        let mut pulses = self.bell.subscribe();
        let mut asking: Option<BoxFuture<'static, Done>> = None;
        // What was rung before this task began is seen by its first look.
        self.seen = pulses.borrow_and_update().wanted;
        self.look_at = Instant::now();
        loop {
            self.launch();
            if asking.is_none() {
                asking = self.ask();
            }
            if asking.is_none() && self.is_at_rest() {
                if self.ends.is_some() {
                    return;
                }
                self.settle();
            }
            let timer = self.timer(asking.is_some());
            let (seen, ends) = (self.seen, self.ends);
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if ends.is_none() => self.begin_to_end(),
                () = sleep_until(ends.unwrap_or(self.gathers_until)), if ends.is_some() => {
                    self.give_up(asking.take()).await;
                    return;
                }
                done = answered(&mut asking) => {
                    asking = None;
                    self.done(done);
                }
                Some((begun, result)) = self.flying.next() => self.land(&begun, result),
                Some(wanted) = rung(&mut pulses, seen), if ends.is_none() => {
                    self.seen = wanted;
                    self.look_at = Instant::now();
                }
                () = sleep_until(timer.unwrap_or(self.gathers_until)), if timer.is_some() => {}
            }
        }
    }

    /// Fills the slots; nothing leaves while the outbox cannot be saved.
    fn launch(&mut self) {
        while self.flying.len() < self.width && self.failed_saves == 0 && self.ends.is_none() {
            let Some(begun) = self.ready.pop_front() else { return };
            self.aloft.insert(begun.lane.clone(), begun.clone());
            self.flying.push(fly(self.receiver.clone(), begun, self.shared.now()).boxed());
        }
    }

    /// When the outbox may be looked at next.
    fn next_look(&self) -> Instant {
        let breath = if self.health.takes_nothing(self.width) { BREATH } else { Duration::ZERO };
        self.look_at.max(self.looked + breath)
    }

    fn is_low(&self) -> bool {
        self.ready.len() <= self.width * AHEAD / 2
    }

    /// What the outbox is to be asked now: one thing at a time.
    fn ask(&mut self) -> Option<BoxFuture<'static, Done>> {
        let now = Instant::now();
        if now < self.blocked_until {
            return None;
        }
        if !self.landed.is_empty() && (self.ends.is_some() || self.gathers_until <= now) {
            self.saving = std::mem::take(&mut self.landed);
            let Group { changes, outcomes, fallen } =
                landing::group(&self.saving, &self.receiver, &self.fallen);
            let outbox = self.shared.outbox.clone();
            let save = async move { Done::Saved { is_saved: outbox.save(changes).await, outcomes, fallen } };
            return Some(save.boxed());
        }
        if self.ends.is_none() && self.is_low() && self.next_look() <= now {
            self.looked = now;
            let wall = self.shared.now();
            self.asked.retain(|_, until| *until > wall);
            self.look_at = now + LONGEST_SLEEP;
            let look = Look {
                room: self.width * AHEAD - self.ready.len(),
                busy: self.busy.iter().chain(self.asked.keys()).cloned().collect(),
                off: self.off.clone(),
            };
            let take = take(self.shared.clone(), self.receiver.clone(), look);
            return Some(take.map(Done::Taken).boxed());
        }
        None
    }

    /// When there may be something to ask for.
    fn timer(&self, is_asking: bool) -> Option<Instant> {
        if is_asking {
            return None;
        }
        let save = (!self.landed.is_empty()).then_some(self.gathers_until);
        let look = (self.ends.is_none() && self.is_low()).then(|| self.next_look());
        let next = save.into_iter().chain(look).min()?;
        Some(next.max(self.blocked_until))
    }

    fn is_at_rest(&self) -> bool {
        let is_empty = self.busy.is_empty() && self.landed.is_empty();
        is_empty && (self.ends.is_some() || (self.failed_saves == 0 && self.look_at > Instant::now()))
    }

    fn settle(&self) {
        let seen = self.seen;
        self.bell.send_if_modified(|pulse| std::mem::replace(&mut pulse.settled, seen) != seen);
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Taken(taken) => self.taken(taken),
            Done::Saved { is_saved: false, .. } => {
                let newer = std::mem::take(&mut self.landed);
                self.landed = std::mem::take(&mut self.saving);
                self.landed.extend(newer);
                self.not_saved();
            }
            Done::Saved { is_saved: true, outcomes, fallen } => self.saved(outcomes, fallen),
        }
    }

    fn taken(&mut self, taken: Taken) {
        let Taken { begun, doomed, replaced, is_full, next, is_saved } = taken;
        if !is_saved {
            self.look_at = Instant::now();
            self.not_saved();
            return;
        }
        self.failed_saves = 0;
        for _ in 0..replaced {
            self.shared.observer.ended(&self.receiver.name, Outcome::Superseded);
        }
        let is_empty = begun.is_empty() && doomed.is_empty();
        self.busy.extend(begun.iter().map(|begun| begun.lane.clone()));
        self.ready.extend(begun);
        for landed in doomed {
            self.busy.insert(landed.lane.clone());
            self.gather(landed);
        }
        let held = self.asked.values().min().copied();
        let next = if is_full { Some(Timestamp::MIN) } else { next.into_iter().chain(held).min() };
        if let Some(next) = next {
            let wait = next.duration_since(self.shared.now());
            let least = if is_empty { AGAIN } else { Duration::ZERO };
            let wait = if wait.is_positive() { wait.unsigned_abs() } else { least };
            self.look_at = self.look_at.min(Instant::now() + wait);
        }
        if self.ends.is_some() || self.off.is_some() {
            self.hold_back();
        }
    }

    fn saved(&mut self, outcomes: Vec<Outcome>, fallen: Vec<NoticeId>) {
        self.failed_saves = 0;
        for landed in std::mem::take(&mut self.saving) {
            landed.log();
            self.busy.remove(&landed.lane);
        }
        for outcome in outcomes {
            self.shared.observer.ended(&self.receiver.name, outcome);
        }
        if let Some(answer) = self.gone.take() {
            self.shared.observer.gone(&self.receiver.name, &answer);
        }
        if let (false, Some(fallback)) = (fallen.is_empty(), &self.receiver.fallback) {
            self.shared.ring(&fallback.to);
        }
        self.fallen.remember(fallen);
        // More may wait in the lanes that are free now.
        self.look_at = Instant::now();
    }

    /// Nothing more leaves until a save has worked: what was begun is as if it were not.
    fn not_saved(&mut self) {
        let pause = TROUBLE * 2_u32.saturating_pow(self.failed_saves.min(5));
        self.failed_saves += 1;
        self.blocked_until = Instant::now() + pause.min(LONGEST_TROUBLE);
        self.hold_back();
    }

    fn land(&mut self, begun: &Begun, result: Result<String, NotifyError>) {
        self.aloft.remove(&begun.lane);
        let now = self.shared.now();
        self.judge_health(&result, now);
        if let Err(NotifyError::Later { retry_after: Some(asked), .. }) = &result {
            self.asked.insert(begun.lane.clone(), landing::asked_for(now, Some(*asked)));
        }
        if let Err(NotifyError::Gone(answer)) = &result {
            self.off = Some(format!("the receiver is gone and nothing is sent to it any more: {answer}"));
            self.gone = Some(answer.clone());
        }
        for landed in landing::judge(&self.receiver, begun, result, now, fastrand::f64()) {
            self.gather(landed);
        }
        if self.off.is_some() {
            self.hold_back();
        }
    }

    fn judge_health(&mut self, result: &Result<String, NotifyError>, now: Timestamp) {
        let (name, observer) = (&self.receiver.name, &self.shared.observer);
        let turn = match result {
            Ok(_) => self.health.worked(),
            // Said by itself, once it is saved.
            Err(NotifyError::Gone(_)) => None,
            Err(_) => self.health.failed(now),
        };
        let words = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        match turn {
            Some(Turn::Fails(since)) => observer.failing(name, Some(since), &words),
            Some(Turn::Works) => observer.failing(name, None, ""),
            None => {}
        }
    }

    fn gather(&mut self, landed: Landed) {
        if self.landed.is_empty() {
            self.gathers_until = Instant::now() + GATHER;
        }
        self.landed.push(landed);
    }
}

/// Ends when the task is woken again.
async fn rung(pulses: &mut watch::Receiver<Pulse>, seen: u64) -> Option<u64> {
    pulses.wait_for(|pulse| pulse.wanted != seen).await.ok().map(|pulse| pulse.wanted)
}

async fn answered(asking: &mut Option<BoxFuture<'static, Done>>) -> Done {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}
