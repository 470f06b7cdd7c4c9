//! What commands ask of the owner, done and answered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Decider, Held, Settings, explain, views};
use crate::domain::account::AccountName;
use crate::domain::budget::{Budget, Per};
use crate::domain::evaluate::measure::Span;
use crate::domain::grant::{Grant, Until};
use crate::domain::incident::SubUserIdentity;
use crate::domain::units::Size;
use crate::store::error::StoreError;
use crate::store::records::IncidentId;
use crate::store::request::{Answer, Asked};

/// What is asked, as the body of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// What a budget thinks of a target, or of its largest.
    Explain {
        /// The budget.
        budget: String,
        /// The target by name.
        target: Option<String>,
    },
    /// More for one sub-user of a budget.
    Grant {
        /// The budget.
        budget: String,
        /// The sub-user by name.
        sub_user: String,
        /// How much more, as the operator wrote it.
        size: String,
        /// When it ends; nothing: with the period.
        until: Option<Timestamp>,
    },
    /// Somebody knows of an incident.
    Acknowledge {
        /// Its number.
        incident: i64,
    },
    /// Plans that a person has seen are to be carried out.
    Approve {
        /// Their numbers, and the hashes that were shown.
        plans: Vec<(i64, String)>,
    },
    /// Actions are not to be done in this period.
    Reject {
        /// Their numbers.
        actions: Vec<i64>,
    },
    /// What actions lowered is to be put back.
    Undo {
        /// Their numbers; none: everything that stands.
        actions: Vec<i64>,
    },
    /// What actions lowered stays, though its budget is gone.
    Keep {
        /// Their numbers.
        actions: Vec<i64>,
    },
    /// Plans of what a budget only shows.
    Propose {
        /// The budget.
        budget: String,
        /// One of its sub-users by name; nothing: all.
        sub_user: Option<String>,
    },
    /// A test of the way to receivers.
    Drill {
        /// Their names; none: all.
        receivers: Vec<String>,
    },
    /// Lowering may go on after a write that was not what the record then said.
    CloseBreakers {
        /// The account; nothing: all.
        account: Option<String>,
    },
}

impl Wish {
    /// The word under which it is saved.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Explain { .. } => "explain",
            Self::Grant { .. } => "grant",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Undo { .. } => "undo",
            Self::Keep { .. } => "keep",
            Self::Propose { .. } => "propose",
            Self::Drill { .. } => "drill",
            Self::CloseBreakers { .. } => "close_breakers",
        }
    }

    /// Whether the vendors' newest figures are needed for it.
    #[must_use]
    pub const fn needs_figures(&self) -> bool {
        matches!(self, Self::Explain { .. } | Self::Grant { .. } | Self::Approve { .. } | Self::Undo { .. })
    }
}

/// From when on what was asked is not done any more: commands wait half as long.
const TOO_LATE: SignedDuration = SignedDuration::from_secs(60);

/// Exit codes of commands: done, failed, wrong usage, something is over, something unknown.
pub(super) const DONE: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
const OVER: u8 = 3;
const UNKNOWN: u8 = 4;

pub(super) fn answered(exit: u8, text: impl Into<String>) -> Answer {
    Answer { exit, text: text.into() }
}

impl Decider {
    /// Does what is asked, oldest first.
    pub(super) async fn answer_requests(self: &Arc<Self>) {
        let Some(store) = self.keeping.decisions() else { return };
        loop {
            let request = match store.next_request(Asked::OfAny).await {
                Ok(Some(request)) => request,
                Ok(None) => return,
                Err(problem) => {
                    tracing::debug!("requests cannot be read: {problem}");
                    return;
                }
            };
            let waited = self.watch.clock.now().duration_since(request.at);
            let answer = match serde_json::from_str(&request.asked.body) {
                // Whoever asked has given up long ago, and may not want it any more.
                _ if waited > TOO_LATE => answered(
                    FAILED,
                    format!("asked {} s ago, and nobody waits for it any more: ask again", waited.as_secs()),
                ),
                Ok(wish) => self.grant_wish(&wish, &request.asked.who).await,
                Err(_) => {
                    answered(FAILED, format!("this version does not know how to do {:?}", request.asked.kind))
                }
            };
            let (who, kind, exit) = (&request.asked.who, &request.asked.kind, answer.exit);
            tracing::info!(%who, %kind, exit, "did what was asked");
            if let Err(problem) = store.answer(request.id, &answer, self.watch.clock.now()).await {
                tracing::warn!("request {} cannot be answered: {problem}", request.id);
                return;
            }
        }
    }

    /// Does one thing that is asked.
    pub(super) async fn grant_wish(self: &Arc<Self>, wish: &Wish, who: &str) -> Answer {
        match wish {
            Wish::Approve { plans } => return self.approve(plans, who).await,
            Wish::Reject { actions } => return self.reject(actions, who).await,
            Wish::Undo { actions } => return self.undo(actions, who).await,
            Wish::Keep { actions } => return self.keep(actions, who).await,
            Wish::Propose { budget, sub_user } => {
                return self.propose(budget, sub_user.as_deref(), who).await;
            }
            Wish::Drill { receivers } => return self.drill(receivers, who).await,
            Wish::CloseBreakers { account } => return self.close_breakers(account.as_deref()).await,
            Wish::Explain { .. } | Wish::Grant { .. } | Wish::Acknowledge { .. } => {}
        }
        let settings = self.settings.load_full();
        let mut held = self.held.lock().await;
        match wish {
            Wish::Explain { budget, target } => self.explain(&held, &settings, budget, target.as_deref()),
            Wish::Grant { budget, sub_user, size, until } => {
                let made = self.make_grant(&held, &settings, (budget, sub_user, size, *until), who);
                match made {
                    Ok((grant, now)) => self.save_grant(&mut held, grant, now).await,
                    Err(answer) => answer,
                }
            }
            Wish::Acknowledge { incident } => self.acknowledge(*incident, who).await,
            _ => answered(FAILED, "this is answered elsewhere"),
        }
    }

    fn explain(&self, held: &Held, settings: &Settings, budget: &str, target: Option<&str>) -> Answer {
        let budget = match find(settings, budget) {
            Ok(budget) => budget,
            Err(answer) => return answer,
        };
        let known = self.known(settings);
        let now = self.watch.clock.now();
        let found =
            explain::of_budget(budget, target, &views(&known, held), &held.incidents, &held.books, now);
        if let (Some(target), 0) = (target, found.targets) {
            return answered(FAILED, format!("budget {} has no target {target:?} now\n", budget.name));
        }
        if found.targets == 0 {
            return answered(UNKNOWN, format!("{}\nnothing fits its selectors now\n", found.text.trim_end()));
        }
        let exit = match found {
            explain::Explained { is_over: true, .. } => OVER,
            explain::Explained { is_unknown: true, .. } => UNKNOWN,
            _ => DONE,
        };
        answered(exit, found.text)
    }

    fn make_grant(
        &self,
        held: &Held,
        settings: &Settings,
        (budget, sub_user, size, until): (&str, &str, &str, Option<Timestamp>),
        who: &str,
    ) -> Result<(Grant, Timestamp), Answer> {
        let budget = find(settings, budget)?;
        if budget.per != Per::SubUser {
            let words = format!(
                "budget {} is per {}: only a sub-user can be granted more",
                budget.name,
                budget.per.as_str()
            );
            return Err(answered(USAGE, words));
        }
        let size: Size = size.parse().map_err(|error| answered(USAGE, format!("{size:?}: {error}")))?;
        let now = self.watch.clock.now();
        let known = self.known(settings);
        let views = views(&known, held);
        let mut found: Vec<Grant> = Vec::new();
        for view in &views {
            let account = view.account;
            if !budget.selectors.fits_account(account.provider, account.name.as_str()) {
                continue;
            }
            let bytes = size.bytes(account.gigabyte).map_err(|error| answered(USAGE, error.to_string()))?;
            let started = Span::new(budget.period, view, now).start();
            for row in view.snapshot.rows().iter().filter(|row| *row.sub_user.username == *sub_user) {
                let product = row.sub_user.product.as_ref().unwrap_or(&account.product);
                if budget.selectors.fits_sub_user(product, sub_user) {
                    found.push(Grant {
                        id: 0,
                        budget: budget.name.clone(),
                        account: account.name.clone(),
                        who_for: SubUserIdentity {
                            key: row.sub_user.key(),
                            product: product.clone(),
                            name: row.sub_user.username.clone(),
                        },
                        bytes,
                        given: now,
                        by: who.into(),
                        until: until.map_or(Until::PeriodEnd { started }, Until::At),
                    });
                }
            }
        }
        match (found.pop(), found.len()) {
            (None, _) => Err(answered(
                FAILED,
                format!("budget {} has no sub-user {sub_user:?} in the vendors' newest lists", budget.name),
            )),
            (Some(_), 1..) => Err(answered(
                FAILED,
                format!("budget {} has {sub_user:?} more than once; narrow its selectors", budget.name),
            )),
            (Some(grant), 0) if grant.until == (Until::PeriodEnd { started: None }) => Err(answered(
                USAGE,
                format!("the period of budget {} has no end that is known: give --until TIME", budget.name),
            )),
            (Some(Grant { until: Until::At(end), .. }), 0) if end <= now => {
                Err(answered(USAGE, format!("{end} is over already")))
            }
            (Some(grant), 0) => Ok((grant, now)),
        }
    }

    async fn save_grant(&self, held: &mut Held, grant: Grant, now: Timestamp) -> Answer {
        let Some(store) = self.keeping.decisions() else { return answered(FAILED, NO_STORE) };
        let id = match store.add_grant(&grant).await {
            Ok(id) => id,
            Err(problem) => return answered(FAILED, problem.to_string()),
        };
        let words = format!(
            "granted {} to {} at {} for budget {}, {} (grant {id})\n",
            grant.bytes, grant.who_for.name, grant.account, grant.budget, grant.until
        );
        tracing::info!(by = %grant.by, account = %grant.account, %now, "{}", words.trim_end());
        held.grants.push(Grant { id, ..grant });
        self.watch.changed.notify_one();
        answered(DONE, words)
    }

    async fn acknowledge(&self, incident: i64, who: &str) -> Answer {
        let Some(store) = self.keeping.decisions() else { return answered(FAILED, NO_STORE) };
        match store.acknowledge(IncidentId(incident), who, self.watch.clock.now()).await {
            Ok(true) => answered(
                DONE,
                format!("incident {incident} is acknowledged by {who}: no reminders, nothing else changes\n"),
            ),
            Ok(false) => answered(
                FAILED,
                format!("no open incident has the number {incident}; see proxymeter incidents list"),
            ),
            Err(problem) => answered(FAILED, problem.to_string()),
        }
    }

    /// Forgets grants that are over.
    pub(super) async fn end_grants(
        &self,
        held: &mut Held,
        settings: &Settings,
        known: &[super::Known],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if held.grants.is_empty() {
            return Ok(());
        }
        let over: Vec<i64> = {
            let views = views(known, held);
            let start = |account: &AccountName, budget: &Arc<str>| {
                let view = views.iter().find(|view| view.account.name == *account)?;
                let budget = settings.rules.budgets.iter().find(|other| other.name == *budget)?;
                Span::new(budget.period, view, now).start()
            };
            let is_over = |grant: &&Grant| grant.is_over(start(&grant.account, &grant.budget), now);
            held.grants.iter().filter(is_over).map(|grant| grant.id).collect()
        };
        let Some(store) = self.keeping.decisions() else { return Ok(()) };
        for id in over {
            store.end_grant(id).await?;
            held.grants.retain(|grant| grant.id != id);
            tracing::info!(grant = id, "a grant is over");
        }
        Ok(())
    }
}

pub(super) const NO_STORE: &str = "the store cannot be used, see the log of the daemon";

fn find<'s>(settings: &'s Settings, name: &str) -> Result<&'s Budget, Answer> {
    let budgets = &settings.rules.budgets;
    budgets.iter().find(|budget| *budget.name == *name).ok_or_else(|| {
        let names: Vec<_> = budgets.iter().map(|budget| &*budget.name).collect();
        let there = if names.is_empty() { "no budgets".to_owned() } else { names.join(", ") };
        answered(USAGE, format!("no budget {name:?}; the configuration has {there}"))
    })
}
