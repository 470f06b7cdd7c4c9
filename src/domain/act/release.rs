//! What is due to be put back, what has lost its budget, and what the operator has to know of what stands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Stage, What, Why};
use super::books::{Books, Concern, ConcernKind, Delta, Entry};
use super::hold::{Ceiling, Hold, Part, Throttle};
use super::step::{Rules, Turn, place};
use crate::domain::account::AccountName;
use crate::domain::budget::threshold::Mode;
use crate::domain::collector::Collector;
use crate::domain::evaluate::measure::{self, Span};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

/// From when on a restore that is not confirmed is told.
const OVERDUE: SignedDuration = SignedDuration::from_mins(15);

impl Turn<'_, '_> {
    /// Proposes a restore for each hold whose time is over, and marks those whose budget is gone.
    pub(super) fn release(&mut self) {
        let throttles: Vec<Throttle> = self.throttles.values().cloned().collect();
        for mut throttle in throttles {
            self.mark_orphans(&mut throttle);
            for hold in throttle.holds.clone() {
                if hold.orphaned || self.is_being_restored(&throttle, &hold) {
                    continue;
                }
                if let Some(why) = self.why_over(&throttle, &hold) {
                    let by = super::step::asked_by(&hold.by);
                    let restore = self.restore(&throttle, &hold, why, by);
                    self.note(&restore, "proposed", format!("restore, {}", why.as_str()));
                    self.put(restore);
                }
            }
        }
    }

    fn is_being_restored(&self, throttle: &Throttle, hold: &Hold) -> bool {
        self.actions_on(&throttle.who.key)
            .any(|action| action.what.is_restore() && !action.stage.is_ended() && action.by == hold.by)
    }

    fn restore(&mut self, throttle: &Throttle, hold: &Hold, why: Why, asked_by: Arc<str>) -> Action {
        restore(self.number(), throttle, hold, why, asked_by, self.scene.now)
    }

    fn mark_orphans(&mut self, throttle: &mut Throttle) {
        let rules = self.scene.rules;
        let is_orphan = |hold: &Hold| match &hold.by.part {
            Part::Threshold(_) => rules.threshold(&hold.by).is_none(),
            Part::StandingCap => {
                rules.budget(&hold.by.budget).is_none_or(|budget| budget.standing_cap.is_none())
            }
        };
        for hold in &mut throttle.holds {
            hold.orphaned = is_orphan(hold);
        }
        if self.throttles.get(&throttle.who.key) != Some(throttle) {
            self.put_throttle(throttle.clone());
        }
    }

    /// Why a hold is no longer needed, if so: by a fresh reading alone.
    fn why_over(&self, throttle: &Throttle, hold: &Hold) -> Option<Why> {
        if hold.by.part == Part::StandingCap {
            return self.why_cap_is_over(throttle, hold);
        }
        let (budget, threshold) = self.scene.rules.threshold(&hold.by)?;
        let view = self.scene.view;
        let list = view.snapshot.sub_users.as_ref()?;
        let fresh = view.tolerance.oldest_fresh(Collector::SubUsers, self.scene.now);
        if list.observed < fresh {
            return None;
        }
        let start = Span::new(budget.period, view, self.scene.now).start();
        if let (Some(held), Some(start)) = (hold.period, start)
            && start > held
        {
            return (self.scene.terms.clocks_agree && list.observed >= start).then_some(Why::PeriodEnd);
        }
        let track = self.scene.track(&budget.name, &throttle.who.key)?;
        if self.scene.incident(budget, threshold, track).is_some() {
            return None;
        }
        if hold.period.is_none() {
            return Some(Why::Below);
        }
        let row = self.scene.row(&throttle.who.key)?;
        let amount = measure::allowance_of(budget, view, self.scene.now, row).0.ok()?;
        hold.amount.is_some_and(|held| amount > held).then_some(Why::Raised)
    }

    /// Begins and ends what the operator has to know.
    pub(super) fn worry(&mut self) {
        let mut found: BTreeMap<Concern, String> = BTreeMap::new();
        let account = self.scene.name().clone();
        let concern =
            |kind, key: Option<&SubUserKey>| Concern { kind, account: account.clone(), key: key.cloned() };
        for throttle in self.throttles.values() {
            let orphans: Vec<String> = throttle
                .holds
                .iter()
                .filter(|hold| hold.orphaned)
                .map(|hold| hold.action.to_string())
                .collect();
            if !orphans.is_empty() {
                found.insert(
                    concern(ConcernKind::Orphaned, Some(&throttle.who.key)),
                    format!(
                        "{} at {account} is held lower by a budget that is in the configuration no more: proxymeter \
                         actions undo {ids} puts it back, actions keep {ids} leaves it so",
                        throttle.who.name,
                        ids = orphans.join(" ")
                    ),
                );
            }
        }
        for action in self.actions.values() {
            let is_late = action.proposed.checked_add(OVERDUE).is_ok_and(|late| late <= self.scene.now);
            if action.what.is_restore() && !action.stage.is_ended() && is_late {
                let since = self.scene.now.duration_since(action.proposed).as_mins();
                found.insert(
                    concern(ConcernKind::StillThrottled, Some(&action.who.key)),
                    format!(
                        "{} at {account} is still throttled: to be put back for {since} minutes, tried {} times",
                        action.who.name, action.tries
                    ),
                );
            }
        }
        if let Some(breaker) = self.books.breakers.get(&account) {
            found.insert(
                concern(ConcernKind::Breaker, None),
                format!("nothing is lowered at {account}: {}", breaker.words),
            );
        }
        for (key, words) in self.not_holding() {
            found.insert(concern(ConcernKind::NotHolding, Some(&key)), words);
        }
        self.tell_concerns(found);
    }

    fn tell_concerns(&mut self, found: BTreeMap<Concern, String>) {
        let account = self.scene.name().clone();
        let held: Vec<Concern> =
            self.books.concerns.keys().filter(|concern| concern.account == account).cloned().collect();
        for concern in &held {
            if !found.contains_key(concern) {
                self.delta.concerns.push((concern.clone(), None));
            }
        }
        for (concern, words) in found {
            if held.contains(&concern) {
                continue;
            }
            let name = concern.key.as_ref().and_then(|key| self.throttles.get(key));
            self.delta.entries.push(Entry {
                at: self.scene.now,
                action: None,
                account: account.clone(),
                name: name.map_or_else(|| "".into(), |throttle| throttle.who.name.clone()),
                by: "proxymeter".into(),
                step: concern.kind.as_str(),
                words,
                before: None,
                after: None,
            });
            self.delta.concerns.push((concern, Some(self.scene.now)));
        }
    }

    /// Sub-users that go on using below a ceiling that the vendor has confirmed.
    fn not_holding(&mut self) -> Vec<(SubUserKey, String)> {
        let lag = SignedDuration::try_from(self.scene.view.tolerance.lag).unwrap_or(SignedDuration::ZERO);
        let step = self.scene.view.account.gigabyte.step();
        let mut found = Vec::new();
        let mut quiet = Vec::new();
        for (key, throttle) in &self.throttles {
            let Some(usage) = self.scene.row(key).and_then(|row| row.usage.as_ref()) else { continue };
            let Some(settled) = throttle.written.and_then(|at| at.checked_add(lag).ok()) else { continue };
            let wanted = throttle.wanted();
            let is_at_ceiling = throttle.holds.iter().any(|hold| match hold.ceiling {
                Ceiling::Frozen => true,
                Ceiling::Limit(_) => false,
            }) || wanted
                .limit
                .and_then(|limit| limit.bytes())
                .is_some_and(|limit| usage.value.traffic >= limit)
                && !throttle.set.is_empty();
            if usage.observed < settled || !is_at_ceiling {
                continue;
            }
            let place = place(self.scene.name(), key);
            match self.books.quiet.get(&place) {
                // A look after the vendor's delay: from here on nothing may come.
                Some((written, _, _)) if Some(*written) != throttle.written => {
                    quiet.push((place, (settled_at(throttle), usage.observed, usage.value.traffic)));
                }
                None => quiet.push((place, (settled_at(throttle), usage.observed, usage.value.traffic))),
                Some((_, since, from)) => {
                    let more = Bytes(usage.value.traffic.0.saturating_sub(from.0));
                    if usage.observed > *since && more.0 > 2 * step.0 {
                        found.push((
                            key.clone(),
                            format!(
                                "{} at {} is lowered to nothing and has used {more} since: the vendor does not hold it; \
                                 change its password, or ask the vendor",
                                throttle.who.name, throttle.account
                            ),
                        ));
                    }
                }
            }
        }
        self.delta.quiet.extend(quiet);
        found
    }
}

/// What stands at an account that is configured no more can be put back by nobody until it is there again.
pub(super) fn worry_about_lost_accounts(books: &Books, rules: Rules<'_>, now: Timestamp, delta: &mut Delta) {
    let mut lost: BTreeMap<&AccountName, Vec<String>> = BTreeMap::new();
    for throttle in books.throttles.values().filter(|throttle| !rules.terms.contains_key(&throttle.account)) {
        let ids = throttle.holds.iter().map(|hold| hold.action.to_string());
        lost.entry(&throttle.account).or_default().extend(ids);
    }
    let known = |account: &AccountName| rules.terms.contains_key(account);
    for concern in books.concerns.keys().filter(|concern| !known(&concern.account)) {
        if concern.key.is_some() || !lost.contains_key(&concern.account) {
            delta.concerns.push((concern.clone(), None));
        }
    }
    for (account, ids) in lost {
        let concern = Concern { kind: ConcernKind::Orphaned, account: account.clone(), key: None };
        if books.concerns.contains_key(&concern) {
            continue;
        }
        delta.entries.push(Entry {
            at: now,
            action: None,
            account: account.clone(),
            name: "".into(),
            by: "proxymeter".into(),
            step: concern.kind.as_str(),
            words: format!(
                "account {account} is in the configuration no more, and {} of its sub-users are held lower: put it back, \
                 then proxymeter actions undo {}; or proxymeter actions keep leaves them so",
                ids.len(),
                ids.join(" ")
            ),
            before: None,
            after: None,
        });
        delta.concerns.push((concern, Some(now)));
    }
}

fn settled_at(throttle: &Throttle) -> Timestamp {
    throttle.written.unwrap_or(throttle.since)
}

/// A restore of one hold.
#[must_use]
pub(super) fn restore(
    id: super::action::ActionId,
    throttle: &Throttle,
    hold: &Hold,
    why: Why,
    asked_by: Arc<str>,
    now: Timestamp,
) -> Action {
    let mut without = throttle.clone();
    without.release(&hold.by);
    Action {
        id,
        account: throttle.account.clone(),
        who: throttle.who.clone(),
        vendor_id: throttle.id.clone(),
        by: hold.by.clone(),
        what: What::Restore(why),
        mode: Mode::Enforce,
        stage: Stage::Due,
        hash: Arc::default(),
        proposed: now,
        not_before: None,
        expires: None,
        period: hold.period,
        incident: None,
        amount: hold.amount,
        pace: 0,
        before: Some(throttle.wanted()),
        after: Some(without.wanted()),
        asked_by,
        blocked: None,
        tries: 0,
        written: None,
        ended: None,
        latched: false,
    }
}

/// How long to wait before a failed write is tried again: a quarter of a minute, doubling to ten.
#[must_use]
pub(super) fn backoff(tries: u32) -> Duration {
    Duration::from_secs(15 << tries.saturating_sub(1).min(5)).min(Duration::from_secs(600))
}
