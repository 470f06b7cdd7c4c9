//! A test of the way to receivers: through outbox and courier, as real news go.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Decider;
use super::answer::{DONE, FAILED, USAGE, answered};
use crate::app::telling::Threads;
use crate::domain::budget::threshold::Severity;
use crate::domain::notice::{Content, Notice};
use crate::domain::outbox::{Posting, Told};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::request::Answer;

/// How long is waited for the servers' answers; commands wait a little longer.
const PATIENCE: Duration = Duration::from_secs(25);

/// How often is looked for answers.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Decider {
    /// Sends a marked test to receivers, or to all, and says what each server answered.
    pub(super) async fn drill(self: &Arc<Self>, named: &[String], who: &str) -> Answer {
        let settings = self.settings.load_full();
        let all: Vec<Arc<str>> = settings.addresses.all().map(|(name, _)| name.clone()).collect();
        if all.is_empty() {
            return answered(USAGE, "there are no receivers: write [receivers.NAME] into the configuration");
        }
        if let Some(stranger) = named.iter().find(|name| !all.iter().any(|known| **known == ***name)) {
            let known: Vec<&str> = all.iter().map(|name| &**name).collect();
            return answered(
                USAGE,
                format!("there is no receiver {stranger:?}; receivers: {}", known.join(", ")),
            );
        }
        let receivers = all.into_iter().filter(|name| named.is_empty() || named.contains(&name.to_string()));
        let notices: Vec<Notice> = receivers.map(|receiver| notice(receiver, who)).collect();
        let postings = settings.addresses.post(&notices, &Threads::default(), self.watch.clock.now());
        let Some(store) = self.keeping.decisions() else {
            return answered(FAILED, "the store cannot be used, so nothing can be told by way of it");
        };
        for posting in &postings {
            // Whoever was gone gets another chance: a person asks for it.
            self.telling.switch_on(&posting.receiver).await;
        }
        if let Err(problem) = store.post(&postings).await {
            return answered(FAILED, problem.to_string());
        }
        self.telling.wake();
        match wait(&*store, &postings).await {
            Ok(told) => in_words(&told),
            Err(problem) => answered(FAILED, problem.to_string()),
        }
    }
}

fn notice(receiver: Arc<str>, who: &str) -> Notice {
    Notice {
        title: format!("a test of receiver {receiver}: nothing has happened"),
        receiver,
        severity: Severity::Info,
        is_urgent: true,
        content: Content::Drill { who: who.to_owned() },
    }
}

/// Waits until each was tried.
async fn wait(store: &dyn Store, postings: &[Posting]) -> Result<Vec<Told>, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut told = Vec::new();
        for posting in postings {
            told.extend(store.told_of(&posting.id).await?);
        }
        let is_open = |told: &Told| told.state == "pending" && told.answer.is_none();
        if !told.iter().any(is_open) || Instant::now() >= until {
            return Ok(told);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn in_words(told: &[Told]) -> Answer {
    let mut text = String::new();
    let mut exit = DONE;
    for told in told {
        let Told { receiver, recipient, state, answer, moment, .. } = told;
        let answer = answer.as_deref().unwrap_or("no answer yet");
        let said = match state.as_str() {
            "delivered" => format!("taken: {answer}"),
            "pending" => {
                exit = FAILED;
                format!("not taken yet: {answer}; tried again at {moment:.0}")
            }
            state => {
                exit = FAILED;
                format!("{state}: {answer}")
            }
        };
        text.push_str(&format!("{receiver}  {recipient}  {said}\n"));
    }
    answered(exit, text)
}
