//! A command's side: asks the owner through the store, or does it itself where nobody owns it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::answer::Wish;
use super::store::{Keeping, location};
use super::{Decider, Settings};
use crate::app::telling::Telling;
use crate::app::{once, state};
use crate::collect::clock::Clock;
use crate::config::Config;
use crate::store::error::StoreError;
use crate::store::owner::Owner;
use crate::store::request::{NewRequest, wait_for_answer};
use crate::store::{Access, open};

/// The longest that a command waits for the owner.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a command tells people of what it did; what is left waits for the daemon.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the command ends with.
    pub exit: u8,
    /// What it prints.
    pub text: String,
}

/// Has a wish done by the owner of the store; without one, here and now, which asks the vendors where it must.
///
/// # Errors
/// A store that cannot be used, or an owner that does not answer.
pub async fn ask(config: &Config, wish: &Wish) -> anyhow::Result<Asked> {
    let clock = Arc::new(Clock::new());
    let owner = Owner::this_process(clock.now());
    // Whoever sets receivers up tests them before the first start; where limits are lowered, only `serve` begins a store.
    let writes = config.accounts.values().any(|account| account.account.writes);
    let may_begin = matches!(wish, Wish::Drill { .. }) && !writes;
    match Keeping::open(&config.store.location, owner, may_begin).await {
        Ok(keeping) => here(config, clock, keeping.that_works()?, wish).await,
        Err(StoreError::Owned { .. }) => of_owner(config, &clock, wish).await,
        // Explaining needs no store.
        Err(StoreError::Missing { .. }) if matches!(wish, Wish::Explain { .. }) => {
            here(config, clock, Keeping::none(&config.store.location), wish).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn here(config: &Config, clock: Arc<Clock>, keeping: Keeping, wish: &Wish) -> anyhow::Result<Asked> {
    let watch = Arc::new(state::watch(config, &clock)?);
    let keeping = Arc::new(keeping);
    let telling = Arc::new(Telling::new(watch.clone(), keeping.clone()));
    let decider = Decider::new(watch.clone(), Settings::of(config), keeping, telling.clone()).await;
    let decider = Arc::new(decider.alone());
    if wish.needs_figures() {
        let mut held = decider.held.lock().await;
        // Who left a vendor's list because of us is asked for as well.
        decider.show_actions(&held);
        once::pass_all(config, &watch, || {}).await;
        let known = decider.known(&decider.settings.load());
        decider.count(&mut held, &known, clock.now()).await;
    }
    if matches!(wish, Wish::Drill { .. }) {
        telling.begin(config, clock.now()).await;
    }
    let answer = decider.grant_wish(wish, &who()).await;
    if telling.has_posted() {
        telling.replace(config, clock.now()).await;
        telling.finish(LAST_WORDS).await;
    }
    decider.keeping.close().await;
    Ok(Asked { exit: answer.exit, text: answer.text })
}

async fn of_owner(config: &Config, clock: &Clock, wish: &Wish) -> anyhow::Result<Asked> {
    let store = open(&location(&config.store.location), Access::Ask).await?;
    let body = serde_json::to_string(wish).context("what is asked cannot be written")?;
    let request = NewRequest { who: who(), account: None, kind: wish.kind().to_owned(), body };
    let id = store.ask(&request, clock.now()).await?;
    let answer = tokio::time::timeout(PATIENCE, wait_for_answer(&*store, id)).await;
    store.close().await;
    let answer = answer.with_context(|| {
        format!(
            "request {id} is saved, and the daemon that owns the store has not answered in {} s; is it stopped?",
            PATIENCE.as_secs()
        )
    })??;
    Ok(Asked { exit: answer.exit, text: answer.text })
}

/// Who asks: the user of this process and its machine.
#[must_use]
pub fn who() -> String {
    let user =
        std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "cli".to_owned());
    format!("cli:{user}")
}
