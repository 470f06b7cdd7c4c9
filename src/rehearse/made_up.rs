//! Readings from a scenario of the simulator: what its vendors would answer, and the truth behind it.

use jiff::Timestamp;

use super::source::{Days, Source};
use crate::domain::account::AccountName;
use crate::domain::history::DAYS;
use crate::domain::snapshot::{Snapshot, SubUserKey};
use crate::domain::units::Bytes;
use crate::simulator::{Answers, Scenario};

/// The accounts of a scenario, in virtual time; its faults are of a server and do not happen here.
#[derive(Clone, Debug)]
pub struct MadeUp(Vec<Answers>);

impl MadeUp {
    /// The accounts of these names, in their order, from the scenario's start on.
    ///
    /// # Errors
    /// The first name that the scenario does not have.
    pub fn new<'n>(
        scenario: &Scenario,
        names: impl IntoIterator<Item = &'n AccountName>,
    ) -> Result<Self, &'n AccountName> {
        let all = Answers::of(scenario, scenario.start);
        let find = |name: &'n AccountName| {
            all.iter().find(|answers| answers.spec().name == name.as_str()).cloned().ok_or(name)
        };
        names.into_iter().map(find).collect::<Result<_, _>>().map(Self)
    }
}

impl Source for MadeUp {
    fn look(&mut self, account: usize, now: Timestamp, snapshot: &mut Snapshot) {
        if let Some(answers) = self.0.get_mut(account) {
            answers.look(now, snapshot);
        }
    }

    fn end(&mut self, until: Timestamp) {
        for answers in &mut self.0 {
            answers.pass(until);
        }
    }

    fn used(&self, account: usize, key: &SubUserKey, from: Timestamp, to: Timestamp) -> Bytes {
        self.0.get(account).and_then(|answers| answers.used(&key.0, from, to)).unwrap_or_default()
    }

    fn wanted(&self, account: usize, key: &SubUserKey, from: Timestamp, to: Timestamp) -> Option<Bytes> {
        self.0.get(account)?.wanted(&key.0, from, to)
    }

    fn days_before(&self, account: usize) -> Days {
        let days = self.0.get(account).map(|answers| answers.days_before(DAYS as i64)).unwrap_or_default();
        days.into_iter().map(|(id, days)| (SubUserKey(id), days)).collect()
    }
}
