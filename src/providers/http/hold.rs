//! Refused credentials are tried again only now and then: no login storm.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// The first pause after a refused credential; it doubles up to the longest.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The last refused credential of an account, and when it is tried again.
#[derive(Default)]
pub(super) struct Hold(Mutex<Option<Refusal>>);

struct Refusal {
    secret: SecretString,
    pause: Duration,
    until: Instant,
}

impl Hold {
    /// The time for which `secret` is not to be tried; nothing for one that was not refused.
    pub(super) fn remaining(&self, secret: &SecretString) -> Option<Duration> {
        let refusal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = refusal.as_ref().filter(|refusal| refusal.is_of(secret))?;
        refusal.until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())
    }

    /// Remembers that `secret` was refused.
    pub(super) fn refuse(&self, secret: &SecretString) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.as_ref().filter(|refusal| refusal.is_of(secret));
        let pause = before.map_or(FIRST, |refusal| (refusal.pause * 2).min(LONGEST));
        *held = Some(Refusal { secret: secret.clone(), pause, until: Instant::now() + pause });
    }

    /// Forgets what was refused, since it works.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Refusal {
    fn is_of(&self, secret: &SecretString) -> bool {
        self.secret.expose_secret() == secret.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refused_secret_is_held_longer_each_time_and_another_is_not() {
        let (old, new) = (SecretString::from("old"), SecretString::from("new"));
        let hold = Hold::default();
        assert_eq!(hold.remaining(&old), None);
        for seconds in [60, 120, 240, 480, 900, 900] {
            hold.refuse(&old);
            assert_eq!(hold.remaining(&old), Some(Duration::from_secs(seconds)));
            assert_eq!(hold.remaining(&new), None);
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert_eq!(hold.remaining(&old), None);
        }
        hold.clear();
        hold.refuse(&old);
        assert_eq!(hold.remaining(&old), Some(FIRST));
    }
}
