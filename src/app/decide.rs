//! The decider: after each look counts what is new, judges, saves, and only then tells; and does what commands ask.
//!
//! One task, so that nothing is decided twice. Without the store nothing is decided, and metrics go on (F32).

mod acts;
mod again;
mod answer;
mod ask;
mod books;
mod drill;
mod explain;
mod names;
mod pace;
mod past;
mod publish;
mod store;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::publisher::off_the_workers;
use super::telling::{Addresses, Telling, Threads};
use super::watch::{Watch, Watched};
use crate::config::Config;
use crate::domain::account::{Account, AccountName};
use crate::domain::act::action::{Action, ActionId};
use crate::domain::act::books::Books;
use crate::domain::act::words;
use crate::domain::budget::period::PeriodRule;
use crate::domain::collector::Collector;
use crate::domain::evaluate::{Tolerance, View};
use crate::domain::grant::Grant;
use crate::domain::incident::Incidents;
use crate::domain::judgement::{Judgement, Rules, judge};
use crate::domain::ledger::Ledger;
use crate::domain::outbox::Posting;
use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::domain::units::Limit;
use crate::enforce::Origins;
use crate::store::records::Overview;
use crate::store::{EndedCounts, Store};
pub use answer::Wish;
pub use ask::{Asked, ask, who};
pub(super) use store::Keeping;
pub use store::location;

/// What time alone changes is judged so often.
const EVERY: Duration = Duration::from_secs(15);

/// How often commands are looked for.
const LOOK_FOR_REQUESTS: Duration = crate::store::request::LOOK_EVERY;

/// How often the journal is rolled up, and what is old is dropped.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);

/// For how long an incident that has ended is counted.
const ENDED_COUNTS: SignedDuration = SignedDuration::from_hours(24);

/// What the configuration says of judging.
pub(super) struct Settings {
    rules: Rules,
    addresses: Addresses,
    /// The periods that budgets count in, each once.
    spans: Vec<PeriodRule>,
    lag: Duration,
    days_kept: u16,
    look_again_floor: Duration,
    backfill: bool,
    allowed: BTreeMap<AccountName, acts::Allowed>,
    /// Whether the environment stops every lowering.
    writes_off: bool,
}

impl Settings {
    pub(super) fn of(config: &Config) -> Self {
        let mut spans: Vec<PeriodRule> = Vec::new();
        for budget in &config.budgets {
            if !spans.contains(&budget.period) {
                spans.push(budget.period);
            }
        }
        Self {
            rules: Rules {
                budgets: config.budgets.clone(),
                operator: config.operator.notify.clone(),
                owners: config.owners.clone(),
            },
            addresses: Addresses::of(config),
            spans,
            lag: config.collect.lag,
            days_kept: config.collect.retention_days,
            look_again_floor: config.collect.look_again_floor,
            backfill: config.collect.backfill,
            allowed: acts::Allowed::of(config),
            writes_off: config.writes_off,
        }
    }
}

/// What is held from look to look.
#[derive(Default)]
struct Held {
    incidents: Incidents,
    ledgers: BTreeMap<AccountName, Ledger>,
    grants: Vec<Grant>,
    ended: EndedCounts,
    /// When each account's budgets were encoded last, and from which snapshot.
    published: BTreeMap<AccountName, (Timestamp, Arc<Snapshot>)>,
    store: store::Condition,
    paces: pace::ByAccount,
    /// How each account was, as it was kept last.
    overviews: BTreeMap<AccountName, Overview>,
    targets: targets::ByAccount,
    names: names::ByAccount,
    books: Books,
    own_limits: acts::OwnLimits,
    /// The accounts that were judged since the start or a reload: what was due before may no longer be asked for.
    judged: BTreeSet<AccountName>,
    /// Plans that a person approved, and that were held against the newest figures then.
    approved: BTreeSet<ActionId>,
    /// Where the threads of what people were told stand.
    threads: Threads,
    again: again::Rounds,
}

impl Held {
    /// Whether a lowering action is asked for by what is known now, not only by what was remembered.
    fn may_lower(&self, action: &Action) -> bool {
        self.judged.contains(&action.account) || self.approved.contains(&action.id)
    }
}

/// Decides.
pub(super) struct Decider {
    watch: Arc<Watch>,
    settings: ArcSwap<Settings>,
    held: Mutex<Held>,
    keeping: Arc<Keeping>,
    telling: Arc<Telling>,
    /// Told when something may be due.
    acting: Notify,
    origins: Origins,
    /// Whether a command decides, and no daemon: it carries out itself what it asks for.
    is_alone: bool,
}

/// One account with all that is known of it, borrowed by a [`View`].
struct Known {
    account: Account,
    snapshot: Arc<Snapshot>,
    tolerance: Tolerance,
    /// Whether all that is judged was asked for since the start.
    is_begun: bool,
}

impl Known {
    fn of(watched: &Watched, lag: Duration) -> Self {
        let mut tolerance = Tolerance { lag, ..Tolerance::default() };
        let mut is_begun = true;
        for (collector, known) in watched.all_known() {
            tolerance.stale_after[collector as usize] = known.stale_after;
            tolerance.looks_since[collector as usize] = Some(known.since);
            // A list without the account's period, or the other way round, would be judged as unknown for a moment.
            is_begun &= known.is_attempted || collector == Collector::Targets;
        }
        let snapshot = if is_begun { watched.holder.snapshot() } else { Arc::default() };
        Self { account: watched.holder.account().clone(), snapshot, tolerance, is_begun }
    }
}

impl Decider {
    /// A decider that goes on from what the store remembers.
    pub(super) async fn new(
        watch: Arc<Watch>,
        settings: Settings,
        keeping: Arc<Keeping>,
        telling: Arc<Telling>,
    ) -> Self {
        let decider = Self {
            watch,
            settings: ArcSwap::from_pointee(settings),
            held: Mutex::default(),
            keeping,
            telling,
            acting: Notify::new(),
            origins: Origins::default(),
            is_alone: false,
        };
        decider.watch.own.register_store(&crate::store::error::StoreError::REASONS);
        decider.remember().await;
        decider
    }

    /// The same, for a command where no daemon runs.
    fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    /// Judges by another configuration from now on.
    pub(super) async fn reload(&self, settings: Settings) {
        let before = self.settings.swap(Arc::new(settings));
        let is_other = before.spans != self.settings.load().spans || before.lag != self.settings.load().lag;
        let mut held = self.held.lock().await;
        let accounts = self.watch.state();
        held.judged.clear();
        held.approved.clear();
        held.published.clear();
        self.forget_accounts(&mut held).await;
        held.ledgers.retain(|name, _| !is_other && accounts.accounts.contains_key(name));
        self.load_ledgers(&mut held).await;
    }

    /// Decides until `stop`.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let tidy = tokio::spawn(Self::tidy(self.clone(), stop.clone()));
        let past = tokio::spawn(Self::ask_the_past(self.clone(), stop.clone()));
        let requests = tokio::spawn(Self::listen(self.clone(), stop.clone()));
        let enforcer = tokio::spawn(Self::enforce(self.clone(), stop.clone()));
        let mut due = Instant::now() + EVERY;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.watch.changed.notified() => {}
                () = tokio::time::sleep_until(due) => {}
            }
            self.look().await;
            due = Instant::now() + EVERY;
        }
        // What the last passes brought is not lost.
        self.look().await;
        for task in [tidy, past, requests, enforcer] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the decider ended early");
            }
        }
    }

    /// Does what commands ask until `stop`; apart from looking, since an answer may wait for a vendor.
    async fn listen(self: Arc<Self>, stop: CancellationToken) {
        let mut requests = tokio::time::interval(LOOK_FOR_REQUESTS);
        requests.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = requests.tick() => self.answer_requests().await,
            }
        }
    }

    /// Counts what is new, judges, saves, tells, and shows.
    pub(super) async fn look(&self) {
        let now = self.watch.clock.now();
        let settings = self.settings.load_full();
        let mut held = self.held.lock().await;
        self.reopen(&mut held).await;
        let known = self.known(&settings);
        self.count(&mut held, &known, now).await;
        let held = &mut *held;
        if let Err(problem) = self.end_grants(held, &settings, &known, now).await {
            tracing::warn!("grants that are over are not forgotten: {problem}");
        }
        let is_deciding = self.decide(held, &settings, &known, now).await;
        self.show_ownership(&settings, now).await;
        self.show_actions(held);
        self.again(held, &settings, &known, now).await;
        self.publish(held, &settings, &known, now, is_deciding);
        self.pace(held, &settings, &known, now);
    }

    fn known(&self, settings: &Settings) -> Vec<Known> {
        let state = self.watch.state();
        state.accounts.values().map(|watched| Known::of(watched, settings.lag)).collect()
    }

    /// Judges, saves what that changed, and tells of it; whether anything was saved.
    async fn decide(&self, held: &mut Held, settings: &Settings, known: &[Known], now: Timestamp) -> bool {
        let Some(store) = self.keeping.decisions() else { return false };
        let (judgement, acts) = {
            let views = views(known, held);
            off_the_workers(|| {
                let judgement = judge(&settings.rules, &views, &held.incidents, now);
                let acts = self.step(held, settings, &views, &judgement.incidents, now);
                (judgement, acts)
            })
        };
        let judged = known.iter().filter(|known| known.snapshot.sub_users.is_some());
        let judged: Vec<AccountName> = judged.map(|known| known.account.name.clone()).collect();
        if judgement.decision.is_empty() && acts.is_empty() {
            held.incidents = judgement.incidents;
            held.judged.extend(judged);
            self.took(held, &acts);
            self.show_state(held, settings, known);
            return false;
        }
        let mut notices = judgement.plan.notices.clone();
        notices.extend(words::notices(&settings.rules, &acts, &judgement.incidents));
        let told = settings.addresses.post(&notices, &held.threads, now);
        // Nothing leaves unsaved: what cannot be saved is judged again at the next look.
        if let Err(problem) = store.save_decision(&judgement.decision, &acts, &told).await {
            self.store_failed(
                held,
                &problem,
                "what was decided cannot be saved, so nobody is told and nothing is done",
            );
            self.let_go(&problem).await;
            return false;
        }
        self.store_works(held);
        self.take(held, judgement, &*store, now).await;
        held.judged.extend(judged);
        self.took(held, &acts);
        // Before anybody is woken: who is told a state is told this one.
        self.show_state(held, settings, known);
        self.posted(held, &told);
        true
    }

    /// Takes over what was posted, and has it told.
    fn posted(&self, held: &mut Held, told: &[Posting]) {
        if !told.is_empty() {
            held.threads.took(told);
            self.telling.wake();
        }
    }

    async fn take(&self, held: &mut Held, judgement: Judgement, store: &dyn Store, now: Timestamp) {
        held.incidents = judgement.incidents;
        if !judgement.decision.ended.is_empty() {
            let since = now.checked_sub(ENDED_COUNTS).unwrap_or(Timestamp::MIN);
            match store.ended_since(since).await {
                Ok(ended) => held.ended = ended,
                Err(problem) => tracing::debug!("incidents that ended are not counted: {problem}"),
            }
        }
    }
}

/// What is judged: everything known, as views.
fn views<'a>(known: &'a [Known], held: &'a Held) -> Vec<View<'a>> {
    static NO_HOLDS: BTreeMap<SubUserKey, Limit> = BTreeMap::new();
    let view = |known: &'a Known| {
        let ledger = held.ledgers.get(&known.account.name);
        View {
            account: &known.account,
            snapshot: &known.snapshot,
            history: ledger.map_or(&crate::domain::history::NoHistory as _, |ledger| ledger as _),
            holds: held.own_limits.get(&known.account.name).unwrap_or(&NO_HOLDS),
            grants: &held.grants,
            tolerance: known.tolerance,
        }
    };
    known.iter().map(view).collect()
}
