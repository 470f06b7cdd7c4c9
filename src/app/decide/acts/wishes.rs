//! What people ask about actions, saved and answered.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::answer::{DONE, FAILED, NO_STORE, answered};
use super::super::{Decider, Held, views};
use crate::app::publisher::off_the_workers;
use crate::domain::account::AccountName;
use crate::domain::act::action::{Action, ActionId, End, Stage};
use crate::domain::act::ask::{self, Refusal};
use crate::domain::act::books::Delta;
use crate::domain::judgement::judge;
use crate::store::request::Answer;

/// A gate refused.
pub(in crate::app::decide) const REFUSED: u8 = 5;

/// The longest that an answer waits for what it asked for to be done.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often is looked whether it is.
const LOOK: Duration = Duration::from_millis(50);

impl Decider {
    /// Approves plans, and waits for what becomes of them.
    pub(in crate::app::decide) async fn approve(
        self: &Arc<Self>,
        plans: &[(i64, String)],
        who: &str,
    ) -> Answer {
        let mut text = String::new();
        let mut exit = DONE;
        let mut approved = Vec::new();
        {
            let mut held = self.held.lock().await;
            let now = self.watch.clock.now();
            let news = self.news(&held, now);
            for (id, hash) in plans {
                let id = ActionId(*id);
                let account = held.books.actions.get(&id).map(|action| action.account.clone());
                let is_paused = match account {
                    Some(account) => self.pause(&account).await.is_some(),
                    None => false,
                };
                let asked = ask::approve(&held.books, id, (hash, is_paused), who, now);
                match asked.and_then(|delta| ask::still(&news, id).map(|()| delta)) {
                    Ok(delta) => match self.save(&mut held, &delta).await {
                        Ok(()) => {
                            held.approved.insert(id);
                            approved.push(id);
                        }
                        Err(answer) => return answer,
                    },
                    Err(refusal) => refuse(&refusal, &mut text, &mut exit),
                }
            }
        }
        self.finish(&approved, &mut text, &mut exit).await;
        answered(exit, text)
    }

    /// What the newest figures would change about actions, if they were judged now.
    fn news(&self, held: &Held, now: Timestamp) -> Delta {
        let settings = self.settings.load();
        let known = self.known(&settings);
        let views = views(&known, held);
        off_the_workers(|| {
            let judgement = judge(&settings.rules, &views, &held.incidents, now);
            self.step(held, &settings, &views, &judgement.incidents, now)
        })
    }

    /// Rejects what was not done yet.
    pub(in crate::app::decide) async fn reject(&self, ids: &[i64], who: &str) -> Answer {
        let mut text = String::new();
        let mut exit = DONE;
        let mut held = self.held.lock().await;
        for id in ids.iter().copied().map(ActionId) {
            match ask::reject(&held.books, id, who, self.watch.clock.now()) {
                Ok(delta) => match self.save(&mut held, &delta).await {
                    Ok(()) => text += &format!("action {id} is rejected: no more of it in this period\n"),
                    Err(answer) => return answer,
                },
                Err(refusal) => refuse(&refusal, &mut text, &mut exit),
            }
        }
        answered(exit, text)
    }

    /// Puts back what actions lowered; with none named, everything that stands.
    pub(in crate::app::decide) async fn undo(self: &Arc<Self>, ids: &[i64], who: &str) -> Answer {
        let mut text = String::new();
        let mut exit = DONE;
        let mut restores = Vec::new();
        self.settled(ids).await;
        {
            let mut held = self.held.lock().await;
            let ids: Vec<ActionId> = if ids.is_empty() {
                ask::standing(&held.books)
            } else {
                ids.iter().copied().map(ActionId).collect()
            };
            for id in ids {
                match ask::undo(&held.books, id, who, self.watch.clock.now()) {
                    Ok((restore, delta)) => match self.save(&mut held, &delta).await {
                        Ok(()) => restores.push(restore),
                        Err(answer) => return answer,
                    },
                    Err(refusal) => refuse(&refusal, &mut text, &mut exit),
                }
            }
        }
        if restores.is_empty() && exit == DONE {
            text += "nothing of ours stands at any vendor\n";
        }
        self.finish(&restores, &mut text, &mut exit).await;
        answered(exit, text)
    }

    /// Waits until what is being written is read back: before that nobody knows what stands.
    async fn settled(self: &Arc<Self>, ids: &[i64]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let open: Vec<AccountName> = {
                let held = self.held.lock().await;
                let meant = |action: &&Action| ids.is_empty() || ids.contains(&action.id.0);
                let open = held.books.open().filter(|action| action.stage.is_open()).filter(meant);
                open.map(|action| action.account.clone()).collect()
            };
            let Some(account) = open.first() else { return };
            if self.is_alone {
                self.batches(account, &CancellationToken::new()).await;
            }
            if Instant::now() >= deadline {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Leaves what stands as it is, without its budget.
    pub(in crate::app::decide) async fn keep(&self, ids: &[i64], who: &str) -> Answer {
        let mut text = String::new();
        let mut exit = DONE;
        let mut held = self.held.lock().await;
        for id in ids.iter().copied().map(ActionId) {
            match ask::keep(&held.books, id, who, self.watch.clock.now()) {
                Ok(delta) => match self.save(&mut held, &delta).await {
                    Ok(()) => {
                        text += &format!("what action {id} lowered stays as it is, and is no longer ours\n")
                    }
                    Err(answer) => return answer,
                },
                Err(refusal) => refuse(&refusal, &mut text, &mut exit),
            }
        }
        answered(exit, text)
    }

    /// Makes plans of what a budget only shows.
    pub(in crate::app::decide) async fn propose(
        &self,
        budget: &str,
        sub_user: Option<&str>,
        who: &str,
    ) -> Answer {
        let mut held = self.held.lock().await;
        let delta = ask::propose(&held.books, budget, sub_user, who, self.watch.clock.now());
        if delta.actions.is_empty() {
            return answered(
                FAILED,
                format!(
                    "budget {budget} shows nothing that could be done now; see proxymeter explain {budget}\n"
                ),
            );
        }
        let plans: String = delta.actions.iter().map(plan_in_words).collect();
        match self.save(&mut held, &delta).await {
            Ok(()) => answered(DONE, plans),
            Err(answer) => answer,
        }
    }

    /// Lets lowering go on where a write had not been what the record then said.
    pub(in crate::app::decide) async fn close_breakers(&self, account: Option<&str>) -> Answer {
        let mut held = self.held.lock().await;
        let mut delta = Delta::default();
        let of = |name: &&AccountName| account.is_none_or(|account| account == name.as_str());
        delta.breakers = held.books.breakers.keys().filter(of).map(|name| (name.clone(), None)).collect();
        let names: Vec<String> = delta.breakers.iter().map(|(name, _)| name.to_string()).collect();
        if names.is_empty() {
            return answered(DONE, "");
        }
        match self.save(&mut held, &delta).await {
            Ok(()) => answered(DONE, format!("writes are tried again at {}\n", names.join(", "))),
            Err(answer) => answer,
        }
    }

    async fn save(&self, held: &mut Held, delta: &Delta) -> Result<(), Answer> {
        let Some(store) = self.keeping.decisions() else { return Err(answered(FAILED, NO_STORE)) };
        store.save_acts(delta, &[]).await.map_err(|problem| answered(FAILED, problem.to_string()))?;
        let settings = self.settings.load_full();
        self.took(held, &settings, delta);
        self.show_actions(held);
        Ok(())
    }

    /// Waits until actions are over or a gate stops them, and says what became of each.
    async fn finish(self: &Arc<Self>, ids: &[ActionId], text: &mut String, exit: &mut u8) {
        if ids.is_empty() {
            return;
        }
        if self.is_alone {
            // Nobody else carries them out.
            let mut accounts: Vec<AccountName> = {
                let held = self.held.lock().await;
                ids.iter().filter_map(|id| Some(held.books.actions.get(id)?.account.clone())).collect()
            };
            accounts.sort_unstable();
            accounts.dedup();
            for account in accounts {
                self.batches(&account, &CancellationToken::new()).await;
            }
        }
        let deadline = Instant::now() + PATIENCE;
        for id in ids {
            let words = loop {
                let held = self.held.lock().await;
                match held.books.actions.get(id) {
                    None => break format!("action {id} is over; see proxymeter actions list --all\n"),
                    Some(action) if is_told(action) => {
                        *exit = (*exit).max(exit_of(action));
                        break outcome_in_words(action);
                    }
                    Some(action) if self.is_alone || Instant::now() >= deadline => {
                        *exit = (*exit).max(FAILED);
                        break format!(
                            "action {id}, {} of {}, is not done yet: {}; see proxymeter actions list\n",
                            action.what,
                            action.who.name,
                            action.stage.as_str()
                        );
                    }
                    Some(_) => {}
                }
                drop(held);
                tokio::time::sleep(LOOK).await;
            };
            *text += &words;
        }
    }
}

fn refuse(refusal: &Refusal, text: &mut String, exit: &mut u8) {
    *text += &format!("{}\n", refusal.words);
    *exit = (*exit).max(if refusal.gate.is_some() { REFUSED } else { FAILED });
}

/// Whether there is something to say of an action that was asked for.
fn is_told(action: &Action) -> bool {
    let is_stopped = matches!(action.stage, Stage::Due | Stage::Waiting) && action.blocked.is_some();
    action.stage.is_ended() || is_stopped || action.stage == Stage::Due && action.tries > 0
}

fn exit_of(action: &Action) -> u8 {
    match action.stage {
        Stage::Ended(End::Confirmed) => DONE,
        Stage::Ended(End::Moved) => REFUSED,
        _ if action.blocked.is_some() => REFUSED,
        _ => FAILED,
    }
}

fn outcome_in_words(action: &Action) -> String {
    let Action { id, what, who, account, .. } = action;
    let records = match (action.before, action.after) {
        (Some(before), Some(after)) => format!(" ({before} → {after})"),
        _ => String::new(),
    };
    match (action.stage, action.blocked) {
        (Stage::Ended(End::Confirmed), _) => {
            format!("action {id}, {what} of {} at {account}: confirmed{records}\n", who.name)
        }
        (Stage::Ended(end), _) => {
            format!("action {id}, {what} of {} at {account}: {}\n", who.name, end.as_str())
        }
        (_, Some(gate)) => format!(
            "action {id}, {what} of {} at {account}, is refused, {gate}: {}\n",
            who.name,
            gate.advice()
        ),
        _ => format!(
            "action {id}, {what} of {} at {account}, failed and is tried again: proxymeter actions list --all tells why\n",
            who.name
        ),
    }
}

/// A plan as a person approves it.
fn plan_in_words(action: &Action) -> String {
    let Action { id, what, who, account, hash, .. } = action;
    let records = match (action.before, action.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(before), None) => before.to_string(),
        _ => String::new(),
    };
    format!("action {id}  {what} of {} at {account}  {records}  plan {hash}\n", who.name)
}
