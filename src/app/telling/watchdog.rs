//! The watchdog: called while collection and delivery work, and not otherwise, so that its silence is the alarm.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Telling;
use super::notifiers::reader;
use crate::config;
use crate::notify::heartbeat::Heartbeat;

/// How often is looked whether there is a watchdog now.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The shortest pause between two looks, as long as something is wrong too.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Whom to call, and how often.
pub(super) struct Watchdog {
    every: Duration,
    heartbeat: Heartbeat,
}

impl Watchdog {
    pub(super) fn new(configured: &config::Watchdog) -> Result<Self, String> {
        let heartbeat = Heartbeat::new(reader(&configured.url), configured.allow_private);
        Ok(Self { every: configured.every, heartbeat: heartbeat.map_err(|error| error.to_string())? })
    }
}

/// Calls the watchdog until `stop`.
pub(super) async fn run(telling: Arc<Telling>, stop: CancellationToken) {
    let mut last: Option<Instant> = None;
    let mut trouble = false;
    loop {
        let watchdog = telling.ways.load().watchdog.clone();
        let pause = match (&watchdog, last) {
            (None, _) => LOOK_EVERY,
            (Some(_), None) => AT_LEAST,
            (Some(watchdog), Some(last)) => {
                watchdog.every.saturating_sub(last.elapsed()).clamp(AT_LEAST, LOOK_EVERY)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(watchdog) = watchdog else { continue };
        if last.is_some_and(|last| last.elapsed() < watchdog.every) {
            continue;
        }
        if let Some(problem) = telling.problem() {
            tracing::debug!("the watchdog is not called: {problem}");
            continue;
        }
        last = Some(Instant::now());
        let now = telling.watch.clock.now();
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = watchdog.heartbeat.beat(now) => answer,
        };
        match answer {
            Ok(_) => trouble = false,
            // Once: its silence is what tells people.
            Err(problem) if !trouble => {
                tracing::warn!("the watchdog was not reached: {problem}");
                trouble = true;
            }
            Err(problem) => tracing::debug!("the watchdog was not reached: {problem}"),
        }
    }
}

impl Telling {
    /// Why proxymeter is not well, if it is not: a collector without a good answer, the store, or a receiver.
    fn problem(&self) -> Option<String> {
        if self.keeping.decisions().is_none() {
            return Some("the store cannot be used".to_owned());
        }
        if let Some(broken) = self.failing.in_words().or_else(|| self.ways.load().broken.clone()) {
            return Some(broken);
        }
        self.watch.unhealthy(self.watch.clock.now())
    }
}
