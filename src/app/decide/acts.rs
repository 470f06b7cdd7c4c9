//! Actions as the decider has them: stepped with each look, saved with the decision, told, and handed to the enforcer.

mod enforcing;
mod journal;
mod wishes;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Decider, Held, Settings};
use crate::app::watch::{Acted, State as Watched};
use crate::config::Config;
use crate::domain::account::AccountName;
use crate::domain::act::action::{Outcome, What};
use crate::domain::act::books::{Books, Delta};
use crate::domain::act::gate::Gate;
use crate::domain::act::step::{Rules, Terms};
use crate::domain::act::words;
use crate::domain::guard::Guard;
use crate::domain::outbox::Posting;
use crate::domain::snapshot::{SubUserKey, SubUserRow};
use crate::domain::traffic::SubUser;
use crate::domain::units::Limit;
use crate::metrics::own::Owner;

/// What the configuration says of writing at an account.
#[derive(Clone)]
pub(super) struct Allowed {
    writes: bool,
    unit_pinned: bool,
    guard: Guard,
    own_users: Vec<String>,
}

impl Allowed {
    pub(super) fn of(config: &Config) -> BTreeMap<AccountName, Self> {
        let of = |(name, account): (&AccountName, &crate::config::AccountConfig)| {
            let allowed = Self {
                writes: account.account.writes,
                unit_pinned: account.gigabyte_pinned,
                guard: account.guard.clone(),
                own_users: account.own_users().into_iter().map(str::to_owned).collect(),
            };
            (name.clone(), allowed)
        };
        config.accounts.iter().map(of).collect()
    }
}

/// The person's own limits of sub-users on which something of ours stands, by account.
pub(super) type OwnLimits = BTreeMap<AccountName, BTreeMap<SubUserKey, Limit>>;

pub(super) fn own_limits(books: &Books) -> OwnLimits {
    let mut found = OwnLimits::new();
    for ((account, key), throttle) in &books.throttles {
        if let Some(limit) = throttle.own.limit {
            found.entry(account.clone()).or_default().insert(key.clone(), limit);
        }
    }
    found
}

impl Decider {
    /// What is allowed at each account now.
    pub(super) fn terms(&self, settings: &Settings, state: &Watched) -> BTreeMap<AccountName, Terms> {
        let of = |(name, watched): (&AccountName, &crate::app::watch::Watched)| {
            let allowed = settings.allowed.get(name)?;
            let terms = Terms {
                writes: allowed.writes,
                unit_pinned: allowed.unit_pinned,
                guard: allowed.guard.clone(),
                own_users: allowed.own_users.clone(),
                freeze_by: watched.writer.freeze_by(),
                can_lift: watched.writer.can_lift(),
                clocks_agree: watched.clocks_agree(),
            };
            Some((name.clone(), terms))
        };
        state.accounts.iter().filter_map(of).collect()
    }

    /// What people are told of changes of actions; with the rest of a batch where it belongs to one.
    pub(super) fn told_of(&self, held: &Held, delta: &Delta, is_of_batch: bool) -> Vec<Posting> {
        let settings = self.settings.load();
        let notices = words::notices(&settings.rules, delta, &held.incidents);
        let now = self.watch.clock.now();
        if is_of_batch {
            settings.addresses.gather(&notices, &held.threads, now)
        } else {
            settings.addresses.post(&notices, &held.threads, now)
        }
    }

    /// Takes over what was saved of actions: remembered, counted, and shown to the collectors and the enforcer.
    pub(super) fn took(&self, held: &mut Held, delta: &Delta) {
        if delta.is_empty() && delta.quiet.is_empty() {
            return;
        }
        for (id, gate) in &delta.blocked {
            let action = delta.actions.iter().find(|action| action.id == *id);
            if let Some((action, owner)) =
                action.and_then(|action| Some((action, self.owner(&action.account)?)))
            {
                self.watch.own.action_blocked(owner.as_owner(), action.what.as_str(), gate.as_str());
            }
        }
        held.books.take(delta);
        for throttle in &delta.throttles {
            let of = held.own_limits.entry(throttle.account.clone()).or_default();
            match throttle.own.limit {
                Some(limit) => drop(of.insert(throttle.who.key.clone(), limit)),
                None => drop(of.remove(&throttle.who.key)),
            }
        }
        for (account, key) in &delta.freed {
            if let Some(of) = held.own_limits.get_mut(account) {
                of.remove(key);
            }
        }
        for entry in &delta.entries {
            let before = entry.before.map(|record| record.to_string());
            let after = entry.after.map(|record| record.to_string());
            tracing::info!(
                account = %entry.account,
                sub_user = %on_one_line(&entry.name),
                action = entry.action.map(|id| id.0),
                by = %entry.by,
                step = entry.step,
                before,
                after,
                "{}",
                on_one_line(&entry.words)
            );
        }
        held.published.clear();
        self.acting.notify_one();
    }

    /// Shows the actions as they are to collectors, metrics, readiness and page: once a look and twice a batch.
    pub(super) fn show_actions(&self, held: &Held) {
        let state = self.watch.state();
        self.keep_rows(held, &state);
        self.count_actions(held, &state);
        self.show_concerns(held);
        self.watch.acted.store(Arc::new(shown(&held.books)));
    }

    /// Who leaves the vendor's list because of us stays in ours.
    fn keep_rows(&self, held: &Held, state: &Watched) {
        for (name, watched) in &state.accounts {
            let kept = watched.holder.kept();
            let throttles = || held.books.throttles.values().filter(|throttle| throttle.account == *name);
            if kept.is_empty() && throttles().next().is_none() {
                continue;
            }
            let snapshot = watched.holder.snapshot();
            let by_key: HashMap<SubUserKey, &SubUserRow> =
                snapshot.rows().iter().map(|row| (row.sub_user.key(), row)).collect();
            let kept_by_key: HashMap<SubUserKey, &SubUser> =
                kept.iter().map(|row| (row.key(), row)).collect();
            let row = |throttle: &crate::domain::act::hold::Throttle| {
                let key = &throttle.who.key;
                let listed = by_key.get(key).map(|row| SubUser {
                    usage: row.usage.as_ref().map(|usage| usage.value.clone()),
                    ..row.sub_user.clone()
                });
                let before = || kept_by_key.get(key).map(|row| SubUser::clone(row));
                let own = &watched.holder.account().product;
                let new = || SubUser {
                    id: Some(throttle.id.clone()),
                    username: throttle.who.name.clone(),
                    status: None,
                    product: Some(throttle.who.product.clone()).filter(|product| product != own),
                    limit: throttle.own.limit,
                    limit_enforced: None,
                    auto_disable: throttle.own.auto_disable,
                    lifetime: None,
                    created: None,
                    usage: None,
                };
                listed.or_else(before).unwrap_or_else(new)
            };
            let rows: Vec<SubUser> = throttles().map(row).collect();
            watched.holder.keep(rows);
        }
    }

    /// Says in readiness and on the page what people have to look at.
    fn show_concerns(&self, held: &Held) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for concern in held.books.concerns.keys() {
            *counts.entry(concern.kind.as_str()).or_default() += 1;
        }
        let words: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let trouble = format!("{}; see proxymeter actions list", words.join(", "));
        self.watch.trouble("what was lowered", (!words.is_empty()).then_some(trouble));
    }

    /// Shows how many actions wait and how many restores are due.
    fn count_actions(&self, held: &Held, state: &Watched) {
        for (name, watched) in &state.accounts {
            let (pending, restores) = held.books.counts(name);
            self.watch.own.actions(Owner::from(watched.holder.account()), pending, restores);
        }
    }

    /// Shows whose the accounts are, and whether lowering is paused there.
    pub(super) async fn show_ownership(&self, settings: &Settings, now: Timestamp) {
        let store = self.keeping.decisions();
        let state = self.watch.state();
        let mut at = Vec::new();
        for (name, watched) in &state.accounts {
            let owner = Owner::from(watched.holder.account());
            self.watch.own.account_owner(owner, store.is_some());
            let paused = match &store {
                Some(store) => store.paused(name, now).await.is_ok_and(|pause| pause.is_some()),
                None => false,
            };
            self.watch.own.writes_paused(owner, paused || settings.writes_off);
            if paused || settings.writes_off {
                at.push(name.as_str());
            }
        }
        let words = format!("paused at {}; proxymeter resume lets it go on", at.join(", "));
        self.watch.trouble("lowering", (!at.is_empty()).then_some(words));
    }

    /// Why lowering is paused at an account, if it is.
    pub(super) async fn pause(&self, account: &AccountName) -> Option<String> {
        if self.settings.load().writes_off {
            return Some("PROXYMETER__WRITES=off".to_owned());
        }
        let store = self.keeping.decisions()?;
        match store.paused(account, self.watch.clock.now()).await {
            Ok(pause) => pause.map(|pause| pause.reason.unwrap_or_else(|| format!("by {}", pause.who))),
            // What cannot be looked for may stand.
            Err(problem) => Some(problem.to_string()),
        }
    }

    pub(super) fn outcomes(&self, account: &AccountName, outcomes: &[(What, Outcome)]) {
        let Some(owner) = self.owner(account) else { return };
        for (what, outcome) in outcomes {
            self.watch.own.action(owner.as_owner(), what.as_str(), outcome.as_str());
        }
    }

    fn owner(&self, account: &AccountName) -> Option<Named> {
        let state = self.watch.state();
        let watched = state.accounts.get(account)?;
        Some(Named { provider: watched.holder.account().provider, account: account.clone() })
    }

    /// Shows which sub-users are throttled at an account.
    pub(super) fn throttled(
        held: &Held,
        account: &AccountName,
    ) -> Vec<(Arc<crate::domain::incident::SubUserIdentity>, &'static str)> {
        let of = held.books.throttles.values().filter(|throttle| throttle.account == *account);
        of.flat_map(|throttle| throttle.holds.iter().map(|hold| (throttle.who.clone(), hold.what.as_str())))
            .collect()
    }

    /// What is to be changed about actions by what a judgement found.
    pub(super) fn step(
        &self,
        held: &Held,
        settings: &Settings,
        views: &[crate::domain::evaluate::View<'_>],
        incidents: &crate::domain::incident::Incidents,
        now: Timestamp,
    ) -> Delta {
        let terms = self.terms(settings, &self.watch.state());
        let rules = Rules { budgets: &settings.rules.budgets, terms: &terms };
        crate::domain::act::step::step(&held.books, rules, views, incidents, now)
    }
}

/// Actions that the page shows.
const SHOWN: usize = 20;

/// What stands, longest first, then what is not over; and how much there is beside that.
fn shown(books: &Books) -> (Vec<Acted>, usize) {
    let holds = books.throttles.values().flat_map(|throttle| {
        throttle.holds.iter().map(move |hold| Acted {
            id: hold.action.0,
            what: hold.what.to_string(),
            target: format!("{} at {}", throttle.who.name, throttle.account),
            by: hold.by.to_string(),
            stage: "stands",
            blocked: None,
            since: hold.since,
        })
    });
    let open = books.open().map(|action| Acted {
        id: action.id.0,
        what: action.what.to_string(),
        target: format!("{} at {}", action.who.name, action.account),
        by: action.by.to_string(),
        stage: action.stage.as_str(),
        blocked: action.blocked.map(Gate::as_str),
        since: action.proposed,
    });
    let all =
        books.throttles.values().map(|throttle| throttle.holds.len()).sum::<usize>() + books.open().count();
    let shown: Vec<Acted> = holds.chain(open).take(SHOWN).collect();
    let more = all.saturating_sub(shown.len());
    (shown, more)
}

/// An account as metrics name it.
struct Named {
    provider: &'static str,
    account: AccountName,
}

impl Named {
    fn as_owner(&self) -> Owner<'_> {
        Owner { provider: self.provider, account: self.account.as_str() }
    }
}

/// Vendors' names may hold anything.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
