//! A session a credential: logs in once for all, renews in time, waits its turn, retries reads, holds off when refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use url::Url;

use super::auth::{AuthScheme, Credential, Identity, basic};
use super::hold::Hold;
use super::judge::{judge, said};
use super::limiter::{Lane, Limiter};
use super::request::ApiRequest;
use super::retry;
use super::token;
use super::transport::{Answer, CallObserver, Exchange};
use crate::domain::collector::FailureReason;
use crate::providers::error::ProviderError;

/// What a caller wants known of each try of a read that was rejected and is asked again.
pub type OnRetry = Arc<dyn Fn(FailureReason) + Send + Sync>;

/// How long a call may take, and who hears of its retries.
#[derive(Clone)]
pub struct Ask {
    /// The call ends by then.
    pub deadline: Instant,
    /// Told of each rejected answer that is asked for again; the last is the call's own error.
    pub on_retry: OnRetry,
}

impl Ask {
    /// A call until `deadline` whose retries nobody counts.
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self { deadline, on_retry: Arc::new(|_| ()) }
    }
}

/// What a session is made of.
pub struct SessionSettings {
    /// The account's base address.
    pub base: Url,
    /// The credential.
    pub credential: Credential,
    /// How the token or key is sent.
    pub scheme: AuthScheme,
    /// What the vendor's documentation advises when it refuses a credential.
    pub refused_hint: &'static str,
    /// The longest that one exchange may take.
    pub timeout: Duration,
}

/// All calls of one account go through its session; clones share it.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

struct Shared {
    settings: SessionSettings,
    exchange: Arc<dyn Exchange>,
    limiter: Limiter,
    observer: Arc<dyn CallObserver>,
    identity: Mutex<Option<Arc<Identity>>>,
    generations: AtomicU64,
    hold: Hold,
    resume_at: Mutex<Option<Instant>>,
}

impl Session {
    /// A session that has not logged in yet.
    #[must_use]
    pub fn new(
        settings: SessionSettings,
        exchange: Arc<dyn Exchange>,
        limiter: Limiter,
        observer: Arc<dyn CallObserver>,
    ) -> Self {
        Self(Arc::new(Shared {
            settings,
            exchange,
            limiter,
            observer,
            identity: Mutex::new(None),
            generations: AtomicU64::new(0),
            hold: Hold::default(),
            resume_at: Mutex::new(None),
        }))
    }

    /// Makes the call that `build` makes of the user id and gives the body of a 2xx answer.
    ///
    /// A read is tried up to three times where that may help; a refused token is replaced once, and the call replayed.
    ///
    /// # Errors
    /// Everything that is not a whole 2xx answer.
    pub async fn call(&self, build: impl Fn(&str) -> ApiRequest, ask: &Ask) -> Result<Bytes, ProviderError> {
        let deadline = ask.deadline;
        let mut tries = 1;
        let mut replayed = false;
        loop {
            let error = match self.0.attempt(&build, &mut replayed, deadline).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            tries += 1;
            let resume = self.0.pause_after(&error, tries).await;
            let asks_again = error.is_retryable() && build("").is_read() && tries <= retry::MAX_TRIES;
            if !asks_again || resume > deadline {
                return Err(error);
            }
            tracing::debug!(reason = %error.reason(), try_number = tries, "asks again: {error}");
            (ask.on_retry)(error.reason());
            sleep_until(resume).await;
        }
    }
}

impl Shared {
    /// One try, and its replay with a new token where the old one is refused.
    async fn attempt(
        &self,
        build: &impl Fn(&str) -> ApiRequest,
        replayed: &mut bool,
        deadline: Instant,
    ) -> Result<Bytes, ProviderError> {
        loop {
            let identity = self.identity(deadline).await?;
            let request = build(identity.user_id.as_deref().unwrap_or_default());
            let answer = self.exchanged(&request, Some(identity.authorization.clone()), deadline).await?;
            if answer.status != 401 {
                judge(&request, &answer, &identity.secrets)?;
                self.hold.clear();
                return Ok(answer.body);
            }
            if !self.may_replace(&identity).await || *replayed {
                self.hold.refuse(identity.credential());
                let said = said(&answer, &identity.secrets);
                let (endpoint, hint) = (request.endpoint, self.settings.refused_hint);
                return Err(ProviderError::TokenRefused { endpoint, hint, said });
            }
            *replayed = true;
        }
    }

    /// When to ask again after `error`; where the vendor said how long, whoever asks next waits as well.
    async fn pause_after(&self, error: &ProviderError, next_try: u32) -> Instant {
        let own = retry::pause(next_try, fastrand::f64());
        let ProviderError::RateLimited { retry_after, .. } = error else { return Instant::now() + own };
        let resume = Instant::now() + retry_after.unwrap_or(own);
        let mut resume_at = self.resume_at.lock().await;
        *resume_at = (*resume_at).max(Some(resume));
        resume
    }

    /// One exchange in its turn, counted.
    async fn exchanged(
        &self,
        request: &ApiRequest,
        authorization: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, ProviderError> {
        let endpoint = request.endpoint;
        let asked = Instant::now();
        let resume_at = *self.resume_at.lock().await;
        if let Some(resume_at) = resume_at {
            if resume_at > deadline {
                return Err(ProviderError::RateLimited { endpoint, retry_after: Some(resume_at - asked) });
            }
            sleep_until(resume_at).await;
        }
        let lane = if request.is_read() { Lane::Read } else { Lane::Write };
        if self.limiter.turn(lane, deadline).await.is_none() {
            return Err(ProviderError::Timeout { endpoint, after: asked.elapsed() });
        }
        let started = Instant::now();
        let until = deadline.min(started + self.settings.timeout);
        let result = self.exchange.send(&self.settings.base, request, authorization, until).await;
        let status = result.as_ref().ok().map(|answer| answer.status);
        self.observer.called(endpoint, status, started.elapsed());
        if let Some(by) = result.as_ref().ok().and_then(|answer| answer.clock_differs) {
            self.observer.clock_differs(by);
        }
        result
    }

    /// Who is logged in; logs in where nobody is, once for all who ask meanwhile.
    async fn identity(&self, deadline: Instant) -> Result<Arc<Identity>, ProviderError> {
        let mut held = self.identity.lock().await;
        if let Some(identity) = held.as_ref()
            && identity.renew_at.is_none_or(|renew_at| Instant::now() < renew_at)
        {
            return Ok(identity.clone());
        }
        match self.log_in(deadline).await {
            Ok(fresh) => Ok(held.insert(Arc::new(fresh)).clone()),
            // A token that is due for renewal still works for a while.
            Err(error) if error.is_retryable() => held.clone().ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn log_in(&self, deadline: Instant) -> Result<Identity, ProviderError> {
        let (Credential::Login { password: read, .. } | Credential::Key(read)) = &self.settings.credential;
        let secret = read().map_err(ProviderError::NoSecret)?;
        if let Some(again_in) = self.hold.remaining(&secret) {
            return Err(ProviderError::OnHold { again_in });
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        let scheme = self.settings.scheme;
        let Credential::Login { username, flow, .. } = &self.settings.credential else {
            return Identity::of_key(scheme, secret, generation);
        };
        let request = (flow.request)(username, &secret);
        let authorization = flow.basic.then(|| basic(username, &secret)).transpose()?;
        let answer = self.exchanged(&request, authorization, deadline).await?;
        let secrets = std::slice::from_ref(&secret);
        if matches!(answer.status, 400 | 401 | 403) {
            self.hold.refuse(&secret);
            let (status, hint) = (answer.status, self.settings.refused_hint);
            return Err(ProviderError::LoginRefused { status, hint, said: said(&answer, secrets) });
        }
        judge(&request, &answer, secrets)?;
        let login = (flow.decode)(&answer.body)?;
        let life = token::renew_after(login.token.expose_secret(), self.exchange.now());
        tracing::debug!(renew_after_seconds = life.as_secs(), "logged in");
        Identity::of_login(scheme, login, secret, Instant::now() + life, generation)
    }

    /// Drops a refused identity, unless another call has done so; whether another may fare better.
    async fn may_replace(&self, refused: &Identity) -> bool {
        let mut held = self.identity.lock().await;
        if held.as_ref().is_some_and(|held| held.generation == refused.generation) {
            *held = None;
        }
        match &self.settings.credential {
            Credential::Login { .. } => true,
            // A key is worth a second try only when its file says something else now.
            Credential::Key(key) => {
                key().is_ok_and(|key| key.expose_secret() != refused.credential().expose_secret())
            }
        }
    }
}
