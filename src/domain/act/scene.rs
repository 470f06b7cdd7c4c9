//! What a step looks at: the rules, what is allowed, and one account with everything that is known of it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::books::Books;
use super::hold::{By, Part};
use crate::domain::account::{AccountName, FreezeBy};
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::Threshold;
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure;
use crate::domain::guard::Guard;
use crate::domain::incident::{Incident, Incidents, Target, Track};
use crate::domain::snapshot::{SubUserKey, SubUserRow};
use crate::domain::units::Bytes;

/// What the operator and the vendor allow at an account.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whether budgets may lower anything.
    pub writes: bool,
    /// Whether the operator has said what a gigabyte is.
    pub unit_pinned: bool,
    /// What bounds lowering.
    pub guard: Guard,
    /// The logins themselves.
    pub own_users: Vec<String>,
    /// How a sub-user is frozen there.
    pub freeze_by: FreezeBy,
    /// Whether a limit can be lifted there.
    pub can_lift: bool,
    /// Whether the vendor's clock and ours agree, so that a boundary is one.
    pub clocks_agree: bool,
}

/// By which rules actions are planned.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The budgets.
    pub budgets: &'a [Budget],
    /// What is allowed, by account.
    pub terms: &'a BTreeMap<AccountName, Terms>,
}

impl<'a> Rules<'a> {
    pub(super) fn budget(&self, name: &str) -> Option<&'a Budget> {
        self.budgets.iter().find(|budget| *budget.name == *name)
    }

    pub(super) fn threshold(&self, by: &By) -> Option<(&'a Budget, &'a Threshold)> {
        let Part::Threshold(_) = by.part else { return None };
        let budget = self.budget(&by.budget)?;
        let threshold = budget.thresholds.iter().find(|threshold| *threshold.name == *by.threshold())?;
        Some((budget, threshold))
    }
}

/// One account as a step sees it.
pub(super) struct Scene<'a> {
    pub(super) rules: Rules<'a>,
    pub(super) terms: &'a Terms,
    pub(super) view: &'a View<'a>,
    pub(super) incidents: &'a Incidents,
    /// The rows by key, made when the first is looked for: mostly nothing is the matter with anybody.
    rows: OnceCell<HashMap<&'a str, &'a SubUserRow>>,
    /// The tracks by budget and key, of those with whom something is the matter, or on whom something stands.
    tracks: OnceCell<HashMap<(&'a str, &'a str), &'a Track>>,
    throttled: HashSet<&'a str>,
    pub(super) now: Timestamp,
}

impl<'a> Scene<'a> {
    /// An account of which nothing has been looked up yet.
    pub(super) fn new(
        rules: Rules<'a>,
        terms: &'a Terms,
        view: &'a View<'a>,
        incidents: &'a Incidents,
        books: &'a Books,
        now: Timestamp,
    ) -> Self {
        let throttled = books.throttles.keys().filter(|(account, _)| *account == view.account.name);
        let throttled = throttled.map(|(_, key)| &*key.0).collect();
        Self { rules, terms, view, incidents, rows: OnceCell::new(), tracks: OnceCell::new(), throttled, now }
    }

    pub(super) fn name(&self) -> &AccountName {
        &self.view.account.name
    }

    pub(super) fn row(&self, key: &SubUserKey) -> Option<&'a SubUserRow> {
        let all = || self.view.snapshot.rows().iter().map(|row| (measure::key_of(row), row)).collect();
        self.rows.get_or_init(all).get(&*key.0).copied()
    }

    /// What was granted to a sub-user of a budget.
    pub(super) fn granted(&self, budget: &Budget, key: &SubUserKey) -> Bytes {
        if self.view.grants.is_empty() {
            return Bytes(0);
        }
        let row = self.row(key);
        row.map_or(Bytes(0), |row| measure::allowance_of(budget, self.view, self.now, row).1)
    }

    /// The target's track in a budget, where something is the matter with it or stands on it.
    pub(super) fn track(&self, budget: &str, key: &SubUserKey) -> Option<&'a Track> {
        let all = || {
            let mut found = HashMap::new();
            for (budget, state) in &self.incidents.budgets {
                let tracks = state.accounts.get(self.name()).into_iter().flat_map(|tracks| &tracks.tracks);
                for track in tracks {
                    let Target::SubUser(who) = &track.target else { continue };
                    if track.matter.is_some() || self.throttled.contains(&*who.key.0) {
                        found.insert((&**budget, &*who.key.0), track);
                    }
                }
            }
            found
        };
        self.tracks.get_or_init(all).get(&(budget, &*key.0)).copied()
    }

    /// The incident that keeps a threshold's action: at this threshold, or at a higher one of its kind.
    pub(super) fn incident(&self, budget: &Budget, threshold: &Threshold, track: &Track) -> Option<Incident> {
        let stands = |incident: &&Incident| {
            budget.thresholds.get(usize::from(incident.threshold)).is_some_and(|at| {
                at.when.kind() == threshold.when.kind() && at.when.compare(&threshold.when).is_ge()
            })
        };
        track.incidents().iter().find(stands).copied()
    }
}
