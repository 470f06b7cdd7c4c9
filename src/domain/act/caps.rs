//! Standing caps: the vendor's own limit, kept at what a budget still allows in its period.

use std::sync::Arc;

use super::action::{Action, Stage, What, Why};
use super::carry;
use super::hold::{By, Ceiling, Hold, Part, Throttle};
use super::propose::{hash, identity};
use super::record::Record;
use super::step::{Turn, asked_by};
use crate::domain::budget::threshold::Mode;
use crate::domain::budget::{Budget, Per};
use crate::domain::evaluate::measure::{self, Measure, Measured, Span};
use crate::domain::snapshot::SubUserRow;
use crate::domain::units::{Bytes, Limit};

impl Turn<'_, '_> {
    /// Moves every cap that is not where it has to be.
    pub(super) fn move_caps(&mut self) {
        let scene = self.scene;
        for budget in scene.rules.budgets {
            let account = scene.view.account;
            if budget.standing_cap != Some(Mode::Enforce)
                || budget.per != Per::SubUser
                || !budget.selectors.fits_account(account.provider, account.name.as_str())
            {
                continue;
            }
            let span = Span::new(budget.period, scene.view, scene.now);
            let mut wanted: Vec<(&SubUserRow, Bytes, Bytes)> = Vec::new();
            measure::each(budget, scene.view, &span, scene.now, false, |measure, _| {
                if let (Measured::Row(row, _), Some((cap, amount))) =
                    (&measure.of, cap(&measure, account.gigabyte))
                {
                    wanted.push((row, cap, amount));
                }
            });
            for (row, cap, amount) in wanted {
                self.move_cap(budget, span.start(), row, cap, amount);
            }
        }
    }

    fn move_cap(
        &mut self,
        budget: &Budget,
        period: Option<jiff::Timestamp>,
        row: &SubUserRow,
        cap: Bytes,
        amount: Bytes,
    ) {
        let scene = self.scene;
        let by = By { budget: budget.name.clone(), part: Part::StandingCap };
        let key = row.sub_user.key();
        let throttle = self.throttles.get(&key);
        let held = throttle.and_then(|throttle| throttle.holds.iter().find(|hold| hold.by == by));
        if let Some(hold) = held {
            let is_new_period = period.is_some() && hold.period != period;
            let is_near =
                matches!(hold.ceiling, Ceiling::Limit(at) if at.0.abs_diff(cap.0) <= near(amount, scene));
            if is_near && !is_new_period {
                return;
            }
        }
        let own = throttle.map_or(row.sub_user.limit, |throttle| throttle.own.limit);
        // A person's own limit that is lower does the same.
        if held.is_none() && matches!(own, Some(Limit::Blocked))
            || own.and_then(Limit::bytes).is_some_and(|own| own <= cap)
        {
            return;
        }
        let same = |action: &&Action| action.by == by;
        if self
            .actions_on(&key)
            .filter(same)
            .any(|action| !action.stage.is_ended() || action.latched && action.period == period)
        {
            return;
        }
        let before = Record::of(&row.sub_user);
        let who = throttle.map_or_else(
            || identity(row, &scene.view.account.product),
            |throttle: &Throttle| throttle.who.clone(),
        );
        let mut action = Action {
            id: self.number(),
            account: scene.name().clone(),
            who,
            vendor_id: carry::vendor_id(row),
            asked_by: asked_by(&by),
            by,
            what: What::Cap(cap),
            mode: Mode::Enforce,
            stage: Stage::Due,
            hash: Arc::default(),
            proposed: scene.now,
            not_before: None,
            expires: None,
            period,
            incident: None,
            amount: Some(amount),
            pace: 0,
            before: Some(before),
            after: None,
            blocked: None,
            tries: 0,
            written: None,
            ended: None,
            latched: false,
        };
        action.after = carry::after(&action, self.throttles.get(&key), row, scene);
        action.hash = hash(&action, budget, None);
        self.note(&action, "proposed", format!("standing cap {cap}"));
        self.put(action);
    }

    /// A cap is let go once the person's own limit is at or below it.
    pub(super) fn why_cap_is_over(&self, throttle: &Throttle, hold: &Hold) -> Option<Why> {
        let Ceiling::Limit(at) = hold.ceiling else { return None };
        throttle.own.limit.and_then(Limit::bytes).is_some_and(|own| own <= at).then_some(Why::Raised)
    }
}

/// Where the vendor's counter may come to in this period, and the allowance; nothing while that is not known.
#[must_use]
pub fn cap(measure: &Measure<'_>, gigabyte: crate::domain::units::Gigabyte) -> Option<(Bytes, Bytes)> {
    let Measured::Row(row, _) = &measure.of else { return None };
    let counter = row.usage.as_ref()?.value.traffic;
    let (used, amount) = (measure.used.ok()?, measure.amount.ok()?);
    let start = counter.0.saturating_sub(used.0);
    let cap = gigabyte.in_steps(Bytes(start.saturating_add(amount.0)));
    Some((cap.max(gigabyte.step()), amount))
}

/// Figures come in steps, and the counter's and the period's are not of one moment: a cap this near is where it has to be.
fn near(amount: Bytes, scene: &super::scene::Scene<'_>) -> u64 {
    (amount.0 / 1000).max(2 * scene.view.account.gigabyte.step().0)
}
