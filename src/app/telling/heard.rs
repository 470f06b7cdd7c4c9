//! How telling goes, as metrics, as trouble on the page, and as news for the operator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{Telling, Threads};
use crate::domain::budget::threshold::Severity;
use crate::domain::notice::{Trouble, of_operation};
use crate::domain::outbox::Outcome;
use crate::metrics::own::OwnMetrics;
use crate::notify::courier::Observer;

/// Something that the courier met.
pub(super) enum Heard {
    /// A receiver takes nothing, or takes what it is told again.
    Failing { receiver: Arc<str>, since: Option<Timestamp>, words: String },
    /// A receiver is gone for good.
    Gone { receiver: Arc<str>, answer: String },
}

/// Hears the courier without making it wait.
pub(super) struct Ear {
    pub(super) own: OwnMetrics,
    pub(super) told: mpsc::UnboundedSender<Heard>,
}

impl Ear {
    fn pass_on(&self, heard: Heard) {
        // Nobody listens any more once the process stops.
        drop(self.told.send(heard));
    }
}

impl Observer for Ear {
    fn ended(&self, receiver: &str, outcome: Outcome) {
        self.own.notice(receiver, outcome);
    }

    fn failing(&self, receiver: &str, since: Option<Timestamp>, words: &str) {
        self.own.receiver(receiver, since.is_none());
        self.pass_on(Heard::Failing { receiver: receiver.into(), since, words: words.to_owned() });
    }

    fn gone(&self, receiver: &str, answer: &str) {
        self.own.receiver(receiver, false);
        self.pass_on(Heard::Gone { receiver: receiver.into(), answer: answer.to_owned() });
    }
}

/// The receivers that take nothing, and why.
#[derive(Default)]
pub(super) struct Failing(Mutex<BTreeMap<Arc<str>, String>>);

impl Failing {
    /// Notes how a receiver is; whether it was otherwise.
    pub(super) fn note(&self, receiver: &Arc<str>, words: Option<String>) -> bool {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match words {
            Some(words) => failing.insert(receiver.clone(), words).is_none(),
            None => failing.remove(receiver).is_some(),
        }
    }

    /// Forgets those that are not meant any more; whom it leaves.
    pub(super) fn retain(&self, is_meant: impl Fn(&Arc<str>) -> bool) -> Vec<Arc<str>> {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failing.retain(|name, _| is_meant(name));
        failing.keys().cloned().collect()
    }

    /// All of them in words; nothing where there is none.
    pub(super) fn in_words(&self) -> Option<String> {
        let failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> = failing.iter().map(|(name, words)| format!("{name}: {words}")).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// Said on the page for as long as it lasts, also after a restart.
pub(super) fn gone(answer: &str) -> String {
    format!("gone for good: {answer}")
}

impl Telling {
    /// Takes over what was heard: shown on the page, and told to the operator by those ways that work.
    pub(super) async fn hear(&self, heard: Heard) {
        let (receiver, words, line) = match heard {
            Heard::Failing { receiver, since: Some(since), words } => {
                let line = format!(
                    "receiver {receiver} takes nothing since {}: {words}; what is for it waits, see proxymeter notify list",
                    since.strftime("%F %H:%M UTC")
                );
                (receiver, Some(words), line)
            }
            Heard::Failing { receiver, since: None, .. } => {
                let line = format!("receiver {receiver} takes what it is told again");
                (receiver, None, line)
            }
            Heard::Gone { receiver, answer } => {
                self.switch_off(&receiver, &answer).await;
                let line = format!(
                    "receiver {receiver} is gone for good ({answer}): nothing more is sent there until its address is another, \
                     or proxymeter notify test {receiver} reaches it"
                );
                (receiver, Some(gone(&answer)), line)
            }
        };
        let is_failing = words.is_some();
        let is_news = self.failing.note(&receiver, words);
        self.watch.trouble("receivers", self.failing.in_words());
        if !is_news {
            return;
        }
        if is_failing {
            tracing::error!(%receiver, "{line}");
        } else {
            tracing::info!(%receiver, "{line}");
        }
        self.tell_operator_beside(&receiver, is_failing, line).await;
    }

    async fn switch_off(&self, receiver: &Arc<str>, answer: &str) {
        let ways = self.ways.load_full();
        let (Some(store), Some(way)) = (self.keeping.decisions(), ways.built.get(receiver)) else { return };
        let now = self.watch.clock.now();
        if let Err(problem) = store.receiver_off(receiver, &way.fingerprint, now, answer).await {
            tracing::warn!(%receiver, "that it is gone cannot be saved: {problem}");
        }
    }

    /// Tells the operator of a receiver by the other ones, and by its fallback where there is no other.
    async fn tell_operator_beside(&self, receiver: &Arc<str>, is_failing: bool, line: String) {
        let ways = self.ways.load_full();
        let mut told: Vec<Arc<str>> =
            ways.operator.iter().filter(|name| *name != receiver || !is_failing).cloned().collect();
        if told.is_empty() && !ways.operator.is_empty() {
            told.extend(ways.fallbacks.get(receiver).cloned());
        }
        let severity = if is_failing { Severity::Critical } else { Severity::Info };
        let trouble = Trouble { key: format!("receiver:{receiver}"), line };
        let notices = of_operation(&told, severity, vec![trouble]);
        let now = self.watch.clock.now();
        let postings = ways.addresses.post(&notices, &Threads::default(), now);
        let Some(store) = self.keeping.decisions() else { return };
        match store.post(&postings).await {
            Ok(()) => self.wake(),
            Err(problem) => tracing::warn!("the operator cannot be told of it: {problem}"),
        }
    }
}
