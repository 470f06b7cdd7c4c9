//! Changes made by chance over few names and numbers, so that they meet; a seed makes the same ones each time.

use std::sync::Arc;

use jiff::Timestamp;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::act::action::{Action, ActionId, Outcome, Stage, What, Why};
use proxymeter::domain::act::books::{Breaker, Concern, ConcernKind, Delta, Entry, Place};
use proxymeter::domain::act::gate::Gate;
use proxymeter::domain::act::hold::{By, Ceiling, Hold, Part, Throttle};
use proxymeter::domain::act::record::{Change, Record};
use proxymeter::domain::budget::threshold::Mode;
use proxymeter::domain::incident::SubUserIdentity;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::traffic::SubUserId;
use proxymeter::domain::units::{Bytes, Limit};

use super::account;

pub(in crate::store::contract) struct Dice(fastrand::Rng);

/// A sub-user by number.
pub(super) fn sub_user(number: i64) -> Arc<SubUserIdentity> {
    Arc::new(SubUserIdentity {
        key: SubUserKey(number.to_string().into()),
        product: "mobile".into(),
        name: format!("user {number}: 'ü'").into(),
    })
}

impl Dice {
    pub(in crate::store::contract) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Few changes of everything.
    pub(super) fn delta(&mut self) -> Delta {
        Delta {
            actions: self.some(|dice| {
                let id = dice.0.i64(1..25);
                dice.action(id)
            }),
            forgotten: self.some(|dice| ActionId(dice.0.i64(1..30))),
            throttles: self.some(Self::throttle),
            freed: self.some(Self::place),
            breakers: self.some(|dice| (dice.account(), dice.maybe(Self::breaker))),
            concerns: self.some(|dice| (dice.concern(), dice.maybe(Self::moment))),
            entries: self.some(Self::entry),
            blocked: self.some(|dice| (ActionId(1), dice.one(&Gate::ALL))),
            quiet: vec![],
            places: Default::default(),
        }
    }

    pub(in crate::store::contract) fn action(&mut self, id: i64) -> Action {
        let stages: Vec<_> = Stage::all().collect();
        Action {
            id: ActionId(id),
            account: self.account(),
            who: self.who(),
            vendor_id: SubUserId("0017".into()),
            by: self.by(),
            what: self.what(),
            mode: self.one(&Mode::ALL),
            stage: self.one(&stages),
            hash: format!("{:016x}", self.0.u64(..)).into(),
            proposed: self.moment(),
            not_before: self.maybe(Self::moment),
            expires: self.maybe(Self::moment),
            period: self.maybe(Self::moment),
            incident: self.maybe(Self::moment),
            amount: self.maybe(Self::bytes),
            pace: self.bytes().0,
            before: self.maybe(Self::record),
            after: self.maybe(Self::record),
            asked_by: "budget b/warn".into(),
            blocked: self.maybe(|dice| dice.one(&Gate::ALL)),
            tries: self.0.u32(..),
            written: self.maybe(Self::moment),
            ended: self.maybe(Self::moment),
            latched: self.0.bool(),
        }
    }

    pub(super) fn throttle(&mut self) -> Throttle {
        let mut throttle = Throttle {
            account: self.account(),
            who: self.who(),
            id: SubUserId("0017".into()),
            own: self.record(),
            set: self.change(),
            holds: vec![],
            since: self.moment(),
            written: self.maybe(Self::moment),
        };
        for hold in self.some(Self::hold) {
            throttle.put(hold);
        }
        throttle
    }

    pub(super) fn entry(&mut self) -> Entry {
        let steps = Outcome::ALL.map(Outcome::as_str);
        Entry {
            at: self.moment(),
            action: self.maybe(|dice| ActionId(dice.0.i64(1..25))),
            account: self.account(),
            name: self.who().name.clone(),
            by: "alice".into(),
            step: self.one(&steps),
            words: "it's done: für Ä".into(),
            before: self.maybe(Self::record),
            after: self.maybe(Self::record),
        }
    }

    fn hold(&mut self) -> Hold {
        Hold {
            by: self.by(),
            what: self.what(),
            ceiling: if self.0.bool() { Ceiling::Frozen } else { Ceiling::Limit(self.bytes()) },
            action: ActionId(self.0.i64(1..25)),
            period: self.maybe(Self::moment),
            amount: self.maybe(Self::bytes),
            since: self.moment(),
            orphaned: self.0.bool(),
            confirmed: self.0.bool(),
        }
    }

    fn breaker(&mut self) -> Breaker {
        Breaker {
            since: self.moment(),
            action: ActionId(self.0.i64(1..25)),
            words: "active, no limit".into(),
        }
    }

    fn concern(&mut self) -> Concern {
        Concern {
            kind: self.one(&ConcernKind::ALL),
            account: self.account(),
            key: self.maybe(|dice| dice.who().key.clone()),
        }
    }

    fn place(&mut self) -> Place {
        (self.account(), self.who().key.clone())
    }

    fn account(&mut self) -> AccountName {
        account(self.one(&["acme", "beta"]))
    }

    fn who(&mut self) -> Arc<SubUserIdentity> {
        sub_user(self.0.i64(1..5))
    }

    /// A threshold may have the name that the standing cap goes by.
    fn by(&mut self) -> By {
        let part = match self.one(&["warn", "stop", "standing_cap", ""]) {
            "" => Part::StandingCap,
            name => Part::Threshold(name.into()),
        };
        By { budget: self.one(&["a", "b"]).into(), part }
    }

    fn what(&mut self) -> What {
        match self.0.u8(0..4) {
            0 => What::Freeze,
            1 => What::Limit(self.bytes()),
            2 => What::Cap(self.bytes()),
            _ => What::Restore(self.one(&Why::ALL)),
        }
    }

    fn record(&mut self) -> Record {
        Record { active: self.0.bool(), limit: self.maybe(Self::limit), auto_disable: self.maybe(Self::flag) }
    }

    fn change(&mut self) -> Change {
        Change {
            active: self.maybe(Self::flag),
            limit: self.maybe(Self::limit),
            auto_disable: self.maybe(Self::flag),
        }
    }

    fn limit(&mut self) -> Limit {
        let bytes = self.bytes();
        self.one(&[Limit::Unlimited, Limit::Blocked, Limit::of(bytes)])
    }

    fn flag(&mut self) -> bool {
        self.0.bool()
    }

    /// As many as an engine's number can count.
    fn bytes(&mut self) -> Bytes {
        Bytes(self.0.u64(..=i64::MAX as u64))
    }

    /// A moment of this November, to the millisecond.
    fn moment(&mut self) -> Timestamp {
        Timestamp::from_millisecond(1_793_491_200_000 + self.0.i64(0..2_592_000_000)).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    fn some<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.0.usize(0..4)).map(|_| make(self)).collect()
    }
}
