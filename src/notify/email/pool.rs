//! Connections that lie idle between mails of one burst.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{self, Instant};

use super::session::Session;

/// How long a connection may lie idle; servers close theirs after minutes.
const MOST_IDLE: Duration = Duration::from_secs(60);

/// How long an idle connection may take to say that it lives.
const MOST_PATIENCE: Duration = Duration::from_secs(5);

/// Idle connections, the newest last.
pub(super) struct Pool {
    idle: Mutex<Vec<(Instant, Session)>>,
    most: usize,
    patience: Duration,
}

impl Pool {
    /// Holds at most so many, and waits so long for one to answer.
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        Self { idle: Mutex::default(), most, patience: patience.min(MOST_PATIENCE) }
    }

    /// One that has just said that it lives, and that no mail is begun on it.
    pub(super) async fn take(&self) -> Option<Session> {
        let mut session = self.newest()?;
        let lives = time::timeout(self.patience, session.reset()).await;
        lives.unwrap_or(false).then_some(session)
    }

    /// Keeps one for the next mail.
    pub(super) fn put(&self, session: Session) {
        let mut idle = self.lock();
        if idle.len() < self.most {
            idle.push((Instant::now(), session));
        }
    }

    fn newest(&self) -> Option<Session> {
        let mut idle = self.lock();
        idle.retain(|(since, _)| since.elapsed() < MOST_IDLE);
        idle.pop().map(|(_, session)| session)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, Session)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
