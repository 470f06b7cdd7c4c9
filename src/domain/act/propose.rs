//! New actions: what thresholds ask for that fire, and nobody has proposed yet.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::action::{Action, Stage, What};
use super::carry;
use super::hold::{By, Part};
use super::record::Record;
use super::scene::Scene;
use super::step::{Turn, asked_by, budget_text, fires};
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{Mode, Threshold};
use crate::domain::incident::{Incident, SubUserIdentity, Target};
use crate::domain::snapshot::{SubUserKey, SubUserRow};

/// The time of which the pace is taken: the fastest burner goes first.
const PACE: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

impl Turn<'_, '_> {
    /// Proposes what every firing threshold asks for.
    pub(super) fn propose(&mut self) {
        let scene = self.scene;
        for budget in scene.rules.budgets {
            if budget.thresholds.iter().all(|threshold| threshold.action.is_none()) {
                continue;
            }
            let tracks =
                scene.incidents.budgets.get(&budget.name).and_then(|of| of.accounts.get(scene.name()));
            for track in tracks.into_iter().flat_map(|tracks| &tracks.tracks) {
                let Target::SubUser(who) = &track.target else { continue };
                for incident in track.incidents().iter().filter(|incident| fires(incident)) {
                    let threshold = budget.thresholds.get(usize::from(incident.threshold));
                    let Some(threshold) = threshold.filter(|threshold| threshold.action.is_some()) else {
                        continue;
                    };
                    self.propose_one(budget, threshold, who, (incident, track.period, track.amount));
                }
            }
        }
    }

    fn propose_one(
        &mut self,
        budget: &Budget,
        threshold: &Threshold,
        who: &Arc<SubUserIdentity>,
        (incident, period, amount): (&Incident, Option<Timestamp>, Option<crate::domain::units::Bytes>),
    ) {
        let scene = self.scene;
        let by = By { budget: budget.name.clone(), part: Part::Threshold(threshold.name.clone()) };
        if self.is_taken(&by, &who.key, period, incident.since) {
            return;
        }
        let (Some(row), Some(action)) = (scene.row(&who.key), threshold.action) else { return };
        let granted = scene.granted(budget, &who.key);
        let Some(what) = carry::what(action.what, granted, scene.view.account.gigabyte) else { return };
        // A row that is not active is one that we keep, or one that is off already: nothing is left to lower.
        let before = Record::of(&row.sub_user);
        if !before.active {
            return;
        }
        let later = |span: Option<std::time::Duration>| scene.now.checked_add(span?).ok();
        let (stage, not_before, expires) = match action.mode {
            Mode::Observe => (Stage::Observed, None, None),
            Mode::Approve => (Stage::Waiting, None, later(action.approve_within)),
            Mode::Enforce if action.countdown.is_some() => (Stage::Counting, later(action.countdown), None),
            Mode::Enforce => (Stage::Due, None, None),
        };
        let mut proposed = Action {
            id: self.number(),
            account: scene.name().clone(),
            who: who.clone(),
            vendor_id: carry::vendor_id(row),
            asked_by: asked_by(&by),
            by,
            what,
            mode: action.mode,
            stage,
            hash: Arc::default(),
            proposed: scene.now,
            not_before,
            expires,
            period,
            incident: Some(incident.since),
            amount,
            pace: pace(scene, &who.key),
            before: Some(before),
            after: None,
            blocked: None,
            tries: 0,
            written: None,
            ended: None,
            latched: false,
        };
        proposed.after = carry::after(&proposed, self.throttles.get(&who.key), row, scene);
        proposed.hash = hash(&proposed, budget, Some(threshold));
        let words = match proposed.after {
            Some(after) => format!("{} ({}): {before} → {after}", proposed.what, action.mode),
            None => format!("{} ({}): {before}", proposed.what, action.mode),
        };
        self.note(&proposed, "proposed", words);
        self.put(proposed.clone());
        self.weigh(proposed, *incident);
    }
}

fn pace(scene: &Scene<'_>, key: &SubUserKey) -> u64 {
    let since = scene.now.checked_sub(PACE).unwrap_or(scene.now);
    let recent = scene.view.history.sub_user(key).and_then(|summary| summary.used_between(since, scene.now));
    recent.map_or(0, |(used, covered)| used.0 / covered.as_secs().max(1))
}

/// What a person approves, in twelve hexadecimal digits; usage is not of it, for it moves with each look.
pub(super) fn hash(action: &Action, budget: &Budget, threshold: Option<&Threshold>) -> Arc<str> {
    let value = match action.what {
        What::Limit(bytes) | What::Cap(bytes) => bytes.0.to_string(),
        What::Freeze | What::Restore(_) => String::new(),
    };
    let parts = [
        action.account.to_string(),
        action.who.key.0.to_string(),
        action.who.product.to_string(),
        action.what.as_str().to_owned(),
        value,
        action.before.map(|before| format!("{before:?}")).unwrap_or_default(),
        action.period.map(|period| period.to_string()).unwrap_or_default(),
        budget_text(budget, threshold),
    ];
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// The key of a row as it is kept.
pub(super) fn identity(row: &SubUserRow, product: &Arc<str>) -> Arc<SubUserIdentity> {
    Arc::new(SubUserIdentity {
        key: row.sub_user.key(),
        product: row.sub_user.product.clone().unwrap_or_else(|| product.clone()),
        name: row.sub_user.username.clone(),
    })
}
