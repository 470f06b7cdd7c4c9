//! Both vendors' APIs as a server: accounts whose traffic grows, and the books to compare with.
//!
//! Each account has its own base address: its name, then the version that its dialect has.
//! The built-in scenarios ([`Scenario::default`], [`Scenario::demo`]) have these:
//!
//! | base address | provider, dialect | user | password or key |
//! | --- | --- | --- | --- |
//! | `/oxylabs/v2` | Oxylabs, mobile | `customer_acme` | `Sim_oxylabs_1` |
//! | `/decodo-published/v1` | Decodo, `published` | `sp_published` | `Sim_published_1` |
//! | `/decodo-v1/v1` | Decodo, `v1` | `sp_classic` | `Sim_classic_1` |
//! | `/decodo-v2/v2` | Decodo, `v2` | | `sim0key0v20000000000000000000001` |
//!
//! [`Scenario::access`] returns the same for any scenario.
//!
//! Traffic is a function of time: two simulators with the same scenario and start agree, and so do two looks at one.
//! `GET /-/books` (`?days=0` without targets) tells the exact bytes, `POST /-/clock` with `{"paused": true}`,
//! `{"speed": 60}` or `{"advance": "1h"}` stops, hurries and moves the time, `DELETE /-/sessions` ends every token.
//! `POST /-/faults` with a rule such as `{"fault": "status", "status": 429, "retry_after": "30s", "count": 2}`, or a
//! list of them, makes calls go wrong; `GET` tells how often each happened, `DELETE` ends them. `docs/SIMULATOR.md`
//! has them all.
//! `POST /-/sub-users/{account}/{name}` with `set_limit`, `set_auto_disable` or `set_enabled`, and `DELETE`, are a person
//! in the vendor's dashboard.
//! These need no authentication: the server is for loopback.

mod account;
mod answers;
mod auth;
mod books;
mod built_in;
mod change;
mod clock;
mod control;
mod decodo;
mod delivery;
mod exchange;
mod fault_text;
mod faults;
pub(crate) mod file;
#[cfg(test)]
mod laws;
mod operation;
mod oxylabs;
mod record;
mod scenario;
mod server;
mod sub_user;
mod wire;
mod workload;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::domain::units::Gigabyte;

pub use self::answers::{Answers, DaysUsed};
pub use self::books::{AccountBooks, Books, RecordBooks, SubUserBooks, TargetBooks, WriteBooks};
pub use self::change::ByHand;
pub use self::faults::{Fault, FaultRule, RetryAfter};
pub use self::file::ScenarioError;
pub use self::scenario::{
    Access, AccountSpec, Dialect, Event, EventKind, Nature, Scenario, Shape, StatisticsShape, SubUserSpec,
    TargetSpec, Truth, Workload,
};
pub use self::server::serve;

use self::account::Account;
use self::change::Change;
use self::delivery::Delivery;
use self::exchange::Call;
use self::world::World;

/// Where the time comes from.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A running simulation; clones share it.
#[derive(Clone)]
pub struct Simulator {
    now: Now,
    world: Arc<Mutex<World>>,
}

impl Simulator {
    /// Starts a scenario at the time that `now` tells.
    #[must_use]
    pub fn new(scenario: &Scenario, now: Now) -> Self {
        let start = now();
        Self { now, world: Arc::new(Mutex::new(World::new(scenario, start))) }
    }

    /// The vendors' routes and the control routes.
    pub fn router(&self) -> axum::Router {
        server::router(self.clone())
    }

    /// The exact bytes of everything, now, with targets of the last 31 days.
    #[must_use]
    pub fn books(&self) -> Books {
        self.books_of(control::DAYS)
    }

    fn books_of(&self, days: u32) -> Books {
        let mut world = self.world();
        let now = world.advance((self.now)());
        Books {
            now: now.to_string(),
            paused: world.clock.is_paused(),
            accounts: world
                .accounts
                .iter()
                .map(|(account, counts)| {
                    (account.spec.name.clone(), books::of_account(account, counts, days))
                })
                .collect(),
        }
    }

    /// Stops the traffic, or lets it flow again; the API goes on answering.
    pub fn pause(&self, paused: bool) {
        self.world().clock.pause((self.now)(), paused);
    }

    /// Moves the traffic's time and the tokens' on; `false` if that is beyond the end of time.
    pub fn advance(&self, by: SignedDuration) -> bool {
        self.change_clock(None, None, by)
    }

    fn change_clock(&self, paused: Option<bool>, speed: Option<f64>, by: SignedDuration) -> bool {
        let now = (self.now)();
        let mut world = self.world();
        if !world.clock.advance(now, by) {
            return false;
        }
        if let Some(speed) = speed {
            world.clock.set_speed(now, speed);
        }
        if let Some(paused) = paused {
            world.clock.pause(now, paused);
        }
        true
    }

    fn clock(&self) -> Value {
        let mut world = self.world();
        let now = world.clock.traffic((self.now)());
        json!({ "now": now.to_string(), "paused": world.clock.is_paused(), "speed": world.clock.speed() })
    }

    fn revoke_sessions(&self) {
        for (account, _) in &mut self.world().accounts {
            account.tokens.revoke();
        }
    }

    /// Makes calls meet a fault, after the rules that there are.
    pub fn add_fault(&self, rule: FaultRule) {
        self.world().faults.add(rule);
    }

    /// Ends every fault.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    fn faults(&self) -> Value {
        let world = self.world();
        let rules = world.faults.happened();
        rules.map(|(rule, happened)| json!({ "fault": rule.fault.name(), "happened": happened })).collect()
    }

    /// Changes a sub-user as a person does in the vendor's dashboard, without a call; `false` where there is none of
    /// that name.
    #[must_use]
    pub fn change_by_hand(&self, account: &str, sub_user: &str, change: ByHand) -> bool {
        self.by_hand(account, sub_user, |account, id| account.update(id, &Change::from(change), false))
    }

    /// Deletes a sub-user as a person does in the vendor's dashboard; `false` where there is none of that name.
    #[must_use]
    pub fn delete_by_hand(&self, account: &str, sub_user: &str) -> bool {
        self.by_hand(account, sub_user, Account::delete)
    }

    fn by_hand(&self, account: &str, sub_user: &str, act: impl FnOnce(&mut Account, u64)) -> bool {
        let mut world = self.world();
        world.advance((self.now)());
        let mut accounts = world.accounts.iter_mut().map(|(account, _)| account);
        let Some(account) = accounts.find(|known| known.spec.name == account) else { return false };
        let Some(id) = account.by_name(sub_user).map(|user| user.id) else { return false };
        act(account, id);
        true
    }

    fn gigabyte(&self, account: &str) -> Option<Gigabyte> {
        let world = self.world();
        world
            .accounts
            .iter()
            .find(|(known, _)| known.spec.name == account)
            .map(|(known, _)| known.spec.gigabyte)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request, whose path begins with the account's name.
    fn answer(&self, mut call: Call) -> Delivery {
        let now = (self.now)();
        if call.path.first().is_some_and(|first| first == "-") {
            return Delivery { answer: control::answer(self, &call), faults: Vec::new(), now };
        }
        let (answer, faults) = self.world().answer(&mut call, now);
        Delivery { answer, faults, now }
    }
}
